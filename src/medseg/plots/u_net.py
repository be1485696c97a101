"""The U of a U-Net, drawn from the shapes that its parts really give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medseg.palette import BLUE, DARK, GREEN, ORANGE, PURPLE, VERMILION

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GOOD, _BAD, _HEAD = BLUE, VERMILION, GREEN
# What the arrows of the course's U stand for: words, colour, and the mark in the legend.
_STEPS = {
    "along": ("double convolution", BLUE, ">"),
    "down": ("2-pooling, double convolution", ORANGE, "v"),
    "up": ("upsample, concatenate, double convolution", PURPLE, "^"),
    "head": ("1-convolution", GREEN, ">"),
    "skip": ("skip", DARK, ""),
}


@dataclass(frozen=True)
class Stage:
    """One part of the network in the order of calculation: its name and output shape (C, *size).

    `error` is what it raised instead, in which case `shape` is that of its first input. `level`
    is the number of poolings before it; None where it is to be told from the size.

    >>> from medseg import plots
    >>> plots.Stage("down 1", (32, 58, 58), level=1)
    Stage(name='down 1', shape=(32, 58, 58), error='', level=1)
    """

    name: str
    shape: tuple[int, ...]
    error: str = ""
    level: int | None = None


def trace(model: torch.nn.Module, image: torch.Tensor) -> list[Stage]:
    """Run `model` on `image` and note what each of its parts gives.

    Parts are the model's direct children, and the members of its ModuleLists. If a part raises an
    error the trace ends there, with that error noted; the error goes no further.

    >>> import torch
    >>> from medseg import plots
    >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.MaxPool2d(2))
    >>> [stage.shape for stage in plots.trace(model, torch.zeros(1, 1, 10, 12))]
    [(1, 10, 12), (4, 8, 10), (4, 4, 5)]
    """
    import torch

    stages = [Stage("image", tuple(image.shape[1:]))]
    running: list[tuple[str, tuple[int, ...]]] = []

    def before(name: str) -> Callable:
        def hook(_: torch.nn.Module, inputs: tuple) -> None:
            running.append((name, tuple(inputs[0].shape[1:])))

        return hook

    def after(name: str) -> Callable:
        def hook(_: torch.nn.Module, __: tuple, output: torch.Tensor) -> None:
            running.pop()
            stages.append(Stage(name, tuple(output.shape[1:])))

        return hook

    handles = []
    for name, part in _parts(model):
        handles += [part.register_forward_pre_hook(before(name))]
        handles += [part.register_forward_hook(after(name))]
    try:
        with torch.no_grad():
            model(image)
    except (RuntimeError, ValueError) as error:
        name, shape = running[-1] if running else ("forward", stages[-1].shape)
        stages.append(Stage(name, shape, str(error).splitlines()[0]))
    finally:
        for handle in handles:
            handle.remove()
    return stages


def draw_u(stages: list[Stage], shown: int | None = None) -> tuple[Figure, str]:
    """Draw stages as a U, deeper where the size is smaller, and describe it.

    A part that does not fit is orange-red, hatched, and labelled. Where the stages are those of
    the course's U-Net, or the first of them, the arrows say in a legend what each step does.

    Args:
        stages: in the order of calculation.
        shown: how many of them are drawn, each where it has its place among all; None for all.

    >>> from medseg import plots
    >>> stages = [plots.Stage("image", (1, 8, 8)), plots.Stage("down 1", (16, 4, 4))]
    >>> figure, alt = plots.draw_u(stages)
    >>> alt
    'The network as a U, in the order of calculation. image: 1 channels of 8 by 8; down 1: 16
    channels of 4 by 4.'
    """
    from matplotlib.figure import Figure

    levels = _levels(stages)
    steps = _steps(levels)
    height = 1.0 + 1.05 * (max(levels) + 1)
    key = 0.8 if steps else 0.0  # inches
    figure = Figure(figsize=(max(8.0, 1.15 * len(stages)), height + key))
    axes = figure.add_axes((0.01, key / (height + key), 0.98, height / (height + key)))
    seen = stages[:shown]
    for k, (stage, level) in enumerate(zip(seen, levels, strict=False)):
        _draw_box(axes, k, level, stage, at_an_end=k in (0, len(stages) - 1))
        if k and not stage.error:
            colour = _STEPS[steps[k - 1]][1] if steps else DARK
            _draw_arrow(axes, (k - 0.67, -levels[k - 1]), (k - 0.33, -level), colour)
    bridges = [(left, right) for left, right in _bridges(levels) if right < len(seen)]
    for left, right in bridges:
        start, end = (left + 0.35, -levels[left]), (right - 0.35, -levels[left])
        _draw_arrow(axes, start, end, DARK, linestyle="dotted", linewidth=1.5)
    axes.set_xlim(-0.6, len(stages) - 0.4)
    axes.set_ylim(-max(levels) - 0.85, 0.45)
    axes.axis("off")
    if steps:
        drawn = {step for step, stage in zip(steps, seen[1:], strict=False) if not stage.error}
        _draw_legend(figure, drawn | {"skip"} if bridges else drawn)
    return figure, _describe(seen, steps, len(bridges))


def _steps(levels: list[int]) -> list[str]:
    """The step to each stage but the first; nothing where they are not the course's stages."""
    deepest = max(levels)
    whole = [0, *range(deepest + 1), *reversed(range(deepest)), 0]
    if len(levels) < 2 or levels != whole[: len(levels)]:
        return []
    steps = ["along", *["down"] * deepest, *["up"] * deepest, "head"]
    return steps[: len(levels) - 1]


def _draw_legend(figure: Figure, steps: set[str]) -> None:
    from matplotlib.lines import Line2D

    chosen = [_STEPS[step] for step in _STEPS if step in steps]
    handles = [
        Line2D(
            [], [], color=colour, marker=mark, linewidth=2.2, linestyle="-" if mark else "dotted"
        )
        for _, colour, mark in chosen
    ]
    words = [words for words, _, _ in chosen]
    columns = 3 if figure.get_figwidth() > 11 else 2
    figure.legend(handles, words, loc="lower center", ncols=columns, fontsize=11, frameon=False)


def _draw_box(axes: Axes, k: int, level: int, stage: Stage, at_an_end: bool) -> None:
    """A part as a box with its channels in it, and its name and size below."""
    bad = bool(stage.error)
    colour = _BAD if bad else _HEAD if at_an_end else _GOOD
    box: dict[str, Any] = {
        "color": "white",
        "edgecolor": colour,
        "linewidth": 2.5,
        "hatch": "///" if bad else None,
    }
    axes.bar(k, 0.5, bottom=-level - 0.25, width=0.62, **box)
    number: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "fontsize": 13,
        "color": colour,
        "weight": "bold",
    }
    axes.text(k, -level, "?" if bad else str(stage.shape[0]), **number)
    size = "does not fit" if bad else " × ".join(map(str, stage.shape[1:]))
    words: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 10, "color": DARK}
    axes.text(k, -level - 0.30, f"{stage.name}\n{size}", **words)


def _draw_arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, **line: Any
) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops={**style, **line})


def _parts(model: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    import torch

    parts = []
    for name, child in model.named_children():
        if isinstance(child, torch.nn.ModuleList):
            parts += [(f"{name} {k + 1}", member) for k, member in enumerate(child)]
        else:
            parts.append((name, child))
    return parts


def _levels(stages: list[Stage]) -> list[int]:
    """Their own level, or 0 for the size of the image and one more for each smaller size."""
    sizes = sorted({stage.shape[-1] for stage in stages if not stage.error}, reverse=True)
    order = {size: k for k, size in enumerate(sizes)}
    return [
        order.get(stage.shape[-1], len(sizes) - 1) if stage.level is None else stage.level
        for stage in stages
    ]


def _bridges(levels: list[int]) -> list[tuple[int, int]]:
    """Pairs of stages on one level, left and right of the valley: where a skip can run."""
    bottom = levels.index(max(levels))
    pairs = []
    for level in range(max(levels)):
        left = [k for k in range(bottom) if levels[k] == level]
        right = [k for k in range(bottom, len(levels)) if levels[k] == level]
        if left and right:
            pairs.append((left[-1], right[0]))
    return pairs


def _describe(stages: list[Stage], steps: list[str], skips: int) -> str:
    parts = []
    for k, stage in enumerate(stages):
        size = " by ".join(map(str, stage.shape[1:]))
        if stage.error:
            parts.append(f"{stage.name} does not fit: {stage.error}")
        else:
            parts.append(f"{stage.name}: {stage.shape[0]} channels of {size}")
            if steps and k and steps[k - 1] not in steps[: k - 1]:  # told once, where it is new
                parts[-1] += f", by {_STEPS[steps[k - 1]][0]}"
    words = "The network as a U, in the order of calculation. " + "; ".join(parts) + "."
    if steps and skips:
        words += f" {skips} skip{'s lead' if skips > 1 else ' leads'} across, level by level."
    return words
