"""A whole term and the first unit of the next one: every row of every file right, nothing lost.

Thirty students: fourteen hand in through Moodle, whose numbers change with each unit, ten through
Canvas, six through nbgrader. Two pairs have one name; one joins late and one leaves; two hand in
again, one is late; the points of a unit change once. What is due stands in this file alone.
"""

import csv
import io
import json
import random
import re
import shutil
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers.tiny_course import (
    MISTAKES,
    POINTS,
    RIGHT,
    ROOT,
    SCRIPT,
    WRONG,
    alembic_version,
    answered,
    pool_here,
    run_here,
)

from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading import submission
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class, known_people
from medseg_grader.grading.worksheet import read_worksheet, store_worksheet
from medseg_grader.records.results import load_results
from medseg_grader.records.terms import finished_terms, new_term
from medseg_grader.report import write
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox.limits import Limits

pytestmark = pytest.mark.slow

UNITS = [
    "01_sums", "02_products", "03_roots", "04_means", "05_norms", "06_logs", "07_cubes", "08_sets",
]  # fmt: skip
ANSWERS = {"all": RIGHT, "half": {"double": RIGHT["double"]}, "few": WRONG, "none": {}}
WORTH = {"all": 7.0, "half": 3.0, "few": 2.0, "none": 0.0}
DUE = "2026-05-15T20:00:00+00:00"
OTHER_RELEASE = "It is of another release of the unit. Where tests differ, ours were run."
CONFIG = """
c.AssignLatePenalties.plugin_class = "medseg_grader.nbgrader_plugins.PenaltyPerDay"
c.PenaltyPerDay.per_day = 0.25
"""


@dataclass
class Student:
    """A person: where from, the id that is due, and what was reached in each unit."""

    platform: str
    name: str
    id: str
    numbers: dict[str, int] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)

    @property
    def email(self):
        return f"{self.id.replace(' ', '.').lower()}@example.org"


def people():
    names = ["Anna Lee", "Bo Li", "Cy Ng", "José Díaz", "李 明", "Di O'Hara", "Eve Öz", "Flo Po"]
    names += ["Gus Qu", "Hal Ro", "Ina Su", "Jan Ti"]
    moodle = [Student("moodle", name, name) for name in names]
    # joins in unit 3, and is called as one who is there
    late_joiner = Student("moodle", "Anna Lee", "Anna Lee_3990")
    moodle += [late_joiner, Student("moodle", "Kim Ur", "Kim Ur")]
    canvas = [("leeanna", 101), ("leeanna", 102), *((f"user{k}", 110 + k) for k in range(8))]
    made = [Student("canvas", name, f"{name}_{n}", {"": n}) for name, n in canvas]
    nbgrader = [Student("nbgrader", f"login{k}", f"login{k}") for k in range(6)]
    everybody = [*moodle, *made, *nbgrader]
    assert len(everybody) == 30
    return everybody, late_joiner


class Term:
    def __init__(self, root, seed, students):
        self.root, self.random, self.students = root, random.Random(seed), students
        self.most = dict.fromkeys(UNITS, 7.0)

    def answer(self, unit, who):
        """Choose what somebody hands in; gives the notebook."""
        choice = self.random.choice(sorted(ANSWERS))
        who.points[unit] = WORTH[choice]
        template = make_template(load_unit(unit))
        return json.dumps(answered(template, **ANSWERS[choice])).encode()

    def export(self, unit, platform, taking_part, content):
        """Write an export of a platform's as a zip; gives its path."""
        path = self.root / "exports" / f"{unit}_{platform}.zip"
        path.parent.mkdir(exist_ok=True)
        file = unit.partition("_")[2] + ".ipynb"
        number = 1000 * UNITS.index(unit) + 1000 + self.random.randrange(100)
        with zipfile.ZipFile(path, "w") as archive:
            for who in taking_part:
                if platform == "moodle":
                    number += self.random.randrange(1, 5)
                    own = 3990 if who.id == "Anna Lee_3990" and unit == UNITS[2] else number
                    own = who.numbers.setdefault(unit, own)
                    name = f"{who.name}_{own}_assignsubmission_file_/{file}"
                elif platform == "canvas":
                    name = f"{who.name}_{who.numbers['']}_{number + who.numbers['']}_{file}"
                else:
                    name = f"{who.id}/{unit}/{file}"
                archive.writestr(name, content[who.id])
        return path

    def grade(self, unit, path, worksheet=None, said=()):
        """As `medseg grade PATH --unit UNIT` does, in this process; gives the outcome."""
        rows = read_worksheet(worksheet) if worksheet else None
        found = collect(path, UNITS, unit, known=known_people(said=dict(said)), worksheet=rows)
        outcome = grade_class(found.submissions, pool_here(), Limits())
        outcome.questions = found.questions
        if worksheet:
            store_worksheet(worksheet, unit)
        assert outcome.failures == []
        findings = {sentence for result in outcome.graded for sentence in result.findings}
        assert findings <= {OTHER_RELEASE}
        return outcome

    def worksheet(self, unit, taking_part, times=()):
        """Moodle's own grading worksheet of an assignment."""
        times = dict(times)
        path = self.root / "exports" / f"{unit}.csv"
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(["Identifier", "Full name", "Email address", "Last modified (submission)"])
        for who in taking_part:
            row = [f"Participant {who.numbers[unit]}", who.name, who.email]
            table.writerow([*row, times.get(who.id, "Friday, 15 May 2026, 6:00 PM")])
        path.write_text("\ufeff" + text.getvalue(), encoding="utf-8")
        return path

    def check(self):
        """Every row of every file against what is due."""
        index, trouble = report_on_course()
        assert trouble == ""
        out = index.parent
        graded = {unit for who in self.students for unit in who.points}
        for unit in sorted(graded):
            self._check_moodle(out, unit)
        self._check_canvas(out / "canvas.csv", sorted(graded))
        table = rows(out / "grades.csv")[1:]
        assert [row["Student"] for row in table] == sorted(
            who.id for who in self.students if who.points
        )
        for row in table:
            (who,) = (who for who in self.students if who.id == row["Student"])
            assert float(row["Total"]) == sum(who.points.values())
            assert {u: float(row[u]) for u in graded if row[u]} == who.points
            page = (out / "students" / f"{who.id}.html").read_text(encoding="utf-8")
            most = sum(self.most[unit] for unit in graded)
            assert f"{sum(who.points.values()):g} of {most:g} points" in page

    def _check_moodle(self, out, unit):
        due = {
            f"Participant {who.numbers[unit]}" if who.platform == "moodle" else "": who
            for who in self.students
            if unit in who.points and who.platform == "moodle"
        }
        found = rows(out / f"moodle/{unit}.csv")
        identifiers = [row["Identifier"] for row in found if row["Identifier"]]
        assert sorted(identifiers) == sorted(due)
        for row in found:
            if row["Identifier"]:
                who = due[row["Identifier"]]
                assert (row["Full name"], float(row["Grade"])) == (who.name, who.points[unit])
                assert float(row["Maximum Grade"]) == self.most[unit]
        with zipfile.ZipFile(out / f"moodle/{unit}_feedback.zip") as archive:
            for name in archive.namelist():
                number = re.search(r"_(\d+)_assignsubmission_file_/", name)[1]
                page = archive.read(name).decode()
                assert f"Handed in by {escaped(due[f'Participant {number}'].id)}." in page
            assert len(archive.namelist()) == len(due)

    def _check_canvas(self, path, graded):
        table = {row["SIS Login ID"]: row for row in rows(path)[1:]}
        due = {w.id: w for w in self.students if w.platform != "moodle" and w.points}
        assert set(table) == set(due)
        for id, who in due.items():
            assert table[id]["ID"] == str(who.numbers.get("", ""))
            assert {u: float(table[id][u]) for u in graded if table[id][u]} == who.points


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def escaped(text):
    return text.replace("'", "&#39;")


def write_unit(root, unit, script=SCRIPT):
    folder = root / "solutions" / unit
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{unit.partition('_')[2]}.py").write_text(script)
    (folder / "mistakes.py").write_text(MISTAKES)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Eight small units; cells run in this process; pages that draw have tests of their own."""
    for unit in UNITS:
        write_unit(tmp_path, unit)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write(CONFIG)
    (tmp_path / "course.toml").write_text(f"[deadlines]\n04_means = {DUE}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(submission, "execute", run_here)
    monkeypatch.setattr("nbgrader.api.get_alembic_version", alembic_version)
    for name in ("items_page", "mistakes_page", "findings_page"):
        monkeypatch.setattr(write, name, lambda *_: "")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


def test_a_term_and_the_next_one(course):
    students, late_joiner = people()
    term = Term(course, 1, students)
    leaver = next(who for who in students if who.name == "Bo Li")
    anna = next(who for who in students if who.id == "Anna Lee")
    for place, unit in enumerate(UNITS):
        there = [who for who in students if place >= 2 or who is not late_joiner]
        there = [who for who in there if place < 5 or who is not leaver]
        content = {who.id: term.answer(unit, who) for who in there}
        for platform in ("moodle", "canvas", "nbgrader"):
            own = [who for who in there if who.platform == platform]
            path = term.export(unit, platform, own, content)
            if platform != "moodle":
                outcome = term.grade(unit, path)
                assert outcome.questions == []
            elif unit == UNITS[2]:
                hand_in_of_two_annas(term, unit, path, anna, late_joiner)
            elif unit == UNITS[3]:
                hand_in_of_the_late_one(term, unit, path, own)
            elif place > 3:
                # from now on Moodle's worksheet tells both Annas apart
                assert term.grade(unit, path, term.worksheet(unit, own)).questions == []
            else:
                assert term.grade(unit, path).questions == []
        if unit == UNITS[4]:
            change_points(term, unit, there, content)
        if unit in UNITS[5:7]:
            hand_in_again(term, unit, there[0] if unit == UNITS[6] else there[15], content)
        term.check()
    assert {result.student for result in load_results()} == {who.id for who in students}
    assert leaver.id in {row["Student"] for row in rows(course / "grading/report/grades.csv")}
    begin_the_next_term(course)


def hand_in_of_two_annas(term, unit, path, anna, late_joiner):
    """Names alone do not tell them apart: both are asked about, and nobody is mistaken."""
    outcome = term.grade(unit, path)
    assert len(outcome.questions) == 1
    assert "may be 'Anna Lee', known already, or somebody new" in outcome.questions[0]
    assert not {r.student for r in load_results(unit=unit)} & {"Anna Lee", "Anna Lee_3990"}
    said = {str(anna.numbers[unit]): "Anna Lee", str(late_joiner.numbers[unit]): "new"}
    outcome = term.grade(unit, path, said=said.items())
    assert (outcome.questions, len(outcome.graded)) == ([], 2)


def hand_in_of_the_late_one(term, unit, path, own):
    """Moodle's worksheet says who was late; without addresses before, it is said who is who."""
    late = next(who for who in own if who.name == "Cy Ng")
    late.points[unit] *= 0.5  # two days late have begun, at a quarter each
    when = {late.id: "Sunday, 17 May 2026, 7:59 PM"}
    annas = [who for who in own if who.name == "Anna Lee"]
    said = {str(who.numbers[unit]): who.id for who in annas}
    outcome = term.grade(unit, path, term.worksheet(unit, own, when.items()), said.items())
    assert outcome.questions == []


def change_points(term, unit, there, content):
    """Who is not graded again is in no file, until all are."""
    write_unit(term.root, unit, SCRIPT.replace('"points": 2', '"points": 5'))
    own = [who for who in there if who.platform == "moodle"]
    before = {who.id: who.points.pop(unit) for who in there}
    gained = {name: 3.0 if before[name] in (3.0, 7.0) else 0.0 for name in before}
    term.most[unit] = sum(POINTS.values()) + 3
    moodle = term.root / "exports" / f"{unit}_moodle.zip"
    term.grade(unit, moodle, term.worksheet(unit, own))
    for who in own:
        who.points[unit] = before[who.id] + gained[who.id]
    term.check()
    index = (term.root / "grading/report/index.html").read_text(encoding="utf-8")
    assert "16 of 30 submissions were graded before the points of its tests changed" in index
    for who in there:
        who.points[unit] = before[who.id] + gained[who.id]
    for platform in ("canvas", "nbgrader"):
        term.grade(unit, term.root / "exports" / f"{unit}_{platform}.zip")


def hand_in_again(term, unit, who, content):
    """A later export has another notebook of one student's: only that is graded."""
    content[who.id] = json.dumps(answered(make_template(load_unit(unit)), **RIGHT)).encode()
    changed = who.points[unit] != WORTH["all"]
    who.points[unit] = WORTH["all"]
    own = [one for one in term.students if one.platform == who.platform and unit in one.points]
    path = term.export(unit, who.platform, own, content)
    worksheet = term.worksheet(unit, own) if who.platform == "moodle" else None
    outcome = term.grade(unit, path, worksheet)
    assert [r.student for r in outcome.graded] == ([who.id] if changed else [])


def begin_the_next_term(course):
    """The same platforms, other people, some of the same names: nobody has a grade of before."""
    before = {p: p.read_bytes() for p in Path("grading/results").rglob("*.json")}
    done = new_term("next", f"sqlite:///{course}/grading/gradebook.db")
    students, late_joiner = people()
    term = Term(course, 2, [who for who in students if who is not late_joiner])
    content = {who.id: term.answer(UNITS[0], who) for who in term.students}
    for platform in ("moodle", "canvas", "nbgrader"):
        own = [who for who in term.students if who.platform == platform]
        assert term.grade(UNITS[0], term.export(UNITS[0], platform, own, content)).questions == []
    term.check()
    (ended,) = finished_terms()
    assert (ended.students, len(ended.units)) == (30, 8)
    kept = {done / p.relative_to("grading"): content for p, content in before.items()}
    assert {p: p.read_bytes() for p in kept} == kept
