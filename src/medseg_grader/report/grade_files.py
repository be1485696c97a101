"""Which files of grades there are, and whom each is about: Moodle's, Canvas's, one for anything.

A file of a platform's is about those who came from it, or from none. Who works in a group has the
group's marks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path, PurePosixPath

from medseg_grader.course.units import Unit
from medseg_grader.grading.worksheet import Row, stored_worksheet
from medseg_grader.records.groups import read_groups
from medseg_grader.records.marks import Mark, Marks, Person
from medseg_grader.records.results import CANVAS, MOODLE, Result
from medseg_grader.report import lms
from medseg_grader.report.clean import Cleaner
from medseg_grader.report.feedback import comments_on, exercise_titles, reasons
from medseg_grader.report.folders import folder_in, remove_others

Files = list[tuple[PurePosixPath, str]]


def write_grade_files(
    units: Mapping[str, Unit],
    results: Mapping[str, Sequence[Result]],
    marks: Marks,
    pages: Mapping[tuple[str, str], Path],
    out: Path,
) -> tuple[Files, list[str]]:
    """Write the files; gives their paths with a word on each, and notes for the instructor."""
    files: Files = []
    notes: list[str] = []
    unknown: list[Result] = []
    groups = read_groups(out.parent.parent)
    moodle = folder_in(out, "moodle")
    for name, own in results.items():
        theirs = [result for result in own if result.platform != CANVAS]
        # whom stock nbgrader has graded
        others = marks.units[name].keys() - {result.student for result in own}
        theirs += [Result(student, name, "", []) for student in sorted(others)]
        worksheet = stored_worksheet(name, out.parent.parent)
        numbers, shared = lms.moodle_numbers(theirs, marks.people, worksheet)
        notes += [f"{name}: {sentence}" for sentence in shared]
        if theirs:
            sheet = _Sheet(units[name], marks.most[name])
            for result in theirs:
                sheet.add(result, marks, numbers.get(result.student, ""), pages)
            notes += sheet.with_members(groups, worksheet)
            files += sheet.write(moodle)
        unknown += [r for r in theirs if not r.platform and r.student not in numbers]
    remove_others(moodle, {path.name for path, _ in files})
    everybody = {student for name in results for student in marks.units[name]}
    named = {r.student for own in results.values() for r in own}
    students = {r.student for own in results.values() for r in own if r.platform != MOODLE}
    students |= everybody - named
    if students:
        lms.write_csv(out / "canvas.csv", lms.canvas_gradebook(marks, list(results), students))
        files.append((PurePosixPath("canvas.csv"), "Canvas's gradebook"))
    else:
        (out / "canvas.csv").unlink(missing_ok=True)
    if results:
        lms.write_csv(out / "grades.csv", _all_grades(results, marks, groups))
        files.append((PurePosixPath("grades.csv"), "all grades, for any other use"))
    return files, [*notes, *_unknown_numbers(unknown)]


@dataclass
class _Sheet:
    """What goes to Moodle about one unit, by student."""

    unit: Unit
    most: float
    marks: dict[str, Mark] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Path] = field(default_factory=dict)

    def add(
        self, result: Result, marks: Marks, number: str, pages: Mapping[tuple[str, str], Path]
    ) -> None:
        """Take in a submission; `number` is Moodle's, empty where it is not known."""
        student, mark = result.student, marks.units[self.unit.name][result.student]
        self.marks[student], self.people[student] = mark, marks.people[student]
        self.comments[student] = _comment(self.unit, result, mark) if result.cells else ""
        if page := pages.get((self.unit.name, student)):
            self.pages[student] = page
        if number:
            self.numbers[student] = number

    def with_members(
        self, groups: Mapping[str, Sequence[str]], worksheet: Mapping[str, Row]
    ) -> list[str]:
        """Put a group's members in its place; their numbers are those of Moodle's worksheet.

        Gives a sentence on each who cannot be found there.
        """
        named: dict[str, list[str]] = {}
        for number, row in worksheet.items():
            named.setdefault(row.name, []).append(number)
        notes = []
        for group in [student for student in self.marks if student in groups]:
            mark, comment, page = (
                self.marks.pop(group),
                self.comments.pop(group),
                self.pages.pop(group, None),
            )
            self.people.pop(group)
            self.numbers.pop(group, None)
            for member in groups[group]:
                if member in self.marks:
                    notes.append(
                        f"{self.unit.name}: {member} of {group} has handed in alone too, and has "
                        f"the points of that."
                    )
                    continue
                found = named.get(member, [])
                email = worksheet[found[0]].email if len(found) == 1 else ""
                self.marks[member], self.people[member] = mark, Person(member, member, email)
                self.comments[member] = comment
                if page is not None:
                    self.pages[member] = page
                if len(found) == 1:
                    self.numbers[member] = found[0]
                else:
                    how_often = "twice" if found else "not"
                    notes.append(
                        f"{self.unit.name}: {member} of {group} is {how_often} in Moodle's grading "
                        f"worksheet, so Moodle will not take the points; grade with --worksheet."
                    )
        return notes

    def write(self, folder: Path) -> Files:
        """The grading worksheet, and the feedback pages as a zip where anybody has a number."""
        name = self.unit.name
        text = lms.moodle_worksheet(self.most, self.marks, self.people, self.numbers, self.comments)
        lms.write_csv(folder / f"{name}.csv", text)
        files = [(PurePosixPath(folder.name, f"{name}.csv"), "Moodle's grading worksheet")]
        archive = folder / f"{name}_feedback.zip"
        if count := lms.moodle_feedback_zip(archive, self.pages, self.people, self.numbers):
            files.append((PurePosixPath(folder.name, archive.name), f"{count} feedback pages"))
        else:
            archive.unlink()
        return files


def _all_grades(results: Iterable[str], marks: Marks, groups: Mapping[str, Sequence[str]]) -> str:
    """Everybody with the points of each unit and their sum, as CSV text."""
    units = list(results)
    rows: dict[str, dict[str, float]] = {}
    of_groups: dict[str, dict[str, float]] = {}
    for unit in units:
        for student, mark in marks.units[unit].items():
            if student in groups:
                for member in groups[student]:
                    of_groups.setdefault(member, {})[unit] = mark.total
            else:
                rows.setdefault(student, {})[unit] = mark.total
    for member, own in of_groups.items():
        rows[member] = own | rows.get(member, {})
    table = [["Student", "Name", "Email address", *units, "Total"]]
    table.append(["    Points possible", "", "", *(f"{marks.most[unit]:g}" for unit in units)])
    table[-1].append(f"{sum(marks.most[unit] for unit in units):g}")
    for student, points in sorted(rows.items()):
        person = marks.people.get(student, Person(student, student))
        cells = [f"{points[unit]:.2f}" if unit in points else "" for unit in units]
        who = map(lms.safe_cell, (student, person.full_name, person.email))
        table.append([*who, *cells, f"{sum(points.values()):.2f}"])
    return lms.csv_text(table)


def _unknown_numbers(unknown: Collection[Result]) -> list[str]:
    """A note where no platform's export has named some students."""
    students = {result.student for result in unknown}
    if not students:
        return []
    who = "1 student has" if len(students) == 1 else f"{len(students)} students have"
    return [
        f"{who} no number of Moodle's or Canvas's. Canvas then finds them by login; for Moodle, "
        f"grade the zip that it exports."
    ]


def _comment(unit: Unit, result: Result, mark: Mark) -> str:
    """The points of each exercise and why some are missing, as the HTML that Moodle takes."""
    lines = []
    titles = exercise_titles(unit)
    cleaner = Cleaner(cell.source for cell in unit.cells)
    for name in unit.exercises:
        cells = [cell for cell in result.cells if cell.exercise == name]
        reached = sum(mark.points.get(cell.grade_id, 0.0) for cell in cells)
        most = sum(cell.max_points for cell in cells)
        why = cleaner.sentence(" ".join(reasons(unit, result, name, mark)))
        lines.append(escape(f"{titles[name]}: {reached:g} of {most:g}. {why}".strip(), quote=False))
        for text in comments_on(name, result, mark):
            said = cleaner.sentence(text)
            lines.append(escape(f"Your instructor writes: {said}", quote=False))
    return "<br>".join(lines)
