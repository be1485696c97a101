"""What a label map shows, in words."""

from collections.abc import Sequence

import numpy as np

from medseg.errors import InputError
from medseg.zones import zone_name


def describe_labels(
    label: np.ndarray,
    spacing: Sequence[float],
    class_names: Sequence[str],
    slice_index: int | None = None,
) -> str:
    """A sentence that says what a label map shows on a slice.

    Args:
        label: (X, Y, Z) with the third axis from feet to head, or one slice (2D).
        spacing: mm along each axis.
        class_names: one per class, background first.
        slice_index: of a volume; None for the slice that shows most.

    >>> from medseg import plots
    >>> label = np.repeat([[0, 1]], 20, axis=0)
    >>> plots.describe_labels(label, (1.0, 5.0), ["background", "PZ"])
    'Axial slice: the peripheral zone covers 1.0 cm².'
    """
    label = np.asarray(label)
    where = "Axial slice"
    if label.ndim == 3:
        index = chosen_slice(label, slice_index)
        if label.shape[2] > 1:
            where += f" {index + 1} of {label.shape[2]}"
        label = label[:, :, index]
    return f"{where}: {describe_areas(label, spacing, class_names)}."


def describe_areas(
    label: np.ndarray, spacing: Sequence[float] | None, class_names: Sequence[str]
) -> str:
    """The area of each class on a slice (2D), and which classes are not on it, in words.

    Areas are in cm² where `spacing` gives the mm along the two axes, else in pixels.
    """
    counts = np.bincount(np.asarray(label, dtype=np.int64).ravel(), minlength=len(class_names))
    names = [zone_name(name) for name in class_names]
    seen = [number for number in range(1, len(names)) if counts[number]]
    if not seen:
        return "background only"
    areas = [f"{n} pixels" for n in counts]
    if spacing is not None:
        square_cm = counts * (spacing[0] * spacing[1] / 100)
        areas = [f"{area:.1f} cm²" if area >= 0.1 else f"{area:.1g} cm²" for area in square_cm]
    first, *others = seen
    text = f"the {names[first]} covers {areas[first]}"
    for number in others:
        text += f", the {names[number]} {areas[number]}"
    unseen = [names[number] for number in range(1, len(names)) if not counts[number]]
    return f"{text}; not on it: {', '.join(unseen)}" if unseen else text


def chosen_slice(label: np.ndarray, index: int | None) -> int:
    """`index` if the label map (X, Y, Z) has that slice; for None the slice that shows most.

    That is where the classes together reach most of the area that each of them has at its best.
    """
    depth = label.shape[2]
    if index is None:
        classes = np.unique(label[label > 0])
        areas = np.array([np.count_nonzero(label == number, axis=(0, 1)) for number in classes])
        if not classes.size:
            return depth // 2
        return int(np.argmax(np.sum(areas / areas.max(axis=1, keepdims=True), axis=0)))
    if not 0 <= index < depth:
        raise InputError(f"there is no slice {index}; the slices are 0 to {depth - 1}")
    return index
