"""How a graded cell calls a student's function: with copies, which it must leave as they are.

What a cell hands over cannot be changed under its own eyes: the expected value may be computed
before or after, and the same input may be used twice.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Taken when this is imported, before any student's code runs, as in `compare`.
from numpy import array_equal, empty, ndarray

from medseg.probes.compare import ARRAY, NUMBER, TENSOR, kind_of

CALLED = "Your function was called "


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """`function(*args, **kwargs)`, called with copies of its inputs.

    Arrays, tensors, `Volume`s and lists, tuples, dictionaries and sets of them are copied, strides
    and gradients kept; models, generators and functions are handed over as they are.

    Raises AssertionError if the function has changed one of the copies.

    >>> import numpy as np
    >>> from medseg import probes
    >>> probes.call(np.sort, np.array([2, 1]))
    array([1, 2])
    >>> probes.call(np.ndarray.sort, np.array([2, 1]))
    Traceback (most recent call last):
    AssertionError: your function changes its input number 1; work on a copy.
    """
    given, named = tuple(map(_copied, args)), {k: _copied(x) for k, x in kwargs.items()}
    result = function(*given, **named)
    for number, (before, after) in enumerate(zip(args, given, strict=True)):
        assert _same(before, after), (
            f"your function changes its input number {number + 1}; work on a copy."
        )
    for name, before in kwargs.items():
        assert _same(before, named[name]), (
            f"your function changes its input {name}; work on a copy."
        )
    return result


def unchanged(run: Callable, function: Callable, *args: Any, **kwargs: Any) -> Any:
    """`run(function, *args, **kwargs)`, where `run` hands the inputs themselves to the function.

    Raises AssertionError if one of them has changed.
    """
    before = [_copied(x) for x in (*args, *kwargs.values())]
    result = run(function, *args, **kwargs)
    for old, new in zip(before, (*args, *kwargs.values()), strict=True):
        assert _same(old, new), "your function changes an input that it was given; work on a copy."
    return result


@contextmanager
def called(how: str) -> Iterator[None]:
    """An error that is raised inside notes how the student's function was called there.

    Runners say so where one probe makes several calls: "on a volume of 4 by 8 by 8 voxels".
    """
    try:
        yield
    except Exception as error:
        error.add_note(f"{CALLED}{how}")
        raise


def how_called(error: BaseException) -> str:
    """What `called` has noted, the innermost note; empty if there is none."""
    notes = [note for note in getattr(error, "__notes__", []) if note.startswith(CALLED)]
    return notes[0].removeprefix(CALLED) if notes else ""


def _copied(value: Any) -> Any:
    kind = kind_of(value)
    if kind == ARRAY:
        return _array(value)
    if kind == TENSOR:
        return _tensor(value)
    if type(value) in (list, tuple, set):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(part) for key, part in value.items()}
    return copy.deepcopy(value) if kind == "a Volume" else value


def _array(value: ndarray) -> ndarray:
    """A copy that is contiguous only if the array is."""
    if value.flags.c_contiguous or not value.ndim:
        return value.copy()
    if value.flags.f_contiguous:
        return value.copy(order="F")
    apart = empty((*value.shape, 2), value.dtype)[..., 0]
    apart[...] = value
    return apart


def _tensor(value: Any) -> Any:
    """A copy with the same strides; where gradients flow, through which they flow as well."""
    import torch

    overlaps = any(
        step == 0 and size > 1 for step, size in zip(value.stride(), value.shape, strict=True)
    )
    if value.requires_grad or type(value) is not torch.Tensor or overlaps:
        return value.clone()
    apart = torch.empty_strided(
        value.size(), value.stride(), dtype=value.dtype, device=value.device
    )
    return apart.copy_(value)


def _same(before: Any, after: Any) -> bool:
    """Whether a copy is still what it was, exactly; NaN is the same as NaN."""
    kind = kind_of(before)
    if kind in (ARRAY, TENSOR):
        return kind_of(after) == kind and _same_numbers(before, after)
    if isinstance(before, dict):
        return list(before) == list(after) and all(_same(before[k], after[k]) for k in before)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, set):
        return before == after
    if kind == "a Volume":
        return _same(before.array, after.array) and _same(before.affine, after.affine)
    if kind == NUMBER or before is None or isinstance(before, str):
        return bool(before == after) or str(before) == str(after) == "nan"
    return True


def _same_numbers(before: Any, after: Any) -> bool:
    if before.shape != after.shape or before.dtype != after.dtype:
        return False
    old, new = (x if isinstance(x, ndarray) else x.detach().cpu().numpy() for x in (before, after))
    return bool(array_equal(old, new, equal_nan=old.dtype.kind == "f"))
