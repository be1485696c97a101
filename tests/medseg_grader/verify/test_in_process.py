"""A unit's graded cells run in this process, with a solution cell replaced."""

import pytest
from helpers.tiny_unit import cell, unit_with

from medseg_grader.course.answers import sources
from medseg_grader.verify.in_process import score


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("assert f(3) == 6", 2),
        ("assert f(3) == 7", 0),
        ("0.5 * f(1)", 1),
        ("f(1) == 2", 2),
        ("print('a warning', file=sys.stderr)", 0),
        ("print('fine')", 2),
        ("raise SystemExit", 0),
    ],
)
def test_a_cell_is_scored_by_nbgraders_rule(source, expected):
    unit = unit_with(cell(source, "test_f", True))
    assert score(unit, {})["test_f"][:2] == (expected, 2)


def test_a_replaced_solution_is_scored():
    unit = unit_with(cell("assert f(3) == 6", "test_f", True))
    wrong = next(s for c, s in sources(unit, "f", "adds") if c.metadata.get("nbgrader"))
    assert score(unit, {"f": wrong}) == {"test_f": (0, 2, "AssertionError: ")}


def test_a_score_says_why_points_are_missing():
    tests = {
        "assert f(3) == 7, 'seven is due'": "AssertionError: seven is due",
        "print('loud', file=sys.stderr)": "it wrote to stderr: loud",
        "f(0.25)": "partial credit 0.5",
        "f(1) == 2": "",
    }
    unit = unit_with(*(cell(source, f"test_f_{k}", True) for k, source in enumerate(tests)))
    assert [s.reason for s in score(unit, {}).values()] == list(tests.values())


def test_slow_cells_of_other_exercises_can_be_left_out():
    unit = unit_with(cell("assert True", "test_f", True, ["slow"]))
    assert score(unit, {"g": ""}, skip_slow_of_others=True) == {}
    assert score(unit, {"f": unit.cells[1].source}, skip_slow_of_others=True)
