"""A class of odd submissions with honest ones in between, graded by `medseg grade` in one run.

Each case says what one student hands in and what must come out of it, so that a table of cases is
a corpus and a failure names its case.
"""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from helpers.tiny_course import (
    POINTS,
    RIGHT,
    SCRIPT,
    UNIT,
    WRONG,
    answered,
    cell_of,
    hand_in,
    make_course,
    scores_in,
)
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import Outcome, grade_class
from medseg_grader.grading.workers import worker_pool
from medseg_grader.records.results import Result
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox import fork_servers
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT

HONEST = {
    "right": (RIGHT, (1, 2, 4)),
    "half": ({"double": RIGHT["double"]}, (1, 2, 0)),
    "wrong": (WRONG, (1, 0, 1)),
}
ALL = tuple(POINTS.values())
EVERY = 5  # cases, then an honest student
WORKERS = 2


@dataclass(frozen=True)
class Case:
    """What one student hands in, and what must come out.

    Attributes:
        name: of the case; also the student's folder, after a number, unless `folder` is another.
        put: writes files to the student's folder of the unit, given a notebook with right answers.
        points: of the tests test_double, test_double_hidden and test_triple.
        findings: patterns that are in some finding. Where there are none, there is no finding.
        reasons: a pattern that is in the reason of a test cell, by the cell's name.
        left: a pattern in a sentence on what was left, where nothing is graded.
        student: the id, where it is not the folder's name.
    """

    name: str
    put: Callable[[Path, dict], object]
    points: tuple[float, ...] = ALL
    findings: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    left: str = ""
    folder: str = ""
    student: str = ""


def code(name, points=ALL, findings=(), reasons=None, before="", **answers):
    """A case of what stands in the solution cells, or in a cell of the student's in front."""

    def put(folder, notebook):
        for exercise, source in answers.items():
            cell_of(notebook, exercise)["source"] = source
        if before:
            notebook["cells"].insert(0, plain_cell(before))
        write(folder, notebook)

    return Case(name, put, points, findings, reasons or {})


def edited(name, edit, points=ALL, findings=(), reasons=None):
    """A case of what was done to a notebook with right answers; `edit` may give another content."""

    def put(folder, notebook):
        result = edit(notebook)
        write(folder, notebook if result is None else result)

    return Case(name, put, points, findings, reasons or {})


def write(folder, content, name="sums.ipynb"):
    """A notebook as data, or a file's bytes, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / name).write_bytes(data)


def plain_cell(source, kind="code", **metadata):
    """A cell that the unit does not know."""
    cell = {"cell_type": kind, "id": "own", "metadata": metadata, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


@dataclass
class Graded:
    """What came out for the whole class, by student."""

    outcome: Outcome
    results: dict[str, Result]
    scores: dict[str, dict[str, float]]
    honest: dict[str, tuple[float, ...]]
    students: dict[str, str]
    left: list[str]
    trouble: str

    def check_class(self):
        """The honest students have their points, nobody was left out, and there is a report."""
        given = {s: tuple(cell.points for cell in self.results[s].cells) for s in self.honest}
        assert given == self.honest
        assert not [s for s in self.honest if self.results[s].findings]
        assert (self.outcome.failures, self.outcome.complaint) == ([], "")
        assert (self.outcome.unrecorded, self.outcome.code) == ([], 0)
        assert self.trouble == ""

    def check(self, case):
        """Hold what came out for one case against what must."""
        if case.left:
            assert [sentence for sentence in self.left if re.search(case.left, sentence)], self.left
            return
        student = self.students[case.name]
        result = self.results[student]
        told = {cell.grade_id: cell.reason for cell in result.cells}
        assert tuple(cell.points for cell in result.cells) == case.points, (told, result.findings)
        assert self.scores[student] == dict(zip(POINTS, case.points, strict=True))
        for words in case.findings:
            assert [f for f in result.findings if re.search(words, f)], (words, result.findings)
        if not case.findings:
            assert result.findings == []
        for name, words in case.reasons.items():
            assert re.search(words, told[name]), (words, told)


def grade_cases(
    root: Path,
    cases: list[Case],
    limits: Limits,
    script: str = SCRIPT,
    kinds: tuple[str, ...] = tuple(HONEST),
) -> Graded:
    """Hand in all cases and honest students of some kinds to a new course, and grade them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_course(root, script))
        template = make_template(load_unit(UNIT))
        submitted = root / "handed_in"
        students, honest = {}, {}
        for number, case in enumerate(cases):
            folder = case.folder or f"{number:02}_{case.name}"
            students[case.name] = case.student or folder
            case.put(submitted / folder / UNIT, answered(template, **RIGHT))
            if number % EVERY == 0:
                kind = kinds[number // EVERY % len(kinds)]
                student = f"{number:02}_honest_{kind}"
                hand_in(submitted, student, answered(template, **HONEST[kind][0]))
                honest[student] = HONEST[kind][1]
        collected = collect(submitted, [UNIT])
        submissions, left = collected.submissions, collected.left
        # the workers fork from one fork server: more of a test of its walls, and less to import
        with fork_servers.shared_fork_server(STRICT), worker_pool(WORKERS) as workers:
            outcome = grade_class(submissions, workers, limits)
        fork_servers.close_fork_servers()  # half a GB that the tests after this one do not need
        _, trouble = report_on_course()
        shutil.rmtree(submitted)  # some of it is large
    results = {r.student: r for r in outcome.graded}
    return Graded(outcome, results, scores_in(root), honest, students, left, trouble)
