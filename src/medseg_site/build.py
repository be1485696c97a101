"""Build: gather what the pages are made of, and have Sphinx make them."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image, ImageSequence
from sphinx.cmd.build import build_main

from medseg.errors import InputError
from medseg.files import write_text
from medseg.units import notebook_name
from medseg_grader.course.units import Unit, load_unit, unit_names
from medseg_lecture.commands import DECK
from medseg_lecture.deck import read
from medseg_site import api, executed, figures, fragments
from medseg_site.student_view import student_view

SOURCES = Path("site")
# What is executed costs minutes, and is kept from one build to the next.
CACHE = Path("output/site-cache")
STATIC = Path(__file__).with_name("static")
WORDS = (
    "*The figures on this page are those of a finished solution; the exercises are yours. To write "
    'and to run them, open <a href="../notebooks/{notebook}" download>the notebook</a> where the '
    "course is installed.*"
)
# Pages that stand in the repository already, at the same place among the sources.
TAKEN = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/classroom.md",
    "docs/grading.md",
    "docs/own-course.md",
    "docs/writing-exercises.md",
)


def write(folder: Path, cache: Path = CACHE) -> int:
    """Write the site of the course in the current folder; the number of its pages.

    Raises InputError where there is nothing to make it of, or Sphinx has something to say.
    """
    if not (SOURCES / "conf.py").is_file():
        raise InputError(
            f"there is no {SOURCES / 'conf.py'} here: run this command in the root of the course's "
            "repository"
        )
    gathered = cache / "gathered"
    shutil.rmtree(gathered, ignore_errors=True)
    shutil.copytree(SOURCES, gathered)
    units, deck = [load_unit(name) for name in unit_names()], read(DECK)
    solved, slides = executed.course(units, DECK, cache)
    _gather_files(gathered)
    _gather_fragments(gathered / "_generated", units, deck)
    _gather_units(gathered / "units", units, solved)
    _run_sphinx(gathered, folder)
    shutil.copytree(slides, folder / "slides")
    for unit in units:
        _copy(_released(unit.name), folder / "notebooks" / notebook_name(unit.name))
    return sum(1 for _ in folder.rglob("*.html"))


def _gather_files(gathered: Path) -> None:
    """What stands in the repository already, and what is made of docstrings and widgets."""
    for name in TAKEN:
        _copy(Path(name), gathered / name)
    static = gathered / "_static"
    for path in (Path("docs/training.webp"), Path("docs/held_out.png"), *STATIC.iterdir()):
        _copy(path, static / path.name)
    with Image.open("docs/training.webp") as film:
        *_, last = ImageSequence.Iterator(film)
        last.save(static / "training_last.webp")
    figures.write(static)
    for name, page in api.pages().items():
        write_text(gathered / "api" / f"{name}.rst", page)


def _gather_fragments(folder: Path, units: Sequence[Unit], deck: NotebookNode) -> None:
    cells = [cell for unit in units for cell in unit.cells]
    parts = {
        "units": fragments.table_of_units(units),
        "slides": fragments.table_of_slides(deck),
        "references": fragments.list_of_works(units, deck),
        "phantom_iou": fragments.phantom_iou(),
        "augmentation": fragments.table_beginning(cells, "| training patients |"),
        "published": fragments.table_beginning(cells, "| | TZ | PZ |"),
        **figures.stills(),
    }
    for name, text in parts.items():
        write_text(folder / f"{name}.md", text + "\n")


def _gather_units(folder: Path, units: Sequence[Unit], solved: Mapping[str, NotebookNode]) -> None:
    keys = {key for unit in units for key in fragments.works(unit.cells)}
    for name, done in solved.items():
        released = nbformat.read(_released(name), as_version=4)
        seen = student_view(released, done, keys)
        words = nbformat.v4.new_markdown_cell(WORDS.format(notebook=_released(name).name))
        seen.cells.insert(1, words)
        write_text(folder / f"{name}.ipynb", nbformat.writes(seen))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _released(unit: str) -> Path:
    return Path("notebooks", unit, notebook_name(unit))


def _run_sphinx(sources: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    doctrees = sources.parent / "doctrees"
    # a warning is a link that leads nowhere, or a page that nobody finds
    failed = build_main(
        ["-q", "-W", "--keep-going", "-b", "html", "-d", str(doctrees), str(sources), str(folder)]
    )
    if failed:
        raise InputError("the pages have faults; each stands above with its file and line")
