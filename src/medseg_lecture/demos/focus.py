"""A rare class, learnt with and without focus, in the same steps from the same start.

The experiment of unit 05, on its slice: the anterior stroma, two pixels in a hundred, by a model
that sees smoothed and shifted copies of the image and the position of each pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from medseg import training
from medseg.cases import phantom_cases, slices
from medseg.palette import BLUE, ORANGE, SKY_BLUE
from medseg.plots.display import new_figure, set_font
from medseg.stand_ins.losses import softmax_focal_loss
from medseg.widgets.demo import sliders
from medseg.widgets.drawing import Drawing
from medseg.zones import AFS
from medseg_lecture import figures
from medseg_lecture.demos.stage import Staged

if TYPE_CHECKING:
    import ipywidgets

STEPS, EVERY = 500, 25
PLANS = {"cross-entropy": 0.0, "with focus, γ = 2": 2.0}


@cache
def _slice() -> tuple[np.ndarray, np.ndarray]:
    """(image, stroma) of the slice that shows most of it, (128, 128) each."""
    image, label = slices(phantom_cases(1, progress=False)[0], 128)
    index = int((label == AFS).sum((1, 2)).argmax())
    return image[index], (label[index] == AFS).astype(np.int64)


@cache
def learnt(seed: int = 0) -> Mapping[str, list[np.ndarray]]:
    """What each plan calls stroma after 0, 25, 50, … 500 steps: masks (128, 128) of bool."""
    pixels, truth = (torch.from_numpy(array)[None] for array in _slice())
    pixels = pixels[None]
    rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, 128)] * 2, indexing="ij")
    place = torch.stack([rows, columns, rows**2, columns**2, rows * columns])[None]
    copies = [F.avg_pool2d(pixels, size, 1, size // 2) for size in (1, 3, 7, 13)]
    ways = ((9, 0), (-9, 0), (0, 9), (0, -9), (16, 0))
    inputs = torch.cat([*copies, *(copies[2].roll(way, (2, 3)) for way in ways), place], dim=1)
    one_hot = F.one_hot(truth, 2).movedim(-1, 1)
    return {name: list(_run(inputs, one_hot, gamma, seed)) for name, gamma in PLANS.items()}


def _run(
    inputs: torch.Tensor, one_hot: torch.Tensor, gamma: float, seed: int
) -> Iterator[np.ndarray]:
    with training.seeded(seed):
        model = torch.nn.Sequential(
            torch.nn.Conv2d(inputs.shape[1], 16, 1), torch.nn.ReLU(), torch.nn.Conv2d(16, 2, 1)
        )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            with torch.no_grad():
                yield (model(inputs)[0].argmax(0) == 1).numpy()
        optimizer.zero_grad()
        # learns from every second pixel of every second row
        logits, due = (x[..., ::2, ::2] for x in (model(inputs), one_hot))
        softmax_focal_loss(logits, due, torch.ones(2), gamma).backward()
        optimizer.step()


def iou(mask: np.ndarray) -> float:
    """IoU of a mask with the stroma."""
    truth = _slice()[1] > 0
    return float((mask & truth).sum() / (mask | truth).sum())


def draw(step: int) -> Drawing:
    """Both plans after a number of steps: what they call stroma, over the expert's outline."""
    image, truth = _slice()
    (top, first), (bottom, last) = np.argwhere(truth).min(0) - 12, np.argwhere(truth).max(0) + 12
    figure = new_figure(13, 5.2)
    scores = {}
    for ax, (name, masks) in zip(figure.subplots(1, 2), learnt().items(), strict=True):
        mask = masks[step // EVERY]
        scores[name] = iou(mask)
        ax.imshow(image, cmap="gray")
        if mask.any():
            ax.contourf(mask, [0.5, 1.5], colors=[ORANGE], alpha=0.55)
        ax.contour(truth, [0.5], colors=[SKY_BLUE], linewidths=3)
        ax.set(xlim=(first, last), ylim=(bottom, top), xticks=[], yticks=[], title=name)
    set_font(figure)
    for ax, score in zip(figure.axes, scores.values(), strict=True):
        ax.title.set_fontsize(24)
        ax.set_xlabel(f"IoU {score:.2f}", fontsize=44, color=BLUE, weight="bold")
    said = ", ".join(f"{name}: IoU {score:.2f}" for name, score in scores.items())
    says = f"After {step} steps. {said}."
    return Drawing(
        figures.legible(figure),
        f"A rare zone twice, the expert's outline in light blue and what a model calls it filled "
        f"in orange. {says}",
        says,
    )


def rare_class(step: int = 250) -> Staged:
    """Cross-entropy beside focal loss on a rare zone, by the steps of training.

    >>> from medseg_lecture import demos
    >>> demos.rare_class().still().says
    'After 250 steps. cross-entropy: IoU ..., with focus, γ = 2: IoU ....'
    """

    def controls() -> Mapping[str, ipywidgets.Widget]:
        return sliders(step=("step:", 0, STEPS, EVERY))

    return Staged(draw, {"step": step}, controls)
