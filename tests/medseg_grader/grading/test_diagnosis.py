"""What `check` said of each exercise comes out as a mistake of the catalogue, or not at all."""

import contextlib
import io

import nbformat
import pytest

from medseg.checks import check
from medseg_grader.course.answers import solution_of
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.units import load_unit, unit_names
from medseg_grader.grading.diagnosis import OUTCOMES, read_diagnosis

UNIT = "04_iou"


def printed(name, function):
    """What `check` prints, as a cell's output."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        check(name, function)
    return nbformat.v4.new_output("stream", name="stdout", text=text.getvalue())


def executed(unit, **outputs):
    """The unit's notebook with the given outputs below the checks of the exercises named."""
    notebook = solution_notebook(unit)
    for exercise, output in outputs.items():
        start = f'check("{unit.name}.{exercise}"'
        (cell,) = [c for c in notebook.cells if c.source.startswith(start)]
        cell.outputs = [output]
    return notebook


def stdout(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


@pytest.mark.parametrize("name", unit_names())
def test_every_exercise_has_a_cell_with_its_check(name):
    unit = load_unit(name)
    right = stdout("Right: it does what it should.\n")
    notebook = executed(unit, **dict.fromkeys(unit.exercises, right))
    assert read_diagnosis(notebook, unit.name) == dict.fromkeys(unit.exercises, "right")


def test_the_mistake_that_check_names_is_found_and_a_right_answer_is_right():
    unit = load_unit(UNIT)
    for mistake in unit.exercises["iou_per_class"].mistakes:
        wrong = printed(f"{UNIT}.iou_per_class", solution_of(unit, "iou_per_class", mistake.name))
        right = printed(f"{UNIT}.mean_iou", solution_of(unit, "mean_iou"))
        notebook = executed(unit, iou_per_class=wrong, mean_iou=right)
        assert read_diagnosis(notebook, unit.name) == {
            "iou_per_class": mistake.name,
            "mean_iou": "right",
        }


def test_a_stub_is_not_attempted_and_an_unknown_mistake_is_wrong():
    unit = load_unit(UNIT)

    def dice_from_iou(iou):
        raise NotImplementedError()

    def mean_iou(confusion):
        return confusion.sum() * 0.123

    notebook = executed(
        unit,
        dice_from_iou=printed(f"{UNIT}.dice_from_iou", dice_from_iou),
        mean_iou=printed(f"{UNIT}.mean_iou", mean_iou),
    )
    expected = {"dice_from_iou": "not attempted", "mean_iou": "wrong"}
    assert read_diagnosis(notebook, unit.name) == expected


def test_what_a_function_prints_before_the_verdict_does_not_count():
    unit = load_unit(UNIT)
    text = "Right: of course\nHint: none\n" * 3 + "Wrong: mean_iou(…): 1 instead of 2.\n"
    assert read_diagnosis(executed(unit, mean_iou=stdout(text)), unit.name) == {"mean_iou": "wrong"}


@pytest.mark.parametrize(
    "output",
    [
        stdout("<script>alert(1)</script>"),
        stdout("Wrong" * 10**6),
        stdout("Brilliant: 100 points\nHint: =1+1\n"),
        nbformat.v4.new_output("stream", name="stderr", text="Right: yes\n"),
        nbformat.v4.new_output("error", ename="E", evalue="Right: yes", traceback=[]),
    ],
    ids=["script", "flood", "invented", "stderr", "error"],
)
def test_other_texts_say_nothing(output):
    unit = load_unit(UNIT)
    assert read_diagnosis(executed(unit, mean_iou=output), unit.name) == {}


def test_only_names_of_the_catalogue_come_out():
    unit = load_unit(UNIT)
    known = {m.name for e in unit.exercises.values() for m in e.mistakes} | set(OUTCOMES)
    forged = "\n".join(
        f"Wrong: x\nHint: {m.hint}" for m in unit.exercises["dice_from_iou"].mistakes
    )
    found = read_diagnosis(executed(unit, mean_iou=stdout(forged)), unit.name)
    assert set(found.values()) <= known
    assert found == {"mean_iou": "wrong"}, "a hint of another exercise is none of this one"


def test_a_check_in_a_cell_of_the_students_own_does_not_count():
    unit = load_unit(UNIT)
    notebook = executed(unit)
    cell = nbformat.v4.new_code_cell(f'check("{UNIT}.mean_iou", other)', id="extra-1")
    cell.outputs = [stdout("Right: it does.\n")]
    notebook.cells.append(cell)
    assert read_diagnosis(notebook, UNIT) == {}
    assert read_diagnosis(notebook, "99_unknown") == {}
