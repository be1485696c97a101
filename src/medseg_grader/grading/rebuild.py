"""Step two of grading: the notebook that is executed is ours, with the student's answers put in.

Cells, order, metadata and tests come from the instructor's script. Of the submission only the
source text of solution cells is used, matched by `grade_id`, and the cells that the student added,
which run where they stood, without outputs and metadata. So nothing that was done to the file
changes what is tested; what was odd is a finding.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from medseg.units.labels import grade_id, is_solution
from medseg_grader.course.template import Template
from medseg_grader.course.units import HIDDEN
from medseg.errors import InputError, note

MISSING = "# This solution cell is missing from the submission."
_KINDS = {"code", "markdown", "raw"}
_NBGRADER_KEYS = ("grade", "locked", "points", "schema_version", "solution", "task")


@dataclass(frozen=True)
class _Cell:
    """What is believed of a cell of the submission: a kind, a text, a name, what it claims."""

    kind: str
    source: str
    cell_id: str
    nbgrader: dict[str, Any]

    @property
    def grade_id(self) -> str:
        name = self.nbgrader.get("grade_id")
        return name if isinstance(name, str) else ""


@dataclass(frozen=True)
class Rebuilt:
    """The notebook to execute, and what the submission was like.

    Attributes:
        notebook: without outputs; cells of the student's own have ids that begin with `extra-`.
        findings: what was odd, one sentence each.
        missing: exercises whose solution cell is not in the submission.
        unanswered: those, and exercises whose solution cell is as it was handed out.
        readable: False where the submission is no notebook, so that there is nothing to execute.
    """

    notebook: NotebookNode
    findings: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    readable: bool = True


def rebuild(template: Template, content: bytes | None) -> Rebuilt:
    """Put the answers in a submitted notebook's bytes into the unit's own notebook.

    Bytes that are no notebook, or None, give the notebook as it was handed out, `readable` False
    and a finding.
    """
    ours = template.notebook()
    try:
        notebook, findings = _parse(content) if content is not None else ({}, [])
        theirs, odd = _cells(notebook)
    except InputError as error:
        note(error)
        theirs, notebook, findings, odd = [], {}, [str(error)], []
    if not theirs:
        exercises = list(template.exercises)
        if not findings and content is not None:
            findings = ["The notebook has no cells."]
        return Rebuilt(ours, findings, exercises, exercises, readable=False)
    findings += odd + _kernel_findings(notebook, ours)
    places = _match(ours, theirs)
    own_names = {grade_id(cell): cell for cell in ours.cells if grade_id(cell)}
    findings += _cell_findings(own_names, theirs)
    missing, unanswered = [], []
    answers = {cell.grade_id: cell for cell in theirs if cell.grade_id in own_names}
    for name in template.exercises:
        stub = own_names[name].source
        if name not in answers:
            missing.append(name)
            findings.append(f"The solution cell {name} is missing.")
        elif answers[name].source.strip() == stub.strip():
            unanswered.append(name)
        own_names[name].source = answers[name].source if name in answers else MISSING
    ours.cells = _with_extras(ours, theirs, places)
    return Rebuilt(ours, findings, missing, [*missing, *unanswered])


def _parse(content: bytes) -> tuple[dict, list[str]]:
    """The file as JSON; ValueError, with a sentence for its reader, if it is none."""
    findings = []
    if not content.strip():
        raise InputError("The file is empty.")
    try:
        try:
            notebook = json.loads(content)
        except UnicodeDecodeError:
            notebook = json.loads(content.decode("cp1252", "replace"))
            findings.append("The file is not in UTF-8; it was read as Windows-1252.")
    except (ValueError, RecursionError) as error:
        raise InputError("The file is no notebook: it is not JSON (cut off?).") from error
    if not isinstance(notebook, dict):
        raise InputError("The file is no notebook: it is JSON of another kind.")
    version = notebook.get("nbformat")
    if isinstance(version, int) and 1 <= version < 4:
        findings.append(f"It is in the old notebook format {version}; it was upgraded.")
        try:
            notebook = nbformat.convert(nbformat.reader.reads(json.dumps(notebook)), 4)
        except Exception as error:  # nbformat stumbles over odd files in many ways
            raise InputError("The file is no notebook of the old format that it claims.") from error
    return notebook, findings


def _cells(notebook: dict) -> tuple[list[_Cell], list[str]]:
    raw = notebook.get("cells", [])
    if not isinstance(raw, list):
        raise InputError("The file is no notebook: its cells are no list.")
    cells = [_cell(item) for item in raw]
    broken = sum(cell is None for cell in cells)
    odd = [f"{broken} of its cells cannot be read; they were left out."] if broken else []
    return [cell for cell in cells if cell is not None], odd


def _cell(raw: Any) -> _Cell | None:
    if not isinstance(raw, dict):
        return None
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    kind = raw.get("cell_type")
    if not isinstance(source, str) or not isinstance(kind, str) or kind not in _KINDS:
        return None
    # characters that no file can hold, as a lone half of a pair
    source = source.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    metadata = raw.get("metadata")
    claims = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    cell_id = raw.get("id")
    return _Cell(
        kind,
        source,
        cell_id if isinstance(cell_id, str) else "",
        claims if isinstance(claims, dict) else {},
    )


def _kernel_findings(notebook: dict, ours: NotebookNode) -> list[str]:
    metadata = notebook.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    name = spec.get("name") if isinstance(spec, dict) else None
    own = ours.metadata.kernelspec.name
    if name in (None, own):
        return []
    return [f"It asks for the kernel {_short(name)}; it was run with {own}."]


def _match(ours: NotebookNode, theirs: Sequence[_Cell]) -> list[int | None]:
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
            places.append(by_text.get(cell.source.strip(), by_id.get(cell.cell_id)))
    return places


def _cell_findings(own: dict[str, NotebookNode], theirs: Sequence[_Cell]) -> list[str]:
    """What was done to named cells: copied, retyped, moved, changed tests and metadata."""
    findings = []
    copies: dict[str, int] = defaultdict(int)
    for cell in theirs:
        copies[cell.grade_id] += bool(cell.grade_id in own)
    for name, number in copies.items():
        if number > 1:
            findings.append(f"The cell {name} occurs {number} times; the last one counts.")
    last = {cell.grade_id: cell for cell in theirs if cell.grade_id in own}
    for name, ours in own.items():
        if name not in last:
            if not is_solution(ours):
                findings.append(f"The test cell {name} was deleted; ours was run.")
            continue
        cell = last[name]
        if cell.kind != ours.cell_type:
            findings.append(f"The cell {name} was turned into a {cell.kind} cell.")
        if not is_solution(ours) and cell.source.strip() not in _as_released(ours):
            findings.append(f"The test cell {name} was changed; ours was run.")
        said, true = cell.nbgrader, ours.metadata.nbgrader
        changed = [key for key in _NBGRADER_KEYS if said.get(key) != true.get(key)]
        if changed:
            claims = ", ".join(f"{key}: {_short(said.get(key))}" for key in changed)
            findings.append(f"The cell {name} has changed metadata ({claims}).")
    order = [name for name in last if name in own]
    if order != [name for name in own if name in last]:
        findings.append("Named cells were moved; ours stand in their own order.")
    unknown = sorted({c.grade_id for c in theirs if c.grade_id and c.grade_id not in own})
    if unknown:
        names = ", ".join(_short(name) for name in unknown[:4])
        findings.append(f"It has cells with names that this unit does not know: {names}.")
    return findings


def _as_released(cell: NotebookNode) -> set[str]:
    """A test cell's text as students get it, and as instructors have it."""
    return {HIDDEN.sub("", cell.source).strip(), cell.source.strip()}


def _short(value: object) -> str:
    text = str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 40 else text[:37] + "…"


def _with_extras(
    ours: NotebookNode, theirs: Sequence[_Cell], places: Sequence[int | None]
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


def _extra(cell: _Cell, number: int) -> NotebookNode:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }[cell.kind]
    return make(cell.source, id=f"extra-{number}")
