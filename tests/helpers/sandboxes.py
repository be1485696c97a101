"""What the tests of the grader share: notebooks of a few cells, and a quick sandbox."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from medseg_grader.grading.execute import execute
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import Policy

needs_sandbox = pytest.mark.skipif(bool(bubblewrap.problem()), reason=bubblewrap.problem())
# imports nothing of the course, so that it is ready in a moment
QUICK = Policy(modules=("ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.debugger"))


def notebook(*sources):
    """A notebook of code cells. One that starts with `# test` is graded, with `# solution` not."""
    cells = []
    for number, source in enumerate(sources):
        cell = new_code_cell(source)
        if source.startswith(("# test", "# solution")):
            graded = source.startswith("# test")
            cell.metadata["nbgrader"] = {
                "grade": graded,
                "grade_id": f"cell_{number}",
                "locked": graded,
                "points": 1,
                "schema_version": 3,
                "solution": not graded,
                "task": False,
            }
        cells.append(cell)
    return new_notebook(cells=cells)


def run(*sources, on_cell=None, **limits):
    """Run the cells in the quick sandbox: (notebook, Execution)."""
    made = notebook(*sources)
    return made, execute(made, Limits(**limits), on_cell=on_cell, policy=QUICK)


def text_of(cell):
    """All that a cell printed and its result, as one text."""
    parts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return "".join(parts)
