"""`medseg start`: what was handed out goes to where a student works, and never over anything there.

A bundle holds its notebooks in `handed_out/`, so that a later one, unpacked over the first, writes
over no student's work. From there they come into `notebooks/`.
"""

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from medseg.errors import InputError
from medseg.files import write_bytes, write_text
from medseg.files.archives import FILE, entries
from medseg.notebook.renewal import is_theirs, renewed
from medseg.units import find_unit, notebook_name, unit_names
from medseg.units.changes import changes
from medseg.units.handed_in import LARGEST_MB, HandedIn, read_notebook
from medseg.units.handed_out import graded_cells_of, handed_out
from medseg.units.remarks import Remark

HANDED_OUT = Path("handed_out")
NOTEBOOKS = Path("notebooks")
INSTALL = "run `pip install --no-deps -e .` in this folder, with the environment of the course"
_UNIT = re.compile(r"\d\d_\w+")


def show(renew: Sequence[str] = ()) -> int:
    """Start all units that were handed out, or renew some; a line for each, 1 if one went wrong.

    Raises InputError where the current folder is not that of an unpacked bundle, or holds no such
    unit.
    """
    units = units_in_bundle()
    chosen = [find_unit(one, units) for one in renew]
    wrong = 0
    for unit in chosen or units:
        try:
            print(f"{unit}: {_renew(unit) if chosen else _start(unit)}")
        except (InputError, OSError) as error:
            print(f"{unit}: nothing was done. {error}")
            wrong += 1
    if sentence := not_installed():
        print(sentence)
    return int(bool(wrong or sentence))


def units_in_bundle() -> list[str]:
    """The units in `handed_out/` of the current folder; InputError where there are none."""
    if not HANDED_OUT.is_dir():
        if Path("solutions").is_dir():
            raise InputError(
                "start is for the bundle that students get: in the course's repository, notebooks/ "
                "holds the released notebooks already."
            )
        raise InputError(
            f"There is no folder {HANDED_OUT} in {Path.cwd()}: run medseg start in the folder that "
            f"you unpacked, where README.md lies."
        )
    names = {entry.path for entry in entries(HANDED_OUT) if entry.kind == FILE}
    folders = sorted({path.parent.name for path in names if len(path.parts) == 2})
    units = [name for name in folders if _UNIT.fullmatch(name)]
    units = [u for u in units if any(path.parts == (u, notebook_name(u)) for path in names)]
    if not units:
        raise InputError(f"{HANDED_OUT.resolve()} holds no notebook: unpack the bundle again.")
    return units


def not_installed() -> str:
    """What to do where the package does not know the units of the bundle; empty where it does.

    A copy of the package that was installed knows only what was handed out before.
    """
    if not HANDED_OUT.is_dir():
        return ""
    unknown = [unit for unit in units_in_bundle() if not _is_known(unit)]
    if not unknown:
        return ""
    return (
        f"The installed package does not know {', '.join(unknown)} as handed out, so that check, "
        f"hint and submit-check cannot help: {INSTALL}."
    )


def _is_known(unit: str) -> bool:
    if unit not in unit_names():
        return False
    return handed_out(unit).release == _ours(unit)[1].release


def _start(unit: str) -> str:
    path = _place(unit)
    content, ours = _ours(unit)
    if not os.path.lexists(path):
        write_bytes(path, content)
        return f"new, in {path.parent.as_posix()}"
    try:
        theirs = read_notebook(_read(NOTEBOOKS, unit))
    except InputError as error:
        raise InputError(f"{path} is kept, but cannot be read: {error}") from error
    if _is_of_another_release(ours, theirs):
        return (
            f"yours, kept. It was handed out anew since: medseg start --renew "
            f"{unit.partition('_')[0]} puts your answers into the new one and keeps yours beside it"
        )
    return "yours, kept"


def _renew(unit: str) -> str:
    path = _place(unit)
    if not os.path.lexists(path):
        return _start(unit)
    content, ours = _ours(unit)
    mine = _read(NOTEBOOKS, unit)
    theirs = read_notebook(mine)
    if not (_changes(ours, theirs) or _is_of_another_release(ours, theirs)):
        return "yours, kept. It is as it was handed out, apart from your work: nothing to renew"
    made = renewed(content, theirs)
    kept = _free(path.with_name(f"{path.stem}_{time.strftime('%Y-%m-%d_%H.%M.%S')}.ipynb"))
    write_bytes(kept, mine)
    write_text(path, made.text)
    return (
        f"new, with {_count(made.answers, 'answer')} and {_count(made.cells, 'cell')} of yours; "
        f"run it from the top. As it was: {kept.as_posix()}"
    )


def _ours(unit: str) -> tuple[bytes, HandedIn]:
    """A notebook as it was handed out: its bytes, and what is in them."""
    content = _read(HANDED_OUT, unit)
    try:
        return content, read_notebook(content)
    except InputError as error:
        raise InputError(f"{HANDED_OUT / unit} is damaged: unpack the bundle again.") from error


def _changes(ours: HandedIn, theirs: HandedIn) -> list[Remark]:
    return changes(theirs, graded_cells_of(ours.cells), ours.release)


def _is_of_another_release(ours: HandedIn, theirs: HandedIn) -> bool:
    """Whether it says so, or has an untouched cell that is not handed out now."""
    if any(remark.kind == "release" for remark in _changes(ours, theirs)):
        return True
    known = {cell.id for cell in ours.cells}
    return any(
        cell.id not in known and not cell.grade_id and not is_theirs(cell) for cell in theirs.cells
    )


def _place(unit: str) -> Path:
    """Where a student works on a unit; InputError where a link or a file is in the way."""
    for folder in (NOTEBOOKS, NOTEBOOKS / unit):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            what = "a link, which is not followed" if folder.is_symlink() else "no folder"
            raise InputError(f"{folder} is {what}: rename it, and say medseg start again.")
    return NOTEBOOKS / unit / notebook_name(unit)


def _read(folder: Path, unit: str) -> bytes:
    """The bytes of a unit's notebook in a folder of units."""
    path = folder / unit / notebook_name(unit)
    for entry in entries(path.parent):
        if entry.member != path.name:
            continue
        if entry.kind != FILE:
            raise InputError(f"{path} is {entry.odd or 'a folder'}, and no notebook.")
        if entry.size > LARGEST_MB * 2**20:
            raise InputError(f"{path} has over {LARGEST_MB} MB: clear its results and save it.")
        return entry.read()
    raise InputError(f"There is no {path}.")


def _free(path: Path) -> Path:
    """A name that nothing has: this one, or with a number."""
    free, number = path, 1
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return free


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
