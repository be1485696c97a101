"""The markers of what students do not get: around a solution, around hidden tests.

nbgrader takes a line for a marker that only contains its words, and a cell without any as it is; so
a slip in one gives a solution away, or takes a test from it.
"""

import difflib
import re
from collections.abc import Iterator

from medseg_grader.course.script import ScriptCell
from medseg_grader.course.units import HIDDEN

_SOLUTION, _HIDDEN = "SOLUTION", "HIDDEN TESTS"
_MARKERS = [f"### {edge} {what}" for what in (_SOLUTION, _HIDDEN) for edge in ("BEGIN", "END")]
_COMMENT = re.compile(r"#+\s*((BEGIN|END)\b.*)", re.IGNORECASE)


def faults_of_markers(cell: ScriptCell) -> Iterator[tuple[int, str]]:
    """What is wrong with a cell's markers: the line of the script, and a sentence."""
    own = _SOLUTION if cell.is_solution else _HIDDEN if cell.is_test else ""
    opened, seen = 0, False
    for line, text in enumerate(cell.source.splitlines(), cell.start):
        marker = _meant(text, cell.is_code)
        if not marker:
            continue
        if text.strip() != marker:
            yield line, f"it says {text.strip()!r}, expected {marker!r} on a line of its own."
        _, edge, what = marker.split(" ", 2)
        if what != own:
            kind = "solution" if what == _SOLUTION else "test"
            yield line, f"{marker!r} stands in a cell that is no {kind} cell."
            return
        seen = True
        if (edge == "BEGIN") == bool(opened):
            before = f"line {opened} has opened" if opened else "nothing opens"
            yield line, f"{marker!r} stands where {before} what it is about."
            return
        opened = line if edge == "BEGIN" else 0
    if opened:
        yield opened, f"'### BEGIN {own}' is not closed: expected '### END {own}'."
    elif not seen and cell.is_solution:
        around = "around what students are to write, below signature and docstring"
        yield cell.line, f"it lacks '### BEGIN {own}' and '### END {own}' {around}."
    elif not seen and cell.is_test and cell.name.endswith("_hidden"):
        around = "around what students do not see"
        yield cell.line, f"it lacks '### BEGIN {own}' and '### END {own}' {around}."


def hides(source: str) -> bool:
    """Whether a test cell has a part that students do not see."""
    return bool(HIDDEN.search(source))


def shows(source: str) -> bool:
    """Whether a test cell has more to see than a comment."""
    lines = [line.strip() for line in HIDDEN.sub("", source).splitlines()]
    return any(line and not line.startswith("#") for line in lines)


def _meant(line: str, is_code: bool) -> str:
    """The marker that a line is, was to be, or is for nbgrader; else empty."""
    for marker in _MARKERS:
        if marker.removeprefix("### ") in line:
            return marker
    comment = _COMMENT.fullmatch(line.strip()) if is_code else None
    words = f"### {comment[1].upper()}" if comment else ""
    return next(iter(difflib.get_close_matches(words, _MARKERS, n=1, cutoff=0.8)), "")
