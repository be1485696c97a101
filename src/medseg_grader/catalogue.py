"""A unit as its author wrote it: cells, exercises, probes, named mistakes.

`solutions/04_iou/iou.py` holds the cells, `solutions/04_iou/mistakes.py` a list EXERCISES of what
`check` needs to know. Authors import `Exercise`, `Mistake` and `Call` from here.
"""

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode

from medseg import units

HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?^[ \t]*### END HIDDEN TESTS[ \t]*\n?",
    re.MULTILINE | re.DOTALL,
)
SOLUTION = re.compile(
    r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*\n?", re.MULTILINE | re.DOTALL
)


class Call:
    """One probe: the arguments with which `check` calls the student's function.

    `mentions` are texts that the message of an expected ValueError must contain. `shown` stands
    for the arguments where a runner makes others of them: `check` prints it behind the name.
    """

    def __init__(
        self, *args: Any, mentions: Sequence[str] = (), shown: str = "", **kwargs: Any
    ) -> None:
        self.args, self.kwargs = list(args), kwargs
        self.mentions, self.shown = list(mentions), shown


@dataclass(frozen=True)
class Mistake:
    """A realistic misconception: edits of the solution cell that make it, and the hint it earns.

    `edits` maps text of the solution cell to its replacement; every text must occur exactly once.
    A mistake that no small edit can express gives the whole cell as `source` instead.
    """

    name: str
    hint: str
    edits: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None

    def apply(self, solution: str) -> str:
        """The solution cell with this mistake made; ValueError if an edit does not fit."""
        if self.source is not None:
            return self.source.strip("\n")
        if not self.edits:
            raise ValueError(f"mistake {self.name} has neither edits nor a source")
        for old, new in self.edits.items():
            if solution.count(old) != 1:
                raise ValueError(
                    f"mistake {self.name}: {old!r} occurs {solution.count(old)} times in the "
                    "solution cell, expected once"
                )
            solution = solution.replace(old, new)
        return solution


@dataclass(frozen=True)
class Exercise:
    """What `check` and `hint` know about one exercise.

    `uses` names exercises that it calls; `legend` says what the numbers in its probes mean.
    """

    name: str
    calls: Sequence[Call]
    hints: Sequence[str]
    mistakes: Sequence[Mistake]
    runner: str = "call"
    device: bool = False
    tolerance: float = 1e-4
    uses: Sequence[str] = ()
    legend: str = ""


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
            raise ValueError(
                f"{self.name}: test cell {grade_id(cell)} belongs to no exercise; "
                "call it test_<exercise> or test_<exercise>_<what>"
            )
        return max(owners, key=len)


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, empty where it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def is_solution(cell: NotebookNode) -> bool:
    """Whether students write in this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_graded(cell: NotebookNode) -> bool:
    """Whether this cell is an autograded test."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not is_solution(cell)


def points(cell: NotebookNode) -> float:
    """The points of a test cell."""
    return float(cell.metadata["nbgrader"]["points"])


def solutions_folder() -> Path:
    """`solutions/` of the course in the current folder; ValueError where there is none."""
    folder = Path("solutions")
    if not folder.is_dir():
        raise ValueError(
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
        raise ValueError(f"Unit {name} has no script {script}.")
    cells = jupytext.read(script, fmt="py:percent").cells
    exercises = {e.name: e for e in _load_exercises(folder / "mistakes.py", name)}
    return Unit(name, script, cells, exercises)


def _load_exercises(path: Path, unit: str) -> list[Exercise]:
    spec = importlib.util.spec_from_file_location(f"mistakes_{unit}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"Unit {unit} has no {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXERCISES
