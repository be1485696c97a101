"""Live training: progress bar, curves, and a button that stops and keeps the best (unit 07).

The button sends a message. Some kernels hear it while a cell runs, and say so; for the others the
button does what the ■ of the toolbar does: it has the server interrupt the kernel. During training
the first interrupt is a wish, as the message is, that is granted when the epoch has ended and its
checkpoint is written; the second stops at once.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from medseg import plots
from medseg.widgets.demo import show_live, show_still, show_words
from medseg.widgets.drawing import Drawing
from medseg.widgets.picture import Picture

SECONDS_BETWEEN_PICTURES = 2.0


class Stopped(Exception):
    """Somebody asked for the training to end; `medseg.training.Progress` lets it go no further."""


class StopButton(anywidget.AnyWidget):
    """The button; once `over` is True it can no longer be pressed.

    `heard` says that its message has come through, so that no interrupt is needed.
    """

    _esm = Path(__file__).with_name("stop.js")
    _css = Path(__file__).with_name("widgets.css")
    over = traitlets.Bool(False).tag(sync=True)
    heard = traitlets.Bool(False).tag(sync=True)


class LiveTraining:
    """What a notebook shows of a training: `start`, `update` after every epoch, `finish`.

    Args:
        epochs: how many there will be in all.
        done: how many of them an earlier run has finished.
    """

    def __init__(self, epochs: int, done: int = 0) -> None:
        self.epochs, self.done = epochs, done
        self.asked = threading.Event()
        self.bar = ipywidgets.IntProgress(
            value=done, max=epochs, layout=ipywidgets.Layout(width="360px")
        )
        self.button, self.picture = StopButton(), Picture(says="The first epoch is running.")
        self.button.on_msg(self._pressed)
        self._display_id = f"training-{id(self)}-{time.monotonic_ns()}"
        self._last, self._history = 0.0, list[Mapping[str, float]]()
        self._former: Any = None
        self._interrupted_once = False

    @cached_property
    def view(self) -> ipywidgets.Widget:
        """Bar and button above the curves."""
        row = ipywidgets.HBox([self.bar, self.button], layout={"align_items": "center"})
        return ipywidgets.VBox([row, self.picture]).add_class("medseg-live")

    def start(self) -> None:
        """Show the widget, and take the next interrupt as a wish to stop."""
        self._say()
        show_live(self.view)
        words = f"Training for {self.epochs} epochs; the curves appear when it has ended."
        show_words(words, display_id=self._display_id)
        if threading.current_thread() is threading.main_thread():
            self._former = signal.signal(signal.SIGINT, self.interrupted)

    def update(self, history: Sequence[Mapping[str, float]]) -> None:
        """Show the history, a list of {"loss", "mean_iou"}, up to the epoch that has just ended.

        Raises:
            Stopped: the button was pressed, or the kernel interrupted, and epochs are left.
        """
        self._history = list(history)
        self.bar.value = self.done = len(history)
        self._say()
        if time.monotonic() - self._last > SECONDS_BETWEEN_PICTURES:
            self.picture.showing(self._drawing())
            self._last = time.monotonic()
        if self.asked.is_set() and len(history) < self.epochs:
            raise Stopped

    def finish(self) -> None:
        """Leave the last curves as a still picture too, and interrupts as they were."""
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)
            self._former = None
        self.button.over = True
        if self._history:
            # Not earlier: the wish to stop may have come while the last picture was drawn.
            drawing = self._drawing()
            self.picture.showing(drawing)
            show_still(drawing.figure, drawing.alt, display_id=self._display_id, update=True)
            print(drawing.says)
        else:
            self.picture.says = "No epoch was trained."

    def _pressed(self, *_: Any) -> None:
        """The button's message came, in another thread than the training's or after it."""
        self.asked.set()
        self.button.heard = True

    def interrupted(self, number: int, frame: Any) -> None:
        """The handler of SIGINT; it only notes the wish, as it may come at any point."""
        if self._interrupted_once:
            signal.default_int_handler(number, frame)
        self._interrupted_once = True
        self.asked.set()

    def _say(self) -> None:
        self.bar.description = f"epoch {self.done} of {self.epochs}:"
        self.bar.style.description_width = "initial"

    def _drawing(self) -> Drawing:
        figure, alt = plots.curves(self._history)
        latest = self._history[-1]
        scores = np.nan_to_num([epoch["mean_iou"] for epoch in self._history], nan=-1)
        best = int(scores.argmax())
        says = (
            f"Epoch {len(scores)} of {self.epochs}: loss {latest['loss']:.4f}, mean IoU "
            f"{latest['mean_iou']:.3f}; best {scores[best]:.3f} in epoch {best + 1}."
        )
        if self.asked.is_set() and len(self._history) < self.epochs:
            says += " Stopped on request; the best state is kept."
        return Drawing(figure, alt, says)
