"""Grades for Moodle and Canvas, as their own gradebooks import them.

Moodle: the offline grading worksheet of an assignment, one file a unit, and a zip with feedback
pages for "Upload multiple feedback files in a zip" (columns and file names as in Moodle 4's
mod/assign). Canvas: the CSV of Grades > Import (as in Canvas's GradebookImporter), all units in
one file. `medseg_grader.nbgrader_plugins` has both as exporters of nbgrader's.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from medseg.files import replacing, write_text
from medseg_grader.grading.worksheet import Row
from medseg_grader.records.marks import Mark, Marks, Person
from medseg_grader.records.results import MOODLE, Result

MOODLE_HEAD = (
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)
CANVAS_HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# what a spreadsheet takes for the beginning of a formula, also in full width
_FORMULA = tuple("=+-@＝＋－＠")


def safe_cell(value: str) -> str:
    """A text that no spreadsheet takes for a formula, on one line: an apostrophe goes before it."""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return f"'{line}" if line.startswith(_FORMULA) else line


def moodle_worksheet(
    most: float,
    marks: Mapping[str, Mark],
    people: Mapping[str, Person],
    numbers: Mapping[str, str],
    comments: Mapping[str, str],
) -> str:
    """The grading worksheet of one unit, as CSV text.

    Moodle finds a student by the identifier alone, "Participant" and the number that its own
    export has in each folder's name, another one in each assignment; without it the cell is empty.

    Args:
        most: the unit's points, which must be the assignment's maximum grade in Moodle.
        marks: the submissions, by student.
        people: everybody in the gradebook.
        numbers: Moodle's in this assignment, by student.
        comments: what to say to a student, as HTML.
    """
    rows = []
    for student, mark in sorted(marks.items()):
        person = people[student]
        handed_in = f"{mark.timestamp:%A, %d %B %Y, %H:%M}" if mark.timestamp else "-"
        rows.append(
            [
                f"Participant {numbers[student]}" if student in numbers else "",
                safe_cell(person.full_name),
                safe_cell(person.email),
                "Submitted for grading",
                f"{mark.total:.2f}",
                f"{most:.2f}",
                "Yes",
                handed_in,
                "-",
                safe_cell(comments.get(student, "")),
            ]
        )
    return csv_text([MOODLE_HEAD, *rows])


def canvas_gradebook(marks: Marks, units: Sequence[str], students: Iterable[str]) -> str:
    """The gradebook of the given units and students, as CSV text.

    Canvas finds a student by its own number, else by the login, for which the id stands here. A
    unit without a submission is left empty, which Canvas reads as no grade.
    """
    rows: list[Sequence[str]] = [(*CANVAS_HEAD, *map(safe_cell, units))]
    possible = [f"{marks.most[unit]:g}" for unit in units]
    rows.append(["    Points Possible", "", "", "", "", *possible])
    for student in sorted(students):
        person = marks.people[student]
        number = person.number if _is_number(person.number) else ""
        own = [marks.units[unit].get(student) for unit in units]
        points = [f"{mark.total:.2f}" if mark else "" for mark in own]
        rows.append([safe_cell(person.full_name), number, "", safe_cell(student), "", *points])
    return csv_text(rows)


def moodle_feedback_zip(
    path: Path,
    pages: Mapping[str, Path],
    people: Mapping[str, Person],
    numbers: Mapping[str, str],
) -> int:
    """Write feedback pages into a zip that Moodle hands out; returns how many there are.

    Those of students whose number in this assignment is not among `numbers` are left out.
    """
    count = 0
    with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, page in sorted(pages.items()):
            if student in people and student in numbers:
                name = re.sub(r"[^\w '-]|_", " ", people[student].full_name).strip() or "student"
                folder = f"{name}_{numbers[student]}_assignsubmission_file_"
                archive.write(page, f"{folder}/feedback_{page.parent.name}.html")
                count += 1
    return count


def moodle_numbers(
    results: Iterable[Result], people: Mapping[str, Person], worksheet: Mapping[str, Row]
) -> tuple[dict[str, str], list[str]]:
    """Moodle's number of each student in one unit, and a sentence on each that two students have.

    Of somebody whom no platform's export has named, it is the one that an instructor has given in
    formgrader. A number that is somebody else's by Moodle's worksheet, as a group's can be, is no
    participant's.
    """
    owners: dict[str, list[str]] = {}
    for result in results:
        by_hand = "" if result.platform else people[result.student].number
        number = result.number if result.platform == MOODLE else by_hand
        row = worksheet.get(number) if result.platform else None
        if _is_number(number) and (row is None or row.is_of(result.name)):
            owners.setdefault(number, []).append(result.student)
    shared = [
        f"The number {number} of Moodle's is that of {' and '.join(map(repr, students))}; they are "
        f"left out of its files until one is corrected in formgrader."
        for number, students in owners.items()
        if len(students) > 1
    ]
    return {students[0]: n for n, students in owners.items() if len(students) == 1}, shared


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def write_csv(path: Path, text: str) -> None:
    """Write CSV text with a mark that makes Excel read it as UTF-8; Moodle and Canvas skip it."""
    write_text(path, "\ufeff" + text.replace("\r\n", "\n"))
