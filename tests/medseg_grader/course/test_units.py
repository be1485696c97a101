"""A mistake is an edit that fits; a test cell belongs to an exercise."""

import ast
from pathlib import Path

import pytest
from helpers.tiny_course import UNIT, make_course
from nbformat.v4 import new_code_cell

from medseg.errors import InputError
from medseg_grader.authoring import Call, Exercise, Mistake
from medseg_grader.course.units import HIDDEN, Unit, load_unit, unit_names


def test_an_edit_is_made():
    assert Mistake("m", "h", {"a + b": "a - b"}).apply("return a + b") == "return a - b"


def test_a_whole_source_replaces_the_cell():
    assert Mistake("m", "h", source="\ndef f(): ...\n").apply("anything") == "def f(): ..."


@pytest.mark.parametrize(("solution", "count"), [("return c", 0), ("a + b + a + b", 2)])
def test_an_edit_that_does_not_fit_once_is_refused(solution, count):
    with pytest.raises(ValueError, match=f"occurs {count} times"):
        Mistake("m", "h", {"a + b": "a - b"}).apply(solution)


def test_a_mistake_that_changes_nothing_is_refused():
    with pytest.raises(ValueError, match="neither edits nor a source"):
        Mistake("m", "h").apply("return a")


def graded(name):
    nbgrader = {"grade": True, "grade_id": name, "points": 1, "solution": False}
    return new_code_cell("", metadata={"nbgrader": nbgrader})


def test_a_test_cell_belongs_to_the_exercise_with_the_longest_fitting_name():
    exercises = {n: Exercise(n, [Call()], [], []) for n in ("softmax", "softmax_focal_loss")}
    unit = Unit("u", Path("u.py"), [], exercises)
    assert unit.exercise_of(graded("test_softmax_hidden")) == "softmax"
    assert unit.exercise_of(graded("test_softmax_focal_loss_hidden")) == "softmax_focal_loss"
    with pytest.raises(ValueError, match="belongs to no exercise"):
        unit.exercise_of(graded("test_argmax"))


@pytest.mark.parametrize("name", unit_names())
def test_each_exercise_has_one_solution_cell_a_visible_and_a_hidden_test(name):
    unit = load_unit(name)
    for exercise in unit.exercises:
        assert unit.solution_cell(exercise).source.count("### BEGIN SOLUTION") >= 1
        sources = [cell.source for cell in unit.graded_cells(exercise)]
        assert any(HIDDEN.search(source) for source in sources), exercise
        # A one-point exercise has both kinds in one cell: the hidden ones come last.
        shown = [ast.parse(HIDDEN.sub("", source)).body for source in sources]
        assert any(shown), exercise


ALTERNATIVE = """from medseg_grader.authoring import Alternative

ALTERNATIVES = [Alternative({exercise!r}, "otherwise", {source!r})]
"""
SLIP = """from medseg_grader.authoring import Slip

SLIPS = [Slip("double", {mistake!r}, "says", "def double(x): return x")]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a small unit, whose course is the current folder."""
    monkeypatch.chdir(make_course(tmp_path))
    return tmp_path / "solutions" / UNIT


def test_a_unit_without_such_files_has_no_alternatives_and_no_slips(folder):
    unit = load_unit(UNIT)
    assert (list(unit.alternatives), list(unit.slips)) == ([], [])


def test_alternatives_are_those_of_the_file_beside_the_script(folder):
    text = ALTERNATIVE.format(exercise="double", source="def double(x): return x + x")
    (folder / "alternatives.py").write_text(text)
    (found,) = load_unit(UNIT).alternatives
    assert (found.exercise, found.name, found.slow) == ("double", "otherwise", False)


@pytest.mark.parametrize(
    ("exercise", "source", "says"),
    [
        ("halve", "def halve(x): ...", "no exercise of the unit; there are: double, triple"),
        ("double", "def triple(x): ...", "its source does not define double"),
        ("double", "x = 1\ndef double(x:", "line 2 of its source is no Python"),
    ],
)
def test_an_answer_that_fits_no_exercise_is_refused(folder, exercise, source, says):
    text = ALTERNATIVE.format(exercise=exercise, source=source)
    (folder / "alternatives.py").write_text(text)
    with pytest.raises(InputError, match=says):
        load_unit(UNIT)


def test_a_slip_that_should_earn_the_hint_of_an_unknown_mistake_is_refused(folder):
    (folder / "slips.py").write_text(SLIP.format(mistake="adds"))
    with pytest.raises(InputError, match="'adds', which is no mistake of the exercise"):
        load_unit(UNIT)


def test_a_file_without_its_list_is_refused(folder):
    (folder / "slips.py").write_text("SLIP = 1\n")
    with pytest.raises(InputError, match=r"slips\.py defines no list SLIPS"):
        load_unit(UNIT)


LOOKING = """from medseg_grader.authoring import Call, Exercise

EXERCISES = [Exercise("double", [Call({call})], [], [], runner={runner!r})]
"""


@pytest.mark.parametrize(
    ("runner", "call", "says"),
    [
        ("modul", "1", "double asks for the runner 'modul', .* there are: call, with_dtype, .*fit"),
        (
            "module",
            "{}, look=['receptive field', 'the colour']",
            "double asks for the look 'the colour', .* there are: .*, 'receptive field', ",
        ),
    ],
)
def test_an_unknown_runner_or_look_is_refused_with_those_there_are(folder, runner, call, says):
    (folder / "mistakes.py").write_text(LOOKING.format(runner=runner, call=call))
    with pytest.raises(InputError, match=f"^{UNIT}: mistakes.py line 3: {says}"):
        load_unit(UNIT)


@pytest.mark.parametrize(("runner", "look"), [("module", "receptive field"), ("call", "up")])
def test_a_known_look_is_taken_and_look_may_be_an_argument_of_a_function(folder, runner, look):
    (folder / "mistakes.py").write_text(LOOKING.format(runner=runner, call=f"1, look=[{look!r}]"))
    assert load_unit(UNIT).exercises["double"].runner == runner
