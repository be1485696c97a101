"""Step two of grading: the notebook that is executed is ours, with the student's answers put in.

Cells, order, metadata and tests come from the instructor's script. Of the submission only the
source text of solution cells is used, matched by `grade_id`, and the cells that the student added,
which run where they stood, without outputs and metadata. So nothing that was done to the file
changes what is tested; what was odd is a finding.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from medseg.errors import InputError, note
from medseg.units.changes import changes
from medseg.units.handed_in import Cell, read_notebook
from medseg.units.labels import grade_id, is_solution
from medseg.units.remarks import Remark
from medseg_grader.course.template import Template
from medseg_grader.course.units import HIDDEN
from medseg_grader.grading.reaching import reached

MISSING = "# This solution cell is missing from the submission."
# A kernel is not even asked to run a cell without text.
EMPTY = "# This solution cell is empty in the submission."


@dataclass(frozen=True)
class Rebuilt:
    """The notebook to execute, and what the submission was like.

    Attributes:
        notebook: without outputs; cells of the student's own have ids that begin with `extra-`.
        findings: what was odd, one sentence each.
        missing: exercises whose solution cell is not in the submission.
        empty: exercises whose solution cell has no text.
        unanswered: those, and exercises whose solution cell is as it was handed out.
        readable: False where the submission is no notebook, so that there is nothing to execute.
    """

    notebook: NotebookNode
    findings: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    readable: bool = True


def rebuild(template: Template, content: bytes | None) -> Rebuilt:
    """Put the answers in a submitted notebook's bytes into the unit's own notebook.

    Bytes that are no notebook, or None, give the notebook as it was handed out, `readable` False
    and a finding.
    """
    ours = template.notebook()
    theirs: Sequence[Cell] = []
    findings: list[str] = []
    if content is not None:
        try:
            handed_in = read_notebook(content)
        except InputError as error:
            note(error)
            findings = [str(error)]
        else:
            theirs = handed_in.cells
            findings = [finding(remark) for remark in handed_in.remarks]
            findings += [] if theirs else ["The notebook has no cells."]
    if not theirs:
        exercises = list(template.exercises)
        return Rebuilt(ours, findings, exercises, unanswered=exercises, readable=False)
    places = _match(ours, theirs)
    own_names = {grade_id(cell): cell for cell in ours.cells if grade_id(cell)}
    found = changes(handed_in, template.handed_out, template.release)
    findings += [finding(remark) for remark in found]
    missing, empty, unanswered = [], [], []
    answers = {cell.grade_id: cell for cell in theirs if cell.grade_id in own_names}
    for name in template.exercises:
        stub = own_names[name].source
        answer = answers[name].source if name in answers else MISSING
        if name not in answers:
            missing.append(name)
        elif not answer.strip():
            empty.append(name)
        elif answer.strip() == stub.strip():
            unanswered.append(name)
        own_names[name].source = answer if answer.strip() else EMPTY
    ours.cells = _with_extras(ours, theirs, places)
    own = [cell.source for cell in ours.cells if cell.cell_type == "code" and _is_theirs(cell)]
    if names := reached(own, [test.grade_id for test in template.tests]):
        findings.append(
            f"Its code reaches for {', '.join(map(_short, names[:6]))}, which no exercise needs; "
            f"no points were taken: look at it."
        )
    return Rebuilt(ours, findings, missing, empty, [*missing, *empty, *unanswered])


def _is_theirs(cell: NotebookNode) -> bool:
    return is_solution(cell) or str(cell.get("id", "")).startswith("extra-")


def finding(remark: Remark) -> str:
    """A remark as an instructor reads it."""
    name, detail = remark.name, remark.detail
    match remark.kind:
        case "encoding":
            return "The file is not in UTF-8; it was read as Windows-1252."
        case "old format":
            return f"It is in the old notebook format {detail}; it was upgraded."
        case "format":
            return f"It claims the notebook format {_short(detail)}; it was read as format 4."
        case "broken cells":
            return f"{detail} of its cells cannot be read; they were left out."
        case "kernel":
            return f"It asks for the kernel {_short(name)}; it was run with python3."
        case "release":
            lacks = f"; it lacks {', '.join(detail)}" if detail else ""
            return (
                f"It is of another release of the unit{lacks}. Where tests differ, ours were run."
            )
        case "copied":
            times = len(remark.places)
            return f"The cell {name} occurs {times} times; the last one counts."
        case "missing":
            answer = f"The solution cell {name} is missing."
            return answer if detail else f"The test cell {name} was deleted; ours was run."
        case "retyped":
            return f"The cell {name} was turned into a {detail} cell."
        case "edited":
            return f"The test cell {name} was changed; ours was run."
        case "relabelled":
            claims = ", ".join(f"{key}: {_short(value)}" for key, value in detail.items())
            return f"The cell {name} has changed metadata ({claims})."
        case "moved":
            return "Named cells were moved; ours stand in their own order."
    names = ", ".join(_short(name) for name in sorted(detail)[:4])
    return f"It has cells with names that this unit does not know: {names}."


def _match(ours: NotebookNode, theirs: Sequence[Cell]) -> list[int | None]:
    """For each cell of the submission the index of the cell of ours that it is, or None.

    Named cells are matched by name, the others by text, or by id where the text was changed. Of
    several with one name, the last one counts.
    """
    by_name = {grade_id(cell): i for i, cell in enumerate(ours.cells) if grade_id(cell)}
    by_text = {c.source.strip(): i for i, c in enumerate(ours.cells) if not grade_id(c)}
    by_id = {cell.id: i for i, cell in enumerate(ours.cells) if not grade_id(cell)}
    last = {cell.grade_id: n for n, cell in enumerate(theirs) if cell.grade_id in by_name}
    places: list[int | None] = []
    for n, cell in enumerate(theirs):
        if cell.grade_id in by_name:
            places.append(by_name[cell.grade_id] if last[cell.grade_id] == n else None)
        else:
            places.append(by_text.get(cell.source.strip(), by_id.get(cell.id)))
    return places


def _as_released(cell: NotebookNode) -> set[str]:
    """A test cell's text as students get it, and as instructors have it."""
    return {HIDDEN.sub("", cell.source).strip(), cell.source.strip()}


def _short(value: object) -> str:
    text = str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 40 else text[:37] + "…"


def _with_extras(
    ours: NotebookNode, theirs: Sequence[Cell], places: Sequence[int | None]
) -> list[NotebookNode]:
    """Our cells, and after each the cells of the student's that stood behind it."""
    after: dict[int, list[NotebookNode]] = defaultdict(list)
    tests = [c for c in ours.cells if grade_id(c) and not is_solution(c)]
    names = {grade_id(cell) for cell in tests}
    nothing_to_run = {"", *(text for cell in tests for text in _as_released(cell))}
    behind = -1
    number = 0
    seen: set[int] = set()
    for cell, place in zip(theirs, places, strict=True):
        if place is not None:
            # a later copy of an unnamed cell of ours does not stand where ours stands
            behind = behind if place in seen else place
            seen.add(place)
            if cell.grade_id or cell.source.strip() == ours.cells[place].source.strip():
                continue
        if cell.grade_id in names or cell.source.strip() in nothing_to_run:
            continue
        number += 1
        after[behind].append(_extra(cell, number))
    cells = list(after[-1])
    for index, cell in enumerate(ours.cells):
        cells += [cell, *after[index]]
    return cells


def _extra(cell: Cell, number: int) -> NotebookNode:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }[cell.type]
    return make(cell.source, id=f"extra-{number}")
