"""A finished term is put away whole, removed grades are copied first, and nothing is lost."""

import io
import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.tiny_course import (
    POINTS,
    RIGHT,
    SCRIPT,
    UNIT,
    WRONG,
    answered,
    hand_in,
    make_quick_course,
    pool_here,
    scores,
    scores_in,
)
from nbgrader.api import Gradebook

from medseg.cli import main
from medseg.errors import InputError
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class, known_people
from medseg_grader.records import terms
from medseg_grader.records.gradebook import refuse_other_cells
from medseg_grader.records.results import load_results, notebook_path, result_path
from medseg_grader.records.terms import current_term, finished_terms, new_term
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox.limits import Limits

ROOT = Path(__file__).parents[3]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A class of two is graded, with points by hand and a comment, and a report is written."""
    template = make_quick_course(tmp_path, monkeypatch)
    for student, answers in {"ada": RIGHT, "ben": WRONG}.items():
        hand_in(tmp_path / "handed_in", student, answered(template, **answers))
    grade(tmp_path)
    with Gradebook(url(tmp_path), "unets-by-hand") as book:
        book.find_grade("test_triple", "sums", UNIT, "ben").manual_score = 2.5
        book.find_comment("double", "sums", UNIT, "ben").manual_comment = "Look at 2 again."
        book.db.commit()
    report_on_course(root=tmp_path)
    return tmp_path


def url(root):
    return f"sqlite:///{root}/grading/gradebook.db"


def grade(root):
    submissions = collect(root / "handed_in", [UNIT]).submissions
    return grade_class(submissions, pool_here(), Limits())


def everything(folder):
    """{path: content} below a folder; of the gradebook, its rows by student."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".db" and path.name not in {".grade.lock", "term.txt"}
    }
    return found | {"gradebook": scores(f"sqlite:///{folder}/gradebook.db")}


def test_a_term_that_ends_is_put_away_whole_and_an_empty_one_begins(course):
    before = everything(course / "grading")
    done = new_term("2027 summer", url(course))
    assert everything(done) == before
    assert current_term() == terms.Term("2027 summer", Path("grading"), (), 0, 0)
    assert known_people().seen == []
    assert load_results() == []
    grade(course)
    assert set(scores_in(course)) == {"ada", "ben"}
    assert everything(done) == before


def test_terms_are_listed_with_what_is_in_them(course, capsys):
    assert main(["term", "new", "2027 summer"]) == 0
    assert main(["term", "new", "2027 winter"]) == 0
    assert main(["term", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    today = f"{datetime.now():%Y-%m-%d}"
    assert lines == [
        f"The term that ends lies in grading/terms/until {today}.",
        "2027 summer begins, with an empty gradebook.",
        "2027 winter begins, with an empty gradebook.",
        f"until {today}: 2 submissions of 2 students in 1 units, in grading/terms/until {today}",
        "2027 winter, now: nothing graded",
    ]


def test_a_term_keeps_its_name_when_it_is_put_away(course):
    new_term("first", url(course))
    grade(course)
    done = new_term("second", url(course))
    assert done == Path("grading/terms/first")
    assert "first" in {term.name for term in finished_terms()}
    assert current_term().name == "second"


@pytest.mark.parametrize("name", ["", "..", "a/b", " a", "a ", "x" * 61, "a\nb", "."])
def test_a_name_that_can_be_no_folder_is_refused_and_nothing_moves(course, name):
    before = everything(course / "grading")
    with pytest.raises(InputError, match="A term cannot be called"):
        new_term(name, url(course))
    assert everything(course / "grading") == before


def test_a_name_is_given_once(course):
    new_term("Summer", url(course))
    with pytest.raises(InputError, match="There is a term called 'summer' already"):
        new_term("summer", url(course))


def test_a_new_term_that_is_stopped_in_between_goes_on(course, monkeypatch):
    before = everything(course / "grading")
    rename, moved = Path.rename, []

    def stop(self, target):
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        new_term("2027", url(course))
    monkeypatch.setattr(Path, "rename", rename)
    assert everything(new_term("2027", url(course))) == before


def test_a_gradebook_that_lies_elsewhere_is_copied_and_emptied(course, tmp_path):
    elsewhere = tmp_path / "elsewhere.db"
    (course / "grading/gradebook.db").rename(elsewhere)
    before = scores(f"sqlite:///{elsewhere}")
    done = new_term("2027", f"sqlite:///{elsewhere}")
    assert scores(f"sqlite:///{done}/gradebook.db") == before
    with closing(sqlite3.connect(elsewhere)) as book:
        assert book.execute("select count(*) from student").fetchone() == (0,)


def test_removed_grades_are_in_a_dated_copy(course, capsys):
    before = scores_in(course)
    assert main(["remove-grades", "--student", "ben", "--yes"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Removed the grades of ben in {UNIT}. As it was before: grading/copies")
    assert set(scores_in(course)) == {"ada"}
    assert {result.student for result in load_results()} == {"ada"}
    (copy,) = (course / "grading/copies").iterdir()
    assert copy.name.startswith(f"{datetime.now():%Y-%m-%d} ")
    assert scores(f"sqlite:///{copy}/gradebook.db") == before
    with Gradebook(f"sqlite:///{copy}/gradebook.db", "unets-by-hand") as book:
        assert book.find_grade("test_triple", "sums", UNIT, "ben").manual_score == 2.5
        comment = book.find_comment("double", "sums", UNIT, "ben").manual_comment
        assert comment == "Look at 2 again."
    assert json.loads((copy / f"results/{UNIT}/ben.json").read_text())["student"] == "ben"
    for path in (result_path(course, UNIT, "ben"), notebook_path(course, UNIT, "ben")):
        assert not path.exists()
        assert (copy / path.relative_to(course / "grading")).is_file()


def test_removing_asks_and_only_yes_is_yes(course, monkeypatch, capsys):
    for answer, code in (("no", 1), ("", 1), ("yes", 0)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{answer}\n"))
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        assert main(["remove-grades", "--unit", "1"]) == code
        assert bool(load_results()) == (code == 1)
    assert f"Remove the grades of 2 students in {UNIT}?" in capsys.readouterr().out


def test_without_anybody_to_ask_nothing_is_removed(course, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert main(["remove-grades"]) == 2
    assert "Nobody is there to ask: say --yes to do it." in capsys.readouterr().err
    assert set(scores_in(course)) == {"ada", "ben"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--student", "cy"], "There are no grades of 'cy'; there is: ada, ben."),
        (["--unit", "7"], "There is no unit called '7'."),
    ],
)
def test_grades_that_are_not_there_are_one_sentence(course, capsys, options, message):
    assert main(["remove-grades", "--yes", *options]) == 2
    assert message in capsys.readouterr().err
    assert not (course / "grading/copies").exists()


def test_after_removing_a_units_grades_its_cells_may_be_changed_and_its_deadline_stays(course):
    due = datetime(2026, 3, 2, tzinfo=UTC)
    with Gradebook(url(course), "unets-by-hand") as book:
        book.update_or_create_assignment(UNIT, duedate=due)
    script = course / "solutions" / UNIT / "sums.py"
    script.write_text(SCRIPT.replace('"test_triple"', '"test_triple_more"'))
    cells = {"double", "triple", "test_double", "test_double_hidden", "test_triple_more"}
    with pytest.raises(InputError, match="medseg remove-grades --unit 01"):
        refuse_other_cells(url(course), UNIT, cells)
    assert main(["release", "--unit", "1"]) == 2, "nothing is written where it stands in the way"
    assert not (course / "notebooks").exists()
    assert main(["remove-grades", "--unit", "1", "--yes"]) == 0
    refuse_other_cells(url(course), UNIT, cells)
    template = make_template(load_unit(UNIT))
    hand_in(course / "handed_in", "ada", answered(template, **RIGHT))
    grade(course)
    with Gradebook(url(course), "unets-by-hand") as book:
        assert book.find_assignment(UNIT).duedate == due.replace(tzinfo=None)
    renamed = {name.replace("triple", "triple_more"): points for name, points in POINTS.items()}
    assert scores_in(course)["ada"] == renamed


def test_make_clean_leaves_grades_alone():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nclean:")[2]
    assert recipe.strip()
    assert "grading" not in recipe
