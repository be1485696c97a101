"""Verification scores as nbgrader does, and finds a unit that is not sound."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from medseg_grader.authoring import Call, Exercise, Mistake
from medseg_grader.course.answers import sources
from medseg_grader.course.units import Unit, unit_names
from medseg_grader.verify import soundness


def cell(source, grade_id, graded, tags=()):
    nbgrader = {"grade": graded, "grade_id": grade_id, "solution": not graded, "points": 2}
    return new_code_cell(source, metadata={"nbgrader": nbgrader, "tags": list(tags)})


def unit_with(*tests):
    solution = cell("def f(x):\n    return 2 * x", "f", False)
    cells = [new_code_cell("import sys"), solution, *tests]
    mistakes = [Mistake("adds", "Twice, not plus two.", {"2 * x": "2 + x"})]
    return Unit("u", Path("u.py"), cells, {"f": Exercise("f", [Call(3)], ["h"], mistakes)})


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
    assert soundness.score(unit, {})["test_f"][:2] == (expected, 2)


def test_a_replaced_solution_is_scored():
    unit = unit_with(cell("assert f(3) == 6", "test_f", True))
    wrong = next(s for c, s in sources(unit, "f", "adds") if c.metadata.get("nbgrader"))
    assert soundness.score(unit, {"f": wrong}) == {"test_f": (0, 2, "AssertionError: ")}


def test_a_score_says_why_points_are_missing():
    tests = {
        "assert f(3) == 7, 'seven is due'": "AssertionError: seven is due",
        "print('loud', file=sys.stderr)": "it wrote to stderr: loud",
        "f(0.25)": "partial credit 0.5",
        "f(1) == 2": "",
    }
    unit = unit_with(*(cell(source, f"test_f_{k}", True) for k, source in enumerate(tests)))
    assert [s.reason for s in soundness.score(unit, {}).values()] == list(tests.values())


def test_slow_cells_of_other_exercises_can_be_left_out():
    unit = unit_with(cell("assert True", "test_f", True, ["slow"]))
    assert soundness.score(unit, {"g": ""}, skip_slow_of_others=True) == {}
    assert soundness.score(unit, {"f": unit.cells[1].source}, skip_slow_of_others=True)


def judged(unit, scores, accused):
    report = soundness.Report("u")
    scores = {name: soundness.Score(*score) for name, score in scores.items()}
    soundness._note_mistake(report, unit, "f", "adds", scores, accused)
    return report


def test_a_mistake_that_loses_points_and_gets_its_hint_is_counted():
    unit = unit_with(cell("", "test_f", True))
    report = judged(unit, {"test_f": (0, 2)}, "adds")
    assert (report.rejected, report.own_hint, report.faults) == (1, 1, [])


def test_a_mistake_that_keeps_all_points_is_a_fault():
    unit = unit_with(cell("", "test_f", True))
    report = judged(unit, {"test_f": (2, 2)}, None)
    assert (report.rejected, report.own_hint) == (0, 0)
    assert "keeps all points" in report.faults[0]
    assert "wrong hint: none" in report.faults[1]


def test_a_mistake_that_costs_an_independent_exercise_is_a_fault():
    unit = unit_with(cell("", "test_f", True), cell("", "test_g", True))
    unit.exercises["g"] = Exercise("g", [Call()], ["h"], [])
    scores = {"test_f": (0, 2), "test_g": (1, 2, "why")}
    assert "loses points in g too: why" in judged(unit, scores, "adds").faults[0]
    unit.exercises["g"] = Exercise("g", [Call()], ["h"], [], uses=["f"])
    assert judged(unit, scores, "adds").faults == []


def test_the_table_counts_everything():
    report = soundness.Report("04_iou", 4, 12, 20, 20, 19, ["one fault"])
    text = soundness.table([report])
    assert "4 graded cells, 20 mistakes, 19 with their own hint, 1 faults" in text
    assert "04_iou: one fault" in text


@pytest.mark.slow
def test_a_unit_is_sound_by_the_instructors_command():
    """In a process of its own; `make verify` does it for all units."""
    command = [sys.executable, "-m", "medseg.cli", "verify", "--unit", "04"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    unit, cells, points, *counts = done.stdout.split("\n\n")[0].splitlines()[-1].split()
    assert (unit, int(cells) > 0, int(points)) == ("04_iou", True, 12)
    assert counts[0] == counts[1] == counts[2] != "0"


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("name", unit_names())
def test_solutions_keep_all_points_under_other_seeds(name, seed):
    """In a process of its own, as a grader would run it."""
    code = (
        "import json, sys; from medseg_grader.verify.soundness import score; "
        "from medseg_grader.course.units import load_unit; "
        "print(json.dumps(score(load_unit(sys.argv[1]), {})))"
    )
    env = {**os.environ, "MEDSEG_SEED": seed, "NBGRADER_EXECUTION": "autograde"}
    command = [sys.executable, "-c", code, name]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    scores = json.loads(done.stdout.splitlines()[-1])
    assert scores
    assert {cell: s for cell, s in scores.items() if s[0] != s[1]} == {}


def test_errors_and_stderr_of_the_solution_are_faults():
    fine = new_code_cell("1", outputs=[new_output("stream", name="stdout", text="fine")])
    loud = new_code_cell("2", outputs=[new_output("stream", name="stderr", text="a warning")])
    bad = new_code_cell("3", outputs=[new_output("error", ename="IndexError", evalue="too far")])
    assert soundness._complaints(new_notebook(cells=[fine, loud, bad])) == [
        "cell 2 wrote to stderr: a warning",
        "cell 3 raised IndexError: too far",
    ]
