"""nbgrader's Validate button says what the visible tests make of a student's work."""

import pytest
from playwright.sync_api import expect

from medseg_grader.catalogue import HIDDEN, load_unit

pytestmark = pytest.mark.slow
UNIT = "04_iou"
SECONDS = 300


def validate(notebook):
    """Press the button and give the text of the dialog that answers."""
    notebook.shown.get_by_role("button", name="Validate").click()
    dialog = notebook.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Validation Results", timeout=SECONDS * 1000)
    return dialog.inner_text()


def test_validate_lists_what_fails_in_an_untouched_notebook(open_notebook, course):
    notebook = open_notebook(course.untouched(UNIT))
    answer = validate(notebook)
    notebook.shot("validate-untouched")
    visible = [cell for cell in load_unit(UNIT).graded_cells() if not HIDDEN.search(cell.source)]
    assert answer.count("The following cell failed:") == len(visible)
    assert answer.count("NotImplementedError: ") == len(visible)


def test_validate_accepts_a_solved_notebook(open_notebook, course):
    notebook = open_notebook(course.solved(UNIT))
    answer = validate(notebook)
    notebook.shot("validate-solved")
    assert "Success! Your notebook passes all the tests." in answer
