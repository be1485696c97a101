"""Receptive field: what one output pixel sees, under sliders (unit 06)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from medseg.palette import BLUE, VERMILION, YELLOW
from medseg.widgets.demo import Demo, sliders
from medseg.widgets.drawing import Drawing

if TYPE_CHECKING:
    import ipywidgets


def receptive_fields(image: np.ndarray) -> Demo:
    """The receptive field of a network's deepest pixel, drawn on an image (rows, columns).

    >>> from medseg import widgets
    >>> widgets.receptive_fields(np.zeros((100, 100))).still().says
    'After 11 layers one pixel sees 68 × 68 pixels, 46% of the image.'
    """

    def draw(kernel: int, stride: int, depth: int) -> Drawing:
        return draw_field(image, kernel, stride, depth)

    def controls() -> Mapping[str, ipywidgets.Widget]:
        return sliders(
            kernel=("kernel:", 1, 7, 2),
            stride=("pooling:", 1, 3, 1),
            depth=("depth:", 0, 5, 1),
        )

    return Demo(draw, {"kernel": 3, "stride": 2, "depth": 3}, controls)


def contracting_path(kernel: int, stride: int, depth: int) -> list[tuple[int, int]]:
    """(kernel, stride) of the layers down to the deepest level: two convolutions on each level,
    a pooling of `stride` by `stride` pixels between two levels."""
    level = [(kernel, 1), (kernel, 1), (stride, stride)]
    return [*level * depth, *level[:2]]


def fields(layers: list[tuple[int, int]]) -> list[int]:
    """Receptive field in pixels before the first layer and after each.

    Formula: Araujo, Norris and Sim (2019), Computing receptive fields of CNNs, Distill.
    """
    kernels, strides = np.array(layers).T
    steps = np.cumprod([1, *strides[:-1]])  # between neighbours in a layer's input, in pixels
    return [1, *(1 + np.cumsum((kernels - 1) * steps)).tolist()]


def draw_field(image: np.ndarray, kernel: int, stride: int, depth: int) -> Drawing:
    """Left the field as a square on the image, right how it grows from layer to layer."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator

    layers = contracting_path(kernel, stride, depth)
    grown = fields(layers)
    size = grown[-1]
    height, width = image.shape
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(image, cmap="gray")
    corner = ((width - 1 - size) / 2, (height - 1 - size) / 2)
    for colour, line in (("#101010", 5), (YELLOW, 2.5)):
        left.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=colour, linewidth=line))
    left.plot((width - 1) / 2, (height - 1) / 2, "+", color=YELLOW, markersize=10)
    left.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xlabel="column", ylabel="row")
    left.set_title(f"one pixel sees {size} × {size}", fontsize=14)
    pools = [k + 1 for k, layer in enumerate(layers) if layer[1] > 1]
    right.plot(range(len(grown)), grown, color=BLUE, marker="o", label="convolution")
    right.plot(
        pools, [grown[k] for k in pools], "s", color=VERMILION, markersize=9, label="pooling"
    )
    right.axhline(min(height, width), color="#777777", linestyle="dotted")
    right.text(0, min(height, width), " size of the image", va="bottom", fontsize=11)
    right.set_xlabel("layer", fontsize=12)
    right.set_ylabel("receptive field (pixels)", fontsize=12)
    right.set_ylim(0, 1.15 * max(size, height, width))
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.legend(fontsize=11, loc="lower right")
    share = min(size, height) * min(size, width) / (height * width)
    says = f"After {len(layers)} layers one pixel sees {size} × {size} pixels, "
    says += "the whole image." if share == 1 else f"{share:.0%} of the image."
    alt = (
        f"Kernel {kernel}, pooling {stride}, depth {depth}. Left, a square on the image: the "
        f"receptive field of the pixel in its middle. Right, its growth by layer: "
        f"{', '.join(map(str, grown))}. {says}"
    )
    return Drawing(figure, alt, says)
