"""nbgrader's Validate button says what the visible tests make of a student's work."""

import shutil
import zipfile
from pathlib import Path

import pytest
from browser.lab import Notebook, jupyter_lab
from playwright.sync_api import expect

from medseg.units import notebook_name
from medseg_grader.course.units import HIDDEN, load_unit
from medseg_grader.release.bundle import write_bundle

pytestmark = [pytest.mark.slow, pytest.mark.browser]
UNIT = "04_iou"
SECONDS = 900  # the whole notebook runs in the meantime, on a machine that may be busy


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


def test_validate_accepts_a_solved_training_notebook(open_notebook, course):
    notebook = open_notebook(course.solved("07_prostate"))
    assert "Success! Your notebook passes all the tests." in validate(notebook)


def test_validate_works_where_a_student_unpacked_the_bundle(new_page, course, tmp_path):
    with zipfile.ZipFile(write_bundle(tmp_path / "course.zip", [UNIT])) as archive:
        archive.extractall(tmp_path)
    bundle = tmp_path / "unets-by-hand"
    path = Path(UNIT, notebook_name(UNIT))
    (bundle / "notebooks" / path).parent.mkdir(parents=True)
    shutil.copy(course.notebooks / course.solved(UNIT), bundle / "notebooks" / path)
    (tmp_path / "home").mkdir()
    with jupyter_lab(bundle, "notebooks", tmp_path / "home") as server:
        notebook = Notebook(new_page(), server, path.as_posix()).open()
        assert "Success! Your notebook passes all the tests." in validate(notebook)
        notebook.page.goto("about:blank")
