"""U-Net shapes: the U drawn from the tensors that the student's own network gives (unit 06)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from medseg.plots.u_net import Stage, draw_u, trace
from medseg.widgets.demo import Demo, sliders
from medseg.widgets.drawing import Drawing

if TYPE_CHECKING:
    import ipywidgets

_OWN, _VALID = "your network", "without padding, as in 2015"


def u_shapes(network: Callable[..., Any], size: int = 117) -> Demo:
    """The shapes inside a U-Net, with sliders for the image's size, depth and features.

    Args:
        network: called as `network(1, 5, features=…, depth=…)`, gives a torch module.
        size: rows and columns of the image to begin with.

    >>> import torch
    >>> from medseg import widgets
    >>> def network(in_channels, num_classes, features, depth):
    ...     return torch.nn.Sequential(torch.nn.Conv2d(in_channels, num_classes, 3, padding=1))
    >>> widgets.u_shapes(network, size=117).still().says
    '117 × 117 pixels go in, 117 × 117 come out, with 5 channels.'
    """

    def draw(kind: str, size: int, depth: int, features: int) -> Drawing:
        if kind == _VALID:
            return _drawing(valid_stages(size, depth, features))
        return _drawing(own_stages(network, size, depth, features))

    def controls() -> Mapping[str, ipywidgets.Widget]:
        import ipywidgets

        kind = ipywidgets.Dropdown(options=[_OWN, _VALID], description="U-Net:")
        numbers = sliders(
            size=("image size:", 1, 600, 1),
            depth=("depth:", 1, 5, 1),
            features=("features:", 4, 64, 4),
        )
        return {"kind": kind, **numbers}

    return Demo(draw, {"kind": _OWN, "size": size, "depth": 4, "features": 16}, controls)


def own_stages(network: Callable[..., Any], size: int, depth: int, features: int) -> list[Stage]:
    """What the parts of a network give for an image of `size` by `size` pixels."""
    import torch

    options = {"features": features, "depth": depth}
    # Tensors on "meta" have a shape and no numbers: nothing is calculated, any size is quick.
    with torch.device("meta"):
        stages = trace(network(1, 5, **options).eval(), torch.zeros(1, 1, size, size))
    if stages[-1].error:  # which may be due to the missing numbers
        stages = trace(network(1, 5, **options).eval(), torch.zeros(1, 1, size, size))
    return stages


def valid_stages(size: int, depth: int, features: int, num_classes: int = 5) -> list[Stage]:
    """The U-Net of Ronneberger, Fischer and Brox (2015), which does not pad, up to what fits."""
    stages = [Stage("image", (1, size, size), level=0)]

    def add(name: str, channels: int, size: int, level: int) -> int:
        """Two 3-convolutions: four pixels less."""
        error = f"two 3-convolutions need 5 pixels, there are {size}" if size < 5 else ""
        size = size if error else size - 4
        stages.append(Stage(name, (channels, size, size), error, level))
        return 0 if error else size

    size = add("enter", features, size, 0)
    for level in range(1, depth + 1):
        if not size:
            return stages
        if size % 2:
            error = f"{size} pixels are odd: a 2-pooling would lose a row"
            stages.append(Stage(f"down {level}", (features, size, size), error, level))
            return stages
        size = add(f"down {level}", features * 2**level, size // 2, level)
    for level in reversed(range(depth)):
        if not size:
            return stages
        size = add(f"up {depth - level}", features * 2**level, 2 * size, level)
    if size:
        stages.append(Stage("head", (num_classes, size, size), level=0))
    return stages


def _drawing(stages: list[Stage]) -> Drawing:
    figure, alt = draw_u(stages)
    first, last = stages[0], stages[-1]
    sizes = [" × ".join(map(str, stage.shape[1:])) for stage in (first, last)]
    says = f"{sizes[0]} pixels go in, {sizes[1]} come out, with {last.shape[0]} channels."
    if last.error:
        says = f"{last.name} does not fit: {last.error}"
    return Drawing(figure, alt, says)
