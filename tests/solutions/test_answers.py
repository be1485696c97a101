"""Right answers written otherwise keep all points and are right for `check`; slips are named."""

import functools

import pytest

from medseg_grader.course.units import load_alternatives, load_slips, load_unit, unit_names
from medseg_grader.verify.answers import prove_alternative, prove_slip

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
unit_of = functools.cache(load_unit)


@pytest.mark.parametrize(("name", "alternative"), ALTERNATIVES)
def test_a_right_answer_written_otherwise_is_right(name, alternative, monkeypatch):
    for seed in ("0",) if alternative.slow else ("0", "1", "2"):
        monkeypatch.setenv("MEDSEG_SEED", seed)
        assert prove_alternative(unit_of(name), alternative).faults == [], f"seed {seed}"


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_the_hint_is_that_of_the_fault_that_is_told(name, slip):
    assert prove_slip(unit_of(name), slip).faults == []
