"""Charts: a wrong answer beside the right one, curves of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from medseg.errors import InputError
from medseg.palette import BLUE, GREEN, VERMILION
from medseg.plots.display import FONT_SIZE, new_figure, set_font
from medseg.zones import zone_colour, zone_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure


def target_yours_difference(target: np.ndarray, yours: np.ndarray) -> tuple[Figure, str]:
    """A 2D target, what came instead, and where the two differ.

    Integers are compared for equality, real numbers by yours minus target.

    Raises:
        InputError: the arrays are not 2D or differ in shape.

    >>> from medseg import plots
    >>> target, yours = np.eye(2, dtype=int), np.ones((2, 2), dtype=int)
    >>> figure, alt = plots.target_yours_difference(target, yours)
    >>> alt
    'Target, yours and their difference: 2 of 4 elements differ, most at row 0, column 1: target 0,
    yours 1.'
    """
    from matplotlib.colors import Normalize

    target, yours = np.asarray(target), np.asarray(yours)
    if target.ndim != 2 or target.shape != yours.shape or target.size == 0:
        raise InputError(
            f"target and yours must be 2D and of one shape, not {target.shape} and {yours.shape}"
        )
    real = "f" in (target.dtype.kind, yours.dtype.kind)
    expected, got = target.astype(np.float64), yours.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.where(expected == got, 0.0, got - expected)
    wrong = ~np.isclose(expected, got, equal_nan=True) if real else expected != got
    finite = np.concatenate([array[np.isfinite(array)] for array in (expected, got)])
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    scale = Normalize(low, high if high > low else low + 1)

    figure = new_figure(13, 1.4 + 3.3 * min(1.4, max(0.4, target.shape[0] / target.shape[1])))
    left, middle, right = figure.subplots(1, 3, sharex=True, sharey=True)
    _draw_matrix(left, "target", expected, "cividis", scale)
    _draw_matrix(middle, "yours", got, "cividis", scale)
    if real:
        reach = np.max(np.abs(difference[np.isfinite(difference)]), initial=0.0) or 1.0
        _draw_matrix(right, "yours minus target", difference, "PuOr", Normalize(-reach, reach))
    else:
        right.imshow(wrong, cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
        right.set_title("different: black")
        right.set_xlabel("column")
    left.set_ylabel("row")
    left.locator_params(integer=True)
    set_font(figure)
    count = int(wrong.sum())
    alt = f"Target, yours and their difference: {count} of {wrong.size} elements differ"
    if count:
        size = np.where(wrong, np.nan_to_num(np.abs(difference), nan=np.inf), -1)
        row, column = np.unravel_index(np.argmax(size), size.shape)
        alt += (
            f", most at row {row}, column {column}: "
            f"target {expected[row, column]:.4g}, yours {got[row, column]:.4g}"
        )
    return figure, f"{alt}."


def curves(history: Sequence[Mapping[str, float]]) -> tuple[Figure, str]:
    """Training loss and validation mean IoU by epoch.

    Args:
        history: one {"loss": …, "mean_iou": …} per epoch.

    Raises:
        InputError: the history is empty or an epoch lacks a value.

    >>> from medseg import plots
    >>> history = [{"loss": 0.9, "mean_iou": 0.3}, {"loss": 0.5, "mean_iou": 0.6}]
    >>> figure, alt = plots.curves(history)
    >>> alt
    'Training loss after epochs 1 to 2, from 0.9 to 0.5; validation mean IoU from 0.30 to 0.60,
    best 0.60 in epoch 2.'
    """
    if not history or any(not {"loss", "mean_iou"} <= set(epoch) for epoch in history):
        raise InputError(
            'a history is a list with {"loss": …, "mean_iou": …} for each epoch, and not empty; '
            "train for at least one epoch"
        )
    from matplotlib.ticker import MaxNLocator

    epochs = np.arange(1, len(history) + 1)
    loss = np.array([epoch["loss"] for epoch in history], dtype=float)
    iou = np.array([epoch["mean_iou"] for epoch in history], dtype=float)
    figure = new_figure(11, 4.2)
    left, right = figure.subplots(1, 2)
    left.plot(epochs, loss, color=BLUE, marker="o", markersize=4, linewidth=2)
    left.set(xlabel="epoch", ylabel="training loss (no unit)")
    left.set_ylim(bottom=np.min(loss, initial=0, where=np.isfinite(loss)))
    right.plot(epochs, iou, color=VERMILION, marker="o", markersize=4, linewidth=2)
    right.set(xlabel="epoch", ylabel="validation mean IoU (no unit)", ylim=(0, 1))
    for ax in (left, right):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlim(0.5, len(history) + 0.5)
        ax.grid(alpha=0.3)
    alt = f"Training loss after epochs 1 to {len(history)}, from {loss[0]:.3g} to {loss[-1]:.3g}"
    if np.isfinite(iou).any():
        best = int(np.nanargmax(iou))
        right.axvline(epochs[best], color="#555555", linestyle="dashed", linewidth=1)
        right.set_title(f"best: {iou[best]:.3f} in epoch {epochs[best]}")
        alt += (
            f"; validation mean IoU from {iou[0]:.2f} to {iou[-1]:.2f}, "
            f"best {iou[best]:.2f} in epoch {epochs[best]}"
        )
    set_font(figure)
    return figure, f"{alt}."


def rates_and_zones(
    rates: Sequence[float], scores: Sequence[Sequence[float]], class_names: Sequence[str]
) -> tuple[Figure, str]:
    """The learning rate of each step, and the IoU of each zone after each epoch.

    Args:
        rates: one for each step.
        scores: for each epoch one IoU per class, background first; NaN where there is none.
        class_names: background first.

    Raises:
        InputError: there is no step or no epoch.

    >>> from medseg import plots
    >>> plots.rates_and_zones([0.001, 0.002], [[0.9, 0.2], [0.95, 0.5]], ["background", "PZ"])[1]
    'Learning rate over 2 steps, highest 0.002; validation IoU after the last of 2 epochs: PZ 0.50.'
    """
    if not len(rates) or not len(scores):
        raise InputError("no step or no epoch has been recorded; train for at least one epoch")
    from matplotlib.ticker import MaxNLocator

    values = np.array([[float(iou) for iou in epoch] for epoch in scores])
    epochs = np.arange(1, len(values) + 1)
    figure = new_figure(11, 4.2)
    left, right = figure.subplots(1, 2)
    left.plot(np.arange(1, len(rates) + 1), rates, color=BLUE, linewidth=2)
    left.set(xlabel="step (batch)", ylabel="learning rate (no unit)")
    left.set_ylim(bottom=0)
    left.ticklabel_format(axis="y", style="plain")
    for number in range(1, len(class_names)):
        right.plot(
            epochs,
            values[:, number],
            color=zone_colour(number),
            linestyle=zone_style(number),
            linewidth=2.5,
            label=class_names[number],
        )
    right.set(xlabel="epoch", ylabel="validation IoU (no unit)", ylim=(0, 1))
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in (left, right):
        ax.grid(alpha=0.3)
    set_font(figure)
    right.set_facecolor("#303030")  # the zones' colours are made for the dark of a scan
    right.legend(facecolor="#303030", labelcolor="white", handlelength=3.5)
    last = ", ".join(f"{n} {v:.2f}" for n, v in zip(class_names[1:], values[-1, 1:], strict=True))
    return figure, (
        f"Learning rate over {len(rates)} steps, highest {max(rates):.3g}; validation IoU after "
        f"the last of {len(values)} epochs: {last}."
    )


def losses(runs: Mapping[str, Sequence[float]]) -> tuple[Figure, str]:
    """Training losses of up to three runs by step, on a logarithmic scale.

    Args:
        runs: the loss of each step, from the first on, by the name of the run.

    Raises:
        InputError: there is no run or more than three, or a run has no step.

    >>> from medseg import plots
    >>> figure, alt = plots.losses({"good": [2.0, 0.5, 0.1], "bad": [2.0, 9.0, 1.0]})
    >>> alt
    'Training loss by step, logarithmic. good: from 2 to 0.1 in 3 steps, at most 2; bad: from 2 to
    1 in 3 steps, at most 9.'
    """
    if not 1 <= len(runs) <= 3 or not all(len(run) for run in runs.values()):
        raise InputError("give one to three runs, each with the loss of at least one step")
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure = new_figure(9, 4)
    ax = figure.subplots()
    styles = [(BLUE, "solid"), (VERMILION, "dashed"), (GREEN, "dotted")]
    words = []
    for (name, run), (colour, style) in zip(runs.items(), styles, strict=False):
        ax.plot(range(1, len(run) + 1), run, color=colour, linestyle=style, linewidth=2.5)
        words.append(
            f"{name}: from {run[0]:.3g} to {run[-1]:.3g} in {len(run)} steps, at most "
            f"{max(run):.3g}"
        )
    ax.set(xlabel="step", ylabel="training loss (no unit)", yscale="log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.grid(alpha=0.3)
    ax.legend(list(runs), fontsize=FONT_SIZE)
    set_font(figure)
    return figure, f"Training loss by step, logarithmic. {'; '.join(words)}."


def _draw_matrix(ax: Axes, title: str, array: np.ndarray, colours: str, scale: Normalize) -> None:
    from matplotlib import colormaps

    palette = colormaps[colours].with_extremes(bad="#FF00AA")
    shown = np.ma.masked_invalid(array)
    picture = ax.imshow(shown, cmap=palette, norm=scale, interpolation="nearest")
    if max(array.shape) <= 8:
        for (row, column), value in np.ndenumerate(array):
            red, green, blue, _ = picture.to_rgba(value)
            dark = np.isfinite(value) and 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            ink = "white" if dark else "black"
            ax.text(column, row, f"{value:.3g}", ha="center", va="center", color=ink)
    ax.figure.colorbar(picture, cax=ax.inset_axes((1.03, 0, 0.05, 1)))
    ax.set_title(f"{title} (pink: not finite)" if shown.mask.any() else title)
    ax.set_xlabel("column")
