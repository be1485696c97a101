"""What the solution and each named mistake of a unit give on the probes of `check`."""

from collections.abc import Callable, Iterable, Iterator
from multiprocessing.pool import Pool
from pathlib import Path

from medseg.checks.codec import completed, difference, encode, rounded, without_signed_zeros
from medseg.checks.verdicts import run_call
from medseg.probes.runners import RUNNERS
from medseg_grader.authoring import Call, Exercise
from medseg_grader.course.answers import solution_of
from medseg_grader.course.units import Unit
from medseg_grader.release.layout import write_lines

HINTS = Path("src/medseg/checks/hints")


def write_hints(unit: Unit, records: Iterable[dict]) -> None:
    """Write the records of the unit's hints file as JSON Lines."""
    write_lines(HINTS / f"{unit.name}.jsonl", records)


def all_hints(pool: Pool, units: Iterable[Unit]) -> Iterator[list[dict]]:
    """The records of each unit's hints file, made side by side in the processes of the pool."""
    return pool.imap(_hints, units)


def _hints(unit: Unit) -> list[dict]:
    return list(unit_hints(unit))


def unit_hints(unit: Unit) -> Iterator[dict]:
    """The records of the unit's hints file: probes, outcomes and texts, no code.

    Of a mistake only what differs from the solution is told.
    """
    for exercise in unit.exercises.values():
        yield {
            "exercise": exercise.name,
            "runner": exercise.runner,
            "device": exercise.device,
            "tolerance": exercise.tolerance,
            **({"exact_dtype": True} if exercise.exact_dtype else {}),
            **({"legend": f" ({exercise.legend})"} if exercise.legend else {}),
            **({"parts": list(exercise.parts)} if exercise.parts else {}),
            **({"unseen": f" {exercise.unseen}"} if exercise.unseen else {}),
        }
        yield from ({"hint": text} for text in exercise.hints)
        probes = [_probe(call) for call in exercise.calls]
        expected = outcomes(exercise, probes, solution_of(unit, exercise.name))
        for probe, outcome in zip(probes, expected, strict=True):
            yield {"probe": probe, "expected": outcome}
        for mistake in exercise.mistakes:
            wrong = outcomes(exercise, probes, solution_of(unit, exercise.name, mistake.name))
            told = list(_differences(expected, wrong))
            yield {"mistake": mistake.name, "hint": mistake.hint, "differs": told}


def _differences(expected: list[dict], given: list[dict]) -> Iterator[dict]:
    """What differs, each difference with the numbers of the probes `on` which it shows."""
    pairs = enumerate(zip(expected, given, strict=True))
    left = [(number, difference(usual, one)) for number, (usual, one) in pairs if one != usual]
    while left:
        _, first = left[0]
        yield {"on": [number for number, same in left if same == first], **first}
        left = [(number, other) for number, other in left if other != first]


def _probe(call: Call) -> dict:
    """One probe as data; what is empty is left out."""
    probe = rounded({"args": encode(call.args)})
    more = {"mentions": call.mentions, "shown": call.shown}
    if call.kwargs:
        more["kwargs"] = rounded(encode(call.kwargs))
    return probe | {name: value for name, value in more.items() if value}


def outcomes(exercise: Exercise, calls: list[dict], function: Callable) -> list[dict]:
    """What `function` gives on each probe."""
    runner = RUNNERS[exercise.runner]
    given = [completed(call) for call in calls]
    found = [run_call(function, call, runner, exercise.device)[0] for call in given]
    told = [{key: x for key, x in one.items() if key != "device" or x is not None} for one in found]
    return rounded(without_signed_zeros(told))
