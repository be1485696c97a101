"""What can be odd about a notebook that is handed in, told once, worded twice.

Students read it from `submit-check` before they hand in, instructors as a finding of the grading
after it: both word the same remarks, so that what the one calls ready, the other takes.
"""

from dataclasses import dataclass
from typing import Any

# Of the file, then of its labelled cells.
KINDS = (
    "encoding",
    "old format",
    "format",
    "broken cells",
    "kernel",
    "release",
    "copied",
    "missing",
    "retyped",
    "edited",
    "relabelled",
    "moved",
    "unknown",
)


@dataclass(frozen=True)
class Remark:
    """One thing that is odd.

    Attributes:
        kind: one of `KINDS`.
        name: nbgrader's name of the cell, where it is about one.
        places: where in the notebook that was handed in, as indices of cells.
        detail: what more there is to say: the language or format, how many cells are broken, the
            type that a cell was turned into, {key: claimed value}, the cell before which one stood,
            whether a solution is missing, the names that are not known, or that another release
            lacks.
    """

    kind: str
    name: str = ""
    places: tuple[int, ...] = ()
    detail: Any = None
