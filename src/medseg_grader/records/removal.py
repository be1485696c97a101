"""Removing grades: chosen ones, never without a dated copy of them in `grading/copies`."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import create_engine, delete, select
from sqlalchemy.orm import Session

from medseg.errors import InputError
from medseg_grader.records.copies import GRADEBOOK, copy_gradebook
from medseg_grader.records.database import exists, explained
from medseg_grader.records.results import AUTOGRADED, RESULTS
from medseg_grader.records.terms import GRADING, free_path

COPIES = GRADING / "copies"
_LISTED = 30


@dataclass(frozen=True)
class Grades:
    """What is to be removed: submissions as (unit, student)."""

    submissions: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        units = sorted({unit for unit, _ in self.submissions})
        students = sorted({student for _, student in self.submissions})
        who = students[0] if len(students) == 1 else f"{len(students)} students"
        return f"the grades of {who} in {', '.join(units)}"


def find_grades(
    db_url: str, unit: str | None = None, student: str | None = None, root: Path = Path()
) -> Grades:
    """Grades in gradebook or results, all or those of a unit, of a student.

    Raises InputError where there are none, GradebookError.
    """
    found = {(path.parent.name, path.stem) for path in (root / RESULTS).glob("*/*.json")}
    everybody = {one for _, one in found}
    if exists(db_url):
        engine = create_engine(db_url)
        with explained(), Session(engine) as session:
            handed_in = select(Assignment.name, SubmittedAssignment.student_id).join(
                SubmittedAssignment, SubmittedAssignment.assignment_id == Assignment.id
            )
            found |= {(name, who) for name, who in session.execute(handed_in)}
            everybody |= set(session.scalars(select(Student.id)))
        engine.dispose()
    chosen = sorted((u, s) for u, s in found if unit in (None, u) and student in (None, s))
    if not chosen:
        if student is not None and student not in everybody:
            there = ", ".join(sorted(everybody)[:_LISTED]) or "nobody"
            raise InputError(f"There are no grades of {student!r}; there is: {there}.")
        where = f" in {unit}" if unit else ""
        raise InputError(f"There are no grades{where} that could be removed.")
    return Grades(chosen)


def remove_grades(chosen: Grades, db_url: str, course_id: str, root: Path = Path()) -> Path:
    """Remove grades after a copy of them; gives the copy's folder.

    It has the whole gradebook as it was, and the results, executed notebooks and feedback pages
    that are taken out. A unit that nobody has handed in any more is taken out of the gradebook with
    its cells, so that these may be changed; its deadline stays. Call it while no other run is at
    work.

    Raises GradebookError; then nothing has been removed.
    """
    copy = free_path(root / COPIES, f"{datetime.now():%Y-%m-%d %H.%M.%S}")
    copy.mkdir(parents=True)
    copy_gradebook(db_url, copy / GRADEBOOK)
    if exists(db_url):
        with explained(), Gradebook(db_url, course_id) as book:
            _remove_rows(book, chosen)
            for unit in sorted({unit for unit, _ in chosen.submissions}):
                _remove_unit(book, unit)
    for path in _files_of(chosen, root):
        target = copy / path.relative_to(root / GRADING)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    return copy


def _remove_rows(book: Gradebook, chosen: Grades) -> None:
    """One transaction, by rows: nbgrader's own way takes seconds for each of a large class."""
    db = book.db
    for unit, student in chosen.submissions:
        submissions = db.scalars(
            select(SubmittedAssignment.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .where(Assignment.name == unit, SubmittedAssignment.student_id == student)
        ).all()
        of_them = select(SubmittedNotebook.id).where(
            SubmittedNotebook.assignment_id.in_(submissions)
        )
        notebooks = db.scalars(of_them).all()
        for table, column, ids in (
            (Grade, Grade.notebook_id, notebooks),
            (Comment, Comment.notebook_id, notebooks),
            (SubmittedNotebook, SubmittedNotebook.id, notebooks),
            (SubmittedAssignment, SubmittedAssignment.id, submissions),
        ):
            db.execute(
                delete(table).where(column.in_(ids)).execution_options(synchronize_session=False)
            )
    db.commit()


def _remove_unit(book: Gradebook, unit: str) -> None:
    with suppress(MissingEntry):
        assignment = book.find_assignment(unit)
        if not assignment.submissions:
            duedate = assignment.duedate
            book.remove_assignment(unit)
            if duedate is not None:
                book.add_assignment(unit, duedate=duedate)


def _files_of(chosen: Grades, root: Path) -> Iterator[Path]:
    for unit, student in chosen.submissions:
        for path in (
            root / RESULTS / unit / f"{student}.json",
            root / AUTOGRADED / student / unit,
            root / GRADING / "feedback" / student / unit,
            root / GRADING / "report/feedback" / unit / f"{student}.html",
        ):
            if path.exists():
                yield path
