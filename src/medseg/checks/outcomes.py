"""What came out of a probe, as data, and how two outcomes differ, as a sentence."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from medseg.checks.codec import decode, encode, numbers_of
from medseg.probes.compare import (
    ARRAY,
    IN_FULL,
    TENSOR,
    Difference,
    difference,
    kind_of,
    shown,
    to_numpy,
)

# The order in which a difference is told: a wrong shape explains a wrong value, not the reverse,
# and a right value comes before the device on which it lies.
RANKS = ("error", "message", "kind", "shape", "dtype", "finite", "value", "device", "changed")


def record(result: Any, before: list, after: list) -> dict:
    """The outcome of a call that returned: its value, and whether it changed its inputs."""
    outcome: dict[str, Any] = {"value": _encoded(result)}
    if any(not _same_input(a, b) for a, b in zip(before, after, strict=True)):
        outcome["changed"] = True
    return outcome


def _encoded(result: Any) -> Any:
    """A result as data; what is of a type of its own, in a runner's facts too, as its type's name.

    An error that was returned is told apart from one that was raised.
    """
    try:
        return encode(result)
    except TypeError:
        if isinstance(result, dict) and all(isinstance(key, str) for key in result):
            return {"dict": {key: _encoded(value) for key, value in result.items()}}
        returned = {"raised": False} if isinstance(result, BaseException) else {}
        return {"object": type(result).__name__, **returned}


def compare(expected: dict, observed: dict, rule: Mapping[str, Any]) -> Difference | None:
    """The most telling difference between two outcomes, None where they agree.

    `rule` holds keywords of `medseg.probes.compare.difference`.
    """
    if "error" in expected or "error" in observed:
        return _compare_errors(expected, observed)
    found = difference(decode(expected["value"]), decode(observed["value"]), **rule)
    if found is not None:
        return found
    if expected.get("device") != observed.get("device"):
        return Difference(
            "device",
            observed.get("device")
            or "expected the result to leave the device of the input, yours stays",
        )
    if expected.get("changed") != observed.get("changed"):
        return Difference("changed", "your function changes its input; work on a copy.")
    return None


def order(found: Difference) -> int:
    """How early a difference is told among others: the smaller, the earlier."""
    return RANKS.index(found.rank)


def same_outcome(mistaken: dict, observed: dict, rule: Mapping[str, Any]) -> bool:
    """Whether two wrong outcomes are the same, in what a library says of an error, too."""
    said = mistaken.get("said"), observed.get("said")
    return said[0] == said[1] and compare(mistaken, observed, rule) is None


def same_fault(expected: dict, mistaken: dict, observed: dict, rule: Mapping[str, Any]) -> bool:
    """Whether an observed outcome is wrong in the way in which a mistake's is.

    The whole outcome is the same, or, where several facts are reported, the one that is told.
    """
    if same_outcome(mistaken, observed, rule):
        return True
    due, found = (compare(expected, outcome, rule) for outcome in (mistaken, observed))
    return (
        due is not None
        and found is not None
        and due.rank == found.rank
        and due.rank in {"value", "finite"}
        and due.sentence == found.sentence
    )


def how_much(outcome: dict) -> float:
    """How many numbers an outcome holds; the same one over and over says little more than once."""
    numbers = list(_numbers(decode(outcome["value"]))) if "value" in outcome else []
    different = len(set(numbers))
    return different + math.log2(len(numbers) / different) if numbers else 0


def _numbers(value: Any, part: str = "") -> Iterator[tuple[str, str]]:
    """All numbers of a value to five digits, each with the name of its part."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _numbers(one, key)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one, part)
    else:
        flat = to_numpy(value).ravel().tolist() if kind_of(value) in (ARRAY, TENSOR) else [value]
        yield from ((part, f"{x:.5g}" if isinstance(x, float) else str(x)) for x in flat)


def describe_call(name: str, call: dict, takes: str = "") -> str:
    """`name(…)` with its probe inputs, abbreviated where they are long.

    Where the inputs are no arguments of the function, the author says in `shown` what is called, or
    the runner in `takes` how the function is called with them, see `Runner`.
    """
    if "shown" in call:
        return name + call["shown"]
    args = [_brief(arg) for arg in call["args"]]
    if takes:
        return f"{name}({takes.format(*args, all=', '.join(args))})"
    args += [f"{key}={_brief(value)}" for key, value in call["kwargs"]["dict"].items()]
    return f"{name}({', '.join(args)})"


def _compare_errors(expected: dict, observed: dict) -> Difference | None:
    if "error" not in observed:
        return Difference("error", f"expected a {expected['error']}, {_returned(observed)}.")
    if "error" not in expected:
        return Difference("error", f"yours raised {observed['error']}.")
    if expected["error"] != observed["error"]:
        sentence = f"expected a {expected['error']}, yours raised {observed['error']}."
        return Difference("error", sentence)
    if expected["mentions"] != observed["mentions"]:
        return Difference(
            "message",
            f"your {observed['error']} is raised in the right place, but its message should name "
            "both the value that came and what was expected.",
        )
    return None


def _returned(observed: dict) -> str:
    """What came where an error was due, as far as one may call it that: facts are not a result."""
    value = observed["value"]
    if isinstance(value, dict) and "raised" in value:
        return f"yours returned a {value['object']}: `raise` it instead of returning it"
    facts = value.get("dict", {}) if isinstance(value, dict) else {}
    if "the result" in facts:
        value = facts["the result"]
    elif any(isinstance(entry, bool) for entry in facts.values()):
        return "yours returned a result as if nothing were wrong"
    return f"yours returned {_brief(value)}"


def _brief(data: Any) -> str:
    """A short text for an encoded value."""
    if isinstance(data, list):
        return "[" + ", ".join(_brief(x) for x in data) + "]"
    if not isinstance(data, dict):
        return f"{data:.6g}" if isinstance(data, float) else repr(data)
    if "apart" in data:
        return _brief(data["apart"])
    if "one by one" in data:
        return f"iter({_brief(data['one by one'])})"
    if "set" in data:
        return "{" + ", ".join(_brief(x) for x in data["set"]) + "}"
    if "array" in data or "tensor" in data:
        return _brief_array(numbers_of(data), "array" if "array" in data else "tensor")
    if "tuple" in data:
        return "(" + ", ".join(_brief(x) for x in data["tuple"]) + ")"
    if "dict" in data:
        return "{" + ", ".join(f"{k}: {_brief(v)}" for k, v in data["dict"].items()) + "}"
    if "pairs" in data:
        return "{" + ", ".join(f"{_brief(k)}: {_brief(v)}" for k, v in data["pairs"]) + "}"
    if "volume" in data:
        return f"Volume({_brief(data['volume'])}, {_brief(data['affine'])})"
    if "slice" in data:
        return shown(decode(data))
    if "object" in data:
        return f"an object of type {data['object']}"
    return f"<{next(iter(data))}>"


def _brief_array(numbers: np.ndarray, kind: str) -> str:
    if numbers.size <= IN_FULL:
        # Integers that wrap around where int64 would not: who meets them should see them.
        narrow = numbers.dtype.kind in "iu" and numbers.dtype != np.int64
        return f"{shown(numbers)} ({numbers.dtype})" if narrow else shown(numbers)
    shape = f"<{kind} of shape {numbers.shape}"
    if numbers.dtype.kind not in "iuf" or np.isnan(low := numbers.min()):
        return f"{shape}>"
    high = numbers.max()
    span = f"all {shown(low)}" if low == high else f"from {shown(low)} to {shown(high)}"
    return f"{shape}, {span}>"


def _same_input(a: Any, b: Any) -> bool:
    try:
        return encode(a) == encode(b) or _nan_equal(decode(encode(a)), decode(encode(b)))
    except TypeError:
        return True


def _nan_equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b) or not hasattr(a, "shape"):
        return False
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True))
