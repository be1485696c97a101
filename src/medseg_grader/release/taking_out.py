"""What was released of units that the course no longer has is taken out again.

Only what a release has written goes: a notebook in which somebody has worked stays, and is named.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from medseg.errors import InputError
from medseg.files.archives import FILE, entries
from medseg.units import notebook_name
from medseg.units.handed_in import HandedIn, read_notebook
from medseg.units.handed_out import fingerprint
from medseg_grader.release.handed_out import HANDED_OUT
from medseg_grader.release.hints import HINTS

_UNIT = re.compile(r"\d\d_\w+")


def take_out_others(units: Sequence[str]) -> Iterator[str]:
    """Remove what was released of all units but these; a sentence for each, also on what stays.

    Raises OSError where a file cannot be removed.
    """
    for note in sorted(HANDED_OUT.glob("*.jsonl")):
        unit = note.stem
        if unit in units or not _UNIT.fullmatch(unit):
            continue
        stays = _take_out_notebook(unit, note)
        (HINTS / note.name).unlink(missing_ok=True)
        # last, so that a removal that was interrupted goes on at the next release
        note.unlink()
        yield f"{unit} is no unit of the course any more: taken out{stays}."


def _take_out_notebook(unit: str, note: Path) -> str:
    """What is not the release's and stays, as the end of a sentence; empty where nothing is."""
    folder = Path("notebooks", unit)
    if folder.is_symlink() or not folder.is_dir():
        return f", except {folder}, which is no folder" if folder.is_symlink() else ""
    for entry in entries(folder):
        if entry.name == entry.member == notebook_name(unit) and entry.kind == FILE:
            if not _is_as_released(entry.read(), note):
                return f", except {folder / entry.name}, which was changed since its release"
            (folder / entry.name).unlink()
    if others := [entry.path.as_posix() for entry in entries(folder)]:
        return f", except what else lies in {folder}: {', '.join(others)}"
    folder.rmdir()
    return ""


def _is_as_released(content: bytes, note: Path) -> bool:
    """Whether a notebook has the cells that were noted down, and was not run since."""
    _, *records = map(json.loads, note.read_text(encoding="utf-8").splitlines())
    try:
        notebook = read_notebook(content)
    except InputError:
        return False
    cells = [(cell.id, cell.type, fingerprint(cell.source)) for cell in notebook.cells]
    released = [(record["id"], record["type"], record["fingerprint"]) for record in records]
    return cells == released and not _was_run(notebook)


def _was_run(notebook: HandedIn) -> bool:
    return any(raw.get("outputs") or raw.get("execution_count") for raw in notebook.raw)
