"""The recipes of docs/own-course.md, followed to the letter: the code blocks are what is run."""

import base64
import csv
import io
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.tiny_course import (
    MISTAKES,
    POINTS,
    RIGHT,
    ROOT,
    SCRIPT,
    UNIT,
    answered,
    copy_package,
    hand_in,
    make_quick_course,
    pool_here,
    run_command,
    scores_in,
)
from nbgrader.api import Gradebook
from PIL import Image

from medseg.cli import main
from medseg.errors import InputError
from medseg_grader.course.config import Course, read_course
from medseg_grader.course.stock_nbgrader import nbgrader_api
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit, unit_names
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class, known_people
from medseg_grader.grading.worksheet import read_worksheet, store_worksheet
from medseg_grader.records.marks import read_marks
from medseg_grader.report import write
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox.limits import Limits

TEXT = (ROOT / "docs/own-course.md").read_text(encoding="utf-8")


def block(heading, number=0):
    """A code block of the recipe with this heading."""
    recipe = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    (own,) = (part for part in recipe if part.startswith(heading))
    return re.findall(r"^```\w*\n(.*?)^```", own, re.MULTILINE | re.DOTALL)[number]


def commands(text):
    """The commands of a block, as lists of words without `medseg`."""
    words = [shlex.split(line) for line in text.splitlines()]
    assert all(line[0] == "medseg" for line in words)
    return [line[1:] for line in words]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course in the current folder whose cells run in this process."""
    make_quick_course(tmp_path, monkeypatch)
    for name in ("items_page", "mistakes_page", "findings_page"):
        monkeypatch.setattr(write, name, lambda *_: "")
    return tmp_path


def write_unit(name):
    folder = Path("solutions", name)
    folder.mkdir(parents=True)
    (folder / f"{name.partition('_')[2]}.py").write_text(SCRIPT)
    (folder / "mistakes.py").write_text(MISTAKES)


def hand_in_right(student="ada", unit=UNIT):
    name = f"{unit.partition('_')[2]}.ipynb"
    notebook = answered(make_template(load_unit(unit)), **RIGHT)
    return hand_in(Path("handed_in"), student, notebook, unit, name)


def grade(submitted="handed_in", **more):
    found = collect(Path(submitted), unit_names(), known=known_people(), **more)
    outcome = grade_class(found.submissions, pool_here(), Limits())
    assert (outcome.failures, found.questions) == ([], [])
    return outcome


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def marks(course):
    return read_marks(f"sqlite:///{course}/grading/gradebook.db")


def test_name_and_look_stand_on_every_page(course):
    Path("course.toml").write_text(block("Name and look"))
    Image.new("RGB", (4, 4), "navy").save("logo.png")
    assert nbgrader_api().course_id == "segmentation"
    hand_in_right()
    grade()
    index, trouble = report_on_course()
    assert trouble == ""
    pages = [*index.parent.rglob("*.html"), *Path("grading/feedback").rglob("*.html")]
    drawn = [page for page in pages if page.stat().st_size]
    assert len(drawn) == 4
    picture = base64.b64encode(Path("logo.png").read_bytes()).decode()
    for page in drawn:
        text = page.read_text(encoding="utf-8")
        assert "Segmentation, spring term · University of Nowhere" in text
        assert "Questions: ask@nowhere.example" in text
        assert f"data:image/png;base64,{picture}" in text


def test_a_page_is_written_anew_when_the_look_changes(course):
    hand_in_right()
    grade()
    page = Path("grading/report/feedback", UNIT, "ada.html")
    report_on_course()
    assert "U-Nets by hand" in page.read_text(encoding="utf-8")
    Path("course.toml").write_text('name = "Mine"\n')
    report_on_course()
    assert "<p>Mine</p>" in page.read_text(encoding="utf-8")


def test_units_are_those_that_are_named(course):
    shutil.rmtree(f"solutions/{UNIT}")
    for name in ("01_a", "02_b", "04_iou", "05_c", "09_d"):
        write_unit(name)
    assert len(unit_names()) == 5
    Path("course.toml").write_text(block("Units in and out"))
    assert unit_names() == ["01_a", "04_iou", "05_c", "09_d"]
    shutil.rmtree("solutions/09_d")
    with pytest.raises(InputError, match="There is no unit called '9'"):
        unit_names()


@pytest.mark.slow
def test_a_unit_of_your_own_is_sound(tmp_path):
    """In processes of their own, with a package that the release may write to."""
    copy_package(tmp_path)
    for words in commands(block("A unit of your own")):
        code, said = run_command(tmp_path, words)
        assert code == 0, said
    assert said.rstrip().endswith("0 faults")


def test_a_deadline_costs_what_the_plug_in_says_and_may_move(course):
    write_unit("04_iou")
    write_unit("05_focal_loss")
    deadlines = block("Deadlines")
    Path("course.toml").write_text(deadlines)
    with Path("nbgrader_config.py").open("a") as config:
        config.write(block("Deadlines", 1))
    path = hand_in_right(unit="05_focal_loss")
    path.with_name("timestamp.txt").write_text("2027-01-22 17:20:00 UTC")  # 20 minutes late
    hand_in_right("ben", "05_focal_loss").with_name("timestamp.txt").write_text(
        "2027-01-22 17:09:00 UTC"  # within the grace
    )
    hand_in_right("cy", "05_focal_loss").with_name("timestamp.txt").write_text(
        "2027-03-01 10:00:00 UTC"
    )
    grade()
    found = marks(course).units["05_focal_loss"]
    assert {who: mark.penalty for who, mark in found.items()} == {
        "ada": pytest.approx(0.7), "ben": 0, "cy": pytest.approx(3.5)
    }  # fmt: skip
    with Gradebook(f"sqlite:///{course}/grading/gradebook.db", "unets-by-hand") as book:
        assert f"{book.find_assignment('05_focal_loss').duedate}" == "2027-01-22 17:00:00"
    Path("course.toml").write_text(deadlines.replace("01-22T18", "02-22T18"))
    assert grade().graded == []
    found = marks(course).units["05_focal_loss"]
    assert {who: mark.penalty for who, mark in found.items()} == {
        "ada": 0, "ben": 0, "cy": pytest.approx(3.5)
    }  # fmt: skip


def test_a_date_is_the_end_of_its_day_here():
    due = read_course_of(block("Deadlines")).deadlines["04_iou"]
    assert (f"{due:%Y-%m-%d %H:%M:%S}", due.tzinfo is not None) == ("2027-01-15 23:59:59", True)


def test_members_of_a_group_have_its_points(course):
    folder = Path("export/Team 1_5_assignsubmission_file_")
    folder.mkdir(parents=True)
    shutil.copy(hand_in_right(), folder)
    sheet = Path("Grades.csv")
    head = "Identifier,Full name,Email address,Last modified (submission)\n"
    sheet.write_text(f"{head}Participant 21,Anna Lee,a@a.org,-\nParticipant 5,Bo Li,b@a.org,-\n")
    outcome = grade("export", worksheet=read_worksheet(sheet))
    (finding,) = outcome.graded[0].findings
    assert finding.startswith("Moodle's worksheet has the number 5 for Bo Li")
    store_worksheet(sheet, UNIT)
    report_on_course()
    (team,) = rows(Path(f"grading/report/moodle/{UNIT}.csv"))
    assert (team["Identifier"], team["Full name"]) == ("", "Team 1"), "Bo has no points of it yet"
    Path("grading/groups.csv").write_text(block("Groups"))
    assert main(["report"]) == 0
    found = {row["Full name"]: row for row in rows(Path(f"grading/report/moodle/{UNIT}.csv"))}
    assert {name: (row["Identifier"], row["Grade"]) for name, row in found.items()} == {
        "Anna Lee": ("Participant 21", "7.00"),
        "Bo Li": ("Participant 5", "7.00"),
    }


def test_points_given_by_hand_reach_page_and_files_and_stay(course):
    hand_in(Path("handed_in"), "ada", answered(make_template(load_unit(UNIT))))
    grade()
    with Gradebook(f"sqlite:///{course}/grading/gradebook.db", "unets-by-hand") as book:
        book.find_grade("test_triple", "sums", UNIT, "ada").manual_score = 2.5
        book.find_comment("triple", "sums", UNIT, "ada").manual_comment = "You had the idea."
        book.db.commit()
    assert commands(block("Regrade requests")) == [["report"]]
    assert main(["report"]) == 0
    (row,) = rows(Path(f"grading/report/moodle/{UNIT}.csv"))
    assert (row["Grade"], "You had the idea." in row["Feedback comments"]) == ("2.50", True)
    page = Path(f"grading/report/feedback/{UNIT}/ada.html").read_text(encoding="utf-8")
    assert "You had the idea." in page
    hand_in(Path("handed_in"), "ada", answered(make_template(load_unit(UNIT)), double="x = 1"))
    grade()
    assert marks(course).units[UNIT]["ada"].total == 2.5


def test_a_test_that_was_wrong_is_mended_and_all_are_graded_again(course):
    words = commands(block("Regrade requests", 1))
    assert [line[0] for line in words] == ["release", "verify", "grade"]
    assert words[2][1:] == ["submissions.zip", "--unit", "04"]
    wrong = SCRIPT.replace("double(2) == 4", "double(2) == 5")
    script = Path("solutions", UNIT, "sums.py")
    script.write_text(wrong)
    hand_in_right()
    hand_in_right("ben")
    grade()
    assert scores_in(course)["ada"]["test_double"] == 0
    script.write_text(SCRIPT)
    outcome = grade()
    assert {r.student: r.points for r in outcome.graded} == {"ada": 7.0, "ben": 7.0}
    said = {sentence for result in outcome.graded for sentence in result.findings}
    assert said == {"It is of another release of the unit. Where tests differ, ours were run."}


def test_a_new_term_begins_and_removed_grades_can_be_brought_back(course, capsys):
    hand_in_right()
    grade()
    for words in commands(block("A new term")):
        assert main(words) == 0
    said = capsys.readouterr().out
    assert "2027 summer begins, with an empty gradebook." in said
    assert "1 submissions of 1 student" in said
    grade()
    assert main(["remove-grades", "--unit", "1", "--yes"]) == 0
    (copy,) = Path("grading/copies").iterdir()
    back = block("A new term", 1).replace("2027-01-15 18.00.00", copy.name)
    subprocess.run(shlex.split(back), check=True)
    assert scores_in(course) == {"ada": POINTS}
    assert grade().graded == []


def read_course_of(text):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "course.toml").write_text(text, encoding="utf-8")
        return read_course(Path(folder))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('nmae = "x"', r"says 'nmae', which means nothing. Did you mean 'name'\?"),
        ("name = 3", "says name = 3, expected a text of one line"),
        ('short = "My Course"', "expected small letters, digits and dashes"),
        ("units = 4", "says units = 4, expected a list"),
        ("deadlines = 4", r"expected a table \[deadlines\]"),
        ('[deadlines]\n04_iou = "soon"', "04_iou is due 'soon', expected a date without quotes"),
        ('logo = "x.gif"', r"expected one of \.png, \.svg, \.jpg"),
        ('logo = "x.png"', "there is no such file"),
        ("name = ", "course.toml is no TOML"),
    ],
)
def test_what_a_course_cannot_say_is_one_sentence(text, message):
    with pytest.raises(InputError, match=message):
        read_course_of(text)


def test_the_courses_own_file_says_what_is_the_default():
    assert read_course(ROOT) == Course()
    assert read_course_of("\ufeff") == Course()
