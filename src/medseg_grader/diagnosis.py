"""Which named mistake a wrong answer made, as `check` said while the submission was graded.

Every exercise has a cell `check("04_iou.iou_per_class", iou_per_class)`, which runs in the sandbox
with the rest of the notebook. Its text is the student's word and may be forged: it serves the
class's statistics, never a score, and nothing but names of the catalogue comes out of it.
"""

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from medseg.checks import NOT_ATTEMPTED, RAISED, RIGHT, WRONG
from medseg_grader.catalogue import Exercise, Unit

OUTCOMES = (RIGHT, NOT_ATTEMPTED, RAISED, WRONG)
_CALL = re.compile(r"\s*check\(\s*[\"'](\w+)\.(\w+)[\"']")
_VERDICT = re.compile(rf"^({'|'.join(o.capitalize() for o in OUTCOMES)}): ", re.MULTILINE)
# `check` prints a few lines; what a student's function prints beside them is of no interest.
_MOST_TEXT = 20_000


def read_diagnosis(notebook: NotebookNode, unit: Unit) -> dict[str, str]:
    """What `check` found in an executed submission: {exercise: mistake or outcome}.

    The value is the name of the mistake where one was recognised, else one of `OUTCOMES`.
    An exercise whose check did not run, or printed nothing that is known, is left out.
    """
    ran: dict[str, NotebookNode] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ran.setdefault(cell.source.strip(), cell)
    found = {}
    for exercise, source in _check_cells(unit):
        if source in ran and (verdict := _verdict(ran[source], unit.exercises[exercise])):
            found[exercise] = verdict
    return found


def _check_cells(unit: Unit) -> Iterator[tuple[str, str]]:
    for cell in unit.cells:
        call = _CALL.match(cell.source) if cell.cell_type == "code" else None
        if call and call[1] == unit.name and call[2] in unit.exercises:
            yield call[2], cell.source.strip()


def _verdict(cell: NotebookNode, exercise: Exercise) -> str:
    text = "".join(
        output.text
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )[-_MOST_TEXT:]
    # What the function itself prints comes first: the last verdict is that of `check`.
    verdicts = list(_VERDICT.finditer(text))
    if not verdicts:
        return ""
    outcome = verdicts[-1][1].lower()
    if outcome in {RAISED, WRONG}:
        ending = text[verdicts[-1].end() :].rstrip()
        for mistake in exercise.mistakes:
            if ending.endswith(f"\nHint: {mistake.hint}"):
                return mistake.name
    return outcome
