"""nbgrader's own commands work unchanged from the root of the course."""

import csv
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from medseg.units import notebook_name
from medseg.units.labels import points
from medseg_grader.course.notebooks import write_solution_notebook
from medseg_grader.course.units import load_unit

ROOT = Path(__file__).parents[3]
UNIT = "04_iou"
NOTEBOOK = notebook_name(UNIT)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stock")]  # what they share is made once


def nbgrader(root, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the repository's root in which every step has been run by nbgrader's command."""
    root = tmp_path_factory.mktemp("stock")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / "grading").mkdir()
    (root / "solutions" / UNIT).mkdir(parents=True)
    for source in (ROOT / "solutions" / UNIT).glob("*.py"):
        shutil.copy(source, root / "solutions" / UNIT)
    write_solution_notebook(load_unit(UNIT), root)
    nbgrader(root, "generate_assignment", UNIT)
    for student, folder in {"solved": "solutions", "untouched": "notebooks"}.items():
        target = root / "grading/submitted" / student / UNIT
        target.mkdir(parents=True)
        shutil.copy(root / folder / UNIT / NOTEBOOK, target)
    nbgrader(root, "autograde", UNIT)
    nbgrader(root, "generate_feedback", UNIT)
    nbgrader(root, "export", "--to", "grading/grades.csv")
    return root


def test_generate_assignment_gives_the_committed_notebook(course):
    made = course / "notebooks" / UNIT / NOTEBOOK
    assert made.read_bytes() == (ROOT / "notebooks" / UNIT / NOTEBOOK).read_bytes()
    assert [p.name for p in (course / "notebooks" / UNIT).iterdir()] == [NOTEBOOK]


def test_export_lists_full_points_for_the_solution_and_none_for_the_release(course):
    total = sum(points(cell) for cell in load_unit(UNIT).graded_cells())
    with open(course / "grading/grades.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"solved": total, "untouched": 0.0}


def test_everything_nbgrader_writes_lies_under_grading(course):
    assert {p.name for p in course.iterdir()} == {
        "grading",
        "nbgrader_config.py",
        "notebooks",
        "solutions",
    }


def test_feedback_is_one_page_for_each_student(course):
    pages = sorted((course / "grading/feedback").rglob("*.*"))
    assert [p.name for p in pages] == [NOTEBOOK.replace(".ipynb", ".html")] * 2


def test_validate_tells_untouched_from_solved(course):
    untouched = nbgrader(course, "validate", f"notebooks/{UNIT}/{NOTEBOOK}")
    assert re.search(r"VALIDATION FAILED ON \d+ CELL", untouched)
    solved = nbgrader(course, "validate", f"solutions/{UNIT}/{NOTEBOOK}")
    assert "Success! Your notebook passes all the tests." in solved


def test_formgrader_opens_on_the_gradebook(course, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--allow-root"]
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}
    with (
        open(tmp_path / "log", "w") as log,
        subprocess.Popen(command, cwd=course, env=env, stdout=log, stderr=log) as server,
    ):
        try:
            page = fetch(f"http://127.0.0.1:{port}/formgrader/api/assignments", server)
        finally:
            server.terminate()
    assert UNIT in page, (tmp_path / "log").read_text()


def fetch(url, server, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.reason}"
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    return "no answer"
