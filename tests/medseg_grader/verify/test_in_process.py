"""A unit's graded cells run in this process, with a solution cell replaced."""

import sys
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from helpers.tiny_unit import cell, unit_with
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from medseg_grader.course.answers import sources
from medseg_grader.course.template import GradedCell, Template
from medseg_grader.grading.rebuild import Rebuilt
from medseg_grader.grading.score import score as grade
from medseg_grader.verify.in_process import run_cell, score


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("assert f(3) == 6", 2),
        ("assert f(3) == 7", 0),
        ("0.5 * f(1)", 1),
        ("f(1) == 2", 0),
        ("f(0.5);", 2),
        ("f(1) + 1", 0),
        ("None", 2),
        ("print('a warning', file=sys.stderr)", 2),
        ("print('fine')", 2),
        ("raise SystemExit", 0),
    ],
)
def test_a_cell_is_scored_as_in_grading(source, expected):
    unit = unit_with(cell(source, "test_f", True))
    assert score(unit, {})["test_f"][:2] == (expected, 2)


def test_a_replaced_solution_is_scored():
    unit = unit_with(cell("assert f(3) == 6", "test_f", True))
    wrong = next(s for c, s in sources(unit, "f", "adds") if c.metadata.get("nbgrader"))
    assert score(unit, {"f": wrong}) == {"test_f": (0, 2, "AssertionError:")}


def test_a_score_says_why_points_are_missing():
    tests = {
        "assert f(3) == 7, 'seven is due'": "AssertionError: seven is due",
        "print('loud', file=sys.stderr)": "",
        "2 * f(0.125)": "Partial credit: 0.5 of 2 points.",
        "f(1) == 2": "its value should be a number from 0 to 2, and is 'True'.",
    }
    unit = unit_with(*(cell(source, f"test_f_{k}", True) for k, source in enumerate(tests)))
    assert [s.reason for s in score(unit, {}).values()] == list(tests.values())


def test_slow_cells_of_other_exercises_can_be_left_out():
    unit = unit_with(cell("assert True", "test_f", True, ["slow"]))
    assert score(unit, {"g": ""}, skip_slow_of_others=True) == {}
    assert score(unit, {"f": unit.cells[1].source}, skip_slow_of_others=True)


VALUES = ["0.5", "2", "True", "None", "'1'", "float('nan')", "1e-30", "10**30", "[1, 2]", "(1.0,)"]
VALUES += ["np.float64(1.5)", "np.arange(30)", "0.5;", "0.5; # a remark", "Ellipsis", "-0.0"]


def test_a_value_is_shown_as_a_kernel_shows_it():
    """In one kernel, a cell for each; large arrays and long texts span lines in the same way."""
    first = new_code_cell("import numpy as np")
    notebook = new_notebook(cells=[first, *map(new_code_cell, VALUES)])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    for one, value in zip(notebook.cells[1:], VALUES, strict=True):
        shown = [o.data["text/plain"] for o in one.outputs if o.output_type == "execute_result"]
        assert run_cell(value, "cell", {"np": np}) == ("", shown)


numbers = st.integers() | st.floats() | st.floats(0, 2) | st.integers(-1, 3)
values = numbers | st.booleans() | st.none() | st.text(max_size=5) | st.lists(numbers, max_size=2)


@given(values)
def test_verify_and_grading_give_the_same_points_for_a_value(value):
    """Grading sees a notebook's outputs; the value is put there as a kernel would."""
    test = cell("value", "test_f", True)
    unit = unit_with(test)
    unit.cells.insert(0, new_code_cell("from tests_values import value"))
    with patch.dict(sys.modules, tests_values=SimpleNamespace(value=value)):
        (reached, most, reason) = score(unit, {})["test_f"]
    shown = [] if value is None else [{"text/plain": repr(value)}]
    outputs = [new_output("execute_result", data, execution_count=1) for data in shown]
    ran = new_code_cell("value", metadata=test.metadata, outputs=outputs)
    template = Template("u", "", (GradedCell("test_f", "f", most),), ("f",))
    run = SimpleNamespace(ran=True, error="", seconds=0.0)
    (graded,), findings = grade(template, Rebuilt(new_notebook(cells=[ran])), {0: run})
    assert (graded.points, graded.max_points, graded.reason) == (reached, most, reason)
    assert bool(findings) == (reached < most and not reason.startswith("Partial credit"))
