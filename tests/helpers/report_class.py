"""A graded class made of nothing but data: results, gradebook and executed notebooks."""

from functools import cache
from pathlib import Path

import nbformat
from nbgrader import api
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from medseg.units.labels import grade_id, is_graded, points
from medseg_grader.course import units
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.records.results import CellScore, Result, notebook_path

UNIT = "04_iou"
load_unit = cache(units.load_unit)


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


def record(root: Path, results) -> str:
    """A gradebook of nbgrader's with these results; returns its URL.

    Rows are put in as they are: nbgrader's own way through its API takes seconds for a few.
    """
    (root / "grading").mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{root}/grading/gradebook.db"
    engine = create_engine(url)
    api.Base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add(api.Course(id="default_course"))
        notebooks = {name: _add_unit(db, name) for name in {r.unit for r in results}}
        students = {r.student: r for r in results}.values()
        db.add_all(
            api.Student(id=r.student, last_name=r.name or None, lms_user_id=r.number or None)
            for r in students
        )
        for result in results:
            submission, notebook = api.new_uuid(), api.new_uuid()
            unit = f"unit {result.unit}"
            db.execute(
                insert(api.SubmittedAssignment).values(
                    id=submission, assignment_id=unit, student_id=result.student
                )
            )
            db.execute(
                insert(api.SubmittedNotebook).values(
                    id=notebook, assignment_id=submission, notebook_id=notebooks[result.unit]
                )
            )
            for cell in result.cells:
                row = {"id": api.new_uuid(), "cell_id": f"{unit} {cell.grade_id}"}
                row |= {"notebook_id": notebook, "auto_score": cell.points}
                db.execute(insert(api.Grade).values(needs_manual_grade=False, **row))
            for name in load_unit(result.unit).exercises:
                row = {"id": api.new_uuid(), "cell_id": f"{unit} {name}", "notebook_id": notebook}
                db.execute(insert(api.Comment).values(**row))
        db.commit()
    engine.dispose()
    return url


def _add_unit(db: Session, name: str) -> str:
    unit, notebook = f"unit {name}", f"notebook {name}"
    assignment = api.Assignment(name, course_id="default_course")
    assignment.id = unit
    db.add(assignment)
    db.add(api.Notebook(id=notebook, name=name.split("_", 1)[1], assignment_id=unit))
    loaded = load_unit(name)
    for cell in loaded.graded_cells():
        row = {"id": f"{unit} {grade_id(cell)}", "name": grade_id(cell), "notebook_id": notebook}
        db.add(api.GradeCell(max_score=points(cell), cell_type="code", **row))
    for exercise in loaded.exercises:
        db.add(api.SolutionCell(id=f"{unit} {exercise}", name=exercise, notebook_id=notebook))
    db.flush()
    return notebook


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
