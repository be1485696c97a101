"""What a released notebook holds, noted down for the card and for `submit-check`."""

import json
from pathlib import Path

import nbformat

from medseg.units import notebook_name
from medseg.units.handed_out import compared, fingerprint
from medseg.units.labels import label, points
from medseg_grader.course.notebooks import script_digest
from medseg_grader.course.units import Unit
from medseg_grader.release.layout import write_lines

HANDED_OUT = Path("src/medseg/units")


def changed_since(unit: Unit) -> str:
    """What to do where the unit's script is not the one that was released; empty where it is."""
    path = HANDED_OUT / f"{unit.name}.jsonl"
    short = unit.name.partition("_")[0]
    if not path.is_file():
        return f"{unit.name} has not been released yet: medseg release --unit {short}"
    head = json.loads(path.read_text(encoding="utf-8").partition("\n")[0])
    if head.get("script") == script_digest(unit):
        return ""
    return f"{unit.script} was changed after its release: medseg release --unit {short}"


def write_handed_out(unit: Unit) -> Path:
    """Note down what the unit's released notebook holds, for the card and for `submit-check`."""
    notebook = nbformat.read(Path("notebooks", unit.name, notebook_name(unit.name)), as_version=4)
    records: list[dict] = [
        {
            "unit": unit.name,
            "release": notebook.metadata["medseg"]["release"],
            "script": script_digest(unit),
            "title": notebook.cells[0].source.splitlines()[0].removeprefix("# "),
            "points": {name: sum(map(points, unit.graded_cells(name))) for name in unit.exercises},
        }
    ]
    for cell in notebook.cells:
        record = {"id": cell.id, "type": cell.cell_type, "fingerprint": fingerprint(cell.source)}
        if own := label(cell):
            record["label"] = compared(own)
        records.append(record)
    path = HANDED_OUT / f"{unit.name}.jsonl"
    write_lines(path, records)
    return path
