"""What happens to the grader itself in the midst of a run loses nothing that is graded.

A locked gradebook and a full disk under the results are in test_grade.py, a killed grader in
test_killed.py.
"""

import nbformat
import pytest
from helpers.tiny_course import (
    RIGHT,
    UNIT,
    answered,
    hand_in,
    make_quick_course,
    pool_here,
    run_here,
    scores_in,
)
from sqlalchemy import Engine, event

from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading import run, submission
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.sandbox.limits import Limits

STUDENTS = [f"s{number:02}" for number in range(30)]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A class has handed in right answers to a course in the current folder."""
    template = make_quick_course(tmp_path, monkeypatch)
    for student in STUDENTS:
        hand_in(tmp_path / "handed_in", student, answered(template, **RIGHT))
    return tmp_path


def graded(path, student=None):
    submissions = collect(path / "handed_in", [UNIT], student=student).submissions
    return grade_class(submissions, pool_here(), Limits())


def test_a_disk_that_is_full_under_the_gradebook_loses_nothing(course):
    graded(course, STUDENTS[0])

    def no_more_pages(connection, _):
        connection.execute("PRAGMA max_page_count = 1")  # SQLite takes it for what is there now

    event.listen(Engine, "connect", no_more_pages)
    try:
        outcome = graded(course)
    finally:
        event.remove(Engine, "connect", no_more_pages)
    assert (len(outcome.graded), outcome.code) == (29, 1)
    assert outcome.complaint.startswith("The disk is full: free some space")
    left_over = {r.student for r in outcome.unrecorded}
    assert left_over
    assert left_over.isdisjoint(scores_in(course))
    assert graded(course).graded == []
    assert {s: sum(own.values()) for s, own in scores_in(course).items()} == dict.fromkeys(
        STUDENTS, 7
    )


def test_a_text_that_no_file_can_hold_stops_nobody_else(course, monkeypatch):
    def with_half_a_character(notebook, *arguments, **options):
        execution = run_here(notebook, *arguments, **options)
        if "# odd" in str(notebook):
            half = nbformat.v4.new_output("stream", text="\ud800")
            next(c for c in notebook.cells if c.cell_type == "code").outputs = [half]
        return execution

    monkeypatch.setattr(submission, "execute", with_half_a_character)
    odd = answered(make_template(load_unit(UNIT)), double=RIGHT["double"] + "  # odd")
    hand_in(course / "handed_in", STUDENTS[1], odd)
    outcome = graded(course)
    # in whatever order they came
    assert sorted(r.student for r in outcome.graded) == STUDENTS
    assert outcome.failures == []
    assert sorted(scores_in(course)) == STUDENTS


def test_a_result_that_cannot_be_kept_leaves_no_earlier_score_standing(course, monkeypatch):

    graded(course)
    assert sum(scores_in(course)[STUDENTS[1]].values()) == 7
    writes = run.write_result

    def refuses(root, result):
        if result.student == STUDENTS[1]:
            raise ValueError("no file can hold it")
        return writes(root, result)

    monkeypatch.setattr(run, "write_result", refuses)
    odd = answered(make_template(load_unit(UNIT)), double=RIGHT["double"] + "  # odd")
    hand_in(course / "handed_in", STUDENTS[1], odd)
    outcome = graded(course)
    assert [f.startswith(f"{STUDENTS[1]}, {UNIT}: not kept") for f in outcome.failures] == [True]
    assert sum(scores_in(course)[STUDENTS[1]].values()) == 0
    assert sum(scores_in(course)[STUDENTS[2]].values()) == 7
