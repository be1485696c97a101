"""Segmentation types: one picture, and its four answers by a toggle (unit 01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from medseg.widgets.demo import Demo
from medseg.widgets.drawing import Drawing

if TYPE_CHECKING:
    import ipywidgets

    from medseg.scenes import Picture

# Each answer and the question that it answers.
ANSWERS = {
    "image": "image: what the camera sees",
    "semantic": "semantic: what is where?",
    "instance": "instance: which one is which?",
    "panoptic": "panoptic: what, and which one?",
}


def segmentation_types(picture: Picture) -> Demo:
    """A picture as image, semantic, instance or panoptic map, one at a time.

    >>> from medseg import scenes, widgets
    >>> street = scenes.picture(scenes.street(), height=32, width=96)
    >>> widgets.segmentation_types(street).still().says
    '11 classes and 10 things: every pixel knows both.'
    """

    def draw(answer: str) -> Drawing:
        return draw_answer(picture, answer)

    def controls() -> Mapping[str, ipywidgets.Widget]:
        import ipywidgets

        layout = ipywidgets.Layout(width="auto")
        options = {"options": list(ANSWERS), "description": "Answer:", "layout": layout}
        tips = [title.split(": ")[1] for title in ANSWERS.values()]
        return {"answer": ipywidgets.ToggleButtons(**options, tooltips=tips)}

    return Demo(draw, {"answer": "panoptic"}, controls)


def draw_answer(picture: Picture, answer: str) -> Drawing:
    """One answer, large; `answer` is "image", "semantic", "instance" or "panoptic"."""
    from matplotlib.figure import Figure

    from medseg.plots import scene_plots

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.imshow(scene_plots.answers(picture)[answer])
    axes.set_title(ANSWERS[answer], fontsize=14)
    axes.set_axis_off()
    classes = len(np.unique(picture.semantic[picture.semantic > 0]))
    things = len(np.unique(picture.instance[picture.instance > 0]))
    says = {
        "image": "Three numbers a pixel, red, green and blue. No answer yet.",
        "semantic": f"{classes} classes; every pixel has one. How many cars? It does not say.",
        "instance": f"{things} things, each with its number; road, sky and houses are left out.",
        "panoptic": f"{classes} classes and {things} things: every pixel knows both.",
    }[answer]
    if answer in {"semantic", "panoptic"}:
        own = None if answer == "semantic" else "classes; things have colours of their own"
        scene_plots.legend(figure, picture, columns=6, title=own)
    return Drawing(figure, f"{ANSWERS[answer]} {scene_plots.description(picture)}", says)
