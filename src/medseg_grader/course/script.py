"""A unit's percent script as its author wrote it: each cell, the line that opens it, its label.

Jupytext keeps no line numbers, and what it cannot read of a line of metadata it takes without a
word; so whoever tells authors what is wrong with a script reads it here.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode

from medseg.errors import InputError

# nbgrader's keys, as in its schema, and what their values are; the last two are those of a
# notebook that nbgrader has released.
KEYS: Mapping[str, type | tuple[type, ...]] = {
    "grade": bool,
    "grade_id": str,
    "locked": bool,
    "points": (int, float),
    "schema_version": int,
    "solution": bool,
    "task": bool,
    "checksum": str,
    "cell_type": str,
}
# What may stand on the line of a cell and means something.
OPTIONS = ("nbgrader", "tags", "minutes", "difficulty")
# Jupytext's name for what it could not read of a line.
UNREAD = "incorrectly_encoded_metadata"
# A line that opens a cell for jupytext, unless it stands in a text in quotes.
_OPENS = re.compile(r"\s*#\s*(%%%*(\s.*)?|<codecell>\s*|In\[[0-9 ]*\]:?\s*)")
_KIND = re.compile(r"\[(markdown|md|raw)\]")
_PAIR = re.compile(r"""(\w+)["'“”‘’]?\s*:\s*["'“”‘’]?([\w.-]+)""")
_LOGICAL = {"true": True, "false": False}


@dataclass(frozen=True)
class ScriptCell:
    """A cell of a script.

    Attributes:
        cell: as jupytext reads it.
        number: its place in the notebook, from 1.
        line: number of the line that opens it.
        header: that line; empty for what stands before the first.
        start: number of the line on which its source begins.
        label: nbgrader's label as it was meant, also where it is misspelt, so that one slip is one
            fault.
    """

    cell: NotebookNode
    number: int
    line: int
    header: str
    start: int
    label: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The cell's grade_id, else its number."""
        return str(self.label.get("grade_id") or f"cell {self.number}")

    @property
    def source(self) -> str:
        """The cell's code or text."""
        return self.cell.source

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell."""
        return self.cell.cell_type == "code"

    @property
    def is_solution(self) -> bool:
        """Whether it was meant as a solution cell."""
        return bool(self.label.get("solution")) and self.is_code

    @property
    def is_test(self) -> bool:
        """Whether it was meant as a test cell."""
        return bool(self.label.get("grade")) and not self.label.get("solution") and self.is_code


def read_text(path: Path) -> str:
    """What an author's file holds.

    Raises InputError, with the line, where it is no UTF-8; a mark before its first line, as
    Windows' editors put there, is no part of it.
    """
    content = path.read_bytes()
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path.parent.name}: {path.name} line {line}: it is no UTF-8 from here on: let your "
            "editor save the file as UTF-8."
        ) from error
    # by Path, which reads line ends of all systems alike
    return path.read_text(encoding="utf-8-sig")


def read_cells(path: Path) -> list[NotebookNode]:
    """The cells of a percent script; InputError, with the line, where jupytext cannot read it."""
    text = read_text(path)
    try:
        return _cells(text)
    except Exception as error:
        for number, line in enumerate(text.splitlines(), 1):
            if _OPENS.fullmatch(line) and (trouble := _trouble(line)):
                raise InputError(
                    f"{path.parent.name}: {path.name} line {number}: jupytext cannot read "
                    f"{line.strip()!r} ({trouble}); expected one as "
                    '# %% tags=["slow"] nbgrader={…}.'
                ) from error
        raise


def read_script(path: Path) -> list[ScriptCell]:
    """The cells of a percent script with their lines; InputError as in `read_cells`."""
    cells = read_cells(path)
    lines = read_text(path).splitlines()
    found: list[ScriptCell] = []
    for cell, line in zip(cells, _openings(lines), strict=True):
        header = lines[line - 1] if _OPENS.fullmatch(lines[line - 1]) else ""
        start = line + bool(header)
        blank = not cell.source.partition("\n")[0].strip()
        while not blank and start <= len(lines) and not lines[start - 1].strip():
            start += 1
        label = _meant(cell, header)
        found.append(ScriptCell(cell, len(found) + 1, line, header, start, label))
    return found


def closest(word: str, known: Sequence[str]) -> str:
    """The known word that was probably meant; empty where none is near."""
    return next(iter(difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.7)), "")


def _cells(text: str) -> list[NotebookNode]:
    return jupytext.reads(text, fmt="py:percent").cells


def _trouble(header: str) -> str:
    try:
        _cells(header + "\n")
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return ""


def _openings(lines: Sequence[str]) -> list[int]:
    """The number of the line that opens each cell: jupytext reads it off a script that says it."""
    numbered = []
    for number, line in enumerate(lines, 1):
        if _OPENS.fullmatch(line):
            kind = _KIND.search(line)
            line = f"# %% {kind[0] if kind else ''} line={number}"  # noqa: PLW2901
        numbered.append(line)
    return [cell.metadata.get("line", 1) for cell in _cells("\n".join(numbered) + "\n")]


def _meant(cell: NotebookNode, header: str) -> dict[str, Any]:
    """The label as it was meant, from what jupytext has read, else from the line itself."""
    named = [value for key, value in cell.metadata.items() if closest(key, OPTIONS) == "nbgrader"]
    label = next((value for value in named if isinstance(value, Mapping)), None)
    if label is None:
        label = {key: _LOGICAL.get(said.lower(), said) for key, said in _PAIR.findall(header)}
    return {closest(key, list(KEYS)) or key: value for key, value in label.items()}
