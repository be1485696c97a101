"""`medseg progress`: which exercises of a student's notebooks pass their check."""

import json
import subprocess
import sys
from pathlib import Path

from tqdm import tqdm

from medseg import checks
from medseg.carry import notebook_name

SECONDS_PER_EXERCISE = 60
MARKS = {
    checks.RIGHT: "right",
    checks.NOT_ATTEMPTED: "to do",
    checks.RAISED: "error",
    checks.WRONG: "wrong",
}


def show(folder: Path) -> int:
    """Print a table of all exercises under `folder`; ValueError if there is no notebook."""
    units = [unit for unit in checks.units() if (folder / unit / notebook_name(unit)).is_file()]
    if not units:
        raise ValueError(
            f"there is no notebook of the course under {folder.resolve()}; "
            "run this where the folder notebooks lies, or name that folder."
        )
    done = total = 0
    for unit in tqdm(units, "your notebooks", unit="unit", file=sys.stdout, leave=False):
        outcomes = of_notebook(unit, folder / unit / notebook_name(unit))
        right = sum(outcome == checks.RIGHT for outcome, _ in outcomes.values())
        done, total = done + right, total + len(outcomes)
        lines = [f"{unit}  ({right} of {len(outcomes)})"]
        for exercise, (outcome, first_line) in outcomes.items():
            note = "" if outcome in {checks.RIGHT, checks.NOT_ATTEMPTED} else f"  {first_line}"
            lines.append(f"  {MARKS.get(outcome, outcome):<6} {exercise}{note}")
        tqdm.write("\n".join(lines), file=sys.stdout)
    print(f"\n{done} of {total} exercises are right")
    return 0


def of_notebook(unit: str, notebook: Path) -> dict[str, tuple[str, str]]:
    """{exercise: (outcome, first line of its message)} of one notebook.

    Runs in a process of its own, which says each exercise before it starts, so that an endless
    loop costs that exercise only; the others are then run in a new process.
    """
    left = list(checks.unit_data(unit))
    outcomes: dict[str, tuple[str, str]] = {}
    while left:
        command = [sys.executable, "-m", "medseg.progress", unit, str(notebook.resolve()), *left]
        limit = SECONDS_PER_EXERCISE * len(left)
        found, ended = _run(command, limit, notebook.parent)
        outcomes |= found
        remaining = [exercise for exercise in left if exercise not in found]
        if not remaining:
            break
        outcomes[remaining[0]] = ("stopped", ended)
        left = remaining[1:]
    return {exercise: outcomes[exercise] for exercise in checks.unit_data(unit)}


def _run(command: list[str], limit: int, folder: Path) -> tuple[dict, str]:
    try:
        done = subprocess.run(
            command, cwd=folder, timeout=limit, capture_output=True, text=True, check=False
        )
        output, ended = done.stdout, "the process ended here"
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode()
        ended = "took too long: is there a loop without end?"
    found = {}
    for line in output.splitlines():
        if line.startswith(_PREFIX):
            exercise, outcome, text = json.loads(line.removeprefix(_PREFIX))
            found[exercise] = (outcome, text)
    return found, ended


_PREFIX = "medseg-progress "


def _examine_all(unit: str, notebook: str, exercises: list[str]) -> None:
    """In the child process: one line of JSON for each exercise, as soon as it is known."""
    import signal

    from medseg.carry import definitions

    def stop(*_: object) -> None:
        raise TimeoutError("took too long: is there a loop without end?")

    mine = definitions(Path(notebook))
    for exercise in exercises:
        function = mine.get(exercise)
        if function is None:
            outcome, text = "gone", "the notebook does not define it any more"
        else:
            if hasattr(signal, "SIGALRM"):
                signal.signal(signal.SIGALRM, stop)
                signal.alarm(SECONDS_PER_EXERCISE)
            try:
                verdict = checks.examine(f"{unit}.{exercise}", function)
                outcome, text = verdict.outcome, verdict.message.splitlines()[0]
            except (TypeError, TimeoutError) as error:
                outcome, text = checks.WRONG, str(error)
            if hasattr(signal, "SIGALRM"):
                signal.alarm(0)
        print(_PREFIX + json.dumps([exercise, outcome, text]), flush=True)


if __name__ == "__main__":
    _examine_all(sys.argv[1], sys.argv[2], sys.argv[3:])
