"""`medseg progress`: which exercises of a student's notebooks pass their check."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

from nbformat import NotebookNode
from tqdm import tqdm

from medseg import checks
from medseg.checks.exercises import unit_data
from medseg.errors import InputError
from medseg.notebook import submit_check
from medseg.notebook.faults import Fault, defines
from medseg.notebook.start import not_installed
from medseg.runtime import time_limit
from medseg.units.handed_out import handed_out
from medseg.units.labels import grade_id

SECONDS_PER_EXERCISE = 60
TOO_LONG = "took too long: is there a loop without end?"
MARKS = {
    checks.RIGHT: "right",
    checks.NOT_ATTEMPTED: "to do",
    checks.RAISED: "error",
    checks.WRONG: "wrong",
}


def show(path: Path) -> int:
    """Print a table of the exercises in a notebook, or in all of a folder.

    Raises InputError where there is no notebook of the course.
    """
    found = submit_check.notebooks(path)
    done = total = 0
    bar = {"file": sys.stdout, "leave": False, "disable": None}  # in a pipe there is no bar
    for unit, notebook in tqdm(found, "your notebooks", unit="unit", **bar):
        outcomes = of_notebook(unit, notebook)
        right = sum(outcome == checks.RIGHT for outcome, _ in outcomes.values())
        done, total = done + right, total + len(outcomes)
        lines = [f"{unit}  ({right} of {len(outcomes)})"]
        for exercise, (outcome, first_line) in outcomes.items():
            note = "" if outcome in {checks.RIGHT, checks.NOT_ATTEMPTED} else f"  {first_line}"
            lines.append(f"  {MARKS.get(outcome, outcome):<6} {exercise}{note}")
        tqdm.write("\n".join(lines), file=sys.stdout)
    print(f"\n{done} of {total} exercises are right")
    if sentence := not_installed():
        print(sentence)
    return 0


def of_notebook(unit: str, notebook: Path) -> dict[str, tuple[str, str]]:
    """{exercise: (outcome, first line of its message)} of one notebook.

    What still stands as it was handed out is not run at all. The rest runs in a process of its
    own, which says each exercise as soon as it is known, so that an endless loop costs that
    exercise only; the others are then run in a new process. Raises InputError for a damaged file.
    """
    cells = submit_check.read(notebook)
    if isinstance(cells, Fault):
        raise InputError(f"{notebook}: {cells.where} {cells.what}. To mend it: {cells.mend}.")
    untouched = _untouched(cells, unit)
    outcomes = dict.fromkeys(untouched, (checks.NOT_ATTEMPTED, ""))
    left = [exercise for exercise in unit_data(unit) if exercise not in untouched]
    while left:
        command = [
            sys.executable,
            "-m",
            "medseg.notebook.progress",
            unit,
            str(notebook.resolve()),
            *left,
        ]
        limit = SECONDS_PER_EXERCISE * len(left)
        found, ended = run_in_child(command, limit, notebook.parent)
        outcomes |= found
        remaining = [exercise for exercise in left if exercise not in found]
        if not remaining:
            break
        outcomes[remaining[0]] = ("stopped", ended)
        left = remaining[1:]
    return {exercise: outcomes[exercise] for exercise in unit_data(unit)}


def _untouched(notebook: NotebookNode, unit: str) -> set[str]:
    """Exercises whose cell is still the stub, and which no other cell defines."""
    stubs = handed_out(unit).graded_cells
    untouched = {
        grade_id(cell)
        for cell in notebook.cells
        if (known := stubs.get(grade_id(cell))) is not None
        and known.is_solution
        and known.holds(cell.source)
    }
    return {
        name
        for name in untouched
        if sum(name in cell.source and defines(cell, name) for cell in notebook.cells) == 1
    }


def run_in_child(command: list[str], limit: int, folder: Path) -> tuple[dict, str]:
    try:
        done = subprocess.run(
            command, cwd=folder, timeout=limit, capture_output=True, text=True, check=False
        )
        output, ended = done.stdout, "the process ended here"
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode()
        ended = TOO_LONG
    found = {}
    for line in output.splitlines():
        if line.startswith(_PREFIX):
            exercise, outcome, text = json.loads(line.removeprefix(_PREFIX))
            found[exercise] = (outcome, text)
    return found, ended


_PREFIX = "medseg-progress "


def _in_short(verdict: checks.Verdict) -> str:
    """One line: the error that was raised, else the hint, else what differs."""
    first, *more = verdict.message.splitlines()
    _, hint = checks.parted(verdict.message)
    text = more[0] if verdict.outcome == checks.RAISED else hint or first
    return textwrap.shorten(text, 120, placeholder=" …")


def _examine_all(unit: str, notebook: str, exercises: list[str]) -> None:
    """In the child process: one line of JSON for each exercise, as soon as it is known."""
    from medseg.notebook.definitions import definitions

    mine = definitions(Path(notebook))
    for exercise in exercises:
        function = mine.get(exercise)
        if function is None:
            outcome, text = "gone", "the notebook does not define it any more"
        else:
            try:
                with time_limit(SECONDS_PER_EXERCISE):
                    verdict = checks.examine(f"{unit}.{exercise}", function)
                outcome, text = verdict.outcome, _in_short(verdict)
            except TimeoutError:
                outcome, text = checks.WRONG, TOO_LONG
            except TypeError as error:
                outcome, text = checks.WRONG, str(error)
        print(_PREFIX + json.dumps([exercise, outcome, text]), flush=True)


if __name__ == "__main__":
    _examine_all(sys.argv[1], sys.argv[2], sys.argv[3:])
