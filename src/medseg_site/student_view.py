"""A unit as its student sees it: the released notebook, with what the solution's cells showed.

The source of every cell is the released one, so that no solution and no hidden test can appear;
outputs are those of the executed solution, cell by cell.
"""

import html
import re
from collections.abc import Collection

from nbformat import NotebookNode

from medseg.errors import InputError
from medseg.units.labels import is_graded
from medseg_lecture.pages import with_fewer_colours

_CITED = re.compile(r"\[([A-Z][A-Za-z]*\+?\d\d)\](?!\()")
# What takes the place of a widget, which would need a kernel: figures.js begins it by its name.
LIVE = {
    "widgets.segmentation_types(": "street",
    "widgets.two_boxes(": "boxes",
    "widgets.focal_curves(": "focal",
}


def student_view(
    released: NotebookNode, solved: NotebookNode, cited: Collection[str] = ()
) -> NotebookNode:
    """The released notebook with the outputs of the executed solution, ready to be rendered.

    Visible tests are folded, hidden ones left out; the keys `cited` of works lead to the
    references. Raises InputError where the two have not the
    same cells.
    """
    if [cell.id for cell in released.cells] != [cell.id for cell in solved.cells]:
        raise InputError(
            "the released notebook has not the cells of its script; run medseg release first"
        )
    cells = []
    for cell, done in zip(released.cells, solved.cells, strict=True):
        if is_graded(cell):
            if _says_only_what_it_tests(cell.source):
                continue
            cell.metadata["tags"] = ["hide-input"]
        elif cell.cell_type == "code":
            cell.metadata["tags"] = []
            cell.execution_count = done.execution_count
            cell.outputs = [_light(output) for output in done.outputs if _is_seen(output)]
            _make_live(cell)
        else:
            cell.source = _CITED.sub(
                lambda found: _linked(found[1]) if found[1] in cited else found[0], cell.source
            )
        cells.append(cell)
    released.cells = cells
    return released


def _says_only_what_it_tests(source: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in source.split("\n"))


def _is_seen(output: NotebookNode) -> bool:
    """Progress bars and warnings are for who runs the cell."""
    return output.output_type != "stream" or output.name == "stdout"


def _light(output: NotebookNode) -> NotebookNode:
    """An output whose pictures have at most 256 colours, a third of their size."""
    data = output.get("data", {})
    if "text/html" in data:
        # the card of a unit links to the next one as a notebook
        page = re.sub(r'href="\.\./(\w+)/\w+\.ipynb"', r'href="\1.html"', data["text/html"])
        data["text/html"] = with_fewer_colours(page)
    return output


def _make_live(cell: NotebookNode) -> None:
    """Put the still picture of a widget where the figure without a kernel takes its place."""
    name = next((name for call, name in LIVE.items() if call in cell.source), None)
    if name is None:
        return
    for output in cell.outputs:
        if "text/html" in output.get("data", {}):
            still = output.data["text/html"]
            output.data["text/html"] = place_of(name, still)


def place_of(name: str, still: str) -> str:
    """HTML that shows a still picture, and in its place a live figure where scripts run."""
    return f'<div class="medseg-figure" data-figure="{html.escape(name)}">{still}</div>'


def _linked(key: str) -> str:
    return f"[[{key}]](#{label_of(key)})"


def label_of(key: str) -> str:
    """The label of a work among the references.

    >>> from medseg_site.student_view import label_of
    >>> label_of("Kir+19")
    'ref-kir19'
    """
    return "ref-" + key.replace("+", "").lower()
