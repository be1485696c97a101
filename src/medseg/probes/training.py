"""Ways to run the functions of unit 07 on small known models, and what is seen while they run.

Each runner takes the student's function and plain data, and returns a dictionary of named facts.
The models have a handful of weights and note in which mode, on which device and with how much
input they are called.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from IPython.utils.capture import capture_output

from medseg.probes import calls
from medseg.probes.device import lies_on, works_elsewhere

# How far a weight may be from where it should be.
NEAR = 1e-6


class LinearModel(torch.nn.Module):
    """Logits weight · x over the channels of (N, C, H, W), and a note of every call."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())
        self.modes: list[bool] = []
        self.gradients: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        self.gradients.append(torch.is_grad_enabled())
        channels = self.weight.shape[1]
        if x.dim() != 4 or x.shape[1] != channels:
            raise RuntimeError(
                f"expected input of shape (N, {channels}, H, W), but got {tuple(x.shape)}"
            )
        return torch.einsum("kc,nchw->nkhw", self.weight, x)


class Threshold(torch.nn.Module):
    """Two classes: 1 where a pixel is above the model's one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.weight - x, x - self.weight], dim=1)


def train_epoch(
    function: Callable,
    weight: torch.Tensor,
    images: Sequence[torch.Tensor],
    labels: Sequence[torch.Tensor],
    rate: float,
) -> dict[str, Any]:
    """One pass of `train_epoch` with cross-entropy and gradient descent, on a linear model."""
    cross_entropy = torch.nn.functional.cross_entropy
    model = LinearModel(weight).eval()
    optimizer = torch.optim.SGD(model.parameters(), rate)
    batches = list(zip(images, labels, strict=True))
    passes = Batches(batches)
    with _left_behind() as left:
        loss = function(model, passes, cross_entropy, optimizer, torch.device("cpu"))

    def elsewhere(move: Callable, device: torch.device) -> bool:
        moved = _moved(LinearModel(weight), move)
        stepper = torch.optim.SGD(moved.parameters(), rate, foreach=False)
        return isinstance(function(moved, batches, cross_entropy, stepper, device), float)

    return {
        "loss": loss,
        "weights afterwards": model.weight.detach().clone(),
        "training mode": bool(model.modes) and all(model.modes),
        "goes through the batches once": passes.passes == 1,
        **left,
        "works on an accelerator, with batches moved to it": works_elsewhere(elsewhere),
    }


def evaluate(
    function: Callable,
    weight: torch.Tensor,
    images: Sequence[torch.Tensor],
    labels: Sequence[torch.Tensor],
    num_classes: int,
) -> dict[str, Any]:
    """`evaluate` on a linear model: the matrix, and how the model was treated."""
    batches = list(zip(images, labels, strict=True))
    host = torch.device("cpu")
    restored, notes, passes = [], [], Batches(batches)
    with _left_behind() as left:
        for mode in (True, False):
            model = LinearModel(weight).train(mode)
            confusion = function(model, passes, num_classes, host)
            restored.append(model.training == mode)
            notes.append(model)

    def elsewhere(move: Callable, device: torch.device) -> Any:
        return function(_moved(LinearModel(weight), move), batches, num_classes, device)

    return {
        "confusion": confusion,
        "goes through the batches once": passes.passes == 2,  # in each of two calls
        "evaluation mode": all(m.modes and not any(m.modes) for m in notes),
        "no gradients": all(m.gradients and not any(m.gradients) for m in notes),
        "mode restored": all(restored),
        **left,
        **_answers_on_the_cpu(elsewhere),
    }


def predict_volume(
    function: Callable, weight: torch.Tensor, volume: torch.Tensor
) -> dict[str, Any]:
    """`predict_volume` on a linear model of one channel and a constant one."""
    host = torch.device("cpu")
    restored, notes = [], []
    with _left_behind() as left:
        for mode in (True, False):
            model = LinearShift(weight).train(mode)
            labels = function(model, volume.clone(), host)
            restored.append(model.training == mode)
            notes.append(model)

    def elsewhere(move: Callable, device: torch.device) -> Any:
        return function(_moved(LinearShift(weight), move), volume, device)

    return {
        "labels": labels,
        "any number of slices is predicted": _every_depth(function, weight, volume.dtype),
        "evaluation mode": all(m.modes and not any(m.modes) for m in notes),
        "no gradients": all(m.gradients and not any(m.gradients) for m in notes),
        "mode restored": all(restored),
        **left,
        **_answers_on_the_cpu(elsewhere),
    }


def _every_depth(function: Callable, weight: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether volumes of 1 to 40 slices are right: however many one takes at a time."""
    slices = torch.linspace(-3, 3, 240, dtype=dtype).reshape(40, 2, 3)
    slope, height = weight.T[:, :, None, None, None]
    due = (slope * slices + height).argmax(0)
    for depth in range(1, 41):
        with calls.called(f"on a volume of {depth} by 2 by 3 voxels"):
            labels = function(LinearShift(weight), slices[:depth].clone(), torch.device("cpu"))
        if not torch.is_tensor(labels) or not torch.equal(labels.cpu().long(), due[:depth]):
            return False
    return True


class LinearShift(LinearModel):
    """Logits a · x + b for each class, (a, b) a row of the weight."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dim() != 4 or x.shape[1] != 1:
            raise RuntimeError(f"expected input of shape (N, 1, H, W), but got {tuple(x.shape)}")
        return super().forward(torch.cat([x, torch.ones_like(x)], dim=1))


@contextmanager
def _left_behind() -> Iterator[dict[str, bool]]:
    """Facts, filled in at the end, about what a function leaves behind in all of torch."""
    facts: dict[str, bool] = {}
    before = _states()
    try:
        yield facts
    finally:
        facts["gradients are still switched on afterwards"] = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
    facts["nobody's random numbers are reseeded"] = before == _states()


def _states() -> tuple:
    """The states of chance of torch, Python and numpy."""
    numpys = np.random.get_state(legacy=False)  # noqa: NPY002
    return torch.get_rng_state().tolist(), random.getstate(), str(numpys)


class Other(Threshold):
    """A model with one weight more, whose checkpoint fits no Threshold."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))


class Interrupted(Exception):
    """Stands for a power cut in the middle of an epoch."""


class Batches:
    """The same batches in every pass; counts the passes, and fails in number `fails_in`."""

    def __init__(self, batches: list, fails_in: int | None = None) -> None:
        self.batches, self.fails_in, self.passes = batches, fails_in, 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator:
        self.passes += 1
        for k, batch in enumerate(self.batches):
            if self.passes == self.fails_in and k:
                raise Interrupted
            yield batch


def fit(
    function: Callable, aim: float, border: float, rate: float, momentum: float, epochs: int
) -> dict[str, Any]:
    """`fit` on a model whose one weight swings around `aim`, past the true `border` and back.

    The best weight by IoU, the one of the lowest loss, and the last one all differ. In a second run
    the border lies where the weight is after the first epoch.
    """
    pixels = torch.linspace(0, 8, 160, dtype=torch.float64).reshape(2, 1, 8, 10)
    shift = [float(half.mean()) for half in pixels.split(1)]
    step = rate * aim
    early = step + rate * (momentum * aim + aim - step)

    def run(
        checkpoint: Path,
        fails_in: int | None = None,
        model: torch.nn.Module | None = None,
        edge: float = border,
        total: int = epochs,
    ) -> tuple:
        batches = [(half, (half[:, 0] > edge).long()) for half in pixels.split(1)]

        def loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            first = bool((label == batches[0][1]).all())
            weight = logits[:, 0].mean() + shift[0 if first else 1]
            return 0.5 * (weight - aim) ** 2

        model = model or Threshold()
        optimizer = torch.optim.SGD(model.parameters(), rate, momentum=momentum)
        train, watched = Batches(batches, fails_in), Batches(batches)
        arguments = (model, train, watched, loss, optimizer, 2, total)
        try:
            history = function(*arguments, torch.device("cpu"), checkpoint)
        except Interrupted:
            history = None
        weight = model.get_parameter("weight").detach().clone()
        return history, weight, train.passes, watched.passes

    with tempfile.TemporaryDirectory() as folder, capture_output() as said:
        with _left_behind() as left:
            history, weight, _, looks = run(Path(folder, "straight.pt"))
        run(Path(folder, "resumed.pt"), fails_in=epochs - 1)
        resumed, resumed_weight, passes, _ = run(Path(folder, "resumed.pt"))
        again, again_weight, no_passes, _ = run(Path(folder, "resumed.pt"))
        kept = Path(folder, "resumed.pt").exists()
        longer, _, _, _ = run(Path(folder, "resumed.pt"), total=epochs + 2)
        in_one_go, _, _, _ = run(Path(folder, "longer.pt"), total=epochs + 2)
        _, early_weight, _, _ = run(Path(folder, "early.pt"), edge=early)
        other = Path(folder, "other.pt")
        run(other, model=Other())
        refused = _refuses(lambda: run(other), other)
    return {
        "the validation batches are looked at after each epoch": looks >= epochs,
        "history": history,
        "weight that is left": weight,
        "history of an interrupted run": resumed,
        "weight after an interrupted run": resumed_weight,
        "passes over the training batches after the interruption": passes,
        "a finished run trains no more": no_passes == 0 and again == resumed,
        "weight of a finished run": again_weight,
        "the checkpoint is still there after a finished run": kept,
        "a finished run that is made longer goes on from its latest state": longer == in_one_go,
        "the first epoch can be the best": abs(float(early_weight) - early) < NEAR,
        "another model's checkpoint is refused with a ValueError and kept": refused,
        **left,
        "nothing on stderr": not said.stderr,
    }


def _refuses(run: Callable[[], Any], checkpoint: Path) -> bool:
    """Whether a run raises a ValueError and leaves the checkpoint as it was."""
    before = checkpoint.read_bytes() if checkpoint.exists() else None
    try:
        run()
    except ValueError:
        return before is not None and checkpoint.read_bytes() == before
    except Exception:  # of a type that no text promises
        return False
    return False


def _moved(model: torch.nn.Module, move: Callable) -> torch.nn.Module:
    """The model with its parameters on the device that `move` leads to."""
    for name, parameter in list(model.named_parameters()):
        setattr(model, name, torch.nn.Parameter(move(parameter.detach())))
    return model


def _answers_on_the_cpu(run: Callable[[Callable, torch.device], Any]) -> dict[str, bool]:
    """Two facts: it runs with a model elsewhere, and what it gives lies on the CPU all the same."""
    runs = works_elsewhere(lambda move, device: run(move, device) is not None)
    home = torch.device("cpu")
    return {
        "works with a model on an accelerator": runs,
        "answers on the CPU": runs
        and works_elsewhere(lambda move, device: lies_on(home, run(move, device))),
    }
