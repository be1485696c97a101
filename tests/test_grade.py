"""`medseg grade` on a small class: graded once, recorded, and done again only where it must be."""

import json

import pytest
from nbgrader.api import Gradebook
from tiny_course import POINTS, RIGHT, UNIT, WRONG, answered, hand_in, make_course

from medseg.cli import main
from medseg_grader.catalogue import load_unit
from medseg_grader.result import load_results
from medseg_grader.template import make_template

pytestmark = pytest.mark.slow
CLASS = {"right": RIGHT, "half": {"double": RIGHT["double"]}, "wrong": WRONG, "untouched": {}}
EXPECTED = {"right": 7.0, "half": 3.0, "wrong": 2.0, "untouched": 0.0, "broken": 0.0}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose class of five has been graded once; commands run in its folder."""
    root = make_course(tmp_path_factory.mktemp("graded"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        template = make_template(load_unit(UNIT))
        for student, answers in CLASS.items():
            hand_in(root / "handed_in", student, answered(template, **answers))
        hand_in(root / "handed_in", "broken", json.dumps(answered(template)).encode()[:500])
        summary = grade("--json", "first.json")
        yield root, template, summary


def grade(*options):
    """Run the command; gives the summary that it wrote."""
    arguments = ["grade", "handed_in", "--unsafe", "--workers", "2", "--json", "summary.json"]
    assert main([*arguments, *options]) == 0
    name = options[options.index("--json") + 1] if "--json" in options else "summary.json"
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def scores():
    """{student: {grade_id: auto_score}} as nbgrader's API tells them."""
    with Gradebook("sqlite:///grading/gradebook.db", "unets-by-hand") as book:
        return {
            s.student.id: {g.name: g.auto_score for nb in s.notebooks for g in nb.grades}
            for s in book.assignment_submissions(UNIT)
        }


def test_everybody_has_the_points_of_their_answers(course):
    _, _, summary = course
    assert {s["student"]: s["points"] for s in summary["submissions"]} == EXPECTED
    assert {name: sum(own.values()) for name, own in scores().items()} == EXPECTED
    assert scores()["right"] == POINTS
    assert (summary["graded"], summary["not_graded"]) == (5, [])


def test_a_file_that_is_no_notebook_is_told_and_stops_nobody(course):
    result = next(r for r in load_results() if r.student == "broken")
    assert result.findings == ["The file is no notebook: it is not JSON (cut off?)."]
    assert {cell.reason for cell in result.cells} == set(result.findings)


def test_what_is_graded_is_not_done_again_until_it_changes(course):
    root, template, _ = course
    before = scores()
    again = grade()
    assert (again["graded"], again["unchanged"]) == (0, 5)
    hand_in(root / "handed_in", "wrong", answered(template, **RIGHT))
    changed = grade()
    assert [s["student"] for s in changed["submissions"] if s["graded_now"]] == ["wrong"]
    assert scores() == {**before, "wrong": before["right"]}
    hand_in(root / "handed_in", "wrong", answered(template, **WRONG))
    assert grade("--student", "wrong")["graded"] == 1
    assert scores() == before


def test_a_lost_gradebook_is_filled_again_from_the_results(course):
    root, _, _ = course
    before = scores()
    (root / "grading/gradebook.db").unlink()
    assert grade()["graded"] == 0
    assert scores() == before
