"""The one rule by which a test cell is scored, from what came of running it.

A test cell passes if it ran and raised nothing; what it wrote to stderr costs nothing. Partial
credit is a finite number from 0 to the cell's points, as the value of the cell's last line, where
it stands by its name or as an arithmetic: so that its absence is seen, as no call's can be. Any
other value there, none, or more than one, is 0 points, and an instructor should hear of it.
"""

import ast
import math
from collections.abc import Sequence
from typing import NamedTuple

from medseg.errors import without_colours

_LONGEST = 300
_GIVE_NUMBERS = {"abs", "float", "int", "len", "max", "min", "pow", "round", "sum"}


class Points(NamedTuple):
    """Points of one test cell, why some are missing, and whether that is odd.

    It is odd where the cell itself, not an answer, seems to be at fault, or was tampered with.
    """

    reached: float
    reason: str = ""
    odd: bool = False


def points_of(most: float, source: str, error: str, results: Sequence[str]) -> Points:
    """The points of a test cell.

    Args:
        most: the points that the cell gives.
        source: its code.
        error: what it raised, or why it did not run, as a text; empty where it ran to its end.
        results: the values that came from it, as texts, the way a kernel shows them; a kernel
            shows no None.
    """
    if error:
        return Points(0.0, sentence(error))
    due = _shows_value(source)
    if not results:
        missing = "its last line is a value, yet none came from it."
        return Points(0.0, missing, True) if due else Points(most)
    if len(results) > 1:
        return Points(0.0, f"{len(results)} values came from it, where one is due.", True)
    text = results[-1]
    if not _ends_in_expression(source):
        reason = sentence(f"its last line has no value, yet {text!r} came as one.")
        return Points(0.0, reason, True)
    if due is False:
        reason = f"its last line is a call, and its value {text!r} counts only under a name."
        return Points(0.0, sentence(reason), True)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not 0 <= value <= most:
        wrong = f"its value should be a number from 0 to {most:g}, and is {text!r}."
        return Points(0.0, sentence(wrong), True)
    return Points(value, "" if value == most else f"Partial credit: {value:g} of {most:g} points.")


def sentence(text: str) -> str:
    """One line, without colours, not too long."""
    line = " ".join(without_colours(text).split())
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _shows_value(source: str) -> bool | None:
    """Whether a cell's last line has a value for whoever reads it, and not only once it runs.

    False for a call, which may give None, as an assertion does, unless it is of one of Python's own
    functions; None where the cell is not plain Python, as with a magic.
    """
    line = _last_expression(source)
    if isinstance(line, ast.Call):
        return isinstance(line.func, ast.Name) and line.func.id in _GIVE_NUMBERS
    if isinstance(line, ast.Constant):
        return line.value is not None
    return None if _parsed(source) is None else line is not None


def _ends_in_expression(source: str) -> bool:
    return _last_expression(source) is not None or _parsed(source) is None


def _last_expression(source: str) -> ast.expr | None:
    body = _parsed(source)
    return body[-1].value if body and isinstance(body[-1], ast.Expr) else None


def _parsed(source: str) -> list[ast.stmt] | None:
    """The statements of a cell; None where it is not plain Python."""
    try:
        return ast.parse(source).body
    except SyntaxError:
        return None
