"""Step one of grading: which student handed in which notebook for which unit.

Three layouts are understood, as a folder or a zip file: nbgrader's (`anna/04_iou/iou.ipynb`),
Moodle's ("Anna Schmidt_1234_assignsubmission_file_/iou.ipynb") and Canvas's
("schmidtanna_123_456_iou.ipynb"). A submission is data: one regular file for each unit is read,
up to a size; links, paths that lead out and all other files are left where they are and reported.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from medseg.errors import InputError
from medseg.files.archives import ESCAPE, FILE, FOLDER, LINK, Entry, entries
from medseg.units import notebook_name, unit_of_file
from medseg.units.handed_in import LARGEST_MB

LONGEST_ID = 128  # characters, in nbgrader's gradebook
LONGEST_NAME = 200  # bytes, so that a file can be called after a student
_MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
_CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)")
_TIMESTAMP = "timestamp.txt"
# what nbgrader's exchange puts beside a submission, to know it again when feedback goes back
_EXCHANGE = (_TIMESTAMP, "submission_secret.txt")
# what operating systems and Jupyter leave behind in every folder
_LITTER = {".ipynb_checkpoints", ".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one unit; `notebook` is None where it cannot be read.

    `findings` say what was odd, one sentence each; `name`, `number`, `timestamp` and `exchange` are
    as in `medseg_grader.records.results.Result`.
    """

    student: str
    unit: str
    notebook: Entry | None
    findings: list[str] = field(default_factory=list)
    name: str = ""
    number: str = ""
    timestamp: str = ""
    exchange: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Hand:
    """A student as a layout names them, and, where the layout tells, the unit."""

    student: str
    unit: str = ""
    name: str = ""
    number: str = ""
    late: bool = False


def collect(
    submitted: Path, units: Sequence[str], unit: str | None = None, student: str | None = None
) -> tuple[list[Submission], list[str]]:
    """All submissions in a folder or zip, by unit and student, and sentences on what was left.

    Args:
        submitted: nbgrader's layout, or an export of Moodle or Canvas.
        units: full names of the course's units.
        unit: only this one; an export without the unit's name in its file names is of this one.
        student: only this one, by id or by the learning platform's number.

    Raises:
        InputError: nothing in there looks like a submission.
    """
    found = [entry for entry in entries(submitted) if not _LITTER & set(entry.path.parts)]
    hands, left = _sort(found, units)
    if not hands:
        hands, left = _sort(_without_top_folder(found), units)
    if not hands:
        example = units[0] if units else "04_iou"
        raise InputError(
            f"Nothing in {submitted} looks like a submission: expected "
            f"STUDENT/{example}/{notebook_name(example)}, or an export of Moodle or Canvas."
        )
    submissions = []
    for hand, files in _with_units(_named(hands), units, unit).items():
        if (unit is None or hand.unit == unit) and student in (None, hand.student, hand.number):
            submissions.append(_submission(hand, files))
    return sorted(submissions, key=lambda s: (s.unit, s.student)), left


def _sort(
    found: Iterable[Entry], units: Sequence[str]
) -> tuple[dict[_Hand, list[tuple[str, Entry]]], list[str]]:
    """{hand: [(name of the file as the student called it, entry)]}, and what is nobody's."""
    hands: dict[_Hand, list[tuple[str, Entry]]] = defaultdict(list)
    left = []
    for entry in found:
        parts = entry.path.parts
        if entry.kind == ESCAPE:
            left.append(f"{entry.path} leads out of the zip file; it was left.")
        elif match := _MOODLE.fullmatch(parts[0]):
            hand = _Hand(match["name"], name=match["name"], number=match["number"])
            file = "/".join([match["file"], *parts[1:]]).strip("/")
            hands[hand] += [(file, entry)] if file and entry.kind != FOLDER else []
        elif len(parts) == 1 and entry.kind == FILE and (match := _CANVAS.fullmatch(parts[0])):
            student = f"{match['name']}_{match['number']}"
            hand = _Hand(student, "", match["name"], match["number"], bool(match["late"]))
            hands[hand].append((match["file"], entry))
        elif parts[1:2] and parts[1] in units and (len(parts) > 2 or entry.kind != LINK):
            file = "/".join(parts[2:])
            hands[_Hand(parts[0], parts[1])] += [(file, entry)] if file else []
        elif entry.kind == LINK:
            left.append(f"{entry.path} is a link; it was not followed.")
        elif entry.kind == FILE:
            left.append(f"{entry.path} belongs to no student's unit; it was left.")
    return hands, left


def _without_top_folder(found: list[Entry]) -> list[Entry]:
    """Many programs pack a folder into a zip together with its own name: take that away."""
    inner = [entry for entry in found if len(entry.path.parts) > 1]
    if len({entry.path.parts[0] for entry in found}) != 1:
        return []
    return [replace(e, path=PurePosixPath(*e.path.parts[1:])) for e in inner]


def _named(
    hands: dict[_Hand, list[tuple[str, Entry]]],
) -> dict[_Hand, list[tuple[str, Entry]]]:
    """Student ids that a gradebook and a file system can hold.

    Moodle's number changes from one assignment to the next, so the full name is the id; where two
    share it, or the names are hidden, the number is added.
    """
    names = Counter(hand.name for hand in hands if hand.name == hand.student)
    named: dict[_Hand, list[tuple[str, Entry]]] = defaultdict(list)
    for hand, files in hands.items():
        student = hand.student
        if names[hand.name] > 1 or hand.name == "Participant":
            student = f"{hand.name}_{hand.number}"
        named[replace(hand, student=_id(student))] += files
    return named


def _id(raw: str) -> str:
    """One spelling for one student, in characters that a gradebook can hold."""
    text = unicodedata.normalize("NFC", raw)
    text = "".join(c if c.isprintable() else "_" for c in text).strip()[:LONGEST_ID]
    return text.encode()[:LONGEST_NAME].decode(errors="ignore")


def _with_units(
    hands: dict[_Hand, list[tuple[str, Entry]]], units: Sequence[str], unit: str | None
) -> dict[_Hand, list[tuple[str, Entry]]]:
    """Give each hand of a learning platform's export its unit, by the names of the notebooks."""
    sorted_out: dict[_Hand, list[tuple[str, Entry]]] = defaultdict(list)
    seen = {unit_of_file(name, units) for files in hands.values() for name, _ in files} - {""}
    only = unit or (seen.pop() if len(seen) == 1 else "")
    for hand, files in hands.items():
        if hand.unit:
            sorted_out[hand] += files
            continue
        own = {unit_of_file(name, units) for name, _ in files} - {""} if not only else {only}
        for name in sorted(own):
            mine = [f for f in files if only or unit_of_file(f[0], units) in ("", name)]
            sorted_out[replace(hand, unit=name)] += mine
    return sorted_out


def _submission(hand: _Hand, files: list[tuple[str, Entry]]) -> Submission:
    wanted = notebook_name(hand.unit)
    candidates = _candidates(wanted, hand.unit, files)
    chosen, findings = _choose(wanted, candidates)
    if hand.late:
        findings.append("Canvas marks it as late.")
    timestamp, exchange = "", {}
    named = [entry for _, entry in candidates]
    others = [name for name, entry in files if entry not in named and entry.kind != FOLDER]
    for name, entry in files:
        if name in _EXCHANGE and not hand.number:
            others.remove(name)
            try:
                exchange[name] = _text(entry)
                if name == _TIMESTAMP:
                    timestamp = _time(exchange[name])
            except ValueError as error:
                exchange.pop(name, None)
                findings.append(f"{name} {error}.")
    if others:
        more = f" and {len(others) - 4} more" if len(others) > 4 else ""
        findings.append(f"Other files were left aside: {', '.join(others[:4])}{more}.")
    whose = hand.student, hand.unit
    return Submission(*whose, chosen, findings, hand.name, hand.number, timestamp, exchange)


def _candidates(wanted: str, unit: str, files: list[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    """The file of the right name, else those of a similar one, else any notebooks."""
    notebooks = [f for f in files if f[0].lower().endswith(".ipynb") and f[1].kind != FOLDER]
    exact = [f for f in notebooks if f[0] == wanted]
    similar = [f for f in notebooks if unit_of_file(f[0], [unit])]
    return exact[-1:] or similar or notebooks


def _choose(wanted: str, candidates: list[tuple[str, Entry]]) -> tuple[Entry | None, list[str]]:
    """The one notebook that is graded, and what was odd about it."""
    names = ", ".join(name for name, _ in candidates)
    if not candidates:
        return None, [f"There is no {wanted} in it."]
    if len(candidates) > 1:
        return None, [f"It has several notebooks, none called {wanted}: {names}; rename one."]
    name, entry = candidates[0]
    findings = [] if name == wanted else [f"It was handed in as {name}, and read as {wanted}."]
    if entry.kind == LINK:
        return None, [*findings, f"{name} is a link, which is not followed."]
    if entry.kind != FILE:
        return None, [*findings, f"{name} is no file that can be read."]
    if entry.size > LARGEST_MB * 2**20:
        size = f"{entry.size / 2**20:.0f} MB"
        return None, [*findings, f"{name} has {size}; at most {LARGEST_MB} MB are read."]
    return entry, findings


def _text(entry: Entry) -> str:
    """What a small text file says; InputError with the rest of a sentence on what it is instead."""
    if entry.kind != FILE or entry.size > 1000:
        raise InputError("is no small text file; it was not read")
    try:
        return entry.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("is no text that can be read") from error


def _time(text: str) -> str:
    # here, as workers import this module, and nbgrader takes a second to load
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text.strip()).isoformat() if text.strip() else ""
    except (ValueError, OverflowError) as error:
        raise InputError("is not a date; when it was handed in is not known") from error
