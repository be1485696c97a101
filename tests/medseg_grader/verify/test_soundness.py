"""Verification proves each answer of a unit, counts them, and finds a unit that is not sound."""

import json
import os
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from medseg_grader.course.units import unit_names
from medseg_grader.verify.soundness import Report, complaints, table


def test_the_table_counts_everything():
    report = Report("04_iou", 4, 12, 20, 20, 19, 9, 8, 3, 2, ["one fault"])
    text = table([report])
    assert "4 graded cells, 20 mistakes, 19 with their own hint" in text
    assert "8 of 9 alternatives right, 2 of 3 slips named, 1 faults" in text
    assert "04_iou: one fault" in text
    titles, row, *_ = text.splitlines()
    assert row.split() == ["04_iou", "4", "12", "20", "20", "19", "9", "8", "3", "2"]
    assert len(titles) == len(row)


@pytest.mark.slow
def test_a_unit_is_sound_by_the_instructors_command():
    """In a process of its own; `make verify` does it for all units."""
    command = [sys.executable, "-m", "medseg.cli", "verify", "--unit", "04"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = [line.split() for line in done.stdout.splitlines() if line.startswith("04_iou ")]
    _, cells, points, *counts = row
    assert (int(cells) > 0, int(points)) == (True, 12)
    mistakes, rejected, own_hint, alternatives, right, *_ = counts
    assert mistakes == rejected == own_hint != "0"
    assert alternatives == right != "0"


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("name", unit_names())
def test_solutions_keep_all_points_under_other_seeds(name, seed):
    """In a process of its own, as a grader would run it."""
    code = (
        "import json, sys; from medseg_grader.verify.in_process import score; "
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
    assert complaints(new_notebook(cells=[fine, loud, bad])) == [
        "cell 2 wrote to stderr: a warning",
        "cell 3 raised IndexError: too far",
    ]
