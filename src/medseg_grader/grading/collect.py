"""Step one of grading: which student handed in which notebook for which unit.

Three layouts are understood, as a folder or a zip file: nbgrader's (`anna/04_iou/iou.ipynb`),
Moodle's ("Anna Schmidt_1234_assignsubmission_file_/iou.ipynb") and Canvas's
("schmidtanna_123_456_iou.ipynb"). A submission is data: one regular file for each unit is read,
up to a size; links, paths that lead out and all other files are left where they are and reported.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from medseg.errors import InputError, did_you_mean
from medseg.files.archives import FILE, FOLDER, LINK, Entry, entries
from medseg.units import notebook_name, unit_of_file
from medseg.units.handed_in import LARGEST_MB
from medseg_grader.grading.identities import Known, with_ids
from medseg_grader.grading.layouts import Files, Owner, owners
from medseg_grader.grading.worksheet import Row
from medseg_grader.records.results import MOODLE

_TIMESTAMP = "timestamp.txt"
# what nbgrader's exchange puts beside a submission, to know it again when feedback goes back
_EXCHANGE = (_TIMESTAMP, "submission_secret.txt")
# students that a sentence names
_LISTED = 30
# what operating systems and Jupyter leave behind in every folder
_LITTER = {".ipynb_checkpoints", ".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one unit; `notebook` is None where it cannot be read.

    `findings` say what was odd, one sentence each; `name`, `number`, `platform`, `email`,
    `timestamp` and `exchange` are as in `medseg_grader.records.results.Result`.
    """

    student: str
    unit: str
    notebook: Entry | None
    findings: list[str] = field(default_factory=list)
    name: str = ""
    number: str = ""
    platform: str = ""
    email: str = ""
    timestamp: str = ""
    exchange: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Collected:
    """What was found: submissions by unit and student, and sentences for the instructor.

    `left` tells what was left where it is; `questions` whose submissions are graded only once it is
    said who they are.
    """

    submissions: list[Submission]
    left: list[str]
    questions: list[str]


def collect(
    submitted: Path,
    units: Sequence[str],
    unit: str | None = None,
    student: str | None = None,
    *,
    known: Known | None = None,
    worksheet: Mapping[str, Row] | None = None,
) -> Collected:
    """All submissions in a folder or zip.

    Args:
        submitted: nbgrader's layout, or an export of Moodle or Canvas.
        units: full names of the course's units.
        unit: only this one; an export without the unit's name in its file names is of this one.
        student: only this one, by id or by the learning platform's number.
        known: who handed in before in this term.
        worksheet: what Moodle's grading worksheet of the assignment says, by number.

    Raises:
        InputError: nothing in there looks like a submission, or nobody is whom it was asked for.
    """
    found = [entry for entry in entries(submitted) if not _LITTER & set(entry.path.parts)]
    files, left = owners(found, units)
    if not files:
        files, left = owners(_without_top_folder(found), units)
    if not files:
        example = units[0] if units else "04_iou"
        raise InputError(
            f"Nothing in {submitted} looks like a submission: expected "
            f"STUDENT/{example}/{notebook_name(example)}, or an export of Moodle or Canvas."
        )
    files = _with_units(files, units, unit)
    if worksheet is not None:
        files = _with_worksheet(files, worksheet)
    files, questions = with_ids(files, known)
    chosen = {owner: own for owner, own in files.items() if unit is None or owner.unit == unit}
    if not chosen and not questions:
        there = ", ".join(sorted({owner.unit for owner in files})) or "nothing with a unit's name"
        raise InputError(f"Nobody in {submitted} has handed in {unit}; there is: {there}.")
    if student is not None:
        mine = {o: own for o, own in chosen.items() if student in (o.student, o.number)}
        if not mine:
            raise InputError(_nobody(student, submitted, chosen))
        chosen = mine
    submissions = [_submission(owner, own) for owner, own in chosen.items()]
    return Collected(sorted(submissions, key=lambda s: (s.unit, s.student)), left, questions)


def _nobody(student: str, submitted: Path, there: Files) -> str:
    """That somebody is not there, and who is."""
    ids = sorted({owner.student for owner in there})
    guess = did_you_mean(student, ids)
    more = f", … ({len(ids)} in all)" if len(ids) > _LISTED else ""
    listed = ", ".join(ids[:_LISTED])
    return f"There is nobody called {student!r} in {submitted}.{guess} There are: {listed}{more}."


def _with_worksheet(files: Files, worksheet: Mapping[str, Row]) -> Files:
    """Give Moodle's students the email address and the time that its worksheet has."""
    return {_told(owner, worksheet): own for owner, own in files.items()}


def _told(owner: Owner, worksheet: Mapping[str, Row]) -> Owner:
    """An owner with what the worksheet tells of the number.

    A group's number may be that of a participant who is somebody else.
    """
    if owner.platform != MOODLE or not owner.number:
        return owner
    row = worksheet.get(owner.number)
    if row is not None and row.is_of(owner.name):
        return replace(owner, email=row.email, timestamp=row.timestamp)
    if row is None:
        says = f"lacks the number {owner.number}, so Moodle may not take the points"
    else:
        says = (
            f"has the number {owner.number} for {row.name}, so the points go into no file of "
            f"Moodle's"
        )
    doubt = f"Moodle's worksheet {says}; of a group, its members have them by grading/groups.csv."
    return replace(owner, doubt=doubt)


def _without_top_folder(found: list[Entry]) -> list[Entry]:
    """Many programs pack a folder into a zip together with its own name: take that away."""
    inner = [entry for entry in found if len(entry.path.parts) > 1]
    if len({entry.path.parts[0] for entry in found}) != 1:
        return []
    return [replace(e, path=PurePosixPath(*e.path.parts[1:])) for e in inner]


def _with_units(files: Files, units: Sequence[str], unit: str | None) -> Files:
    """Give each owner of a learning platform's export its unit, by the names of the notebooks."""
    sorted_out: Files = defaultdict(list)
    seen = {unit_of_file(name, units) for own in files.values() for name, _ in own} - {""}
    only = unit or (seen.pop() if len(seen) == 1 else "")
    for owner, own in files.items():
        if owner.unit:
            sorted_out[owner] += own
            continue
        named = {unit_of_file(name, units) for name, _ in own} - {""} if not only else {only}
        for name in sorted(named):
            mine = [f for f in own if only or unit_of_file(f[0], units) in ("", name)]
            sorted_out[replace(owner, unit=name)] += mine
    return sorted_out


def _submission(owner: Owner, files: list[tuple[str, Entry]]) -> Submission:
    if owner.refused:
        return Submission(owner.student, owner.unit, None, [owner.refused])
    wanted = notebook_name(owner.unit)
    candidates = _candidates(wanted, owner.unit, files)
    chosen, findings = _choose(wanted, candidates)
    findings = [f"{entry.path} is {entry.odd}." for name, entry in files if not name] or findings
    findings += [owner.doubt] if owner.doubt else []
    findings += ["Canvas marks it as late."] if owner.late else []
    timestamp, exchange = owner.timestamp, {}
    named = [entry for _, entry in candidates]
    others = [name for name, entry in files if name and entry not in named and entry.kind != FOLDER]
    for name, entry in files:
        if name in _EXCHANGE and not owner.number:
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
    return Submission(
        owner.student,
        owner.unit,
        chosen,
        findings,
        owner.name,
        owner.number,
        owner.platform,
        owner.email,
        timestamp,
        exchange,
    )


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
