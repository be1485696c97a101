"""Where an augmentation takes its pixels from, read off a label map that numbers them.

A label is moved without being mixed, so a map in which each pixel has a class of its own shows
exactly which pixel went where.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch

# What the docstring of `augment` promises, with room for displacements that turn a little, too.
TURN, ZOOM, SHIFT, BEND = 20.0, 1.35, 0.15, 0.1
# Pixels squared: numbered pixels are read to half a pixel, which alone makes 1/12 each way.
ROUGH = 0.3


def facts(function: Callable, size: int, draws: Iterable[torch.Generator]) -> dict[str, bool]:
    """Limits that hold for the geometry of `augment(image, label, generator)` over all draws."""
    found = [_measure(function, size, draw) for draw in draws]
    largest = {name: max(one[name] for one in found) for name in found[0]}
    bends = sorted(one["bend"] for one in found)
    return {
        "bent by no more than 6 per cent of the width": bends[len(bends) // 2] < BEND,
        "turned by at most 15 degrees": largest["turn"] < TURN,
        "zoomed by at most a fifth": largest["zoom"] < ZOOM,
        "shifted by at most a tenth of the width": largest["shift"] < SHIFT,
        "neighbours are displaced alike": sorted(one["rough"] for one in found)[len(found) // 2]
        < ROUGH,
    }


def slices_stay(function: Callable, size: int, draw: torch.Generator) -> bool:
    """Whether each slice of a volume stays where it is: only rows and columns are displaced."""
    numbers = torch.arange(24)[:, None, None].expand(24, size, size)
    _, moved = function(numbers[None].float().clone(), numbers.clone(), draw)
    inner = slice(size // 4, size - size // 4)
    return bool((moved == numbers)[:, inner, inner].all())


def _measure(function: Callable, size: int, draw: torch.Generator) -> dict[str, Any]:
    """Turn in degrees, zoom as a factor above 1, shift and bend as shares of the width."""
    numbers = torch.arange(size**2).reshape(size, size)
    _, moved = function(torch.rand(1, size, size), numbers.clone(), draw)
    inner = slice(size // 4, size - size // 4)
    came_from = torch.stack([moved // size, moved % size])[:, inner, inner].double()
    here = torch.stack([numbers // size, numbers % size])[:, inner, inner].double()
    middle = (size - 1) / 2
    design = torch.cat([here - middle, torch.ones_like(here[:1])]).flatten(1).T
    plan = torch.linalg.lstsq(design, (came_from - middle).flatten(1).T).solution
    straight, shift = plan[:2].T.clone(), plan[2]
    if torch.linalg.det(straight) < 0:  # mirrored
        straight[1] *= -1
    turn = torch.atan2(straight[1, 0] - straight[0, 1], straight[0, 0] + straight[1, 1])
    factor = float(torch.linalg.det(straight).abs().sqrt().clamp(1e-3, 1e3))
    field = (came_from - middle) - (design @ plan).T.reshape(came_from.shape)
    around = torch.nn.functional.avg_pool2d(field, 5, stride=1)
    rough = (field[:, 2:-2, 2:-2] - around).square().sum(0).mean()
    return {
        "turn": float(turn.abs().rad2deg()),
        "zoom": max(factor, 1 / factor),
        "shift": float(shift.abs().max()) / size,
        "bend": float(field.abs().max()) / size,
        "rough": float(rough),
    }
