"""What graded cells and `check` ask of a network module, whatever its layers.

Students choose layers, normalisation and initial weights, so outputs are never compared. All
modules are built from a fixed random state and looked at in evaluation mode, from outside: by their
outputs, the gradients of their outputs, and the shapes of their parameters.
"""

from collections.abc import Callable
from typing import Any

import torch

from medseg.probes import build


def module_facts(cls: Callable, options: dict, *inputs: torch.Tensor) -> dict[str, Any]:
    """Shape, dtype and finiteness of the output, and whether every parameter takes part in it."""
    network = build(cls, options)
    if not isinstance(network, torch.nn.Module):
        return {"is a torch.nn.Module": False}
    if _hidden_layers(network):
        return {"is a torch.nn.Module": True, "every layer is registered": False}
    network.eval()
    output = network(*inputs)
    facts: dict[str, Any] = {
        "is a torch.nn.Module": True,
        "every layer is registered": True,
        "output is a tensor": isinstance(output, torch.Tensor),
    }
    if not isinstance(output, torch.Tensor):
        return facts
    facts["output shape"] = list(output.shape)
    facts["output dtype"] = str(output.dtype)
    facts["output is finite"] = bool(torch.isfinite(output).all())
    parameters = list(network.parameters())
    facts["has parameters"] = bool(parameters)
    facts["every parameter takes part"] = False
    if parameters and output.requires_grad:
        gradients = torch.autograd.grad(output.square().mean(), parameters, allow_unused=True)
        facts["every parameter takes part"] = all(g is not None for g in gradients)
    return facts


def reach(cls: Callable, options: dict, image: torch.Tensor) -> list[int]:
    """Receptive field of the middle output pixel, in input pixels along each spatial axis.

    Measured by gradients for several random weights, since a ReLU can hide part of it.
    """
    seen = torch.zeros(image.shape[2:])
    for seed in range(6):
        network = build(cls, options, seed).eval()
        draw = torch.Generator().manual_seed(seed)
        leaf = torch.randn(image.shape, generator=draw).requires_grad_()
        output = network(leaf)
        middle = tuple(n // 2 for n in output.shape[2:])
        output[(0, slice(None), *middle)].sum().backward()
        if leaf.grad is not None:
            seen += leaf.grad[0].abs().sum(0)
    extents = []
    for axis in range(seen.dim()):
        others = [a for a in range(seen.dim()) if a != axis]
        profile = seen.sum(dim=others) if others else seen
        # Group normalisation couples all pixels a little: that level does not count.
        level = profile.quantile(0.25)
        hit = torch.nonzero(profile > level + 0.04 * profile.max())
        extents.append(int(hit.max() - hit.min()) + 1 if len(hit) else 0)
    return extents


def widths(cls: Callable, options: dict, features: int) -> list[int]:
    """Which of features, 2 features, 4 features, … occur as channel numbers of convolutions."""
    network = build(cls, options)
    assert not _hidden_layers(network), (
        "layers in a plain list, tuple or dictionary are not registered: use nn.ModuleList."
    )
    shapes = [p.shape for p in network.parameters() if p.dim() >= 3]
    found = {shape[0] for shape in shapes}
    return [features * 2**k for k in range(10) if features * 2**k in found]


def _hidden_layers(network: torch.nn.Module) -> bool:
    """Whether layers stand in plain containers, where `eval`, `to` and `parameters` miss them."""
    for part in network.modules():
        for name, value in vars(part).items():
            held = value.values() if isinstance(value, dict) else value
            plain = isinstance(value, list | tuple | dict) and name != "_modules"
            if plain and any(isinstance(item, torch.nn.Module) for item in held):
                return True
    return False


def is_linear(cls: Callable, options: dict, shape: tuple[int, ...]) -> bool:
    """Whether f(a + b) = f(a) + f(b) - f(0) for random inputs: no activation at work."""
    network = build(cls, options).eval()
    a, b = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        excess = network(a + b) - network(a) - network(b) + network(torch.zeros_like(a))
    return bool(excess.abs().max() < 1e-4)


def uses_every_channel(cls: Callable, options: dict, shape: tuple[int, ...]) -> bool:
    """Whether each input channel changes the output."""
    network = build(cls, options).eval()
    leaf = torch.randn(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    network(leaf).square().sum().backward()
    if leaf.grad is None:
        return False
    return bool((leaf.grad.abs().amax(dim=[0, *range(2, leaf.dim())]) > 0).all())


def depends_on(cls: Callable, options: dict, inputs: list[torch.Tensor], position: int) -> bool:
    """Whether the output changes when one of several inputs does."""
    network = build(cls, options).eval()
    changed = list(inputs)
    changed[position] = 1 - inputs[position]
    with torch.no_grad():
        return not torch.allclose(network(*inputs), network(*changed))


def gives_logits(cls: Callable, options: dict, image: torch.Tensor) -> bool:
    """Whether the output is unbounded: no softmax, log-softmax, sigmoid or ReLU at the end."""
    with torch.no_grad():
        output = build(cls, options).eval()(50 * image)
    is_log_softmax = bool((output.logsumexp(1).abs() < 1e-2).all())
    return bool(output.min() < -1e-3) and bool(output.max() > 1e-3) and not is_log_softmax


def sums_to_one(cls: Callable, options: dict, image: torch.Tensor) -> bool:
    """Whether the output sums to 1 over the classes, as after a softmax."""
    with torch.no_grad():
        total = build(cls, options).eval()(image).sum(1)
    return torch.allclose(total, torch.ones_like(total), atol=1e-4)


def keeps_detail(cls: Callable, options: dict, image: torch.Tensor) -> bool:
    """Whether pixel-fine differences of the input reach the output.

    Of the output for a noise image, the part is taken that changes within blocks of 2 x 2 pixels.
    Without skips what comes up from below is smooth, and little of it is left.
    """
    shares = []
    for seed in range(5):
        with torch.no_grad():
            output = build(cls, options, seed).eval()(image)
        output = output - output.mean(dim=(-2, -1), keepdim=True)
        blocks = torch.nn.functional.avg_pool2d(output, 2)
        blocks = blocks.repeat_interleave(2, -1).repeat_interleave(2, -2)
        fine = (output - blocks).square().sum() / output.square().sum()
        shares.append(float(fine))
    return sorted(shares)[2] > 0.3


def keeps_batch_apart(cls: Callable, options: dict, images: torch.Tensor) -> bool:
    """Whether, in evaluation mode, an image's output is the same in a batch as alone."""
    network = build(cls, options).eval()
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    return torch.allclose(together, alone, atol=1e-4)
