"""Ways to run a student's function or class on probe inputs, and to see if it keeps its device.

A runner takes the student's object and the decoded arguments of one probe and returns plain data:
numbers, arrays, tensors, or a dictionary of named facts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function with the arguments of the probe."""
    return function(*args, **kwargs)


def module(cls: type, options: dict, *inputs: Any) -> dict:
    """Build a `torch.nn.Module` and report what every right implementation shares.

    Layers, initial weights and normalisation are the student's choice, so values are not compared:
    the facts are the output's shape and dtype, its finiteness, and whether gradients reach every
    parameter.
    """
    import torch

    network = cls(**options)
    if not isinstance(network, torch.nn.Module):
        return {"is a torch.nn.Module": False}
    output = network(*inputs)
    facts: dict[str, Any] = {
        "is a torch.nn.Module": True,
        "output is a tensor": isinstance(output, torch.Tensor),
    }
    if not isinstance(output, torch.Tensor):
        return facts
    facts["output shape"] = list(output.shape)
    facts["output dtype"] = str(output.dtype)
    facts["output is finite"] = bool(torch.isfinite(output).all())
    parameters = list(network.parameters())
    facts["has parameters"] = bool(parameters)
    if parameters and output.requires_grad:
        gradients = torch.autograd.grad(output.square().mean(), parameters, allow_unused=True)
        facts["every parameter takes part"] = all(g is not None for g in gradients)
    else:
        facts["every parameter takes part"] = False
    return facts


def _of_training(name: str) -> Callable:
    """A runner of `medseg.training_runners`, which imports torch, so only when it is used."""

    def run(function: Callable, *args: Any, **kwargs: Any) -> dict:
        from medseg.training_runners import TRAINING_RUNNERS

        return TRAINING_RUNNERS[name](function, *args, **kwargs)

    return run


RUNNERS: dict[str, Callable] = {"call": call, "module": module}
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
    return _judge(lambda: function(*args, **kwargs), device)


def _fault_on_pretended(
    function: Callable, runner: Callable, args: tuple, kwargs: dict
) -> str | None:
    from medseg.pretend_device import DEVICE, PretendedDevice, pretend

    with PretendedDevice():
        args, kwargs = pretend(args), pretend(kwargs)
        if runner is module:
            return _module_fault(pretend, DEVICE.type, function, args)
        return _judge(lambda: function(*args, **kwargs), DEVICE.type)


def _module_fault(move: Callable, device: str, cls: Callable, args: tuple) -> str | None:
    """A layer that is not registered keeps its parameters on the CPU, which shows here."""
    import torch

    options, *inputs = args
    network = cls(**options)
    state = {name: move(value.detach().clone()) for name, value in network.state_dict().items()}
    return _judge(lambda: torch.func.functional_call(network, state, tuple(inputs)), device)


def _judge(run: Callable, device: str) -> str | None:
    import torch
    from torch.utils._pytree import tree_iter

    try:
        result = run()
    except (RuntimeError, TypeError, AssertionError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        return (
            f"with inputs on a {device} device your function fails: {message}. A tensor that you "
            "make yourself needs `device=` of an input; layers must be attributes of the module."
        )
    for tensor in (x for x in tree_iter(result) if isinstance(x, torch.Tensor)):
        if tensor.device.type != device:
            return (
                f"with inputs on a {device} device your result lies on {tensor.device.type}: make "
                "new tensors with `device=` of an input, and leave out `.cpu()`."
            )
    if any(isinstance(x, np.ndarray) for x in tree_iter(result)):
        return f"with inputs on a {device} device your result is a numpy array on the host."
    return None
