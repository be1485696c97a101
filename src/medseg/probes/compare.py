"""Compare: the one rule by which `check` and graded cells call a value right, and how they say no.

A difference is told in the order kind, shape, dtype, finiteness, value: a wrong shape explains a
wrong value, not the reverse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

# Taken when this is imported, before any student's code runs: what that puts into numpy afterwards
# changes no verdict.
from numpy import argwhere, asarray, dtype, generic, isclose, isfinite, ndarray

RTOL, ATOL = 1e-4, 1e-6
RESULT = "the result"
# Beside a fact that does not hold, the entry "<name>, measured" may say what was found instead.
MEASURED = ", measured"
# Arrays of up to this many numbers are shown in full where a reader may see them.
IN_FULL = 24

ARRAY, TENSOR, NUMBER = "a numpy array", "a torch tensor", "a number"
_CONTAINERS: tuple[tuple[type, str], ...] = (
    (tuple, "a tuple"),
    (list, "a list"),
    (dict, "a dictionary"),
    (slice, "a slice"),
    (str, "a text"),
)


@dataclass(frozen=True)
class Foreign:
    """Stands for a value that cannot be compared: an object of a type of its own."""

    type_name: str


@dataclass(frozen=True)
class Difference:
    """One difference between an expected and a given value.

    Attributes:
        rank: "kind", "shape", "dtype", "finite" or "value".
        sentence: for the student.
        expected, given: the arrays that differ, where a picture can show it.
        measured: what was found where a fact does not hold, told beside the sentence.
    """

    rank: str
    sentence: str
    expected: Any = None
    given: Any = None
    measured: str = ""


RANKS = ("kind", "shape", "dtype", "finite", "value")


def difference(
    expected: Any,
    given: Any,
    name: str = RESULT,
    *,
    rtol: float = RTOL,
    atol: float = ATOL,
    in_full: int = IN_FULL,
    exact_dtype: bool = False,
    parts: Sequence[str] = (),
) -> Difference | None:
    """The most telling difference between two values, None where they agree.

    Numbers (truth values, integers, floats, numpy's scalars) agree by value: 3 is 3.0. A whole
    number is compared exactly, a float where |given - expected| <= atol + rtol |expected|; NaN
    agrees with NaN. Arrays and tensors agree in kind, shape, dtype (any float will do where a float
    is due) and values. Tuples, lists and `Volume`s agree part by part; a dictionary must have what
    is expected, and may have more. Texts, slices and None agree if they are equal.

    Args:
        expected, given: any values.
        name: what is compared, as in a sentence.
        rtol, atol: tolerances for floats.
        in_full: an array with at most so many numbers is shown in full, of others the first wrong
            place; 0 shows no more than that of any.
        exact_dtype: whether a float must be of the expected size, float64 or float32.
        parts: what the entries of the result are called, as in "pq", "sq", "rq".
    """
    options: dict[str, Any] = {
        "rtol": rtol,
        "atol": atol,
        "in_full": in_full,
        "exact_dtype": exact_dtype,
    }
    kinds = kind_of(expected), kind_of(given)
    if given is None and expected is not None:
        sentence = f"expected {name} to be {kinds[0]}, but yours is None: is the `return` missing?"
        return Difference("kind", sentence)
    if kinds[0] != kinds[1]:
        return Difference("kind", f"expected {name} to be {kinds[0]}, yours is {kinds[1]}.")
    if kinds[0] == NUMBER:
        return _of_numbers(expected, given, name, rtol, atol)
    if kinds[0] in (ARRAY, TENSOR):
        return _of_arrays(to_numpy(expected), to_numpy(given), name, **options)
    pairs: list[tuple[Any, Any, str]] = []
    if kinds[0] == "a Volume":
        pairs = [
            (expected.array, given.array, f"the array of {name}"),
            (expected.affine, given.affine, f"the affine of {name}"),
        ]
    elif isinstance(expected, dict):
        expected = {k: v for k, v in expected.items() if not str(k).endswith(MEASURED)}
        pairs = [(expected[key], given[key], str(key)) for key in expected if key in given]
    elif isinstance(expected, tuple | list):
        if len(expected) != len(given):
            sentence = f"expected {name} to have {len(expected)} entries, yours has {len(given)}."
            return Difference("shape", sentence)
        names = [f"entry {k} of {name}" for k in range(len(expected))]
        if name == RESULT and len(parts) == len(expected):
            names = list(parts)
        pairs = list(zip(expected, given, names, strict=True))
    elif not _same(expected, given):
        sentence = f"expected {name} to be {shown(expected)}, yours is {shown(given)}."
        return Difference("value", sentence)
    found = [difference(a, b, part, **options, parts=parts) for a, b, part in pairs]
    if isinstance(expected, dict):
        beside = [str(given.get(f"{part}{MEASURED}", "")) for _, _, part in pairs]
        found = [d and replace(d, measured=m) for d, m in zip(found, beside, strict=True)]
    differences = [d for d in found if d is not None]
    if not differences and isinstance(expected, dict):
        missing = [key for key in expected if key not in given]
        if missing:
            return Difference("kind", f"expected an entry {missing[0]!r} in {name}; there is none.")
    return min(differences, key=lambda d: RANKS.index(d.rank)) if differences else None


def fact(name: str, holds: bool, measured: str) -> dict[str, Any]:
    """A fact as a runner reports it, and where it does not hold, what was found instead.

    >>> from medseg.probes.compare import fact
    >>> fact("every part has a patient", False, "2, 1 and 0 patients")
    {'every part has a patient': False, 'every part has a patient, measured': '2, 1 and 0 patients'}
    """
    return {name: True} if holds else {name: False, f"{name}{MEASURED}": measured}


def kind_of(value: Any) -> str:
    """What a value is, as a reader would call it: "a torch tensor", "a number", …"""
    if value is None:
        return "None"
    if isinstance(value, bool | int | float | generic):
        return NUMBER
    if isinstance(value, ndarray):
        return ARRAY
    if hasattr(value, "detach"):
        return TENSOR
    for container, words in _CONTAINERS:
        if isinstance(value, container):
            return words
    if type(value).__name__ == "Volume":
        return "a Volume"
    name = value.type_name if isinstance(value, Foreign) else type(value).__name__
    return f"an object of type {name}"


def to_numpy(value: Any) -> ndarray:
    """An array or tensor as a plain array: a subclass could agree with everything."""
    return asarray(value if isinstance(value, ndarray) else value.detach().cpu().numpy())


def shown(value: Any) -> str:
    """A short text for a value: numbers with five digits, slices as in brackets."""
    if isinstance(value, slice):
        ends = [value.start, value.stop] + ([] if value.step is None else [value.step])
        return ":".join("" if end is None else str(end) for end in ends)
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, ndarray) and value.ndim:
        return "[" + ", ".join(shown(part) for part in value) + "]"
    return _number(value, 5)


def _of_numbers(
    expected: Any, given: Any, name: str, rtol: float, atol: float
) -> Difference | None:
    left, right = (x.item() if isinstance(x, generic) else x for x in (expected, given))
    real = isinstance(left, float)
    if real and isinstance(right, int | float):
        try:
            right = float(right)
        except OverflowError:  # a whole number that no float can hold
            right = math.inf
        if math.isfinite(left) != math.isfinite(right):
            rank, agree = "finite", False
        elif math.isfinite(left):
            rank, agree = "value", abs(right - left) <= atol + rtol * abs(left)
        else:
            rank, agree = "value", left == right or (math.isnan(left) and math.isnan(right))
    else:
        rank, agree = "value", bool(left == right)
    if agree:
        return None
    if left is True and right is False:
        return Difference(rank, f"not true of your function: “{name}”.")
    words = _apart(left, right)
    return Difference(rank, f"expected {name} to be {words[0]}, yours is {words[1]}.")


def _of_arrays(
    expected: ndarray,
    given: ndarray,
    name: str,
    rtol: float,
    atol: float,
    in_full: int,
    exact_dtype: bool,
) -> Difference | None:
    if expected.shape != given.shape:
        sentence = f"expected {name} to have shape {expected.shape}, yours has shape {given.shape}."
        return Difference("shape", sentence)
    if not _same_dtype(expected.dtype, given.dtype, exact_dtype):
        any_float = expected.dtype.kind == "f" != given.dtype.kind
        due = "a dtype of floats" if any_float else f"dtype {expected.dtype}"
        sentence = f"expected {name} to have {due}, yours has {given.dtype}."
        return Difference("dtype", sentence)
    rank = "value"
    if expected.dtype.kind == "f":
        wrong = asarray(isfinite(expected) != isfinite(given))
        if wrong.any():
            rank = "finite"
        else:
            wrong = asarray(~isclose(given, expected, rtol=rtol, atol=atol, equal_nan=True))
    else:
        wrong = asarray(expected != given)
    if not wrong.any():
        return None
    if rank == "value" and wrong.size <= in_full:
        sentence = f"expected {name} to be {shown(expected)}, yours is {shown(given)}."
        if shown(expected) != shown(given):
            return Difference(rank, sentence, expected, given)
    index = tuple(argwhere(wrong)[0]) if wrong.ndim else ()
    words = _apart(expected[index].item(), given[index].item())
    place = f"{name} at index {[int(i) for i in index]}" if wrong.ndim else name
    sentence = f"expected {place} to be {words[0]}, yours is {words[1]}."
    if rank == "value" and wrong.size > 1:
        count = int(wrong.sum())
        verb = "is" if count == 1 else "are"
        sentence = f"{count} of {wrong.size} values of {name} {verb} off: {sentence}"
    return Difference(rank, sentence, expected, given)


def _same_dtype(expected: dtype, given: dtype, exact: bool) -> bool:
    """Any float will do where a float is due; integers and truth values are exact."""
    if expected.kind == "f" and not exact:
        return given.kind == "f"
    return expected == given


def _same(expected: Any, given: Any) -> bool:
    """Equality of texts, slices and the like; what cannot be compared is not the same."""
    if isinstance(expected, str | slice) or expected is None:
        return bool(expected == given)
    return False


def _apart(expected: Any, given: Any) -> tuple[str, str]:
    """Both numbers with as few digits as tell them apart."""
    for digits in (5, 8, 12, 17):
        words = _number(expected, digits), _number(given, digits)
        if words[0] != words[1]:
            return words
    return words


def _number(value: Any, digits: int) -> str:
    value = value.item() if isinstance(value, ndarray | generic) else value
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
