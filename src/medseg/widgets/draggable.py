"""DraggableBoxes: two boxes on the screen that follow the mouse and the arrow keys."""

from pathlib import Path

import anywidget
import traitlets


class DraggableBoxes(anywidget.AnyWidget):
    """Two boxes (left, top, width, height), and a line that screen readers read when it changes.

    Dragging or the arrow keys set `target` and `prediction`; `says` is set by who observes them.
    """

    _esm = Path(__file__).with_name("boxes.js")
    _css = Path(__file__).with_name("widgets.css")
    target = traitlets.List(traitlets.Float(), minlen=4, maxlen=4).tag(sync=True)
    prediction = traitlets.List(traitlets.Float(), minlen=4, maxlen=4).tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)
