"""What unit 07's training needs around the student's own functions: batches, schedule, checkpoints.

Nothing here is what the course teaches; it is what every training run has around it.
"""

import copy
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from medseg import plots
from medseg.cases.slicing import slices
from medseg.errors import InputError
from medseg.files import replacing
from medseg.plots.display import show
from medseg.runtime import graded, in_notebook, interactive

if TYPE_CHECKING:
    from medseg.cases import Case


# Batches that are timed, after one that warms up.
MEASURED = 3
# With fewer it is chance how well the smallest zone is found, however slow the machine.
LEAST_SLICES = 1500
# Mean zone IoU by slices seen in training, measured on 10 held-out phantoms: unit 07's solution on
# 24 training and 6 validation phantoms (534 slices an epoch of 96 x 96 pixels), each number of
# slices a run of its own with its own schedule; 1000 and 1500 are means of three seeds.
PHANTOM_IOU = {1000: 0.51, 1500: 0.59, 2000: 0.62, 3500: 0.67, 7000: 0.71}


def device() -> torch.device:
    """The best device of this machine: an NVIDIA or AMD card, an Apple one, or the CPU.

    >>> import torch
    >>> from medseg import training
    >>> torch.zeros(2).to(training.device()).device.type == training.device().type
    True
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def generator(seed: int) -> torch.Generator:
    """A torch generator in the state that `seed` gives.

    >>> import torch
    >>> from medseg import training
    >>> one, other = (torch.rand(2, generator=training.generator(3)) for _ in range(2))
    >>> torch.equal(one, other)
    True
    """
    return torch.Generator().manual_seed(seed)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, torch's global state starts from `seed` (initial weights draw from it).

    >>> import torch
    >>> from medseg import training
    >>> weights = []
    >>> for _ in range(2):
    ...     with training.seeded(3):
    ...         weights.append(torch.nn.Linear(2, 1).weight)
    >>> torch.equal(*weights)
    True
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def shortened(full: Any, graded_instead: Any) -> Any:
    """`full`, or `graded_instead` while nbgrader runs the notebook.

    Grading needs the functions that a student wrote, not the network of a long training: the test
    cells train small ones of their own.

    >>> from medseg import training
    >>> training.shortened(full=100, graded_instead=2)
    100
    """
    return graded_instead if graded() else full


def epochs_for(slices_per_epoch: int, slices_in_all: int) -> int:
    """How often to go through a data set so that about `slices_in_all` slices are seen.

    Raises InputError if either number is below 1.

    >>> from medseg import training
    >>> training.epochs_for(slices_per_epoch=500, slices_in_all=20_000)
    40
    """
    if slices_per_epoch < 1 or slices_in_all < 1:
        raise InputError(
            f"both numbers of slices must be at least 1, but they are {slices_per_epoch} and "
            f"{slices_in_all}"
        )
    return max(1, round(slices_in_all / slices_per_epoch))


def slices_within(
    seconds: float,
    model: torch.nn.Module,
    batches: "SliceBatches",
    validation: "SliceBatches",
    loss: Callable,
    optimizer: torch.optim.Optimizer,
    most: int,
    least: int = LEAST_SLICES,
) -> int:
    """How many slices a training can see within a time on this machine, as it is now.

    A few batches are trained and one is evaluated, after one of each that only warms up, and the
    time of an epoch follows: its batches, and the validation after it. All this happens to copies
    of the model, the optimiser and the batches' generator, and the global states of chance are put
    back, so that the training is bit for bit what it would be had nobody measured.

    While nbgrader runs the notebook nothing is measured and the answer is `most`.

    Args:
        seconds: the time; whole epochs are fitted into it.
        model: on the device that will train it.
        batches: what it will be trained with.
        validation: what it will be evaluated with after each epoch.
        loss: called as `loss(logits, label)`.
        optimizer: the one that will train it.
        most, least: bounds of the answer, whatever the time.

    Returns:
        A number of slices from `least` to `most`; says on stdout what was measured.

    Raises:
        InputError: the time is not positive, or `least` is below 1 or above `most`.

    >>> import torch
    >>> from medseg import training
    >>> from medseg.cases import phantom_cases
    >>> batches = training.SliceBatches(phantom_cases(1, progress=False), batch_size=8, size=32)
    >>> model = torch.nn.Conv2d(1, 5, 1)
    >>> optimizer = torch.optim.AdamW(model.parameters())
    >>> loss = torch.nn.functional.cross_entropy
    >>> training.slices_within(60, model, batches, batches, loss, optimizer, most=60, least=60)
    8 slices take ... s here: 60 slices, ... epochs, ...
    60
    """
    if not seconds > 0 or not 1 <= least <= most:
        raise InputError(
            f"the time must be positive and the bounds 1 <= least <= most, but they are {seconds} "
            f"s, {least} and {most}"
        )
    if graded():
        return most
    with _chance_kept(_where(model)):
        step, look = _seconds_per_batch(model, batches, validation, loss, optimizer)
    epoch = step * len(batches) + look * len(validation)
    fitting = int(seconds / epoch) * batches.slices
    slices_in_all = min(max(fitting, least), most)
    epochs = epochs_for(batches.slices, slices_in_all)
    count = "1 epoch" if epochs == 1 else f"{epochs} epochs"
    says = f"{batches.batch_size} slices take {step:.2g} s here: {slices_in_all} slices, {count}"
    if slices_in_all == fitting:
        print(f"{says}, fit into about {seconds:g} s.")
    else:
        bound = "least that pays" if fitting < least else "most that pays"
        print(f"{says}, the {bound}, will take about {epoch * epochs:.0f} s.")
    return slices_in_all


def _seconds_per_batch(
    model: torch.nn.Module,
    batches: "SliceBatches",
    validation: "SliceBatches",
    loss: Callable,
    optimizer: torch.optim.Optimizer,
) -> tuple[float, float]:
    """Time of a step of training and of a look at a validation batch, measured on copies."""
    where = _where(model)
    # together, so that the optimiser's copy moves the weights of the model's copy
    model, optimizer = copy.deepcopy((model, optimizer))
    batches = copy.copy(batches)
    if batches.generator is not None:
        batches.generator = batches.generator.clone_state()
    steps, looks = [now(where)], []
    model.train()
    for image, label in islice(batches, MEASURED + 1):
        value = loss(model(image.to(where)), label.to(where))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        steps.append(now(where))
    model.eval()
    image, _ = next(iter(validation))
    with torch.no_grad():
        for _ in range(3):
            looks.append(now(where))
            model(image.to(where)).argmax(dim=1).cpu()
    times = np.diff(steps)
    return float(np.median(times[1:] if len(times) > 1 else times)), looks[-1] - looks[-2]


def _where(model: torch.nn.Module) -> torch.device:
    return next(model.parameters()).device


def now(where: torch.device) -> float:
    """Seconds by the clock, once the device has done all that it was given."""
    torch.get_device_module(where).synchronize()
    return time.perf_counter()


@contextmanager
def _chance_kept(where: torch.device) -> Iterator[None]:
    """The global states of chance, of Python, numpy, torch and the device, are put back."""
    drawing: list[Any] = [torch] if where.type == "cpu" else [torch, torch.get_device_module(where)]
    states = [module.get_rng_state() for module in drawing]
    # what a student's augmentation may draw from, against all advice
    python, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        for module, state in zip(drawing, states, strict=True):
            module.set_rng_state(state)
        random.setstate(python)
        np.random.set_state(arrays)  # noqa: NPY002


def on_phantoms(slices_in_all: int) -> str:
    """A sentence on what a training with so many slices reaches on held-out phantoms, about.

    Interpolated in PHANTOM_IOU along the logarithm of the slices.

    >>> from medseg import training
    >>> training.on_phantoms(7000)
    'On held-out phantoms that gives a mean zone IoU of about 0.71.'
    """
    known = sorted(PHANTOM_IOU)
    if slices_in_all < known[0]:
        return "So short a training says nothing about what the network can learn."
    iou = np.interp(np.log(slices_in_all), np.log(known), [PHANTOM_IOU[key] for key in known])
    return f"On held-out phantoms that gives a mean zone IoU of about {iou:.2f}."


class SliceBatches:
    """Batches of axial slices, in a new order in every pass.

    Iterating gives pairs of image (N, 1, size, size) float32 and label (N, size, size) int64.

    Args:
        cases: of one data set.
        batch_size: slices a batch; the last one of a pass may be smaller.
        size: rows and columns.
        augment: called as `augment(image, label, generator)` for each slice, image (1, size, size);
            None leaves the slices as they are.
        generator: draws the order and the augmentation; None keeps the order.

    Raises:
        InputError: there are no cases, the batch size is below 1, or `augment` is given without a
            generator.

    >>> from medseg import training
    >>> from medseg.cases import phantom_cases
    >>> batches = training.SliceBatches(phantom_cases(1, progress=False), batch_size=8, size=32)
    >>> [tuple(image.shape) for image, label in batches]
    [(8, 1, 32, 32), (8, 1, 32, 32), (5, 1, 32, 32)]
    """

    def __init__(
        self,
        cases: Sequence["Case"],
        batch_size: int = 16,
        size: int = 128,
        augment: Callable | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        if not cases:
            raise InputError("there are no cases to make batches of; give at least one")
        if batch_size < 1:
            raise InputError(f"the batch size must be at least 1, not {batch_size}")
        if augment is not None and generator is None:
            raise InputError("augment draws at random: give a generator with it")
        pairs = [slices(case, size) for case in cases]
        self.images = torch.from_numpy(np.concatenate([image for image, _ in pairs]))[:, None]
        self.labels = torch.from_numpy(np.concatenate([label for _, label in pairs]))
        self.batch_size, self.augment, self.generator = batch_size, augment, generator

    @property
    def slices(self) -> int:
        """Number of slices in one pass."""
        return len(self.images)

    def __len__(self) -> int:
        """Number of batches in one pass."""
        return math.ceil(self.slices / self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        if self.generator is None:
            order = torch.arange(self.slices)
        else:
            order = torch.randperm(self.slices, generator=self.generator)
        for indices in order.split(self.batch_size):
            if self.augment is None:
                yield self.images[indices], self.labels[indices]
                continue
            pairs = [self.augment(self.images[i], self.labels[i], self.generator) for i in indices]
            yield torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])


class Recorded:
    """Validation batches that note the IoU of each class whenever a model has gone through them.

    What the model answers is overheard as it is evaluated, so nothing is calculated twice.

    Args:
        batches: iterable of (image, label).
        model: whose answers (N, C, H, W), in evaluation mode, are overheard.
        optimizer: whose learning rates are noted.

    `scores` holds a (C,) tensor for each pass, NaN for a class that is nowhere; `rates` the
    learning rate of each step of the optimiser.

    >>> import torch
    >>> from medseg import training
    >>> model = torch.nn.Conv2d(1, 2, 1).eval()
    >>> batches = [(torch.zeros(1, 1, 4, 4), torch.zeros(1, 4, 4, dtype=torch.int64))]
    >>> recorded = training.Recorded(batches, model, torch.optim.SGD(model.parameters(), 0.1))
    >>> for image, _ in recorded:
    ...     logits = model(image)
    >>> [len(score) for score in recorded.scores]
    [2]
    """

    def __init__(
        self,
        batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self.batches = batches
        self.scores: list[torch.Tensor] = []
        self.rates: list[float] = []
        self._answer: torch.Tensor | None = None
        self._listens = False
        model.register_forward_hook(self._overhear)
        optimizer.register_step_pre_hook(
            lambda steps, *_: self.rates.append(float(steps.param_groups[0]["lr"]))
        )

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        counts = torch.tensor(0)
        for image, label in self.batches:
            self._answer = None
            self._listens = True
            yield image, label
            self._listens = False
            # who asks the model picture by picture is not overheard
            if self._answer is not None and len(self._answer) == len(label):
                classes = self._answer.shape[1]
                pairs = label.to(self._answer.device) * classes + self._answer.argmax(dim=1)
                found = torch.bincount(pairs.flatten(), minlength=classes**2)
                counts = counts + found.reshape(classes, classes).cpu()
        if counts.dim():
            hits = counts.diagonal().double()
            self.scores.append(hits / (counts.sum(0) + counts.sum(1) - hits))

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]

    def _overhear(self, model: torch.nn.Module, _: Any, logits: torch.Tensor) -> None:
        if self._listens and not model.training:
            self._answer = logits.detach()


def one_cycle(optimizer: torch.optim.Optimizer, steps: int, peak: float) -> None:
    """Let the learning rate rise to `peak` in the first quarter of `steps` and then fall to zero.

    Both arcs are half cosines, as in Smith and Topin, "Super-convergence" (2018). The rate follows
    from the number of steps that the optimiser has counted, which its state dictionary carries, so
    that a run that was interrupted goes on where its schedule was. Needs an optimiser that counts
    its steps, such as AdamW.

    Raises:
        InputError: `steps` is below 1 or `peak` not positive.

    >>> import torch
    >>> from medseg import training
    >>> layer = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.AdamW(layer.parameters())
    >>> training.one_cycle(optimizer, steps=4, peak=0.1)
    >>> rates = []
    >>> for _ in range(4):
    ...     layer(torch.ones(1, 2)).sum().backward()
    ...     optimizer.step()
    ...     rates.append(round(optimizer.param_groups[0]["lr"], 3))
    >>> rates
    [0.004, 0.1, 0.075, 0.025]
    """
    if steps < 1 or not peak > 0:
        raise InputError(f"steps must be at least 1 and peak positive, not {steps} and {peak}")
    first = optimizer.param_groups[0]["params"][0]

    def rate(done: int) -> float:
        share = min(done / steps, 1.0)
        if share < 0.25:
            return float(peak * (0.04 + 0.96 * (1 - np.cos(np.pi * share / 0.25)) / 2))
        return float(peak * (1 + np.cos(np.pi * (share - 0.25) / 0.75)) / 2)

    def set_rate(*_: Any) -> None:
        done = int(optimizer.state.get(first, {}).get("step", 0))
        for group in optimizer.param_groups:
            group["lr"] = rate(done)

    set_rate()
    optimizer.register_step_pre_hook(set_rate)


def save_checkpoint(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write tensors, numbers, texts, lists and dictionaries of them to a file, all or nothing.

    The file is written under another name and then renamed, so that an interruption leaves the
    former checkpoint whole.

    >>> import torch
    >>> from medseg import training
    >>> model = torch.nn.Linear(2, 1)
    >>> training.save_checkpoint("latest.pt", {"model": model.state_dict(), "epoch": 3})
    >>> training.load_checkpoint("latest.pt", model)["epoch"]
    3
    """
    with replacing(path) as partial:
        torch.save(state, partial)


def load_checkpoint(
    path: str | os.PathLike[str], model: torch.nn.Module, key: str = "model"
) -> dict[str, Any] | None:
    """What `save_checkpoint` wrote, on the CPU; None where there is no such file.

    Only plain data is read (`weights_only=True`), never code.

    Args:
        path: the file.
        model: for which the checkpoint is meant; it is not changed.
        key: under which the file holds the model's state dictionary.

    Raises:
        InputError: the file cannot be read, or its state does not fit the model.

    >>> import torch
    >>> from medseg import training
    >>> model = torch.nn.Linear(2, 1)
    >>> training.load_checkpoint("no_such_file.pt", model) is None
    True
    >>> training.save_checkpoint("latest.pt", {"model": model.state_dict()})
    >>> training.load_checkpoint("latest.pt", torch.nn.Linear(5, 1))
    Traceback (most recent call last):
    medseg.errors.InputError: the checkpoint latest.pt does not fit the model: its weight is of
    shape (1, 2), the model's of (1, 5); ...
    """
    path = Path(path)
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"the checkpoint {path} cannot be read ({type(error).__name__}); delete it to start "
            f"from the beginning"
        ) from error
    if not isinstance(state, dict) or not isinstance(state.get(key), dict):
        raise InputError(
            f"the checkpoint {path} holds no state of a model under {key!r}; delete it, or name "
            f"another file"
        )
    misfit = _misfit(state[key], model.state_dict())
    if misfit:
        raise InputError(
            f"the checkpoint {path} does not fit the model: {misfit}; delete it, or build the "
            f"model with the settings that it was trained with"
        )
    return state


def _misfit(saved: dict[str, Any], own: dict[str, torch.Tensor]) -> str:
    """What is first found to differ between two state dictionaries; empty where they fit."""
    for name, value in own.items():
        if name not in saved:
            return f"it has no entry {name}"
        if saved[name].shape != value.shape:
            shapes = tuple(saved[name].shape), tuple(value.shape)
            return f"its {name} is of shape {shapes[0]}, the model's of {shapes[1]}"
    extra = [name for name in saved if name not in own]
    return f"it has an entry {extra[0]}, which the model lacks" if extra else ""


class Progress:
    """A progress bar, and in a notebook curves that grow and a button that stops.

    `with Progress(epochs) as progress: … progress.update(history)` after every epoch. When somebody
    presses the button, or interrupts the kernel once, `update` ends the `with` block after that
    epoch, and the program goes on behind it. Nothing is ever written to stderr.

    Args:
        epochs: how many there will be in all.
        done: how many of them an earlier run has finished.

    >>> from medseg import training
    >>> with training.Progress(epochs=1) as progress:
    ...     progress.update([{"loss": 0.5, "mean_iou": 0.25}])
    training: ... 1/1 [..., loss 0.5000, mean IoU 0.250]
    """

    def __init__(self, epochs: int, done: int = 0) -> None:
        self.epochs, self.done = epochs, done
        self._bar: Any = None
        self._live: Any = None

    def __enter__(self) -> "Progress":
        from tqdm import tqdm

        if interactive():
            from medseg.widgets import LiveTraining

            self._live = LiveTraining(self.epochs, self.done)
            self._live.start()
        else:
            self._bar = tqdm(
                total=self.epochs, initial=self.done, desc="training", unit="epoch", file=sys.stdout
            )
        return self

    def update(self, history: Sequence[dict[str, float]]) -> None:
        """Show the history, a list of {"loss", "mean_iou"}, up to the epoch that has just ended."""
        if self._live is not None:
            self._live.update(history)
            return
        latest = history[-1]
        self._bar.set_postfix_str(
            f"loss {latest['loss']:.4f}, mean IoU {latest['mean_iou']:.3f}", refresh=False
        )
        self._bar.update(len(history) - self._bar.n)
        if in_notebook() and len(history) >= self.epochs:
            show(*plots.curves(history))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if self._live is None:
            self._bar.close()
            return False
        from medseg.widgets.live_training import Stopped

        self._live.finish()
        return kind is Stopped
