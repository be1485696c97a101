"""A prediction drawn with the mouse over a slice: confusion matrix, IoU and Dice follow it.

All that follows is calculated in the browser (`drawn.js`), so it does so on a page, too.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from medseg import plots
from medseg.palette import ORANGE, SKY_BLUE, YELLOW
from medseg.widgets.drawing import Drawing
from medseg_lecture import figures
from medseg_lecture.demos.stage import Staged

ALT = "A prostate slice, on which the gland is to be outlined."


class DrawnPrediction(anywidget.AnyWidget):
    """The slice and the pencil. `image` is 0 to 255 and `target` 0 or 1, both row by row."""

    _esm = Path(__file__).with_name("drawn.js")
    _css = Path(__file__).with_name("lecture.css")
    rows = traitlets.Int().tag(sync=True)
    columns = traitlets.Int().tag(sync=True)
    image = traitlets.List(traitlets.Int()).tag(sync=True)
    target = traitlets.List(traitlets.Int()).tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    colours = traitlets.Dict(traitlets.Unicode()).tag(sync=True)
    round = traitlets.Int(0).tag(sync=True)


class DrawnDemo(Staged):
    """The demo of `draw_a_prediction`."""

    def __init__(self) -> None:
        self._image, zones = figures.shown_slice()
        self._target = (zones > 0).astype(np.int64)
        super().__init__(self._drawing, {}, dict)

    @cached_property
    def picture(self) -> DrawnPrediction:
        """The slice that one draws on."""
        low, high = np.percentile(self._image, (1, 99))
        grey = np.clip((self._image - low) / (high - low), 0, 1) * 255
        return DrawnPrediction(
            rows=len(grey),
            columns=len(grey[0]),
            image=grey.astype(int).ravel().tolist(),
            target=self._target.ravel().tolist(),
            alt=ALT,
            colours={"pencil": ORANGE, "expert": SKY_BLUE, "cursor": YELLOW},
        )

    def begin_anew(self) -> None:
        """An empty slice."""
        self.picture.round += 1

    def _drawing(self, **_: Any) -> Drawing:
        figure, alt = plots.compare(
            self._image,
            self._target,
            {"nothing drawn yet": np.zeros_like(self._target)},
            class_names=["background", "gland"],
        )
        return Drawing(figure, f"{ALT} {alt}", "")


def draw_a_prediction() -> DrawnDemo:
    """A slice on which one draws where the gland is."""
    return DrawnDemo()
