"""A pretended accelerator: shows on any machine whether code leaves the device of its inputs.

Device errors appear only where there is a second device, which most laptops and graders lack.
Here ordinary CPU tensors claim to live on `cuda:0`. Calculations run on the CPU and give real
values, so code that looks at values (`if labels.max() > 4`) runs as well, which it would not with
torch's FakeTensorMode; but mixing such a tensor with an ordinary one raises the error that a real
accelerator would raise, and `.cpu()` or a tensor made on the default device shows in the result.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_iter, tree_map

DEVICE = torch.device("cuda", 0)
CPU = torch.device("cpu")

_DEVICE_GETTERS = {
    torch.Tensor.device.__get__: DEVICE,  # type: ignore[attr-defined]
    torch.Tensor.is_cuda.__get__: True,  # type: ignore[attr-defined]
    torch.Tensor.is_cpu.__get__: False,  # type: ignore[attr-defined]
    torch.Tensor.get_device: 0,
}
# Indexing and copying accept tensors of another device, on real accelerators too.
_MIXED = {"__getitem__", "__setitem__", "copy_", "to", "type_as"}
_HOST = {"numpy", "__array__"}
# Answers about a tensor that are no tensors: these need the tensor itself, not its data.
_PASSIVE = {"__get__", "__set__", "requires_grad_", "backward", "retain_grad", "register_hook"}


class PretendTensor(torch.Tensor):
    """A CPU tensor that says it lives on `cuda:0`."""

    @classmethod
    def __torch_function__(
        cls, func: Callable, types: Iterable, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(func, args, kwargs or {})


class PretendedDevice(TorchFunctionMode):
    """While entered, tensors that are made on `cuda` become `PretendTensor`s."""

    def __torch_function__(
        self, func: Callable, types: Iterable, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(func, args, kwargs or {})


def pretend(value: Any) -> Any:
    """Move every tensor in a nest of lists, tuples and dicts to the pretended device."""
    return tree_map(lambda x: _claim(x) if isinstance(x, torch.Tensor) else x, value)


def real(value: Any) -> Any:
    """Turn every tensor in a nest back into an ordinary CPU tensor."""
    return tree_map(lambda x: _plain(x) if isinstance(x, torch.Tensor) else x, value)


def _claim(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if isinstance(tensor, PretendTensor) else tensor.as_subclass(PretendTensor)


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(torch.Tensor)


def _is_ours(device: Any) -> bool:
    if isinstance(device, int) and not isinstance(device, bool):
        return True
    return device is not None and torch.device(device).type == DEVICE.type


def _wanted_device(name: str, args: tuple, kwargs: dict) -> Any:
    """The device that a call names for its result, None where it names none."""
    if name == "cpu":
        return CPU
    if name == "cuda":
        return DEVICE
    if kwargs.get("device") is not None:
        return kwargs["device"]
    if name in {"to", "type_as"}:
        for target in (*args[1:], kwargs.get("other")):
            if isinstance(target, PretendTensor):
                return DEVICE
            if isinstance(target, torch.Tensor):
                return CPU
            if isinstance(target, str | torch.device):
                return target
    return None


def _run(func: Callable, args: tuple, kwargs: dict) -> Any:
    if func in _DEVICE_GETTERS:
        return _DEVICE_GETTERS[func] if isinstance(args[0], PretendTensor) else _call(func, args)
    name = (resolve_name(func) or getattr(func, "__name__", "")).split(".")[-1]
    tensors = [x for x in tree_iter((args, kwargs)) if isinstance(x, torch.Tensor)]
    ours = [isinstance(x, PretendTensor) for x in tensors]
    if any(ours) and name in _HOST:
        raise TypeError(
            "can't convert cuda:0 device type tensor to numpy. "
            "Use Tensor.cpu() to copy the tensor to host memory first."
        )
    strangers = [x for x, own in zip(tensors, ours, strict=True) if not own and x.dim() > 0]
    if any(ours) and strangers and name not in _MIXED:
        raise RuntimeError(
            "Expected all tensors to be on the same device, "
            f"but found at least two devices, cuda:0 and cpu (in {name})"
        )
    wanted = _wanted_device(name, args, kwargs)
    if name in _PASSIVE or getattr(func, "__name__", "") in _PASSIVE:
        result = _call(func, args, kwargs)
    else:
        result = _call(func, *_on_cpu((args, kwargs)))
    lands = _is_ours(wanted) if wanted is not None else any(ours) and _stays(name, ours)
    if name == "__setitem__" or result is None:
        return result
    return pretend(result) if lands else real(result)


def _stays(name: str, ours: list[bool]) -> bool:
    """Methods that take mixed devices answer on the device of their first tensor."""
    return ours[0] if name in _MIXED else True


def _on_cpu(value: Any) -> Any:
    """The same call for the CPU: devices renamed, claims kept (autograd needs the same leaves)."""

    def swap(x: Any) -> Any:
        if isinstance(x, torch.device) and x.type == DEVICE.type:
            return CPU
        if isinstance(x, str) and x.split(":")[0] == DEVICE.type:
            return CPU
        return x

    return tree_map(swap, value)


def _call(func: Callable, args: tuple, kwargs: dict | None = None) -> Any:
    name = getattr(func, "__name__", "")
    if name == "cuda":
        return args[0].clone() if not isinstance(args[0], PretendTensor) else args[0]
    with torch._C.DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))
