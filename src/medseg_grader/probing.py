"""What the solution and each named mistake of a unit give on the probes of `check`."""

from collections.abc import Callable
from typing import Any

from medseg.checks.codec import encode
from medseg.checks.verdicts import run_call
from medseg.notebook.definitions import run_definitions
from medseg.probes.runners import RUNNERS
from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.catalogue import Exercise, Unit


def unit_hints(unit: Unit) -> dict:
    """The content of the unit's hints file: probes, outcomes and texts, no code."""
    exercises = {}
    for exercise in unit.exercises.values():
        calls = [
            {
                "args": encode(call.args),
                "kwargs": encode(call.kwargs),
                "mentions": call.mentions,
                **({"shown": call.shown} if call.shown else {}),
            }
            for call in exercise.calls
        ]
        legend = {"legend": f" ({exercise.legend})"} if exercise.legend else {}
        exercises[exercise.name] = legend | {
            "runner": exercise.runner,
            "device": exercise.device,
            "tolerance": exercise.tolerance,
            "calls": calls,
            "expected": outcomes(exercise, calls, solution_of(unit, exercise.name)),
            "hints": list(exercise.hints),
            "mistakes": [
                {
                    "name": mistake.name,
                    "hint": mistake.hint,
                    "outcomes": outcomes(
                        exercise, calls, solution_of(unit, exercise.name, mistake.name)
                    ),
                }
                for mistake in exercise.mistakes
            ],
        }
    return {"unit": unit.name, "exercises": exercises}


def outcomes(exercise: Exercise, calls: list[dict], function: Callable) -> list[dict]:
    """What `function` gives on each probe."""
    runner = RUNNERS[exercise.runner]
    return [run_call(function, call, runner, exercise.device)[0] for call in calls]


def solution_of(unit: Unit, exercise: str, mistake: str | None = None) -> Callable:
    """The exercise's function from the unit's script, with one mistake made where one is named."""
    namespace = namespace_of(unit, exercise if mistake else None, mistake)
    if exercise not in namespace:
        made = f" with the mistake {mistake}" if mistake else ""
        raise ValueError(f"{unit.name} does not define {exercise}{made}: does its cell run?")
    return namespace[exercise]


def namespace_of(unit: Unit, exercise: str | None, mistake: str | None) -> dict[str, Any]:
    """All definitions of the unit's script; only definitions are run, no calculations."""
    namespace: dict[str, Any] = {"__name__": unit.name}
    for index, (cell, source) in enumerate(sources(unit, exercise, mistake)):
        if cell.cell_type == "code" and not is_graded(cell):
            run_definitions(source, f"{unit.name} cell {index + 1}", namespace)
    return namespace


def sources(unit: Unit, exercise: str | None, mistake: str | None) -> list[tuple[Any, str]]:
    """All cells with their source; one exercise's solution cell carries the mistake."""
    result = []
    for cell in unit.cells:
        source = cell.source
        if exercise and mistake and is_solution(cell) and grade_id(cell) == exercise:
            wrong = next(m for m in unit.exercises[exercise].mistakes if m.name == mistake)
            source = wrong.apply(source)
        result.append((cell, source))
    return result
