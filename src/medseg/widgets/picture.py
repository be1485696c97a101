"""Picture: a figure on the screen that changes without a flicker and tells what it shows."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from medseg.plots.display import PIXELS_PER_INCH, png
from medseg.widgets.drawing import Drawing


class Picture(anywidget.AnyWidget):
    """An image with its description, and a line below that screen readers read when it changes.

    Traits: `source` (a data URL), `alt`, `says`, `width` in CSS pixels, less on a narrow page.
    """

    _esm = Path(__file__).with_name("picture.js")
    _css = Path(__file__).with_name("widgets.css")
    source = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int(640).tag(sync=True)

    def showing(self, drawing: Drawing) -> Picture:
        """Show another figure; returns itself."""
        with self.hold_sync():
            self.source = f"data:image/png;base64,{png(drawing.figure)}"
            self.width = round(drawing.figure.get_figwidth() * PIXELS_PER_INCH)
            self.alt, self.says = drawing.alt, drawing.says
        return self
