"""A unit's graded cells, run in this process: quick enough for hundreds of answers."""

import ast
import contextlib
import io
import os
import signal
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from nbformat import NotebookNode

from medseg.notebook.definitions import run_definitions
from medseg.runtime import EXECUTION
from medseg.units.labels import grade_id, is_graded, is_solution, points
from medseg_grader.course.units import Unit

CELL_SECONDS = 180


class Score(NamedTuple):
    """Points reached in one test cell, the most it gives, and why points are missing."""

    reached: float
    points: float
    reason: str = ""


def score(
    unit: Unit, replaced: Mapping[str, str], skip_slow_of_others: bool = False
) -> dict[str, Score]:
    """Run the unit's graded cells in this process: {grade_id: Score}.

    `replaced` maps an exercise to another source of its solution cell. With `skip_slow_of_others`,
    test cells tagged `slow` run only for the replaced exercises.
    """
    namespace: dict[str, Any] = {"__name__": unit.name}
    for index, cell in enumerate(unit.cells):
        if cell.cell_type == "code" and not is_graded(cell):
            source = replaced.get(grade_id(cell), cell.source) if is_solution(cell) else cell.source
            run_definitions(source, f"{unit.name} cell {index + 1}", namespace)
    results = {}
    for cell in unit.graded_cells():
        slow = "slow" in cell.metadata.get("tags", [])
        if slow and skip_slow_of_others and unit.exercise_of(cell) not in replaced:
            continue
        results[grade_id(cell)] = _score_cell(cell, namespace)
    return results


def lost(scores: Mapping[str, Score]) -> dict[str, str]:
    """Where points are missing, and why: {grade_id: reason}."""
    return {cell: s.reason for cell, s in scores.items() if s.reached < s.points}


def _score_cell(cell: NotebookNode, namespace: dict[str, Any]) -> Score:
    """nbgrader's rule: an error or anything on stderr is 0, a number at the end partial credit.

    Warnings are off, as `medseg.probes` switches them off where nbgrader grades.
    """
    names = dict(namespace)
    tree = ast.parse(cell.source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    errors, printed = io.StringIO(), io.StringIO()
    result = None
    with (
        _time_limit(CELL_SECONDS),
        contextlib.redirect_stderr(errors),
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            exec(compile(tree, grade_id(cell), "exec"), names)
            if last is not None:
                result = eval(compile(ast.Expression(last.value), grade_id(cell), "eval"), names)
        except (Exception, SystemExit) as error:
            return Score(0, points(cell), f"{type(error).__name__}: {error}")
    if text := errors.getvalue():
        return Score(0, points(cell), f"it wrote to stderr: {text.strip()}")
    if isinstance(result, bool) or not isinstance(result, int | float):
        return Score(points(cell), points(cell))
    return Score(float(result), points(cell), f"partial credit {result:g}")


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables as nbgrader does while it grades, and take them back."""
    values = {EXECUTION: "autograde", **values}
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


@contextlib.contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"the cell ran longer than {seconds} s")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
