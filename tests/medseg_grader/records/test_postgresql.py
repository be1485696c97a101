"""PostgreSQL as gradebook, on a real server that is started for these tests alone."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from helpers.tiny_course import (
    POINTS,
    RIGHT,
    UNIT,
    WRONG,
    answered,
    hand_in,
    make_quick_course,
    pool_here,
    scores,
)

from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox.limits import Limits

pytestmark = pytest.mark.slow
# Debian keeps a server's programs out of the PATH
FOLDERS = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]


def program(name):
    """Where one of the server's programs lies, or None."""
    return shutil.which(name, path=os.pathsep.join([*FOLDERS, os.environ["PATH"]]))


def server_user():
    """The account to run the server as: it refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


@pytest.fixture(scope="module")
def server():
    """URL of an empty database; the server listens on a socket in a folder of its own."""
    pytest.importorskip("psycopg", reason="needs psycopg: pip install 'unets-by-hand[postgresql]'")
    if not (program("initdb") and program("pg_ctl")):
        pytest.skip("needs a PostgreSQL server: apt install postgresql")
    # short, as the path of a socket has at most 107 characters; the server's user can reach it
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir="/tmp"))
    data, user = folder / "data", server_user()
    if user:
        shutil.chown(folder, user)

    def call(name, *words):
        done = subprocess.run(
            [program(name), "-D", str(data), *words],
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    call("initdb", "--username=grader", "--auth=trust", "--encoding=UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    call("pg_ctl", "--wait", "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql+psycopg://grader@/postgres?host={folder}"
    finally:
        call("pg_ctl", "--wait", "--mode", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def class_of_three(tmp_path, monkeypatch):
    template = make_quick_course(tmp_path, monkeypatch)
    for student, answers in {"ada": RIGHT, "ben": WRONG, "cem": {}}.items():
        hand_in(tmp_path / "handed_in", student, answered(template, **answers))
    return template


def graded(path, url):
    submissions = collect(path / "handed_in", [UNIT]).submissions
    return grade_class(submissions, pool_here(), Limits(), db_url=url)


def test_grades_regrades_and_the_report_live_in_postgresql(server, class_of_three, tmp_path):
    outcome = graded(tmp_path, server)
    assert (outcome.code, len(outcome.graded)) == (0, 3)
    first = scores(server)
    assert first["ada"] == POINTS
    assert {name: sum(own.values()) for name, own in first.items()} == {
        "ada": 7.0,
        "ben": 2.0,
        "cem": 0.0,
    }
    assert graded(tmp_path, server).graded == []
    hand_in(tmp_path / "handed_in", "ben", answered(class_of_three, **RIGHT))
    assert [result.student for result in graded(tmp_path, server).graded] == ["ben"]
    assert scores(server) == {**first, "ben": first["ada"]}
    index, trouble = report_on_course(server)
    assert trouble == ""
    assert "ben" in index.read_text(encoding="utf-8")
    assert not (tmp_path / "grading/gradebook.db").exists()
