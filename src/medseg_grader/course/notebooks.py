"""A unit's percent script as a Jupyter notebook, the same bytes from the same script."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from medseg.files import write_text
from medseg.units import notebook_name
from medseg.units.handed_out import released_id
from medseg.units.labels import is_graded
from medseg_grader.course.units import HIDDEN, SOLUTION, Unit

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def write_solution_notebook(unit: Unit, root: Path = Path()) -> Path:
    """Write the unit's script as a notebook to `solutions/` of the course in `root`.

    It has stable cell ids and bare metadata. Returns its path.
    """
    path = root / "solutions" / unit.name / notebook_name(unit.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, nbformat.writes(solution_notebook(unit), version=4) + "\n")
    return path


def solution_notebook(unit: Unit) -> NotebookNode:
    """The unit's cells as a notebook.

    A converter gives cells random ids and adds its own metadata; here an id comes from the cell's
    grade_id or source, so that it stays the same from one release to the next.
    """
    cells: list[dict] = []
    taken: set[str] = set()
    for cell in unit.cells:
        clean = _clean(cell)
        clean["id"] = _cell_id(clean, taken)
        cells.append(clean)
    metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "medseg": {"release": _release(cells)},
    }
    notebook = nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )
    nbformat.validate(notebook)
    return notebook


def script_digest(unit: Unit) -> str:
    """A short hash of the unit's script, by which it is known again."""
    text = "\n".join(unit.script.read_text(encoding="utf-8-sig").splitlines())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _release(cells: Sequence[dict]) -> str:
    """A short hash of the cells as students get them: of no solution and of no hidden test."""
    seen = [
        [cell["cell_type"], HIDDEN.sub("", SOLUTION.sub("", cell["source"])), cell["metadata"]]
        for cell in cells
    ]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


def _clean(cell: NotebookNode) -> dict:
    metadata = {k: v for k, v in cell.metadata.items() if k in {"nbgrader", "tags"}}
    clean = {"cell_type": cell.cell_type, "metadata": metadata, "source": cell.source}
    if is_graded(cell):
        # Jupyter goes on behind a test that fails, so that a notebook with gaps runs to its end
        metadata["tags"] = [*metadata.get("tags", []), "raises-exception"]
    if cell.cell_type == "code":
        clean |= {"execution_count": None, "outputs": []}
    return clean


def _cell_id(cell: dict, taken: set[str]) -> str:
    name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    candidate = name.replace("_", "-").lower()[:60]
    number = 0
    while not candidate or candidate in taken:
        candidate = released_id(cell["cell_type"], cell["source"], number)
        number += 1
    taken.add(candidate)
    return candidate
