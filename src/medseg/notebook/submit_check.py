"""`medseg submit-check`: is a notebook ready to hand in, and if not, how is it mended?"""

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from medseg.errors import InputError, without_colours
from medseg.notebook.faults import (
    COSTS,
    FRESH,
    LOOK,
    NO_RESULTS,
    STOPS,
    Fault,
    find,
    of_file,
    place_of,
    unreadable,
)
from medseg.notebook.start import HANDED_OUT, NOTEBOOKS, not_installed
from medseg.runtime import EXECUTION
from medseg.units import notebook_name, unit_names, unit_of_file
from medseg.units.handed_in import LARGEST_MB, HandedIn, read_notebook
from medseg.units.handed_out import HandedOut, handed_out
from medseg.units.labels import grade_id

RUN_SECONDS = 600


def show(path: Path, run: bool = False) -> int:
    """Print what is found in a notebook, or in all of a folder; 0 if nothing is to be mended.

    With `run`, each is executed in a fresh kernel from top to bottom, in memory only. Raises
    InputError where there is no notebook of the course.
    """
    ready = True
    for unit, notebook in notebooks(path):
        faults = examine(unit, notebook, run)
        stops, costs = (sum(f.level == level for f in faults) for level in (STOPS, COSTS))
        ready = ready and not stops and not costs
        saved = time.strftime("%H:%M on %d %B", time.localtime(notebook.stat().st_mtime))
        print(f"{notebook}, as saved at {saved}")
        for fault in faults:
            what = fault.what.rstrip(".")
            print(f"  {fault.level:<6}  {fault.where} {what}.")
            print(f"          To mend it: {fault.mend}.")
        if run and not stops and not costs:
            print("  Run from the top, in a copy: every cell went through. Your file is unchanged.")
            print("  Whether answers are right is another question: medseg progress asks check.")
        verdict = f"not ready: {stops} to mend" if stops else "ready to hand in"
        if costs:
            verdict += f"{' and' if stops else ', but'} {costs} that cost points, or may"
        print(f"  {verdict}\n")
    if sentence := not_installed():
        print(sentence)
    return 0 if ready else 1


def notebooks(path: Path) -> list[tuple[str, Path]]:
    """(unit, notebook) of a notebook, of a unit's folder, or of a folder of such folders."""
    if path.is_file():
        unit = unit_of(path)
        if unit is None:
            raise InputError(
                f"{path} is no notebook of a unit that the package knows; there are: "
                f"{', '.join(unit_names())}."
            )
        return [(unit, path)]
    if not path.is_dir():
        start = "; medseg start makes it" if path == NOTEBOOKS and HANDED_OUT.is_dir() else ""
        raise InputError(f"there is no {path}{start}; name a notebook or the folder notebooks.")
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
    megabytes = path.stat().st_size / 2**20
    if megabytes > LARGEST_MB:
        what = f"has {megabytes:.0f} MB, and at most {LARGEST_MB} can be handed in"
        faults.append(Fault("the file", what, "clear the results of its largest cells and save"))
    faults += examine_content(path.read_bytes(), handed_out(unit))
    notebook = read(path) if run else None
    if isinstance(notebook, NotebookNode) and not any(map(grade_id, unreadable(notebook))):
        faults = [fault for fault in faults if fault.what != NO_RESULTS]  # it has some now
        faults += run_from_the_top(notebook, path.parent)
    return sorted(faults, key=lambda fault: (STOPS, COSTS, LOOK).index(fault.level))


def examine_content(content: bytes, release: HandedOut) -> list[Fault]:
    """All findings in the bytes of a notebook of the unit that `release` describes."""
    try:
        notebook = read_notebook(content)
    except InputError as error:
        return [_no_notebook(error)]
    return [*map(of_file, notebook.remarks), *find(_node(notebook), release)]


def _no_notebook(error: InputError) -> Fault:
    return Fault("the file", str(error).removeprefix("The file ").rstrip("."), FRESH)


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
                LOOK,
            )


def read(path: Path) -> NotebookNode | Fault:
    """The notebook in a file, as grading reads it, or why it is none."""
    try:
        return _node(read_notebook(path.read_bytes()))
    except InputError as error:
        return _no_notebook(error)


def _node(notebook: HandedIn) -> NotebookNode:
    """Its readable cells as nbformat's nodes; what else is odd in them is left out."""
    cells = []
    for cell, raw in zip(notebook.cells, notebook.raw, strict=True):
        metadata = raw.get("metadata")
        made: dict = {"cell_type": cell.type, "id": cell.id, "source": cell.source}
        made["metadata"] = metadata if isinstance(metadata, dict) else {}
        if cell.type == "code":
            outputs, count = raw.get("outputs"), raw.get("execution_count")
            given = outputs if isinstance(outputs, list) else []
            made["outputs"] = [output for output in given if isinstance(output, dict)]
            made["execution_count"] = count if isinstance(count, int) else None
        cells.append(made)
    metadata = {"medseg": {"release": notebook.release}}
    return nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def run_from_the_top(notebook: NotebookNode, folder: Path) -> Iterator[Fault]:
    """Execute a copy as nbgrader's Validate button does; the first bad cell ends it.

    The finding names the cell that is to be mended: the exercise rather than its test.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    started = [0]
    fresh = nbformat.from_dict(notebook)
    for cell in fresh.cells:
        cell.pop("execution_count", None)
        cell.metadata.pop("tags", None)  # here a test that fails ends the run
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
        yield Fault(place_of(index, grade_id(fresh.cells[index])), reason, mend, COSTS)
    except DeadKernelError:
        yield Fault("the notebook", "ends its kernel when it runs from the top", mend, COSTS)
    except TimeoutError:
        what = f"is not through after {RUN_SECONDS} seconds"
        yield Fault("the notebook", what, "look for a loop without end, or shorten the work", COSTS)


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
