"""`medseg grade` killed again and again: the next run goes on, nothing is lost or done twice."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
from helpers.orphans import PATIENCE, wait_until_gone
from helpers.sandboxes import needs_sandbox
from helpers.tiny_course import (
    RIGHT,
    UNIT,
    WRONG,
    answered,
    hand_in,
    make_course,
    pool_here,
    run_here,
)
from nbgrader.api import Gradebook

from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading import submission
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.records.results import RESULTS
from medseg_grader.sandbox.limits import Limits

pytestmark = [needs_sandbox, pytest.mark.slow, pytest.mark.xdist_group("killed")]
SEED = 20
SIZE = 9
# so many results are there, and up to so many seconds more go by, when the grader is killed
MOMENTS = [(0, 8.0), (2, 1.0), (5, 1.0)]
TABLES = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A class has handed in; nothing is graded yet."""
    root = make_course(tmp_path / "course")
    monkeypatch.chdir(root)
    template = make_template(load_unit(UNIT))
    kinds = [RIGHT, {"double": RIGHT["double"]}, WRONG]
    for number in range(SIZE):
        path = hand_in(root / "in", f"s{number}", answered(template, **kinds[number % 3]))
        path.with_name("timestamp.txt").write_text(f"2026-01-01 10:0{number}:00 UTC")
    return root


def start(root, temporary):
    command = [sys.executable, "-m", "medseg.cli", "grade", "in", "--workers", "2"]
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary)}
    return subprocess.Popen(
        [*command, "--json", "summary.json"],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_to_the_end(root, temporary):
    """The summary of a run that nobody disturbs."""
    process = start(root, temporary)
    _, errors = process.communicate(timeout=5 * PATIENCE)
    assert process.returncode == 0, errors
    return json.loads((root / "summary.json").read_text())


def kill(root, temporary, results, seconds):
    """Kill the grader, and nothing else, so long after so many results are there."""
    process = start(root, temporary)
    end = time.monotonic() + 5 * PATIENCE
    while len(graded(root)) < results and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate(timeout=PATIENCE)


def graded(root):
    """The results that are there, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (root / RESULTS / UNIT).glob("*.json")}


def gradebook(root):
    """All that the gradebook says of the class, by nbgrader's API, and the length of its tables."""
    with Gradebook(f"sqlite:///{root}/grading/gradebook.db", "unets-by-hand") as book:
        content = {
            s.student.id: (
                s.timestamp,
                [(n.name, n.late_submission_penalty, n.score, n.max_score) for n in s.notebooks],
                sorted(
                    (g.name, g.auto_score, g.manual_score, g.needs_manual_grade, g.max_score)
                    for n in s.notebooks
                    for g in n.grades
                ),
                sorted((c.name, c.auto_comment) for n in s.notebooks for c in n.comments),
            )
            for s in book.assignment_submissions(UNIT)
        }
    with sqlite3.connect(root / "grading/gradebook.db") as book:
        lengths = [book.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES]
    return content, lengths


def grade_here(root, monkeypatch):
    """Grade without sandbox and processes: right answers are right there as well."""
    monkeypatch.chdir(root)
    monkeypatch.setattr(submission, "execute", run_here)
    grade_class(collect(root / "in", [UNIT]).submissions, pool_here(), Limits())


def test_a_killed_grader_goes_on_where_it_was(
    course, tmp_path, tmp_path_factory, orphans, monkeypatch
):
    undisturbed = shutil.copytree(course, tmp_path / "undisturbed")
    temporary = tmp_path_factory.mktemp("t")
    rng = random.Random(SEED)
    for results, longest in MOMENTS:
        before = graded(course)
        kill(course, temporary, results, rng.uniform(0, longest))
        wait_until_gone(orphans)
        assert before.items() <= graded(course).items()
    before = graded(course)
    assert len(before) >= MOMENTS[-1][0]
    summary = run_to_the_end(course, temporary)
    # a result whose notebook or row was not written any more is not lost, so nothing is done again
    assert (summary["graded"], summary["unchanged"]) == (SIZE - len(before), len(before))
    assert before.items() <= graded(course).items()
    grade_here(undisturbed, monkeypatch)
    assert gradebook(course) == gradebook(undisturbed)
    assert len(gradebook(course)[0]) == SIZE
    wait_until_gone(orphans)
    assert [path.name for path in temporary.glob("medseg-*/*")] == [".lock"]
    assert not list((course / "grading").rglob("*.tmp"))
