"""Ways to run a student's function or class on probe inputs, and to see if it keeps its device.

A runner takes the student's object and the decoded arguments of one probe and returns plain data:
numbers, arrays, tensors, or a dictionary of named facts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from medseg.probes.compare import fact


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function with the arguments of the probe."""
    return function(*args, **kwargs)


def with_dtype(function: Callable, value: Any, *args: Any, **kwargs: Any) -> dict:
    """Call a function that keeps the dtype of its first argument, and report whether it does."""
    result = function(value, *args, **kwargs)
    due, found = (str(getattr(x, "dtype", None)).split(".")[-1] for x in (value, result))
    dtype = "that of the input" if due == found else f"{found} instead of {due}"
    return {"the result": result, "the dtype": dtype}


def with_slope(function: Callable, value: Any, *args: Any, **kwargs: Any) -> dict:
    """As `with_dtype`, of a function from tensor to tensor, with its gradient as well.

    The gradient is that of a sum of the results with weights 1, 2, 3, …, so that each counts. Of
    inputs above 1000 in size it is not told, as right answers round there in different ways.
    """
    import torch

    leaf = value.detach().clone().requires_grad_()
    facts = with_dtype(function, value, *args, **kwargs)
    # a copy through which gradients flow, as a function may shift it in place, which is told apart
    result = function(leaf.clone(), *args, **kwargs)
    # a pretended device has no gradients
    if type(result) is not torch.Tensor:
        return facts
    facts["a gradient flows back to the input"] = result.requires_grad
    if not result.requires_grad or bool(leaf.detach().abs().max() > 1000):
        return facts
    weights = torch.arange(1, result.numel() + 1, dtype=result.dtype).reshape(result.shape)
    return facts | {"the gradient": torch.autograd.grad((result * weights).sum(), leaf)[0]}


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


def tiles(function: Callable, image: Any, tile: int, margin: int, weight: Any) -> Any:
    """Call an overlap-tile function with a convolution by `weight` as its model.

    Reports the result, and for a single picture, which has one way to be cut, sizes and first
    pixels of the tiles that the model was given.
    """
    import torch

    seen: list[list[int]] = []
    first: list[float] = []

    def model(x: Any) -> Any:
        seen.append(list(x.shape[-2:]))
        first.append(float(x[0, 0, 0, 0]))
        return torch.nn.functional.conv2d(x, weight, padding="same")

    result = function(image, tile, margin, model)
    if len(image) > 1:
        return {"the result": result}
    edge = tile + 2 * margin
    other = [size for size in seen if size != [edge, edge]]
    return {
        "the result": result,
        **fact(
            "the model sees tiles of tile + 2 * margin pixels, and no other",
            not other,
            f"{len(seen)} tiles, one of {other[0][0]} by {other[0][1]} pixels" if other else "",
        ),
        "how often the model is called": len(seen),
        "the first pixels of these tiles, from the smallest": sorted(first),
    }


@dataclass(frozen=True)
class Runner:
    """A way to look at an answer, by the name that `mistakes.py` and test cells use.

    Attributes:
        home: the module of `medseg.probes` that holds the function; it is imported when it is used.
        function: its name there; it is called with the student's object and the probe's arguments.
        on_host: it may calculate on the CPU, and must bring its result back.
        builds: the student's object is a class whose first argument is a dictionary of options.
        takes: how the student's function is called with the probe's arguments, where it is not with
            these: "{0}" is the first of them, "{all}" all with commas between.
    """

    home: str
    function: str
    on_host: bool = False
    builds: bool = False
    takes: str = ""

    def __call__(self, answer: Callable, *args: Any, **kwargs: Any) -> Any:
        """What the runner reports about a student's function or class."""
        module = import_module(f"medseg.probes.{self.home}")
        return getattr(module, self.function)(answer, *args, **kwargs)

    def device_fault(self, answer: Callable, *args: Any, **kwargs: Any) -> str | None:
        """How an answer leaves the device of its inputs, in a sentence; None if it stays."""
        from medseg.probes import device

        if self.builds:
            options, *inputs = args
            return device.module_fault(answer, options, tuple(inputs))
        advice = device.COME_BACK if self.on_host else device.STAY
        return device.device_fault(lambda *a, **k: self(answer, *a, **k), args, kwargs, advice)


RUNNERS = {
    "call": Runner("runners", "call"),
    "with_dtype": Runner("runners", "with_dtype"),
    "with_slope": Runner("runners", "with_slope"),
    "with_gradient": Runner("runners", "with_gradient"),
    "averaged": Runner("runners", "averaged"),
    "through_numpy": Runner("runners", "call", on_host=True),
    "tiles": Runner("runners", "tiles"),
    "module": Runner("networks", "module", builds=True),
    "instances": Runner("arrays", "instances"),
    "colours": Runner("arrays", "colours", takes="{0}, {1}"),
    "region": Runner("arrays", "region", takes="[{all}]"),
    "image": Runner("arrays", "image"),
    "split": Runner("arrays", "split", takes="{0}, {1}, numpy.random.default_rng({2})"),
    "augment": Runner("augmentation", "augment"),
    "train_epoch": Runner("training", "train_epoch"),
    "evaluate": Runner("training", "evaluate"),
    "fit": Runner("training", "fit"),
    "predict_volume": Runner("training", "predict_volume"),
}
