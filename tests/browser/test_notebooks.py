"""JupyterLab opens every released notebook and runs every solution, without a complaint."""

import time

import pytest
from browser.lab import ROOT, UNITS, code_cells, errors, some
from playwright.sync_api import expect

from medseg.units import notebook_name
from medseg.units.labels import is_graded

QUICK_UNIT = "01_segmentation_types"
SOLUTION = 600_000  # ms: a solution, training included, on a busy machine
pytestmark = pytest.mark.slow


def test_all_units_have_a_released_notebook():
    for unit in UNITS:
        assert (ROOT / "notebooks" / unit / notebook_name(unit)).is_file()


@pytest.mark.parametrize("unit", some([QUICK_UNIT]))
def test_a_released_notebook_opens(open_notebook, unit):
    notebook = open_notebook(f"{unit}/{notebook_name(unit)}")
    expect(notebook.shown.locator("h1").first).to_contain_text(f"Unit {int(unit[:2])}")
    notebook.shot(f"{unit}-open")


@pytest.mark.parametrize("unit", some([]))
def test_all_cells_of_a_solution_run(open_notebook, course, unit):
    notebook = open_notebook(course.solved(unit), viewport={"width": 1280, "height": 1700})
    notebook.run_all(SOLUTION)
    content = notebook.content()
    assert errors(content) == []
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code if cell["source"])
    for number in notebook.picture_cells():
        notebook.shot_of(number, f"{unit}-cell-{number:02d}")
    broken = "[...document.images].filter(i => i.complete && i.naturalWidth === 0).length"
    assert notebook.page.evaluate(f"() => {broken}") == 0


@pytest.mark.parametrize("unit", some([QUICK_UNIT]))
def test_an_unsolved_notebook_runs_to_its_end_and_its_tests_say_not_attempted(open_notebook, unit):
    notebook = open_notebook(f"{unit}/{notebook_name(unit)}")
    notebook.run_all(SOLUTION)
    notebook.wait_until_all_have_run(SOLUTION)
    content = notebook.content()
    found = errors(content)
    assert found
    assert {text for _, text in found} == {"NotImplementedError: not attempted"}
    assert all(is_graded(content["cells"][number]) for number, _ in found)


@pytest.mark.browser
def test_figures_and_text_stand_in_the_dark_theme(open_notebook):
    notebook = open_notebook(f"{QUICK_UNIT}/{notebook_name(QUICK_UNIT)}", color_scheme="dark")
    expect(notebook.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    for number in code_cells(notebook)[:3]:
        notebook.run(number)
    expect(notebook.cell(number).locator("img").first).to_be_visible()
    notebook.shot("01-dark")


def test_the_first_picture_of_the_course_stands_soon(open_notebook, capsys):
    start = time.monotonic()
    notebook = open_notebook(f"{QUICK_UNIT}/{notebook_name(QUICK_UNIT)}")
    first, second, *_ = code_cells(notebook)
    notebook.run(first)
    notebook.run(second)
    expect(notebook.cell(second).locator("img").first).to_be_visible()
    seconds = time.monotonic() - start
    with capsys.disabled():
        print(f"\nfirst picture of unit 01 after {seconds:.1f} s, opening included")
    notebook.shot("01-first-picture")
