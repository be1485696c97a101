"""What the notebooks looked like when they were handed out: cells, titles, points of each unit.

`medseg/units/04_iou.jsonl` is written by the release and holds what stands in the released
notebook anyway: nothing of a solution, nothing of a hidden test.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from medseg.units import find_unit, handed_in

# What counts of nbgrader's label, beside the name. The rest (a checksum, the type of the cell a
# second time) nbgrader calculates anew.
COMPARED = ("grade", "locked", "points", "schema_version", "solution", "task")


@dataclass(frozen=True)
class Cell:
    """One cell as it was handed out.

    Attributes:
        id, type: as in the notebook.
        fingerprints: of its source; of several, where it may have been handed out in either form.
        label: what counts of nbgrader's label, empty where it has none.
    """

    id: str
    type: str
    fingerprints: tuple[str, ...]
    label: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """nbgrader's name of the cell, empty where it has none."""
        return self.label.get("grade_id", "")

    @property
    def is_solution(self) -> bool:
        """Whether students write in this cell."""
        return bool(self.label.get("solution"))

    def holds(self, source: str) -> bool:
        """Whether a source is the one that was handed out."""
        return fingerprint(source) in self.fingerprints


@dataclass(frozen=True)
class HandedOut:
    """One unit's notebook: its heading, the points of each exercise, its cells in order.

    `release` tells releases of the unit apart: a short hash of what students get.
    """

    unit: str
    title: str
    points: dict[str, float]
    cells: list[Cell]
    release: str = ""

    @property
    def graded_cells(self) -> dict[str, Cell]:
        """nbgrader's cells, solutions and tests, by grade_id, in order."""
        return {cell.grade_id: cell for cell in self.cells if cell.grade_id}


@cache
def handed_out(unit: str) -> HandedOut:
    """The release of one unit; InputError where the package knows none of that name."""
    path = files("medseg").joinpath("units", f"{find_unit(unit)}.jsonl")
    head, *records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    cells = [
        Cell(record["id"], record["type"], (record["fingerprint"],), record.get("label", {}))
        for record in records
    ]
    return HandedOut(head["unit"], head["title"], head["points"], cells, head["release"])


def compared(label: Mapping[str, Any]) -> dict[str, Any]:
    """What counts of nbgrader's label, with the name."""
    return {key: label[key] for key in (*COMPARED, "grade_id") if key in label}


def graded_cells_of(cells: Iterable[handed_in.Cell]) -> dict[str, Cell]:
    """The labelled cells of a notebook as it is handed out, by grade_id, in order."""
    return {
        cell.grade_id: Cell(
            cell.id,
            cell.type,
            (fingerprint(cell.source),),
            compared(cell.label),
        )
        for cell in cells
        if cell.grade_id
    }


def released_id(kind: str, source: str, number: int = 0) -> str:
    """The id that a release gives to a cell without a label; `number` tells equal ones apart.

    One that still fits its id has not been changed since, whatever release it is of.
    """
    return hashlib.sha256(f"{kind}\n{source}\n{number}".encode()).hexdigest()[:12]


def fingerprint(source: str) -> str:
    """A short hash of a cell's source; space around it and the kind of line ends do not count."""
    text = source.replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode()).hexdigest()[:16]
