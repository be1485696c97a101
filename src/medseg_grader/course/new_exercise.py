"""A new exercise in a unit, or the first one of a new unit, that is sound before it is changed."""

import ast
import builtins
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext

from medseg.errors import InputError
from medseg.files import write_text
from medseg.units import find_unit, notebook_stem
from medseg.units.labels import grade_id, is_solution
from medseg_grader.course.headers import refuse_odd_headers
from medseg_grader.course.outline import HEADER, Outline
from medseg_grader.course.script import read_script, read_text
from medseg_grader.course.skeleton import EXERCISE, MISTAKES, UNIT, UNIT_MISTAKES, filled
from medseg_grader.course.units import load_unit, solutions_folder, written_units

_UNIT = re.compile(r"\d\d_[a-z][a-z0-9]*(_[a-z0-9]+)*")
_EXERCISE = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
# What the skeleton calls, by the statement that imports it.
_NEEDED = {
    "np": "import numpy as np",
    "check": "from medseg import check",
    "probes": "from medseg import probes",
}
_NEEDED_MISTAKES = {
    "np": "import numpy as np",
    "Call": "from medseg_grader.authoring import Call",
    "Exercise": "from medseg_grader.authoring import Exercise",
    "Mistake": "from medseg_grader.authoring import Mistake",
}


@dataclass(frozen=True)
class NewExercise:
    """What was written: the exercise, its unit and the points that this gives now, the files."""

    unit: str
    outline: Outline
    points: float
    files: tuple[Path, Path]
    new_unit: bool


def new_exercise(unit: str, name: str) -> NewExercise:
    """Write the skeleton of an exercise to the end of a unit, and to its mistakes.

    The unit is made if there is none: its name says the number, as in `09_my_unit`. The skeleton
    doubles an array; `medseg verify` finds no fault in it once it is released.

    Raises:
        InputError: there can be no unit or exercise of that name, there is one, or the unit's files
            are not as the course has them; nothing is written then.
    """
    full, is_new = _unit_name(unit)
    folder = solutions_folder() / full
    script, mistakes = folder / f"{notebook_stem(full)}.py", folder / "mistakes.py"
    named = {"unit": full, "name": name, "ordinal": str(int(full[:2]))}
    points = 0.0
    if is_new:
        title = notebook_stem(full).replace("_", " ").capitalize()
        texts = [filled(UNIT, title=title, **named), filled(UNIT_MISTAKES, **named)]
    else:
        found = load_unit(full)
        refuse_odd_headers(full, read_script(script))
        points = sum(cell.metadata["nbgrader"]["points"] for cell in found.graded_cells())
        texts = [read_text(path) for path in (script, mistakes)]
    cells = jupytext.reads(texts[0], fmt="py:percent").cells
    _check_name(full, name, [c for c in cells if c.cell_type == "code"])
    place = sum(map(is_solution, cells)) + 1
    outline = Outline(f"{named['ordinal']}.{place}", name, points=2, minutes=10, difficulty=1)
    seed = str(int(full[:2]) * 1000 + place * 100 + 1)
    cells_of_it = filled(EXERCISE, number=outline.number, line=outline.line(), seed=seed, **named)
    text = _with_row(_before_the_end(texts[0], cells_of_it), outline.row, script)
    text = _with_imports(text, _NEEDED)
    listed = _with_imports(_listed(texts[1], filled(MISTAKES, **named), mistakes), _NEEDED_MISTAKES)
    write_text(script, text)
    write_text(mistakes, listed)
    return NewExercise(full, outline, points + outline.points, (script, mistakes), is_new)


def _unit_name(unit: str) -> tuple[str, bool]:
    """The full name of the unit that is meant, and whether it is to be made."""
    known = written_units()
    try:
        return find_unit(unit, known), False
    except InputError:
        if not _UNIT.fullmatch(unit) or keyword.iskeyword(notebook_stem(unit)):
            raise InputError(
                f"There is no unit called {unit!r}, and a new one has two digits and a name in "
                f"small letters, as 09_my_unit; there are: {', '.join(known)}."
            ) from None
    for other in known:
        if other[:2] == unit[:2] or notebook_stem(other) == notebook_stem(unit):
            raise InputError(f"A new unit {unit} would have the number or the name of {other}.")
    folder = solutions_folder() / unit
    if folder.exists():
        raise InputError(f"There is a folder {folder} without mistakes.py: finish or remove it.")
    return unit, True


def _check_name(unit: str, name: str, cells: list) -> None:
    if not _EXERCISE.fullmatch(name) or keyword.iskeyword(name) or hasattr(builtins, name):
        raise InputError(
            f"{name!r} can be no exercise: expected a name for a function of your own, as "
            "mean_iou, or for a class, as DoubleConv."
        )
    if name.startswith("test_"):
        raise InputError(f"{name!r} can be no exercise: names that begin with test_ are of tests.")
    taken = {grade_id(cell) for cell in cells}
    own = {name, f"test_{name}", f"test_{name}_hidden"}
    if clash := sorted(own & taken) or sorted(t for t in taken if t.startswith(f"test_{name}_")):
        raise InputError(f"{unit} has a cell called {clash[0]} already.")
    if name in {bound for cell in cells for bound in _bound(cell.source)}:
        raise InputError(f"{unit} defines {name} already.")


def _bound(source: str) -> set[str]:
    """The names that a cell's statements define or import."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return set()
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            names = (n for target in node.targets for n in ast.walk(target))
            found |= {n.id for n in names if isinstance(n, ast.Name)}
    return found


def _before_the_end(script: str, cells: str) -> str:
    """The script with cells put before those of `where_you_stand`, or at its end."""
    starts = [match.start() for match in re.finditer(r"^# %%", script, re.MULTILINE)]
    ends = [*starts[1:], len(script)]
    pieces = [script[a:b] for a, b in zip(starts, ends, strict=True)]
    last = next((k for k, p in enumerate(pieces) if "\nwhere_you_stand(" in p), len(pieces))
    if 0 < last < len(pieces) and "# ## Where you stand" in pieces[last - 1]:
        last -= 1
    place = [*starts, len(script)][last]
    return f"{script[:place].rstrip()}\n\n{cells}{script[place:]}".rstrip() + "\n"


def _with_row(script: str, row: str, path: Path) -> str:
    """The script with a row more at the end of the table of exercises."""
    head = "".join(f"# {line}\n" for line in HEADER)
    before, found, after = script.partition(head)
    if not found:
        raise InputError(
            f"{path} has no table of its exercises to add a row to, one that begins {HEADER[0]!r}."
        )
    rows = re.match(r"(# \|.*\n)*", after)
    end = rows.end() if rows else 0
    return f"{before}{head}{after[:end]}# {row}\n{after[end:]}"


def _listed(source: str, exercise: str, path: Path) -> str:
    """The mistakes with one exercise more at the end of EXERCISES."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            lines = source.splitlines(keepends=True)
            end = (node.value.end_lineno or 0) - 1
            if names == ["EXERCISES"] and lines[end].strip() == "]":
                return "".join([*lines[:end], exercise, *lines[end:]])
    raise InputError(f"{path} has no list EXERCISES that is written out and ends in a line ].")


def _with_imports(source: str, needed: dict[str, str]) -> str:
    """The source with the imports that it lacks, before the first one that it has."""
    bound = _bound(source)
    lacking = [statement for name, statement in needed.items() if name not in bound]
    if not lacking:
        return source
    body = ast.parse(source).body
    first = next((n for n in body if isinstance(n, ast.Import | ast.ImportFrom)), None)
    lines = source.splitlines()
    place = first.lineno - 1 if first else 0
    return "\n".join([*lines[:place], *lacking, *lines[place:]]) + "\n"
