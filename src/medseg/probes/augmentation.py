"""What is true of an augmentation: what it does to images and labels, and how far it moves them.

A label is moved without being mixed, so a map in which each pixel has a class of its own shows
exactly which pixel went where.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from medseg.probes.device import lies_on, works_elsewhere

DRAWS = 24
PAIR = "an image and a label"
# What the docstring of `augment` promises, with room for displacements that turn a little, too.
TURN, ZOOM, SHIFT, BEND = 20.0, 1.35, 0.15, 0.1
# Pixels squared: numbered pixels are read to half a pixel, which alone makes 1/12 each way.
ROUGH = 0.3
# Share of pixels, in the worst of all draws. Right answers reach 0.99, as the border between two
# blocks is mixed in the image and not in the label; of an image and a label that are moved apart a
# draw falls below 0.89. Checked on the answers and mistakes of unit 07, at 48 and 64 pixels.
TOGETHER = 0.92


def augment(function: Callable, size: int, seed: int) -> dict[str, Any]:
    """What holds for `augment(image, label, generator)` over a number of draws."""
    state = _random(seed)
    blocks = torch.randint(0, 2, (size // 8, size // 8), generator=state)
    label = 1 + 2 * blocks.repeat_interleave(8, 0).repeat_interleave(8, 1)
    image = torch.stack([label, 3 - label]).float()
    first = function(image.clone(), label.clone(), _random(seed))
    if _what(first) != PAIR:
        return {"what comes back": _what(first)}
    pairs = [function(image.clone(), label.clone(), _random(seed + k)) for k in range(DRAWS)]
    facts: dict[str, Any] = {
        "what comes back": PAIR,
        "shape of the image": list(pairs[0][0].shape),
        "shape of the label": list(pairs[0][1].shape),
        "dtypes": [str(part.dtype) for part in pairs[0]],
        "the same state gives the same result": _same(first, pairs[0]),
        "another state gives another result": not _same(pairs[0], pairs[1]),
        "labels stay labels": all(set(y.unique().tolist()) <= {0, 1, 3} for _, y in pairs),
        "image and label move together": all(_agreement(*pair) > TOGETHER for pair in pairs),
    }
    levels = torch.stack([x[0][y == 3].mean() for x, y in pairs if (y == 3).any()])
    facts["brightness changes"] = bool(levels.std() > 0.02)
    facts |= _mirrors(function, size, seed)
    facts["straight lines bend"] = _bends(function, size, seed)
    facts |= _limits(function, size, (_random(seed + 300 + k) for k in range(DRAWS)))
    volume, inside = image[:, None].repeat(1, 4, 1, 1), label[None].repeat(4, 1, 1)
    deep = function(volume, inside, _random(seed))
    facts["volumes work too"] = deep[0].shape == volume.shape and deep[1].shape == inside.shape
    facts["slices of a volume keep their places"] = _slices_stay(function, size, _random(seed))
    facts["shapes that differ raise a ValueError with both"] = _refuses(function, image, label)
    facts["works on an accelerator, with new tensors on the device of the image"] = works_elsewhere(
        lambda move, device: lies_on(device, function(move(image), move(label), _random(seed)))
    )
    return facts


def _random(seed: int) -> torch.Generator:
    # another global state each time: only the generator may decide
    torch.manual_seed(int(torch.randint(2**31, ())))
    return torch.Generator().manual_seed(seed)


def _what(result: Any) -> str:
    """What `augment` gave, in words."""
    if result is None:
        return "nothing (is there a `return`?)"
    parts = result if isinstance(result, tuple | list) else ()
    if len(parts) == 2 and all(torch.is_tensor(part) for part in parts):
        return PAIR
    return f"a {type(result).__name__}" + (f" of {len(parts)}" if parts else "")


def _same(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def _agreement(image: torch.Tensor, label: torch.Tensor) -> float:
    """Share of pixels that image and label put on the same side; padding is left out."""
    dark, bright = image[0][label == 1], image[0][label == 3]
    if not len(dark) or not len(bright):
        return 0.0
    middle = (dark.median() + bright.median()) / 2
    right = (dark < middle).sum() + (bright > middle).sum()
    share = float(right) / (len(dark) + len(bright))
    return max(share, 1 - share)


def _mirrors(function: Callable, size: int, seed: int) -> dict[str, str]:
    """How often the sides of a picture of two halves change places over the draws."""
    facts = {}
    for name, axis in (("left and right change places", 1), ("front and back change places", 0)):
        label = torch.ones(size, size, dtype=torch.int64)
        label.narrow(axis, size // 2, size // 2).fill_(3)
        sides = []
        for k in range(DRAWS):
            _, moved = function(label[None].float(), label.clone(), _random(seed + 100 + k))
            start, end = (moved.narrow(axis, at, size // 4) for at in (0, size - size // 4))
            sides.append(
                float(start[start > 0].float().mean()) > float(end[end > 0].float().mean())
            )
        facts[name] = "never" if not any(sides) else "always" if all(sides) else "at times"
    return facts


def _bends(function: Callable, size: int, seed: int) -> bool:
    """Whether the border of two halves is, in some draw, no straight line any more."""
    label = torch.ones(size, size, dtype=torch.int64)
    label[:, size // 2 :] = 3
    rows = torch.arange(size // 4, size - size // 4)
    design = torch.stack([rows.double(), torch.ones(len(rows)).double()], dim=1)
    for k in range(DRAWS):
        _, moved = function(label[None].float(), label.clone(), _random(seed + 200 + k))
        inner = moved[rows]
        value = int(inner[0, size // 4])
        reach = (inner == value) * torch.arange(size)
        border = reach.amax(dim=1).double()
        line = design @ torch.linalg.lstsq(design, border[:, None]).solution
        # pixels; a straight line in whole pixels is off by 1/√12 = 0.29 already
        if float((border - line[:, 0]).std()) > 0.45:
            return True
    return False


def _refuses(function: Callable, image: torch.Tensor, label: torch.Tensor) -> bool:
    try:
        function(image[:, :-3], label, _random(0))
    except ValueError as error:
        return all(str(size) in str(error) for size in (label.shape[0] - 3, label.shape[0]))
    except RuntimeError:
        return False
    return False


def _limits(function: Callable, size: int, draws: Iterable[torch.Generator]) -> dict[str, bool]:
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


def _slices_stay(function: Callable, size: int, draw: torch.Generator) -> bool:
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
