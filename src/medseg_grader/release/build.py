"""From the instructors' scripts to the students' notebooks and the numbers behind `check`.

solutions/04_iou/iou.py -> solutions/04_iou/iou.ipynb -> notebooks/04_iou/iou.ipynb (nbgrader), and
solutions/04_iou/mistakes.py -> src/medseg/checks/hints/04_iou.jsonl. What was released is noted
down in src/medseg/units/04_iou.jsonl. The same sources give the same bytes.
"""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from medseg_grader.course.faults import refuse_faulty
from medseg_grader.course.forks import forked_pool
from medseg_grader.course.notebooks import write_solution_notebook
from medseg_grader.course.stock_nbgrader import nbgrader_api, run
from medseg_grader.course.units import load_unit
from medseg_grader.release.handed_out import write_handed_out
from medseg_grader.release.hints import all_hints, write_hints


def release(names: Iterable[str]) -> None:
    """Build the solution notebook, the hints and the students' notebook of each unit.

    Raises InputError, before anything is written, with all faults of the units as they are written,
    see `medseg_grader.course.faults`.
    """
    names = list(names)
    refuse_faulty(names)
    api = nbgrader_api()
    units = [load_unit(name) for name in names]
    with forked_pool() as pool:
        hints = all_hints(pool, units)
        for unit in tqdm(units, desc="release", unit="unit", file=sys.stdout):
            write_solution_notebook(unit)
            with _kept_on_failure(Path("notebooks", unit.name)):
                run(api, "generate_assignment", unit.name, force=True)
            write_hints(unit, next(hints))
            write_handed_out(unit)


@contextlib.contextmanager
def _kept_on_failure(folder: Path) -> Iterator[None]:
    """nbgrader deletes a released unit before it builds it anew: put it back if that fails."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".release-") as safe:
        before = Path(safe, folder.name)
        if folder.is_dir():
            shutil.copytree(folder, before)
        try:
            yield
        except BaseException:
            if before.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(before, folder)
            raise
