"""Which named mistake a wrong answer made, as `check` said while the submission was graded.

Every exercise has a cell `check("04_iou.iou_per_class", iou_per_class)`, which runs in the sandbox
with the rest of the notebook. Its text is the student's word and may be forged: it serves the
class's statistics, never a score, and nothing but names of the catalogue comes out of it.
"""

import re

from nbformat import NotebookNode

from medseg.checks import NOT_ATTEMPTED, RAISED, RIGHT, WRONG, parted
from medseg.checks.exercises import unit_data
from medseg.units import unit_names

OUTCOMES = (RIGHT, NOT_ATTEMPTED, RAISED, WRONG)
_CALL = re.compile(r"\s*check\(\s*[\"'](\w+)\.(\w+)[\"']")
_VERDICT = re.compile(rf"^({'|'.join(o.capitalize() for o in OUTCOMES)}): ", re.MULTILINE)
# `check` prints a few lines; what a student's function prints beside them is of no interest.
_MOST_TEXT = 20_000


def read_diagnosis(notebook: NotebookNode, unit: str) -> dict[str, str]:
    """What `check` found in an executed submission: {exercise: mistake or outcome}.

    The value is the name of the mistake where one was recognised, else one of `OUTCOMES`.
    An exercise whose check did not run, or printed nothing that is known, is left out; so is
    everything of a unit that has no checks. Cells of the student's own (`extra-…`) do not count.
    """
    if unit not in unit_names():
        return {}
    exercises = unit_data(unit)
    found: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code" or cell.get("id", "").startswith("extra-"):
            continue
        call = _CALL.match(cell.source)
        if not call or call[1] != unit or call[2] not in exercises or call[2] in found:
            continue
        if verdict := _verdict(cell, exercises[call[2]]["mistakes"]):
            found[call[2]] = verdict
    return found


def _verdict(cell: NotebookNode, mistakes: list[dict]) -> str:
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
        _, hint = parted(text[verdicts[-1].end() :].rstrip())
        for mistake in mistakes:
            if hint == mistake["hint"]:
                return mistake["name"]
    return outcome
