"""A unit's graded cells, run in this process: quick enough for hundreds of answers."""

import ast
import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from unittest.mock import patch

from IPython.core.displayhook import DisplayHook
from IPython.lib.pretty import pretty
from nbformat import NotebookNode

from medseg.notebook.definitions import run_definitions
from medseg.runtime import EXECUTION, time_limit
from medseg.units.labels import grade_id, is_graded, is_solution, points
from medseg_grader.course.points import points_of
from medseg_grader.course.units import Unit

CELL_SECONDS = 180


class Score(NamedTuple):
    """Points reached in one test cell, the most it gives, and why points are missing."""

    reached: float
    points: float
    reason: str = ""


def score(
    unit: Unit,
    replaced: Mapping[str, str],
    skip_slow_of_others: bool = False,
    until_lost: bool = False,
    only_own: bool = False,
    seconds: int = CELL_SECONDS,
) -> dict[str, Score]:
    """Run the unit's graded cells in this process: {grade_id: Score}.

    Args:
        unit: whose cells.
        replaced: an exercise's name to another source of its solution cell.
        skip_slow_of_others: cells tagged `slow` run only for the replaced exercises.
        until_lost: cells tagged `slow` do not run once a replaced exercise has lost points; what
            trains for a minute need not say again that an answer is wrong.
        only_own: cells of other exercises do not run, nor any once points are lost.
        seconds: how long a cell may take that is not tagged `slow`.
    """
    namespace: dict[str, Any] = {"__name__": unit.name}
    for index, cell in enumerate(unit.cells):
        if cell.cell_type == "code" and not is_graded(cell):
            source = replaced.get(grade_id(cell), cell.source) if is_solution(cell) else cell.source
            run_definitions(source, f"{unit.name} cell {index + 1}", namespace)
    results: dict[str, Score] = {}
    for cell in sorted(unit.graded_cells(), key=_is_slow):
        own = unit.exercise_of(cell) in replaced
        if _is_slow(cell) and not own and skip_slow_of_others:
            continue
        stop = only_own or (_is_slow(cell) and own and until_lost)
        if (only_own and not own) or (stop and _lost_in(unit, replaced, results)):
            continue
        limit = CELL_SECONDS if _is_slow(cell) else seconds
        results[grade_id(cell)] = _score_cell(cell, namespace, limit)
    return results


def _is_slow(cell: NotebookNode) -> bool:
    return "slow" in cell.metadata.get("tags", [])


def _lost_in(unit: Unit, exercises: Mapping[str, str], scores: Mapping[str, Score]) -> bool:
    own = {grade_id(c) for c in unit.graded_cells() if unit.exercise_of(c) in exercises}
    return bool(own & lost(scores).keys())


def lost(scores: Mapping[str, Score]) -> dict[str, str]:
    """Where points are missing, and why: {grade_id: reason}."""
    return {cell: s.reason for cell, s in scores.items() if s.reached < s.points}


def _score_cell(cell: NotebookNode, namespace: dict[str, Any], seconds: int) -> Score:
    error, results = run_cell(cell.source, grade_id(cell), dict(namespace), seconds)
    reached, reason, _ = points_of(points(cell), cell.source, error, results)
    return Score(reached, points(cell), reason)


def run_cell(
    source: str, name: str, namespace: dict[str, Any], seconds: int = CELL_SECONDS
) -> tuple[str, list[str]]:
    """Run a cell as a kernel does: what it raised, as a text, and its value as a kernel shows it.

    The value is that of its last expression; None, and one before a semicolon, is not shown. What
    the cell prints goes nowhere. Warnings are off, as `medseg.probes` switches them off where
    nbgrader grades.

    Args:
        source: its code.
        name: stands for a file's name where it raises.
        namespace: what is defined; the cell adds to it.
        seconds: how long it may take.
    """
    with (
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            with time_limit(seconds):
                exec(compile(tree, name, "exec"), namespace)
                if not isinstance(last, ast.Expr):
                    return "", []
                value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
                if value is None or DisplayHook.semicolon_at_end_of_expression(source):
                    return "", []
                return "", [pretty(value)]
        except (Exception, SystemExit) as error:
            return f"{type(error).__name__}: {error}", []


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables as nbgrader does while it grades, and take them back."""
    with patch.dict(os.environ, {EXECUTION: "autograde", **values}):
        yield
