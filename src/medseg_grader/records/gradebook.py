"""Step five of grading: the one writer of nbgrader's gradebook, one transaction per submission.

The tables are nbgrader's own (`nbgrader.api`), and are left as `nbgrader autograde` leaves them,
so that formgrader, feedback and export work on. Rows are read for a whole unit at once and written
without its objects, which calculate sums over the whole class each time that they are loaded.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from sqlalchemy import bindparam, create_engine, insert, make_url, select, update
from sqlalchemy.exc import DBAPIError
from traitlets.config import Config

from medseg.units import notebook_stem
from medseg_grader.course.stock_nbgrader import quiet_log
from medseg_grader.course.template import Template
from medseg_grader.records.database import BUSY_SECONDS, GradebookError, exists, explained
from medseg_grader.records.results import CANVAS, Result

NO_RESPONSE = "No response."  # nbgrader's comment on a cell as it was handed out
# the tables themselves, which are quicker than nbgrader's objects
_student: Any = Student.__table__
_submission: Any = SubmittedAssignment.__table__
_notebook: Any = SubmittedNotebook.__table__
_grade: Any = Grade.__table__
_comment: Any = Comment.__table__


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

    def __init__(
        self,
        db_url: str,
        course_id: str,
        config: Config | None = None,
        deadlines: Mapping[str, datetime] | None = None,
    ) -> None:
        """Open, or create, the gradebook; GradebookError if that is not possible.

        `deadlines` says when units are due, by name; others keep what the gradebook says.
        """
        self.db_url = _patient(db_url)
        self._deadlines = deadlines or {}
        self._penalties = AssignLatePenalties(config=config)
        self._penalties.init_plugin()
        self._known: dict[str, _Known] = {}
        with explained():
            self.book = Gradebook(self.db_url, course_id)
            self._journal("WAL")
        self._students: set[str] | None = None

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(DBAPIError):  # another program has it open, and will do it
            self._journal("DELETE")
        self.book.close()

    def _journal(self, mode: str) -> None:
        """How SQLite makes a transaction safe: with WAL by one write to the disk instead of four.

        Nothing that was committed is lost when a process is killed. Afterwards it is one file
        again, as nbgrader leaves it. Where a file system knows no WAL, all stays as it is.
        """
        if self.book.engine.dialect.name == "sqlite":
            self.book.db.remove()
            with self.book.engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA journal_mode={mode}")

    def prepare(self, template: Template) -> None:
        """Make sure that the gradebook has the unit with the tests of its script as it is now.

        Raises GradebookError where submissions stand in the way, since nbgrader does not change
        the names of cells once something has been handed in.
        """
        unit = template.unit
        self._known.pop(unit, None)
        with explained():
            self._set_deadline(unit)
            if self._is_current(template):
                return
            self.book.update_or_create_assignment(unit)
            resources = {"nbgrader": {"assignment": unit, "db_url": self.db_url}}
            resources["nbgrader"]["notebook"] = _notebook_id(unit)
            try:
                with quiet_log():
                    SaveCells().preprocess(template.notebook(), resources)
            except RuntimeError as error:
                raise GradebookError(_in_the_way(unit)) from error
            finally:
                self.book.db.rollback()

    def _set_deadline(self, unit: str) -> None:
        if unit in self._deadlines:
            # nbgrader's times are in UTC and do not say so
            due = self._deadlines[unit].astimezone(UTC).replace(tzinfo=None)
            self.book.update_or_create_assignment(unit, duedate=due)

    def missing(self, results: Sequence[Result]) -> list[Result]:
        """Those of one unit's results that the gradebook does not have, or not with these points.

        Raises GradebookError.
        """
        if not results:
            return []
        with explained():
            known = self._unit(results[0].unit)
            points = self._standing(known, _grade, _grade.c.auto_score)
            comments = self._standing(known, _comment, _comment.c.auto_comment)
            of_unit = _submission.c.assignment_id == known.assignment
            rows = self.book.db.execute(
                select(
                    _submission.c.student_id,
                    _submission.c.timestamp,
                    _submission.c.extension,
                    _notebook.c.late_submission_penalty,
                )
                .join(_notebook, _notebook.c.assignment_id == _submission.c.id)
                .where(of_unit)
            )
            standing = {student: rest for student, *rest in rows}
            self.book.db.rollback()
        return [
            result
            for result in results
            if points.get(result.student) != _points(result, known)
            or comments.get(result.student) != _comments(result, known)
            or standing[result.student][0] != _time(result)
            or standing[result.student][2]
            != self._penalty(result, known, standing[result.student][1])
        ]

    def _standing(self, known: _Known, table: Any, column: Any) -> dict[str, dict[str, Any]]:
        """{student: {id of a cell: what the column says}} of one unit."""
        rows = self.book.db.execute(
            select(_submission.c.student_id, table.c.cell_id, column)
            .join(_notebook, _notebook.c.id == table.c.notebook_id)
            .join(_submission, _submission.c.id == _notebook.c.assignment_id)
            .where(_notebook.c.notebook_id == known.notebook)
        )
        standing: dict[str, dict[str, Any]] = {}
        for student, cell, value in rows:
            standing.setdefault(student, {})[cell] = value
        return standing

    def record(self, result: Result) -> None:
        """Write one result, in place of any earlier one of the same student and unit.

        Points that an instructor gave by hand stay, and are marked for another look, as nbgrader
        does. Raises GradebookError; then nothing of it has been written.
        """
        with explained():
            try:
                self._write(result, self._unit(result.unit))
                self.book.db.commit()
            except BaseException:
                self.book.db.rollback()
                self._known.pop(result.unit, None)
                self._students = None
                raise

    def _write(self, result: Result, known: _Known) -> None:
        db = self.book.db
        if self._students is None:
            self._students = set(db.scalars(select(_student.c.id)))
        if result.student not in self._students:
            db.execute(insert(_student), {"id": result.student, **_told(result)})
            self._students.add(result.student)
        else:
            # what an instructor has written in formgrader stays
            for key, value in _told(result).items():
                empty = (_student.c.id == result.student) & _student.c[key].is_(None)
                db.execute(update(_student).where(empty).values({key: value}))
        timestamp = _time(result)
        when = {"timestamp": timestamp}
        if result.student in known.submissions:
            submission, notebook = known.submissions[result.student]
            db.execute(update(_submission).where(_submission.c.id == submission), when)
        else:
            submission, notebook = new_uuid(), new_uuid()
            whose = {"assignment_id": known.assignment, "student_id": result.student}
            db.execute(insert(_submission), {"id": submission, **whose, **when})
            what = {"assignment_id": submission, "notebook_id": known.notebook, "flagged": False}
            db.execute(insert(_notebook), {"id": notebook, **what})
            known.submissions[result.student] = (submission, notebook)
        self._write_grades(result, known, notebook)
        self._write_comments(result, known, notebook)
        extension = db.scalar(select(_submission.c.extension).where(_submission.c.id == submission))
        penalty = {"late_submission_penalty": self._penalty(result, known, extension)}
        db.execute(update(_notebook).where(_notebook.c.id == notebook).values(penalty))

    def _write_grades(self, result: Result, known: _Known, notebook: str) -> None:
        found = select(_grade.c.cell_id, _grade.c.id, _grade.c.manual_score)
        rows = self.book.db.execute(found.where(_grade.c.notebook_id == notebook))
        standing = {cell: (row, manual) for cell, row, manual in rows}
        old, new = [], []
        for cell_id, points in _points(result, known).items():
            row, manual = standing.get(cell_id, ("", None))
            values = {"auto_score": points, "needs_manual_grade": manual is not None}
            if row:
                old.append({"row": row, **values})
            else:
                new.append(
                    {"id": new_uuid(), "cell_id": cell_id, "notebook_id": notebook, **values}
                )
        self._write_rows(_grade, old, new)

    def _write_comments(self, result: Result, known: _Known, notebook: str) -> None:
        found = select(_comment.c.cell_id, _comment.c.id)
        rows = self.book.db.execute(found.where(_comment.c.notebook_id == notebook))
        standing = {cell: row for cell, row in rows}  # noqa: C416
        old, new = [], []
        for cell_id, comment in _comments(result, known).items():
            values = {"auto_comment": comment}
            if cell_id in standing:
                old.append({"row": standing[cell_id], **values})
            else:
                new.append(
                    {"id": new_uuid(), "cell_id": cell_id, "notebook_id": notebook, **values}
                )
        self._write_rows(_comment, old, new)

    def _write_rows(self, table: Any, old: list[dict], new: list[dict]) -> None:
        if old:
            changed: dict[str, Any] = {key: bindparam(key) for key in old[0] if key != "row"}
            statement = update(table).where(table.c.id == bindparam("row")).values(changed)
            self.book.db.connection().execute(statement, old)
        if new:
            self.book.db.execute(insert(table), new)

    def _penalty(self, result: Result, known: _Known, extension: timedelta | None) -> float | None:
        """The penalty for being late, by the plug-in that nbgrader's configuration names."""
        timestamp = _time(result)
        if known.duedate is None or timestamp is None:
            return None
        late = (timestamp - known.duedate - (extension or timedelta())).total_seconds()
        if late <= 0:
            return None
        reached = result.points
        plugin = self._penalties.plugin_inst
        penalty = plugin.late_submission_penalty(result.student, reached, late)
        return None if penalty is None else min(max(penalty, 0), reached)

    def _unit(self, unit: str) -> _Known:
        if unit in self._known:
            return self._known[unit]
        db = self.book.db
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
            notebook = self.book.find_notebook(_notebook_id(template.unit), template.unit).id
        except MissingEntry:
            return False
        db = self.book.db
        sources = select(SourceCell.name, SourceCell.checksum)
        saved = dict(db.execute(sources.where(SourceCell.notebook_id == notebook)).all())
        most = select(GradeCell.name, GradeCell.max_score)
        worth = dict(db.execute(most.where(GradeCell.notebook_id == notebook)).all())
        db.rollback()
        cells = [c.metadata.nbgrader for c in template.notebook().cells if "nbgrader" in c.metadata]
        return saved == {c.grade_id: c.checksum for c in cells} and worth == {
            test.grade_id: test.points for test in template.tests
        }


def refuse_other_cells(db_url: str, unit: str, cells: Collection[str]) -> None:
    """Raise GradebookError where submissions of a unit were graded with cells of other names."""
    if not exists(db_url):
        return
    engine = create_engine(db_url)
    cells_of_it = (
        select(BaseCell.name, Assignment.id)
        .join(Notebook, Notebook.id == BaseCell.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .where(Assignment.name == unit)
    )
    try:
        with explained(), engine.connect() as connection:
            rows = connection.execute(cells_of_it).all()
            of_it = _submission.c.assignment_id.in_({assignment for _, assignment in rows})
            handed_in = connection.execute(select(_submission.c.id).where(of_it)).first()
            if handed_in and {name for name, _ in rows} != set(cells):
                raise GradebookError(_in_the_way(unit))
    finally:
        engine.dispose()


def _in_the_way(unit: str) -> str:
    return (
        f"The gradebook has submissions of {unit} from before its graded cells were renamed, added "
        f"or removed, and nbgrader cannot have both. Take them out, which keeps a dated copy, and "
        f"grade all of the unit anew: medseg remove-grades --unit {unit.partition('_')[0]}"
    )


def _told(result: Result) -> dict[str, str | None]:
    """What an export tells of a student for good: Moodle's number is one of an assignment."""
    number = result.number if result.platform == CANVAS else ""
    told = {"last_name": result.name, "email": result.email, "lms_user_id": number}
    return {key: value or None for key, value in told.items()}


def _points(result: Result, known: _Known) -> dict[str, float]:
    return {known.tests[cell.grade_id]: cell.points for cell in result.cells}


def _comments(result: Result, known: _Known) -> dict[str, str | None]:
    return {
        cell_id: NO_RESPONSE if name in result.unanswered else None
        for name, cell_id in known.solutions.items()
    }


def _time(result: Result) -> datetime | None:
    """When it was handed in, as nbgrader has it: in UTC, without saying so."""
    if not result.timestamp:
        return None
    moment = datetime.fromisoformat(result.timestamp)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _notebook_id(unit: str) -> str:
    return notebook_stem(unit)


def _patient(db_url: str) -> str:
    """The URL, so that SQLite waits for another program that is writing to the same file."""
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
        url = url.update_query_dict({"timeout": str(BUSY_SECONDS)})
    return url.render_as_string(hide_password=False)
