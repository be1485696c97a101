"""Staged: a demo made large for an audience, with a button and a key that begin it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

from medseg.widgets import Demo

if TYPE_CHECKING:
    import ipywidgets


class ResetButton(anywidget.AnyWidget):
    """A button that calls `begin_anew` when it is pressed, and when R is."""

    _esm = Path(__file__).with_name("reset.js")
    _css = Path(__file__).with_name("lecture.css")

    def __init__(self, begin_anew: Callable[[], Any]) -> None:
        super().__init__()
        self.on_msg(lambda *_: begin_anew())


class Staged(Demo):
    """A demo for an audience; what it stands at first, it stands at again after R."""

    def opened(self) -> ipywidgets.VBox:
        """The controls and the reset above the figure."""
        view = super().opened()
        view.children = [self._row(), *view.children[1:]]
        return view.add_class("medseg-lecture")

    def begin_anew(self) -> None:
        """Put every control back to where it stood."""
        for name, control in self.controls.items():
            control.value = self._first[name]

    def _row(self) -> ipywidgets.HBox:
        import ipywidgets

        row = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        controls = [*self.controls.values(), ResetButton(self.begin_anew)]
        return ipywidgets.HBox(controls, layout=row)
