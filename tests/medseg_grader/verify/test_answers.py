"""An answer that is not what its author says it is, is a fault in a sentence."""

import pytest
from helpers.tiny_unit import cell, unit_with

from medseg import checks
from medseg_grader.authoring import Alternative, Call, Exercise, Slip
from medseg_grader.verify import answers
from medseg_grader.verify.answers import judge_mistake, prove_alternative, prove_slip
from medseg_grader.verify.in_process import Score

TWICE = "def f(x):\n    return x + x"
THRICE = "def f(x):\n    return 3 * x"


def judged(unit, scores, accused):
    scores = {name: Score(*score) for name, score in scores.items()}
    return judge_mistake(unit, "f", "adds", scores, accused)


def test_a_mistake_that_loses_points_and_gets_its_hint_is_counted():
    proof = judged(unit_with(cell("", "test_f", True)), {"test_f": (0, 2)}, "adds")
    assert (proof.scored, proof.told, proof.faults) == (True, True, [])


def test_a_mistake_that_keeps_all_points_is_a_fault():
    proof = judged(unit_with(cell("", "test_f", True)), {"test_f": (2, 2)}, None)
    assert (proof.scored, proof.told) == (False, False)
    assert "keeps all points" in proof.faults[0]
    assert "wrong hint: none" in proof.faults[1]


def test_a_mistake_that_costs_an_independent_exercise_is_a_fault():
    unit = unit_with(cell("", "test_f", True), cell("", "test_g", True))
    unit.exercises["g"] = Exercise("g", [Call()], ["h"], [])
    scores = {"test_f": (0, 2), "test_g": (1, 2, "why")}
    assert "loses points in g too: why" in judged(unit, scores, "adds").faults[0]
    unit.exercises["g"] = Exercise("g", [Call()], ["h"], [], uses=["f"])
    assert judged(unit, scores, "adds").faults == []


@pytest.fixture
def check_says(monkeypatch):
    """A function that sets what `check` says of the next answers."""

    def says(outcome, message="", mistake=None):
        verdict = checks.Verdict(outcome, message, mistake)
        monkeypatch.setattr(answers.checks, "examine", lambda name, answer: verdict)

    return says


def test_an_alternative_that_keeps_all_points_and_is_right_is_sound(check_says):
    check_says(checks.RIGHT)
    unit = unit_with(cell("assert f(3) == 6", "test_f", True))
    proof = prove_alternative(unit, Alternative("f", "a sum", TWICE))
    assert (proof.scored, proof.told, proof.faults) == (True, True, [])


def test_an_alternative_that_loses_points_is_a_fault(check_says):
    check_says(checks.RIGHT)
    unit = unit_with(cell("assert f(3) == 6, 'six is due'", "test_f", True))
    proof = prove_alternative(unit, Alternative("f", "thrice", THRICE))
    assert (proof.scored, proof.told) == (False, True)
    assert proof.faults == [
        "f: the alternative 'thrice' loses points in test_f: AssertionError: six is due"
    ]


def test_an_alternative_that_check_calls_wrong_is_a_fault(check_says):
    check_says(checks.WRONG, "f(3): expected 6,\nyours is 9")
    unit = unit_with(cell("assert f(3) == 6", "test_f", True))
    proof = prove_alternative(unit, Alternative("f", "a sum", TWICE))
    assert (proof.scored, proof.told) == (True, False)
    assert proof.faults == [
        "f: the alternative 'a sum' is wrong for check: f(3): expected 6, yours is 9"
    ]


SLIP = Slip("f", "adds", "yours is 9", THRICE)


def test_a_slip_that_check_names_is_sound(check_says):
    check_says(checks.WRONG, "expected 6, yours is 9\nHint: Twice, not plus two.", "adds")
    proof = prove_slip(unit_with(cell("assert f(3) == 6", "test_f", True)), SLIP)
    assert (proof.told, proof.faults) == (True, [])


@pytest.mark.parametrize(
    ("message", "mistake", "says"),
    [
        ("yours is 9", None, "is no mistake, but wrong for check: yours is 9"),
        ("yours is 9\nHint: Twice.", "squares", "is squares for check: yours is 9"),
        ("yours is 9\nHint: Twice.", "adds", "gets another hint: Twice."),
        (
            "yours is it\nHint: Twice, not plus two.",
            "adds",
            "check should say 'yours is 9', and says: yours is it",
        ),
    ],
)
def test_a_slip_that_is_not_named_is_a_fault(check_says, message, mistake, says):
    check_says(checks.WRONG, message, mistake)
    proof = prove_slip(unit_with(cell("assert f(3) == 6", "test_f", True)), SLIP)
    assert not proof.told
    assert says in proof.faults[0]


def test_a_slip_that_keeps_all_points_or_is_right_for_check_is_a_fault(check_says):
    unit = unit_with(cell("assert f(0) == 0", "test_f", True))
    check_says(checks.RIGHT, "f gives what it should; yours is 9")
    proof = prove_slip(unit, SLIP)
    assert (proof.scored, proof.told) == (False, False)
    assert "keeps all points" in proof.faults[0]
    assert "is right for check" in proof.faults[1]


def test_a_slip_that_no_mistake_covers_is_told_in_numbers(check_says):
    slip = Slip("f", "", "yours is 9", THRICE, what="It adds once too often.")
    unit = unit_with(cell("assert f(3) == 6", "test_f", True))
    check_says(checks.WRONG, "expected 6, yours is 9")
    assert prove_slip(unit, slip).faults == []
    check_says(checks.WRONG, "expected 6, yours is 9\nHint: Twice, not plus two.", "adds")
    (fault,) = prove_slip(unit, slip).faults
    assert "told in numbers (It adds once too often.) is adds for check" in fault
