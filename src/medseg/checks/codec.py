"""Probe inputs and outcomes as plain JSON: numbers in, the same numbers out, never code.

A hints file travels with the package and is read on students' machines, so it holds nothing that
could be executed: numbers, and nested lists with a dtype.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medseg.probes.compare import TENSOR, Foreign, kind_of

SIGNIFICANT_DIGITS = 7


@dataclass(frozen=True)
class OneByOne:
    """Stands in a probe for an iterator over `items`, which can be gone through once."""

    items: Sequence[Any]


@dataclass(frozen=True)
class Apart:
    """Stands in a probe for an array or tensor whose numbers are not contiguous in memory."""

    numbers: Any


def encode(value: Any) -> Any:
    """Turn a number, text, slice, set, array, tensor, Volume, or a nest of them into JSON data.

    Raises TypeError for anything else.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {"dict": {key: encode(item) for key, item in value.items()}}
        return {"pairs": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, set):
        return {"set": [encode(item) for item in sorted(value)]}
    if isinstance(value, OneByOne):
        return {"one by one": encode(list(value.items))}
    if isinstance(value, Apart):
        return {"apart": encode(value.numbers)}
    if isinstance(value, slice):
        ends = (
            [value.start, value.stop]
            if value.step is None
            else [value.start, value.stop, value.step]
        )
        return {"slice": encode(ends)}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": str(value.dtype), **_shape(value)}
    if isinstance(value, np.generic):
        return encode(value.item())
    kind = type(value).__name__
    if kind == "Volume":
        return {"volume": encode(value.array), "affine": encode(np.asarray(value.affine))}
    if hasattr(value, "detach"):
        array = value.detach().cpu().numpy()
        return {"tensor": array.tolist(), "dtype": str(array.dtype), **_shape(array)}
    raise TypeError(
        f"a probe value of type {kind} cannot be written as JSON; "
        "use numbers, texts, slices, arrays, tensors, Volume, "
        "or lists, tuples and dicts of them"
    )


def decode(data: Any) -> Any:
    """The inverse of `encode`; what had no code becomes `Foreign`."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "tuple" in data:
        return tuple(decode(item) for item in data["tuple"])
    if "dict" in data:
        return {key: decode(item) for key, item in data["dict"].items()}
    if "pairs" in data:
        return {decode(key): decode(item) for key, item in data["pairs"]}
    if "slice" in data:
        return slice(*data["slice"])
    if "set" in data:
        return set(decode(data["set"]))
    if "one by one" in data:
        return iter(decode(data["one by one"]))
    if "apart" in data:
        numbers = decode(data["apart"])
        tensor = kind_of(numbers) == TENSOR
        # every second number of a longer row
        longer = numbers.repeat_interleave(2, -1) if tensor else numbers.repeat(2, -1)
        return longer[..., ::2]
    if "array" in data:
        return numbers_of(data)
    if "object" in data:
        return Foreign(data["object"])
    if "volume" in data:
        from medseg.volumes import Volume

        return Volume(decode(data["volume"]), decode(data["affine"]))
    if "tensor" in data:
        import torch

        return torch.from_numpy(numbers_of(data))
    raise ValueError(f"unknown entry in a hints file: {sorted(data)}")


def numbers_of(data: dict) -> np.ndarray:
    """The numbers of an encoded array or tensor, as a new array."""
    values = data["array"] if "array" in data else data["tensor"]
    numbers = np.array(values, dtype=data["dtype"])
    return numbers.reshape(data["shape"]) if "shape" in data else numbers


def _shape(array: np.ndarray) -> dict:
    """The shape, where nested lists do not show it."""
    return {} if array.size else {"shape": list(array.shape)}


def rounded(data: Any) -> Any:
    """JSON data with its floats rounded to seven significant digits.

    So the last bits of another machine's arithmetic do not change a committed file. In arrays,
    which know their dtype, 3.0 is written as 3.
    """
    if isinstance(data, float):
        return float(f"{data:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(data, list):
        return [rounded(item) for item in data]
    if isinstance(data, dict):
        told = {key: rounded(item) for key, item in data.items()}
        arrays = {"array", "tensor"} & told.keys() if "dtype" in told else ()
        return told | {key: _without_points(told[key]) for key in arrays}
    return data


def _without_points(numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_without_points(item) for item in numbers]
    whole = isinstance(numbers, float) and numbers.is_integer() and abs(numbers) < 1e15
    # -0.0 is a number of its own: the angle of a point that lies behind depends on it
    return int(numbers) if whole and str(numbers) != "-0.0" else numbers


def without_signed_zeros(data: Any) -> Any:
    """JSON data in which no zero is below zero: in results, that is chance."""
    if isinstance(data, list):
        return [without_signed_zeros(item) for item in data]
    if isinstance(data, dict):
        return {key: without_signed_zeros(item) for key, item in data.items()}
    return data + 0.0 if isinstance(data, float) else data


def completed(probe: dict) -> dict:
    """A probe with all its parts; what is empty is not written into the file."""
    return {"mentions": [], "kwargs": {"dict": {}}, **probe}


def difference(usual: dict, outcome: dict) -> dict:
    """Say in few words how `outcome` differs from the `usual` one; `changed` reads it.

    Of results with the same named parts only those that differ are told ("but"), else the whole
    outcome ("gives").
    """
    before, after = _named_parts(usual), _named_parts(outcome)
    rest = [{k: v for k, v in one.items() if k != "value"} for one in (usual, outcome)]
    if before and after and list(before) == list(after) and rest[0] == rest[1]:
        return {"but": {name: x for name, x in after.items() if x != before[name]}}
    return {"gives": outcome}


def changed(usual: dict, told: dict) -> dict:
    """The outcome of which `told` says how it differs from the `usual` one; see `difference`."""
    if "but" in told:
        return {**usual, "value": {"dict": {**_named_parts(usual), **told["but"]}}}
    return told["gives"]


def _named_parts(outcome: dict) -> dict:
    value = outcome.get("value")
    return value.get("dict", {}) if isinstance(value, dict) else {}
