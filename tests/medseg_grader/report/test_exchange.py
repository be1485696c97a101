"""nbgrader's exchange with `medseg grade` in its middle: feedback finds its way back."""

import json
import os
import subprocess
import sys

import pytest
from helpers.tiny_course import RIGHT, UNIT, cell_of, make_quick_course, pool_here

from medseg_grader.course.stock_nbgrader import run, scratch_course
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox.limits import Limits

NOTEBOOK = "sums.ipynb"


@pytest.fixture
def nbgrader(tmp_path):
    """A function that runs one of nbgrader's commands on the unit, in a folder."""
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)  # as nbgrader asks for, so that students can hand in
    env = {**os.environ, "HOME": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data")}

    def run_it(command, folder):
        words = [sys.executable, "-m", "nbgrader", command, UNIT, f"--Exchange.root={exchange}"]
        words.append("--CourseDirectory.course_id=unets-by-hand")
        pipes = {"capture_output": True, "text": True}
        done = subprocess.run(words, check=False, cwd=folder, env=env, **pipes)
        assert done.returncode == 0, done.stderr

    return run_it


@pytest.mark.slow
def test_feedback_goes_back_through_the_exchange(tmp_path, monkeypatch, nbgrader):
    course, student = tmp_path / "course", tmp_path / "student"
    student.mkdir()
    make_quick_course(course, monkeypatch)
    run(scratch_course(course, [UNIT]), "generate_assignment", UNIT, force=True)
    nbgrader("release_assignment", course)
    nbgrader("fetch_assignment", student)
    notebook = json.loads((student / UNIT / NOTEBOOK).read_text())
    cell_of(notebook, "double")["source"] = RIGHT["double"]
    (student / UNIT / NOTEBOOK).write_text(json.dumps(notebook))
    nbgrader("submit", student)
    nbgrader("collect", course)

    submissions = collect(course / "grading/submitted", [UNIT]).submissions
    outcome = grade_class(submissions, pool_here(), Limits(), root=course)
    assert [(r.points, r.findings) for r in outcome.graded] == [(3, [])]
    assert outcome.graded[0].timestamp
    assert report_on_course(root=course)[1] == ""

    nbgrader("release_feedback", course)
    nbgrader("fetch_feedback", student)
    (page,) = (student / UNIT / "feedback").rglob("*.html")
    assert "3 of 7" in page.read_text()
