"""The feedback page of one student and unit: points, the reason for each that is missing, answers.

The story and the pictures of the unit are in the student's notebook and not repeated here. Hidden
tests stay hidden: of such a cell the page shows its first comment and the error's own sentence.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.course.units import HIDDEN, Unit
from medseg_grader.grading.diagnosis import OUTCOMES
from medseg_grader.records.marks import Mark
from medseg_grader.records.results import CellScore, Result
from medseg_grader.report.clean import Cleaner
from medseg_grader.report.html import Html, element, join, page, table

ALL_PASSED = "All tests passed."
NOT_ANSWERED = "Not answered: the cell is missing or as it was handed out."


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
    most = sum(cell.max_points for cell in result.cells)
    parts: list[object] = [element("p", f"{mark.total:g} of {most:g} points", class_="total")]
    parts.append(element("p", f"Handed in by {result.student}."))
    if mark.penalty:
        parts.append(element("p", f"{mark.penalty:g} points were taken off for handing in late."))
    parts += [note(finding, cleaner) for finding in result.findings]
    parts.append(_summary(unit, result, mark, cleaner))
    if notebook is None:
        parts.append(element("p", "There is no executed notebook to show."))
    else:
        work, before = _sort_by_exercise(unit, notebook)
        parts += [_own_cell(cell, cleaner) for cell in before]
        for name in unit.exercises:
            parts.append(_exercise(unit, name, result, mark, work[name], cleaner))
    return page(f"Feedback: {title(unit)}", join(parts), key=key)


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


def reasons(unit: Unit, result: Result, exercise: str, mark: Mark) -> list[str]:
    """Why the tests took points in an exercise, a sentence each; empty where they took none.

    Where an instructor gave the points of a cell by hand, its test says nothing any more.
    """
    cells = [c for c in result.cells if c.exercise == exercise and c.points < c.max_points]
    if cells and exercise in result.unanswered and not mark.by_hand & {c.grade_id for c in cells}:
        return [NOT_ANSWERED]
    kinds = {grade_id(cell): _kind(cell.source) for cell in unit.graded_cells(exercise)}
    return [_reason(c, kinds[c.grade_id]) for c in cells if c.grade_id not in mark.by_hand]


def note(text: str, cleaner: Cleaner) -> Html:
    """A remark beside the text, with whatever a student's text in it made harmless."""
    return element("p", cleaner.sentence(text), class_="note")


def _headings(cell: NotebookNode) -> Iterator[tuple[int, str]]:
    if cell.cell_type == "markdown":
        for marks, text in re.findall(r"^(#+) +(.+)$", cell.source, re.MULTILINE):
            yield len(marks), text.replace("`", "").strip()


def _kind(source: str) -> str:
    """How much of a test cell students see."""
    if not HIDDEN.search(source):
        return "Visible test"
    lines = [line.strip() for line in HIDDEN.sub("", source).splitlines()]
    visible = any(line and not line.startswith("#") for line in lines)
    return "Partly hidden test" if visible else "Hidden test"


def _reason(cell: CellScore, kind: str) -> str:
    return f"{kind} ({cell.points:g} of {cell.max_points:g}): {cell.reason or 'it failed.'}"


def _summary(unit: Unit, result: Result, mark: Mark, cleaner: Cleaner) -> Html:
    rows = []
    titles = exercise_titles(unit)
    for name in unit.exercises:
        reached, most = _points(result, name, mark)
        why = reasons(unit, result, name, mark)
        if mark.by_hand & {c.grade_id for c in result.cells if c.exercise == name}:
            why.append("Your instructor gave these points by hand.")
        text = " ".join(why) or ALL_PASSED
        state = "full" if reached >= most else "part" if reached > 0 else "none"
        points = element("span", f"{reached:g} of {most:g}", class_=state)
        heading = element("a", titles[name], href=f"#{name}")
        rows.append((heading, points, cleaner.sentence(text)))
    return table("Points", ("Exercise", "Points", "Why"), rows, stack=True)


def _points(result: Result, exercise: str, mark: Mark) -> tuple[float, float]:
    cells = [cell for cell in result.cells if cell.exercise == exercise]
    reached = sum(mark.points.get(cell.grade_id, 0.0) for cell in cells)
    return reached, sum(cell.max_points for cell in cells)


def _exercise(
    unit: Unit, name: str, result: Result, mark: Mark, work: Work, cleaner: Cleaner
) -> Html:
    reached, most = _points(result, name, mark)
    heading = f"{exercise_titles(unit)[name]}: {reached:g} of {most:g}"
    parts: list[object] = [element("h2", heading, id=name)]
    parts += [note(reason, cleaner) for reason in reasons(unit, result, name, mark)]
    if advice := _advice(unit, name, result, mark):
        parts.append(element("p", f"What it looks like: {advice}", class_="note"))
    names = {name, *(c.grade_id for c in result.cells if c.exercise == name)}
    for cell, comment in mark.comments.items():
        if cell in names:
            parts += [element("h3", "Your instructor writes"), element("p", comment, class_="said")]
    if work.answer is not None:
        parts += [element("h3", "Your answer"), cleaner.code(work.answer.source)]
        parts.append(cleaner.outputs(work.answer))
    parts += [_own_cell(cell, cleaner) for cell in work.after]
    parts += [_test(cell, result, cleaner) for cell in work.tests]
    return element("section", join(parts), aria_labelledby=name)


def _advice(unit: Unit, name: str, result: Result, mark: Mark) -> str:
    """The hint of the mistake that `check` recognised, where points are missing."""
    found = result.diagnosis.get(name)
    if found in OUTCOMES or not reasons(unit, result, name, mark):
        return ""
    hints = {mistake.name: mistake.hint for mistake in unit.exercises[name].mistakes}
    return hints.get(found or "", "")


def _test(cell: NotebookNode, result: Result, cleaner: Cleaner) -> Html:
    score = next((c for c in result.cells if c.grade_id == grade_id(cell)), None)
    secret = bool(HIDDEN.search(cell.source))
    source = HIDDEN.sub("# The hidden tests are not shown.\n", cell.source).rstrip("\n")
    text = _kind(cell.source)
    if score is not None:
        passed = "passed" if score.points >= score.max_points else "not passed"
        text = f"{text}, {passed} ({score.points:g} of {score.max_points:g})"
    parts: list[object] = [element("summary", text), cleaner.code(source)]
    if not secret:
        parts.append(cleaner.outputs(cell))
    elif score is not None and score.reason:
        parts.append(cleaner.text(score.reason))
    return element("details", join(parts))


def _own_cell(cell: NotebookNode, cleaner: Cleaner) -> Html:
    """A cell that the student added."""
    head = element("h3", "A cell of your own")
    if cell.cell_type == "markdown":
        return join([head, cleaner.markdown(cell.source)])
    if cell.cell_type == "raw":
        return join([head, cleaner.text(cell.source)])
    return join([head, cleaner.code(cell.source), cleaner.outputs(cell)])


def _sort_by_exercise(
    unit: Unit, notebook: NotebookNode
) -> tuple[dict[str, Work], Sequence[NotebookNode]]:
    """The cells of each exercise, and those that the student put before the first one."""
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
    return work, before
