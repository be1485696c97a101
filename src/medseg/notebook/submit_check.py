"""`medseg submit-check`: is a notebook ready to hand in, and if not, how is it mended?"""

import asyncio
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from medseg.errors import InputError
from medseg.notebook.faults import FRESH, Fault, find, place_of, unreadable
from medseg.runtime import EXECUTION
from medseg.terminal import without_colours
from medseg.units import notebook_name, unit_names, unit_of_file
from medseg.units.handed_out import handed_out
from medseg.units.labels import grade_id

LARGEST_FILE_MB = 20
RUN_SECONDS = 600


def show(path: Path, run: bool = False) -> int:
    """Print what is found in a notebook, or in all of a folder; 0 if all are ready, else 1.

    With `run`, each is executed in a fresh kernel from top to bottom, in memory only. Raises
    ValueError where there is no notebook of the course.
    """
    ready = True
    for unit, notebook in notebooks(path):
        faults = examine(unit, notebook, run)
        stops = sum(fault.stops for fault in faults)
        ready = ready and not stops
        saved = time.strftime("%H:%M on %d %B", time.localtime(notebook.stat().st_mtime))
        print(f"{notebook}, as saved at {saved}")
        for fault in faults:
            what = fault.what.rstrip(".")
            print(f"  {'mend' if fault.stops else 'look'}  {fault.where} {what}.")
            print(f"        To mend it: {fault.mend}.")
        print(f"  {f'not ready: {stops} to mend' if stops else 'ready to hand in'}\n")
    return 0 if ready else 1


def notebooks(path: Path) -> list[tuple[str, Path]]:
    """(unit, notebook) of a notebook, of a unit's folder, or of a folder of such folders."""
    if path.is_file():
        unit = unit_of(path)
        if unit is None:
            raise InputError(f"{path} is none of the course's notebooks.")
        return [(unit, path)]
    if not path.is_dir():
        raise InputError(f"there is no {path}; name a notebook or the folder notebooks.")
    folders = [path / unit for unit in unit_names() if (path / unit).is_dir()] or [path]
    found = [pair for folder in folders for pair in _in_folder(folder)]
    if not found:
        raise InputError(f"there is no notebook of the course in {path.resolve()}.")
    return found


def _in_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    """The notebook of each unit; under another name only where the right one is missing."""
    mine: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.ipynb")):
        if unit := unit_of(path):
            mine.setdefault(unit, []).append(path)
    for unit, paths in mine.items():
        right = [path for path in paths if path.name == notebook_name(unit)]
        yield from ((unit, path) for path in right or paths)


def unit_of(path: Path) -> str | None:
    """The unit that a notebook belongs to: by its name, its grading labels, or its folder."""
    if by_name := unit_of_file(path):
        return by_name
    labels = {grade_id(cell) for cell in getattr(read(path), "cells", [])} - {""}
    shared = {unit: len(labels & handed_out(unit).graded_cells.keys()) for unit in unit_names()}
    best = max(shared, key=lambda unit: shared[unit])
    if shared[best]:
        return best
    folder = path.resolve().parent.name
    return folder if folder in unit_names() else None


def examine(unit: str, path: Path, run: bool = False) -> list[Fault]:
    """All findings in one file, those that stop it from being graded first."""
    faults = [*_name(unit, path)]
    notebook = read(path)
    if isinstance(notebook, Fault):
        return [*faults, notebook]
    megabytes = path.stat().st_size / 1e6
    if megabytes > LARGEST_FILE_MB:
        what = f"has {megabytes:.0f} MB, and at most {LARGEST_FILE_MB} can be handed in"
        faults.append(Fault("the file", what, "clear the results of its largest cells and save"))
    faults += _kernel(notebook)
    faults += find(notebook, handed_out(unit))
    if run and not any(grade_id(cell) for cell in unreadable(notebook)):
        faults += _run(notebook, path.parent)
    return sorted(faults, key=lambda fault: not fault.stops)


def _name(unit: str, path: Path) -> Iterator[Fault]:
    name = notebook_name(unit)
    if path.name != name:
        yield Fault(
            "the file",
            f"is called {path.name}, but grading looks for {name}",
            f"close it and rename it to {name}",
        )
        return
    for other in sorted(path.parent.glob("*.ipynb")):
        if other.name != name and unit_of(other) == unit:
            yield Fault(
                "the folder",
                f"also holds {other.name}, which is not graded",
                f"make sure that your answers stand in {name}, and delete {other.name}",
                stops=False,
            )


def read(path: Path) -> NotebookNode | Fault:
    """The notebook in a file, or why it is none."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    if not text.strip():
        return Fault("the file", "is empty", FRESH)
    try:
        version = json.loads(text).get("nbformat")
    except (json.JSONDecodeError, AttributeError):
        return Fault(
            "the file",
            "is no notebook: it is not whole, or was saved in another form",
            f"open it in JupyterLab and save it, or {FRESH}",
        )
    if version != 4:
        what = f"is a notebook of format {version}, and the course uses format 4"
        return Fault("the file", what, "open it in JupyterLab and save it")
    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat lets many kinds through where parts are missing
        first = str(error).splitlines()[0]
        return Fault("the file", f"is a damaged notebook ({first})", FRESH)


def _kernel(notebook: NotebookNode) -> Iterator[Fault]:
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        mend = "choose Kernel > Change Kernel, take Python 3, and save"
        yield Fault("the notebook", f"is set to a kernel for {language}", mend)


def _run(notebook: NotebookNode, folder: Path) -> Iterator[Fault]:
    """Execute a copy as nbgrader's Validate button does; the first bad cell ends it.

    The finding names the cell that is to be mended: the exercise rather than its test.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    started = [0]
    fresh = nbformat.from_dict(notebook)
    for cell in fresh.cells:
        cell.pop("execution_count", None)
    client = NotebookClient(
        fresh,
        timeout=None,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
    )
    environment = {**os.environ, EXECUTION: "validate"}
    execution = client.async_execute(env=environment, stderr=subprocess.DEVNULL)
    mend = "mend that cell, then choose Run > Restart Kernel and Run All Cells"
    try:
        asyncio.run(asyncio.wait_for(execution, RUN_SECONDS))
    except CellExecutionError as error:
        stopped = started[-1]
        index = (
            stopped if error.ename == "NameError" else _to_blame(fresh, stopped, error.traceback)
        )
        what = "stops a run from the top"
        if index != stopped:
            what += f" in {place_of(stopped, grade_id(fresh.cells[stopped]))}"
        reason = f"{what}: {error.ename}: {error.evalue}".rstrip(":. ")
        yield Fault(place_of(index, grade_id(fresh.cells[index])), reason, mend)
    except DeadKernelError:
        yield Fault("the notebook", "ends its kernel when it runs from the top", mend)
    except TimeoutError:
        what = f"is not through after {RUN_SECONDS} seconds"
        yield Fault("the notebook", what, "look for a loop without end, or shorten the work")


def _to_blame(notebook: NotebookNode, stopped: int, trace: str) -> int:
    """The cell in which the error arose; for a test that failed, that of its exercise."""
    lines = re.findall(r"Cell In\[(\d+)\]", without_colours(trace))
    counts = {cell.get("execution_count"): k for k, cell in enumerate(notebook.cells)}
    index = counts.get(int(lines[-1]), stopped) if lines else stopped
    tested = grade_id(notebook.cells[index]).removeprefix("test_")
    answers = {
        name: k
        for k, cell in enumerate(notebook.cells)
        if (name := grade_id(cell)) and not name.startswith("test_")
    }
    own = [name for name in answers if tested == name or tested.startswith(f"{name}_")]
    return answers[max(own, key=len)] if own else index
