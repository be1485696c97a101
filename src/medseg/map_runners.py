"""Runs functions whose right answers differ: numbers of instances, colours, random divisions.

What all right answers share is told as named facts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

VISIBLE = 10


def renumbered(labels: np.ndarray) -> np.ndarray:
    """The same map with its numbers but 0 replaced by 1, 2, … in order of first appearance."""
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
    picture = function(panoptic, dict(palette))
    again = function(panoptic.copy(), dict(palette))
    if not isinstance(picture, np.ndarray) or picture.shape != (*panoptic.shape, 3):
        return {"the picture": picture}
    if picture.dtype != np.uint8:
        return {"the picture's dtype": str(picture.dtype)}
    semantic, stuff = panoptic >> 8, ~np.isin(panoptic >> 8, thing_ids)
    wanted = np.array([palette[int(s)] for s in semantic[stuff]], dtype=np.uint8).reshape(-1, 3)
    shades = {int(p): np.unique(picture[panoptic == p], axis=0) for p in np.unique(panoptic)}
    steps = [
        np.abs(a[0].astype(int) - b[0].astype(int)).max()
        for p, a in shades.items()
        for q, b in shades.items()
        if p < q and p >> 8 == q >> 8 and p >> 8 in thing_ids
    ]
    return {
        "the picture's dtype": "uint8",
        "stuff has the palette's colours": bool(np.array_equal(picture[stuff], wanted)),
        "one colour for each segment": all(len(s) == 1 for s in shades.values()),
        "instances of a class differ": bool(min(steps, default=1) > 0),
        "instances of a class differ visibly": bool(min(steps, default=VISIBLE) >= VISIBLE),
        "the same input gives the same picture": bool(np.array_equal(picture, again)),
    }


MAP_RUNNERS: dict[str, Callable] = {"instances": instances, "colours": colours}
