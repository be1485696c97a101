"""Fragments: parts of pages that already stand somewhere in the course, as Markdown.

Each is taken from where it is written, so that a page cannot say otherwise than a unit does.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from nbformat import NotebookNode

from medseg import training
from medseg.errors import InputError
from medseg.units.labels import points
from medseg_grader.course.units import Unit
from medseg_lecture.deck import slides
from medseg_site.student_view import label_of

_HEADING = re.compile(r"^#+ (?:Sources|References)$", re.MULTILINE)
_WORK = re.compile(r"^- (?:\[([A-Z][A-Za-z]*\+?\d\d)\] )?(.+)$")


def title_of(cells: Sequence[NotebookNode]) -> str:
    """The first line of a notebook, without its mark of a heading."""
    return cells[0].source.partition("\n")[0].lstrip("# ")


def table_of_units(units: Iterable[Unit]) -> str:
    """The units with links to their pages, what is built in each, and its points."""
    lines = ["| unit | exercises | points |", "| --- | --- | --- |"]
    for unit in units:
        names = ", ".join(f"`{name}`" for name in unit.exercises)
        total = sum(points(cell) for cell in unit.graded_cells())
        lines.append(
            f"| [{title_of(unit.cells)}](/units/{unit.name}.ipynb) | {names} | {total:g} |"
        )
    return "\n".join(lines)


def table_of_slides(deck: NotebookNode) -> str:
    """The slides of a lecture with their minutes and questions, sections in bold."""
    found = slides(deck)
    lines = ["| slide | minutes | questions |", "| --- | --- | --- |"]
    for slide in found:
        title = f"**{slide.title}**" if slide.opens_section else slide.title
        lines.append(f"| {title} | {slide.minutes:g} | {slide.questions or ''} |")
    minutes, questions = sum(s.minutes for s in found), sum(s.questions for s in found)
    lines.append(f"| *{len(found)} slides* | *{minutes:g}* | *{questions}* |")
    return "\n".join(lines)


def works(cells: Iterable[NotebookNode]) -> dict[str, str]:
    """What the lists of sources among some cells name: text by key, or by itself without one."""
    found: dict[str, str] = {}
    for cell in cells:
        parts = _HEADING.split(cell.source, maxsplit=1)
        for line in parts[1].split("\n") if len(parts) > 1 else ():
            if work := _WORK.match(line):
                found.setdefault(work[1] or work[2], work[2])
    return found


def list_of_works(units: Iterable[Unit], deck: NotebookNode) -> str:
    """All that units and lecture cite, each once; a key is what a page of a unit links to."""
    found: dict[str, str] = {}
    for cells in (*(unit.cells for unit in units), deck.cells):
        for key, text in works(cells).items():
            if key != text or text not in found.values():
                found.setdefault(key, text)
    keyed = {key: text for key, text in found.items() if key != text}
    parts = [f"({label_of(key)})=\n**[{key}]** {text}\n" for key, text in sorted(keyed.items())]
    parts += ["**Without a key:**", ""]
    parts += [f"- {text}" for key, text in found.items() if key == text]
    return "\n".join(parts)


def table_beginning(cells: Iterable[NotebookNode], begins: str) -> str:
    """The table among some cells whose first line begins so; InputError where there is none."""
    for cell in cells:
        if cell.cell_type == "markdown" and begins in cell.source:
            lines = cell.source[cell.source.index(begins) :].split("\n")
            return "\n".join(takewhile(lambda line: line.startswith("|"), lines))
    raise InputError(f"no unit has a table that begins with {begins!r}, which the results quote")


def phantom_iou() -> str:
    """What unit 07's network reaches on phantoms, as `medseg.training` foretells it.

    >>> from medseg_site import fragments
    >>> print(fragments.phantom_iou().split("\\n")[2])
    | 1000 | 0.51 |
    """
    lines = ["| slices seen | mean IoU |", "| --- | --- |"]
    lines += [f"| {slices} | {iou:.2f} |" for slices, iou in training.PHANTOM_IOU.items()]
    return "\n".join(lines)
