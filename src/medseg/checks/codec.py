"""Probe inputs and outcomes as plain JSON: numbers in, the same numbers out, never code.

A hints file travels with the package and is read on students' machines, so it holds nothing that
could be executed: nested lists with a dtype, and seeds for random generators.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from medseg.errors import InputError

SIGNIFICANT_DIGITS = 7


@dataclass(frozen=True)
class Seed:
    """Stands for a random generator in this state: `kind` is "torch" or "numpy"."""

    seed: int
    kind: str = "torch"


def encode(value: Any) -> Any:
    """Turn a number, text, slice, array, tensor, Volume, Seed, or a nest of them into JSON data.

    Floats are rounded to seven significant digits, so that the last bits of another machine's
    arithmetic do not change a committed file. Raises TypeError for anything else.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {"dict": {key: encode(item) for key, item in value.items()}}
        return {"pairs": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, Seed):
        return {f"{value.kind}_generator": value.seed}
    if isinstance(value, slice):
        ends = (
            [value.start, value.stop]
            if value.step is None
            else [value.start, value.stop, value.step]
        )
        return {"slice": encode(ends)}
    if isinstance(value, np.ndarray):
        return {"array": _nested(value), "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, np.generic):
        return encode(value.item())
    kind = type(value).__name__
    if kind == "Volume":
        return {"volume": encode(value.array), "affine": encode(np.asarray(value.affine))}
    if hasattr(value, "detach"):
        array = value.detach().cpu().numpy()
        return {"tensor": _nested(array), "dtype": str(array.dtype), "shape": list(array.shape)}
    raise TypeError(
        f"a probe value of type {kind} cannot be written as JSON; "
        "use numbers, texts, slices, arrays, tensors, Volume, Seed, "
        "or lists, tuples and dicts of them"
    )


def decode(data: Any) -> Any:
    """The inverse of `encode`; `Seed` becomes a fresh generator in that state."""
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
    if "array" in data:
        return np.array(data["array"], dtype=data["dtype"]).reshape(data["shape"])
    if "numpy_generator" in data:
        return np.random.default_rng(data["numpy_generator"])
    if "volume" in data:
        from medseg.volumes import Volume

        return Volume(decode(data["volume"]), decode(data["affine"]))
    import torch

    if "tensor" in data:
        array = np.array(data["tensor"], dtype=data["dtype"]).reshape(data["shape"])
        return torch.from_numpy(array.copy())
    if "torch_generator" in data:
        return torch.Generator().manual_seed(data["torch_generator"])
    raise InputError(f"unknown entry in a hints file: {sorted(data)}")


def _nested(array: np.ndarray) -> Any:
    if array.dtype.kind != "f":
        return array.tolist()
    rounded = [_rounded(float(x)) for x in array.ravel()]
    return np.array(rounded, dtype=object).reshape(array.shape).tolist()


def _rounded(x: float) -> float:
    return float(f"{x:.{SIGNIFICANT_DIGITS}g}")
