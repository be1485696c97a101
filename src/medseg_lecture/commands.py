"""The lecturers' command, called by `medseg.cli` through the entry point `medseg.commands`."""

import argparse
from collections.abc import Callable
from pathlib import Path

DECK = Path("lectures/unets_by_hand.py")


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `command(name, run, text, log)` gives the parser of each."""
    slides = command("slides", _slides, "lecturers: make slides, handout and notebook of a deck")
    slides.add_argument("deck", nargs="?", type=Path, default=DECK, help=f"default: {DECK}")
    slides.add_argument("--output", type=Path, default=Path("output/slides"), metavar="DIR")
    slides.add_argument(
        "--no-pdf", action="store_true", help="no handout as PDF, which needs Chromium"
    )
    slides.add_argument(
        "--notebook", action="store_true", help="only the notebook, to be run live in JupyterLab"
    )


def _slides(options: argparse.Namespace) -> int:
    from medseg_lecture import pages

    made = pages.write(
        options.deck, options.output, pdf=not options.no_pdf, only_notebook=options.notebook
    )
    for path in made:
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0
