"""Whole files or none: what is written appears under its name only when it is complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to that takes the name `path` at the end, so that nobody reads half a file.

    After an error the former file is as it was. Folders are made. Raises OSError where the file or
    its folder cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # the process's number, as two may write the same file at a time
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def storable(text: str) -> str:
    """A text that any file can hold: a lone half of a character, as JSON allows it, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text as UTF-8 with \\n at the ends of lines, in one step."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write bytes in one step."""
    with replacing(path) as partial:
        partial.write_bytes(content)
