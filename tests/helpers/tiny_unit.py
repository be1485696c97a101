"""A unit in memory, with one exercise `f` that doubles a number."""

from pathlib import Path

from nbformat.v4 import new_code_cell

from medseg_grader.authoring import Call, Exercise, Mistake
from medseg_grader.course.units import Unit


def cell(source, grade_id, graded, tags=()):
    """A solution cell, or a test cell of two points."""
    nbgrader = {"grade": graded, "grade_id": grade_id, "solution": not graded, "points": 2}
    return new_code_cell(source, metadata={"nbgrader": nbgrader, "tags": list(tags)})


def unit_with(*tests):
    """The unit with these test cells."""
    solution = cell("def f(x):\n    return 2 * x", "f", False)
    cells = [new_code_cell("import sys"), solution, *tests]
    mistakes = [Mistake("adds", "Twice, not plus two.", {"2 * x": "2 + x"})]
    return Unit("u", Path("u.py"), cells, {"f": Exercise("f", [Call(3)], ["h"], mistakes)})
