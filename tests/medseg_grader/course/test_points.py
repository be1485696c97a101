"""The rule: what ran and raised nothing passes; only a number from 0 to the points is less."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medseg_grader.course.points import Points, points_of

VALUE = "credit = f(1)\ncredit"


def test_a_cell_that_ran_and_showed_nothing_has_all_points():
    assert points_of(4.0, "assert f(1) == 2", "", []) == Points(4.0, "", False)


def test_an_error_is_no_points_whatever_was_shown():
    assert points_of(4.0, VALUE, "KeyError: 'a'", ["4"]) == Points(0.0, "KeyError: 'a'", False)


@pytest.mark.parametrize("text", ["0", "2.5", " 3\n", "1e-3", "4.0"])
def test_a_number_from_0_to_the_points_is_credit(text):
    reached, reason, odd = points_of(4.0, VALUE, "", [text])
    assert (reached, odd) == (float(text), False)
    assert bool(reason) == (reached < 4)


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "4.001", "1e999", "True", "'4'", "", "[4]"])
def test_any_other_value_is_no_points_and_odd(text):
    reached, reason, odd = points_of(4.0, VALUE, "", [text])
    assert (reached, odd) == (0.0, True)
    assert "should be a number from 0 to 4" in reason


@pytest.mark.parametrize("results", [["1", "4"], ["4", "4", "4"]])
def test_several_values_are_no_points_and_odd(results):
    wrong = f"{len(results)} values came from it, where one is due."
    assert points_of(4.0, VALUE, "", results) == Points(0.0, wrong, True)


@pytest.mark.parametrize("source", ["assert f(1) == 2", "", "# a remark", "x = 4"])
def test_a_value_from_a_cell_without_one_is_no_points_and_odd(source):
    reached, reason, odd = points_of(4.0, source, "", ["4"])
    assert (reached, odd) == (0.0, True)
    assert "its last line has no value" in reason


@pytest.mark.parametrize("line", ["credit", "2 * share", "round(credit, 1)", "float(x)", "c[0]"])
def test_a_value_that_does_not_come_is_no_points_and_odd(line):
    wrong = "its last line is a value, yet none came from it."
    assert points_of(4.0, f"credit = f(1)\n{line}", "", []) == Points(0.0, wrong, True)


@pytest.mark.parametrize("line", ["check(f)", "probes.assert_close(f(1), 2)", "g()()"])
def test_of_a_call_no_value_is_due_and_none_counts(line):
    assert points_of(4.0, line, "", []) == Points(4.0, "", False)
    reached, reason, odd = points_of(4.0, line, "", ["4"])
    assert (reached, odd) == (0.0, True)
    assert "counts only under a name" in reason


def test_a_cell_with_a_magic_may_have_a_value():
    assert points_of(4.0, "%timeit f\nf(1)", "", ["3"]).reached == 3.0


@given(st.floats(0, 10), st.text(max_size=400), st.lists(st.text(max_size=8), max_size=2))
def test_points_are_never_negative_or_too_many_and_a_reason_is_one_short_line(most, error, results):
    reached, reason, _ = points_of(most, VALUE, error, results)
    assert 0 <= reached <= most
    assert math.isfinite(reached)
    assert len(reason) <= 300
    assert reason.isprintable()
