"""Grade files over a term: numbers of the unit, points of these tests, members of groups."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest
from helpers.report_class import UNIT, load_unit, record, result_of, save
from nbgrader.api import Gradebook

from medseg.errors import InputError
from medseg_grader.records.groups import read_groups
from medseg_grader.records.results import CANVAS, MOODLE
from medseg_grader.report import write
from medseg_grader.report.write import write_report

OTHER = "01_segmentation_types"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Without the pages that draw, which have tests of their own."""
    for name in ("items_page", "mistakes_page", "findings_page"):
        monkeypatch.setattr(write, name, lambda *_: "")


def report(root, *results, change=None):
    """Write a report on results; gives the folder it lies in."""
    url = record(root, results)
    for result in results:
        save(root, result)
    if change:
        with Gradebook(url) as book:
            change(book)
            book.db.commit()
    write_report(results, url, root / "grading/report")
    return root / "grading/report"


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def moodle(student, number, unit=UNIT, **more):
    return result_of(student, unit=unit, name=student, number=number, platform=MOODLE, **more)


def test_each_units_worksheet_and_feedback_have_the_numbers_of_that_unit(tmp_path):
    out = report(tmp_path, moodle("Anna", "11", OTHER), moodle("Anna", "22"), moodle("Bo", "21"))
    first, second = (rows(out / f"moodle/{unit}.csv") for unit in (OTHER, UNIT))
    assert {row["Full name"]: row["Identifier"] for row in first} == {"Anna": "Participant 11"}
    assert {row["Full name"]: row["Identifier"] for row in second} == {
        "Anna": "Participant 22",
        "Bo": "Participant 21",
    }
    with zipfile.ZipFile(out / f"moodle/{UNIT}_feedback.zip") as archive:
        assert sorted(name.partition("/")[0] for name in archive.namelist()) == [
            "Anna_22_assignsubmission_file_",
            "Bo_21_assignsubmission_file_",
        ]


def test_two_with_one_number_have_none_and_the_report_says_so(tmp_path):
    out = report(tmp_path, moodle("Anna", "11"), moodle("Bo", "11"), moodle("Cy", "12"))
    assert [row["Identifier"] for row in rows(out / f"moodle/{UNIT}.csv")] == [
        "", "", "Participant 12"
    ]  # fmt: skip
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "The number 11 of Moodle&#39;s is that of &#39;Anna&#39; and &#39;Bo&#39;" in index


def test_a_platforms_file_is_about_those_who_came_from_it_or_from_none(tmp_path):
    canvas = result_of("leeanna_7", name="leeanna", number="7", platform=CANVAS)
    out = report(tmp_path, moodle("Anna", "11"), canvas, result_of("dee"))
    assert [row["Full name"] for row in rows(out / f"moodle/{UNIT}.csv")] == ["Anna", "dee"]
    assert [(r["ID"], r["Student"]) for r in rows(out / "canvas.csv")[1:]] == [
        ("", "dee"), ("7", "leeanna")
    ]  # fmt: skip
    everybody = [row["Student"] for row in rows(out / "grades.csv")[1:]]
    assert everybody == ["Anna", "dee", "leeanna_7"]


def test_no_file_of_an_earlier_report_stays(tmp_path):
    out = report(tmp_path, moodle("Anna", "11", OTHER), result_of("dee"))
    assert (out / f"moodle/{OTHER}.csv").is_file()
    (tmp_path / "grading/gradebook.db").unlink()
    report(tmp_path, moodle("Bo", "21"))
    assert [path.name for path in sorted((out / "moodle").iterdir())] == [
        f"{UNIT}.csv", f"{UNIT}_feedback.zip"
    ]  # fmt: skip
    assert not (out / "canvas.csv").exists()
    assert [path.name for path in (out / "students").iterdir()] == ["Bo.html"]


def test_an_instructors_comment_reaches_moodle_and_the_page(tmp_path):
    def comment(book):
        book.find_comment("mean_iou", "iou", UNIT, "Anna").manual_comment = "Nicely <put>."
        book.find_comment("iou_per_class", "iou", UNIT, "Anna").manual_comment = "  "

    out = report(tmp_path, moodle("Anna", "11"), change=comment)
    (row,) = rows(out / f"moodle/{UNIT}.csv")
    said = row["Feedback comments"]
    assert said.count("Your instructor writes") == 1
    assert "Your instructor writes: Nicely &lt;put&gt;.<br>" in said
    page = (out / f"feedback/{UNIT}/Anna.html").read_text(encoding="utf-8")
    assert "Nicely &lt;put&gt;." in page


def test_who_was_graded_with_other_points_is_left_out_and_told(tmp_path):
    def now_worth_more(book):
        book.find_graded_cell("test_mean_iou", "iou", UNIT).max_score = 5

    old = moodle("Anna", "11")
    cells = [replace(c, max_points=5.0) if c.grade_id == "test_mean_iou" else c for c in old.cells]
    new = replace(moodle("Bo", "12"), cells=cells)
    out = report(tmp_path, old, new, change=now_worth_more)
    (row,) = rows(out / f"moodle/{UNIT}.csv")
    assert (row["Full name"], row["Maximum Grade"]) == ("Bo", "16.00")
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "1 of 2 submissions were graded before the points of its tests changed" in index
    assert "(of 12 points then, 16 now)" in index
    assert "medseg grade SUBMITTED --unit 04" in index


def test_a_student_has_a_page_over_all_units_with_totals(tmp_path):
    results = [moodle("Anna", "11", OTHER, share=0.5), moodle("Anna", "22"), moodle("Bo", "21")]
    out = report(tmp_path, *results)
    reached = results[0].points + results[1].points
    page = (out / "students/Anna.html").read_text(encoding="utf-8")
    assert f"{reached:g} of 19 points in all units that are graded" in page
    assert f'href="../feedback/{UNIT}/Anna.html"' in page
    assert "Not handed in." in (out / "students/Bo.html").read_text(encoding="utf-8")
    (_, anna, bo) = rows(out / "grades.csv")
    assert (anna["Total"], bo[OTHER], bo["Total"]) == (f"{reached:.2f}", "", "12.00")


WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 21,Anna,anna@a.org,,,,,-,-,\n"
    "Participant 22,Bo,bo@a.org,,,,,-,-,\n"
    "Participant 23,Cy,,,,,,-,-,\n"
)


def test_a_groups_members_have_its_points_and_its_page(tmp_path):
    grading = tmp_path / "grading"
    (grading / "worksheets").mkdir(parents=True)
    (grading / f"worksheets/{UNIT}.csv").write_text(WORKSHEET)
    (grading / "groups.csv").write_text("Group;Student\nTeam 1;Anna\nTeam 1;Bo\nTeam 1;Dee\n")
    out = report(tmp_path, moodle("Team 1", "5", share=0.5), moodle("Cy", "23"))
    found = {row["Full name"]: row for row in rows(out / f"moodle/{UNIT}.csv")}
    points = f"{result_of('x', 0.5).points:.2f}"
    assert {name: (row["Identifier"], row["Grade"]) for name, row in found.items()} == {
        "Anna": ("Participant 21", points),
        "Bo": ("Participant 22", points),
        "Cy": ("Participant 23", "12.00"),
        "Dee": ("", points),
    }
    assert "Dee of Team 1 is not in Moodle" in (out / "index.html").read_text(encoding="utf-8")
    with zipfile.ZipFile(out / f"moodle/{UNIT}_feedback.zip") as archive:
        assert len(archive.namelist()) == 3
    grades = {row["Student"]: row["Total"] for row in rows(out / "grades.csv")[1:]}
    assert grades == {"Anna": points, "Bo": points, "Cy": "12.00", "Dee": points}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("team,student\na,b\n", "begins with the columns team, student; expected group and"),
        ("group,student\na,\n", "line 2: a group or a student is missing"),
        ("group,student\na,x\nb,x\n", "has x in two groups, a and b"),
        ("", "begins with the columns none"),
    ],
)
def test_a_table_of_groups_that_is_none_is_one_sentence(tmp_path, text, message):
    (tmp_path / "grading").mkdir()
    (tmp_path / "grading/groups.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_groups(tmp_path)


def test_names_and_reasons_are_in_words():
    from medseg_grader.report.feedback import test_titles as titles
    from medseg_grader.report.feedback import words

    assert words("nan_spoils_the_mean") == "NaN spoils the mean"
    assert words("rows_and_columns_swapped") == "Rows and columns swapped"
    unit = load_unit(UNIT)
    assert titles(unit)["test_mean_iou"] == "4.3 One number, visible test"
    assert titles(unit)["test_mean_iou_hidden"] == "4.3 One number, hidden test"
