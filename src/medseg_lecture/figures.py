"""Figures that only the lecture has; each function returns (figure, alt), as in `medseg.plots`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from medseg import plots, scenes
from medseg.cases import Case, phantom_cases, slices
from medseg.palette import BLUE, DARK, GREEN, GREY, ORANGE, PURPLE, VERMILION
from medseg.plots import Stage, scene_plots
from medseg.plots.display import new_figure, set_font
from medseg.stand_ins.maps import range_image, spherical_projection
from medseg.widgets.u_net import valid_stages
from medseg.zones import PROSTATE_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

# What a slide of 1280 by 720 pixels leaves to a figure below a heading and a line of words, and the
# font that the last row can still read, in its pixels.
HALL = 1176, 500
SMALLEST = 16
# A patient that the shipped network has not seen (scripts/train_first_network.py).
UNSEEN_SEED = 901
TARGET = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
)
PREDICTION = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 1],
        [0, 0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 0],
    ]
)


@cache
def case() -> Case:
    """The phantom that the lecture shows."""
    return phantom_cases(1, seed=UNSEEN_SEED, progress=False)[0]


def shown_slice() -> tuple[np.ndarray, np.ndarray]:
    """(image, label map) of its slice that shows most of the gland, 96 by 96 pixels each."""
    images, labels = slices(case(), 96)
    index = int((labels > 0).sum((1, 2)).argmax())
    return images[index], labels[index]


@cache
def laser_scan() -> scenes.Scan:
    """One turn of the laser on the lecture's street."""
    return scenes.laser_scan(scenes.street(), columns=2048)


def panorama_of(scan: scenes.Scan) -> tuple[Figure, str]:
    """A scan unrolled into a picture, 64 by 1024 pixels: inverse range, and classes."""
    view = 64, 1024, scenes.FOV_UP, scenes.FOV_DOWN
    rows, columns, ranges = spherical_projection(scan.points, *view)
    nearest_last = np.argsort(-ranges)
    classes = np.zeros(view[:2], dtype=np.int64)
    semantic = scan.labels.astype(np.int64) & 0xFFFF
    classes[rows[nearest_last], columns[nearest_last]] = semantic[nearest_last]
    return scene_plots.panorama(range_image(scan.points, *view), classes)


def u_net_2015(parts: int | None = None) -> tuple[Figure, str]:
    """The U-Net of Ronneberger, Fischer and Brox (2015), up to a number of its ten parts.

    One is the first double convolution, five end at the bottom, nine at the top again, and the
    tenth is the head; None draws all.
    """
    stages = valid_stages(572, depth=4, features=64, num_classes=2)
    return _large(*plots.draw_u(stages, None if parts is None else parts + 1))


def course_stages(
    size: tuple[int, int] = (117, 117), features: int = 16, depth: int = 4, num_classes: int = 5
) -> list[Stage]:
    """The shapes in the U-Net that the course builds: padded, so that sizes come back."""
    sizes = [size]
    for _ in range(depth):
        rows, columns = sizes[-1]
        sizes.append((rows // 2, columns // 2))
    channels = [features * 2**level for level in range(depth + 1)]
    return [
        Stage("image", (1, *size), level=0),
        Stage("enter", (channels[0], *size), level=0),
        *(Stage(f"down {k}", (channels[k], *sizes[k]), level=k) for k in range(1, depth + 1)),
        *(
            Stage(f"up {depth - k}", (channels[k], *sizes[k]), level=k)
            for k in reversed(range(depth))
        ),
        Stage("head", (num_classes, *size), level=0),
    ]


def course_u_net() -> tuple[Figure, str]:
    """The U-Net that the exercise builds, with the sizes of a slice of 117 by 117 pixels."""
    return _large(*plots.draw_u(course_stages()))


def legible(figure: Figure, height: float = HALL[1]) -> Figure:
    """The figure with no word too small for the last row, where a slide leaves it `height` px.

    Texts that would be shown smaller than that grow; all others, and the figure, stay as they are.
    """
    from matplotlib.text import Text

    wide, tall = figure.get_size_inches()
    points = 72 / min(HALL[0] / wide, height / tall)
    for text in figure.findobj(Text):
        text.set_fontsize(max(float(text.get_fontsize()), SMALLEST * points))
    figure.draw_without_rendering()
    for legend in [
        one for one in figure.legends if one.get_window_extent().width > figure.bbox.width
    ]:
        _in_two_rows(figure, legend)
    return figure


def _in_two_rows(figure: Figure, legend: Legend) -> None:
    texts, title = legend.get_texts(), legend.get_title()
    legend.remove()
    figure.legend(
        handles=[handle for handle in legend.legend_handles if handle is not None],
        labels=[text.get_text() for text in texts],
        title=title.get_text(),
        loc="outside lower center",
        ncols=-(-len(texts) // 2),
        fontsize=texts[0].get_fontsize(),
        title_fontsize=title.get_fontsize(),
    )


def show(figure: Figure, alt: str, height: float = HALL[1]) -> None:
    """Display a figure, as `medseg.plots.show` does, with words for a hall."""
    plots.show(legible(figure, height), alt)


def _large(figure: Figure, alt: str) -> tuple[Figure, str]:
    """The same drawing as wide as a slide, its words larger."""
    figure.set_size_inches(12, 5.2)
    _enlarge(figure, 1.25)
    return figure, alt


def _enlarge(figure: Figure, factor: float) -> None:
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_fontsize(factor * float(text.get_fontsize()))


def what_channels_see() -> tuple[Figure, str]:
    """Feature maps of a trained network inside the U, for a slice that it has not seen."""
    import torch
    from matplotlib.text import Text

    from medseg.stand_ins import first_network

    image, _ = shown_slice()
    figure, alt = plots.feature_maps(first_network.trained(), torch.from_numpy(image)[None, None])
    for text in figure.findobj(Text):
        # "4 of 8 maps, 96 × 96" in large letters would reach across the arrow beside it
        short = re.sub(r"(?:\d+ of )?(\d+) maps?, ", r"\1 × ", text.get_text())
        text.set_text(short)
    return figure, alt


def found_by_the_network() -> tuple[Figure, str]:
    """The expert's zones of a phantom, and those of the shipped network, which never saw it."""
    import torch

    from medseg.stand_ins import first_network

    image, expert = shown_slice()
    found = first_network.outline(torch.from_numpy(image)[None])[0].numpy()
    return plots.compare(image, expert, found, class_names=PROSTATE_CLASSES)


def worked_iou() -> tuple[Figure, str]:
    """A target and a predicted mask on five by six pixels, and each pixel's kind."""
    kinds = {
        "TP": (TARGET & PREDICTION, GREEN),
        "FP": (PREDICTION & ~TARGET & 1, ORANGE),
        "FN": (TARGET & ~PREDICTION & 1, VERMILION),
        "TN": ((TARGET | PREDICTION) == 0, "#FFFFFF"),
    }
    figure = new_figure(13, 4.2)
    left, middle, right = figure.subplots(1, 3)
    for ax, mask, colour, title in (
        (left, TARGET, BLUE, "target"),
        (middle, PREDICTION, PURPLE, "prediction"),
    ):
        _squares(ax, {"": (mask, colour)}, title)
    _squares(right, kinds, "each pixel's kind")
    set_font(figure)
    for ax in figure.axes:
        ax.title.set_fontsize(20)
    tp, fp, fn, tn = counts()
    return figure, (
        f"Two masks on five by six pixels and their comparison: {tp} pixels in both (true "
        f"positive), {fp} only predicted (false positive), {fn} only in the target (false "
        f"negative), {tn} in neither (true negative)."
    )


def counts() -> tuple[int, int, int, int]:
    """(TP, FP, FN, TN) of the worked example.

    >>> from medseg_lecture import figures
    >>> figures.counts()
    (7, 3, 3, 17)
    """
    both, either = TARGET & PREDICTION, TARGET | PREDICTION
    tp = int(both.sum())
    return tp, int(PREDICTION.sum()) - tp, int(TARGET.sum()) - tp, int((either == 0).sum())


def _squares(ax: Axes, kinds: dict[str, tuple[np.ndarray, str]], title: str) -> None:
    from matplotlib.patches import Rectangle

    for name, (mask, colour) in kinds.items():
        for row, column in np.argwhere(mask):
            ax.add_patch(Rectangle((column, row), 1, 1, color=colour, lw=0))
            ax.text(column + 0.5, row + 0.5, name, ha="center", va="center", fontsize=17)
    rows, columns = TARGET.shape
    ax.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal", title=title)
    ax.set(xticks=range(columns + 1), yticks=range(rows + 1), xticklabels=[], yticklabels=[])
    ax.grid(color=GREY)
    ax.set_axisbelow(False)
    ax.tick_params(length=0)


def focusing() -> tuple[Figure, str]:
    """The focal loss of one pixel over the probability of its true class, for five values of γ."""
    p = np.linspace(0.01, 1, 400)
    figure = new_figure(11, 5.2)
    ax = figure.subplots()
    ax.axvspan(0.6, 1, color=GREY, alpha=0.2, lw=0)
    ax.text(0.8, 4.2, "easy pixels", ha="center", fontsize=18, color=DARK)
    styles = [
        (0.0, DARK, "solid"),
        (0.5, BLUE, "dashed"),
        (1.0, GREEN, "dashdot"),
        (2.0, VERMILION, "solid"),
        (5.0, PURPLE, "dotted"),
    ]
    for gamma, colour, style in styles:
        label = "γ = 0: cross-entropy" if gamma == 0 else f"γ = {gamma:g}"
        loss = -((1 - p) ** gamma) * np.log(p)
        ax.plot(p, loss, color=colour, linestyle=style, linewidth=3, label=label)
    ax.set(xlabel="probability of the true class", ylabel="loss of the pixel", xlim=(0, 1))
    ax.set_ylim(0, 4.6)
    ax.legend(fontsize=16, loc="upper center")
    set_font(figure)
    ax.xaxis.label.set_fontsize(17)
    ax.yaxis.label.set_fontsize(17)
    return figure, (
        "Loss of one pixel over the probability of its true class, falling to 0 at 1; the larger "
        "γ, the sooner the curve is near 0. At a probability of 0.9, in the shaded half of easy "
        "pixels, cross-entropy costs 0.105, γ = 2 costs 0.00105."
    )
