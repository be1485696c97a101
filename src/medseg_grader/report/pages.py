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
from medseg_grader.report.feedback import exercise_titles, test_titles, title, words
from medseg_grader.report.html import picture, render
from medseg_grader.report.items import FEW, FEWEST, WEAK, analyse, seconds_by_exercise

MOST_MISTAKES = 5


def items_page(units: Mapping[str, Unit], results: Mapping[str, Sequence[Result]]) -> str:
    """Item analysis of every unit that has results."""
    analysed = [
        _unit_items(unit, own) for name, unit in units.items() if (own := results.get(name))
    ]
    return render("items.html", units=analysed, weak=WEAK, few=FEW, fewest=FEWEST)


def _unit_items(unit: Unit, results: Sequence[Result]) -> dict[str, object]:
    cells = analyse(results, test_titles(unit))
    points = np.array([result.points for result in results])
    most = results[0].max_points
    titles = exercise_titles(unit)
    times = {titles.get(name, name): x for name, x in seconds_by_exercise(results).items()}
    return {
        "name": unit.name,
        "title": title(unit),
        "submissions": len(results),
        "points": points,
        "median": np.median(points),
        "all_points": (points >= most).mean(),
        "most": most,
        "cells": cells,
        "seconds": [
            {
                "title": name,
                "median": np.median(values),
                "longest": values.max(),
            }
            for name, values in times.items()
        ],
        "totals": picture(*figures.totals(points.tolist(), most)),
        "pass_rates": picture(*figures.items(cells)),
        "running_times": picture(*figures.seconds(times)),
    }


def mistakes_page(units: Mapping[str, Unit], results: Mapping[str, Sequence[Result]]) -> str:
    """What the class gets wrong, by the names of the mistake catalogue."""
    counted = [
        _unit_mistakes(unit, own) for name, unit in units.items() if (own := results.get(name))
    ]
    return render("mistakes.html", units=counted)


def _unit_mistakes(unit: Unit, results: Sequence[Result]) -> dict[str, object]:
    titles = exercise_titles(unit)
    exercises = []
    for name, exercise in unit.exercises.items():
        found = Counter(result.diagnosis.get(name, "") for result in results)
        known = sum(found[mistake.name] for mistake in exercise.mistakes)
        counts = [found[RIGHT], known, found[WRONG] + found[RAISED], found[NOT_ATTEMPTED]]
        counts.append(len(results) - sum(counts))
        exercises.append({"title": titles[name], "counts": counts})
    return {
        "name": unit.name,
        "title": title(unit),
        "exercises": exercises,
        "mistakes": common_mistakes(unit, results),
    }


def common_mistakes(unit: Unit, results: Sequence[Result]) -> list[str]:
    """The mistakes that the class made, most frequent first.

    Each is told as "7 of 12: Rows and columns swapped (4.1 The confusion matrix). Its hint".
    """
    titles = exercise_titles(unit)
    found = []
    for name, exercise in unit.exercises.items():
        counts = Counter(result.diagnosis.get(name) for result in results)
        for mistake in exercise.mistakes:
            if number := counts[mistake.name]:
                what = f"{words(mistake.name)} ({titles[name]})"
                text = f"{number} of {len(results)}: {what}. {mistake.hint}"
                found.append((number, text))
    return [text for _, text in sorted(found, key=lambda pair: -pair[0])]


def findings_page(results: Mapping[str, Sequence[Result]], remarks: Sequence[str]) -> str:
    """What was odd, by unit and student."""
    units = [
        {
            "name": name,
            "students": [
                {"id": result.student, "findings": [_sentence(f) for f in result.findings]}
                for result in own
                if result.findings
            ],
        }
        for name, own in results.items()
    ]
    return render("findings.html", units=units, remarks=remarks)


def _sentence(text: str) -> str:
    return cut(" ".join(plain(text).split()), 600)


def index_page(
    units: Mapping[str, Unit],
    results: Mapping[str, Sequence[Result]],
    marks: Marks,
    pages: Mapping[tuple[str, str], PurePosixPath],
    files: Sequence[tuple[PurePosixPath, str]],
    remarks: Sequence[str],
) -> str:
    """The page that links all others.

    Args:
        units, results: by the unit's name.
        marks: the gradebook.
        pages: the feedback page of (unit, student), relative to the index.
        files: other files with a word on each.
        remarks: what an instructor should know first.
    """
    return render(
        "index.html",
        units=[_unit_row(units[name], own, marks) for name, own in results.items()],
        students=_students(results, marks, pages),
        files=files,
        remarks=remarks,
    )


def _unit_row(unit: Unit, results: Sequence[Result], marks: Marks) -> dict[str, object]:
    totals = [mark.total for mark in marks.units.get(unit.name, {}).values()]
    number = unit.name.partition("_")[0].lstrip("0")
    return {
        "name": unit.name,
        "title": title(unit),
        "short": f"Unit {number}" if number.isdigit() else unit.name,
        "submissions": len(results),
        "mean": np.mean(totals) if totals else None,
        "most": results[0].max_points,
        "odd": sum(bool(result.findings) for result in results),
        "mistakes": common_mistakes(unit, results)[:MOST_MISTAKES],
    }


def student_page(
    student: str,
    units: Mapping[str, Unit],
    results: Mapping[str, Sequence[Result]],
    marks: Marks,
    pages: Mapping[tuple[str, str], PurePosixPath],
) -> str:
    """One student over all units: points, feedback, totals. Arguments as for `index_page`."""
    rows: list[dict[str, object]] = []
    reached = most = 0.0
    for name in results:
        mark = marks.units.get(name, {}).get(student)
        due = marks.most[name]
        most += due
        page = pages.get((name, student))
        if mark is not None:
            reached += mark.total
            findings = [len(r.findings) for r in results[name] if r.student == student]
            rows.append(
                {
                    "title": title(units[name]),
                    "total": mark.total,
                    "most": due,
                    "penalty": mark.penalty,
                    "timestamp": mark.timestamp,
                    "page": PurePosixPath("..", page) if page else None,
                    "findings": sum(findings),
                }
            )
        else:
            rows.append({"title": title(units[name]), "total": None, "most": due})
    person = marks.people.get(student)
    return render(
        "student.html",
        id=student,
        full_name=person.full_name if person else student,
        rows=rows,
        reached=reached,
        most=most,
    )


def _students(
    results: Mapping[str, Sequence[Result]],
    marks: Marks,
    pages: Mapping[tuple[str, str], PurePosixPath],
) -> list[dict[str, object]]:
    """Every student of the class, with the points and the page of each unit in order."""
    students: list[dict[str, object]] = []
    for student in sorted({result.student for own in results.values() for result in own}):
        person = marks.people.get(student)
        own = [marks.units.get(name, {}).get(student) for name in results]
        row = [
            {"total": mark.total if mark else None, "page": pages.get((name, student))}
            for name, mark in zip(results, own, strict=True)
        ]
        students.append(
            {
                "id": student,
                "name": person.name if person else "",
                "page": PurePosixPath("students", f"{student}.html"),
                "marks": row,
                "total": sum(mark.total for mark in own if mark),
            }
        )
    return students
