"""Right answers written otherwise keep all points and are right for `check`; slips are named."""

import functools

import pytest

from medseg_grader.course.units import load_alternatives, load_slips, load_unit, unit_names
from medseg_grader.verify.answers import prove_alternative, prove_slip

# Other inputs than those of the quick lane, for what is quick.
SEEDS = ("0", "1", "2")
ALTERNATIVES = [
    pytest.param(
        unit,
        alternative,
        seed,
        id=f"{unit} {alternative.exercise}: {alternative.name}, seed {seed}",
        marks=[pytest.mark.slow] if alternative.slow or seed != SEEDS[0] else [],
    )
    for unit in unit_names()
    for alternative in load_alternatives(unit)
    for seed in (SEEDS[:1] if alternative.slow else SEEDS)
]
SLIPS = [
    pytest.param(unit, slip, id=f"{unit} {slip.exercise}: {slip.mistake}", marks=pytest.mark.slow)
    for unit in unit_names()
    for slip in load_slips(unit)
]
unit_of = functools.cache(load_unit)


@pytest.mark.parametrize(("name", "alternative", "seed"), ALTERNATIVES)
def test_a_right_answer_written_otherwise_is_right(name, alternative, seed, monkeypatch):
    monkeypatch.setenv("MEDSEG_SEED", seed)
    assert prove_alternative(unit_of(name), alternative).faults == []


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_the_hint_is_that_of_the_fault_that_is_told(name, slip):
    assert prove_slip(unit_of(name), slip).faults == []
