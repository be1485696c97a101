"""From the instructors' scripts to the students' notebooks and the numbers behind `check`.

solutions/04_iou/iou.py -> solutions/04_iou/iou.ipynb -> notebooks/04_iou/iou.ipynb (nbgrader), and
solutions/04_iou/mistakes.py -> src/medseg/checks/hints/04_iou.json. What was released is noted
down in src/medseg/units/04_iou.json. The same sources give the same bytes.
"""

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from medseg.units import notebook_name
from medseg.units.handed_out import fingerprint
from medseg.units.labels import points
from medseg_grader.catalogue import Unit, load_unit
from medseg_grader.course import nbgrader_api, run
from medseg_grader.notebooks import write_solution_notebook, write_text
from medseg_grader.probing import unit_hints

HINTS = Path("src/medseg/checks/hints")
RELEASED = Path("src/medseg/units")


def release(units: Iterable[str]) -> None:
    """Build the solution notebook, the hints and the students' notebook of each unit."""
    api = nbgrader_api()
    for name in tqdm(list(units), desc="release", unit="unit", file=sys.stdout):
        unit = load_unit(name)
        write_solution_notebook(unit)
        write_hints(unit)
        with _kept_on_failure(Path("notebooks", name)):
            run(api, "generate_assignment", name, force=True)
        write_released(unit)


@contextlib.contextmanager
def _kept_on_failure(folder: Path) -> Iterator[None]:
    """nbgrader deletes a released unit before it builds it anew: put it back if that fails."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".release-") as safe:
        before = Path(safe, folder.name)
        if folder.is_dir():
            shutil.copytree(folder, before)
        try:
            yield
        except BaseException:
            if before.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(before, folder)
            raise


def write_hints(unit: Unit) -> Path:
    """Run the unit's solution and mistakes on the probes and write the outcomes as JSON."""
    path = HINTS / f"{unit.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, dumps(unit_hints(unit)))
    return path


def write_released(unit: Unit) -> Path:
    """Note down what the unit's released notebook holds, for the card and for `submit-check`."""
    notebook = nbformat.read(Path("notebooks", unit.name, notebook_name(unit.name)), as_version=4)
    cells = []
    for cell in notebook.cells:
        known = {
            "id": cell.id,
            "cell_type": cell.cell_type,
            "fingerprint": fingerprint(cell.source),
        }
        if "nbgrader" in cell.metadata:
            known |= {"metadata": cell.metadata, "source": cell.source.split("\n")}
        cells.append(known)
    data = {
        "unit": unit.name,
        "title": notebook.cells[0].source.splitlines()[0].removeprefix("# "),
        "points": {name: sum(map(points, unit.graded_cells(name))) for name in unit.exercises},
        "cells": cells,
    }
    path = RELEASED / f"{unit.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, dumps(data))
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
