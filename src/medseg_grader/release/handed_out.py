"""What a released notebook holds, noted down for the card and for `submit-check`."""

from pathlib import Path

import nbformat

from medseg.files import write_text
from medseg.units import notebook_name
from medseg.units.handed_out import fingerprint
from medseg.units.labels import points
from medseg_grader.course.units import Unit
from medseg_grader.release.layout import dumps

HANDED_OUT = Path("src/medseg/units")


def write_handed_out(unit: Unit) -> Path:
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
    path = HANDED_OUT / f"{unit.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, dumps(data))
    return path
