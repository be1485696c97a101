"""Two boxes: their intersection over union, while one drags them (unit 04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from medseg.palette import BLUE, DARK, GREY, VERMILION
from medseg.widgets.demo import Demo, sliders
from medseg.widgets.drawing import Drawing

if TYPE_CHECKING:
    import ipywidgets

WIDTH, HEIGHT = 100, 60
TARGET = (30, 15, 30, 24)
COLOURS = {"target": BLUE, "prediction": VERMILION}


def two_boxes() -> Demo:
    """A target and a predicted box, moved by mouse, arrow keys or sliders, and their IoU.

    >>> from medseg import widgets
    >>> widgets.two_boxes().still().says
    'IoU 0.31, Dice 0.47: intersection 340, union 1100 squares.'
    """
    return Boxes()


def box_iou(one: Sequence[float], other: Sequence[float]) -> float:
    """IoU of two boxes (left, top, width, height), from 0 to 1; 0 where both are empty."""
    sides = [
        max(0.0, min(one[k] + one[k + 2], other[k] + other[k + 2]) - max(one[k], other[k]))
        for k in (0, 1)
    ]
    common = sides[0] * sides[1]
    union = one[2] * one[3] + other[2] * other[3] - common
    return common / union if union else 0.0


def describe_boxes(target: Sequence[float], prediction: Sequence[float]) -> str:
    """IoU with its numerator and denominator, and Dice, in a sentence."""
    areas = [box[2] * box[3] for box in (target, prediction)]
    iou = box_iou(target, prediction)
    union = sum(areas) / (1 + iou)
    both = f"IoU {iou:.2f}, Dice {2 * iou / (1 + iou):.2f}"
    return f"{both}: intersection {iou * union:.0f}, union {union:.0f} squares."


def draw_boxes(target: Sequence[float], prediction: Sequence[float]) -> Drawing:
    """Both boxes, left, top, width, height in squares of a field of `WIDTH` by `HEIGHT`."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    boxes = {"target": target, "prediction": prediction}
    for (name, box), style in zip(boxes.items(), ("solid", "dashed"), strict=True):
        place = (box[0], box[1]), box[2], box[3]
        axes.add_patch(Rectangle(*place, facecolor=GREY, alpha=0.25))
        outline = Rectangle(*place, fill=False, linestyle=style, linewidth=3, label=name)
        outline.set_edgecolor(COLOURS[name])
        axes.add_patch(outline)
    left, top = (max(target[k], prediction[k]) for k in (0, 1))
    right, bottom = (min(b[k] + b[k + 2] for b in (target, prediction)) for k in (0, 1))
    if right > left and bottom > top:
        corner, sides = (left, top), (right - left, bottom - top)
        axes.add_patch(Rectangle(corner, *sides, color=DARK, alpha=0.5, hatch="//", lw=0))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal", xlabel="column", ylabel="row")
    axes.legend(fontsize=11, loc="upper right")
    says = describe_boxes(target, prediction)
    axes.set_title(says)
    alt = "Two boxes, the target with a solid and the prediction with a dashed outline; what they "
    return Drawing(figure, f"{alt}have in common is dark. {says}", says)


class Boxes(Demo):
    """The demo of `two_boxes`; `picture` has the traits `target` and `prediction`."""

    def __init__(self) -> None:
        super().__init__(self._drawing, {"column": 40, "row": 22, "size": 100}, self._sliders)

    @cached_property
    def picture(self) -> Any:
        """The two boxes as a drawing whose parts one can drag."""
        from medseg.widgets.draggable import DraggableBoxes

        picture = DraggableBoxes(target=[*TARGET], prediction=self._prediction(**self._first))
        picture.observe(self._dragged, ["target", "prediction"])
        self._dragged(None, picture)
        return picture

    def _drawing(self, column: float, row: float, size: float) -> Drawing:
        return draw_boxes(TARGET, self._prediction(column, row, size))

    def _prediction(self, column: float, row: float, size: float) -> list[float]:
        return [column, row, *(side * size / 100 for side in TARGET[2:])]

    def _sliders(self) -> Mapping[str, ipywidgets.Widget]:
        return sliders(
            column=("column:", 0, WIDTH, 1),
            row=("row:", 0, HEIGHT, 1),
            size=("size (%):", 20, 180, 5),
        )

    def _follow(self, _: object) -> None:
        self.picture.prediction = self._prediction(**self.values)

    def _dragged(self, _: object, picture: Any = None) -> None:
        picture = picture or self.picture
        picture.says = describe_boxes(picture.target, picture.prediction)
        for name, place in zip(("column", "row"), picture.prediction, strict=False):
            self.controls[name].value = round(place)
