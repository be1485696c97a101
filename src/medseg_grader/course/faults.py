"""What is wrong with a unit as its author wrote it, found in seconds and without running it.

One rule stands in one place: `medseg release` refuses a unit that has such a fault, `medseg verify`
lists them before it proves anything.
"""

import ast
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nbformat import NotebookNode

from medseg.errors import InputError
from medseg.notebook.run_order import parse
from medseg_grader.authoring import Exercise
from medseg_grader.course.headers import faults_of_header, lines_like_headers
from medseg_grader.course.isolation import bare_calls, story_variables
from medseg_grader.course.markers import faults_of_markers, hides, shows
from medseg_grader.course.outline import disagreements
from medseg_grader.course.script import ScriptCell, closest, read_script, read_text
from medseg_grader.course.skeleton import ENTRY, filled
from medseg_grader.course.units import (
    Unit,
    load_exercises,
    load_unit,
    owner_of,
    place_of,
    script_of,
)

FEWEST_MISTAKES = 5


class Fault(NamedTuple):
    """One fault: the line of the script, the cell, and a sentence that says what is to be done."""

    line: int
    cell: str
    says: str


def faults_of(unit: str) -> list[str]:
    """All faults of a unit as its author wrote it, a sentence each, in the order of the script.

    A sentence begins with the file, the line and the cell. Raises InputError where the unit has no
    script, or the current folder no course.
    """
    script = script_of(unit)
    try:
        cells = read_script(script)
    except InputError as error:
        return [_without_unit(unit, error)]
    exercises: Mapping[str, Exercise] | None = None
    elsewhere: list[str] = []
    try:
        exercises = load_exercises(unit)
        load_unit(unit)  # for what stands in alternatives.py and the like
    except InputError as error:
        elsewhere.append(_without_unit(unit, error))
    lost = list(_of_lost_lines(read_text(script).splitlines(), cells))
    strays = [] if lost else list(_of_strays(cells))
    odd = [*lost, *strays, *_of_labels(cells)]
    unreadable = list(_of_syntax(cells))
    swollen = {fault.cell for fault in lost}
    found = [*odd, *_of_markers(cells), *(f for f in unreadable if f.cell not in swollen)]
    # What cannot be seen for another fault is not told as one of its own.
    if not lost and not strays:
        found += _of_tests(cells)
    if not unreadable:
        found += [*_of_solutions(cells), *_of_use(cells)]
        found += [] if lost else _of_checks(unit, cells)
    if not lost and not strays and _say_what_they_give(cells):
        found += _of_texts(unit, cells)
    if exercises is not None:
        found += _of_entries(unit, cells, exercises)
        elsewhere += [] if lost else _entries_of_nothing(unit, cells, exercises)
    return [f"{script.name} line {f.line}, {f.cell}: {f.says}" for f in sorted(found)] + elsewhere


def refuse_faulty(units: Iterable[str]) -> None:
    """Raise InputError with all faults of these units, a line each, if there are any."""
    found = [f"{unit}: {fault}" for unit in units for fault in faults_of(unit)]
    if len(found) > 1:
        found.append(f"{len(found)} faults, and nothing was written.")
    if found:
        raise InputError("\n".join(found))


def _without_unit(unit: str, error: InputError) -> str:
    return str(error).removeprefix(f"{unit}: ")


def _solutions(cells: Sequence[ScriptCell]) -> dict[str, ScriptCell]:
    return {cell.name: cell for cell in cells if cell.is_solution}


def _of_lost_lines(lines: Sequence[str], cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Lines that were to open a cell and do not; the cell before has swallowed what follows."""
    for number in lines_like_headers(lines, cells):
        cell = [cell for cell in cells if cell.line <= number][-1]
        says = "it was to open a cell: write # %% and a blank, as in # %% nbgrader={…}."
        yield Fault(number, cell.name, says)


def _of_labels(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Lines that open cells, and names that are there twice."""
    first: dict[str, int] = {}
    for cell in cells:
        for says in faults_of_header(cell):
            yield Fault(cell.line, cell.name, says)
        if "grade_id" in cell.label:
            line = first.setdefault(cell.name, cell.line)
            if line != cell.line:
                says = f"its grade_id is that of the cell of line {line}, too: give it another."
                yield Fault(cell.line, cell.name, says)


def _of_strays(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Test cells of no exercise."""
    solutions = _solutions(cells)
    for cell in cells:
        if cell.is_test and not owner_of(cell.name, solutions):
            guess = closest(cell.name.removeprefix("test_"), list(solutions))
            hint = f"did you mean test_{guess}?" if guess else f"there are: {', '.join(solutions)}."
            yield Fault(
                cell.line,
                cell.name,
                "it belongs to no exercise: call it test_<exercise> or test_<exercise>_<what>; "
                f"{hint}",
            )


def _of_syntax(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Code cells that are no Python; in what is graded there are no magics either."""
    for cell in (cell for cell in cells if cell.is_code):
        reads = ast.parse if cell.is_test or cell.is_solution else parse
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reads(cell.source)
        except SyntaxError as error:
            line = cell.start + (error.lineno or 1) - 1
            yield Fault(line, cell.name, f"it is no Python ({error.msg}).")


def _of_markers(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    for cell in cells:
        for line, says in faults_of_markers(cell):
            yield Fault(line, cell.name, says)


def _of_tests(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Exercises without a visible or a hidden test."""
    solutions = _solutions(cells)
    for name, solution in solutions.items():
        own = [c for c in cells if c.is_test and owner_of(c.name, solutions) == name]
        if not any(shows(cell.source) for cell in own):
            says = f"it has no test that students see: write a test cell test_{name}."
            yield Fault(solution.line, name, says)
        if not any(hides(cell.source) or cell.name.endswith("_hidden") for cell in own):
            yield Fault(
                solution.line,
                name,
                f"it has no hidden test: write a test cell test_{name}_hidden, with "
                "### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS around what students do not see.",
            )


def _of_solutions(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    for name, cell in _solutions(cells).items():
        if _definition(cell) is None:
            says = f"it defines no function or class {name}, which its grade_id says it does."
            yield Fault(cell.line, name, says)


def _definition(cell: ScriptCell) -> ast.FunctionDef | ast.ClassDef | None:
    """What a solution cell defines under its own name."""
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == cell.name:
            return node
    return None


def _of_checks(unit: str, cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Calls of `check` that name another exercise, and exercises without any."""
    solutions = _solutions(cells)
    names = [f"{unit}.{name}" for name in solutions]
    checked: set[str] = set()
    for cell, call in _calls_of("check", cells):
        said, function = (ast.unparse(one) if one else "" for one in (*call.args, None, None)[:2])
        name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if name in names:
            due = str(name).partition(".")[2]
        else:
            near = closest(name, names).partition(".")[2] if isinstance(name, str) else ""
            due = function if function in solutions else near
        checked.add(due)
        if name not in names or function != due:
            wrong = (
                "hands over another function" if name in names else "names no exercise of this unit"
            )
            there = f"expected {_check(unit, due)}." if due else f"there are: {', '.join(names)}."
            says = f"check({said}, {function}) {wrong}; {there}"
            yield Fault(cell.start + call.lineno - 1, cell.name, says)
    for name, cell in solutions.items():
        if name not in checked:
            says = (
                f"no cell checks it: write {_check(unit, name)} into a cell of its own behind it."
            )
            yield Fault(cell.line, name, says)
    for cell, call in _calls_of("where_you_stand", cells):
        if call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value != unit:
            says = f"where_you_stand is asked for {call.args[0].value!r}, expected {unit!r}."
            yield Fault(cell.start + call.lineno - 1, cell.name, says)


def _check(unit: str, name: str) -> str:
    return f'check("{unit}.{name}", {name})'


def _calls_of(function: str, cells: Sequence[ScriptCell]) -> Iterator[tuple[ScriptCell, ast.Call]]:
    """Calls of a function by its name in cells that students run and nothing is graded by."""
    for cell in cells:
        if not cell.is_code or cell.is_test or cell.is_solution:
            continue
        for node in ast.walk(parse(cell.source)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == function
            ):
                yield cell, node


def _of_use(cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Test cells that use what is not theirs, or call an answer by itself."""
    for cell, line, says in story_variables(cells):
        yield Fault(cell.start + line - 1, cell.name, says)
    solutions = _solutions(cells)
    for cell in (cell for cell in cells if cell.is_test):
        for line, name in bare_calls(cell.source, solutions):
            yield Fault(
                cell.start + line - 1,
                cell.name,
                f"it calls {name} itself: write probes.call({name}, …), which hands over copies "
                "and sees what is done to them.",
            )


def _say_what_they_give(cells: Sequence[ScriptCell]) -> bool:
    """Whether points, minutes and difficulties are known, although a label may be misspelt."""
    names = [cell.name for cell in cells if "grade_id" in cell.label]
    solutions = [cell for cell in cells if cell.is_solution]
    return (
        len(names) == len(set(names))
        and not any(says for cell in solutions for says in faults_of_header(cell))
        and all(_is_number(cell.label.get("points")) for cell in cells if cell.is_test)
    )


def _is_number(points: Any) -> bool:
    try:
        return not isinstance(points, bool) and 0 <= float(points) < math.inf
    except (TypeError, ValueError):
        return False


def _as_meant(cell: ScriptCell) -> NotebookNode:
    """A cell with the label that was meant."""
    metadata = cell.cell.metadata | ({"nbgrader": dict(cell.label)} if cell.label else {})
    return NotebookNode({**cell.cell, "metadata": NotebookNode(metadata)})


def _of_texts(unit: str, cells: Sequence[ScriptCell]) -> Iterator[Fault]:
    """Points, minutes and difficulties of which the text says something else."""
    named = {name: Exercise(name, [], [], []) for name in _solutions(cells)}
    meant = Unit(unit, script_of(unit), [_as_meant(cell) for cell in cells], named)
    for says, written, number in disagreements(meant):
        cell = cells[number - 1]
        line = cell.line
        for other in cells[:number] if number else cells:
            if written and written in other.source.splitlines():
                cell, line = other, other.start + other.source.splitlines().index(written)
        yield Fault(line, cell.name, says)


def _of_entries(
    unit: str, cells: Sequence[ScriptCell], exercises: Mapping[str, Exercise]
) -> Iterator[Fault]:
    """Exercises without an entry in mistakes.py, with too few mistakes, or with odd ones."""
    for name, cell in _solutions(cells).items():
        if name not in exercises:
            entry = filled(
                ENTRY, name=name, arguments=_arguments(cell), mistakes=str(FEWEST_MISTAKES)
            )
            says = f"it has no entry in mistakes.py; write this into EXERCISES:\n{entry}"
            yield Fault(cell.line, name, says)
            continue
        mistakes = exercises[name].mistakes
        if len(mistakes) < FEWEST_MISTAKES:
            yield Fault(
                cell.line,
                name,
                f"it has {len(mistakes)} named mistakes in mistakes.py, expected "
                f"{FEWEST_MISTAKES} or more.",
            )
        taken: set[str] = set()
        for mistake in mistakes:
            says = f"two mistakes are called {mistake.name}" if mistake.name in taken else ""
            taken.add(mistake.name)
            try:
                ast.parse(mistake.apply(cell.source))
            except InputError as error:
                says = str(error)
            except SyntaxError as error:
                says = f"with the mistake {mistake.name} it is no Python ({error.msg})"
            if says:
                where = place_of(unit, "mistakes.py", "Mistake", mistake.name, mistake.hint)
                yield Fault(cell.line, name, f"{says}, see {where}.")


def _arguments(cell: ScriptCell) -> str:
    """The arguments of an exercise, for a reader."""
    try:
        node = _definition(cell)
    except SyntaxError:
        node = None
    if not isinstance(node, ast.FunctionDef):
        return f"those of {cell.name}"
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return ", ".join(one.arg for one in given)


def _entries_of_nothing(
    unit: str, cells: Sequence[ScriptCell], exercises: Mapping[str, Exercise]
) -> Iterator[str]:
    solutions = _solutions(cells)
    for name in exercises:
        if name not in solutions:
            guess = closest(name, [one for one in solutions if one not in exercises])
            hint = f"did you mean {guess}?" if guess else f"there are: {', '.join(solutions)}."
            where = place_of(unit, "mistakes.py", "Exercise", name)
            yield f"{where}, {name}: the script has no solution cell of this name; {hint}"
