"""nbgrader's label on a cell: its name, and whether students write in it or it is graded.

nbgrader has functions of its own for this (`nbgrader.utils.is_grade`, …), but importing them loads
its server extensions, which takes a second: too long for a student's `check`.
"""

from collections.abc import Mapping
from typing import Any


def label(cell: Any) -> Mapping[str, Any]:
    """nbgrader's metadata of a notebook's cell, empty where it has none or what is there is odd."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def grade_id(cell: Any) -> str:
    """nbgrader's name of a cell, empty where it has none."""
    name = label(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def is_solution(cell: Any) -> bool:
    """Whether students write in this cell."""
    return bool(label(cell).get("solution"))


def is_graded(cell: Any) -> bool:
    """Whether this cell is an autograded test."""
    return bool(label(cell).get("grade")) and not is_solution(cell)


def points(cell: Any) -> float:
    """The points of a test cell."""
    return float(label(cell)["points"])
