"""The grading report in a real browser: nothing runs or calls out, and a phone can show it."""

import pytest
from helpers.pages import EVIL, HOSTILE
from helpers.report_class import UNIT, executed, record, result_of, save

from medseg_grader.report import write


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """The report on a class in which one notebook holds all hostile content at once."""
    root = tmp_path_factory.mktemp("course")
    hostile = result_of("eve", 0.3, findings=[EVIL], name=EVIL.replace("/", "|"))
    results = [result_of("ada", 1.0), result_of("bob", 0.6), hostile]
    url = record(root, results)

    def add_all(notebook):
        for number, other in enumerate(HOSTILE.values()):
            for cell in other.cells:
                if cell.id.startswith("extra-"):
                    cell.id = f"extra-{number}"
                    notebook.cells.append(cell)

    save(root, hostile, executed(hostile, add_all))
    return write.write_report(results, url, root / "grading/report")


@pytest.mark.parametrize(
    "name",
    ["index", "items", "mistakes", "findings", f"feedback/{UNIT}/eve", f"feedback/{UNIT}/ada"],
)
def test_pages_run_nothing_load_nothing_and_fit_a_phone(chromium, index, name):
    page = chromium.new_page(viewport={"width": 380, "height": 800})
    happened = []
    page.on("dialog", lambda dialog: happened.append(dialog.message))
    page.on("console", lambda message: happened.append(message.text))
    page.on("pageerror", lambda error: happened.append(str(error)))
    page.on("request", lambda request: happened.append(request.url))
    address = (index.parent / f"{name}.html").as_uri()
    page.goto(address)
    for summary in page.locator("summary").all():
        summary.click()
    for link in page.locator("main a[href='#']").all():
        link.click()
    loaded = [entry for entry in happened if not entry.startswith("data:")]
    assert loaded == [address]
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    widths = page.locator("img").evaluate_all("images => images.map(i => i.naturalWidth)")
    assert all(widths)
    assert len(widths) == {"items": 3, f"feedback/{UNIT}/eve": 1}.get(name, 0)
    page.close()
