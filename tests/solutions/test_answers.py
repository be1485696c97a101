"""Right answers written otherwise keep all points and are right for `check`; slips are named."""

import functools

import pytest

from medseg import checks
from medseg.checks.exercises import exercise_data
from medseg_grader.course.answers import answer_of
from medseg_grader.course.units import load_alternatives, load_slips, load_unit, unit_names
from medseg_grader.verify.soundness import score

unit_of = functools.cache(load_unit)
ALTERNATIVES = [
    pytest.param(
        unit,
        alternative,
        id=f"{unit} {alternative.exercise}: {alternative.name}",
        marks=[pytest.mark.slow] if alternative.slow else [],
    )
    for unit in unit_names()
    for alternative in load_alternatives(unit)
]
SLIPS = [
    pytest.param(unit, slip, id=f"{unit} {slip.exercise}: {slip.mistake}")
    for unit in unit_names()
    for slip in load_slips(unit)
]


@pytest.mark.parametrize(("name", "alternative"), ALTERNATIVES)
def test_a_right_answer_written_otherwise_keeps_all_points(name, alternative, monkeypatch):
    for seed in ("0",) if alternative.slow else ("0", "1", "2"):
        monkeypatch.setenv("MEDSEG_SEED", seed)
        scores = score(
            unit_of(name),
            {alternative.exercise: alternative.source},
            skip_slow_of_others=True,
        )
        assert {cell: s for cell, s in scores.items() if s[0] != s[1]} == {}


@pytest.mark.parametrize(("name", "alternative"), ALTERNATIVES)
def test_a_right_answer_written_otherwise_is_right_for_check(name, alternative):
    exercise = alternative.exercise
    answer = answer_of(unit_of(name), exercise, alternative.source)
    verdict = checks.examine(f"{name}.{exercise}", answer)
    assert verdict.outcome == checks.RIGHT, verdict.message


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_the_hint_is_that_of_the_fault_that_is_told(name, slip):
    verdict = checks.examine(
        f"{name}.{slip.exercise}", answer_of(unit_of(name), slip.exercise, slip.source)
    )
    assert verdict.mistake == slip.mistake, verdict.message
    before, _, hint = verdict.message.partition("\nHint: ")
    assert slip.says in before
    mistakes = exercise_data(f"{name}.{slip.exercise}")["mistakes"]
    assert hint == next(m["hint"] for m in mistakes if m["name"] == slip.mistake)
