"""Where a gradebook is, whether there is one, and what a database's errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Student
from sqlalchemy import create_engine, inspect, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from medseg.errors import InputError

BUSY_SECONDS = 30


class GradebookError(InputError):
    """The gradebook cannot be written; one sentence that says why and what to do."""


def exists(db_url: str) -> bool:
    """Whether there is a gradebook at a database URL, without making one. Raises GradebookError."""
    book = sqlite_file(db_url)
    if book is not None and not book.is_file():
        return False
    engine = create_engine(db_url)
    try:
        with explained():
            return inspect(engine).has_table(Student.__tablename__)
    finally:
        engine.dispose()


def sqlite_file(db_url: str) -> Path | None:
    """The file of a gradebook of SQLite's, None for another database."""
    url = make_url(db_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


@contextmanager
def explained() -> Iterator[None]:
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
