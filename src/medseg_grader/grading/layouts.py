"""Whose a file is, by the layout in which it came: nbgrader's, Moodle's or Canvas's.

The platform's part of a name stands before the student's: the first thing in a name that looks like
a platform's is the platform's, so that an uploaded file's own name says nothing about its owner.
"""

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medseg.files.archives import ESCAPE, FILE, FOLDER, LINK, OTHER, Entry
from medseg_grader.records.results import CANVAS, MOODLE

# how Moodle calls everybody where names are hidden
HIDDEN_NAME = "Participant"
LONGEST_PART = 1000  # characters; no file system's name has more than 255
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d{1,19})_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL
)
# As Canvas's lib/content_zipper.rb writes them: name, whether late, the user's number, the file's
# number, the file. No number of Canvas's begins with 0, as that of "04_iou.ipynb" does.
_CANVAS = re.compile(
    r"(?P<name>.*?)(?P<late>_LATE)?(?P<numbers>(?:_[1-9]\d{0,18}){2,})_(?P<file>.+)", re.DOTALL
)
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon_[0-9A-Za-z]+)_[1-9]\d{0,18}_(?P<file>.+)", re.DOTALL
)


@dataclass(frozen=True)
class Owner:
    """A student as a layout names them.

    Attributes:
        student: the id, once it is decided (`medseg_grader.grading.identities`), else the name.
        unit: the full name, where the layout tells.
        name: as the learning platform has it; empty for nbgrader's layout.
        number: the platform's own for the student: Moodle's in this assignment, Canvas's in all.
        platform: MOODLE or CANVAS; empty for nbgrader's layout.
        email, timestamp: as in `medseg_grader.records.results.Result`, where they are known.
        late: whether Canvas says so.
        doubt: a sentence on what is not certain about it.
        refused: why nothing of it can be graded, a sentence.
    """

    student: str
    unit: str = ""
    name: str = ""
    number: str = ""
    platform: str = ""
    email: str = ""
    timestamp: str = ""
    late: bool = False
    doubt: str = ""
    refused: str = ""


# The files of each owner: [(its name as the student called it, the entry)].
Files = dict[Owner, list[tuple[str, Entry]]]


def owners(found: Sequence[Entry], units: Sequence[str]) -> tuple[Files, list[str]]:
    """The files of each owner, and a sentence on each thing that is nobody's."""
    files: Files = defaultdict(list)
    left = []
    known = _known_numbers(found)
    for entry in found:
        parts = entry.path.parts
        flat = len(parts) == 1 and entry.kind == FILE
        if len(entry.path.name) > LONGEST_PART or len(parts[0]) > LONGEST_PART:
            left.append(f"{str(entry.path)[:40]}… has too long a name; it was left.")
        elif entry.kind == ESCAPE:
            left.append(f"{entry.path} leads out of the zip file; it was left.")
        elif (claim := _platforms(parts[0], flat, known)) is not None:
            owner, name = claim
            name = "/".join([name, *parts[1:]]).strip("/")
            files[owner] += [(name, entry)] if _counts(name, entry) else []
        elif parts[1:2] and parts[1] in units and (len(parts) > 2 or entry.kind != LINK):
            name = "/".join(parts[2:])
            files[Owner(parts[0], parts[1])] += [(name, entry)] if _counts(name, entry) else []
        elif entry.kind == LINK:
            left.append(f"{entry.path} is a link; it was not followed.")
        elif entry.kind == OTHER:
            left.append(f"{entry.path} is {entry.odd}; it was left.")
        elif entry.kind == FILE:
            left.append(f"{entry.path} belongs to no student's unit; it was left.")
    return files, left


def _counts(name: str, entry: Entry) -> bool:
    """Whether it is more than a folder of somebody's: a file, or a folder that cannot be read."""
    return entry.kind == OTHER or (bool(name) and entry.kind != FOLDER)


def _platforms(text: str, flat: bool, known: Sequence[tuple[int, int]]) -> tuple[Owner, str] | None:
    """The owner that a platform has put into a name, and what the student called the file.

    Args:
        text: the first part of the path.
        flat: it is that of a file, not of a folder; Canvas makes no folders.
        known: as in `_canvas`.
    """
    moodle = _MOODLE.fullmatch(text)
    if flat and (match := _ANONYMOUS.fullmatch(text)):
        name = match["name"]
        return Owner(name, "", name, platform=CANVAS, late=bool(match["late"])), match["file"]
    canvas = _CANVAS.fullmatch(text) if flat else None
    if canvas and (not moodle or canvas.end("name") < moodle.end("name")):
        return _canvas(canvas, known)
    if moodle:
        name = moodle["name"]
        return Owner(name, "", name, moodle["number"], MOODLE), moodle["file"]
    return None


def _canvas(match: re.Match[str], known: Sequence[tuple[int, int]]) -> tuple[Owner, str]:
    """Canvas's owner; of more than two numbers in a row the right two are the platform's.

    A group's name may end in a number ("team_1_123_456_iou.ipynb"), at most in one, and a file's
    name may begin with one ("schmidtanna_123_456_4_iou.ipynb"). So the two are the first and
    second or the second and third: those that are more like the ones that are certain, of an
    export's other files; without any of these the second and third, as in an export of groups.

    Args:
        match: of `_CANVAS`.
        known: users' and files' numbers that are certain.
    """
    name, numbers = match["name"], match["numbers"].strip("_").split("_")
    start, doubt = 0, ""
    if len(numbers) > 2:
        pairs = [(int(numbers[k]), int(numbers[k + 1])) for k in (0, 1)]
        # the right one in doubt: a file's number is hardly ever that of another user
        start = 0 if known and _unlike(pairs[0], known) < _unlike(pairs[1], known) else 1
        if known:
            doubt = (
                f"The name {match.string} can be read in two ways; it was taken for one of the "
                f"user {numbers[start]}: see in Canvas whose it is."
            )
    name = "_".join([*filter(None, [name]), *numbers[:start]])
    number, file = numbers[start], "_".join([*numbers[start + 2 :], match["file"]])
    student = f"{name}_{number}".strip("_")
    late = bool(match["late"])
    return Owner(student, "", name, number, CANVAS, late=late, doubt=doubt), file


def _known_numbers(found: Iterable[Entry]) -> list[tuple[int, int]]:
    """The numbers of user and file in names that can be read in one way only."""
    matches = [
        _CANVAS.fullmatch(entry.path.parts[0])
        for entry in found
        if entry.kind == FILE and len(entry.path.parts) == 1 and len(entry.name) <= LONGEST_PART
    ]
    runs = [match["numbers"].strip("_").split("_") for match in matches if match]
    return [(int(run[0]), int(run[1])) for run in runs if len(run) == 2]


def _unlike(pair: tuple[int, int], known: Sequence[tuple[int, int]]) -> float:
    """How far two numbers are from the usual ones, in orders of magnitude."""
    usual = (statistics.median(math.log10(one[k]) for one in known) for k in (0, 1))
    return sum(abs(math.log10(x) - y) for x, y in zip(pair, usual, strict=True))
