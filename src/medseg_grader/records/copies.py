"""A whole gradebook as one file: copied from wherever it is, and emptied."""

import sqlite3
from contextlib import closing
from pathlib import Path

from nbgrader.api import Base
from sqlalchemy import create_engine, select

from medseg_grader.records.database import GradebookError, exists, explained, sqlite_file

GRADEBOOK = "gradebook.db"


def copy_gradebook(db_url: str, target: Path) -> None:
    """Write a gradebook, SQLite's or another database's, to a file of SQLite's.

    A gradebook that is not there gives no file. Raises GradebookError.
    """
    book = sqlite_file(db_url)
    if not exists(db_url):
        return
    if book is not None:
        try:
            with closing(sqlite3.connect(book)) as old, closing(sqlite3.connect(target)) as new:
                old.backup(new)
        except sqlite3.Error as error:
            raise GradebookError(f"The gradebook cannot be copied: {error}.") from error
        return
    source, copy = create_engine(db_url), create_engine(f"sqlite:///{target}")
    Base.metadata.create_all(copy)
    with explained(), source.connect() as old_rows, copy.begin() as new_rows:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in old_rows.execute(select(table)).mappings()]
            if rows:
                new_rows.execute(table.insert(), rows)
    source.dispose()
    copy.dispose()


def empty_gradebook(db_url: str) -> None:
    """Take all rows out of a gradebook. Raises GradebookError; then nothing has been taken out."""
    if not exists(db_url):
        return
    engine = create_engine(db_url)
    with explained(), engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
