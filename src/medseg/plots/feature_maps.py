"""Feature maps of a network, placed in its U: what its parts make of one image."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from medseg.errors import InputError
from medseg.palette import DARK
from medseg.plots.display import new_figure

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 14  # parts of a network that is no U: more would be too small to see
_FEWEST = 3  # with fewer one looks into the parts themselves
_WIDTH = 12.0


@dataclass(frozen=True)
class _Maps:
    """What one part gave: its name, (channels, H, W) of which it drew some, and its depth."""

    name: str
    channels: int
    maps: torch.Tensor
    level: int

    @property
    def words(self) -> str:
        count, size = len(self.maps), " × ".join(map(str, self.maps.shape[1:]))
        counted = f"{count} of {self.channels}" if count < self.channels else str(count)
        return f"{self.name}: {counted} map{'s' * (self.channels > 1)}, {size}"


def feature_maps(
    model: torch.nn.Module, image: torch.Tensor, channels: int = 4
) -> tuple[Figure, str]:
    """The first maps that each level of a network gives for an image, drawn as a U.

    On each side of the U a level shows the last thing that it gives. Parts are the outermost
    modules that are called in `forward`, whatever their names. A network that is no U is drawn
    part by part, in the order of calculation. The model runs in evaluation mode and is left in
    the mode, and with the statistics, that it had.

    Args:
        model: takes (1, C, H, W) and gives a tensor of 4 axes.
        image: (1, C, H, W) float tensor; its first channel is drawn.
        channels: maps per part, at least 1; of the output, up to 5 are drawn, one per class.

    Raises:
        InputError: the image or the model's output is no tensor of 4 axes.

    >>> import torch
    >>> from medseg import plots
    >>> convolutions = [torch.nn.Conv2d(k, 6, 3, padding=1) for k in (1, 6, 6)]
    >>> model = torch.nn.Sequential(*convolutions, torch.nn.MaxPool2d(2))
    >>> figure, alt = plots.feature_maps(model, torch.zeros(1, 1, 8, 8))
    >>> alt
    'Feature maps of the network, each scaled from its own smallest to its own largest value.
    image: 1 map, 8 × 8; 0: 4 of 6 maps, 8 × 8; 1: 4 of 6 maps, 8 × 8; 2: 4 of 6 maps, 8 × 8;
    output: 5 of 6 maps, 4 × 4.'
    """
    if image.ndim != 4:
        raise InputError(f"an image has 4 axes, (1, C, H, W), not the shape {tuple(image.shape)}")
    first = _Maps("image", 1, image[0, :1].float().cpu(), 0)
    parts = _run(model, image, channels)
    rows = _rows(parts)
    if rows:
        rows = [[first, parts[-1]], *rows]
        in_order = [row[0] for row in rows] + [row[1] for row in rows[-2::-1]]
    else:
        in_order = [first, *parts[:-1][:_MOST], parts[-1]]
        rows = [[part] for part in in_order]
    return _draw(rows), (
        "Feature maps of the network, each scaled from its own smallest to its own largest value. "
        + "; ".join(part.words for part in in_order)
        + "."
    )


def _run(model: torch.nn.Module, image: torch.Tensor, channels: int) -> list[_Maps]:
    """What the outermost parts give, in the order of calculation; the output comes last."""
    import torch

    # by how many modules they stand in: (name, channels, some of the maps)
    seen: dict[int, list[tuple[str, torch.Tensor]]] = {}
    inside = 0

    def before(_: torch.nn.Module, __: Any) -> None:
        nonlocal inside
        inside += 1

    def after(name: str) -> Callable:
        def hook(_: torch.nn.Module, __: Any, output: Any) -> None:
            nonlocal inside
            inside -= 1
            if isinstance(output, torch.Tensor) and output.ndim == 4:
                # a copy, for a layer that comes later may work in place
                seen.setdefault(inside, []).append((name, output.detach().clone()))

        return hook

    handles = []
    for name, part in model.named_modules():
        if part is not model:
            handles.append(part.register_forward_pre_hook(before))
            handles.append(part.register_forward_hook(after(_spoken(name))))
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            output = model(image)
    finally:
        for handle in handles:
            handle.remove()
        for part, mode in modes.items():
            part.training = mode
    if not isinstance(output, torch.Tensor) or output.ndim != 4:
        raise InputError("a feature map has two axes, so the model must give (1, C, H, W)")
    found = next((seen[k] for k in sorted(seen) if len(seen[k]) >= _FEWEST), [])
    if found and torch.equal(found[-1][1], output):
        found = found[:-1]  # the head, which gives the output
    edge = image.shape[-1]
    return [
        _Maps(
            name,
            given.shape[1],
            given[0, : 5 if name == "output" else channels].float().cpu(),
            max(0, round(math.log2(edge / given.shape[-1]))),
        )
        for name, given in [*found, ("output", output.detach())]
    ]


def _rows(parts: list[_Maps]) -> list[list[_Maps]]:
    """Parts by level, left and right of the lowest one; nothing where they are no U."""
    *inner, output = parts
    lowest = max((part.level for part in inner), default=0)
    at_the_bottom = [k for k, part in enumerate(inner) if part.level == lowest]
    if lowest == 0 or output.level != 0:
        return []
    # the last part of each level, on the way down and on the way up
    left = {part.level: part for part in inner[: at_the_bottom[0]]}
    right = {part.level: part for part in inner[at_the_bottom[-1] + 1 :]}
    levels = sorted({*left, *right} - {lowest})
    if set(left) != set(right):
        return []
    return [*([left[k], right[k]] for k in levels), [inner[at_the_bottom[-1]]]]


def _spoken(name: str) -> str:
    """`down.0` as `down 1`, as in the drawn U."""
    first, _, rest = name.partition(".")
    return f"{first} {int(rest) + 1}" if rest.isdigit() else name


def _draw(rows: list[list[_Maps]]) -> Figure:
    """A row of pictures for each row of parts, and arrows between them; lengths are in inches."""
    is_u = len(rows[0]) == 2
    most = max(len(part.maps) for row in rows[1:] for part in row)
    edge = min(1.0 if is_u else 0.8, (_WIDTH - 3.5) / (2 * most))
    pitch = edge + (0.6 if is_u else 0.3)
    height = pitch * len(rows) + 0.1
    figure = new_figure(_WIDTH, height)
    figure.set_layout_engine("none")
    paper = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(0, height))
    paper.set_axis_off()
    spans: list[list[tuple[float, float, float]]] = []
    for k, row in enumerate(rows):
        top = height - k * pitch - (0.32 if is_u else 0.1)
        spans.append([])
        for side, part in enumerate(row):
            width = edge * len(part.maps)
            start = 0.15 + (0.4 * max(0, k - 1) if is_u else 0)
            if side:
                start = _WIDTH - start - width
            elif is_u and len(row) == 1:
                start = (_WIDTH - width) / 2
            span = start, start + width - 0.05, top
            for i, values in enumerate(part.maps):
                colours = "gray" if part is rows[0][0] else "cividis"
                _draw_map(paper, (start + i * edge, top), edge - 0.05, values, colours)
            if not is_u:
                words: dict[str, Any] = {"x": span[1] + 0.15, "y": top - edge / 2, "va": "center"}
            elif len(row) == 1:  # the bottom; arrows come from above
                words = {"x": _WIDTH / 2, "y": top - edge - 0.02, "va": "top", "ha": "center"}
            else:
                words = {"x": span[side], "y": top + 0.06, "ha": ("left", "right")[side]}
            paper.text(s=part.words, fontsize=12, color=DARK, **words)
            spans[-1].append(span)
    _draw_arrows(paper, spans, edge)
    return figure


def _draw_map(
    paper: Axes, corner: tuple[float, float], edge: float, values: torch.Tensor, colours: str
) -> None:
    """One map, from its upper left corner; one in which nothing varies is said to be constant."""
    left, top = corner
    rows, columns = (edge * size / max(values.shape) for size in values.shape)
    place = (left, left + columns, top - rows, top)
    paper.imshow(values.numpy(), cmap=colours, extent=place, aspect="auto", interpolation="nearest")
    if values.max() == values.min():
        middle = left + columns / 2, top - rows / 2
        paper.text(*middle, "constant", color="white", ha="center", va="center", fontsize=11)


def _draw_arrows(paper: Axes, spans: list[list[tuple[float, float, float]]], edge: float) -> None:
    """Down on the left, up on the right, and dotted across where a skip may run."""

    def arrow(start: tuple[float, float], end: tuple[float, float], **line: Any) -> None:
        style = {"arrowstyle": "-|>", "color": DARK, "linewidth": 1.6, **line}
        paper.annotate("", end, start, arrowprops=style)

    is_u = len(spans[0]) == 2
    for k, (upper, lower) in enumerate(pairwise(spans)):
        left, right, top = upper[0]
        middle, below = top - edge / 2, top - edge
        if not is_u:
            arrow((left + edge / 2, below), (left + edge / 2, lower[0][2]))
            continue
        # at the inner end of the rows, clear of the words
        down, up = min(right, lower[0][1]) - 0.3, max(upper[1][0], lower[-1][0]) + 0.3
        if k == 0:
            down = lower[0][1] - 0.3
            bent = "angle,angleA=0,angleB=90"
            arrow((right + 0.05, middle), (down, lower[0][2]), connectionstyle=bent)
        else:
            arrow((down, below), (down, lower[0][2]))
            arrow((right + 0.08, middle), (upper[1][0] - 0.08, middle), linestyle="dotted")
            paper.text(_WIDTH / 2, middle + 0.06, "skip", ha="center", fontsize=12, color=DARK)
        arrow((up, lower[-1][2]), (up, below))
