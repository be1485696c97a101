"""Instances that were found, on the picture: what was merged, and what was split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from medseg.errors import InputError
from medseg.palette import SKY_BLUE, VERMILION
from medseg.plots.display import FONT_SIZE, new_figure, set_font

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HALO = "#101010"


def merged_and_split(truth: np.ndarray, found: np.ndarray) -> tuple[list[int], list[int]]:
    """The found instances that are several true ones, and the true ones found as several.

    A true instance belongs to the found one that covers more than half of it; a found one is a
    piece of the true one in which more than half of it lies.

    Args:
        truth, found: (H, W) integer arrays, 0 for background, another number for each instance.

    Returns:
        Numbers of `found`, and numbers of `truth`, each in ascending order.

    Raises:
        InputError: the shapes differ.

    >>> from medseg.plots.instances import merged_and_split
    >>> merged_and_split(np.array([[1, 1, 2, 2, 0, 3, 3, 3]]), np.array([[7, 7, 7, 7, 0, 8, 0, 9]]))
    ([7], [3])
    """
    truth, found = np.asarray(truth), np.asarray(found)
    if truth.shape != found.shape:
        raise InputError(f"truth has the shape {truth.shape}, found {found.shape}")
    return _holders(truth, found), _holders(found, truth)


def _holders(parts: np.ndarray, wholes: np.ndarray) -> list[int]:
    """Numbers of `wholes` in which most of at least two of the `parts` lies."""
    numbers, sizes = np.unique(parts[parts > 0], return_counts=True)
    both = (parts > 0) & (wholes > 0)
    pairs, shared = np.unique(np.stack([parts[both], wholes[both]]), axis=1, return_counts=True)
    inside = 2 * shared > sizes[np.searchsorted(numbers, pairs[0])]
    holders, counts = np.unique(pairs[1, inside], return_counts=True)
    return holders[counts > 1].tolist()


def found_instances(
    picture: np.ndarray, truth: np.ndarray, answers: Mapping[str, np.ndarray]
) -> tuple[Figure, str]:
    """The outlines of the instances of one to five answers, beside those of the truth.

    What holds several true instances is outlined in orange-red, a true instance that was found as
    several is dashed in blue, all else is white. Instances of an answer do not touch.

    Args:
        picture: (H, W) float array.
        truth: (H, W) integer array, 0 for background, another number for each instance.
        answers: by their titles, arrays like `truth`.

    Raises:
        InputError: there is no answer or more than five, or the shapes differ.

    >>> from medseg import plots
    >>> truth = np.array([[1, 1, 2, 2]] * 4)
    >>> figure, alt = plots.found_instances(np.eye(4), truth, {"components": truth > 0})
    >>> alt
    'Outlines on the picture. Truth: 2 instances. Components: 1 found, 1 of which holds several true
    instances; 0 true instances were found as several.'
    """
    if not 1 <= len(answers) <= 5:
        raise InputError("give one to five answers by their titles")
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    halo: list[Any] = [withStroke(linewidth=4, foreground=_HALO)]
    rows = 1 if len(answers) < 3 else 2
    columns = -(-(len(answers) + 1) // rows)
    figure = new_figure(5.4 * columns, 5.4 * rows + 0.6)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    numbers = [k for k in np.unique(truth).tolist() if k]
    words = [f"Truth: {len(numbers)} instances."]

    def outline(
        ax: Axes, mask: np.ndarray, colour: str, style: str = "solid", width: float = 1.2
    ) -> None:
        framed = np.pad(mask, 1).astype(float)  # so that a contour closes at the picture's border
        x, y = (np.arange(-1, n + 1) for n in (mask.shape[1], mask.shape[0]))
        drawn = ax.contour(x, y, framed, [0.5], colors=colour, linestyles=style, linewidths=width)
        if width > 2:
            drawn.set_path_effects(halo)

    for ax in panels:
        ax.set_axis_off()
    for ax in panels[: len(answers) + 1]:
        ax.imshow(picture, cmap="gray")
    for number in numbers:
        outline(panels[0], truth == number, "white")
    panels[0].set_title(f"truth: {len(numbers)}")
    for ax, (title, answer) in zip(panels[1:], answers.items(), strict=False):
        found = np.asarray(answer).astype(int)
        merged, split = merged_and_split(truth, found)
        outline(ax, (found > 0) & ~np.isin(found, merged), "white")
        if merged:
            outline(ax, np.isin(found, merged), VERMILION, width=2.4)
        for number in split:
            outline(ax, truth == number, SKY_BLUE, "dashed", 2.4)
        count = len(np.unique(found[found > 0]))
        ax.set_title(f"{title}: {count}")
        words.append(
            f"{title[:1].upper()}{title[1:]}: {count} found, {len(merged)} of which "
            f"hold{'s' * (len(merged) == 1)} several true instances; {len(split)} true instances "
            f"were found as several."
        )
    key: list[tuple[str, Any, str]] = [
        (VERMILION, "solid", "several true ones, found as one"),
        (SKY_BLUE, "dashed", "a true one, found as several"),
        ("white", "solid", "all others"),
    ]
    figure.legend(
        [Line2D([], [], color=colour, linestyle=style, linewidth=2.4) for colour, style, _ in key],
        [text for _, _, text in key],
        loc="outside lower center",
        ncols=3,
        fontsize=FONT_SIZE,
        facecolor="#303030",
        framealpha=1,
        labelcolor="white",
        handlelength=3,
    )
    set_font(figure)
    return figure, f"Outlines on the picture. {' '.join(words)}"
