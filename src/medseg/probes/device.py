"""Does an answer keep to the device of its inputs: on real accelerators, or on a pretended one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_iter, tree_map

from medseg.probes.pretend_device import DEVICE, PretendedDevice, pretend

STAY = "make new tensors with `device=` of an input, and leave out `.cpu()`"
COME_BACK = "bring it back with `.to(…)` and the device of the input"


def accelerators() -> list[str]:
    """The accelerators of this machine that torch can use: "cuda", "mps", or none."""
    found = ["cuda"] if torch.cuda.is_available() else []
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def device_fault(run: Callable, args: tuple, kwargs: dict, advice: str = STAY) -> str | None:
    """How `run(*args, **kwargs)` leaves the device of its inputs, in a sentence; None if it stays.

    Runs on every accelerator of this machine, and on a pretended one where there is none.
    """

    def on(device: str, move: Callable[[Any], Any]) -> str | None:
        there, named = move(args), move(kwargs)
        return _judge(lambda: run(*there, **named), device, advice)

    return _on_each(on, (args, kwargs))


def module_fault(cls: Callable, options: dict, inputs: tuple) -> str | None:
    """As `device_fault`, for the module `cls(**options)`.

    A layer that is not registered keeps its parameters on the CPU, which shows here.
    """

    def on(device: str, move: Callable[[Any], Any]) -> str | None:
        network = cls(**options).eval()
        # each once, however often a layer is registered: as an attribute and in a Sequential
        held = dict(network.named_parameters()) | dict(network.named_buffers())
        state = {name: move(value.detach().clone()) for name, value in held.items()}
        there = move(inputs)
        return _judge(lambda: torch.func.functional_call(network, state, there), device, STAY)

    return _on_each(on, inputs)


def works_elsewhere(run: Callable[[Callable, torch.device], bool]) -> bool:
    """Whether `run(move, device)` is true on each accelerator, or on a pretended one."""
    try:
        found = [torch.device(name) for name in accelerators()]
        if found:
            return all(run(lambda x, d=device: x.to(d), device) for device in found)
        with PretendedDevice():
            return bool(run(pretend, DEVICE))
    except (RuntimeError, TypeError, AssertionError):
        return False


def lies_on(device: torch.device, result: Any) -> bool:
    """Whether a tensor, or each of several, lies on a device."""
    tensors = result if isinstance(result, tuple | list) else [result]
    return all(torch.is_tensor(x) and x.device.type == device.type for x in tensors)


def _on_each(on: Callable[[str, Callable], str | None], inputs: Any) -> str | None:
    """The first fault that `on(device, move)` finds, on real devices or on the pretended one."""
    for device in accelerators():

        def move(x: Any, device: str = device) -> Any:
            return tree_map(lambda y: y.to(device) if isinstance(y, torch.Tensor) else y, x)

        try:
            move(inputs)
        except TypeError:
            continue  # MPS has no float64: this probe cannot be asked there
        if fault := on(device, move):
            return fault
    if accelerators():
        return None
    with PretendedDevice():
        return on(DEVICE.type, pretend)


def _judge(run: Callable, device: str, advice: str) -> str | None:
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
