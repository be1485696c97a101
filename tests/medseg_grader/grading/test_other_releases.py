"""What an instructor changes between two releases is no student's doing."""

import json

import nbformat
import pytest
from helpers.tiny_course import (
    POINTS,
    RIGHT,
    SCRIPT,
    UNIT,
    answered,
    cell_of,
    hand_in,
    header,
    make_quick_course,
    mark_as_released,
    released,
    scores_in,
)
from nbgrader.preprocessors import ComputeChecksums
from nbgrader.utils import compute_checksum

from medseg.cli import main
from medseg.units.handed_in import cell_of as read_cell
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading.rebuild import rebuild

SAYS = "It is of another release of the unit"
CHANGES = {
    "points": ('"points": 1', '"points": 3'),
    "a visible test": ("double(2) == 4", "double(3) == 6"),
    "a stub": ('"""Twice x."""', '"""Two times x."""'),
    "a story": ("# # Sums", "# # Sums and products"),
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    make_quick_course(tmp_path, monkeypatch)
    return tmp_path


def template_of(root, script=SCRIPT):
    """The unit's template with another script."""
    (root / "solutions" / UNIT / "sums.py").write_text(script)
    return make_template(load_unit(UNIT))


def handed_out(template, **answers):
    """The notebook with answers as a student of this release has it, with nbgrader's checksums."""
    notebook = nbformat.from_dict(released(template))
    notebook, _ = ComputeChecksums().preprocess(notebook, {})
    for name, source in answers.items():
        cell_of(notebook, name)["source"] = source
    return notebook


def findings(template, notebook):
    return rebuild(template, json.dumps(notebook).encode()).findings


def with_new_exercise(script):
    return script + f"\n{header('halve')}\ndef halve(x):\n    return x / 2\n"


@pytest.mark.parametrize("change", CHANGES)
def test_a_notebook_of_an_earlier_release_is_told_once_and_blamed_for_nothing(course, change):
    mine = handed_out(template_of(course), **RIGHT)
    now = template_of(course, SCRIPT.replace(*CHANGES[change], 1))
    assert findings(now, mine) == [f"{SAYS}. Where tests differ, ours were run."]


@pytest.mark.parametrize("change", ["points", "a visible test"])
def test_nor_is_one_that_says_nothing_of_its_release(course, change):
    mine = handed_out(template_of(course), **RIGHT)
    del mine.metadata["medseg"]
    now = template_of(course, SCRIPT.replace(*CHANGES[change], 1))
    assert findings(now, mine) == [f"{SAYS}. Where tests differ, ours were run."]


def test_what_a_newer_release_adds_is_told_as_what_the_older_one_lacks(course):
    mine = handed_out(template_of(course), **RIGHT)
    now = template_of(course, with_new_exercise(SCRIPT))
    assert findings(now, mine) == [f"{SAYS}; it lacks halve. Where tests differ, ours were run."]


def test_what_a_newer_release_takes_out_is_no_unknown_cell(course):
    mine = handed_out(template_of(course, with_new_exercise(SCRIPT)), **RIGHT)
    assert findings(template_of(course), mine) == [f"{SAYS}. Where tests differ, ours were run."]


def test_a_test_that_a_student_changed_is_told_whatever_the_release(course):
    mine = handed_out(template_of(course), **RIGHT)
    cell_of(mine, "test_double")["source"] = "pass"
    now = template_of(course, SCRIPT.replace(*CHANGES["a story"]))
    assert findings(now, mine)[1:] == ["The test cell test_double was changed; ours was run."]


def test_a_changed_test_with_a_fitting_checksum_is_told_in_a_notebook_of_this_release(course):
    template = template_of(course)
    mine = handed_out(template, **RIGHT)
    cell_of(mine, "test_double")["source"] = "pass"
    mine, _ = ComputeChecksums().preprocess(mine, {})
    assert findings(template, mine) == ["The test cell test_double was changed; ours was run."]


def test_only_what_students_get_makes_another_release(course):
    mine = handed_out(template_of(course), **RIGHT)
    hidden = SCRIPT.replace("math.pi) == 2 * math.pi", "math.e) == 2 * math.e")
    solution = hidden.replace("return 2 * x", "return x + x")
    assert solution != hidden != SCRIPT
    assert findings(template_of(course, solution), mine) == []


def test_the_checksum_is_nbgraders(course):
    notebook = handed_out(template_of(course))
    labelled = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert labelled
    for cell in labelled:
        assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
        assert read_cell(cell).is_as_released
        cell.source += "\n"
        assert not read_cell(cell).is_as_released


def grade(root, *more):
    return main(["grade", "handed_in", "--workers", "1", "--unsafe", *more])


def test_grading_by_a_script_that_was_changed_after_its_release_is_refused(course, capsys):
    hand_in(course / "handed_in", "ada", answered(template_of(course), **RIGHT))
    template_of(course, SCRIPT.replace("double(2) == 4", "double(2) == 3 + 1"))
    assert grade(course) == 2
    said = capsys.readouterr().err
    assert "sums.py was changed after its release: medseg release --unit 01." in said
    assert "--as-is" in said
    assert not (course / "grading/results").exists()


def test_a_unit_that_was_never_released_is_not_graded(course, capsys):
    hand_in(course / "handed_in", "ada", answered(template_of(course), **RIGHT))
    (course / f"src/medseg/units/{UNIT}.jsonl").unlink()
    assert grade(course) == 2
    assert "has not been released yet: medseg release --unit 01" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("remedy", ["released", "--as-is"])
def test_either_remedy_lets_it_be_graded(course, remedy):
    hand_in(course / "handed_in", "ada", answered(template_of(course), **RIGHT))
    template_of(course, SCRIPT.replace("double(2) == 4", "double(2) == 3 + 1"))
    if remedy == "released":
        mark_as_released(course)
    assert grade(course, *([] if remedy == "released" else [remedy])) == 0
    assert scores_in(course)["ada"] == POINTS
