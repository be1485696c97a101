"""A student types into the first exercise of a unit, and `check` answers."""

import pytest
from browser.lab import code_cells, some

from medseg.units.labels import is_solution
from medseg_grader.course.units import SOLUTION, load_unit

pytestmark = pytest.mark.slow


def first_exercise(unit):
    """(exercise, lines of its stub to keep, body of the solution, body of the first mistake)."""
    loaded = load_unit(unit)
    cell = next(cell for cell in loaded.cells if is_solution(cell))
    exercise = loaded.exercises[cell.metadata.nbgrader.grade_id]
    keep = cell.source[: SOLUTION.search(cell.source).start()].count("\n")
    for mistake in exercise.mistakes:
        bodies = [body(text, keep) for text in (cell.source, mistake.apply(cell.source))]
        if bodies[1] is not None:
            return exercise, keep, bodies[0], bodies[1], mistake
    raise AssertionError(f"no mistake of {exercise.name} leaves its signature as it is")


def body(source, keep):
    """What a student would type under the first `keep` lines of a solution cell."""
    lines = source.split("\n")[keep:]
    if not lines or "### BEGIN SOLUTION" not in lines[0]:
        return None
    return "\n".join(line for line in lines if "### " not in line)


@pytest.mark.parametrize("unit", some([]))
def test_the_first_exercise_is_typed_in_and_checked(open_notebook, course, unit):
    exercise, keep, right, wrong, mistake = first_exercise(unit)
    notebook = open_notebook(course.untouched(unit))
    stub, check = notebook.index(exercise.name), notebook.index(f'check("{unit}.{exercise.name}"')
    notebook.run(code_cells(notebook)[0])

    notebook.run(stub)
    assert notebook.run(check).startswith("Not attempted: ")

    notebook.type_below(stub, keep, wrong)
    notebook.run(stub)
    answer = notebook.run(check)
    assert answer.startswith("Wrong: ")
    assert " ".join(mistake.hint.split()) in " ".join(answer.split())
    notebook.shot(f"{unit}-typed-mistake")

    notebook.type_below(stub, keep, right)
    notebook.run(stub)
    assert notebook.run(check).startswith("Right: ")
    notebook.shot(f"{unit}-typed-right")
