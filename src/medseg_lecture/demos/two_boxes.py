"""Boxes that one drags, their IoU and Dice beside them."""

from __future__ import annotations

from medseg.widgets.boxes import TARGET, Boxes
from medseg_lecture.demos.stage import Staged


class StagedBoxes(Staged, Boxes):
    """The boxes of unit 04, large."""

    def begin_anew(self) -> None:
        """Both boxes as they stood, the target too, which has no slider."""
        self.picture.target = [*TARGET]
        super().begin_anew()


def boxes() -> StagedBoxes:
    """A target and a predicted box, moved by mouse, arrow keys or sliders.

    >>> from medseg_lecture import demos
    >>> demos.boxes().still().says
    'IoU 0.31, Dice 0.47: intersection 340, union 1100 squares.'
    """
    return StagedBoxes()
