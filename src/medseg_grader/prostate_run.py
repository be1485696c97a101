"""Unit 07 as a batch job: train and evaluate on a data set, with nothing changed but its folder.

`python -m medseg_grader.prostate_run DATA [--output DIR]`, which is what `make real DATA=…` runs,
executes the solution notebook of unit 07 and leaves in DIR the executed notebook, the figure of a
held-out patient (held_out.png), and IoU and Dice per patient and class (iou.csv).
"""

import argparse
import contextlib
import io
import logging
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO
from unittest.mock import patch

import nbformat
from nbformat import NotebookNode

from medseg.cases import load_cases
from medseg.errors import InputError
from medseg.files import write_text
from medseg.runtime import EXECUTION, UNATTENDED
from medseg.units.labels import is_graded
from medseg_grader.course.notebooks import solution_notebook, write_solution_notebook
from medseg_grader.course.units import Unit, load_unit, unit_names
from medseg_grader.grading.interruption import interruptible

UNIT = "07_prostate"
RESULTS = ("held_out.png", "iou.csv")
# Of what the notebook prints, these lines are passed on: what `medseg.training` says beforehand.
TOLD = ("slices take ", "On held-out phantoms ")


def run(data: str, output: Path, parameters: dict | None = None, progress: bool = True) -> Path:
    """Execute the notebook on `data` and return the path of the executed one, in `output`.

    Args:
        data: "phantom", or a folder in the layout of the Medical Segmentation Decathlon.
        output: folder for the results; made if there is none.
        parameters: more of the notebook's parameters, by name.
        progress: whether to show the bars of the notebook's cells as they grow, and what the
            training says of itself.

    Raises:
        ValueError: the data cannot be used, or a cell of the notebook failed.
    """
    data = data if data == "phantom" else str(Path(data).resolve())
    load_cases(data, count=1, progress=False)
    # all of them, as unit 07 carries the exercises of units 04 to 06 over from their notebooks
    folders = {name: write_solution_notebook(load_unit(name)).parent for name in unit_names()}
    output = output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    for name in RESULTS:
        (output / name).unlink(missing_ok=True)
    executed = output / "prostate.ipynb"
    with _quiet(), _batch_job(), tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder, executed.name)
        write_text(notebook, nbformat.writes(lesson(load_unit(UNIT)), version=4) + "\n")
        import papermill
        from papermill.exceptions import PapermillExecutionError

        try:
            papermill.execute_notebook(
                notebook,
                executed,
                parameters={"DATA": data, "OUTPUT": str(output), **(parameters or {})},
                cwd=str(folders[UNIT]),
                # not papermill's own bar over cells, which stands still while one of them trains
                progress_bar=False,
                stdout_file=Narrator(sys.stdout) if progress else None,
                # or the kernel remarks on its transport in the midst of the bar
                extra_arguments=["--log-level=ERROR"],
                # a kernel that trains would take five seconds to be asked politely
                shutdown_kernel="immediate",
            )
        except PapermillExecutionError as error:
            raise InputError(
                f"cell {error.exec_count} of the notebook stopped with {error.ename}: "
                f"{error.evalue}; see {executed}"
            ) from error
    missing = [name for name in RESULTS if not (output / name).is_file()]
    if missing:
        raise InputError(f"the notebook ran, but wrote no {' and no '.join(missing)} in {output}")
    return executed


class Narrator:
    """A file for what a notebook prints as it runs: passes on its bars and the lines TOLD.

    A bar is a line that begins with a carriage return, as tqdm's do.
    """

    def __init__(self, screen: TextIO) -> None:
        self._screen, self._line, self._bar = screen, "", False

    def write(self, text: str) -> None:
        """The next piece of the output, wherever it was cut."""
        for piece in re.split(r"([\r\n])", text):
            if piece == "\r":
                self._bar = True
            if self._bar:
                self._screen.write(piece)
            elif piece != "\n":
                self._line += piece
            elif any(words in self._line for words in TOLD):
                self._screen.write(f"{self._line}\n")
            if piece == "\n":
                self._line, self._bar = "", False

    def flush(self) -> None:
        """Show what was passed on so far."""
        self._screen.flush()


def lesson(unit: Unit) -> NotebookNode:
    """The unit's notebook without its test cells, which say nothing about the data."""
    notebook = solution_notebook(unit)
    notebook.cells = [cell for cell in notebook.cells if not is_graded(cell)]
    return notebook


def summary(table: Path) -> str:
    """Mean IoU and Dice of each class over the patients of an iou.csv."""
    import csv

    import numpy as np

    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [f"{'class':<20}{'patients':>9}{'IoU':>8}{'Dice':>8}"]
    for name in dict.fromkeys(row["class"] for row in rows):
        own = [row for row in rows if row["class"] == name]
        means = [np.nanmean([float(row[key]) for row in own]) for key in ("iou", "dice")]
        lines.append(f"{name:<20}{len(own):>9}{means[0]:>8.3f}{means[1]:>8.3f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 if all went well, 1 with one sentence if not."""
    parser = argparse.ArgumentParser(
        prog="python -m medseg_grader.prostate_run",
        description="Train and evaluate unit 07's network on a data set.",
    )
    parser.add_argument("data", help='folder of the data set (with dataset.json), or "phantom"')
    parser.add_argument("--output", type=Path, default=Path("output/real"), help="for the results")
    parser.add_argument(
        "--seconds", type=float, default=300, help="how long the training may take; default: 300"
    )
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        executed = run(options.data, options.output, {"TRAINING_SECONDS": options.seconds})
    except (ValueError, OSError) as error:
        print(error)
        return 1
    print(summary(executed.with_name("iou.csv")))
    print(f"{time.monotonic() - start:.0f} s; notebook, figure and table are in {executed.parent}")
    return 0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Papermill and the kernel's client remark on things that no reader of ours can change."""
    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _batch_job() -> Iterator[None]:
    """Train in full, even where a grader started this process, with bars instead of widgets.

    Phantoms are drawn side by side in threads. Were numpy to start threads of its own in each, they
    would mostly wait for each other; torch, which trains, does not listen to that variable. Its
    threads sleep while they wait: on two cores that another program uses too, a training whose
    threads wait in a loop takes five times as long, on free ones they are as fast.
    """
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    with patch.dict(os.environ, {UNATTENDED: "1", **threads}):
        os.environ.pop(EXECUTION, None)
        yield


if __name__ == "__main__":
    sys.exit(interruptible(main))
