"""What an exercise gives and takes, written once, and whether a unit's text agrees with it.

Points are nbgrader's, in the metadata of test cells. Minutes and difficulty are metadata of the
solution cell, at the end of its line in the script: `minutes=10 difficulty=1`. The table at a
unit's top and the line before each exercise repeat them for students to read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from medseg.errors import InputError
from medseg.units.labels import grade_id, is_solution, points
from medseg_grader.course.units import Unit

HEADER = ("| exercise | points | minutes |", "| --- | --- | --- |")
HARDEST = 3
_LINE = re.compile(r"^\*\*\d.*minutes.*\*\*$", re.MULTILINE)


class Disagreement(NamedTuple):
    """Where a unit's text says something else than its cells.

    `written` is the row or line that does so, `cell` the number of the cell, from 1, in which it
    stands or should; both may be empty, or 0, where there is none.
    """

    says: str
    written: str = ""
    cell: int = 0


@dataclass(frozen=True)
class Outline:
    """One exercise's line and row.

    Attributes:
        number: its place, such as `4.1`.
        exercise: its name.
        points: of its visible and hidden test.
        more: points of further test cells, by what these look at: `test_fit_quality` at `quality`.
        minutes: about how long it takes.
        difficulty: from 1 to 3.
    """

    number: str
    exercise: str
    points: float
    minutes: int
    difficulty: int
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The exercise in the table at the unit's top."""
        due = " + ".join([f"{self.points:g}", *(f"{n:g} for {x}" for x, n in self.more.items())])
        return f"| {self.number} `{self.exercise}` | {due} | {self.minutes} |"

    def line(self, each: str = "") -> str:
        """The line before the exercise; with `each`, one for several exercises that are alike."""
        points = f"{self.points:g} point{'' if self.points == 1 else 's'}{each}"
        points += "".join(f", and {n:g} more for {x}, see below" for x, n in self.more.items())
        minutes = f"about {self.minutes} minutes{each}"
        return f"**{points} · {minutes} · difficulty {self.difficulty} of {HARDEST}**"


def outlines(unit: Unit) -> list[Outline]:
    """What each exercise gives and takes, in order; InputError where its cells do not say it."""
    for odd in _odd_times(unit):
        raise InputError(f"{unit.name}: {odd.says}")
    names = [grade_id(cell) for cell in unit.cells if is_solution(cell)]
    return [_outline(unit, place, name) for place, name in enumerate(names, 1)]


def _odd_times(unit: Unit) -> Iterator[Disagreement]:
    """Solution cells whose line does not say minutes and difficulty."""
    for number, cell in enumerate(unit.cells, 1):
        for key, most in {"minutes": 10_000, "difficulty": HARDEST}.items():
            said = cell.metadata.get(key)
            if is_solution(cell) and (type(said) is not int or not 1 <= said <= most):
                yield Disagreement(
                    f"the solution cell {grade_id(cell)} says {key}={said}, expected a whole "
                    f"number from 1 to {most} at the end of its line, as in minutes=10 "
                    "difficulty=1.",
                    cell=number,
                )


def _outline(unit: Unit, place: int, name: str) -> Outline:
    said = unit.solution_cell(name).metadata
    usual, more = 0.0, {}
    for cell in unit.graded_cells(name):
        what = grade_id(cell).removeprefix(f"test_{name}").lstrip("_")
        if what in {"", "hidden"}:
            usual += points(cell)
        else:
            more[what.replace("_", " ")] = points(cell)
    number = f"{int(unit.name.split('_')[0])}.{place}"
    return Outline(number, name, usual, said["minutes"], said["difficulty"], more)


def disagreements(unit: Unit) -> list[Disagreement]:
    """Where the unit's table and lines say something else than its cells."""
    if odd := list(_odd_times(unit)):
        return odd
    due = outlines(unit)
    return [*_of_table(unit, [outline.row for outline in due]), *_of_lines(unit, due)]


def _of_table(unit: Unit, due: Sequence[str]) -> Iterator[Disagreement]:
    text = "\n".join(c.source for c in unit.cells if c.cell_type == "markdown")
    _, found, rest = f"\n{text}\n".partition("\n".join(["", *HEADER, ""]))
    if not found:
        if due:
            yield Disagreement(
                f"there is no table of its exercises, expected one that begins {HEADER[0]!r} and "
                f"{HEADER[1]!r}, with a row for each, as {due[0]!r}."
            )
        return
    rows = re.match(r"(\|.*\n)*", rest)
    written = rows[0].splitlines() if rows else []
    for row in due:
        if row not in written:
            like = next((x for x in written if x.split("|")[1] == row.split("|")[1]), "")
            said = f"says {like!r}" if like else "lacks a row"
            says = f"the table of its exercises {said}, expected {row!r}."
            yield Disagreement(says, like or HEADER[0])
    for row in written:
        if row.split("|")[1] not in [x.split("|")[1] for x in due]:
            says = f"the table of its exercises says {row!r}, and there is no such exercise."
            yield Disagreement(says, row)
    if sorted(written) == sorted(due) and written != due:
        says = "the table of its exercises is not in the order of the exercises."
        yield Disagreement(says, HEADER[0])


def _of_lines(unit: Unit, due: Sequence[Outline]) -> Iterator[Disagreement]:
    """Each exercise has its line; one without any shares that of the exercise before."""
    groups: list[tuple[str, list[tuple[int, Outline]]]] = []
    left = list(due)
    text = ""
    for number, cell in enumerate(unit.cells, 1):
        if cell.cell_type == "markdown":
            text += f"\n{cell.source}"
        elif is_solution(cell):
            lines = _LINE.findall(text)
            if lines or not groups:
                groups.append((lines[-1] if lines else "", []))
            groups[-1][1].append((number, left.pop(0)))
            text = ""
    for written, members in groups:
        for number, outline in members:
            line = outline.line(" each" if len(members) > 1 else "")
            if written != line:
                said = f"says {written!r}" if written else "has no line of points"
                says = f"the text before {outline.exercise} {said}, expected {line!r}."
                yield Disagreement(says, written, number)
