"""A notebook that was handed out anew, with a student's answers and own cells in it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from medseg.units.handed_in import Cell, HandedIn
from medseg.units.handed_out import fingerprint, released_id
from medseg.units.labels import grade_id

_NEW_CELL = {
    "code": nbformat.v4.new_code_cell,
    "markdown": nbformat.v4.new_markdown_cell,
    "raw": nbformat.v4.new_raw_cell,
}


class Renewed(NamedTuple):
    """The text of a notebook file; how many answers and other cells of the student's it has."""

    text: str
    answers: int
    cells: int


def renewed(content: bytes, theirs: HandedIn) -> Renewed:
    """Put what a student wrote into a notebook that was handed out.

    An answer goes into the cell of its name, a change of any other cell into the cell of the same
    id, where that was handed out unchanged. Cells of the student's own, and answers to exercises
    that are gone, stand behind the cell that they stood behind. Test cells are the new ones.

    Args:
        content: the notebook as it is handed out now.
        theirs: the student's, of whatever release.
    """
    notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    places = {_name(grade_id(cell), cell.id): k for k, cell in enumerate(notebook.cells)}
    known = {fingerprint(cell.source) for cell in notebook.cells}
    # of several cells with one name the last one counts, as in grading
    counts = {_name(cell.grade_id, cell.id): k for k, cell in enumerate(theirs.cells)}
    own: dict[int, list[NotebookNode]] = {}
    answers, changed, before = 0, 0, -1
    for k, cell in enumerate(theirs.cells):
        name = _name(cell.grade_id, cell.id)
        place = places.get(name) if counts[name] == k else None
        if place is not None and (cell.grade_id or cell.type == notebook.cells[place].cell_type):
            before = place
            if is_theirs(cell) and cell.source.strip():
                notebook.cells[place].source = cell.source
                answers += bool(cell.grade_id)
                changed += not cell.grade_id
        elif is_theirs(cell) and cell.source.strip() and fingerprint(cell.source) not in known:
            own.setdefault(before, []).append(_copy(cell, theirs.raw[k]))
    cells = own.get(-1, [])
    for place, cell in enumerate(notebook.cells):
        cells += [cell, *own.get(place, [])]
    notebook.cells = cells
    return Renewed(nbformat.writes(notebook) + "\n", answers, changed + sum(map(len, own.values())))


def _name(label: str, cell_id: str) -> tuple[str, str]:
    """By what a cell is known: its label, or its id where it has none."""
    return (label, "") if label else ("", cell_id)


def is_theirs(cell: Cell) -> bool:
    """Whether a student wrote what stands in a cell; the tests are the course's."""
    if cell.grade_id:
        return bool(cell.label.get("solution")) and not cell.is_as_released
    return cell.id != released_id(cell.type, cell.source)


def _copy(cell: Cell, raw: Mapping[str, Any]) -> NotebookNode:
    """A student's cell as a new one, without a label, with pictures that were pasted into it."""
    new = _NEW_CELL[cell.type](cell.source)
    pictures = raw.get("attachments")
    if cell.type == "markdown" and isinstance(pictures, dict):
        new.attachments = nbformat.from_dict(pictures)
    return new
