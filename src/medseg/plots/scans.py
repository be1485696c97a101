"""Figures of MR slices: the scan, the expert's contours, a prediction beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import ListedColormap

from medseg.cases import Case
from medseg.errors import InputError
from medseg.palette import BLUE, PURPLE, VERMILION
from medseg.plots.describe import chosen_slice, describe_areas, describe_labels
from medseg.plots.display import FONT_SIZE, new_figure, set_font
from medseg.volumes import Volume, reorient
from medseg.zones import zone_colour, zone_name, zone_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HALO = "#101010"


def show_case(case: Case, slice_index: int | None = None) -> tuple[Figure, str]:
    """An axial slice of a case, without and with the expert's contours, whole field of view.

    Args:
        case: any.
        slice_index: 0 is nearest to the feet; None for the slice that shows most of the label.

    >>> from medseg import plots
    >>> from medseg.cases import phantom_cases
    >>> figure, alt = plots.show_case(phantom_cases(1, progress=False)[0])
    >>> alt
    "MR image of phantom_0000_A, without and with the expert's contours. Axial slice 11 of 21: ..."
    """
    image, label = _axial(case, case.image), _axial(case, case.label)
    index = chosen_slice(label.array, slice_index)
    flat = label.array[:, :, index]
    title = f"{case.id}, slice {index + 1} of {label.shape[2]}"
    figure = _panels(
        image, index, {"image": None, "expert": flat}, case.class_names, title=title, margin=None
    )
    found = describe_labels(label.array, label.spacing, case.class_names, index)
    return figure, f"MR image of {case.id}, without and with the expert's contours. {found}"


def compare(
    image: Case | np.ndarray,
    expert: np.ndarray,
    prediction: np.ndarray | Mapping[str, np.ndarray],
    *,
    slice_index: int | None = None,
    spacing: tuple[float, float] | None = None,
    class_names: Sequence[str] | None = None,
    margin: float | None = 20.0,
) -> tuple[Figure, str]:
    """Image, expert and prediction side by side, as radiologists look at them.

    Args:
        image: a case; or one slice (rows, columns), row 0 anterior, column 0 the patient's right,
            as `slices` gives them.
        expert, prediction: label maps of the image's shape; or several predictions by their
            titles, which stand beside the expert's contours, without the bare image.
        slice_index: of a case, 0 is nearest to the feet; None for the slice that shows most.
        spacing: of a single slice, mm between its rows and between its columns; None counts
            pixels. That of a case is known.
        class_names: of a single slice. Those of a case are known.
        margin: mm (or pixels) to show around the labels; None for the whole field of view.

    Raises:
        InputError: the shapes differ, or an array that is no single slice comes without a case.

    >>> from medseg import plots
    >>> expert, prediction = np.zeros((2, 8, 8), dtype=int)
    >>> expert[2:6, 2:6], prediction[2:6, 2:4] = 1, 1
    >>> figure, alt = plots.compare(np.eye(8), expert, prediction)
    >>> alt
    'MR slice (one): ... Dice on this slice: class 1 0.67.'
    """
    names: Sequence[str]
    guesses = prediction if isinstance(prediction, Mapping) else {"prediction": prediction}
    if isinstance(image, Case):
        volumes = [_axial(image, array) for array in (image.image, expert, *guesses.values())]
        names, unit = image.class_names, "mm"
    else:
        volumes = [_slice_volume(array, spacing) for array in (image, expert, *guesses.values())]
        highest = int(max(volume.array.max() for volume in volumes[1:]))
        names = class_names or [f"class {number}" for number in range(highest + 1)]
        unit = "pixels" if spacing is None else "mm"
    grey, truth = volumes[:2]
    if len({volume.shape for volume in volumes}) > 1:
        *shapes, last = (str(volume.shape) for volume in volumes)
        raise InputError(
            f"image, expert and prediction must have one shape, but as (columns, rows, slices) "
            f"they have {', '.join(shapes)} and {last}"
        )
    index = chosen_slice(truth.array, slice_index)
    depth = truth.shape[2]
    one, *others = (volume.array[:, :, index] for volume in volumes[1:])
    found = dict(zip(guesses, others, strict=True))
    figure = _panels(
        grey,
        index,
        {**({} if guesses is prediction else {"image": None}), "expert": one, **found},
        names,
        title=f"{image.id}, slice {index + 1} of {depth}" if isinstance(image, Case) else "",
        margin=margin,
        unit=unit,
    )
    place = f"{image.id}, axial slice {index + 1} of {depth}" if isinstance(image, Case) else "one"
    pixel = None if unit == "pixels" else grey.spacing[:2]
    return figure, _in_words(place, one, found, names, pixel)


def three_planes(case: Case, labels: Mapping[str, np.ndarray]) -> tuple[Figure, str]:
    """A case cut in three planes through the middle of its gland, a row for each label map.

    Args:
        case: any; the planes cross in the middle of the first label map.
        labels: label maps on the case's grid by name, at least one.

    Raises:
        InputError: there is no label map, or one has another shape than the case.

    >>> from medseg import plots
    >>> from medseg.cases import phantom_cases
    >>> case = phantom_cases(1, progress=False)[0]
    >>> plots.three_planes(case, {"expert": case.label})[1].split(":")[0]
    'phantom_0000_A in three planes through the middle of the labels'
    """
    if not labels or any(label.shape != case.image.shape for label in labels.values()):
        shapes = ", ".join(str(label.shape) for label in labels.values()) or "none"
        raise InputError(
            f"three_planes takes label maps of the case's shape {case.image.shape}; it got {shapes}"
        )
    image = _axial(case, case.image)
    maps = {name: _axial(case, label).array for name, label in labels.items()}
    there = np.argwhere(next(iter(maps.values())) > 0)
    middle = there.mean(axis=0).round().astype(int) if len(there) else np.array(image.shape) // 2
    low, high = np.percentile(image.array, (1, 99))
    edges = np.multiply(image.shape, image.spacing)
    figure = new_figure(11, 0.9 + 3.4 * len(maps))
    grid = figure.subplots(len(maps), 3, squeeze=False)
    views = [("axial", 0, 1, 2), ("coronal", 0, 2, 1), ("sagittal", 1, 2, 0)]
    sides = ["patient's right to left (mm)", "front to back (mm)", "feet to head (mm)"]
    for (name, label), row in zip(maps.items(), grid, strict=True):
        for ax, (view, across, up, through) in zip(row, views, strict=True):
            # of the axes that are left, the first runs across
            cut, zones = (a.take(middle[through], axis=through).T for a in (image.array, label))
            height = edges[up]
            # the front is drawn above the back, the head above the feet
            ends = (height, 0) if up == 1 else (0, height)
            extent = (0, edges[across], *ends)
            options = {"extent": extent, "origin": "upper" if up == 1 else "lower"}
            # voxels as they are; smoothed ones would also make the picture twice as heavy
            scale = {"vmin": low, "vmax": max(high, low + 1), "interpolation": "nearest"}
            ax.imshow(cut, cmap="gray", **scale, **options)
            for number in np.unique(zones[zones > 0]).tolist():
                style = {"colors": [zone_colour(number)], "linestyles": [zone_style(number)]}
                ax.contour(zones == number, [0.5], linewidths=2, **options, **style)
            ax.set(title=f"{name}, {view}", xlabel=sides[across], ylabel=sides[up], aspect="equal")
    set_font(figure)
    present = sorted({int(n) for label in maps.values() for n in np.unique(label[label > 0])})
    _legend(figure, present, case.class_names, 2)
    slices_of = (f"{view} cut {middle[k] + 1} of {image.shape[k]}" for view, _, _, k in views)
    return figure, (
        f"{case.id} in three planes through the middle of the labels: {', '.join(slices_of)}, "
        f"each with the contours of {' and of '.join(maps)}."
    )


def errors(
    case: Case, expert: np.ndarray, prediction: np.ndarray, slice_index: int | None = None
) -> tuple[Figure, str]:
    """Where a prediction is wrong: the expert's contours, and the kinds of error filled.

    Args:
        case: any. expert, prediction: label maps on its grid.
        slice_index: 0 is nearest to the feet; None for the slice with most errors.

    >>> from medseg import plots
    >>> from medseg.cases import phantom_cases
    >>> case = phantom_cases(1, progress=False)[0]
    >>> print(plots.errors(case, case.label, np.zeros_like(case.label))[1])
    phantom_0000_A, axial slice ...: missed ... cm², invented 0.0 cm², wrong zone 0.0 cm².
    """
    from matplotlib.patches import Patch

    grey, truth, guess = (_axial(case, array) for array in (case.image, expert, prediction))
    wrong = truth.array != guess.array
    index = int(wrong.sum((0, 1)).argmax()) if slice_index is None else slice_index
    one, other = truth.array[:, :, index], guess.array[:, :, index]
    kinds = {
        "missed": ((one > 0) & (other == 0), VERMILION),
        "invented": ((one == 0) & (other > 0), BLUE),
        "wrong zone": ((one > 0) & (other > 0) & (one != other), PURPLE),
    }
    title = f"{case.id}, slice {index + 1} of {truth.shape[2]}"
    figure = _panels(
        grey,
        index,
        {"the expert's contours": one, "where the network is wrong": None},
        case.class_names,
        title=title,
        margin=20.0,
    )
    width, height = np.multiply(grey.shape[:2], grey.spacing[:2])
    for mask, colour in (kind for kind in kinds.values() if kind[0].any()):
        figure.axes[1].imshow(
            np.ma.masked_equal(mask.T, False),
            cmap=ListedColormap([colour]),
            extent=(0, width, height, 0),
            interpolation="nearest",
            alpha=0.75,
        )
    handles = [Patch(color=colour, label=name) for name, (_, colour) in kinds.items()]
    figure.axes[1].legend(handles=handles, loc="lower right", fontsize=FONT_SIZE)
    area = grey.spacing[0] * grey.spacing[1] / 100
    sizes = ", ".join(f"{name} {mask.sum() * area:.1f} cm²" for name, (mask, _) in kinds.items())
    return figure, f"{case.id}, axial slice {index + 1} of {truth.shape[2]}: {sizes}."


def _in_words(
    place: str,
    expert: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    names: Sequence[str],
    pixel: tuple[float, float] | None,
) -> str:
    """What a comparison shows on a slice: areas of the label maps (2D), and each one's Dice."""
    lone = list(predictions) == ["prediction"]
    panels = ", ".join(f"contours of {'the ' * lone}{title}" for title in predictions)
    words = f"MR slice ({place}): {'image, ' * lone}contours of the expert, {panels}. "
    words += f"Expert: {describe_areas(expert, pixel, names)}."
    for title, prediction in predictions.items():
        overlap = [
            f"{zone_name(names[number])} "
            f"{2 * np.sum((expert == number) & (prediction == number)) / (a + b):.2f}"
            for number in range(1, len(names))
            if (a := np.sum(expert == number)) + (b := np.sum(prediction == number))
        ]
        words += (
            f" {title[:1].upper()}{title[1:]}: {describe_areas(prediction, pixel, names)}. "
            f"Dice on this slice: {', '.join(overlap) or 'undefined, as both are empty'}."
        )
    return words


def _axial(case: Case, array: np.ndarray) -> Volume:
    array = np.asarray(array)
    if array.shape != case.image.shape:
        raise InputError(
            f"a label map of case {case.id} has the shape {case.image.shape}, not {array.shape}; "
            f"bring predictions back onto the case with to_native"
        )
    return reorient(Volume(array, case.affine))


def _slice_volume(array: np.ndarray, spacing: tuple[float, float] | None) -> Volume:
    array = np.asarray(array)
    if array.ndim != 2:
        raise InputError(
            f"without a case, compare takes one slice (rows, columns), not shape {array.shape}"
        )
    row, column = spacing or (1.0, 1.0)
    return Volume(array.T[:, :, None], np.diag([-column, -row, 1.0, 1.0]))


def _panels(
    image: Volume,
    index: int,
    panels: Mapping[str, np.ndarray | None],
    names: Sequence[str],
    *,
    title: str,
    margin: float | None,
    unit: str = "mm",
) -> Figure:
    """One slice of a left-back-head volume, once per title, with the contours of a label map."""
    labels = np.stack([label for label in panels.values() if label is not None])
    (left, right), (top, bottom) = _window(labels.max(axis=0) > 0, image.spacing, margin)
    present = [number for number in range(1, len(names)) if (labels == number).any()]
    width, columns = (13.0, 4) if len(panels) > 2 else (10.0, 2)
    panel_height = (width - 1) / len(panels) * (bottom - top) / (right - left)
    text_height = 1.4 + 0.3 * -(-len(present) // columns)
    figure = new_figure(width, min(8.0, panel_height + text_height))
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True)
    for ax, (name, label) in zip(axes, panels.items(), strict=True):
        _draw(ax, image, index, label)
        ax.set(title=name, xlabel=f"patient's right to left ({unit})")
    axes[0].set(ylabel=f"front to back ({unit})", xlim=(left, right), ylim=(bottom, top))
    set_font(figure)
    if title:
        figure.suptitle(title, fontsize=FONT_SIZE)
    _legend(figure, present, names, columns)
    return figure


def _window(
    mask: np.ndarray, spacing: Sequence[float], margin: float | None
) -> list[tuple[float, float]]:
    """Limits along x and y of what lies within `margin` of the mask (x, y); of all for None."""
    limits = []
    for axis in (0, 1):
        first, last = 0, mask.shape[axis] - 1
        if margin is not None and mask.any():
            hit = np.flatnonzero(mask.any(axis=1 - axis))
            first = max(first, int(hit[0] - margin / spacing[axis]))
            last = min(last, int(hit[-1] + margin / spacing[axis]))
        limits.append((first * spacing[axis], (last + 1) * spacing[axis]))
    return limits


def _draw(ax: Axes, image: Volume, index: int, label: np.ndarray | None) -> None:
    """Row 0 (anterior) on top and the patient's right on the left, as radiologists look at it."""
    from matplotlib.patheffects import withStroke

    width, height = np.multiply(image.shape[:2], image.spacing[:2])
    low, high = np.percentile(image.array, (1, 99))
    ax.imshow(
        image.array[:, :, index].T,
        cmap="gray",
        vmin=low,
        vmax=high if high > low else low + 1,
        extent=(0, width, height, 0),
        interpolation="nearest",
    )
    if label is not None:
        framed = np.pad(label.T, 1)  # so that a contour closes at the image's border
        x, y = (
            (np.arange(-1, n + 1) + 0.5) * step
            for n, step in zip(image.shape[:2], image.spacing[:2], strict=True)
        )
        for number in np.unique(framed[framed > 0]).tolist():
            lines = ax.contour(
                x,
                y,
                framed == number,
                levels=[0.5],
                colors=[zone_colour(number)],
                linestyles=[zone_style(number)],
                linewidths=2.0,
            )
            lines.set_path_effects([withStroke(linewidth=3.2, foreground=_HALO)])
    for letter, place, side in (("R", 0.02, "left"), ("L", 0.98, "right")):
        ax.text(
            place,
            0.5,
            letter,
            transform=ax.transAxes,
            color="white",
            fontsize=FONT_SIZE + 2,
            fontweight="bold",
            horizontalalignment=side,
            verticalalignment="center",
            path_effects=[withStroke(linewidth=3, foreground=_HALO)],
        )


def _legend(figure: Figure, present: list[int], names: Sequence[str], columns: int) -> None:
    from matplotlib.lines import Line2D

    if not present:
        return
    handles = [
        Line2D([], [], color=zone_colour(number), linestyle=zone_style(number), linewidth=2.5)
        for number in present
    ]
    words = [
        f"{name} {zone_name(name)}" if name != zone_name(name) else name
        for name in (names[number] for number in present)
    ]
    figure.legend(
        handles,
        words,
        loc="outside lower center",
        ncols=min(len(handles), columns),
        fontsize=FONT_SIZE,
        facecolor="#303030",
        framealpha=1,
        labelcolor="white",
        handlelength=3.5,
    )
