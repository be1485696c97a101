"""The units of the course in the current folder, as their authors wrote them.

`solutions/04_iou/iou.py` holds the cells, `solutions/04_iou/mistakes.py` a list EXERCISES of what
`check` needs to know, made of the words of `medseg_grader.authoring`.
"""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from medseg import units
from medseg.errors import InputError
from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.authoring import Exercise

HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?^[ \t]*### END HIDDEN TESTS[ \t]*\n?",
    re.MULTILINE | re.DOTALL,
)
SOLUTION = re.compile(
    r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*\n?", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Unit:
    """One unit: its folder under `solutions/`, its cells and its exercises."""

    name: str
    script: Path
    cells: list[NotebookNode]
    exercises: dict[str, Exercise]

    def solution_cell(self, exercise: str) -> NotebookNode:
        """The solution cell whose grade_id is the exercise's name."""
        return next(c for c in self.cells if grade_id(c) == exercise and is_solution(c))

    def graded_cells(self, exercise: str | None = None) -> list[NotebookNode]:
        """The test cells, all or those of one exercise."""
        cells = [c for c in self.cells if is_graded(c)]
        if exercise is None:
            return cells
        return [c for c in cells if self.exercise_of(c) == exercise]

    def exercise_of(self, cell: NotebookNode) -> str:
        """The exercise that a test cell is about: `test_softmax_hidden` tests `softmax`."""
        name = grade_id(cell).removeprefix("test_")
        owners = [e for e in self.exercises if name == e or name.startswith(e + "_")]
        if not owners:
            raise InputError(
                f"{self.name}: test cell {grade_id(cell)} belongs to no exercise; "
                "call it test_<exercise> or test_<exercise>_<what>"
            )
        return max(owners, key=len)


def solutions_folder() -> Path:
    """`solutions/` of the course in the current folder; ValueError where there is none."""
    folder = Path("solutions")
    if not folder.is_dir():
        raise InputError(
            f"There is no folder solutions in {Path.cwd()}: "
            "run this command in the root of the course's repository."
        )
    return folder


def unit_names() -> list[str]:
    """All units of the course, in order."""
    return sorted(p.parent.name for p in solutions_folder().glob("[0-9][0-9]_*/mistakes.py"))


def find_unit(name: str) -> str:
    """The full name of a unit given as 4, `04`, `iou` or `04_iou`; ValueError if there is none."""
    return units.find_unit(name, unit_names())


def load_unit(name: str) -> Unit:
    """Read one unit's script and mistakes."""
    folder = solutions_folder() / name
    script = folder / f"{units.notebook_stem(name)}.py"
    if not script.is_file():
        raise InputError(f"Unit {name} has no script {script}.")
    cells = jupytext.read(script, fmt="py:percent").cells
    exercises = {e.name: e for e in _load_exercises(folder / "mistakes.py", name)}
    return Unit(name, script, cells, exercises)


def _load_exercises(path: Path, unit: str) -> list[Exercise]:
    spec = importlib.util.spec_from_file_location(f"mistakes_{unit}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"Unit {unit} has no {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXERCISES
