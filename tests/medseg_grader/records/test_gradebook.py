"""The one writer of nbgrader's gradebook: whole transactions, nothing twice, nothing mixed."""

from datetime import UTC, datetime

import pytest
from helpers.tiny_course import POINTS, SCRIPT, UNIT, make_quick_course, scores
from nbgrader.api import Gradebook
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.records.gradebook import NO_RESPONSE, GradebookError, Recorder
from medseg_grader.records.results import CANVAS, CellScore, Result

COURSE = "unets-by-hand"


@pytest.fixture
def template(tmp_path, monkeypatch):
    (tmp_path / "grading").mkdir()
    return make_quick_course(tmp_path, monkeypatch)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/grading/gradebook.db"


@pytest.fixture
def recorder(template, url):
    with Recorder(url, COURSE) as recorder:
        recorder.prepare(template)
        yield recorder


def result(student="ada", share=1.0, **more):
    cells = [
        CellScore(name, name.split("_")[1], share * most, most) for name, most in POINTS.items()
    ]
    return Result(student, UNIT, "key", cells, **more)


def test_a_result_is_recorded_as_nbgrader_reads_it(recorder, url):
    recorder.record(result(name="Ada L.", number="17", platform=CANVAS, unanswered=["triple"]))
    assert scores(url) == {"ada": POINTS}
    with Gradebook(url, COURSE) as book:
        student = book.find_student("ada")
        assert (student.last_name, student.lms_user_id) == ("Ada L.", "17")
        submission = book.find_submission(UNIT, "ada")
        assert (submission.score, submission.max_score) == (7, 7)
        comments = {c.name: c.auto_comment for c in submission.notebooks[0].comments}
        assert comments == {"double": None, "triple": NO_RESPONSE}


def test_a_regrade_replaces_and_leaves_one_submission(recorder, url):
    for share in (1.0, 0.5):
        recorder.record(result(share=share, timestamp="2026-03-01T10:00:00"))
    assert scores(url) == {"ada": {name: most / 2 for name, most in POINTS.items()}}
    with Gradebook(url, COURSE) as book:
        assert len(book.assignment_submissions(UNIT)) == 1
        assert book.find_submission(UNIT, "ada").timestamp == datetime(2026, 3, 1, 10)


def test_points_given_by_hand_stay_and_are_marked(recorder, url):
    recorder.record(result(share=0.0))
    with Gradebook(url, COURSE) as book:
        grade = book.find_grade("test_triple", "sums", UNIT, "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        book.db.commit()
    recorder.record(result(share=0.5))
    with Gradebook(url, COURSE) as book:
        grade = book.find_grade("test_triple", "sums", UNIT, "ada")
        assert (grade.manual_score, grade.auto_score, grade.needs_manual_grade) == (3, 2, True)
        assert not book.find_grade("test_double", "sums", UNIT, "ada").needs_manual_grade


def test_what_is_cut_off_in_the_middle_leaves_the_earlier_points(recorder, url):
    recorder.record(result())

    @event.listens_for(recorder.book.engine, "before_cursor_execute")
    def fail(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE comment"):
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    with pytest.raises(GradebookError, match="The disk is full: free some space"):
        recorder.record(result(share=0.0))
    event.remove(recorder.book.engine, "before_cursor_execute", fail)
    assert scores(url) == {"ada": POINTS}
    recorder.record(result(share=0.0))
    assert sum(scores(url)["ada"].values()) == 0


def test_missing_are_those_that_are_not_there_or_with_other_points_or_times(recorder):
    there, other, late, new = (result(name) for name in ("ada", "bob", "cy", "dee"))
    for one in (there, other, late):
        recorder.record(one)
    other = result("bob", share=0.5)
    late = result("cy", timestamp="2026-03-01T10:00:00")
    found = recorder.missing([there, other, late, new])
    assert [r.student for r in found] == ["bob", "cy", "dee"]
    assert recorder.missing([]) == []


@pytest.mark.parametrize(("day", "penalty"), [(1, None), (3, 7.0)])
def test_late_work_costs_what_the_plug_in_says(template, url, day, penalty):
    from traitlets.config import Config

    config = Config({"LateSubmissionPlugin": {"penalty_method": "zero"}})
    with Recorder(url, COURSE, config) as recorder:
        recorder.prepare(template)
        with Gradebook(url, COURSE) as book:
            book.update_or_create_assignment(UNIT, duedate=datetime(2026, 3, 2, tzinfo=UTC))
        recorder.record(result(timestamp=f"2026-03-0{day}T10:00:00"))
    with Gradebook(url, COURSE) as book:
        (notebook,) = book.find_submission(UNIT, "ada").notebooks
        assert notebook.late_submission_penalty == penalty


def test_renamed_tests_are_refused_once_something_is_handed_in(recorder, tmp_path, url):
    recorder.record(result())
    script = tmp_path / "solutions" / UNIT / "sums.py"
    script.write_text(SCRIPT.replace('"test_triple"', '"test_triple_more"'))
    with pytest.raises(GradebookError, match="medseg remove-grades --unit 01"):
        recorder.prepare(make_template(load_unit(UNIT)))
    assert scores(url) == {"ada": POINTS}


def test_a_gradebook_that_cannot_be_opened_is_one_sentence(tmp_path):
    with pytest.raises(GradebookError, match=r"^The gradebook cannot be opened or written: .*\.$"):
        Recorder(f"sqlite:///{tmp_path}/nowhere/gradebook.db", COURSE)
