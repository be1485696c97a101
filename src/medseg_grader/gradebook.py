"""Step five of grading: the one writer of nbgrader's gradebook, one transaction per submission.

The tables are nbgrader's own (`nbgrader.api`), and are left as `nbgrader autograde` leaves them,
so that formgrader, feedback and export work on. Rows are read for a whole unit at once and written
without its objects, which calculate sums over the whole class each time that they are loaded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from sqlalchemy import insert, make_url, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from traitlets.config import Config

from medseg.carry import notebook_name
from medseg_grader.course import quiet_log
from medseg_grader.result import Result
from medseg_grader.template import Template

BUSY_SECONDS = 30


class GradebookError(Exception):
    """The gradebook cannot be written; one sentence that says why and what to do."""


@dataclass
class _Known:
    """What the gradebook has on one unit: ids, and what stands in it now."""

    assignment: str
    notebook: str
    duedate: datetime | None
    tests: dict[str, str]  # grade_id -> id of the cell
    solutions: dict[str, str]
    submissions: dict[str, tuple[str, str]]  # student -> ids of submission and notebook


class Recorder:
    """Writes results into the gradebook at a database URL, creating what is not there yet.

    Use it as a context manager. Only one may be at work on a gradebook at a time.
    """

    def __init__(self, db_url: str, course_id: str, config: Config | None = None) -> None:
        """Open, or create, the gradebook; GradebookError if that is not possible."""
        self.db_url = _patient(db_url)
        self._penalties = AssignLatePenalties(config=config)
        self._penalties.init_plugin()
        self._known: dict[str, _Known] = {}
        with _explained():
            self._book = Gradebook(self.db_url, course_id)
        self._students: set[str] | None = None

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def prepare(self, template: Template) -> None:
        """Make sure that the gradebook has the unit with the tests of its script as it is now.

        Raises GradebookError where submissions stand in the way, since nbgrader does not change
        the names of cells once something has been handed in.
        """
        unit = template.unit
        self._known.pop(unit, None)
        with _explained():
            if self._is_current(template):
                return
            self._book.update_or_create_assignment(unit)
            resources = {"nbgrader": {"assignment": unit, "db_url": self.db_url}}
            resources["nbgrader"]["notebook"] = _notebook_id(unit)
            try:
                with quiet_log():
                    SaveCells().preprocess(template.notebook(), resources)
            except RuntimeError as error:
                raise GradebookError(
                    f"The gradebook has submissions of {unit} from before its graded cells were "
                    f"renamed, added or removed, and nbgrader keeps both from being mixed. To "
                    f"grade it anew, run: nbgrader db assignment remove {unit} --force"
                ) from error
            finally:
                self._book.db.rollback()

    def missing(self, results: Sequence[Result]) -> list[Result]:
        """Those of one unit's results that the gradebook does not have, or not with these points.

        Raises GradebookError.
        """
        if not results:
            return []
        with _explained():
            known = self._unit(results[0].unit)
            rows = self._book.db.execute(
                select(SubmittedAssignment.student_id, Grade.cell_id, Grade.auto_score)
                .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
                .join(
                    SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id
                )
                .where(SubmittedNotebook.notebook_id == known.notebook)
            ).all()
            self._book.db.rollback()
        standing: dict[str, dict[str, float | None]] = {}
        for student, cell, points in rows:
            standing.setdefault(student, {})[cell] = points
        return [
            result
            for result in results
            if {known.tests[c.grade_id]: c.points for c in result.cells}
            != standing.get(result.student)
        ]

    def record(self, result: Result) -> None:
        """Write one result, in place of any earlier one of the same student and unit.

        Points that an instructor gave by hand stay, and are marked for another look, as nbgrader
        does. Raises GradebookError; then nothing of it has been written.
        """
        with _explained():
            try:
                self._write(result, self._unit(result.unit))
                self._book.db.commit()
            except BaseException:
                self._book.db.rollback()
                self._known.pop(result.unit, None)
                self._students = None
                raise

    def _write(self, result: Result, known: _Known) -> None:
        db = self._book.db
        if self._students is None:
            self._students = set(db.scalars(select(Student.id)))
        if result.student not in self._students:
            names = {"last_name": result.name or None, "lms_user_id": result.number or None}
            db.execute(insert(Student).values(id=result.student, **names))
            self._students.add(result.student)
        timestamp = datetime.fromisoformat(result.timestamp) if result.timestamp else None
        grades: dict[str, tuple[str, float | None]] = {}
        comments: dict[str, str] = {}
        if result.student in known.submissions:
            submission, notebook = known.submissions[result.student]
            db.execute(
                update(SubmittedAssignment)
                .where(SubmittedAssignment.id == submission)
                .values(timestamp=timestamp)
            )
            rows = select(Grade.cell_id, Grade.id, Grade.manual_score)
            for cell, row, manual in db.execute(rows.where(Grade.notebook_id == notebook)):
                grades[cell] = (row, manual)
            pairs = select(Comment.cell_id, Comment.id).where(Comment.notebook_id == notebook)
            comments = {cell: row for cell, row in db.execute(pairs)}  # noqa: C416
        else:
            submission, notebook = new_uuid(), new_uuid()
            db.execute(
                insert(SubmittedAssignment).values(
                    id=submission,
                    assignment_id=known.assignment,
                    student_id=result.student,
                    timestamp=timestamp,
                )
            )
            db.execute(
                insert(SubmittedNotebook).values(
                    id=notebook, assignment_id=submission, notebook_id=known.notebook
                )
            )
            known.submissions[result.student] = (submission, notebook)
        self._write_grades(result, known, notebook, grades)
        self._write_comments(result, known, notebook, comments)
        self._write_penalty(result, known, submission, notebook, timestamp)

    def _write_grades(
        self,
        result: Result,
        known: _Known,
        notebook: str,
        standing: dict[str, tuple[str, float | None]],
    ) -> None:
        new = []
        for cell in result.cells:
            cell_id = known.tests[cell.grade_id]
            row, manual = standing.get(cell_id, ("", None))
            values = {"auto_score": cell.points, "needs_manual_grade": manual is not None}
            if row:
                self._book.db.execute(update(Grade).where(Grade.id == row).values(**values))
            else:
                new.append({"id": new_uuid(), "cell_id": cell_id, "notebook_id": notebook} | values)
        if new:
            self._book.db.execute(insert(Grade), new)

    def _write_comments(
        self, result: Result, known: _Known, notebook: str, standing: dict[str, str]
    ) -> None:
        new = []
        for name, cell_id in known.solutions.items():
            values = {"auto_comment": "No response." if name in result.unanswered else None}
            if row := standing.get(cell_id):
                self._book.db.execute(update(Comment).where(Comment.id == row).values(**values))
            else:
                new.append({"id": new_uuid(), "cell_id": cell_id, "notebook_id": notebook} | values)
        if new:
            self._book.db.execute(insert(Comment), new)

    def _write_penalty(
        self,
        result: Result,
        known: _Known,
        submission: str,
        notebook: str,
        timestamp: datetime | None,
    ) -> None:
        """The penalty for being late, by the plug-in that nbgrader's configuration names."""
        penalty = None
        if timestamp is not None and known.duedate is not None:
            extension = self._book.db.scalar(
                select(SubmittedAssignment.extension).where(SubmittedAssignment.id == submission)
            )
            due = known.duedate + extension if extension else known.duedate
            late = (timestamp - due).total_seconds()
            if late > 0:
                reached = result.points
                plugin = self._penalties.plugin_inst
                penalty = plugin.late_submission_penalty(result.student, reached, late)
                if penalty is not None:
                    penalty = min(max(penalty, 0), reached)
        self._book.db.execute(
            update(SubmittedNotebook)
            .where(SubmittedNotebook.id == notebook)
            .values(late_submission_penalty=penalty)
        )

    def _unit(self, unit: str) -> _Known:
        if unit in self._known:
            return self._known[unit]
        db = self._book.db
        assignment, notebook, duedate = db.execute(
            select(Assignment.id, Notebook.id, Assignment.duedate)
            .join(Notebook, Notebook.assignment_id == Assignment.id)
            .where(Assignment.name == unit, Notebook.name == _notebook_id(unit))
        ).one()
        cells = select(BaseCell.name, BaseCell.id, BaseCell.type)
        rows = db.execute(cells.where(BaseCell.notebook_id == notebook)).all()
        submissions = db.execute(
            select(SubmittedAssignment.student_id, SubmittedAssignment.id, SubmittedNotebook.id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .where(SubmittedNotebook.notebook_id == notebook)
        )
        self._known[unit] = _Known(
            assignment,
            notebook,
            duedate,
            {name: i for name, i, kind in rows if kind == GradeCell.__name__},
            {name: i for name, i, kind in rows if kind == SolutionCell.__name__},
            {student: (s, n) for student, s, n in submissions},
        )
        return self._known[unit]

    def _is_current(self, template: Template) -> bool:
        """Whether the gradebook has just the cells, texts and points that the template has."""
        try:
            notebook = self._book.find_notebook(_notebook_id(template.unit), template.unit).id
        except MissingEntry:
            return False
        db = self._book.db
        sources = select(SourceCell.name, SourceCell.checksum)
        saved = dict(db.execute(sources.where(SourceCell.notebook_id == notebook)).all())
        most = select(GradeCell.name, GradeCell.max_score)
        worth = dict(db.execute(most.where(GradeCell.notebook_id == notebook)).all())
        db.rollback()
        cells = [c.metadata.nbgrader for c in template.notebook().cells if "nbgrader" in c.metadata]
        return saved == {c.grade_id: c.checksum for c in cells} and worth == {
            test.grade_id: test.points for test in template.tests
        }


def _notebook_id(unit: str) -> str:
    return notebook_name(unit).removesuffix(".ipynb")


def _patient(db_url: str) -> str:
    """The URL, so that SQLite waits for another program that is writing to the same file."""
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
        url = url.update_query_dict({"timeout": str(BUSY_SECONDS)})
    return url.render_as_string(hide_password=False)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what a database says into one sentence for the instructor."""
    try:
        yield
    except OperationalError as error:
        raise GradebookError(_sentence(error)) from error
    except DBAPIError as error:
        raise GradebookError(f"The gradebook cannot be written: {_first_line(error)}.") from error


def _sentence(error: OperationalError) -> str:
    text = _first_line(error)
    if "locked" in text:
        return (
            f"Another program has kept the gradebook locked for {BUSY_SECONDS} s; close it "
            "(formgrader? a database browser?) and run the same command again."
        )
    if "full" in text:
        return "The disk is full: free some space and run the same command again."
    return f"The gradebook cannot be opened or written: {text}."


def _first_line(error: DBAPIError) -> Any:
    return str(error.orig).strip().splitlines()[0].rstrip(".") if str(error.orig) else "no reason"
