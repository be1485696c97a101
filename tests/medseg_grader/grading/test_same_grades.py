"""Honest work gets the same from `medseg grade` as from `nbgrader autograde`, cell by cell."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.sandboxes import needs_sandbox
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from medseg.units import notebook_name
from medseg_grader.course.stock_nbgrader import run, scratch_course
from medseg_grader.course.units import load_unit
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.grading.workers import worker_pool
from medseg_grader.sandbox import fork_servers
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT

ROOT = Path(__file__).parents[3]
# kept in one process, as each has a class graded twice
pytestmark = [needs_sandbox, pytest.mark.slow, pytest.mark.xdist_group("same")]
DUE = "2026-01-02 00:00:00 UTC"
PENALTY = "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
MARKS = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
HELPER = "def my_own_helper(x):\n    print('called with', x)\n    return x\n\nmy_own_helper(3)"
NOTE = "## My notes\nThis took me an hour: $a^2$, <b>bold</b>, *done*."


@dataclass
class Course:
    """One class that has handed in to two courses; one is graded by nbgrader, one by us."""

    stock: Path
    api: NbGraderAPI
    ours: Path
    units: list[str]
    patch: pytest.MonkeyPatch

    def hand_in(self, unit, student, notebook, timestamp):
        for root in (self.stock, self.ours):
            folder = root / "grading/submitted" / student / unit
            folder.mkdir(parents=True, exist_ok=True)
            (folder / notebook_name(unit)).write_text(json.dumps(notebook))
            (folder / "timestamp.txt").write_text(timestamp)

    def grade(self):
        """Grade all with us; with nbgrader the (unit, student) whose notebook has changed."""
        self.patch.chdir(self.ours)
        submissions = collect(self.ours / "grading/submitted", self.units).submissions
        with fork_servers.shared_fork_server(STRICT), worker_pool(2) as workers:
            outcome = grade_class(submissions, workers, Limits())
        assert outcome.code == 0
        self.patch.chdir(self.stock)
        for result in outcome.graded:
            run(self.api, "autograde", result.unit, result.student, force=True, create=True)
        return outcome

    def books(self):
        """All that both gradebooks say."""
        return [gradebook(root, self.units) for root in (self.stock, self.ours)]


def book_of(root):
    return Gradebook(f"sqlite:///{root}/grading/gradebook.db", "unets-by-hand")


def gradebook(root, units):
    with book_of(root) as book:
        return {
            (unit, s.student.id): {
                "score": (s.score, s.max_score, s.timestamp, s.total_seconds_late),
                "penalty": [n.late_submission_penalty for n in s.notebooks],
                "cells": sorted(
                    (g.name, g.auto_score, g.manual_score, g.needs_manual_grade, g.max_score)
                    for n in s.notebooks
                    for g in n.grades
                ),
                "comments": sorted(
                    (c.name, str(c.auto_comment), str(c.manual_comment))
                    for n in s.notebooks
                    for c in n.comments
                ),
            }
            for unit in units
            for s in book.assignment_submissions(unit)
        }


@pytest.fixture
def make_course(tmp_path, monkeypatch):
    """A function that makes the two courses, with some units, whose work is due at DUE."""

    def make(*units):
        roots = [tmp_path / "stock", tmp_path / "ours"]
        for root in roots:
            for unit in units:
                folder = root / "solutions" / unit
                folder.mkdir(parents=True)
                for source in (ROOT / "solutions" / unit).glob("*.py"):
                    shutil.copy(source, folder)
            configuration = (ROOT / "nbgrader_config.py").read_text() + PENALTY
            (root / "nbgrader_config.py").write_text(configuration)
        monkeypatch.chdir(roots[0])
        api = scratch_course(roots[0], units)
        for root in roots:
            (root / "grading").mkdir(exist_ok=True)
            with book_of(root) as book:
                for unit in units:
                    book.update_or_create_assignment(unit, duedate=DUE)
        return Course(roots[0], api, roots[1], list(units), monkeypatch)

    yield make
    fork_servers.close_fork_servers()


def answers(course, unit_name, choice):
    """The released notebook with answers in it: by `choice`, a mistake's number or a word."""
    course.patch.chdir(course.stock)
    unit = load_unit(unit_name)
    released = course.stock / "notebooks" / unit_name / notebook_name(unit_name)
    notebook = json.loads(released.read_text())
    for number, exercise in enumerate(unit.exercises.values()):
        how = choice(number)
        solution = unit.solution_cell(exercise.name).source
        if isinstance(how, int):
            solution = exercise.mistakes[how % len(exercise.mistakes)].apply(solution)
        if how != "untouched":
            cell = next(
                c
                for c in notebook["cells"]
                if c["metadata"].get("nbgrader", {}).get("grade_id") == exercise.name
            )
            cell["source"] = MARKS.sub("", solution)
    return notebook


def with_own_cells(notebook):
    """The notebook with a student's own cells, with and without output, before the last cells."""
    own = {"cell_type": "code", "id": "own-1", "metadata": {}, "source": HELPER, "outputs": []}
    note = {"cell_type": "markdown", "id": "own-2", "metadata": {}, "source": NOTE}
    notebook["cells"][3:3] = [note]
    notebook["cells"][-2:-2] = [own | {"execution_count": None}]
    return notebook


def solved(_):
    return "solved"


def mixed(first):
    """Right, a mistake, right, untouched, and so on, beginning somewhere."""
    return lambda number: ["solved", number + first, "solved", "untouched"][(number + first) % 4]


def hand_in_class(course, unit, first):
    """Three students: all solved with cells of their own; mixed; mixed otherwise and late."""
    names = [f"{unit[:2]}_{name}" for name in ("solved", "mixed", "late")]
    in_time, late = "2026-01-01 08:30:00 UTC", "2026-01-02 10:00:00 UTC"
    course.hand_in(unit, names[0], with_own_cells(answers(course, unit, solved)), in_time)
    course.hand_in(unit, names[1], answers(course, unit, mixed(first)), in_time)
    course.hand_in(unit, names[2], with_own_cells(answers(course, unit, mixed(first + 1))), late)


def test_a_small_class_with_late_work_points_by_hand_and_a_resubmission(make_course):
    unit = "02_laser_scans"
    course = make_course(unit)
    hand_in_class(course, unit, 0)
    course.grade()
    stock, ours = course.books()
    assert ours == stock
    assert ours[unit, "02_solved"]["score"][0] == ours[unit, "02_solved"]["score"][1]
    assert 0 < ours[unit, "02_mixed"]["score"][0] < ours[unit, "02_solved"]["score"][0]
    assert ours[unit, "02_late"]["penalty"] == [ours[unit, "02_late"]["score"][0]] != [0]
    for root in (course.stock, course.ours):
        give_by_hand(root, unit, "02_mixed")
    course.hand_in(unit, "02_mixed", answers(course, unit, solved), "2026-01-01 09:30:00 UTC")
    assert [r.student for r in course.grade().graded] == ["02_mixed"]
    stock, ours = course.books()
    assert ours == stock
    assert [cell[2:4] for cell in ours[unit, "02_mixed"]["cells"]].count((0.5, True)) == 1


def give_by_hand(root, unit, student):
    """Points and a comment by an instructor, as formgrader writes them."""
    with book_of(root) as book:
        submitted = book.find_submission(unit, student).notebooks[0]
        given = min(submitted.grades, key=lambda grade: grade.name)
        given.manual_score, given.needs_manual_grade = 0.5, False
        min(submitted.comments, key=lambda comment: comment.name).manual_comment = "Nearly."
        book.db.commit()


def test_a_class_of_twelve_in_four_units(make_course):
    units = ["01_segmentation_types", "02_laser_scans", "04_iou", "05_focal_loss"]
    course = make_course(*units)
    for number, unit in enumerate(units):
        hand_in_class(course, unit, number)
    course.grade()
    stock, ours = course.books()
    assert len(ours) == 12
    for key, found in ours.items():
        assert found == stock[key], key
