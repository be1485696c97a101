"""What `check` and `hint` know of each exercise: probes, outcomes, mistakes and hints."""

import json
from functools import cache
from importlib.resources import files

from medseg.checks.codec import changed, completed
from medseg.errors import InputError, did_you_mean
from medseg.units import unit_names


def exercise_data(name: str) -> dict:
    """The probes, outcomes, mistakes and hints of "unit.exercise"; InputError if there is none."""
    if not isinstance(name, str):
        raise InputError(
            "The name of the exercise comes first, as a text such as "
            f'"04_iou.iou_per_class"; this is an object of type {type(name).__name__}.'
        )
    unit, dot, exercise = name.partition(".")
    if unit not in unit_names():
        full = _full_name(exercise if dot else unit, unit)
        if full:
            raise InputError(f"{name!r} lacks the unit's full name. Did you mean {full!r}?")
        raise InputError(_unknown("unit", unit, unit_names()))
    exercises = unit_data(unit)
    if exercise not in exercises:
        raise InputError(_unknown(f"exercise in unit {unit}", exercise, list(exercises)))
    return exercises[exercise]


@cache
def unit_data(unit: str) -> dict[str, dict]:
    """All exercises of one unit, in order.

    Each is a dictionary of `runner`, `device`, `rule` (the keywords of `outcomes.compare`),
    `legend`, `unseen` (what `check` does not look at), `hints`, `calls` (probes), `expected` (an
    outcome for each probe) and `mistakes` (`name`, `hint`, `outcomes`).
    """
    text = files("medseg").joinpath("checks", "hints", f"{unit}.jsonl").read_text(encoding="utf-8")
    exercises: dict[str, dict] = {}
    for record in map(json.loads, text.splitlines()):
        if "exercise" in record:
            rule = {"rtol": record["tolerance"], "exact_dtype": record.get("exact_dtype", False)}
            rule["parts"] = record.get("parts", [])
            exercise = {"legend": "", "unseen": "", **record, "rule": rule}
            exercise |= {"hints": [], "calls": [], "expected": []}
            exercises[record["exercise"]] = exercise | {"mistakes": []}
            exercise = exercises[record["exercise"]]
        elif "probe" in record:
            exercise["calls"].append(completed(record["probe"]))
            exercise["expected"].append(record["expected"])
        elif "mistake" in record:
            # what is not told of a mistake is as expected
            outcomes = list(exercise["expected"])
            for one in record["differs"]:
                for number in one["on"]:
                    outcomes[number] = changed(outcomes[number], one)
            mistake = {"name": record["mistake"], "hint": record["hint"], "outcomes": outcomes}
            exercise["mistakes"].append(mistake)
        else:
            exercise["hints"].append(record["hint"])
    return exercises


def _unknown(kind: str, name: str, known: list[str]) -> str:
    guess = did_you_mean(name, known)
    return f"There is no {kind} called {name!r}.{guess} There are: {', '.join(known)}."


def _full_name(exercise: str, unit: str) -> str:
    """The one "unit.exercise" with this exercise, empty where there is none or several.

    `unit` decides between several: what a student wrote for it, such as "4" or "iou".
    """
    found = [u for u in unit_names() if exercise in unit_data(u)]
    if len(found) > 1:
        found = [u for u in found if unit.lstrip("0") in u]
    return f"{found[0]}.{exercise}" if len(found) == 1 else ""
