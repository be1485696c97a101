"""Target segments and predicted segments in one picture, for panoptic maps."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from medseg.palette import BLUE, DARK, GREY, SKY_BLUE, VERMILION
from medseg.plots.display import FONT_SIZE, new_figure, set_font

TARGET, PREDICTED = (BLUE, "solid"), (VERMILION, "dashed")


def overlaid_segments(
    target: np.ndarray, prediction: np.ndarray, notes: Mapping[str, tuple[float, float]]
) -> tuple[Figure, str]:
    """Numbered segments of two panoptic maps over each other; void of the target is hatched.

    Segments of the target are filled and have a solid outline, those of the prediction a dashed
    one. Stuff (instance 0) stays white.

    Args:
        target, prediction: (H, W) integer arrays of one shape, semantic * 256 + instance. Each
            numbered segment is a rectangle, as is the target's void (semantic class 0).
        notes: what is written into the picture: text to (row, column) of its middle.

    Returns:
        (figure, description).

    >>> from medseg import plots
    >>> target, prediction = np.full((2, 4, 9), 1792)
    >>> target[1:3, 1:4], target[:, 7:], prediction[1:3, 2:5] = 6657, 0, 6657
    >>> figure, text = plots.overlaid_segments(target, prediction, {"IoU 4/8": (0.2, 3)})
    >>> text.split(". Written")[0]
    'A picture of 4 by 9 pixels with 1 segment of the target, 1 of the prediction and 8 pixels of
    void'
    """
    height, width = target.shape
    figure = new_figure(11, 11 * height / width + 0.9)
    axes = figure.subplots()
    axes.imshow(np.ones((height, width, 3)))
    void = target // 256 == 0
    if void.any():
        corner = _corner_and_size(void)
        axes.add_patch(Rectangle(*corner, fc="#EEEEEE", ec=GREY, hatch="///", lw=0))
    counts = []
    for labels, (colour, dashes), fill in (
        (target, TARGET, SKY_BLUE),
        (prediction, PREDICTED, "none"),
    ):
        numbers = np.unique(labels[(labels // 256 > 0) & (labels % 256 > 0)])
        counts.append(len(numbers))
        for number in numbers:
            corner = _corner_and_size(labels == number)
            axes.add_patch(Rectangle(*corner, fc=fill, ec="none", alpha=0.5))
            axes.add_patch(Rectangle(*corner, fill=False, ec=colour, ls=dashes, lw=3))
    for text, (row, column) in notes.items():
        axes.text(column, row, text, ha="center", va="center", color=DARK, size=FONT_SIZE + 2)
    axes.set(xlabel="column", ylabel="row")
    handles = [
        Patch(fc=SKY_BLUE, ec=BLUE, lw=2, alpha=0.7, label="target"),
        Patch(fc="none", ec=VERMILION, ls="dashed", lw=2, label="prediction"),
        Patch(fc="#EEEEEE", ec=GREY, hatch="///", lw=0, label="void of the target"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=FONT_SIZE)
    set_font(figure)
    plural = "s" * (counts[0] != 1)
    return figure, (
        f"A picture of {height} by {width} pixels with {counts[0]} segment{plural} of the target, "
        f"{counts[1]} of the prediction and {int(void.sum())} pixels of void. Written beside them: "
        + "; ".join(text.replace("\n", " ") for text in notes)
        + "."
    )


def _corner_and_size(mask: np.ndarray) -> tuple[tuple[float, float], float, float]:
    """The rectangle around a mask as matplotlib wants it: (x, y), width, height."""
    rows, columns = np.nonzero(mask)
    x, y = columns.min() - 0.5, rows.min() - 0.5
    return (x, y), columns.max() + 0.5 - x, rows.max() + 0.5 - y
