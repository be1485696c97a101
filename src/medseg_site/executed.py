"""Executed: the solutions' notebooks with their outputs, each run once for what it is made of."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from tqdm import tqdm

import medseg
import medseg_lecture
from medseg import training
from medseg.errors import InputError
from medseg.files import write_text
from medseg.runtime import UNATTENDED
from medseg.units.labels import is_graded
from medseg_grader.course.notebooks import write_solution_notebook
from medseg_grader.course.units import Unit, load_unit, unit_names
from medseg_lecture import pages

CELL_SECONDS = 1200
# Two notebooks at a time, each with one thread: what a laptop with two cores has.
AT_A_TIME = 2
# Unit 07 sees the least that pays, whatever the machine: figures and seconds stay the same.
TRAINING = ("SLICES_IN_ALL = None", f"SLICES_IN_ALL = {training.LEAST_SLICES}")
_ONE_THREAD = {f"{who}_NUM_THREADS": "1" for who in ("OMP", "OPENBLAS", "MKL")}


def course(units: Iterable[Unit], deck: Path, cache: Path) -> tuple[dict[str, NotebookNode], Path]:
    """The solution of each unit by its name, with outputs, and a folder with slides and handout.

    What was executed is kept in the folder `cache`, under a name made of its script and of the
    package that it imports. Raises InputError where a cell fails.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with _solutions() as folder:
        kept = {
            name: cache / f"{name}-{digest(path.read_bytes(), medseg)}.ipynb"
            for name, path in folder
        }
        slides = cache / f"slides-{digest(deck.read_bytes(), medseg, medseg_lecture)}"
        tasks = [
            partial(_keep_executed, path, kept[name])
            # who trains takes longest, so the others fit beside it
            for name, path in sorted(folder, key=lambda one: "prostate" not in one[0])
            if not kept[name].is_file()
        ]
        if not slides.is_dir():
            tasks.insert(1, partial(_keep_slides, deck, slides))
        _do_all(tasks)
    return {unit.name: nbformat.read(kept[unit.name], as_version=4) for unit in units}, slides


def _do_all(tasks: Sequence[Callable[[], None]]) -> None:
    if not tasks:
        return
    with (
        ThreadPoolExecutor(AT_A_TIME) as pool,
        tqdm(total=len(tasks), desc="executed", unit="notebook", file=sys.stdout) as bar,
    ):
        for task in as_completed([pool.submit(task) for task in tasks]):
            task.result()
            bar.update()


def _keep_executed(path: Path, kept: Path) -> None:
    done = executed(path)
    for older in kept.parent.glob(f"{kept.name.rpartition('-')[0]}-*"):
        older.unlink()
    write_text(kept, nbformat.writes(done))


def _keep_slides(deck: Path, kept: Path) -> None:
    for older in kept.parent.glob("slides-*"):
        shutil.rmtree(older)
    with TemporaryDirectory(dir=kept.parent) as folder:
        for path in pages.write(deck, Path(folder), pdf=False):
            if path.suffix == ".ipynb":
                path.unlink()
        shutil.copytree(folder, kept)


def executed(path: Path) -> NotebookNode:
    """A notebook with the outputs of its cells, tests left out; InputError with what failed."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(path.parent)}}
    )
    # nobody is there: widgets are pictures
    env = {**os.environ, **_ONE_THREAD, UNATTENDED: "1"}
    try:
        with client.setup_kernel(env=env, stderr=subprocess.DEVNULL):
            for index, cell in enumerate(notebook.cells):
                if not is_graded(cell):
                    client.execute_cell(cell, index)
    except CellExecutionError as error:
        raise InputError(f"{path.name} fails: {error.ename}: {error.evalue}") from error
    return notebook


@contextmanager
def _solutions() -> Iterator[list[tuple[str, Path]]]:
    """All solution notebooks side by side, as a unit takes over what earlier ones define."""
    with TemporaryDirectory() as folder:
        paths = [(name, _write(name, Path(folder))) for name in unit_names()]
        yield paths


def _write(name: str, root: Path) -> Path:
    path = write_solution_notebook(load_unit(name), root)
    write_text(path, path.read_text(encoding="utf-8").replace(*TRAINING))
    return path


def digest(content: bytes, *packages: ModuleType) -> str:
    """A short hash of what is executed, and of the packages that draw its figures."""
    found = hashlib.sha256(content)
    for package in packages:
        for path in sorted(Path(*package.__path__).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                found.update(path.read_bytes())
    return found.hexdigest()[:16]
