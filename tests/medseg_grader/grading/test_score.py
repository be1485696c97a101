"""Scoring is strict: what ran and raised nothing passes; only numbers are partial credit."""

from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_output

from medseg_grader.course.template import GradedCell, Template
from medseg_grader.grading.rebuild import Rebuilt
from medseg_grader.grading.score import nothing, score

ASSERTS = "assert f(1) == 2"
VALUE = "credit = f(1)\ncredit"


def a_run(ran=True, error="", seconds=0.25):
    return SimpleNamespace(ran=ran, error=error, seconds=seconds)


def result(text):
    return new_output("execute_result", {"text/plain": text}, execution_count=1)


def scored(source=ASSERTS, outputs=(), run="ok", missing=(), most=4.0):
    """The score of one test cell, worth four points, and the findings."""
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    cell.metadata["nbgrader"] = {"grade_id": "test_f", "grade": True, "points": most}
    rebuilt = Rebuilt(nbformat.v4.new_notebook(cells=[cell]), missing=list(missing))
    template = Template("01_f", "", (GradedCell("test_f", "f", most),), ("f",))
    runs = {0: a_run() if run == "ok" else run} if run else {}
    (one,), findings = score(template, rebuilt, runs)
    assert one.max_points == most
    return one, findings


def test_a_cell_that_ran_and_raised_nothing_has_all_points():
    one, findings = scored()
    assert (one.points, one.reason, findings) == (4.0, "", [])
    assert (one.grade_id, one.exercise, one.seconds) == ("test_f", "f", 0.25)


@pytest.mark.parametrize("name", ["stderr", "stdout"])
def test_what_a_cell_prints_costs_nothing(name):
    one, findings = scored(outputs=[new_output("stream", name=name, text="UserWarning: nan\n")])
    assert (one.points, findings) == (4.0, [])


def test_pictures_and_shown_values_are_no_credit():
    shown = new_output("display_data", {"text/plain": "0.0"})
    assert scored(outputs=[shown])[0].points == 4.0


def test_an_error_is_no_points_and_its_sentence():
    one, findings = scored(run=a_run(error="AssertionError: 2 doubled is 4"))
    assert (one.points, one.reason) == (0.0, "AssertionError: 2 doubled is 4")
    assert findings == []


def test_an_error_among_the_outputs_is_no_points():
    output = new_output("error", ename="KeyError", evalue="\x1b[31m'a'\x1b[0m", traceback=[])
    assert scored(outputs=[output])[0].reason == "KeyError: 'a'"


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (None, "It did not run."),
        (a_run(ran=False), "It did not run."),
        (a_run(ran=False, error="The kernel died."), "The kernel died."),
    ],
)
def test_what_did_not_run_is_no_points(run, reason):
    assert scored(run=run)[0].reason == reason
    assert scored(run=run)[0].points == 0.0


@pytest.mark.parametrize("text", ["0", "0.0", "2", "2.5", "4", "4.0", " 3\n", "1e-3"])
def test_a_number_from_0_to_the_points_is_partial_credit(text):
    one, findings = scored(VALUE, [result(text)])
    assert (one.points, findings) == (float(text), [])
    assert bool(one.reason) == (one.points < 4)


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "-inf", "-1", "-0.001", "4.001", "1e999", "True", "'4'", "None", "", "[4]",
     "tensor(4.)", "4 points", "np.float64(4.0)", "4j", "<Figure>"],
)  # fmt: skip
def test_any_other_value_is_no_points_and_a_finding(text):
    one, findings = scored(VALUE, [result(text)])
    assert one.points == 0.0
    assert "should be a number from 0 to 4" in one.reason
    assert findings == [f"Test cell test_f: {one.reason}"]


def test_a_value_without_text_is_no_points():
    picture = new_output("execute_result", {"image/png": ""}, execution_count=1)
    assert scored(VALUE, [picture])[0].points == 0.0


def test_several_values_are_no_points_and_a_finding():
    one, findings = scored(VALUE, [result("1"), result("4")])
    assert one.points == 0.0
    assert "2 values came from it, where one is due" in findings[0]


def test_no_value_where_one_could_be_is_a_pass():
    assert scored("check(f)")[0].points == 4.0


def test_a_value_that_the_test_cannot_have_is_no_points_and_a_finding():
    one, findings = scored(ASSERTS, [result("4")])
    assert one.points == 0.0
    assert len(findings) == 1


def test_a_missing_solution_cell_is_said_to_be_the_reason():
    one, _ = scored(run=a_run(error="NameError: name 'f' is not defined"), missing=["f"])
    assert one.reason == ("The solution cell f is missing. NameError: name 'f' is not defined")


def test_reasons_are_one_line_and_not_long():
    one, _ = scored(run=a_run(error="ValueError: first\nsecond\t\x00" + "x" * 1000))
    assert one.reason.startswith("ValueError: first second ?xxx")
    assert len(one.reason) == 300


def test_nothing_is_no_points_everywhere_for_one_reason():
    template = Template("01_f", "", (GradedCell("a", "f", 1.0), GradedCell("b", "f", 2.0)), ("f",))
    cells = nothing(template, "The file is empty.")
    assert [(c.points, c.max_points, c.reason) for c in cells] == [
        (0.0, 1.0, "The file is empty."),
        (0.0, 2.0, "The file is empty."),
    ]
