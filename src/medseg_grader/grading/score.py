"""Step four of grading: points from what the test cells did, strictly.

A test cell passes if it ran and raised nothing; what it wrote to stderr costs nothing. Partial
credit is a finite number from 0 to the cell's points, as the value of the cell's last expression;
any other value there, or more than one, is 0 points and a finding.
"""

import ast
import math
from collections.abc import Mapping
from typing import Protocol

from nbformat import NotebookNode

from medseg.errors import without_colours
from medseg.units.labels import grade_id
from medseg_grader.course.template import Template
from medseg_grader.grading.rebuild import Rebuilt
from medseg_grader.records.results import CellScore

_LONGEST = 300


class Run(Protocol):
    """What the executor says of one cell: whether it ran to its end, and an error's sentence."""

    @property
    def ran(self) -> bool: ...
    @property
    def error(self) -> str: ...
    @property
    def seconds(self) -> float: ...


def score(
    template: Template, rebuilt: Rebuilt, runs: Mapping[int, Run]
) -> tuple[list[CellScore], list[str]]:
    """One score for each test cell of the unit, and findings.

    Args:
        template: the unit.
        rebuilt: its notebook, executed: outputs are in its cells.
        runs: what the executor says, by index of the cell; a cell without an entry did not run.
    """
    places = {grade_id(cell): i for i, cell in enumerate(rebuilt.notebook.cells) if grade_id(cell)}
    scores, findings = [], []
    for test in template.tests:
        index = places[test.grade_id]
        run = runs.get(index)
        points, reason, odd = _points(rebuilt.notebook.cells[index], run, test.points)
        if odd:
            findings.append(f"Test cell {test.grade_id}: {reason}")
        if points < test.points and test.exercise in rebuilt.missing:
            reason = f"The solution cell {test.exercise} is missing. {reason}"
        seconds = round(run.seconds, 3) if run else 0.0
        cell = CellScore(test.grade_id, test.exercise, points, test.points, seconds, reason)
        scores.append(cell)
    return scores, findings


def nothing(template: Template, reason: str) -> list[CellScore]:
    """No points in any test cell of the unit, for one reason."""
    return [CellScore(t.grade_id, t.exercise, 0.0, t.points, 0.0, reason) for t in template.tests]


def _points(cell: NotebookNode, run: Run | None, most: float) -> tuple[float, str, bool]:
    """Points, why some are missing, and whether an instructor should hear of it."""
    if run is None or run.error or not run.ran:
        return 0.0, _sentence(run.error if run and run.error else "It did not run."), False
    error = next((o for o in cell.outputs if o.output_type == "error"), None)
    if error is not None:
        return 0.0, _sentence(f"{error.ename}: {error.evalue}"), False
    results = [o for o in cell.outputs if o.output_type == "execute_result"]
    if not results:
        return most, "", False
    if len(results) > 1:
        return 0.0, f"{len(results)} values came from it, where one is due.", True
    text = str(results[-1].get("data", {}).get("text/plain", ""))
    if not _ends_in_expression(cell.source):
        return 0.0, _sentence(f"its last line has no value, yet {text!r} came as one."), True
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not 0 <= value <= most:
        wrong = f"its value should be a number from 0 to {most:g}, and is {text!r}."
        return 0.0, _sentence(wrong), True
    partial = "" if value == most else f"Partial credit: {value:g} of {most:g} points."
    return value, partial, False


def _ends_in_expression(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return True
    return bool(body) and isinstance(body[-1], ast.Expr)


def _sentence(text: str) -> str:
    """One line, without colours, not too long."""
    line = " ".join(without_colours(text).split())
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
