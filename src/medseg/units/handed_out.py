"""What the notebooks looked like when they were handed out: cells, titles, points of each unit.

`medseg/units/04_iou.json` is written by the release and holds what stands in the released
notebook anyway: nothing of a solution, nothing of a hidden test.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from medseg.units import find_unit


@dataclass(frozen=True)
class Cell:
    """One cell of a released notebook.

    `metadata` and `source` are kept for nbgrader's cells only, of all others just the
    `fingerprint` of the source.
    """

    id: str
    cell_type: str
    fingerprint: str
    metadata: dict[str, Any]
    source: str

    @property
    def grade_id(self) -> str:
        """nbgrader's name of the cell, empty where it has none."""
        return self.metadata.get("nbgrader", {}).get("grade_id", "")

    @property
    def is_solution(self) -> bool:
        """Whether students write in this cell."""
        return bool(self.metadata.get("nbgrader", {}).get("solution"))


@dataclass(frozen=True)
class HandedOut:
    """One unit's notebook: its heading, the points of each exercise, its cells in order."""

    unit: str
    title: str
    points: dict[str, float]
    cells: list[Cell]

    @property
    def graded_cells(self) -> dict[str, Cell]:
        """nbgrader's cells, solutions and tests, by grade_id, in order."""
        return {cell.grade_id: cell for cell in self.cells if cell.grade_id}


@cache
def handed_out(unit: str) -> HandedOut:
    """The release of one unit; ValueError where the package knows none of that name."""
    path = files("medseg").joinpath("units", f"{find_unit(unit)}.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    cells = [
        Cell(
            cell["id"],
            cell["cell_type"],
            cell["fingerprint"],
            cell.get("metadata", {}),
            "\n".join(cell.get("source", [])),
        )
        for cell in data["cells"]
    ]
    return HandedOut(data["unit"], data["title"], data["points"], cells)


def fingerprint(source: str) -> str:
    """A short hash of a cell's source; space at its end does not count."""
    return hashlib.sha256(source.rstrip().encode()).hexdigest()[:16]
