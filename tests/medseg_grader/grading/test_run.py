"""`medseg grade` on a small class: graded once, recorded, and done again only where it must be."""

import errno
import json
import sqlite3
from contextlib import closing

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
    scores_in,
)

from medseg.cli import main
from medseg_grader.grading import run as grading
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class, one_run_at_a_time
from medseg_grader.records import gradebook
from medseg_grader.records.results import load_results, notebook_path, result_path
from medseg_grader.sandbox.limits import Limits

CLASS = {"right": RIGHT, "half": {"double": RIGHT["double"]}, "wrong": WRONG, "untouched": {}}
EXPECTED = {"right": 7.0, "half": 3.0, "wrong": 2.0, "untouched": 0.0, "broken": 0.0}


@pytest.fixture
def template(tmp_path, monkeypatch):
    """A class of five has handed in to a course in the current folder; nothing is graded yet."""
    template = make_quick_course(tmp_path, monkeypatch)
    for student, answers in CLASS.items():
        hand_in(tmp_path / "handed_in", student, answered(template, **answers))
    hand_in(tmp_path / "handed_in", "broken", json.dumps(answered(template)).encode()[:500])
    return template


def graded(path, student=None, limits=None, **options):
    """Grade what lies in `handed_in` of a course."""
    submissions = collect(path / "handed_in", [UNIT], student=student).submissions
    return grade_class(submissions, pool_here(), limits or Limits(), **options)


def students(results):
    return {result.student for result in results}


def test_everybody_has_the_points_of_their_answers(template, tmp_path):
    outcome = graded(tmp_path)
    assert {r.student: r.points for r in outcome.graded} == EXPECTED
    assert {name: sum(own.values()) for name, own in scores_in(tmp_path).items()} == EXPECTED
    assert scores_in(tmp_path)["right"] == POINTS
    assert (outcome.code, outcome.line().split(";")[0]) == (
        0,
        "5 graded, 0 unchanged, 1 with findings, 0 not graded",
    )


def test_the_gradebook_is_a_single_file_afterwards(template, tmp_path):
    graded(tmp_path)
    found = sorted(path.name for path in (tmp_path / "grading").glob("gradebook*"))
    assert found == ["gradebook.db"]
    with closing(sqlite3.connect(tmp_path / "grading/gradebook.db")) as book:
        assert book.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_file_that_is_no_notebook_is_told_and_stops_nobody(template, tmp_path):
    graded(tmp_path)
    result = next(r for r in load_results(tmp_path) if r.student == "broken")
    assert result.findings == ["The file is no notebook: it is not JSON (cut off?)."]
    assert {cell.reason for cell in result.cells} == set(result.findings)
    shown = notebook_path(tmp_path, UNIT, "broken").read_text()
    assert "This submission could not be graded" in shown


def test_what_is_graded_is_not_done_again_until_it_changes(template, tmp_path):
    graded(tmp_path)
    before = scores_in(tmp_path)
    again = graded(tmp_path)
    assert (again.graded, students(again.unchanged)) == ([], set(EXPECTED))
    hand_in(tmp_path / "handed_in", "wrong", answered(template, **RIGHT))
    assert students(graded(tmp_path).graded) == {"wrong"}
    assert scores_in(tmp_path) == {**before, "wrong": before["right"]}


def test_a_resubmission_that_fails_replaces_the_earlier_points(template, tmp_path):
    graded(tmp_path)
    hand_in(tmp_path / "handed_in", "right", b"")
    graded(tmp_path)
    assert set(scores_in(tmp_path)["right"].values()) == {0.0}


def test_a_grading_that_fails_says_which_points_stand(template, tmp_path, monkeypatch):
    def fail(job):
        raise OSError("no space for a sandbox")

    hand_in(tmp_path / "handed_in", "late", answered(template, **RIGHT))
    graded(tmp_path, student="right")
    monkeypatch.setattr(grading, "grade_submission", fail)
    outcome = graded(tmp_path, force=True)
    failed = dict(line.split(", ", 1) for line in outcome.failures)
    assert failed.keys() == {*EXPECTED, "late"}
    why = f"{UNIT}: not graded, OSError: no space for a sandbox"
    assert failed["late"] == why
    assert failed["right"] == f"{why}; until it is, 7 points of an earlier grading stand"
    assert sum(scores_in(tmp_path)["right"].values()) == 7.0


def test_changed_tests_limits_and_force_are_graded_anew(template, tmp_path):
    graded(tmp_path)
    assert students(graded(tmp_path, force=True).graded) == set(EXPECTED)
    assert students(graded(tmp_path, limits=Limits(cell_seconds=7)).graded) == set(EXPECTED)
    script = tmp_path / "solutions" / UNIT / "sums.py"
    script.write_text(script.read_text().replace("double(2) == 4", "double(2) == 3 + 1"))
    assert students(graded(tmp_path, limits=Limits(cell_seconds=7)).graded) == set(EXPECTED)


def test_one_student_can_be_graded_alone(template, tmp_path):
    assert students(graded(tmp_path, student="half").graded) == {"half"}
    assert set(scores_in(tmp_path)) == {"half"}


def test_a_lost_gradebook_is_filled_again_from_the_results(template, tmp_path):
    graded(tmp_path)
    before = scores_in(tmp_path)
    (tmp_path / "grading/gradebook.db").unlink()
    assert graded(tmp_path).graded == []
    assert scores_in(tmp_path) == before


def test_a_lost_result_or_notebook_is_made_again(template, tmp_path):
    graded(tmp_path)
    result_path(tmp_path, UNIT, "half").unlink()
    notebook_path(tmp_path, UNIT, "wrong").unlink()
    assert students(graded(tmp_path).graded) == {"half", "wrong"}


def test_a_locked_gradebook_loses_nothing(template, tmp_path, monkeypatch):
    monkeypatch.setattr(gradebook, "BUSY_SECONDS", 0.1)
    graded(tmp_path, student="right")
    lock = sqlite3.connect(tmp_path / "grading/gradebook.db")
    lock.execute("BEGIN EXCLUSIVE")
    with pytest.raises(gradebook.GradebookError, match="kept the gradebook locked"):
        graded(tmp_path)
    lock.rollback()
    keep = grading.GradingRun.keep

    def locked_after_the_first(run, result, notebook):
        if len(run.outcome.graded) == 1:
            lock.execute("BEGIN IMMEDIATE")
        return keep(run, result, notebook)

    monkeypatch.setattr(grading.GradingRun, "keep", locked_after_the_first)
    outcome = graded(tmp_path)
    lock.rollback()
    assert (len(outcome.graded), len(outcome.unrecorded), outcome.code) == (4, 3, 1)
    assert "kept the gradebook locked" in outcome.complaint
    monkeypatch.setattr(grading.GradingRun, "keep", keep)
    assert graded(tmp_path).graded == []
    assert {name: sum(own.values()) for name, own in scores_in(tmp_path).items()} == EXPECTED


def test_a_full_disk_stops_the_run_and_keeps_what_is_graded(template, tmp_path, monkeypatch):
    write = grading.write_result

    def full_after_two(root, result):
        if len(load_results(root)) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(root, result)

    monkeypatch.setattr(grading, "write_result", full_after_two)
    outcome = graded(tmp_path)
    assert (len(outcome.graded), outcome.code) == (2, 1)
    assert outcome.complaint.startswith("The disk is full: free some space")
    monkeypatch.setattr(grading, "write_result", write)
    outcome = graded(tmp_path)
    assert (len(outcome.graded), len(outcome.unchanged)) == (3, 2)
    assert {name: sum(own.values()) for name, own in scores_in(tmp_path).items()} == EXPECTED


def test_a_second_run_in_the_same_course_is_refused(tmp_path):
    with (
        one_run_at_a_time(tmp_path),
        pytest.raises(ValueError, match="Another medseg grade is at work"),
        one_run_at_a_time(tmp_path),
    ):
        pass
    with one_run_at_a_time(tmp_path):
        pass


@pytest.mark.slow
def test_the_command_grades_in_the_sandbox(template, tmp_path, capfd, monkeypatch):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    code = main(["grade", "handed_in", "--workers", "1", "--json", "summary.json"])
    printed = capfd.readouterr()
    assert code == 0, printed.err
    assert "5 graded, 0 unchanged, 1 with findings, 0 not graded; " in printed.out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {s["student"]: s["points"] for s in summary["submissions"]} == EXPECTED
    assert scores_in(tmp_path)["right"] == POINTS
    assert "Report: grading/report/index.html" in printed.out
    index = (tmp_path / "grading/report/index.html").read_text(encoding="utf-8")
    assert all(student in index for student in EXPECTED)
    feedback = tmp_path / "grading/feedback/right" / UNIT / "sums.html"
    assert "7 of 7 points" in feedback.read_text(encoding="utf-8")
