"""Grading one submission of one unit, as data: what worker, gradebook and report share."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medseg.errors import InputError
from medseg.files import write_text

RESULTS = Path("grading/results")
AUTOGRADED = Path("grading/autograded")
# the learning platforms whose exports are understood
MOODLE, CANVAS = "Moodle", "Canvas"


@dataclass(frozen=True)
class CellScore:
    """Points of one test cell.

    `seconds` is how long the cell ran; `reason` says in one sentence why points are missing, and
    is empty where none are.
    """

    grade_id: str
    exercise: str
    points: float
    max_points: float
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """One student's submission of one unit, graded.

    Attributes:
        student: the id in the gradebook.
        unit: the unit's full name, as `04_iou`.
        key: what this result depends on (submission, tests, environment, device), as a SHA-256.
        cells: one score for each test cell of the unit, in its order.
        findings: what was odd about the submission, one sentence each.
        unanswered: the exercises whose solution cell is as it was handed out, empty or missing.
        diagnosis: for each exercise whose `check` ran, the name of the mistake that it recognised,
            else its outcome (`medseg_grader.grading.diagnosis`). For statistics, never for scores.
        seconds: wall time from start of the kernel to the last cell.
        peak_memory_mb: the most memory that the student's code had, in MiB; 0 where not measured.
        name: the student's full name, where a learning platform's export tells it.
        number: the platform's own number for the student, by which its grade import finds them
            (Moodle: the participant's, another one in each assignment; Canvas: the user's); empty
            for nbgrader's layout.
        platform: MOODLE or CANVAS; empty for nbgrader's layout.
        email: the address, where Moodle's grading worksheet told it.
        timestamp: when it was handed in, ISO 8601 in UTC; empty where unknown.
        exchange: what nbgrader's exchange had put beside the submission, text by file name;
            `nbgrader release_feedback` reads it beside a page.
    """

    student: str
    unit: str
    key: str
    cells: list[CellScore]
    findings: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    diagnosis: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    name: str = ""
    number: str = ""
    platform: str = ""
    email: str = ""
    timestamp: str = ""
    exchange: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """Points reached in the unit."""
        return sum(cell.points for cell in self.cells)

    @property
    def max_points(self) -> float:
        """The most points that the unit gives."""
        return sum(cell.max_points for cell in self.cells)

    def to_json(self) -> str:
        """This result as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """The result that `to_json` wrote; ValueError if the text is no such thing."""
        try:
            data: dict[str, Any] = json.loads(text)
            return cls(**{**data, "cells": [CellScore(**cell) for cell in data["cells"]]})
        except (TypeError, KeyError) as error:
            raise InputError(f"this is no grading result of this version: {error}") from error


@dataclass(frozen=True)
class Seen:
    """One who has an id, as an earlier export named them; without a unit, as the gradebook does."""

    student: str
    unit: str = ""
    number: str = ""
    name: str = ""
    platform: str = ""
    email: str = ""


def seen_in(results: Iterable[Result]) -> list[Seen]:
    """Who has handed in what, under which number and name."""
    return [Seen(r.student, r.unit, r.number, r.name, r.platform, r.email) for r in results]


def result_path(root: Path, unit: str, student: str) -> Path:
    """Where the result of one student in one unit lies, in the course in `root`."""
    return root / RESULTS / unit / f"{student}.json"


def notebook_path(root: Path, unit: str, student: str) -> Path:
    """Where the executed notebook of one student in one unit lies, as nbgrader expects it."""
    return root / AUTOGRADED / student / unit / f"{unit.split('_', 1)[1]}.ipynb"


def write_result(root: Path, result: Result) -> Path:
    """Write a result where `load_results` finds it, in one step; returns its path."""
    path = result_path(root, result.unit, result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, result.to_json())
    return path


def load_result(root: Path, unit: str, student: str) -> Result | None:
    """The result of one student in one unit; None where there is none that can be read."""
    try:
        return Result.from_json(result_path(root, unit, student).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def load_results(root: Path = Path(), unit: str | None = None) -> list[Result]:
    """All results of the course in `root`, or those of one unit, by unit and student.

    A file that cannot be read as a result (of an older version, cut off) is left out: its
    submission is graded again by the next run.
    """
    return list(_results(root, unit))


def _results(root: Path, unit: str | None) -> Iterator[Result]:
    folders = [root / RESULTS / unit] if unit else sorted((root / RESULTS).glob("*"))
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            if (result := load_result(root, folder.name, path.stem)) is not None:
                yield result
