"""What is wrong with the lines that open cells: metadata that is not read, misspelt, or missing.

Jupytext and nbgrader say nothing of most of it: a test cell whose label they cannot read is
released as a cell like any other, and its points are lost.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from medseg.errors import InputError
from medseg_grader.course.script import KEYS, OPTIONS, UNREAD, ScriptCell, closest

_SCHEMA = 3
_GRADE_ID = re.compile(r"[A-Za-z0-9_-]+")
# Jupytext's own notes about a cell.
_OF_JUPYTEXT = ("title", "cell_depth", "region_name", "lines_to_next_cell", "cell_marker")
_OPENING = re.compile(r"nbgrader\s*=\s*(?=\{)")
# What was to open a cell, and does not: "# %%nbgrader", "## %% nbgrader", "# % nbgrader".
_LIKE_A_HEADER = re.compile(r"\s*#[#\s]*(%%.*|%?\s*nb\w*\s*[=:]?\s*\{.*)", re.IGNORECASE)
_TYPES = {bool: "true or false", str: "a text in double quotes", int: "a whole number"}


def faults_of_header(cell: ScriptCell) -> Iterator[str]:
    """What is wrong with the line that opens a cell, a sentence each."""
    said = cell.cell.metadata
    if UNREAD in said:
        yield f"its metadata is not read: {_why_unread(cell.header)}."
        return
    title = said.get("title", "")
    if title.startswith("[") and title != "[code]":
        yield f"{title.split()[0]} is no kind of cell, expected [markdown] for text, or nothing."
    if "nbgrader" not in said and {"grade", "grade_id", "solution"} & said.keys():
        yield "nbgrader's label has no name before it: write # %% nbgrader={…}."
        return
    for key in said:
        if key not in OPTIONS and key not in _OF_JUPYTEXT:
            guess = closest(key, OPTIONS)
            hint = f"did you mean {guess}?" if guess else f"there are: {', '.join(OPTIONS)}."
            yield f"{key} means nothing on the line of a cell; {hint}"
    for key in ("minutes", "difficulty"):
        if key in said and not cell.is_solution:
            yield f"{key} stands on the line of a solution cell, and this is none."
    if "nbgrader" in said:
        yield from _faults_of_label(said["nbgrader"], cell)


def refuse_odd_headers(unit: str, cells: Sequence[ScriptCell]) -> None:
    """Raise InputError with the first fault in a line that opens a cell, if there is one."""
    for cell in cells:
        for says in faults_of_header(cell):
            raise InputError(f"{unit}: its script, line {cell.line}, {cell.name}: {says}")


def lines_like_headers(lines: Sequence[str], cells: Sequence[ScriptCell]) -> Iterator[int]:
    """The numbers of lines that were to open a cell, and are part of one instead."""
    opening = {cell.line for cell in cells}
    for number, line in enumerate(lines, 1):
        if number not in opening and _LIKE_A_HEADER.fullmatch(line):
            yield number


def _faults_of_label(label: Any, cell: ScriptCell) -> Iterator[str]:
    if not isinstance(label, Mapping):
        yield f'nbgrader is {label!r}, expected its label, as in nbgrader={{"grade": true, …}}.'
        return
    guesses = {key: closest(key, list(KEYS)) for key in label if key not in KEYS}
    for key, guess in guesses.items():
        hint = f"did you mean {guess!r}?" if guess else f"there are: {', '.join(KEYS)}."
        yield f"nbgrader's label has a key {key!r}, which means nothing; {hint}"
    for key, value in label.items():
        due = KEYS.get(key)
        if due and (not isinstance(value, due) or (due is not bool and isinstance(value, bool))):
            kind = _TYPES.get(due, "a number") if isinstance(due, type) else "a number"
            yield f"{key!r} is {json.dumps(value)}, expected {kind}."
    needed = ["grade", "grade_id", "locked", "schema_version", "solution"]
    needed += ["points"] if cell.is_test else []
    for key in needed:
        if key not in label and key not in guesses.values():
            yield f"nbgrader's label lacks {key!r}{_as_in(key)}."
    yield from _odd_values(label, cell)


def _as_in(key: str) -> str:
    examples = {"points": 2, "schema_version": _SCHEMA, "grade_id": "test_my_exercise"}
    return f", as in {json.dumps({key: examples[key]})[1:-1]}" if key in examples else ""


def _odd_values(label: Mapping[str, Any], cell: ScriptCell) -> Iterator[str]:
    version, name, points = (label.get(key) for key in ("schema_version", "grade_id", "points"))
    if type(version) is int and version != _SCHEMA:
        yield f"'schema_version' is {version}, expected {_SCHEMA}."
    if isinstance(name, str) and not _GRADE_ID.fullmatch(name):
        yield f"'grade_id' is {name!r}, expected letters, digits, _ and - only."
    if isinstance(points, int | float) and not (math.isfinite(points) and points >= 0):
        yield f"'points' is {points}, expected a number from 0."
    if "points" in label and not cell.is_test:
        yield "it has 'points', which only test cells give."
    if label.get("task") is True:
        yield "it is a task, which no test grades: expected a solution cell and its test cells."
    if label.get("grade") is True and label.get("solution") is True:
        yield "it is both a solution and a test: expected a solution cell and test cells behind it."
    if not cell.is_code and (label.get("grade") or label.get("solution")):
        yield f"it is a {cell.cell.cell_type} cell: solutions and tests are code cells, # %%."


def _why_unread(header: str) -> str:
    """What a reader of JSON stumbles over, in an author's words."""
    opening = _OPENING.search(header)
    if opening is None:
        return f"expected # %% nbgrader={{…}} minutes=10 difficulty=1, got {header.strip()!r}"
    text = header[opening.end() :]
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        at, why = opening.end() + error.pos, f"{error.msg[0].lower()}{error.msg[1:]}"
        rest = header[at:].lstrip()
        if re.match(r"True|False|None", rest):
            why = "JSON writes true and false in small letters"
        elif re.match(r"['‘’“”]", rest):
            why = "JSON has straight double quotes around its texts"
        return f"it is no JSON at column {at + 1}, {rest[:20]!r}: {why}"
    rest = text[end:].strip()
    return (
        f"behind nbgrader={{…}} stands {rest[:40]!r}, expected minutes=10 difficulty=1 behind a "
        "blank"
        if rest
        else f"before nbgrader stands {header[: opening.start()].strip()!r}"
    )
