"""What graded cells and `check` ask of a network module, whatever its layers.

Students choose layers, normalisation and initial weights, so outputs are never compared. All
modules are built from a fixed random state and looked at in evaluation mode, from outside: by their
outputs, the gradients of their outputs, and the shapes of their parameters.

Everywhere here `cls` is the student's class and `options` are the keyword arguments of its
constructor, by name, as in {"in_channels": 3, "out_channels": 8}: what is looked at is
`cls(**options)`.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch

from medseg.probes.calls import called

# Of noise after a ReLU, with its mean taken away, the squares below 0 are 0.35 of those above; of
# noise as it is, 1. The blocks of tests/medseg/probes/test_networks.py give at most 0.51 with a
# ReLU or its like, with any normalisation behind it, and at least 0.97 without.
LEANING = 0.65
# Of noise before a ReLU about half lies below 0 and becomes the one least value.
CUT = 0.2
# Group normalisation couples all pixels a little. In a profile of gradients along one axis a
# quarter of the places or more lie outside the receptive field, as images are chosen large enough,
# and their level is taken away. What is left outside is below 0.03 of the largest value, for one
# or two groups and instances, and at the field's ends above 0.15 for double convolutions and what
# a pooling before them makes.
OUTSIDE, COUNTS = 0.25, 0.04
NORMALISED_THEN_CUT = "normalised, then cut at 0"


def build(cls: Callable, options: dict, seed: int = 0) -> Any:
    """`cls(**options)` with its random initial weights drawn from `seed`.

    >>> from medseg import probes
    >>> linear = {"in_features": 2, "out_features": 3}
    >>> one, other = (probes.build(torch.nn.Linear, linear, seed=1) for _ in range(2))
    >>> torch.equal(one.weight, other.weight)
    True
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return cls(**options)


def output_of(cls: Callable, options: dict, *inputs: Any, seed: int = 0) -> Any:
    """What a freshly built module, in evaluation mode and without gradients, gives for `inputs`.

    >>> from medseg import probes
    >>> conv = {"in_channels": 1, "out_channels": 4, "kernel_size": 3}
    >>> probes.output_of(torch.nn.Conv2d, conv, torch.zeros(2, 1, 9, 12)).shape
    torch.Size([2, 4, 7, 10])
    """
    network = build(cls, options, seed).eval()
    with torch.no_grad():
        output = network(*inputs)
    assert output is not None, "forward gives nothing back: is there a `return` in it?"
    return output


def module_facts(cls: Callable, options: dict, *inputs: torch.Tensor) -> dict[str, Any]:
    """Shape, dtype and finiteness of the output, and whether every parameter takes part in it.

    Args:
        cls: the student's class.
        options: the keyword arguments of its constructor.
        inputs: what `forward` is called with.

    Returns:
        Facts by name. Fewer of them where it is no module, hides layers, or gives no tensor.

    >>> from medseg import probes
    >>> conv = {"in_channels": 1, "out_channels": 4, "kernel_size": 3}
    >>> facts = probes.module_facts(torch.nn.Conv2d, conv, torch.zeros(2, 1, 9, 12))
    >>> facts["output shape"], facts["output dtype"], facts["every parameter takes part"]
    ([2, 4, 7, 10], 'torch.float32', True)
    """
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
        "what forward gives": _kind(output),
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


def _kind(output: Any) -> str:
    if output is None:
        return "nothing (is there a `return` in it?)"
    return "a tensor" if isinstance(output, torch.Tensor) else type(output).__name__


def reach(cls: Callable, options: dict, image: torch.Tensor) -> list[int]:
    """Receptive field of the middle output pixel, in input pixels along each spatial axis.

    Measured by gradients for several random weights, since a ReLU can hide part of it.

    >>> from medseg import probes
    >>> conv = {"in_channels": 1, "out_channels": 1, "kernel_size": (3, 5)}
    >>> probes.reach(torch.nn.Conv2d, conv, torch.zeros(1, 1, 9, 9))
    [3, 5]
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
        level = profile.quantile(OUTSIDE)
        hit = torch.nonzero(profile > level + COUNTS * profile.max())
        extents.append(int(hit.max() - hit.min()) + 1 if len(hit) else 0)
    return extents


def widths(cls: Callable, options: dict, features: int) -> list[int]:
    """Which channel numbers from `features` on occur among the outputs of 3-convolutions.

    >>> from medseg import probes
    >>> conv = {"in_channels": 1, "out_channels": 16, "kernel_size": 3}
    >>> probes.widths(torch.nn.Conv2d, conv, features=8)
    [16]
    """
    network = build(cls, options)
    assert not _hidden_layers(network), (
        "layers in a plain list, tuple or dictionary are not registered: use nn.ModuleList."
    )
    found = {weight.shape[0] for weight in _windows_of_three(network)}
    return sorted(number for number in found if number >= features)


def _hidden_layers(network: torch.nn.Module) -> bool:
    """Whether layers stand in plain containers, where `eval`, `to` and `parameters` miss them."""
    for part in network.modules():
        for name, value in vars(part).items():
            held = value.values() if isinstance(value, dict) else value
            plain = isinstance(value, list | tuple | dict) and name != "_modules"
            if plain and any(isinstance(item, torch.nn.Module) for item in held):
                return True
    return False


def block_channels(cls: Callable, options: dict) -> list[list[int]]:
    """[input, output] channels of each 3-convolution of a block, sorted.

    >>> from medseg import probes
    >>> conv = {"in_channels": 2, "out_channels": 4, "kernel_size": 3}
    >>> probes.block_channels(torch.nn.Conv2d, conv)
    [[2, 4]]
    """
    shapes = [w.shape for w in _convolutions(build(cls, options)) if set(w.shape[2:]) == {3}]
    return sorted([shape[1], shape[0]] for shape in shapes)


def is_linear(cls: Callable, options: dict, shape: tuple[int, ...]) -> bool:
    """Whether f(a + b) = f(a) + f(b) - f(0) for random inputs: no activation at work.

    >>> from medseg import probes
    >>> conv = {"in_channels": 1, "out_channels": 4, "kernel_size": 3}
    >>> probes.is_linear(torch.nn.Conv2d, conv, (1, 1, 8, 8))
    True
    >>> probes.is_linear(torch.nn.ReLU, {}, (1, 1, 8, 8))
    False
    """
    network = build(cls, options).eval()
    a, b = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        excess = network(a + b) - network(a) - network(b) + network(torch.zeros_like(a))
    return bool(excess.abs().max() < 1e-4)


def uses_every_channel(cls: Callable, options: dict, shape: tuple[int, ...]) -> bool:
    """Whether each input channel changes the output.

    >>> from medseg import probes
    >>> conv = {"in_channels": 2, "out_channels": 4, "kernel_size": 3}
    >>> probes.uses_every_channel(torch.nn.Conv2d, conv, (1, 2, 5, 5))
    True
    >>> class First(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x[:, :1]
    >>> probes.uses_every_channel(First, {}, (1, 2, 5, 5))
    False
    """
    network = build(cls, options).eval()
    leaf = torch.randn(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    network(leaf).square().sum().backward()
    if leaf.grad is None:
        return False
    return bool((leaf.grad.abs().amax(dim=[0, *range(2, leaf.dim())]) > 0).all())


def depends_on(cls: Callable, options: dict, inputs: list[torch.Tensor], position: int) -> bool:
    """Whether the output changes when one of several inputs does.

    >>> from medseg import probes
    >>> class WithoutSkip(torch.nn.Module):
    ...     def forward(self, x, skip):
    ...         return 2 * x
    >>> inputs = [torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)]
    >>> [probes.depends_on(WithoutSkip, {}, inputs, position) for position in (0, 1)]
    [True, False]
    """
    network = build(cls, options).eval()
    changed = list(inputs)
    changed[position] = 1 - inputs[position]
    with torch.no_grad():
        return not torch.allclose(network(*inputs), network(*changed))


def output_kind(cls: Callable, options: dict, image: torch.Tensor) -> str:
    """ "logits", or what else the outputs look like: the smallest, the largest, their sum."""
    kinds = []
    for seed in range(3):
        with torch.no_grad():
            output = build(cls, options, seed).eval()(50 * image)
        total = output.sum(1)
        if bool((output.logsumexp(1).abs() < 1e-2).all()):
            kinds.append("logarithms of probabilities, as after log_softmax")
        elif output.min() < -1e-3 and output.max() > 1e-3:
            return "logits"
        elif torch.allclose(total, torch.ones_like(total), atol=1e-4):
            kinds.append("probabilities that sum to 1, as after softmax")
        elif output.min() >= 0 and _stays_below_one(cls, options, 50 * image, seed):
            kinds.append("numbers from 0 to 1, as after sigmoid")
        else:
            kinds.append("numbers of one sign only, as after ReLU")
    return max(set(kinds), key=kinds.count)


def _stays_below_one(cls: Callable, options: dict, image: torch.Tensor, seed: int) -> bool:
    """Whether no output is above 1, with weights ten times as large neither."""
    network = build(cls, options, seed).eval()
    with torch.no_grad():
        small = network(image).max()
        for weight in _convolutions(network):
            weight.mul_(10)
        return bool(small <= 1) and bool(network(image).max() <= 1)


def gives_logits(cls: Callable, options: dict, image: torch.Tensor) -> bool:
    """Whether the output is unbounded: no softmax, log-softmax, sigmoid or ReLU at the end.

    >>> from medseg import probes
    >>> image = torch.ones(1, 3, 5, 5)
    >>> conv = {"in_channels": 3, "out_channels": 4, "kernel_size": 1}
    >>> probes.gives_logits(torch.nn.Conv2d, conv, image)
    True
    >>> probes.gives_logits(torch.nn.Softmax, {"dim": 1}, image)
    False
    """
    return output_kind(cls, options, image) == "logits"


def keeps_detail(cls: Callable, options: dict) -> bool:
    """Whether a 2D U-Net hands pixel-fine detail to its output, past the first pooling.

    Without the uppermost skip all that the output knows has gone through `features` maps of a
    quarter of the pixels, so its Jacobian has at most that rank, whatever the layers, the
    normalisation and the weights. With the skip it has more, for some weights at least.

    >>> from medseg import probes
    >>> def pooled(in_channels, num_classes, features, depth, dims):
    ...     conv = torch.nn.Conv2d(in_channels, num_classes, kernel_size=2, stride=2)
    ...     return torch.nn.Sequential(conv, torch.nn.Upsample(scale_factor=2))
    >>> probes.keeps_detail(pooled, {"num_classes": 2, "features": 4, "depth": 1})
    False
    """
    # with two features a ReLU may silence too many
    features, size = max(4, options["features"]), max(8, 2 ** (options["depth"] + 1))
    channels = {"in_channels": features, "num_classes": features, "features": features}
    options = {**options, **channels, "dims": 2}
    numbers = features * size**2
    image = torch.randn(1, features, size, size, generator=torch.Generator().manual_seed(4))
    for seed in range(4):
        network = build(cls, options, seed).eval()
        copies = image.repeat(numbers, 1, 1, 1).requires_grad_()
        (rows,) = torch.autograd.grad(network(copies).flatten(1).diagonal().sum(), copies)
        if torch.linalg.matrix_rank(rows.flatten(1), rtol=1e-4) > numbers // 4:
            return True
    return False


def has_pointwise_head(cls: Callable, options: dict) -> bool:
    """Whether some weight turns `features` channels into `num_classes`, pixel by pixel.

    >>> from medseg import probes
    >>> def head(num_classes, features):
    ...     return torch.nn.Conv2d(features, num_classes, kernel_size=1)
    >>> probes.has_pointwise_head(head, {"num_classes": 5, "features": 8})
    True
    """
    ends = options["num_classes"], options["features"]
    shapes = [tuple(p.shape) for p in build(cls, options).parameters()]
    return any(shape[:2] == ends and set(shape[2:]) <= {1} for shape in shapes)


def most_channels(cls: Callable, options: dict) -> int:
    """The largest number of channels that a convolution gives."""
    return max((len(weight) for weight in _convolutions(build(cls, options))), default=0)


def three_convolutions(cls: Callable, options: dict) -> int:
    """How many convolutions have a window of three pixels along every axis.

    >>> from medseg import probes
    >>> conv = {"in_channels": 1, "out_channels": 4}
    >>> [probes.three_convolutions(torch.nn.Conv2d, {**conv, "kernel_size": k}) for k in (3, 5)]
    [1, 0]
    """
    return len(_windows_of_three(build(cls, options)))


def never_negative(cls: Callable, options: dict) -> bool:
    """Whether a 2D block's outputs are at least 0, in training and in evaluation: a ReLU is last.

    >>> from medseg import probes
    >>> def block(in_channels, last):
    ...     return torch.nn.Sequential(torch.nn.Conv2d(in_channels, 4, 3, padding=1), last())
    >>> [probes.never_negative(block, {"in_channels": 1, "last": last})
    ...     for last in (torch.nn.ReLU, torch.nn.LeakyReLU)]
    [True, False]
    """
    with torch.no_grad():
        lowest = [
            float(build(cls, options, seed).train(mode)(_noise(options)).min())
            for seed in range(2)
            for mode in (True, False)
        ]
    return min(lowest) >= 0


def no_way_around(cls: Callable, options: dict) -> bool:
    """Whether all of a 2D block's output comes through its last convolution.

    With the weights of that set to 0 the output must no longer depend on the input.

    >>> from medseg import probes
    >>> class Residual(torch.nn.Module):
    ...     def __init__(self, in_channels):
    ...         super().__init__()
    ...         self.conv = torch.nn.Conv2d(in_channels, in_channels, 3, padding=1)
    ...     def forward(self, x):
    ...         return self.conv(x) + x
    >>> probes.no_way_around(Residual, {"in_channels": 2})
    False
    """
    network = build(cls, options).eval()
    weights = _convolutions(network)
    if not weights:
        return False
    image = _noise(options)
    with torch.no_grad():
        weights[-1].zero_()
        return torch.allclose(network(image), network(2 - image), atol=1e-5)


def keeps_the_largest(cls: Callable, options: dict) -> bool:
    """Whether the largest pixel of a 2D pooling's window counts: not so where it takes the least.

    >>> from medseg import probes
    >>> class Least(torch.nn.Module):
    ...     def __init__(self, in_channels):
    ...         super().__init__()
    ...     def forward(self, x):
    ...         return -torch.nn.functional.max_pool2d(-x, 2)
    >>> probes.keeps_the_largest(Least, {"in_channels": 2})
    False
    """
    image = _noise(options).requires_grad_()
    network = build(cls, options).train()
    network(image).square().sum().backward()
    if image.grad is None:
        return False
    windows, slopes = (
        x.detach().unfold(2, 2, 2).unfold(3, 2, 2).flatten(4) for x in (image, image.grad)
    )
    of_largest = slopes.gather(4, windows.argmax(4, keepdim=True)).abs().mean()
    return bool(of_largest > 0.01 * slopes.abs().mean())


def joins_inputs(cls: Callable, options: dict) -> bool:
    """Whether a 2D level's first 3-convolution gets the skip's channels beside those from below.

    Those from below may have been brought to any number of channels that a level has at hand.

    >>> from medseg import probes
    >>> class Joined(torch.nn.Module):
    ...     def __init__(self, in_channels, skip_channels, out_channels):
    ...         super().__init__()
    ...         self.one = torch.nn.Conv2d(in_channels + skip_channels, out_channels, 3)
    ...         self.two = torch.nn.Conv2d(out_channels, out_channels, 3)
    >>> level = {"in_channels": 10, "skip_channels": 3, "out_channels": 4}
    >>> probes.joins_inputs(Joined, level)
    True
    """
    below, skip, out = (options[f"{name}_channels"] for name in ("in", "skip", "out"))
    joined = {skip + own for own in (below, below // 2, skip, out)}
    weights = _windows_of_three(build(cls, options))
    return len(weights) >= 2 and any(weight.shape[1] in joined for weight in weights)


def teaches(cls: Callable, options: dict, inputs: Sequence[torch.Tensor], position: int) -> bool:
    """Whether a gradient flows from the output back to one of several inputs.

    >>> from medseg import probes
    >>> class Cut(torch.nn.Module):
    ...     def forward(self, x, skip):
    ...         return x + skip.detach()
    >>> [probes.teaches(Cut, {}, [torch.ones(1), torch.ones(1)], k) for k in (0, 1)]
    [True, False]
    """
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    build(cls, options).train()(*leaves).square().sum().backward()
    slope = leaves[position].grad
    return slope is not None and bool(slope.abs().sum() > 0)


def own_skips(cls: Callable, options: dict) -> bool:
    """Whether each level of a U-Net joins the skip of its own width, by its weights' shapes.

    >>> from medseg import probes
    >>> def levels(features, depth):
    ...     pairs = [(features * 2**k, features * 2**k * 3) for k in range(depth)]
    ...     return torch.nn.ModuleList(torch.nn.Conv2d(b, a, 3) for a, b in pairs)
    >>> probes.own_skips(levels, {"features": 3, "depth": 2})
    True
    """
    shapes = {tuple(weight.shape[:2]) for weight in _windows_of_three(build(cls, options))}
    # how wide the first level is, is another question
    narrowest = min((outputs for outputs, _ in shapes), default=0)
    for width in (narrowest * 2**k for k in range(options["depth"])):
        if not shapes & {(width, width + below) for below in (2 * width, width)}:
            return False
    return True


def _windows_of_three(network: torch.nn.Module) -> list[torch.Tensor]:
    return [weight for weight in _convolutions(network) if set(weight.shape[2:]) == {3}]


def normalises(cls: Callable, options: dict) -> bool:
    """Whether a normalisation stands behind each convolution of a 2D block.

    If so, a convolution with ninefold weights gives nearly the same output in training.

    >>> from medseg import probes
    >>> def block(in_channels, out_channels):
    ...     conv = torch.nn.Conv2d(in_channels, out_channels, 3, padding=1)
    ...     return torch.nn.Sequential(conv, torch.nn.BatchNorm2d(out_channels))
    >>> probes.normalises(block, {"in_channels": 1, "out_channels": 4})
    True
    """
    image = _noise(options)
    for position in range(len(_convolutions(build(cls, options)))):
        network = build(cls, options).train()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            # a dropout drops the same both times
            torch.manual_seed(0)
            before = network(image.clone())
            _convolutions(network)[position].mul_(9)
            torch.manual_seed(0)
            after = network(image.clone())
        if (after - before).norm() > before.norm():
            return False
    return True


def layers_used_once(cls: Callable, options: dict) -> bool:
    """Whether no layer with weights is gone through twice when a 2D block is called.

    >>> from medseg import probes
    >>> class Twice(torch.nn.Module):
    ...     def __init__(self, in_channels):
    ...         super().__init__()
    ...         self.conv = torch.nn.Conv2d(in_channels, in_channels, 3, padding=1)
    ...     def forward(self, x):
    ...         return self.conv(self.conv(x))
    >>> probes.layers_used_once(Twice, {"in_channels": 2})
    False
    """
    network = build(cls, options).eval()
    called_in_turn: list[torch.nn.Module] = []
    for layer in network.modules():
        if list(layer.parameters(recurse=False)):
            layer.register_forward_hook(lambda layer, *_: called_in_turn.append(layer))
    with torch.no_grad():
        network(_noise(options))
    return len(called_in_turn) == len(set(called_in_turn))


def relu_at_the_end(cls: Callable, options: dict) -> bool:
    """Whether a 2D block's outputs above 0 outweigh those below, as after a ReLU or its like.

    >>> from medseg import probes
    >>> def block(in_channels, out_channels):
    ...     conv = torch.nn.Conv2d(in_channels, out_channels, 3, padding=1)
    ...     return torch.nn.Sequential(conv, torch.nn.ReLU())
    >>> probes.relu_at_the_end(block, {"in_channels": 1, "out_channels": 4})
    True
    """
    with torch.no_grad():
        outputs = [build(cls, options, seed).train()(_noise(options)) for seed in range(4)]
    return _leans_upwards(torch.stack(outputs))


def relu_in_between(cls: Callable, options: dict) -> bool:
    """Whether what a 2D block's second convolution gets is cut off below, as by a ReLU.

    The second convolution is made to pass its input on, once as it is and once with the sign
    changed; the difference of the two outputs shows that input, normalised.

    >>> from medseg import probes
    >>> def block(in_channels, out_channels, between=torch.nn.ReLU):
    ...     first = torch.nn.Conv2d(in_channels, out_channels, 3, padding=1)
    ...     second = torch.nn.Conv2d(out_channels, out_channels, 3, padding=1)
    ...     return torch.nn.Sequential(first, between(), second)
    >>> channels = {"in_channels": 1, "out_channels": 4}
    >>> probes.relu_in_between(block, channels)
    True
    >>> probes.relu_in_between(block, {**channels, "between": torch.nn.Identity})
    False
    """
    parts = []
    for seed in range(4):
        signs = []
        for sign in (1, -1):
            network = build(cls, options, seed).train()
            convolutions = [w for w in _convolutions(network) if tuple(w.shape[2:]) == (3, 3)]
            if len(convolutions) < 2:
                return False
            second = convolutions[-1]
            with torch.no_grad():
                second.zero_()
                second[:, :, 1, 1] = sign * torch.eye(*second.shape[:2])
                signs.append(network(_noise(options)))
        parts.append(signs[0] - signs[1])
    values = torch.stack(parts)
    return _leans_upwards(values) and _is_cut(values)


def what_comes_between(cls: Callable, options: dict) -> str:
    """What a block's second convolution gets: `NORMALISED_THEN_CUT`, or what else.

    What has been normalised stays the same where the first convolution's weights are 100 times as
    large, and what a ReLU gives is never negative. A convolution that is no layer is taken for
    right.

    >>> from medseg import probes
    >>> def block(in_channels, out_channels, order):
    ...     layers = {"n": torch.nn.BatchNorm2d(out_channels), "r": torch.nn.ReLU()}
    ...     first = torch.nn.Conv2d(in_channels, out_channels, 3, padding=1)
    ...     second = torch.nn.Conv2d(out_channels, out_channels, 3, padding=1)
    ...     return torch.nn.Sequential(first, *(layers[letter] for letter in order), second)
    >>> channels = {"in_channels": 1, "out_channels": 4}
    >>> probes.what_comes_between(block, {**channels, "order": "nr"})
    'normalised, then cut at 0'
    >>> probes.what_comes_between(block, {**channels, "order": "rn"})
    'normalised, and negative at places'
    >>> probes.what_comes_between(block, {**channels, "order": "r"})
    'not normalised'
    """
    gets: list[torch.Tensor] = []
    for factor in (1, 100):
        network = build(cls, options).train()
        windows = [w for w in _convolutions(network) if tuple(w.shape[2:]) == (3, 3)]
        if len(windows) < 2:
            return "nothing: there is no second convolution"
        owners = [
            part
            for window in (windows[0], windows[-1])
            for part in network.modules()
            if any(own is window for own in part.parameters(recurse=False))
        ]
        owners[-1].register_forward_pre_hook(lambda _, inputs: gets.append(inputs[0].detach()))
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # for dropout
            for parameter in owners[0].parameters(recurse=False):
                parameter.mul_(factor)
            network(_noise(options))
    if len(gets) != 2:
        return NORMALISED_THEN_CUT
    one, other = gets
    if not torch.allclose(one, other, atol=1e-2):
        return "not normalised"
    return NORMALISED_THEN_CUT if one.min() >= 0 else "normalised, and negative at places"


def _leans_upwards(values: torch.Tensor) -> bool:
    """Whether the squares above 0 outweigh those below: what a ReLU has cut is lopsided."""
    below, above = values.clamp(max=0).square().sum(), values.clamp(min=0).square().sum()
    return bool(below < LEANING * above)


def _is_cut(values: torch.Tensor) -> bool:
    """Whether many values of a channel are its least one: a ReLU's zeros, which no other gives."""
    lowest = values.amin(dim=(-2, -1), keepdim=True)
    span = values.amax(dim=(-2, -1), keepdim=True) - lowest
    return bool((values - lowest <= 1e-4 * span + 1e-9).float().mean() > CUT)


def _noise(options: dict) -> torch.Tensor:
    draw = torch.Generator().manual_seed(3)
    return torch.randn(4, options["in_channels"], 12, 12, generator=draw)


def _convolutions(network: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter for parameter in network.parameters() if parameter.dim() >= 3]


def seeing_locally(network: torch.nn.Module) -> torch.nn.Module:
    """A copy without the layers that look at all pixels of a picture at once, and a line about it.

    Group and instance normalisation take their mean over the whole picture, in evaluation mode
    too: with them each output depends on every pixel, and no tile can match the whole.

    >>> from medseg import probes
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.GroupNorm(2, 4))
    >>> probes.seeing_locally(network)
    Left out here, as it looks at the whole picture: GroupNorm.
    Sequential(
      (0): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))
      (1): Identity()
    )
    """
    local, left_out = copy.deepcopy(network), set()
    kinds = torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.modules.instancenorm._InstanceNorm
    for part in list(local.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, kinds):
                left_out.add(type(child).__name__)
                setattr(part, name, torch.nn.Identity())
    if left_out:
        print(f"Left out here, as it looks at the whole picture: {' and '.join(sorted(left_out))}.")
    return local


def keeps_batch_apart(cls: Callable, options: dict, images: torch.Tensor) -> bool:
    """Whether, in evaluation mode, an image's output is the same in a batch as alone.

    >>> from medseg import probes
    >>> images = torch.arange(12.0).reshape(3, 1, 2, 2)
    >>> probes.keeps_batch_apart(torch.nn.BatchNorm2d, {"num_features": 1}, images)
    True
    >>> class Centred(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x - x.mean()
    >>> probes.keeps_batch_apart(Centred, {}, images)
    False
    """
    network = build(cls, options).eval()
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    return torch.allclose(together, alone, atol=1e-4)


def module(cls: type, options: dict, *inputs: torch.Tensor, look: Sequence[str] = ()) -> dict:
    """Build a `torch.nn.Module` and report what every right implementation shares.

    `look` names further looks, keys of `LOOKS`.
    """
    facts = module_facts(cls, options, *inputs)
    if "output shape" not in facts:
        return facts
    for name in look:
        with called(f"on other inputs, to see about \u201c{name}\u201d,"):
            facts[name] = LOOKS[name](cls, options, inputs)
    return facts


LOOKS: dict[str, Callable[[type, dict, tuple], Any]] = {
    "the number of 3-convolutions": lambda cls, options, _: three_convolutions(cls, options),
    "channels of each 3-convolution": lambda cls, options, _: block_channels(cls, options),
    "receptive field": lambda cls, options, inputs: reach(cls, options, inputs[0]),
    "the block is more than one convolution": lambda cls, options, inputs: (
        not is_linear(cls, options, tuple(inputs[0].shape))
    ),
    "a ReLU follows the first convolution": lambda cls, options, _: relu_in_between(cls, options),
    "a ReLU follows the second convolution": lambda cls, options, _: relu_at_the_end(cls, options),
    "what the second convolution gets": lambda cls, options, _: what_comes_between(cls, options),
    "nothing negative comes out": lambda cls, options, _: never_negative(cls, options),
    "all comes through the second convolution": lambda cls, options, _: no_way_around(cls, options),
    "the largest pixel counts": lambda cls, options, _: keeps_the_largest(cls, options),
    "the skip's channels stand beside those from below": lambda cls, options, _: joins_inputs(
        cls, options
    ),
    "a gradient flows back to x": lambda cls, options, inputs: teaches(cls, options, inputs, 0),
    "a gradient flows back to the skip": lambda cls, options, inputs: teaches(
        cls, options, inputs, 1
    ),
    "each level joins its own skip": lambda cls, options, _: own_skips(cls, options),
    "each convolution is normalised": lambda cls, options, _: normalises(cls, options),
    "each layer with weights is used once": lambda cls, o, _: layers_used_once(cls, o),
    "each input channel is used": lambda cls, options, inputs: uses_every_channel(
        cls, options, tuple(inputs[0].shape)
    ),
    "the output depends on x": lambda cls, options, inputs: depends_on(
        cls, options, list(inputs), 0
    ),
    "the output depends on the skip": lambda cls, options, inputs: depends_on(
        cls, options, list(inputs), 1
    ),
    "channels at the bottom": lambda cls, options, _: most_channels(cls, options),
    # 16 is the default of the U-Net that the course builds
    "widths of the levels, each told once": lambda cls, o, _: widths(cls, o, o.get("features", 16)),
    "the output": lambda cls, options, inputs: output_kind(cls, options, inputs[0]),
    "fine detail arrives": lambda cls, options, _: keeps_detail(cls, options),
    "a 1-convolution gives the logits": lambda cls, options, _: has_pointwise_head(cls, options),
}
