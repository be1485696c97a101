"""How far one pixel of a network sees: the gradient of its deepest pixel, growing with depth.

An untrained network of linear layers with positive weights, so that nothing cancels. Most of what
the pixel sees comes from the middle of its field: Luo et al. (2016), Understanding the Effective
Receptive Field in Deep Convolutional Neural Networks, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from medseg.cases import phantom_cases, slices
from medseg.palette import DARK, YELLOW
from medseg.plots.display import new_figure, set_font
from medseg.widgets.demo import sliders
from medseg.widgets.drawing import Drawing
from medseg.widgets.receptive_field import contracting_path, fields
from medseg_lecture import figures
from medseg_lecture.demos.stage import Staged

if TYPE_CHECKING:
    import ipywidgets

SIZE = 192


@cache
def gradient(depth: int) -> np.ndarray:
    """|d deepest pixel / d input| of `depth` poolings, (192, 192), its largest value 1."""
    image = torch.zeros(1, 1, SIZE, SIZE, requires_grad=True)
    x = image
    for kernel, stride in contracting_path(3, 2, depth):
        x = (
            torch.nn.functional.avg_pool2d(x, stride)
            if stride > 1
            else torch.nn.functional.conv2d(x, torch.ones(1, 1, kernel, kernel), padding=1)
        )
    x[0, 0, x.shape[2] // 2, x.shape[3] // 2].backward()
    assert image.grad is not None
    found = image.grad[0, 0]
    return (found / found.max()).numpy()


@cache
def _image() -> np.ndarray:
    images, label = slices(phantom_cases(1, progress=False)[0], SIZE)
    return images[int((label > 0).sum((1, 2)).argmax())]


def draw(depth: int) -> Drawing:
    """The gradient over a slice, and the square that theory gives."""
    seen, size = gradient(depth), fields(contracting_path(3, 2, depth))[-1]
    figure = new_figure(12, 5.6)
    left, right = figure.subplots(1, 2)
    left.imshow(_image(), cmap="gray")
    left.imshow(np.sqrt(seen), cmap="inferno", alpha=0.75 * np.sqrt(seen))
    touched = np.argwhere(seen > 0)
    (top, first), (bottom, last) = touched.min(0), touched.max(0)
    edges = np.array([[first, first, last, last, first], [top, bottom, bottom, top, top]])
    for colour, width in ((DARK, 5), (YELLOW, 2.5)):
        left.plot(*edges, color=colour, linewidth=width)
    left.set(xlim=(0, SIZE - 1), ylim=(SIZE - 1, 0), xticks=[], yticks=[])
    left.set_title(f"{depth} poolings: {size} × {size} pixels")
    middle = seen[np.unravel_index(seen.argmax(), seen.shape)[0]]
    right.plot(np.arange(SIZE), middle, color=DARK, linewidth=2.5)
    right.set(xlabel="column", ylabel="share of the largest gradient", xlim=(0, SIZE - 1))
    right.set_title("along the row in the middle")
    set_font(figure)
    for ax in (left, right):
        ax.title.set_fontsize(20)
    half = int((middle > 0.5).sum())
    says = f"{depth} poolings: one pixel sees {size} pixels across, half of it from {half}."
    return Drawing(
        figures.legible(figure, height=410),
        f"The gradient of one deep pixel over an MR slice, bright where it is large, in a square "
        f"of {size} pixels, and its profile, highest in the middle. {says}",
        says,
    )


def field_of_view(depth: int = 0) -> Staged:
    """The gradient's field of view, by the number of poolings.

    >>> from medseg_lecture import demos
    >>> demos.field_of_view(depth=3).still().says
    '3 poolings: one pixel sees 68 pixels across, half of it from ...
    """

    def controls() -> Mapping[str, ipywidgets.Widget]:
        return sliders(depth=("poolings:", 0, 4, 1))

    return Staged(draw, {"depth": depth}, controls)
