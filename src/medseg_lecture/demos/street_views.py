"""The street's answers, toggled, then the laser's view of the same street."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from medseg import scenes
from medseg.plots import scene_plots
from medseg.widgets.drawing import Drawing
from medseg.widgets.street import draw_answer
from medseg_lecture import figures
from medseg_lecture.demos.stage import Staged

if TYPE_CHECKING:
    import ipywidgets

ANSWERS = ("image", "semantic", "instance", "panoptic")
LASER = {"laser, from above": scene_plots.from_above, "laser, as a picture": figures.panorama_of}


@cache
def _picture() -> scenes.Picture:
    return scenes.picture(scenes.street())


@cache
def draw(view: str) -> Drawing:
    """One view of the street."""
    if view in ANSWERS:
        figure, alt, says = draw_answer(_picture(), view)
        return Drawing(figures.legible(figure), alt, says)
    figure, alt = LASER[view](figures.laser_scan())
    return Drawing(
        figures.legible(figure), alt, "The same street, as a laser on the car's roof measures it."
    )


def street() -> Staged:
    """The street as image, semantic, instance and panoptic map, and as the laser sees it.

    >>> from medseg_lecture import demos
    >>> demos.street().still().says
    'Three numbers a pixel, red, green and blue. No answer yet.'
    """

    def controls() -> Mapping[str, ipywidgets.Widget]:
        import ipywidgets

        options = [*ANSWERS, *LASER]
        layout = ipywidgets.Layout(width="auto")
        return {"view": ipywidgets.ToggleButtons(options=options, layout=layout)}

    return Staged(draw, {"view": "image"}, controls)
