"""Deck: the slides of a lecture as its script has them, their minutes, their questions.

The script is a percent script, as those of the units are. A cell's metadata say what it is:
`slideshow={"slide_type": "slide"}` begins a slide, "fragment" appears on the next key, "notes" is
for the speaker, and "-" goes on with what is before it. A slide's notes begin with its minutes,
as `**2 min.**`; a section begins with a slide whose heading is of the first level, and a question
to the audience with `**Question.**`.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from medseg.errors import InputError

KINDS = ("slide", "fragment", "notes", "-", "skip")
_MINUTES = re.compile(r"^\*\*(\d+(?:\.\d+)?) min\.\*\*")
QUESTION = "**Question.**"


@dataclass
class Slide:
    """One slide: its title, whether it opens a section, minutes, and the cells that make it."""

    title: str
    opens_section: bool
    minutes: float = 0.0
    cells: list[NotebookNode] = field(default_factory=list)

    @property
    def questions(self) -> int:
        """How many questions to the audience it has."""
        return sum(QUESTION in cell.source for cell in self.cells)


def read(path: Path) -> NotebookNode:
    """The deck as a notebook.

    Raises InputError where there is no such file, or a cell that is no part of a slide.
    """
    if not path.is_file():
        raise InputError(f"there is no deck {path}; the course's own is lectures/unets_by_hand.py")
    notebook = jupytext.read(path)
    slides(notebook)
    return notebook


def slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of a deck, in order; InputError with the first cell that does not fit."""
    found: list[Slide] = []
    for cell in notebook.cells:
        first_line = cell.source.strip().partition("\n")[0]
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if kind not in KINDS:
            raise InputError(f"{first_line!r} is a {kind!r}; a cell is one of {', '.join(KINDS)}")
        if kind == "skip":
            continue
        if kind == "slide":
            heading = re.match(r"(#+) (.+)", first_line)
            if not heading:
                raise InputError(f"a slide begins with its heading, not with {first_line!r}")
            found.append(Slide(heading[2], opens_section=len(heading[1]) == 1))
        if not found:
            raise InputError(f"{first_line!r} stands before the first slide")
        if kind == "notes":
            minutes = _MINUTES.match(first_line)
            if not minutes:
                raise InputError(
                    f"the notes of {found[-1].title!r} begin with their minutes, as **2 min.**, "
                    f"not with {first_line!r}"
                )
            found[-1].minutes += float(minutes[1])
        found[-1].cells.append(cell)
    return found
