"""Facts that all right answers share, where the answers differ: units 01 and 03.

Numbers of instances, colours, slices with open ends, random divisions of patients.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from medseg.probes.compare import fact, kind_of

# So many instances of a class differ by so much in some channel.
MANY, VISIBLE = 12, 10


def renumbered(labels: np.ndarray) -> np.ndarray:
    """The same map with its numbers but 0 replaced by 1, 2, … in order of first appearance.

    >>> from medseg import probes
    >>> probes.renumbered(np.array([[7, 7, 0], [3, 7, 3]]))
    array([[1, 1, 0],
           [2, 1, 2]])
    """
    values, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(np.where(values == 0, -1, first))
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values)) + (0 if (values == 0).any() else 1)
    return rank[inverse].reshape(labels.shape)


def instances(function: Callable, semantic: np.ndarray, thing_ids: Any) -> Any:
    """Call an instance function and renumber what it returns, if that is a map of integers."""
    result = function(semantic, thing_ids)
    if isinstance(result, np.ndarray) and result.dtype == np.int64 and result.min(initial=0) >= 0:
        return renumbered(result)
    return result


def colours(function: Callable, panoptic: np.ndarray, palette: dict, thing_ids: list[int]) -> Any:
    """Call a colouring function and report what every good colouring has in common."""
    # whether the inputs themselves are changed is looked at by who calls this
    wanted_colours, segments = dict(palette), panoptic.copy()
    picture = function(panoptic, palette)
    again = function(segments.copy(), dict(wanted_colours))
    panoptic, palette = segments, wanted_colours
    if not isinstance(picture, np.ndarray) or picture.shape != (*panoptic.shape, 3):
        return {"the picture": picture}
    if picture.dtype != np.uint8:
        return {"the picture's dtype": str(picture.dtype)}
    semantic, stuff = panoptic >> 8, ~np.isin(panoptic >> 8, thing_ids)
    wanted = np.array([palette[int(s)] for s in semantic[stuff]], dtype=np.uint8).reshape(-1, 3)
    shades = {int(p): np.unique(picture[panoptic == p], axis=0) for p in np.unique(panoptic)}
    steps = [
        (int(np.abs(a[0].astype(int) - b[0].astype(int)).max()), p, q)
        for p, a in shades.items()
        for q, b in shades.items()
        if p < q and p >> 8 == q >> 8 and p >> 8 in thing_ids and p & 255 > 0 and q & 255 <= MANY
    ]
    least, p, q = min(steps, default=(VISIBLE, 0, 0))
    closest = " and ".join(
        f"number {k & 255} of class {k >> 8} has {tuple(shades[k][0].tolist())}"
        for k in (p, q)
        if k in shades
    )
    return {
        "the picture's dtype": "uint8",
        "stuff has the palette's colours": bool(np.array_equal(picture[stuff], wanted)),
        "one colour for each segment": all(len(s) == 1 for s in shades.values()),
        **fact("instances of a class have different colours", least > 0, closest),
        **fact(
            "instances of a class have colours that one can tell apart", least >= VISIBLE, closest
        ),
        "the same input gives the same picture": bool(np.array_equal(picture, again)),
    }


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
    dtype = str(getattr(result, "dtype", type(result).__name__))
    return {"the result's dtype": dtype, "the result": result}


def split(function: Callable, ids: Sequence, fractions: Sequence[float], seed: int) -> Any:
    """Call a function that divides patients, and report what every good division shares."""
    given = ids, fractions
    ids, fractions = list(ids), list(fractions)
    # whether the inputs themselves are changed is looked at by who calls this
    parts = function(*given, np.random.default_rng(seed))
    one_list = "one list of numbers for each fraction"
    if not isinstance(parts, list | tuple):
        return fact(one_list, False, kind_of(parts))
    if not all(isinstance(part, list) for part in parts):
        return fact(one_list, False, f"{kind_of(parts)} of {', '.join(map(kind_of, parts))}")
    flat = [k for part in parts for k in part]
    if not all(isinstance(k, int | np.integer) for k in flat):
        other = next(k for k in flat if not isinstance(k, int | np.integer))
        return fact(one_list, False, f"the lists hold {other!r}, which is no number of a case")
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
    known = [[k for k in part if 0 <= k < len(ids)] for part in parts]
    owners = [{ids[k] for k in part} for part in known]
    patients = len(set(ids))
    sizes = f"{', '.join(str(len(own)) for own in owners)} of {patients} patients"
    cases = f"{len(set(flat))} different cases in {len(flat)} places, of {len(ids)}"
    return {
        **fact(one_list, len(parts) == len(fractions), f"{len(parts)} lists"),
        **fact("every case is in one part", sorted(flat) == list(range(len(ids))), cases),
        "all cases of a patient are in one part": sum(map(len, owners))
        == len(set().union(*owners)),
        **fact("every part has a patient", all(owners), sizes),
        **fact(
            "parts have their fraction of the patients, rounded up or down",
            all(
                abs(len(own) - share * patients) < 1
                for own, share in zip(owners, fractions, strict=False)
            ),
            sizes,
        ),
        "parts of less than one patient have one": all(
            len(own) == 1
            for own, share in zip(owners, fractions, strict=False)
            if share * patients < 1
        ),
        "each list is sorted": all(list(part) == sorted(part) for part in parts),
        "the same state gives the same parts": again == others,
        "another state gives other parts": any(other != parts for other in others),
        "the next start of Python gives the same parts": all(other == parts for other in renamed),
    }
