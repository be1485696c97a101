"""The grading report in a real browser: nothing runs or calls out, and a phone can show it."""

import pytest
from helpers.pages import EVIL, HOSTILE
from helpers.report_class import UNIT, executed, load_unit, record, result_of, save

from medseg_grader.course.units import unit_names
from medseg_grader.report import write

LONG_ID = "maximiliana.von-und-zu-hohenlohe-langenburg@students.university.example"
LONG_NAME = "Maximiliana Theodora von und zu Hohenlohe-Langenburg-Schillingsfürst"
OVERFLOW = "e => e.scrollWidth - e.clientWidth"


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


@pytest.fixture(scope="module")
def eight_units(tmp_path_factory):
    """The report on all units of the course, with names as long as names get."""
    root = tmp_path_factory.mktemp("eight")
    results = []
    for unit in unit_names():
        name, exercise = next(iter(load_unit(unit).exercises.items()))
        wrong = {"diagnosis": {name: exercise.mistakes[0].name}, "findings": [EVIL]}
        results.append(result_of("bo", 0.6, unit, name="Bo Ó"))
        results.append(result_of(LONG_ID, 0.3, unit, name=LONG_NAME, **wrong))
    return write.write_report(results, record(root, results), root / "grading/report")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["index", "items", "mistakes", "findings"])
def test_eight_units_fit_a_screen_and_a_phone(chromium, eight_units, name, width):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(eight_units.with_name(f"{name}.html").as_uri())
    assert page.evaluate(f"({OVERFLOW})(document.documentElement)") <= 0
    for table in page.locator(".scroll").all():
        if table.evaluate(OVERFLOW) > 0:
            assert width == 390, "no table is too wide for a screen"
            assert table.get_attribute("tabindex") == "0", "the keyboard can scroll it"
    page.close()


def test_a_phone_shows_every_units_points_beside_the_students_name(chromium, eight_units):
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    page.goto(eight_units.as_uri())
    table = page.get_by_role("region", name="Points and feedback")
    heads = table.locator("thead abbr").evaluate_all("all => all.map(e => e.title)")
    assert [head.partition(":")[0] for head in heads] == [f"Unit {k}" for k in range(1, 9)]
    table.evaluate("e => e.scrollTo(e.scrollWidth, 0)")
    student, last = (
        table.locator(f"tbody tr:last-child > :{which}-child").bounding_box()
        for which in ("first", "last")
    )
    assert student["x"] >= 0
    assert student["x"] + student["width"] <= last["x"]
    assert last["x"] + last["width"] <= 390
    page.close()
