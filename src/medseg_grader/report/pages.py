"""The instructor's pages: item analysis, common mistakes, findings, and the index of them all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np

from medseg.checks import NOT_ATTEMPTED, RAISED, RIGHT, WRONG
from medseg_grader.course.units import Unit
from medseg_grader.records.marks import Marks
from medseg_grader.records.results import Result
from medseg_grader.report import figures
from medseg_grader.report.clean import cut, plain
from medseg_grader.report.feedback import exercise_titles, title
from medseg_grader.report.html import Html, element, join, link, page, picture, table
from medseg_grader.report.items import FEW, Item, analyse, seconds_by_exercise

MOST_MISTAKES = 5


def items_page(units: Mapping[str, Unit], results: Mapping[str, Sequence[Result]]) -> str:
    """Item analysis of every unit that has results."""
    parts: list[object] = [
        element(
            "p",
            "Points as the tests gave them, before anything was changed by hand. Passed: all "
            "points of a test cell. Discrimination: the correlation of a cell's points with the "
            "points in all other cells of the unit, from −1 to 1; above 0.2 a test tells strong "
            "from weak submissions. Seconds: how long the tests ran, not how long anybody worked.",
        )
    ]
    for name, unit in units.items():
        if own := results.get(name):
            parts.append(_unit_items(unit, own))
    return page("Item analysis", join(parts))


def _unit_items(unit: Unit, results: Sequence[Result]) -> Html:
    analysis = analyse(results)
    totals = [result.points for result in results]
    most = results[0].max_points
    parts: list[object] = [element("h2", title(unit), id=unit.name)]
    count = f"{len(results)} submissions." if len(results) != 1 else "One submission."
    if len(results) < FEW:
        count += " With so few, every number below is a hint, no more."
    parts.append(element("p", count))
    parts.append(picture(*figures.totals(totals, most)))
    parts.append(_totals_table(totals, most))
    parts.append(picture(*figures.items(analysis)))
    parts.append(_items_table(analysis))
    times = seconds_by_exercise(results)
    parts.append(picture(*figures.seconds(times)))
    titles = exercise_titles(unit)
    rows = [
        (titles.get(name, name), f"{np.median(values):.2f}", f"{values.max():.2f}")
        for name, values in times.items()
    ]
    parts.append(table("Seconds of tests", ("Exercise", "Median", "Longest"), rows))
    return element("section", join(parts), aria_labelledby=unit.name)


def _totals_table(totals: Sequence[float], most: float) -> Html:
    values = np.array(totals)
    row = (
        len(values),
        f"{values.mean():.1f}",
        f"{np.median(values):g}",
        f"{values.min():g}",
        f"{values.max():g}",
        f"{(values >= most).mean():.0%}",
    )
    head = ("Submissions", "Mean", "Median", "Lowest", "Highest", "All points")
    return table(f"Points, of {most:g}", head, [row])


def _items_table(analysis: Sequence[Item]) -> Html:
    rows = [
        (
            item.name,
            item.most,
            f"{item.passed:.0%}",
            f"{item.share:.0%}",
            "–" if item.discrimination is None else f"{item.discrimination:.2f}",
            item.remark,
        )
        for item in analysis
    ]
    head = ("Test cell", "Points", "Passed", "Mean share", "Discrimination", "Remark")
    return table("Test cells", head, rows)


def mistakes_page(units: Mapping[str, Unit], results: Mapping[str, Sequence[Result]]) -> str:
    """What the class gets wrong, by the names of the mistake catalogue."""
    parts: list[object] = [
        element(
            "p",
            "What check said of each answer while it was graded. A student could forge it: it "
            "counts for nothing but this page.",
        )
    ]
    for name, unit in units.items():
        own = results.get(name)
        if not own:
            continue
        parts.append(element("h2", title(unit), id=name))
        titles = exercise_titles(unit)
        rows = []
        for exercise in unit.exercises:
            found = Counter(r.diagnosis.get(exercise, "") for r in own)
            named = sum(found[m.name] for m in unit.exercises[exercise].mistakes)
            outcomes = [found[RIGHT], named, found[WRONG] + found[RAISED], found[NOT_ATTEMPTED]]
            rows.append((titles[exercise], *outcomes, len(own) - sum(outcomes)))
        head = (
            "Exercise",
            "Right",
            "Known mistake",
            "Other mistake",
            "Not attempted",
            "No verdict",
        )
        parts.append(table("Answers", head, rows))
        lines = [element("li", line) for line in common_mistakes(unit, own)]
        parts.append(element("ul", join(lines)) if lines else element("p", "No known mistake."))
    return page("Common mistakes", join(parts))


def common_mistakes(unit: Unit, results: Sequence[Result]) -> list[str]:
    """The mistakes that the class made, most frequent first: "7 of 12: name: hint"."""
    found = []
    for name, exercise in unit.exercises.items():
        counts = Counter(result.diagnosis.get(name) for result in results)
        for mistake in exercise.mistakes:
            if number := counts[mistake.name]:
                text = f"{number} of {len(results)}: {mistake.name} ({name}): {mistake.hint}"
                found.append((number, text))
    return [text for _, text in sorted(found, key=lambda pair: -pair[0])]


def findings_page(results: Mapping[str, Sequence[Result]], notes: Sequence[str]) -> str:
    """What was odd, by unit and student."""
    parts: list[object] = [
        element(
            "p",
            "What was odd about submissions, whether by accident or not. Nothing of it changed a "
            "test or another student's points. What a finding says about intent is yours to judge.",
        )
    ]
    parts += [element("p", text, class_="note") for text in notes]
    for name, own in results.items():
        rows = [
            (result.student, join([element("div", _sentence(f)) for f in result.findings], ""))
            for result in own
            if result.findings
        ]
        parts.append(element("h2", name, id=name))
        parts.append(table(f"Findings in {name}", ("Student", "What was odd"), rows))
    return page("Findings", join(parts))


def _sentence(text: str) -> str:
    return cut(" ".join(plain(text).split()), 600)


def index_page(
    units: Mapping[str, Unit],
    results: Mapping[str, Sequence[Result]],
    marks: Marks,
    pages: Mapping[tuple[str, str], PurePosixPath],
    files: Sequence[tuple[PurePosixPath, str]],
    notes: Sequence[str],
) -> str:
    """The page that links all others.

    Args:
        units, results: by the unit's name.
        marks: the gradebook.
        pages: the feedback page of (unit, student), relative to the index.
        files: other files with a word on each.
        notes: what an instructor should know first.
    """
    parts: list[object] = [element("p", text, class_="note") for text in notes]
    rows: list[tuple] = []
    for name, own in results.items():
        totals = [mark.total for s, mark in marks.units.get(name, {}).items()]
        odd = sum(bool(result.findings) for result in own)
        rows.append(
            (
                title(units[name]),
                len(own),
                f"{np.mean(totals):.1f} of {own[0].max_points:g}" if totals else "–",
                link("items.html", "item analysis"),
                link("mistakes.html", "mistakes"),
                link("findings.html", f"{odd} with findings"),
            )
        )
    head = ("Unit", "Submissions", "Mean points", "Tests", "Class", "Odd")
    parts.append(table("Units", head, rows))
    parts.append(element("h2", "What the class gets wrong most often"))
    for name, own in results.items():
        lines = [element("li", line) for line in common_mistakes(units[name], own)[:MOST_MISTAKES]]
        if lines:
            parts += [element("h3", title(units[name])), element("ul", join(lines))]
    parts.append(element("h2", "To take away"))
    items = [element("li", join([link(path, path), f": {word}"], "")) for path, word in files]
    parts.append(element("ul", join(items)))
    parts.append(element("h2", "Students"))
    parts.append(_students_table(results, marks, pages))
    return page("Grading report", join(parts))


def _students_table(
    results: Mapping[str, Sequence[Result]],
    marks: Marks,
    pages: Mapping[tuple[str, str], PurePosixPath],
) -> Html:
    students = sorted({result.student for own in results.values() for result in own})
    rows = []
    for student in students:
        person = marks.people.get(student)
        row: list[object] = [student, person.name if person else ""]
        for name in results:
            mark = marks.units.get(name, {}).get(student)
            place = pages.get((name, student))
            text = f"{mark.total:g}" if mark else ""
            row.append(link(place, text) if place and text else text)
        rows.append(row)
    return table("Points and feedback", ("Student", "Name", *results), rows)
