"""Runs functions of unit 03 whose answers are slices, images, or a random division of patients."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def region(function: Callable, *volumes: Any) -> Any:
    """Call a region-of-interest function; its slices come back with plain, written-out ends."""
    result = function(list(volumes))
    slices = isinstance(result, tuple) and all(isinstance(s, slice) for s in result)
    if not slices or len(result) != len(volumes[0].shape):
        return result
    return tuple(_written_out(s, n) for s, n in zip(result, volumes[0].shape, strict=True))


def _written_out(part: slice, size: int) -> slice:
    start, stop = part.start, part.stop
    step = None if part.step in (None, 1) else int(part.step)
    return slice(0 if start is None else int(start), size if stop is None else int(stop), step)


def image(function: Callable, array: np.ndarray) -> Any:
    """Call a function from image to image and report the dtype of its result as well."""
    result = function(array)
    return {"its dtype": str(getattr(result, "dtype", type(result).__name__)), "the image": result}


def split(function: Callable, ids: Sequence, fractions: Sequence[float], seed: int) -> Any:
    """Call a function that divides patients, and report what every good division shares."""
    parts = function(list(ids), list(fractions), np.random.default_rng(seed))
    if not isinstance(parts, list | tuple) or not all(isinstance(p, list) for p in parts):
        return {"one list of numbers for each fraction": False}
    flat = [k for part in parts for k in part]
    if not all(isinstance(k, int | np.integer) for k in flat):
        return {"case numbers": False}
    # Few patients can fall into the same parts by chance once, but not with eight states.
    others, again = (
        [function(list(ids), list(fractions), np.random.default_rng(k)) for k in range(8)]
        for _ in range(2)
    )
    # The order of a set of texts changes from one start of Python to the next, as it hangs on
    # their hashes. Other names in the same order show that within one.
    renamed = [
        function([prefix + k for k in ids], list(fractions), np.random.default_rng(seed))
        for prefix in "bcdefghi"
        if all(isinstance(k, str) for k in ids)
    ]
    owners = [{ids[k] for k in part} for part in parts]
    patients = len(set(ids))
    return {
        "one list of numbers for each fraction": len(parts) == len(fractions),
        "every case is in one part": sorted(flat) == list(range(len(ids))),
        "all cases of a patient are in one part": sum(map(len, owners))
        == len(set().union(*owners)),
        "every part has a patient": all(owners),
        "parts have about their fraction of the patients": all(
            abs(len(own) - share * patients) <= 1
            for own, share in zip(owners, fractions, strict=False)
        ),
        "each list is sorted": all(list(part) == sorted(part) for part in parts),
        "the same state gives the same parts": again == others,
        "another state gives other parts": any(other != parts for other in others),
        "the next start of Python gives the same parts": all(other == parts for other in renamed),
    }


VOLUME_RUNNERS: dict[str, Callable] = {"region": region, "image": image, "split": split}
