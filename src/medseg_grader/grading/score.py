"""Step four of grading: points from what the test cells did, by the rule of `course.points`."""

from collections.abc import Mapping
from typing import Protocol

from nbformat import NotebookNode

from medseg.units.labels import grade_id
from medseg_grader.course.points import Points, points_of
from medseg_grader.course.template import Template
from medseg_grader.grading.rebuild import Rebuilt
from medseg_grader.records.results import CellScore


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
        for state, names in (("missing", rebuilt.missing), ("empty", rebuilt.empty)):
            if points < test.points and test.exercise in names:
                reason = f"The solution cell {test.exercise} is {state}. {reason}"
        seconds = round(run.seconds, 3) if run else 0.0
        cell = CellScore(test.grade_id, test.exercise, points, test.points, seconds, reason)
        scores.append(cell)
    return scores, findings


def nothing(template: Template, reason: str) -> list[CellScore]:
    """No points in any test cell of the unit, for one reason."""
    return [CellScore(t.grade_id, t.exercise, 0.0, t.points, 0.0, reason) for t in template.tests]


def _said(kind: str, text: str) -> str:
    """What was raised, as a reason: an assertion's text is one already."""
    return text if kind == AssertionError.__name__ and text.strip() else f"{kind}: {text}"


def _points(cell: NotebookNode, run: Run | None, most: float) -> Points:
    error = run.error if run else ""
    if not error and (run is None or not run.ran):
        error = "It did not run."
    raised = [_said(o.ename, o.evalue) for o in cell.outputs if o.output_type == "error"]
    results = [
        str(o.get("data", {}).get("text/plain", ""))
        for o in cell.outputs
        if o.output_type == "execute_result"
    ]
    return points_of(most, cell.source, error or next(iter(raised), ""), results)
