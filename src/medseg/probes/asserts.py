"""What graded test cells use: random inputs, comparisons that speak, and safe looks at modules.

A test cell calls the student's functions with arrays, tensors and numbers, and looks at classes
only through the helpers here, so that the same cell can run where the student's names are proxies
for another process.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from medseg.probes.calls import call, unchanged
from medseg.probes.compare import ATOL, MEASURED, RTOL, difference, kind_of
from medseg.probes.runners import RUNNERS
from medseg.runtime import graded

# nbgrader gives a test cell that writes to stderr 0 points, and Python writes warnings there. A
# library's warning says nothing about the answer: `float(loss)` is right, and torch warns of it.
if graded():
    warnings.simplefilter("ignore")


def rng(seed: int) -> np.random.Generator:
    """A numpy generator for this test; the variable MEDSEG_SEED shifts all of them at once.

    >>> from medseg import probes
    >>> probes.rng(3).random() == probes.rng(3).random()
    True
    >>> probes.rng(3).random() == probes.rng(4).random()
    False
    """
    return np.random.default_rng([seed, int(os.environ.get("MEDSEG_SEED", "0"))])


def torch_rng(seed: int) -> Any:
    """A torch generator for this test, shifted by MEDSEG_SEED as `rng` is.

    >>> import torch
    >>> from medseg import probes
    >>> one, other = (torch.rand(2, generator=probes.torch_rng(3)) for _ in range(2))
    >>> torch.equal(one, other)
    True
    """
    import torch

    return torch.Generator().manual_seed(int(rng(seed).integers(2**31)))


def assert_close(
    result: Any,
    expected: Any,
    what: str = "the result",
    rtol: float = RTOL,
    atol: float = ATOL,
    exact_dtype: bool = False,
) -> None:
    """Compare a student's result with the expected one: type, shape, dtype, finiteness, values.

    Raises AssertionError with one sentence; `medseg.probes.compare` has the rule, which is that of
    `check`. Of an array no more than the first wrong place is told. Where a float is due any float
    will do, unless `exact_dtype` says that an array or tensor must have the expected dtype.

    >>> from medseg import probes
    >>> probes.assert_close(0.50001, 0.5)
    >>> probes.assert_close(0.0, 1.0, "the share")
    Traceback (most recent call last):
    AssertionError: expected the share to be 1, yours is 0.
    """
    found = difference(
        expected, result, what, rtol=rtol, atol=atol, in_full=0, exact_dtype=exact_dtype
    )
    assert found is None, found.sentence


def assert_raises_value_error(
    function: Callable, *args: Any, mentions: Sequence[str] = (), **kwargs: Any
) -> None:
    """The call must raise a ValueError whose message names each text in `mentions`.

    >>> from medseg import probes
    >>> probes.assert_raises_value_error(int, "two", mentions=["two"])
    >>> probes.assert_raises_value_error(int, "2")
    Traceback (most recent call last):
    AssertionError: this input should raise a ValueError; yours raised nothing.
    """
    try:
        call(function, *args, **kwargs)
    except NotImplementedError:
        raise
    except ValueError as error:
        message = str(error)
    except Exception as error:
        raise AssertionError(
            f"this input should raise a ValueError; yours raised {type(error).__name__}: {error}"
        ) from None
    else:
        raise AssertionError("this input should raise a ValueError; yours raised nothing.")
    missing = [text for text in mentions if text not in message]
    assert not missing, (
        f"the message of your ValueError should name {' and '.join(missing)}; it says: {message}"
    )


def assert_stays_on_device(function: Callable, *args: Any, **kwargs: Any) -> None:
    """The function must work, and leave its result, on whatever device its inputs are on.

    >>> import torch
    >>> from medseg import probes
    >>> probes.assert_stays_on_device(lambda x: x + 1, torch.zeros(2))
    >>> probes.assert_stays_on_device(lambda x: (x + 1).cpu(), torch.zeros(2))
    Traceback (most recent call last):
    AssertionError: with inputs on a ... device your result lies on cpu: make new tensors with
    `device=` of an input, and leave out `.cpu()`.
    """
    fault = RUNNERS["call"].device_fault(function, *args, **kwargs)
    assert fault is None, fault


def assert_returns_to_device(function: Callable, *args: Any, **kwargs: Any) -> None:
    """As `assert_stays_on_device`, where the exercise tells to calculate with numpy on the CPU.

    >>> import torch
    >>> from medseg import probes
    >>> def sine(x):
    ...     return torch.from_numpy(np.sin(x.cpu().numpy()))
    >>> probes.assert_returns_to_device(lambda x: sine(x).to(x.device), torch.zeros(2))
    >>> probes.assert_returns_to_device(sine, torch.zeros(2))
    Traceback (most recent call last):
    AssertionError: with inputs on a ... device your result lies on cpu: bring it back with
    `.to(…)` and the device of the input.
    """
    fault = RUNNERS["through_numpy"].device_fault(function, *args, **kwargs)
    assert fault is None, fault


def assert_module_stays_on_device(cls: Callable, options: dict, *inputs: Any) -> None:
    """As `assert_stays_on_device`, for a module built as `cls(**options)`.

    >>> import torch
    >>> from medseg import probes
    >>> pixel = torch.zeros(1, 2)
    >>> linear = {"in_features": 2, "out_features": 3}
    >>> probes.assert_module_stays_on_device(torch.nn.Linear, linear, pixel)
    >>> class Shifted(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x + torch.arange(2)
    >>> probes.assert_module_stays_on_device(Shifted, {}, pixel)
    Traceback (most recent call last):
    AssertionError: with inputs on a ... device your function fails: ... A tensor that you make
    yourself needs `device=` of an input; layers must be attributes of the module. ...
    """
    fault = RUNNERS["module"].device_fault(cls, options, *inputs)
    assert fault is None, fault


def gradient_of(function: Callable, value: Any, *args: Any, **kwargs: Any) -> Any:
    """The gradient of the scalar `function(value, *args)` with respect to the tensor `value`.

    >>> import torch
    >>> from medseg import probes
    >>> probes.gradient_of(lambda x: (x**2).sum(), torch.tensor([1.0, 3.0]))
    tensor([2., 6.])
    """
    import torch

    leaf = value.detach().clone().requires_grad_()
    result = call(function, leaf, *args, **kwargs)
    assert isinstance(result, torch.Tensor), f"a tensor is due, it is {kind_of(result)}."
    assert result.requires_grad, "no gradient flows from the result back to the first input."
    return torch.autograd.grad(result, leaf)[0]


def facts_of(runner: str, function: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What a runner, named as in `RUNNERS`, reports about a student's function.

    Raises AssertionError if the function has changed one of the inputs.

    >>> import numpy as np
    >>> from medseg import probes
    >>> probes.facts_of("image", np.sqrt, np.array([4.0, 9.0]))
    {"the result's dtype": 'float64', 'the result': array([2., 3.])}
    """
    return unchanged(RUNNERS[runner], function, *args, **kwargs)


def assert_facts(facts: dict[str, Any], *names: str) -> None:
    """Each of these facts must be true; without names, all that are true or false.

    There must be such a fact: a result of another kind than was due has none.

    >>> from medseg import probes
    >>> facts = {"each list is sorted": True, "every part has a patient": False}
    >>> probes.assert_facts(facts, "each list is sorted")
    >>> probes.assert_facts(facts)
    Traceback (most recent call last):
    AssertionError: not true of your function: “every part has a patient”.
    """
    chosen = names or tuple(name for name, value in facts.items() if isinstance(value, bool))
    found = "; ".join(f"{name} is {value}" for name, value in facts.items())
    assert chosen, f"the result is not of the kind that is due: {found}."
    untrue = [
        f"“{name}”" + (f" (measured: {facts[name + MEASURED]})" if name + MEASURED in facts else "")
        for name in chosen
        if facts.get(name) is not True
    ]
    assert not untrue, f"not true of your function: {'; '.join(untrue)}."
