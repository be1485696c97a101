"""A graded class made of nothing but data: results, gradebook and executed notebooks."""

from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from medseg_grader.catalogue import grade_id, is_graded, is_solution, load_unit, points
from medseg_grader.notebooks import solution_notebook
from medseg_grader.result import CellScore, Result, notebook_path

UNIT = "04_iou"


def result_of(student, share=1.0, unit=UNIT, **more):
    """A result that has all points in the first `share` of the unit's test cells."""
    loaded = load_unit(unit)
    tests = loaded.graded_cells()
    cells = []
    for index, cell in enumerate(tests):
        passed = index < round(share * len(tests))
        cells.append(
            CellScore(
                grade_id(cell),
                loaded.exercise_of(cell),
                points(cell) if passed else 0.0,
                points(cell),
                0.01 * (index + 1),
                "" if passed else "AssertionError: the mean is 1, expected 2.",
            )
        )
    return Result(student, unit, f"key of {student}", cells, seconds=2.0, **more)


def gradebook_url(root: Path) -> str:
    return f"sqlite:///{root}/grading/gradebook.db"


def record(root: Path, results) -> str:
    """A gradebook with these results; returns its URL."""
    (root / "grading").mkdir(parents=True, exist_ok=True)
    url = gradebook_url(root)
    with Gradebook(url) as book:
        for result in results:
            names = {"last_name": result.name or None, "lms_user_id": result.number or None}
            book.update_or_create_student(result.student, **names)
            notebook = result.unit.split("_", 1)[1]
            book.update_or_create_assignment(result.unit)
            book.update_or_create_notebook(notebook, result.unit)
            for cell in result.cells:
                book.update_or_create_grade_cell(
                    cell.grade_id,
                    notebook,
                    result.unit,
                    max_score=cell.max_points,
                    cell_type="code",
                )
            for cell in load_unit(result.unit).cells:
                if is_solution(cell):
                    book.update_or_create_solution_cell(grade_id(cell), notebook, result.unit)
            book.update_or_create_submission(result.unit, result.student)
            for cell in result.cells:
                grade = book.find_grade(cell.grade_id, notebook, result.unit, result.student)
                grade.auto_score = cell.points
            book.db.commit()
    return url


def executed(result, change=None):
    """The notebook as the grader leaves it: the unit's own, the solution as answer."""
    notebook = solution_notebook(load_unit(result.unit))
    reasons = {cell.grade_id: cell.reason for cell in result.cells}
    for cell in notebook.cells:
        if is_graded(cell) and reasons[grade_id(cell)]:
            name, _, value = reasons[grade_id(cell)].partition(": ")
            trace = [f"---> 1 {line}" for line in cell.source.splitlines()]
            cell.outputs = [nbformat.v4.new_output("error", ename=name, evalue=value)]
            cell.outputs[0].traceback = trace
    if change:
        change(notebook)
    return notebook


def save(root: Path, result, notebook=None) -> Path:
    """Write the executed notebook where the grader leaves it."""
    path = notebook_path(root, result.unit, result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook or executed(result)), encoding="utf-8")
    return path
