"""Focal loss: its curve under sliders for γ and α (unit 05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from medseg.palette import BLUE, DARK, VERMILION
from medseg.widgets.demo import Demo, sliders
from medseg.widgets.drawing import Drawing

if TYPE_CHECKING:
    import ipywidgets

_EASY = 0.9


def focal_curves(gamma: float = 2.0, alpha: float = 0.25) -> Demo:
    """What one pixel costs under the focal loss, with sliders for γ and α.

    >>> from medseg import widgets
    >>> widgets.focal_curves(gamma=2.0, alpha=0.25).still().says
    'An easy positive, p = 0.9, costs 0.00026: 400 times less than under cross-entropy.'
    """

    def controls() -> Mapping[str, ipywidgets.Widget]:
        return sliders(
            gamma=("focus γ:", 0.0, 5.0, 0.25),
            alpha=("weight α:", 0.0, 1.0, 0.05),
        )

    return Demo(draw_focal_loss, {"gamma": gamma, "alpha": alpha}, controls)


def focal_loss(probability: np.ndarray, weight: float, gamma: float) -> np.ndarray:
    """-weight · (1 - p)^γ · ln p for the probability p of the true class [Lin+17]."""
    return -weight * (1 - probability) ** gamma * np.log(probability)


def describe_focal_loss(gamma: float, alpha: float) -> str:
    """What an easy positive pixel costs, beside cross-entropy, in a sentence."""
    cost, plain = (float(focal_loss(np.array(_EASY), *pair)) for pair in ((alpha, gamma), (1, 0)))
    fewer = f"{plain / cost:.3g} times less" if cost else "infinitely less"
    if np.isclose(cost, plain):
        fewer = "as much"
    says = f"An easy positive, p = {_EASY}, costs {cost:.2g}: {fewer} than under cross-entropy."
    return says.replace("as much than", "as much as")


def draw_focal_loss(gamma: float, alpha: float) -> Drawing:
    """Curves of a positive pixel (weight α), a negative one (1 - α), and cross-entropy."""
    from matplotlib.figure import Figure

    p = np.linspace(0.005, 1, 400)
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    curves = [
        ("cross-entropy: γ = 0, weight 1", 1.0, 0.0, DARK, "solid"),
        (f"positive: γ = {gamma:g}, weight α = {alpha:.2f}", alpha, gamma, BLUE, "dashed"),
        (f"negative: weight 1 − α = {1 - alpha:.2f}", 1 - alpha, gamma, VERMILION, "dashdot"),
    ]
    for name, weight, focus, colour, style in curves:
        loss = focal_loss(p, weight, focus)
        axes.plot(p, loss, color=colour, linestyle=style, linewidth=2.5, label=name)
    axes.axvline(_EASY, color="#777777", linestyle="dotted")
    axes.text(_EASY + 0.005, 3.2, f"p = {_EASY}:\neasy", fontsize=11)
    axes.set_xlabel("probability p of the true class", fontsize=12)
    axes.set_ylabel("loss of one pixel", fontsize=12)
    axes.set(xlim=(0, 1), ylim=(0, 4))
    axes.legend(fontsize=11, loc="upper center")
    says = describe_focal_loss(gamma, alpha)
    alt = (
        f"Focal loss of one pixel against the probability of its true class, γ = {gamma:g}, "
        f"α = {alpha:.2f}, beside cross-entropy. {says}"
    )
    return Drawing(figure, alt, says)
