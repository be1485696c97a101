"""Which units are proven in full this time: those that changed last, then the others in turn.

`python scripts/rotation.py 3` prints the numbers of three units. What proves a unit in full (every
named mistake, its notebook in a browser) takes minutes on a slow machine; over a few commits every
unit has its turn, and one that was changed has it at once. `make accept` proves all of them.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
# How far back a change still counts as the last one.
COMMITS = 10


def chosen(units: Sequence[str], changed: Sequence[str], turn: int, number: int) -> list[str]:
    """`number` of the units: changed ones first, then others; `turn` says with which they begin."""
    ordered = [
        *_from(turn * number, [unit for unit in units if unit in changed]),
        *_from(turn * number, [unit for unit in units if unit not in changed]),
    ]
    return sorted(ordered[:number])


def _from(start: int, names: Sequence[str]) -> list[str]:
    place = start % len(names) if names else 0
    return [*names[place:], *names[:place]]


def main(arguments: Sequence[str]) -> int:
    """Print the chosen units' numbers, on one line."""
    number = int(arguments[0]) if arguments else 3
    units = sorted(path.parent.name for path in ROOT.glob("solutions/[0-9][0-9]_*/mistakes.py"))
    turn = int(_git("rev-list", "--count", "HEAD") or 0)
    # no path for git: it would count the commits that touch it, however long ago
    names = _git("log", f"-{COMMITS}", "--name-only", "--format=").splitlines()
    changed = {n.split("/")[1] for n in names if re.match(r"solutions/\w+/", n)}
    print(*(unit.split("_", 1)[0] for unit in chosen(units, sorted(changed), turn, number)))
    return 0


def _git(*arguments: str) -> str:
    """What git says; empty where there is no repository."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
