"""What came out of a probe, as data, and how two outcomes differ, as a sentence."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from medseg.checks.codec import decode, encode

# The order in which a difference is told: a wrong shape explains a wrong value, not the reverse.
RANKS = ("error", "message", "kind", "shape", "dtype", "device", "finite", "value", "changed")
# Arrays of up to this many numbers are shown in full.
SMALL = 24


@dataclass(frozen=True)
class Difference:
    """One difference between an expected and an observed outcome."""

    rank: str
    sentence: str
    expected: Any = None
    observed: Any = None

    @property
    def order(self) -> int:
        """How early this difference is told among others: the smaller, the earlier."""
        return RANKS.index(self.rank)


def record(result: Any, before: list, after: list) -> dict:
    """The outcome of a call that returned: its value, and whether it changed its inputs."""
    try:
        outcome: dict[str, Any] = {"value": encode(result)}
    except TypeError:
        outcome = {"value": {"object": type(result).__name__}}
    if any(not _same_input(a, b) for a, b in zip(before, after, strict=True)):
        outcome["changed"] = True
    return outcome


def compare(expected: dict, observed: dict, tolerance: float) -> Difference | None:
    """The most telling difference between two outcomes, None where they agree."""
    if "error" in expected or "error" in observed:
        return _compare_errors(expected, observed)
    difference = _compare_values(expected["value"], observed["value"], tolerance, "the result")
    if difference is not None and difference.rank != "value":
        return difference
    if expected.get("device") != observed.get("device"):
        return Difference(
            "device",
            observed.get("device")
            or "expected the result to leave the device of the input, yours stays",
        )
    if difference is None and expected.get("changed") != observed.get("changed"):
        return Difference("changed", "your function changes its input; work on a copy.")
    return difference


def same_fault(expected: dict, mistaken: dict, observed: dict, tolerance: float) -> bool:
    """Whether an observed outcome is wrong in the way in which a mistake's is.

    The whole outcome is the same, or, where several facts are reported, the one that is told.
    """
    if compare(mistaken, observed, tolerance) is None:
        return True
    due, found = (compare(expected, outcome, tolerance) for outcome in (mistaken, observed))
    return (
        due is not None
        and found is not None
        and due.rank == found.rank
        and due.rank in {"value", "finite"}
        and due.sentence == found.sentence
    )


def describe_call(name: str, call: dict) -> str:
    """`name(…)` with its probe inputs, abbreviated where they are long.

    Where the inputs are no arguments of the function, the author says in `shown` what is called.
    """
    if "shown" in call:
        return name + call["shown"]
    args = [_brief(arg) for arg in call["args"]]
    args += [f"{key}={_brief(value)}" for key, value in call["kwargs"]["dict"].items()]
    return f"{name}({', '.join(args)})"


def _compare_errors(expected: dict, observed: dict) -> Difference | None:
    if "error" not in observed:
        value = _brief(_without_facts(observed["value"]))
        return Difference("error", f"expected a {expected['error']}, yours returned {value}.")
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


def _without_facts(value: Any) -> Any:
    """What a function returned, where a runner reports facts beside it."""
    facts = value.get("dict", {}) if isinstance(value, dict) else {}
    return facts.get("the result", value)


def _compare_values(expected: Any, observed: Any, tolerance: float, name: str) -> Difference | None:
    kinds = _kind(expected), _kind(observed)
    if observed is None and expected is not None:
        sentence = f"expected {name} to be {kinds[0]}, but yours is None: is the `return` missing?"
        return Difference("kind", sentence)
    if kinds[0] != kinds[1]:
        return Difference("kind", f"expected {name} to be {kinds[0]}, yours is {kinds[1]}.")
    for container in ("tuple", "list", "dict"):
        if kinds[0] == _NAMES[container]:
            return _compare_containers(expected, observed, tolerance, name, container)
    if kinds[0] in {_NAMES["array"], _NAMES["tensor"]}:
        return _compare_arrays(expected, observed, tolerance, name)
    if isinstance(expected, float) and isinstance(observed, float):
        if np.isclose(expected, observed, rtol=tolerance, atol=tolerance, equal_nan=True):
            return None
    elif expected == observed:
        return None
    sentence = f"expected {name} to be {_brief(expected)}, yours is {_brief(observed)}."
    if expected is True and observed is False:
        sentence = f"this should hold, and does not: {name}."
    return Difference("value", sentence)


def _compare_containers(
    expected: Any, observed: Any, tolerance: float, name: str, container: str
) -> Difference | None:
    left = expected if container == "list" else expected[container]
    right = observed if container == "list" else observed[container]
    if container == "dict":
        pairs = [(left[key], right[key], key) for key in left if key in right]
    else:
        if len(left) != len(right):
            sentence = f"expected {name} to have {len(left)} entries, yours has {len(right)}."
            return Difference("shape", sentence)
        numbered = enumerate(zip(left, right, strict=True))
        pairs = [(a, b, f"entry {k} of {name}") for k, (a, b) in numbered]
    found = [_compare_values(a, b, tolerance, part) for a, b, part in pairs]
    differences = [d for d in found if d is not None]
    if not differences and container == "dict" and (missing := left.keys() - right.keys()):
        key = min(missing, key=list(left).index)
        return Difference("kind", f"expected an entry {key!r} in {name}; there is none.")
    return min(differences, key=lambda d: d.order) if differences else None


def _compare_arrays(
    expected: dict, observed: dict, tolerance: float, name: str
) -> Difference | None:
    shapes = tuple(expected["shape"]), tuple(observed["shape"])
    if shapes[0] != shapes[1]:
        sentence = f"expected {name} to have shape {shapes[0]}, yours has shape {shapes[1]}."
        return Difference("shape", sentence)
    left, right = (decode_numbers(x) for x in (expected, observed))
    if not _same_dtype(left.dtype, right.dtype):
        sentence = f"expected {name} to have dtype {left.dtype}, yours has {right.dtype}."
        return Difference("dtype", sentence)
    if left.dtype.kind == "f":
        wrong = np.isfinite(left) != np.isfinite(right)
        if wrong.any():
            place = f"{name} at index {_first(wrong)}" if wrong.ndim else name
            sentence = (
                f"expected {place} to be {_value(left, wrong)}, yours is {_value(right, wrong)}."
            )
            return Difference("finite", sentence, left, right)
        wrong = ~np.isclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        wrong = left != right
    if not wrong.any():
        return None
    if left.size <= SMALL:
        sentence = f"expected {name} to be {_plain(left)}, yours is {_plain(right)}."
    else:
        count = int(wrong.sum())
        sentence = (
            f"{count} of {wrong.size} values of {name} {'is' if count == 1 else 'are'} off: "
            f"at index {_first(wrong)}, {_value(left, wrong)} was expected, yours is "
            f"{_value(right, wrong)}."
        )
    return Difference("value", sentence, left, right)


_NAMES = {
    "array": "a numpy array",
    "tensor": "a torch tensor",
    "tuple": "a tuple",
    "list": "a list",
    "dict": "a dictionary",
    "volume": "a Volume",
    "slice": "a slice",
}


def _kind(data: Any) -> str:
    if isinstance(data, list):
        return _NAMES["list"]
    if isinstance(data, dict):
        if "object" in data:
            return f"an object of type {data['object']}"
        return next(_NAMES[key] for key in _NAMES if key in data)
    if data is None:
        return "None"
    names = {bool: "True or False", int: "a whole number", float: "a float", str: "a text"}
    return names[type(data)]


def decode_numbers(data: dict) -> np.ndarray:
    """The numbers of an encoded array or tensor."""
    key = "array" if "array" in data else "tensor"
    return np.array(data[key], dtype=data["dtype"]).reshape(data["shape"])


def _same_dtype(expected: np.dtype, observed: np.dtype) -> bool:
    """Any float will do where a float is due; integers and truth values are exact."""
    if expected.kind == "f":
        return observed.kind == "f"
    return expected == observed


def _first(wrong: np.ndarray) -> list[int]:
    return [int(i) for i in np.argwhere(wrong)[0]]


def _value(array: np.ndarray, wrong: np.ndarray) -> str:
    return _plain(array[wrong].ravel()[0])


def _plain(array: Any) -> str:
    """Numbers as nested lists, with five digits where they are long."""
    array = np.asarray(array)
    if array.ndim:
        return "[" + ", ".join(_plain(part) for part in array) + "]"
    value = array.item()
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _brief(data: Any) -> str:
    """A short text for an encoded value."""
    if isinstance(data, list):
        return "[" + ", ".join(_brief(x) for x in data) + "]"
    if not isinstance(data, dict):
        return f"{data:.6g}" if isinstance(data, float) else repr(data)
    if "array" in data or "tensor" in data:
        return _brief_array(decode_numbers(data), "array" if "array" in data else "tensor")
    if "tuple" in data:
        return "(" + ", ".join(_brief(x) for x in data["tuple"]) + ")"
    if "dict" in data:
        return "{" + ", ".join(f"{k}: {_brief(v)}" for k, v in data["dict"].items()) + "}"
    if "pairs" in data:
        return "{" + ", ".join(f"{_brief(k)}: {_brief(v)}" for k, v in data["pairs"]) + "}"
    if "volume" in data:
        return f"Volume({_brief(data['volume'])}, {_brief(data['affine'])})"
    if "slice" in data:
        return ":".join("" if end is None else str(end) for end in data["slice"])
    return f"<{next(iter(data))}>"


def _brief_array(numbers: np.ndarray, kind: str) -> str:
    if numbers.size <= SMALL:
        # Integers that wrap around where int64 would not: who meets them should see them.
        narrow = numbers.dtype.kind in "iu" and numbers.dtype != np.int64
        return f"{_plain(numbers)} ({numbers.dtype})" if narrow else _plain(numbers)
    shape = f"<{kind} of shape {numbers.shape}"
    if numbers.dtype.kind not in "iuf" or np.isnan(low := numbers.min()):
        return f"{shape}>"
    high = numbers.max()
    span = f"all {_plain(low)}" if low == high else f"from {_plain(low)} to {_plain(high)}"
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
