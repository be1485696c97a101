"""What the gradebook holds for a report or an export: points, comments, penalties, names.

Rows are read by column, a unit at a time, since nbgrader's own objects calculate sums over the
whole class each time that they are loaded. Nothing is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Select, create_engine, select
from sqlalchemy.orm import Session

from medseg_grader.records.database import exists, explained


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them; `number` is the learning platform's own."""

    id: str
    name: str = ""
    email: str = ""
    number: str = ""

    @property
    def full_name(self) -> str:
        """The name, or the id where there is none."""
        return self.name or self.id


@dataclass
class Mark:
    """One submission of one unit.

    Attributes:
        points: of each test cell, as they count: by hand where an instructor gave them by hand.
        by_hand: the test cells whose points an instructor gave.
        comments: what an instructor wrote to a cell, by its grade_id.
        penalty: points taken off for handing in late.
        timestamp: when it was handed in (UTC); None where unknown.
    """

    points: dict[str, float] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    timestamp: datetime | None = None

    @property
    def total(self) -> float:
        """The points that count, never below 0."""
        return max(0.0, sum(self.points.values()) - self.penalty)


@dataclass(frozen=True)
class Marks:
    """The gradebook: everybody in it, and for each unit the most points and the submissions.

    `cells` has the most points of each test cell, by unit and grade_id.
    """

    people: Mapping[str, Person]
    most: Mapping[str, float]
    units: Mapping[str, Mapping[str, Mark]]
    cells: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def read_marks(gradebook_url: str) -> Marks:
    """The marks in the gradebook at an SQLAlchemy URL."""
    engine = create_engine(gradebook_url)
    try:
        with Session(engine) as session:
            return marks_in(session)
    finally:
        engine.dispose()


def read_people(gradebook_url: str) -> dict[str, Person]:
    """Everybody in the gradebook at an SQLAlchemy URL; nobody where there is none yet.

    Raises GradebookError.
    """
    if not exists(gradebook_url):
        return {}
    engine = create_engine(gradebook_url)
    try:
        with explained(), Session(engine) as session:
            return _people(session)
    finally:
        engine.dispose()


def _people(session: Session) -> dict[str, Person]:
    people = {}
    columns = (Student.id, Student.first_name, Student.last_name, Student.email)
    for id, first, last, email, number in session.execute(select(*columns, Student.lms_user_id)):
        name = " ".join(part for part in (first, last) if part)
        people[id] = Person(id, name, email or "", number or "")
    return people


def marks_in(session: Session) -> Marks:
    """The marks in an open gradebook (nbgrader's `Gradebook.db`)."""
    people = _people(session)
    assignments = select(Assignment.id, Assignment.name, Assignment.max_score)
    rows = session.execute(assignments.order_by(Assignment.name)).all()
    most = {name: float(points or 0) for _, name, points in rows}
    units = {name: _unit(session, id) for id, name, _ in rows}
    cells: dict[str, dict[str, float]] = {name: {} for name in most}
    tests = (
        select(Assignment.name, GradeCell.name, GradeCell.max_score)
        .join(Notebook, Notebook.id == GradeCell.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
    )
    for unit, cell, points in session.execute(tests):
        cells[unit][cell] = float(points or 0)
    return Marks(people, most, units, cells)


def _unit(session: Session, assignment: str) -> dict[str, Mark]:
    def of_unit(query: Select) -> Select:
        return query.where(SubmittedAssignment.assignment_id == assignment)

    by_notebook: dict[str, Mark] = {}
    students: dict[str, Mark] = {}
    columns = (SubmittedNotebook.id, SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
    notebooks = select(*columns, SubmittedNotebook.late_submission_penalty).join(
        SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id
    )
    for notebook, student, timestamp, penalty in session.execute(of_unit(notebooks)):
        mark = students.setdefault(student, Mark(timestamp=timestamp))
        mark.penalty += penalty or 0.0
        by_notebook[notebook] = mark
    grades = (
        select(Grade.notebook_id, BaseCell.name, Grade.score, Grade.manual_score)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
    )
    for notebook, cell, points, manual in session.execute(of_unit(grades)):
        by_notebook[notebook].points[cell] = points or 0.0
        if manual is not None:
            by_notebook[notebook].by_hand.add(cell)
    comments = (
        select(Comment.notebook_id, BaseCell.name, Comment.manual_comment)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .where(Comment.manual_comment.is_not(None))
    )
    for notebook, cell, text in session.execute(of_unit(comments)):
        by_notebook[notebook].comments[cell] = text
    return students
