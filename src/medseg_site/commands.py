"""The site's command, called by `medseg.cli` through the entry point `medseg.commands`."""

import argparse
from collections.abc import Callable
from pathlib import Path


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `command(name, run, text, log)` gives its parser."""
    site = command("site", _site, "authors: make the course's pages for the web")
    site.add_argument("--output", type=Path, default=Path("output/site"), metavar="DIR")


def _site(options: argparse.Namespace) -> int:
    from medseg_site import build

    pages = build.write(options.output)
    size = sum(path.stat().st_size for path in options.output.rglob("*") if path.is_file())
    print(f"{options.output / 'index.html'}: {pages} pages, {size / 1e6:.0f} MB in all")
    return 0
