"""Grades for Moodle and Canvas: their columns, the points that count, no formula smuggled in."""

import csv
import io
import zipfile
from datetime import datetime

import pytest
from helpers.report_class import UNIT, record, result_of
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from nbgrader.apps import ExportApp

from medseg_grader.nbgrader_plugins import CanvasExporter
from medseg_grader.records.marks import Mark, Marks, Person, read_marks
from medseg_grader.records.results import MOODLE
from medseg_grader.report import lms

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def rows(text):
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def marks(**people):
    """Marks in which every person of {id: Person} has half a point in one unit."""
    own = {id: Mark({"t": 0.5}, timestamp=datetime(2026, 3, 1, 14, 5)) for id in people}
    return Marks(people, {UNIT: 2.0}, {UNIT: own})


def test_moodle_worksheet_has_moodles_columns_and_identifiers():
    found = marks(ada=Person("ada", "Ada Lovelace", "ada@example.org", "4711"))
    said = {"ada": "4.1: 0.5 of 2."}
    text = lms.moodle_worksheet(2, found.units[UNIT], found.people, {"ada": "4711"}, said)
    (row,) = rows(text)
    assert list(row) == list(lms.MOODLE_HEAD)
    assert row == {
        "Identifier": "Participant 4711",
        "Full name": "Ada Lovelace",
        "Email address": "ada@example.org",
        "Status": "Submitted for grading",
        "Grade": "0.50",
        "Maximum Grade": "2.00",
        "Grade can be changed": "Yes",
        "Last modified (submission)": "Sunday, 01 March 2026, 14:05",
        "Last modified (grade)": "-",
        "Feedback comments": "4.1: 0.5 of 2.",
    }


def test_canvas_file_has_points_possible_and_leaves_what_was_not_handed_in_empty():
    found = marks(ada=Person("ada", "Ada Lovelace", "", "17"), bob=Person("bob"))
    both = Marks(found.people, {UNIT: 2.0, "05_x": 3.5}, {**found.units, "05_x": {}})
    head, possible, ada, bob = csv.reader(
        io.StringIO(lms.canvas_gradebook(both, [UNIT, "05_x"], ["bob", "ada"]))
    )
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", UNIT, "05_x"]
    assert possible == ["    Points Possible", "", "", "", "", "2", "3.5"]
    assert ada == ["Ada Lovelace", "17", "", "ada", "", "0.50", ""]
    assert bob == ["bob", "", "", "bob", "", "0.50", ""]


@settings(deadline=None)
@given(st.text())
def test_no_text_becomes_a_formula_or_a_new_line(text):
    cell = lms.safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", " ", "＝"))
    assert len(cell.splitlines()) <= 1
    assert rows(f"a,b\n{lms.csv_text([[cell, '1']])}") == [{"a": cell, "b": "1"}]


@pytest.mark.parametrize(
    "evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "\r\n=1", "\x00=1"]
)
def test_hostile_names_are_harmless_in_both_files(evil):
    found = marks(**{evil: Person(evil, evil, evil, evil)})
    numbers, _ = lms.moodle_numbers(
        [result_of(evil, number=evil, platform=MOODLE)], found.people, {}
    )
    moodle = lms.moodle_worksheet(2, found.units[UNIT], found.people, numbers, {evil: evil})
    canvas = lms.canvas_gradebook(found, [UNIT], [evil])
    own = [*csv.reader(io.StringIO(moodle))][1:] + [*csv.reader(io.StringIO(canvas))][2:]
    for row in own:
        texts = [cell for cell in row if cell != "-"]
        assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert own[0][0] == own[1][1] == "", "what is no number is no identifier"


def test_feedback_zip_has_the_names_that_moodle_takes_apart(tmp_path):
    folder = tmp_path / UNIT
    folder.mkdir()
    pages = {}
    people = {
        "ada": Person("ada", "Ada_../King: Lovelace", "", "4711"),
        "bob": Person("bob", "Bob", "", ""),
        "eve": Person("eve", "", "", "../../1"),
    }
    for student in people:
        pages[student] = folder / f"{student}.html"
        pages[student].write_text(student)
    archive = tmp_path / "x.zip"
    numbers, _ = lms.moodle_numbers([result_of(student) for student in people], people, {})
    assert lms.moodle_feedback_zip(archive, pages, people, numbers) == 1
    (name,) = zipfile.ZipFile(archive).namelist()
    first, number, kind, plugin, rest = name.split("/")[0].split("_", 4)
    assert (number, kind, plugin, rest) == ("4711", "assignsubmission", "file", "")
    assert ".." not in first
    assert name.endswith(f"/feedback_{UNIT}.html")


def test_points_by_hand_extra_credit_penalties_and_comments_count(tmp_path):
    url = record(tmp_path, [result_of("ada", 0.5)])
    with Gradebook(url) as book:
        grade = book.find_grade("test_panoptic_quality", "iou", UNIT, "ada")
        grade.manual_score, grade.extra_credit = 0.5, 0.25
        book.find_comment("mean_iou", "iou", UNIT, "ada").manual_comment = "Nicely put."
        book.find_submission(UNIT, "ada").notebooks[0].late_submission_penalty = 1.5
        book.db.commit()
        expected = book.find_submission(UNIT, "ada").score - 1.5
    mark = read_marks(url).units[UNIT]["ada"]
    assert mark.total == pytest.approx(expected)
    assert mark.by_hand == {"test_panoptic_quality"}
    assert mark.comments == {"mean_iou": "Nicely put."}
    assert Mark({"a": 1.0}, penalty=3).total == 0


def export(monkeypatch, root, url, *arguments):
    monkeypatch.chdir(root)
    ExportApp.clear_instance()
    try:
        app = ExportApp.instance()
        app.initialize([f"--CourseDirectory.db_url={url}", "--log-level=ERROR", *arguments])
        app.start()
    finally:
        ExportApp.clear_instance()


def test_nbgrader_export_finds_both_exporters(tmp_path, monkeypatch):
    half = result_of("bob", 0.5)
    url = record(tmp_path, [result_of("ada", 1.0, number="4711"), half])
    export(monkeypatch, tmp_path, url, "--exporter=medseg_grader.nbgrader_plugins.MoodleExporter")
    ada, bob = rows((tmp_path / "moodle" / f"{UNIT}.csv").read_text(encoding="utf-8"))
    assert (ada["Identifier"], ada["Grade"]) == ("Participant 4711", "12.00")
    assert (bob["Identifier"], bob["Full name"]) == ("", "bob")
    export(
        monkeypatch, tmp_path, url,
        "--exporter=medseg_grader.nbgrader_plugins.CanvasExporter",
        "--to=here.csv", "--student", "bob",
    )  # fmt: skip
    _, bob = rows((tmp_path / "here.csv").read_text(encoding="utf-8"))
    assert (bob["SIS Login ID"], bob[UNIT]) == ("bob", f"{half.points:.2f}")


def test_an_assignment_that_the_gradebook_does_not_have_is_one_sentence(tmp_path):
    url = record(tmp_path, [result_of("ada")])
    exporter = CanvasExporter(assignment=["99_x"], to=str(tmp_path / "x.csv"))
    with Gradebook(url) as book, pytest.raises(ValueError, match="no assignment called 99_x"):
        exporter.export(book)
    assert not (tmp_path / "x.csv").exists()
