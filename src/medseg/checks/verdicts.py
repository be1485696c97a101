"""Check yourself: says whether a student's function is right and, if not, what is wrong with it.

`check("04_iou.iou_per_class", iou_per_class)` calls the function on a few probe inputs and compares
what comes back with the outcome of the right answer and of the named mistakes, all of them numbers
in `medseg/checks/hints/04_iou.jsonl`. `hint("04_iou.iou_per_class")` gives one more hint each time.
"""

import copy
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medseg import stand_ins
from medseg.checks.codec import decode
from medseg.checks.errors import explain, unwritten, words_of_a_library
from medseg.checks.exercises import exercise_data
from medseg.checks.outcomes import (
    compare,
    describe_call,
    how_much,
    order,
    record,
    same_fault,
    same_outcome,
)
from medseg.probes.calls import how_called
from medseg.probes.compare import RANKS, Difference
from medseg.probes.runners import RUNNERS, Runner
from medseg.runtime import time_limit
from medseg.units.stubs import raised_by_stub

# How long one probe may take; on a slow machine a training takes a fifth of it.
SECONDS = 120
# Where a mistake explains a part of what is wrong, so many equal numbers are no coincidence.
TELLING = 4
# A hint follows on a line of its own: certain, or what may be the cause.
SURE, PERHAPS = "Hint: ", "Perhaps: "
RIGHT, NOT_ATTEMPTED, RAISED, WRONG = "right", "not attempted", "raised", "wrong"


@dataclass(frozen=True)
class Verdict:
    """What `check` found: one of the four outcomes, a text for the student, the mistake's name."""

    outcome: str
    message: str
    mistake: str | None = None
    pictures: tuple[np.ndarray, np.ndarray] | None = field(default=None, repr=False)


def parted(message: str) -> tuple[str, str]:
    """What a message of `check` tells, and the hint that follows it, empty if none does."""
    for word in (SURE, PERHAPS):
        told, found, hint = message.partition(f"\n{word}")
        if found:
            return told, hint
    return message, ""


def examine(name: str, function: Callable | None, seconds: float = SECONDS) -> Verdict:
    """Judge `function` and return a `Verdict`; a probe that takes longer than `seconds` ends it.

    Raises InputError for an unknown exercise and TypeError if `function` cannot be called.
    """
    data = exercise_data(name)
    short = name.split(".")[1]
    if not callable(function):
        raise TypeError(
            f"check needs the function or class {short} itself as second argument, without "
            f"brackets; it got an object of type {type(function).__name__}."
        )
    if stand_ins.is_one(function):
        return Verdict(
            NOT_ATTEMPTED, f"ours stands in for {short}. Write yours in its cell, run it."
        )
    runner = RUNNERS[data["runner"]]
    observed, errors = [], []
    for call in data["calls"]:
        try:
            with time_limit(seconds):
                outcome, error = run_call(function, call, runner, data["device"])
        except TimeoutError:
            where = describe_call(short, call, runner.takes) + data["legend"]
            ends = "is there a loop that never ends, or a calculation far longer than it need be?"
            return Verdict(RAISED, f"{where} did not end within {seconds:g} s: {ends}")
        if isinstance(error, NotImplementedError) and raised_by_stub(error):
            return _not_attempted(short, error)
        observed.append(outcome)
        errors.append(error)
    expected, rule = data["expected"], data["rule"]
    differences = {
        k: difference
        for k, (e, o) in enumerate(zip(expected, observed, strict=True))
        if (difference := compare(e, o, rule)) is not None
    }
    if not differences:
        where = f" on all {len(expected)} probes" if len(expected) > 1 else ""
        return Verdict(RIGHT, f"{short} gives what it should{where}.{data['unseen']}")
    explained = explanations(data["mistakes"], expected, observed, rule)
    index = _told_first(differences, expected, explained)
    call, difference, error = data["calls"][index], differences[index], errors[index]
    mistake = explained.get(index)
    sure = mistake and _accounts_for_all(mistake, expected, observed, rule)
    advice = f"\n{SURE if sure else PERHAPS}{mistake['hint']}" if mistake else ""
    mistake_name = mistake["name"] if mistake else None
    where = describe_call(short, call, runner.takes) + data["legend"]
    if error is not None and "error" not in expected[index]:
        if how := how_called(error):
            where = f"{short} {how}"
        text = f"{where} raised an error.\n{explain(error, function)}{advice}"
        return Verdict(RAISED, text, mistake_name)
    sentence = _about_message(error, call) if difference.rank == "message" else difference.sentence
    if difference.rank == "error" and error is not None and str(error):
        sentence += f" It says: \u201c{str(error).splitlines()[0][:200]}\u201d."
    if difference.measured:
        sentence += f" Measured: {difference.measured}."
    if observed[index].get("changed") and difference.rank != "changed":
        sentence += " Your function also changes its input: work on a copy."
    return Verdict(WRONG, f"{where}: {sentence}{advice}", mistake_name, _pictures(difference))


def run_call(
    function: Callable, call: dict, runner: Runner, device: bool
) -> tuple[dict, BaseException | None]:
    """Run one probe: its outcome as JSON data, and the error if one was raised.

    Inputs are decoded afresh for each call, so that a function which changes them spoils nothing.
    """
    args, kwargs = decode(call["args"]), decode(call["kwargs"])
    before = copy.deepcopy(args)
    with warnings.catch_warnings(), _own_random_state():
        warnings.simplefilter("ignore")
        try:
            result = runner(function, *args, **kwargs)
        except Exception as error:
            said = {"said": words} if (words := words_of_a_library(error)) else {}
            return {
                "error": _error_family(error),
                "mentions": _mentions(error, call),
                **said,
            }, error
        outcome = record(result, before, args)
        if device and "error" not in outcome:
            args, kwargs = decode(call["args"]), decode(call["kwargs"])
            outcome["device"] = runner.device_fault(function, *args, **kwargs)
    return outcome, None


def explanations(
    mistakes: list[dict], expected: list[dict], observed: list[dict], rule: Mapping[str, Any]
) -> dict[int, dict]:
    """{probe: the named mistake that explains what came out of it}, as far as there is one.

    A mistake that would give the very same outcome everywhere explains all. Else, where several
    mistakes were made, one explains a probe if it gives the same there and none of those that it
    would spoil came out right, and if that is no coincidence: so it is on most of them, or several
    different numbers agree. Of several, one that explains more is told; where two explain as many,
    neither.
    """
    found: dict[int, tuple[tuple[bool, int, int], dict | None]] = {}
    for mistake in mistakes:
        outcomes = mistake["outcomes"]
        if all(same_outcome(m, o, rule) for m, o in zip(outcomes, observed, strict=True)):
            return dict.fromkeys(range(len(observed)), mistake)
        spoilt = [k for k, m in enumerate(outcomes) if compare(expected[k], m, rule)]
        if any(compare(expected[k], observed[k], rule) is None for k in spoilt):
            continue
        alike = [k for k in spoilt if same_fault(expected[k], outcomes[k], observed[k], rule)]
        seen = sum(how_much(outcomes[k]) for k in alike)
        if 2 * len(alike) <= len(spoilt) and seen < TELLING:
            continue
        for k in alike:
            most, _ = found.get(k, ((False, 0, 0), None))
            worth = len(alike) == len(spoilt), len(alike), -len(spoilt)
            if worth >= most:
                found[k] = (worth, mistake if worth > most else None)
    return {k: mistake for k, (_, mistake) in found.items() if mistake is not None}


def _accounts_for_all(
    mistake: dict, expected: list[dict], observed: list[dict], rule: Mapping[str, Any]
) -> bool:
    """Whether all that a mistake would spoil came out as it would, so that it is no mere guess."""
    triples = zip(expected, mistake["outcomes"], observed, strict=True)
    return all(same_outcome(m, o, rule) for e, m, o in triples if compare(e, m, rule) is not None)


def _told_first(
    differences: dict[int, Difference], expected: list[dict], explained: dict[int, dict]
) -> int:
    """The probe that a student should read about first.

    What an ordinary input gives goes before the refusal of a senseless one, an error before a
    wrong value on a later probe, what a hint explains before what none does.
    """
    ordinary = [
        k for k, one in differences.items() if "error" not in expected[k] and one.rank in RANKS
    ]

    def earliness(k: int) -> tuple:
        difference = differences[k]
        raised = difference.rank == "error"
        # an error on a rare input is told after what is wrong on the common ones before it
        late = raised and any(other < k for other in ordinary)
        first = raised and not late
        return "error" in expected[k], not first, k not in explained, late, order(difference), k

    return min(differences, key=earliness)


def _about_message(error: BaseException | None, call: dict) -> str:
    missing = [text for text in call["mentions"] if text not in str(error)]
    says = f"It says: \u201c{error}\u201d. " if str(error) else "It has no message yet. "
    return (
        f"your {type(error).__name__} is raised in the right place. {says}"
        f"The message should also name {' and '.join(missing)}."
    )


def _not_attempted(short: str, error: NotImplementedError) -> Verdict:
    name = unwritten(error)
    if name in {short, ""}:
        text = (
            f"{short} still holds the line `raise NotImplementedError(…)`. Replace it by your code."
        )
    else:
        text = f"{short} calls {name}, which is not written yet. Write {name} first."
    return Verdict(NOT_ATTEMPTED, text)


def _error_family(error: Exception) -> str:
    """ValueError and TypeError are part of an exercise; all others are told apart by type."""
    for family in (ValueError, TypeError):
        if isinstance(error, family):
            return family.__name__
    return type(error).__name__


def _mentions(error: Exception, call: dict) -> list[bool]:
    return [text in str(error) for text in call.get("mentions", [])]


@contextmanager
def _own_random_state() -> Iterator[None]:
    """Probes start from the same random state and leave the student's own one as it was."""
    import torch

    numpys, own = np.random.get_state(), random.getstate()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        try:
            yield
        finally:
            np.random.set_state(numpys)  # noqa: NPY002
            random.setstate(own)


def _pictures(difference: Difference) -> tuple[np.ndarray, np.ndarray] | None:
    target, yours = difference.expected, difference.given
    if not (isinstance(target, np.ndarray) and isinstance(yours, np.ndarray)):
        return None
    if target.shape != yours.shape or target.ndim != 2 or min(target.shape) < 4:
        return None
    return target, yours
