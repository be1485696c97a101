"""Figures of the street: one picture and its answers, and the laser's points.

As in `medseg.plots`, every function that draws returns (figure, description).
"""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from medseg.plots.display import FONT_SIZE, new_figure, set_font
from medseg.scenes import KINDS, Picture, Scan

NEUTRAL = np.array([225, 225, 225], dtype=np.uint8)
NAMES = {kind.picture_id: kind.name for kind in KINDS.values()}
_COLOURS = {kind.picture_id: kind.colour for kind in KINDS.values()}
_LASER_COLOURS = {kind.laser_id: kind.colour for kind in KINDS.values()}


def answers(picture: Picture) -> dict[str, np.ndarray]:
    """The picture and its three answers as RGB images (H, W, 3) uint8, by name.

    In the panoptic answer every thing has a white outline, so that neighbours are told apart
    without colours.

    >>> from medseg import scenes
    >>> from medseg.plots import scene_plots
    >>> street = scenes.picture(scenes.street(), height=32, width=96)
    >>> list(scene_plots.answers(street)), scene_plots.answers(street)["semantic"].shape
    (['image', 'semantic', 'instance', 'panoptic'], (32, 96, 3))
    """
    semantic = _painted(picture.semantic, _COLOURS)
    shades = matplotlib.colormaps["tab20"](np.arange(20))[:, :3]
    numbered = (255 * shades[picture.instance % 20]).astype(np.uint8)
    counted = picture.instance > 0
    # a quarter of the class's colour: with a half, one car would have the road's
    mixed = (0.75 * numbered + 0.25 * semantic).astype(np.uint8)
    panoptic = np.where(counted[..., None], mixed, semantic)
    panoptic[outlines(picture.instance)] = 255
    return {
        "image": picture.rgb,
        "semantic": semantic,
        "instance": np.where(counted[..., None], numbered, NEUTRAL),
        "panoptic": panoptic,
    }


def outlines(instance: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels of an instance whose right or lower neighbour is not of it."""
    edge = np.zeros(instance.shape, dtype=bool)
    edge[:, :-1] |= instance[:, :-1] != instance[:, 1:]
    edge[:-1] |= instance[:-1] != instance[1:]
    return edge & (instance > 0)


def four_answers(picture: Picture) -> tuple[Figure, str]:
    """The picture, and what is where, which one is which, and both.

    >>> from medseg import scenes
    >>> from medseg.plots import scene_plots
    >>> street = scenes.picture(scenes.street(), height=32, width=96)
    >>> figure, alt = scene_plots.four_answers(street)
    >>> alt
    'A street, four times. Most pixels are building ...%, road ...%, sky ...%. ...'
    """
    titles = {
        "image": "image",
        "semantic": "semantic: what is where?",
        "instance": "instance: which one is which?",
        "panoptic": "panoptic: both",
    }
    figure = Figure(figsize=(12, 5.4), layout="constrained")
    drawn = answers(picture)
    for axes, (name, title) in zip(figure.subplots(2, 2).flat, titles.items(), strict=True):
        axes.imshow(drawn[name])
        axes.set_title(title)
        axes.set_xticks([])
        axes.set_yticks([])
    legend(
        figure,
        picture,
        title="classes in the semantic answer; in the panoptic one, things have their own colours",
    )
    return figure, "A street, four times. " + description(picture)


def legend(figure: Figure, picture: Picture, columns: int = 20, title: str | None = None) -> None:
    """The colours of the classes that the picture shows, below the figure."""
    found = [int(i) for i in np.unique(picture.semantic)]
    patches = [_patch(_COLOURS[i], NAMES[i]) for i in found]
    figure.legend(
        handles=patches,
        loc="outside lower center",
        ncols=min(columns, len(found)),
        title=title,
    )


def description(picture: Picture) -> str:
    """What the picture shows, counted from its labels.

    >>> from medseg import scenes
    >>> from medseg.plots import scene_plots
    >>> scene_plots.description(scenes.picture(scenes.street(), height=32, width=96))
    'Most pixels are building 36%, ... Things, counted: person 3, cyclist 1, car 6.'
    """
    shares = {
        NAMES[int(i)]: float((picture.semantic == i).mean()) for i in np.unique(picture.semantic)
    }
    largest = sorted(shares, key=lambda name: -shares[name])[:3]
    stuff = ", ".join(f"{name} {shares[name]:.0%}" for name in largest)
    things = []
    for kind in (k for k in KINDS.values() if k.is_thing):
        here = np.unique(picture.instance[picture.semantic == kind.picture_id])
        things.append(f"{kind.name} {len(here)}")
    return f"Most pixels are {stuff}. Things, counted: {', '.join(things)}."


def from_above(
    scan: Scan, values: np.ndarray | None = None, title: str = "one turn of a laser, from above"
) -> tuple[Figure, str]:
    """The laser's points seen from above, coloured by class, or by `values` (N,) where given.

    >>> from medseg import scenes
    >>> from medseg.plots import scene_plots
    >>> scan = scenes.laser_scan(scenes.street(), beams=8, columns=64)
    >>> figure, alt = scene_plots.from_above(scan)
    >>> alt
    '474 points of one laser turn, seen from above: ...'
    """
    figure = Figure(figsize=(10, 5.0), layout="constrained")
    axes = figure.subplots()
    near = np.abs(scan.points[:, 1]) < 18
    x, y = scan.points[near, 0], scan.points[near, 1]
    if values is None:
        colours = _painted(scan.labels[near].astype(np.int64) & 0xFFFF, _LASER_COLOURS) / 255
        axes.scatter(x, y, s=1.2, c=colours, linewidths=0)
    else:
        dots = axes.scatter(x, y, s=1.2, c=values[near], cmap="cividis", linewidths=0)
        figure.colorbar(dots, ax=axes)
    axes.plot(0, 0, marker="^", color="black")
    axes.annotate("laser", (0, 0), (-1.9, -2.4))
    axes.set(xlim=(-30, 60), ylim=(-18, 18), aspect="equal", title=title)
    axes.set(xlabel="forward (m)", ylabel="to the left (m)")
    classes = np.unique(scan.labels & 0xFFFF)
    found = [k for k in KINDS.values() if k.laser_id in classes and k.name != "unlabelled"]
    if values is None:
        found = [k for k in found if k.name != "sky"]
        patches = [_patch(k.colour, k.name) for k in found]
        figure.legend(handles=patches, loc="outside lower center", ncols=6)
    return figure, (
        f"{len(scan.points)} points of one laser turn, seen from above: two rows of houses, the "
        "road between them, cars and people on it; behind each thing lies a shadow without points."
    )


def panorama(ranges: np.ndarray, classes: np.ndarray) -> tuple[Figure, str]:
    """A laser's panorama: inverse range, so that near is bright, and the classes below it.

    Inverse range (1/m) is 0 where no echo came, as if the light had met nothing at all.

    Args:
        ranges: (H, W) float, metres; -1 where no point fell.
        classes: (H, W) integers, classes of SemanticKITTI; shown where a point fell.

    >>> import numpy as np
    >>> from medseg.plots import scene_plots
    >>> figure, alt = scene_plots.panorama(np.array([[-1.0, 5.0, 10.0]]), np.array([[0, 10, 40]]))
    >>> alt
    'Two panoramas of 1 by 3 pixels with one column axis. ... Classes: road 50%, car 50% of the
    pixels with an echo; 33% of all have none.'
    """
    echo = ranges >= 0
    inverse = np.where(echo, 1 / np.where(ranges > 0, ranges, 1), 0)
    figure = new_figure(13, 6.2)
    upper, lower = figure.subplots(2, 1, sharex=True)
    most = float(np.quantile(inverse[echo], 0.98)) if echo.any() else 1.0
    shown = upper.imshow(inverse, cmap="cividis", aspect="auto", vmin=0, vmax=most)
    figure.colorbar(shown, ax=[upper, lower], extend="max", pad=0.01).set_label(
        "inverse range (1/m)", fontsize=FONT_SIZE
    )
    painted = _painted(np.where(echo, classes, 0), _LASER_COLOURS)
    painted[~echo] = 255
    lower.imshow(painted, aspect="auto", interpolation="nearest")
    upper.set(title="inverse range: near is bright", ylabel="row")
    lower.set(title="classes (white: no echo)", ylabel="row")
    lower.set_xlabel("column (left: to the back, middle: ahead, right: to the back)")
    found = [k for k in KINDS.values() if (classes[echo] == k.laser_id).any()]
    figure.legend(
        handles=[_patch(k.colour, k.name) for k in found],
        loc="outside lower center",
        ncols=6,
        fontsize=FONT_SIZE,
    )
    set_font(figure)
    shares = {k.name: float((classes[echo] == k.laser_id).mean()) for k in found}
    largest = sorted(shares, key=lambda name: -shares[name])[:4]
    told = ", ".join(f"{name} {shares[name]:.0%}" for name in largest) or "none"
    return figure, (
        f"Two panoramas of {ranges.shape[0]} by {ranges.shape[1]} pixels with one column axis. "
        "Above, inverse range: bright where something is near, darker with the distance, black "
        "where no echo came. Below, the class of the nearest point of each pixel. "
        f"Classes: {told} of the pixels with an echo; {1 - echo.mean():.0%} of all have none."
    )


def numbered(maps: Mapping[str, np.ndarray], mask: np.ndarray) -> Figure:
    """Instance maps (H, W) one below the other; in `mask`, each instance carries a number.

    The titles end with how many there are. What lies outside `mask` is grey.

    >>> from medseg import scenes
    >>> from medseg.plots import scene_plots
    >>> street = scenes.picture(scenes.street(), height=32, width=96)
    >>> things = street.instance > 0
    >>> maps = {"instances": street.instance, "one for all": things.astype(int)}
    >>> [axes.get_title() for axes in scene_plots.numbered(maps, things).axes]
    ['instances: 10', 'one for all: 1']
    """
    height, width = mask.shape
    used = np.flatnonzero(mask.any(axis=1))
    top, bottom = max(used[0] - height // 8, 0), used[-1] + height // 20
    size = (12.0, len(maps) * (12.0 * (bottom - top) / width + 0.4))
    figure = Figure(figsize=size, layout="constrained")
    shades = (255 * matplotlib.colormaps["tab20"](np.arange(0, 20, 2))[:, :3]).astype(np.uint8)
    grid = np.ravel(figure.subplots(len(maps), 1))
    for axes, (title, labels) in zip(grid, maps.items(), strict=True):
        image = np.tile(NEUTRAL, (height, width, 1))
        image[(labels > 0) & ~mask] = 190
        found = np.unique(labels[mask])
        for k, number in enumerate(found):
            here = (labels == number) & mask
            image[here] = shades[k % len(shades)]
            rows, columns = np.nonzero(here)
            axes.text(
                columns.mean(), rows.min() - 3, str(k + 1), ha="center", va="bottom", fontsize=15
            )
        image[outlines(labels) & mask] = 255
        axes.imshow(image)
        axes.set(ylim=(bottom, top), xticks=[], yticks=[])
        axes.set_title(f"{title}: {len(found)}", fontsize=15)
    return figure


def panels(images: Mapping[str, np.ndarray], columns: int = 2, width: float = 12.0) -> Figure:
    """Images (H, W) or (H, W, 3) side by side under their titles.

    >>> from medseg import scenes
    >>> from medseg.plots import scene_plots
    >>> street = scenes.picture(scenes.street(), height=32, width=96)
    >>> figure = scene_plots.panels({"picture": street.rgb, "depth": street.depth})
    >>> [axes.get_title() for axes in figure.axes]
    ['picture', 'depth']
    """
    rows = -(-len(images) // columns)
    height, across = next(iter(images.values())).shape[:2]
    size = (width, rows * (width / columns * height / across + 0.35))
    figure = Figure(figsize=size, layout="constrained")
    grid: Sequence = np.atleast_1d(figure.subplots(rows, columns)).ravel().tolist()
    for axes, (title, image) in zip(grid, images.items(), strict=False):
        axes.imshow(image, cmap="cividis")
        axes.set_title(title)
    for axes in grid:
        axes.set_axis_off()
    return figure


def _patch(colour: tuple[int, int, int], name: str) -> Patch:
    red, green, blue = (value / 255 for value in colour)
    return Patch(color=(red, green, blue), label=name)


def _painted(labels: np.ndarray, colours: Mapping[int, tuple[int, int, int]]) -> np.ndarray:
    table = np.zeros((max(colours) + 1, 3), dtype=np.uint8)
    for number, colour in colours.items():
        table[number] = colour
    return table[labels]
