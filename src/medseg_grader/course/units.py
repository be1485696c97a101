"""The units of the course in the current folder, as their authors wrote them.

`solutions/04_iou/iou.py` holds the cells, `mistakes.py` beside it a list EXERCISES of what `check`
needs to know. Where there are `alternatives.py` and `slips.py`, their lists ALTERNATIVES and SLIPS
hold right and wrong answers by which the tests are proven, and EQUIVALENTS in `equivalents.py`
which small changes of a solution change nothing. All are made of the words of
`medseg_grader.authoring`.
"""

import ast
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode

from medseg import units
from medseg.errors import InputError
from medseg.probes.runners import RUNNERS
from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.authoring import Alternative, Equivalent, Exercise, Slip
from medseg_grader.course.config import read_course

HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?^[ \t]*### END HIDDEN TESTS[ \t]*\n?",
    re.MULTILINE | re.DOTALL,
)
SOLUTION = re.compile(
    r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*\n?", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Unit:
    """One unit: its folder under `solutions/`, its cells, exercises, and answers to try them on."""

    name: str
    script: Path
    cells: list[NotebookNode]
    exercises: dict[str, Exercise]
    alternatives: Sequence[Alternative] = ()
    slips: Sequence[Slip] = ()
    equivalents: Sequence[Equivalent] = ()

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
    """`solutions/` of the course in the current folder; InputError where there is none."""
    folder = Path("solutions")
    if not folder.is_dir():
        raise InputError(
            f"There is no folder solutions in {Path.cwd()}: "
            "run this command in the root of the course's repository."
        )
    return folder


def unit_names() -> list[str]:
    """The units of the course, in order: all that are written, or those that `course.toml` names.

    Raises InputError where it names one that is not written.
    """
    written = written_units()
    chosen = read_course().units
    return sorted({units.find_unit(one, written) for one in chosen}) if chosen else written


def written_units() -> list[str]:
    """All units in `solutions/`, in order."""
    return sorted(p.parent.name for p in solutions_folder().glob("[0-9][0-9]_*/mistakes.py"))


def deadlines() -> dict[str, datetime]:
    """When units of the course are due, by full name, where `course.toml` says so."""
    return {find_unit(unit): when for unit, when in read_course().deadlines.items()}


def find_unit(name: str) -> str:
    """The full name of a unit given as 4, `04`, `iou` or `04_iou`; InputError if there is none."""
    return units.find_unit(name, unit_names())


def load_unit(name: str) -> Unit:
    """Read one unit's script, mistakes and answers; InputError where they do not fit together."""
    folder = solutions_folder() / name
    script = folder / f"{units.notebook_stem(name)}.py"
    if not script.is_file():
        raise InputError(f"Unit {name} has no script {script}.")
    # Windows' editors put a mark before the first line, which is no part of it
    text = script.read_text(encoding="utf-8-sig")
    cells = jupytext.reads(text, fmt="py:percent").cells
    exercises = {e.name: e for e in _list(folder / "mistakes.py", "EXERCISES")}
    for exercise in exercises.values():
        _check_looking(name, exercise)
    alternatives, slips = load_alternatives(name), load_slips(name)
    equivalents = _list(folder / "equivalents.py", "EQUIVALENTS", optional=True)
    unit = Unit(name, script, cells, exercises, alternatives, slips, equivalents)
    answers: list[Alternative | Slip] = [*alternatives, *slips]
    for answer in answers:
        _check_answer(unit, answer)
    return unit


def load_alternatives(unit: str) -> list[Alternative]:
    """The unit's right answers written otherwise; none where it has no `alternatives.py`."""
    return _list(solutions_folder() / unit / "alternatives.py", "ALTERNATIVES", optional=True)


def load_slips(unit: str) -> list[Slip]:
    """The unit's wrong answers as students write them; none where it has no `slips.py`."""
    return _list(solutions_folder() / unit / "slips.py", "SLIPS", optional=True)


def _list(path: Path, name: str, optional: bool = False) -> list[Any]:
    """A list that an author's file defines; InputError where it does not."""
    if optional and not path.is_file():
        return []
    spec = importlib.util.spec_from_file_location(f"{path.stem}_{path.parent.name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputError(f"Unit {path.parent.name} has no {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not isinstance(found, list):
        raise InputError(f"{path} defines no list {name}.")
    return found


def _check_looking(unit: str, exercise: Exercise) -> None:
    """Raise InputError where an answer is to be looked at in a way that there is not."""
    runner = RUNNERS.get(exercise.runner)
    if runner is None:
        raise InputError(
            f"{unit}: {exercise.name} asks for the runner {exercise.runner!r}, which there is not; "
            f"there are: {', '.join(RUNNERS)}."
        )
    if not runner.builds:
        return
    looks = [look for call in exercise.calls for look in call.kwargs.get("look", ())]
    if not looks:
        return
    # here, as it needs torch
    from medseg.probes.networks import LOOKS

    for look in looks:
        if look not in LOOKS:
            raise InputError(
                f"{unit}: {exercise.name} asks for the look {look!r}, which there is not; "
                f"there are: {', '.join(map(repr, LOOKS))}."
            )


def _check_answer(unit: Unit, answer: Alternative | Slip) -> None:
    """Raise InputError where an answer is to no exercise of the unit, or does not define it."""
    kind = type(answer).__name__
    exercise = unit.exercises.get(answer.exercise)
    if exercise is None:
        raise InputError(
            f"{unit.name}: {kind} for {answer.exercise!r}, which is no exercise of the unit; "
            f"there are: {', '.join(unit.exercises)}."
        )
    names = {"", *(m.name for m in exercise.mistakes)}
    if isinstance(answer, Slip) and answer.mistake not in names:
        raise InputError(
            f"{unit.name}: a Slip of {exercise.name} should earn the hint of {answer.mistake!r}, "
            "which is no mistake of the exercise."
        )
    try:
        body = ast.parse(answer.source).body
    except SyntaxError as error:
        raise InputError(
            f"{unit.name}: {kind} for {exercise.name}: line {error.lineno} of its source is no "
            f"Python ({error.msg})."
        ) from error
    if exercise.name not in {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}:
        raise InputError(
            f"{unit.name}: {kind} for {exercise.name}: its source does not define {exercise.name}."
        )
