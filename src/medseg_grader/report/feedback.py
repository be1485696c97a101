"""The feedback page of one student and unit: points, the reason for each that is missing, answers.

The story and the pictures of the unit are in the student's notebook and not repeated here. Hidden
tests stay hidden: of such a cell the page shows its first comment and the error's own sentence.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from markupsafe import Markup
from nbformat import NotebookNode

from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.course.markers import hides, shows
from medseg_grader.course.units import HIDDEN, Unit
from medseg_grader.grading.diagnosis import OUTCOMES
from medseg_grader.records.marks import Mark
from medseg_grader.records.results import CellScore, Result
from medseg_grader.report.clean import Cleaner
from medseg_grader.report.html import render

ALL_PASSED = "All tests passed."
NOT_ANSWERED = "Not answered: the cell is missing or as it was handed out."
# in names of mistakes, which are in small letters
_SPELLED = {"nan": "NaN", "iou": "IoU", "relu": "ReLU", "cpu": "CPU", "gpu": "GPU", "pq": "PQ"}
BY_HAND = "Your instructor gave these points by hand."


@dataclass
class Work:
    """What the executed notebook has on one exercise."""

    answer: NotebookNode | None = None
    tests: list[NotebookNode] = field(default_factory=list)
    after: list[NotebookNode] = field(default_factory=list)


def feedback_page(
    unit: Unit, result: Result, mark: Mark, notebook: NotebookNode | None, *, key: str = ""
) -> str:
    """The page as HTML text.

    Args:
        unit: the unit, for titles, hints and what is hidden.
        result: the grading's own result, for the reasons.
        mark: what the gradebook has, for the points and an instructor's comments.
        notebook: the executed notebook; None where there is none to show.
        key: what the page is made from.
    """
    cleaner = Cleaner(cell.source for cell in unit.cells)
    findings = [cleaner.sentence(finding) for finding in result.findings]
    exercises = [_exercise(unit, name, result, mark, cleaner) for name in unit.exercises]
    before, work = [], None
    if notebook is not None:
        # in the order of the page, as the cleaner counts how much of it is full
        own, sorted_cells = _sort_by_exercise(unit, notebook)
        before = [_own_cell(cell, cleaner) for cell in own]
        work = {name: _shown(cells, result, cleaner) for name, cells in sorted_cells.items()}
    return render(
        "feedback.html",
        key=key,
        title=title(unit),
        student=result.student,
        total=mark.total,
        most=sum(cell.max_points for cell in result.cells),
        penalty=mark.penalty,
        findings=findings,
        exercises=exercises,
        before=before,
        work=work,
    )


def title(unit: Unit) -> str:
    """The unit's title: the first heading of its first text cell."""
    return next((text for level, text in _headings(unit.cells[0]) if level == 1), unit.name)


def exercise_titles(unit: Unit) -> dict[str, str]:
    """The heading above each exercise's solution cell, with its name where two share one."""
    titles, last = {}, ""
    for cell in unit.cells:
        for level, text in _headings(cell):
            last = text if level == 2 else last
        if is_solution(cell):
            titles[grade_id(cell)] = last
    shared = Counter(titles.get(name, "") for name in unit.exercises)
    return {
        name: f"{titles[name]} ({name})" if shared[titles[name]] > 1 else titles[name] or name
        for name in unit.exercises
    }


def test_titles(unit: Unit) -> dict[str, str]:
    """Each test cell in words: "4.1 The confusion matrix, hidden test"."""
    titles = exercise_titles(unit)
    found: dict[str, str] = {}
    for cell in unit.graded_cells():
        exercise = unit.exercise_of(cell)
        rest = grade_id(cell).removeprefix(f"test_{exercise}").strip("_")
        what = f" {words(rest).lower()}" if rest not in {"", "hidden"} else ""
        found[grade_id(cell)] = f"{titles[exercise]},{what} {_kind(cell.source).lower()}"
    return found


def words(name: str) -> str:
    """A name as words: `rows_and_columns_swapped` as "Rows and columns swapped"."""
    parts = [_SPELLED.get(part, part) for part in name.split("_") if part]
    text = " ".join(parts)
    return text if parts and parts[0] in _SPELLED.values() else text[:1].upper() + text[1:]


def reasons(unit: Unit, result: Result, exercise: str, mark: Mark) -> list[str]:
    """Why the tests took points in an exercise, a sentence each; empty where they took none.

    Where an instructor gave the points of a cell by hand, its test says nothing any more.
    """
    cells = [c for c in result.cells if c.exercise == exercise and c.points < c.max_points]
    if cells and exercise in result.unanswered and not mark.by_hand & {c.grade_id for c in cells}:
        return [NOT_ANSWERED]
    kinds = {grade_id(cell): _kind(cell.source) for cell in unit.graded_cells(exercise)}
    return [_reason(c, kinds[c.grade_id]) for c in cells if c.grade_id not in mark.by_hand]


def _headings(cell: NotebookNode) -> Iterator[tuple[int, str]]:
    if cell.cell_type == "markdown":
        for marks, text in re.findall(r"^(#+) +(.+)$", cell.source, re.MULTILINE):
            yield len(marks), text.replace("`", "").strip()


def _kind(source: str) -> str:
    """How much of a test cell students see."""
    if not hides(source):
        return "Visible test"
    return "Partly hidden test" if shows(source) else "Hidden test"


def _reason(cell: CellScore, kind: str) -> str:
    return f"{kind} ({cell.points:g} of {cell.max_points:g}): {cell.reason or 'it failed.'}"


def _points(result: Result, exercise: str, mark: Mark) -> tuple[float, float]:
    cells = [cell for cell in result.cells if cell.exercise == exercise]
    reached = sum(mark.points.get(cell.grade_id, 0.0) for cell in cells)
    return reached, sum(cell.max_points for cell in cells)


def _exercise(
    unit: Unit, name: str, result: Result, mark: Mark, cleaner: Cleaner
) -> dict[str, object]:
    """What the page says of an exercise beside the student's cells."""
    reached, most = _points(result, name, mark)
    why = reasons(unit, result, name, mark)
    names = {cell.grade_id for cell in result.cells if cell.exercise == name}
    by_hand = [BY_HAND] if mark.by_hand & names else []
    return {
        "name": name,
        "title": exercise_titles(unit)[name],
        "reached": reached,
        "most": most,
        "state": "full" if reached >= most else "part" if reached > 0 else "none",
        "why": cleaner.sentence(" ".join(why + by_hand) or ALL_PASSED),
        "reasons": [cleaner.sentence(reason) for reason in why],
        "advice": _advice(unit, name, result, mark),
        "comments": comments_on(name, result, mark),
    }


def comments_on(exercise: str, result: Result, mark: Mark) -> list[str]:
    """What an instructor wrote in formgrader to an exercise's answer and to its tests."""
    cells = [exercise, *(c.grade_id for c in result.cells if c.exercise == exercise)]
    return [mark.comments[cell] for cell in cells if mark.comments.get(cell, "").strip()]


def _advice(unit: Unit, name: str, result: Result, mark: Mark) -> str:
    """The hint of the mistake that `check` recognised, where points are missing."""
    found = result.diagnosis.get(name)
    if found in OUTCOMES or not reasons(unit, result, name, mark):
        return ""
    hints = {mistake.name: mistake.hint for mistake in unit.exercises[name].mistakes}
    return hints.get(found or "", "")


def _shown(work: Work, result: Result, cleaner: Cleaner) -> dict[str, object]:
    """The cells of an exercise, made harmless."""
    answer: list[Markup] = []
    if work.answer is not None:
        answer = [cleaner.code(work.answer.source), *cleaner.outputs(work.answer)]
    after = [_own_cell(cell, cleaner) for cell in work.after]
    return {
        "answer": answer,
        "after": after,
        "tests": [_test(cell, result, cleaner) for cell in work.tests],
    }


def _test(cell: NotebookNode, result: Result, cleaner: Cleaner) -> dict[str, object]:
    score = next((c for c in result.cells if c.grade_id == grade_id(cell)), None)
    source = HIDDEN.sub("# The hidden tests are not shown.\n", cell.source).rstrip("\n")
    summary = _kind(cell.source)
    if score is not None:
        passed = "passed" if score.points >= score.max_points else "not passed"
        summary = f"{summary}, {passed} ({score.points:g} of {score.max_points:g})"
    parts = [cleaner.code(source)]
    if not HIDDEN.search(cell.source):
        parts += cleaner.outputs(cell)
    elif score is not None and score.reason:
        parts.append(cleaner.text(score.reason))
    return {"summary": summary, "parts": parts}


def _own_cell(cell: NotebookNode, cleaner: Cleaner) -> list[Markup]:
    """A cell that the student added."""
    if cell.cell_type == "markdown":
        return [cleaner.markdown(cell.source)]
    if cell.cell_type == "raw":
        return [cleaner.text(cell.source)]
    return [cleaner.code(cell.source), *cleaner.outputs(cell)]


def _sort_by_exercise(
    unit: Unit, notebook: NotebookNode
) -> tuple[list[NotebookNode], dict[str, Work]]:
    """The cells that the student put before the first exercise, and those of each exercise."""
    own = {cell.source.strip() for cell in unit.cells if not grade_id(cell)}
    tests = {grade_id(cell) for cell in unit.graded_cells()}
    work = {name: Work() for name in unit.exercises}
    before: list[NotebookNode] = []
    current = before
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in tests and is_graded(cell):
            work[unit.exercise_of(cell)].tests.append(cell)
        elif name in work and is_solution(cell):
            work[name].answer = cell
            current = work[name].after
        elif cell.source.strip() not in own:
            current.append(cell)
    return before, work
