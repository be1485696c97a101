"""What the solution and each named mistake of a unit give on the probes of `check`."""

from collections.abc import Callable
from pathlib import Path

from medseg.checks.codec import encode
from medseg.checks.verdicts import run_call
from medseg.files import write_text
from medseg.probes.runners import RUNNERS
from medseg_grader.authoring import Exercise
from medseg_grader.course.answers import solution_of
from medseg_grader.course.units import Unit
from medseg_grader.release.layout import dumps

HINTS = Path("src/medseg/checks/hints")


def write_hints(unit: Unit) -> Path:
    """Run the unit's solution and mistakes on the probes and write the outcomes as JSON."""
    path = HINTS / f"{unit.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, dumps(unit_hints(unit)))
    return path


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
