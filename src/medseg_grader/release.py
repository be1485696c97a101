"""From the instructors' scripts to the students' notebooks and the numbers behind `check`.

solutions/04_iou/iou.py -> solutions/04_iou/iou.ipynb -> notebooks/04_iou/iou.ipynb (nbgrader), and
solutions/04_iou/mistakes.py -> src/medseg/hints/04_iou.json. The same sources give the same bytes.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from medseg.carry import notebook_name
from medseg_grader.catalogue import Unit, load_unit
from medseg_grader.course import nbgrader_api, run
from medseg_grader.probing import unit_hints

HINTS = Path("src/medseg/hints")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def release(units: Iterable[str]) -> None:
    """Build the solution notebook, the hints and the students' notebook of each unit."""
    api = nbgrader_api()
    for name in tqdm(list(units), desc="release", unit="unit", file=sys.stdout):
        unit = load_unit(name)
        write_solution_notebook(unit)
        write_hints(unit)
        run(api, "generate_assignment", name, force=True)


def write_solution_notebook(unit: Unit) -> Path:
    """Write the unit's script as a notebook beside it, with stable cell ids and bare metadata."""
    path = unit.script.with_name(notebook_name(unit.name))
    _write(path, nbformat.writes(solution_notebook(unit), version=4) + "\n")
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
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook = nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )
    nbformat.validate(notebook)
    return notebook


def write_hints(unit: Unit) -> Path:
    """Run the unit's solution and mistakes on the probes and write the outcomes as JSON."""
    path = HINTS / f"{unit.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, dumps(unit_hints(unit)))
    return path


def dumps(data: Any) -> str:
    """JSON that reads and diffs well: one array of numbers a line, keys in order of writing."""
    return _layout(data, 0) + "\n"


def _layout(data: Any, depth: int) -> str:
    flat = json.dumps(data, ensure_ascii=False)
    if len(flat) + 2 * depth <= 100 or not isinstance(data, dict | list) or _numbers(data):
        return flat
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(data, list):
        items = [_layout(item, depth + 1) for item in data]
        return "[\n" + ",\n".join(pad + item for item in items) + f"\n{end}]"
    items = [f"{json.dumps(key)}: {_layout(item, depth + 1)}" for key, item in data.items()]
    return "{\n" + ",\n".join(pad + item for item in items) + f"\n{end}}}"


def _numbers(data: Any) -> bool:
    if isinstance(data, list):
        return all(_numbers(item) for item in data)
    return isinstance(data, int | float)


def _clean(cell: NotebookNode) -> dict:
    metadata = {k: v for k, v in cell.metadata.items() if k in {"nbgrader", "tags"}}
    clean = {"cell_type": cell.cell_type, "metadata": metadata, "source": cell.source}
    if cell.cell_type == "code":
        clean |= {"execution_count": None, "outputs": []}
    return clean


def _cell_id(cell: dict, taken: set[str]) -> str:
    name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    candidate = name.replace("_", "-").lower()[:60]
    number = 0
    while not candidate or candidate in taken:
        text = f"{cell['cell_type']}\n{cell['source']}\n{number}"
        candidate = hashlib.sha256(text.encode()).hexdigest()[:12]
        number += 1
    taken.add(candidate)
    return candidate


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _stdout() -> Any:
    import sys

    return sys.stdout
