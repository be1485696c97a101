"""Ways to run a student's function or class on probe inputs, and to see if it keeps its device.

A runner takes the student's object and the decoded arguments of one probe and returns plain data:
numbers, arrays, tensors, or a dictionary of named facts.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from medseg.map_runners import MAP_RUNNERS
from medseg.volume_runners import VOLUME_RUNNERS


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function with the arguments of the probe."""
    return function(*args, **kwargs)


def with_dtype(function: Callable, value: Any, *args: Any, **kwargs: Any) -> dict:
    """Call a function that keeps the dtype of its first argument, and report whether it does."""
    result = function(value, *args, **kwargs)
    due, found = (str(getattr(x, "dtype", None)).split(".")[-1] for x in (value, result))
    dtype = "that of the input" if due == found else f"{found} instead of {due}"
    return {"the result": result, "the dtype": dtype}


def with_gradient(function: Callable, value: Any, *args: Any, **kwargs: Any) -> dict:
    """Call a loss, and report its gradient with respect to its first argument as well."""
    import torch

    leaf = value.detach().clone().requires_grad_()
    result = function(leaf, *args, **kwargs)
    # A pretended device has no gradients, and what is no scalar tensor has no single one.
    if type(result) is not torch.Tensor or result.ndim:
        return {"the result": result}
    return {"the result": result, "the gradient": torch.autograd.grad(result, leaf)[0]}


def averaged(function: Callable, lists: list) -> dict:
    """Call a function that makes one list of tensors of several lists of them.

    Reports whether its tensors have the dtypes of the first list's, and are none of the inputs.
    """
    import torch

    result = function(lists)
    facts = {"the result": result}
    if not isinstance(result, list) or any(type(x) is not torch.Tensor for x in result):
        return facts
    given = {x.untyped_storage().data_ptr() for tensors in lists for x in tensors}
    facts["each tensor has the dtype of its gradients"] = all(
        x.dtype == first.dtype for x, first in zip(result, lists[0], strict=False)
    )
    facts["each tensor is a new one"] = all(
        x.untyped_storage().data_ptr() not in given for x in result
    )
    return facts


def through_numpy(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """As `call`, for a function that may calculate on the CPU and must bring its result back."""
    return function(*args, **kwargs)


def module(cls: type, options: dict, *inputs: Any, look: Sequence[str] = ()) -> dict:
    """Build a `torch.nn.Module` and report what every right implementation shares.

    `look` names further looks of `medseg.network_probes`, by a word each.
    """
    from medseg import network_probes as probes

    facts = probes.module_facts(cls, options, *inputs)
    if "output shape" not in facts:
        return facts
    looks: dict[str, Callable[[], Any]] = {
        "the number of 3-convolutions": lambda: probes.three_convolutions(cls, options),
        "receptive field": lambda: probes.reach(cls, options, inputs[0]),
        "the block is more than one convolution": lambda: (
            not probes.is_linear(cls, options, tuple(inputs[0].shape))
        ),
        "a ReLU follows the first convolution": lambda: probes.relu_in_between(cls, options),
        "a ReLU follows the second convolution": lambda: probes.relu_at_the_end(cls, options),
        "each convolution is normalised": lambda: probes.normalises(cls, options),
        "each input channel is used": lambda: probes.uses_every_channel(
            cls, options, tuple(inputs[0].shape)
        ),
        "the output depends on x": lambda: probes.depends_on(cls, options, list(inputs), 0),
        "the output depends on the skip": lambda: probes.depends_on(cls, options, list(inputs), 1),
        "channels at the bottom": lambda: probes.most_channels(cls, options),
        "channels of the levels": lambda: probes.widths(cls, options, options["features"]),
        "the output": lambda: probes.output_kind(cls, options, inputs[0]),
        "fine detail arrives": lambda: probes.keeps_detail(cls, options),
        "a 1-convolution gives the logits": lambda: probes.has_pointwise_head(cls, options),
    }
    return facts | {name: looks[name]() for name in look}


def tiles(function: Callable, image: Any, tile: int, margin: int, weight: Any) -> Any:
    """Call an overlap-tile function with a convolution by `weight` as its model.

    Reports the result and the sizes of the tiles that the model was given.
    """
    import torch

    seen: list[list[int]] = []

    def model(x: Any) -> Any:
        seen.append(list(x.shape[-2:]))
        return torch.nn.functional.conv2d(x, weight, padding="same")

    result = function(image, tile, margin, model)
    return {"the result": result, "the tiles that the model saw": sorted(seen)}


def _of_training(name: str) -> Callable:
    """A runner of `medseg.training_runners`, which imports torch, so only when it is used."""

    def run(function: Callable, *args: Any, **kwargs: Any) -> dict:
        from medseg.training_runners import TRAINING_RUNNERS

        return TRAINING_RUNNERS[name](function, *args, **kwargs)

    return run


RUNNERS: dict[str, Callable] = {
    "call": call,
    "with_dtype": with_dtype,
    "with_gradient": with_gradient,
    "averaged": averaged,
    "through_numpy": through_numpy,
    "module": module,
    "tiles": tiles,
}
RUNNERS |= MAP_RUNNERS | VOLUME_RUNNERS
for _name in ("augment", "train_epoch", "evaluate", "fit", "predict_volume"):
    RUNNERS[_name] = _of_training(_name)


def accelerators() -> list[str]:
    """The accelerators of this machine that torch can use: "cuda", "mps", or none."""
    import torch

    found = ["cuda"] if torch.cuda.is_available() else []
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def device_fault(function: Callable, runner: Callable, *args: Any, **kwargs: Any) -> str | None:
    """How `function` leaves the device of its inputs, in a sentence; None if it stays there.

    Runs on every accelerator of this machine, and on a pretended one where there is none.
    """
    for device in accelerators():
        fault = _fault_on(device, function, runner, args, kwargs)
        if fault:
            return fault
    return None if accelerators() else _fault_on_pretended(function, runner, args, kwargs)


def _fault_on(
    device: str, function: Callable, runner: Callable, args: tuple, kwargs: dict
) -> str | None:
    import torch
    from torch.utils._pytree import tree_map

    def move(x: Any) -> Any:
        return x.to(device) if isinstance(x, torch.Tensor) else x

    try:
        args, kwargs = tree_map(move, args), tree_map(move, kwargs)
    except TypeError:
        return None  # MPS has no float64: this probe cannot be asked there
    if runner is module:
        return _module_fault(lambda value: tree_map(move, value), device, function, args)
    return _judge(lambda: runner(function, *args, **kwargs), device, _advice(runner))


def _fault_on_pretended(
    function: Callable, runner: Callable, args: tuple, kwargs: dict
) -> str | None:
    from medseg.pretend_device import DEVICE, PretendedDevice, pretend

    with PretendedDevice():
        args, kwargs = pretend(args), pretend(kwargs)
        if runner is module:
            return _module_fault(pretend, DEVICE.type, function, args)
        return _judge(lambda: runner(function, *args, **kwargs), DEVICE.type, _advice(runner))


def _module_fault(move: Callable, device: str, cls: Callable, args: tuple) -> str | None:
    """A layer that is not registered keeps its parameters on the CPU, which shows here."""
    import torch

    options, *inputs = args
    network = cls(**options).eval()
    state = {name: move(value.detach().clone()) for name, value in network.state_dict().items()}
    return _judge(lambda: torch.func.functional_call(network, state, tuple(inputs)), device)


STAY = "make new tensors with `device=` of an input, and leave out `.cpu()`"
COME_BACK = "bring it back with `.to(…)` and the device of the input"


def _advice(runner: Callable) -> str:
    return COME_BACK if runner is through_numpy else STAY


def _judge(run: Callable, device: str, advice: str = STAY) -> str | None:
    import torch
    from torch.utils._pytree import tree_iter

    try:
        result = run()
    except (RuntimeError, TypeError, AssertionError) as error:
        message = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        return (
            f"with inputs on a {device} device your function fails: {message}. A tensor that you "
            "make yourself needs `device=` of an input; layers must be attributes of the module. "
            "(Where there is no accelerator, this is tried on a pretended one.)"
        )
    for tensor in (x for x in tree_iter(result) if isinstance(x, torch.Tensor)):
        if tensor.device.type != device:
            return (
                f"with inputs on a {device} device your result lies on {tensor.device.type}: "
                f"{advice}."
            )
    if any(isinstance(x, np.ndarray) for x in tree_iter(result)):
        return f"with inputs on a {device} device your result is a numpy array on the host."
    return None
