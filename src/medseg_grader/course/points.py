"""The one rule by which a test cell is scored, from what came of running it.

A test cell passes if it ran and raised nothing; what it wrote to stderr costs nothing. Partial
credit is a finite number from 0 to the cell's points, as the value of the cell's last expression;
any other value there, or more than one, is 0 points, and an instructor should hear of it.
"""

import ast
import math
from collections.abc import Sequence
from typing import NamedTuple

from medseg.errors import without_colours

_LONGEST = 300


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
    if not results:
        return Points(most)
    if len(results) > 1:
        return Points(0.0, f"{len(results)} values came from it, where one is due.", True)
    text = results[-1]
    if not _ends_in_expression(source):
        reason = sentence(f"its last line has no value, yet {text!r} came as one.")
        return Points(0.0, reason, True)
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


def _ends_in_expression(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return True
    return bool(body) and isinstance(body[-1], ast.Expr)
