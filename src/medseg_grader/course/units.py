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
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from medseg import units
from medseg.errors import InputError
from medseg.probes.runners import RUNNERS
from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.authoring import Alternative, Equivalent, Exercise, Slip
from medseg_grader.course.config import read_course
from medseg_grader.course.script import read_cells, read_text

HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS[ \t]*\n.*?^[ \t]*### END HIDDEN TESTS[ \t]*\n?",
    re.MULTILINE | re.DOTALL,
)
SOLUTION = re.compile(
    r"^[ \t]*### BEGIN SOLUTION[ \t]*\n.*?^[ \t]*### END SOLUTION[ \t]*\n?",
    re.MULTILINE | re.DOTALL,
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
        owner = owner_of(grade_id(cell), self.exercises)
        if not owner:
            raise InputError(
                f"{self.name}: test cell {grade_id(cell)} belongs to no exercise; "
                "call it test_<exercise> or test_<exercise>_<what>"
            )
        return owner


def owner_of(test: str, exercises: Iterable[str]) -> str:
    """The exercise that a test cell of this grade_id is about; empty where it is about none."""
    name = test.removeprefix("test_")
    owners = [e for e in exercises if name == e or name.startswith(e + "_")]
    return max(owners, key=len, default="")


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
    try:
        return units.find_unit(name, unit_names())
    except InputError:
        begun = [p.name for p in solutions_folder().glob("[0-9][0-9]_*") if p.is_dir()]
        for unit in sorted(set(begun) - set(written_units())):
            if name in {unit, unit[:2], unit[:2].lstrip("0"), units.notebook_stem(unit)}:
                raise InputError(
                    f"{solutions_folder() / unit} has no mistakes.py yet: write one with a list "
                    "EXERCISES, or remove the folder and let medseg new-exercise begin the unit."
                ) from None
        raise


def load_unit(name: str) -> Unit:
    """Read one unit's script, mistakes and answers; InputError where they do not fit together."""
    script = script_of(name)
    cells = read_cells(script)
    exercises = load_exercises(name)
    alternatives, slips = load_alternatives(name), load_slips(name)
    equivalents = _list(name, "equivalents.py", "EQUIVALENTS", Equivalent, optional=True)
    unit = Unit(name, script, cells, exercises, alternatives, slips, equivalents)
    answers: list[Alternative | Slip] = [*alternatives, *slips]
    for answer in answers:
        _check_answer(unit, answer)
    return unit


def script_of(unit: str) -> Path:
    """The unit's script; InputError where there is none."""
    script = solutions_folder() / unit / f"{units.notebook_stem(unit)}.py"
    if not script.is_file():
        raise InputError(f"Unit {unit} has no script {script}.")
    return script


def load_exercises(unit: str) -> dict[str, Exercise]:
    """What the unit's `mistakes.py` knows of each exercise; InputError, with the line, if it is
    no Python, or asks for what there is not.
    """
    exercises: dict[str, Exercise] = {}
    for exercise in _list(unit, "mistakes.py", "EXERCISES", Exercise):
        if exercise.name in exercises:
            where = place_of(unit, "mistakes.py", "Exercise", exercise.name)
            raise InputError(f"{unit}: {where}: it has two entries for {exercise.name}.")
        exercises[exercise.name] = exercise
        _check_looking(unit, exercise)
    return exercises


def load_alternatives(unit: str) -> list[Alternative]:
    """The unit's right answers written otherwise; none where it has no `alternatives.py`."""
    return _list(unit, "alternatives.py", "ALTERNATIVES", Alternative, optional=True)


def load_slips(unit: str) -> list[Slip]:
    """The unit's wrong answers as students write them; none where it has no `slips.py`."""
    return _list(unit, "slips.py", "SLIPS", Slip, optional=True)


def place_of(unit: str, file: str, kind: str, *said: str) -> str:
    """Where an author's file has a call of `kind` with these texts: `mistakes.py line 12`.

    The file alone where the texts are not written out there.
    """
    tree = ast.parse(read_text(solutions_folder() / unit / file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if set(said) <= {one.value for one in given if isinstance(one, ast.Constant)}:
                return f"{file} line {node.lineno}"
    return file


def _list(unit: str, file: str, name: str, kind: type, optional: bool = False) -> list[Any]:
    """A list that an author's file defines; InputError, with the line, where it does not."""
    path = solutions_folder() / unit / file
    if not path.is_file():
        if optional:
            return []
        raise InputError(f"Unit {unit} has no {path}.")
    read_text(path)
    spec = importlib.util.spec_from_file_location(f"{path.stem}_{unit}", path.resolve())
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{unit}: {_what_happened(error, path)}") from error
    found = getattr(module, name, None)
    if not isinstance(found, list):
        raise InputError(f"{path} defines no list {name}.")
    for number, one in enumerate(found, 1):
        if not isinstance(one, kind):
            raise InputError(
                f"{unit}: {file}: number {number} of {name} is of type {type(one).__name__}, "
                f"expected {kind.__name__}(…)."
            )
    return found


def _what_happened(error: Exception, path: Path) -> str:
    """What an author's file raised when it was run, and on which of its lines."""
    own = str(path.resolve())
    if isinstance(error, SyntaxError) and error.filename == own:
        return f"{path.name} line {error.lineno}: it is no Python ({error.msg})."
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    where = f"{path.name} line {lines[-1]}" if lines else path.name
    return f"{where}: {type(error).__name__}: {error}"


def _check_looking(unit: str, exercise: Exercise) -> None:
    """Raise InputError where an answer is to be looked at in a way that there is not."""
    runner = RUNNERS.get(exercise.runner)
    if runner is None:
        where = place_of(unit, "mistakes.py", "Exercise", exercise.name)
        raise InputError(
            f"{unit}: {where}: {exercise.name} asks for the runner {exercise.runner!r}, which "
            f"there is not; there are: {', '.join(RUNNERS)}."
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
            where = place_of(unit, "mistakes.py", "Exercise", exercise.name)
            raise InputError(
                f"{unit}: {where}: {exercise.name} asks for the look {look!r}, which there is not; "
                f"there are: {', '.join(map(repr, LOOKS))}."
            )


def _check_answer(unit: Unit, answer: Alternative | Slip) -> None:
    """Raise InputError where an answer is to no exercise of the unit, or does not define it."""
    kind = type(answer).__name__
    file = "slips.py" if isinstance(answer, Slip) else "alternatives.py"

    def refusal(says: str) -> InputError:
        said = (answer.exercise, answer.mistake if isinstance(answer, Slip) else answer.name)
        where = place_of(unit.name, file, kind, *said)
        return InputError(f"{unit.name}: {where}: {kind} for {answer.exercise}: {says}")

    exercise = unit.exercises.get(answer.exercise)
    if exercise is None:
        raise refusal(f"it is no exercise of the unit; there are: {', '.join(unit.exercises)}.")
    names = {"", *(m.name for m in exercise.mistakes)}
    if isinstance(answer, Slip) and answer.mistake not in names:
        raise refusal(
            f"it should earn the hint of {answer.mistake!r}, which is no mistake of the exercise."
        )
    try:
        body = ast.parse(answer.source).body
    except SyntaxError as error:
        raise refusal(f"line {error.lineno} of its source is no Python ({error.msg}).") from error
    if exercise.name not in {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}:
        raise refusal(f"its source does not define {exercise.name}.")
