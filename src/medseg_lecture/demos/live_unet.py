"""A prostate U-Net that learns before the audience's eyes, with its skips or without them.

The network is MONAI's BasicUNet, narrow, as in unit 01; it learns from phantoms only.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from medseg import plots, training
from medseg.cases import PROSTATE_CLASSES, phantom_cases, slice_spacing
from medseg.errors import InputError
from medseg.palette import DARK
from medseg.runtime import interactive, one_thread
from medseg.stand_ins import first_network
from medseg.stand_ins.losses import class_weights, soft_dice_loss
from medseg.stand_ins.metrics import iou_per_class
from medseg.stand_ins.training import evaluate
from medseg.widgets.demo import show_live, show_still
from medseg.widgets.drawing import Drawing
from medseg_lecture import figures
from medseg_lecture.demos.stage import Staged

if TYPE_CHECKING:
    import ipywidgets

PATIENTS, UNSEEN, SIZE, BATCH = 8, 2, 64, 8
PEAK, RISE = 1.5e-2, 0.25
SECONDS = 60.0
# Between two pictures, so that they take a small part of the time.
SECONDS_BETWEEN = 3.0
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Look:
    """How far a training is: slices seen, IoU of each class, and what it says on one slice."""

    slices: int
    iou: tuple[float, ...]
    prediction: np.ndarray

    @property
    def mean_zone_iou(self) -> float:
        """Mean IoU of the four zones, without the background."""
        return float(np.nanmean(self.iou[1:]))


@dataclass(frozen=True)
class Patients:
    """Batches to learn from, batches of patients never seen, and one slice of these to show."""

    known: training.SliceBatches
    unseen: training.SliceBatches
    shown: int
    spacing: tuple[float, float]

    @property
    def image(self) -> np.ndarray:
        """The slice that is shown, (rows, columns)."""
        return self.unseen.images[self.shown, 0].numpy()

    @property
    def expert(self) -> np.ndarray:
        """Its label map."""
        return self.unseen.labels[self.shown].numpy()


@cache
def patients() -> Patients:
    """Phantoms, the same at each call."""
    known = phantom_cases(PATIENTS, seed=1, progress=False)
    unseen = phantom_cases(UNSEEN, seed=900, progress=False)
    batches = training.SliceBatches(unseen, 16, SIZE)
    zones = [len(label.unique()) * 1e6 + int((label > 0).sum()) for label in batches.labels]
    _, *in_plane = slice_spacing(unseen[0], SIZE)
    return Patients(
        training.SliceBatches(known, BATCH, SIZE),
        batches,
        int(np.argmax(zones)),
        (in_plane[0], in_plane[1]),
    )


def network(skips: bool = True, seed: int = 0) -> torch.nn.Module:
    """The untrained network; without its skips it gets zeros in their place."""
    with training.seeded(seed):
        model = first_network.untrained()
    if not skips:
        for name, part in model.named_children():
            if name.startswith("upcat"):
                part.register_forward_pre_hook(_without_skip)
    return model


def _without_skip(_: torch.nn.Module, inputs: tuple) -> tuple:
    below, skip = inputs
    return below, torch.zeros_like(skip)


def learn(
    data: Patients,
    share_done: Callable[[int], float],
    *,
    skips: bool = True,
    seed: int = 0,
    look_at: Callable[[], bool] = lambda: True,
) -> Iterator[Look]:
    """Train a network, and give a `Look` before the first step, after rounds, and at the end.

    Args:
        data: from `patients()`.
        share_done: called with the number of steps done, tells which share of the training that is;
            at 1 it ends. The learning rate follows it: up in the first quarter, then down to 0.
        skips: whether the network has them.
        seed: of its first weights and of the order of the slices.
        look_at: called after each step, tells whether to look now.
    """
    model = network(skips, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK)
    weights = class_weights(data.known.labels, len(PROSTATE_CLASSES)).sqrt()
    weights /= weights.sum()
    order = training.generator(seed)
    yield _look(model, data, 0)
    steps = slices = 0
    while (share := share_done(steps)) < 1:
        batch = torch.randint(data.known.slices, (BATCH,), generator=order)
        image, label = data.known.images[batch], data.known.labels[batch]
        for group in optimizer.param_groups:
            group["lr"] = PEAK * _rate(share)
        model.train()
        optimizer.zero_grad()
        _loss(model(image), label, weights).backward()
        optimizer.step()
        steps, slices = steps + 1, slices + len(image)
        if look_at():
            yield _look(model, data, slices)
    yield _look(model, data, slices)


def _rate(share: float) -> float:
    """Two half cosines, up and down."""
    if share < RISE:
        return 0.5 - 0.5 * math.cos(math.pi * (share / RISE)) + 0.01
    return 0.5 + 0.5 * math.cos(math.pi * (share - RISE) / (1 - RISE))


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1]).movedim(-1, 1)
    crossed = torch.nn.functional.cross_entropy(logits, labels, weights)
    return soft_dice_loss(logits, one_hot) + crossed


def _look(model: torch.nn.Module, data: Patients, slices: int) -> Look:
    iou = iou_per_class(evaluate(model, data.unseen, len(PROSTATE_CLASSES), CPU))
    with torch.no_grad():
        model.eval()
        said = model(data.unseen.images[data.shown : data.shown + 1]).argmax(1)[0]
    return Look(slices, tuple(iou.tolist()), said.numpy())


def draw(data: Patients, look: Look, title: str) -> Drawing:
    """The expert's contours and the network's, and the mean zone IoU in large digits."""
    figure, alt = plots.compare(
        data.image,
        data.expert,
        {title: look.prediction},
        spacing=data.spacing,
        class_names=PROSTATE_CLASSES,
        margin=None,  # the whole field, so that no picture is cut otherwise than the one before
    )
    figure.set_size_inches(13, 6.4)
    figure.suptitle(f"IoU {look.mean_zone_iou:.2f}", fontsize=58, color=DARK, weight="bold")
    says = f"{look.slices} slices seen: mean zone IoU {look.mean_zone_iou:.2f} on unseen patients."
    return Drawing(figures.legible(figure), f"{says} {alt}", says)


def train_a_unet(skips: bool = True, seconds: float = SECONDS) -> LiveUNet:
    """A U-Net that is trained live, its prediction on an unseen slice beside the expert's.

    Args:
        skips: False cuts them.
        seconds: how long it learns, whatever the machine.
    """
    return LiveUNet(skips, seconds)


class LiveUNet(Staged):
    """The demo of `train_a_unet`: it begins when its button is pressed."""

    def __init__(self, skips: bool, seconds: float) -> None:
        if not seconds > 0:
            raise InputError(f"a training takes some seconds, not {seconds}")
        self._skips, self._seconds = skips, seconds
        self._title = "the network" if skips else "the network, skips cut"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        super().__init__(self._drawing, {}, dict)

    def still(self, steps: int = 250) -> Drawing:
        """The prediction after a training of some steps."""
        with one_thread():
            *_, last = learn(
                patients(),
                lambda done: done / steps,
                skips=self._skips,
                look_at=lambda: False,
            )
        return draw(patients(), last, self._title)

    def _ipython_display_(self) -> None:
        if not interactive():
            super()._ipython_display_()
            return
        # an audience does not wait for the picture of a training that it is about to see
        show_live(self.view)
        figure, alt, _ = self._drawing()
        show_still(figure, alt)

    def begin_anew(self) -> None:
        """Stop what is learning, and show the untrained network."""
        self.stop()
        self.picture.showing(self._drawing())
        self._button.disabled = False

    def stop(self) -> None:
        """End the training, and wait until it has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._stop.clear()

    def start(self, *_: object) -> None:
        """Begin to learn, in a thread, so that the keys are heard."""
        self.stop()
        self._button.disabled = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @cached_property
    def _button(self) -> Any:
        import ipywidgets

        button = ipywidgets.Button(description=f"Train for {self._seconds:.0f} seconds")
        button.layout.width = "auto"
        button.on_click(self.start)
        return button

    def _row(self) -> ipywidgets.HBox:
        row = super()._row()
        row.children = [self._button, *row.children]
        return row

    def _drawing(self) -> Drawing:
        first = next(learn(patients(), lambda _: 1.0, skips=self._skips))
        return draw(patients(), first, self._title)

    def _run(self) -> None:
        data, begin = patients(), time.perf_counter()
        last = begin

        def share_done(_: int) -> float:
            if self._stop.is_set():
                return 1.0
            return (time.perf_counter() - begin) / self._seconds

        def look_at() -> bool:
            nonlocal last
            if time.perf_counter() - last < SECONDS_BETWEEN:
                return False
            last = time.perf_counter()
            return True

        with one_thread():
            for look in learn(data, share_done, skips=self._skips, look_at=look_at):
                if self._stop.is_set():
                    return
                self.picture.showing(draw(data, look, self._title))
        self._button.disabled = False
