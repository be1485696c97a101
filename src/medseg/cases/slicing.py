"""Slices: what a network takes of a case, and the way back onto the case's own voxels."""

import numpy as np

from medseg.cases.case import Case
from medseg.errors import InputError
from medseg.volumes import Volume, reorient, resample


def slices(case: Case, size: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """What a network takes of a case: axial slices of one size, whatever the scan's.

    Axes are turned into the order head, back, left that is nearest to the scan's, so that row 0
    is anterior and column 0 the patient's right, as radiologists look at a scan. Each slice keeps
    its whole field of view and its aspect in mm: its longer side gets `size` pixels, the shorter
    one is padded. The slices stay as they are in number and distance.

    Args:
        case: any.
        size: rows and columns of the result.

    Returns:
        image (D, size, size) float32, clipped to its 1st and 99th percentile, then mean 0 and
        standard deviation 1, padded with its minimum; label (D, size, size) int64, padded with 0.

    >>> from medseg.cases import phantom_cases, slices
    >>> image, label = slices(phantom_cases(1, progress=False)[0], size=64)
    >>> image.shape, image.dtype, label.dtype
    ((21, 64, 64), dtype('float32'), dtype('int64'))
    """
    if size < 1:
        raise InputError(f"the size must be at least 1 pixel, not {size}")
    image = reorient(Volume(case.image, case.affine))
    label = reorient(Volume(case.label, case.affine))
    spacing = (*_pixel_spacing(image, size), image.spacing[2])
    # linear interpolation averages over two voxels; what a larger pixel covers beyond that is
    # smoothed first, so that its variance is that of an average over the whole pixel
    ratio = np.array(spacing) / image.spacing
    sigma = np.sqrt(np.maximum(0, ratio**2 - 4) / 12)
    if sigma.any():
        from scipy import ndimage

        image = Volume(ndimage.gaussian_filter(image.array, sigma, mode="nearest"), image.affine)
    pixels = _normalised(resample(image, spacing, order=1).array)
    classes = resample(label, spacing, order=0).array
    margins = [(0, 0), *(_margin(size, n) for n in pixels.shape[1::-1])]
    padded = np.pad(pixels.transpose(2, 1, 0), margins, constant_values=pixels.min())
    padded_classes = np.pad(classes.transpose(2, 1, 0), margins).astype(np.int64)
    return np.ascontiguousarray(padded), np.ascontiguousarray(padded_classes)


def slice_size(case: Case, most: int = 128) -> int:
    """Rows and columns for pixels of about 1 mm: a multiple of 16, from 32 to `most`.

    >>> from medseg.cases import phantom_cases, slice_size
    >>> slice_size(phantom_cases(1, progress=False)[0])
    96
    """
    turned = reorient(Volume(case.image, case.affine))
    width = max(np.multiply(turned.shape[:2], turned.spacing[:2]))
    return int(np.clip(16 * round(float(width) / 16), 32, most))


def slice_spacing(case: Case, size: int = 128) -> tuple[float, float, float]:
    """Distance in mm between the slices, rows and columns that `slices` makes of a case."""
    turned = reorient(Volume(case.image, case.affine))
    column, row = _pixel_spacing(turned, size)
    return turned.spacing[2], row, column


def to_native(prediction: np.ndarray, case: Case) -> np.ndarray:
    """Bring a prediction on the slices of a case back onto the case's own voxels.

    Args:
        prediction: (D, size, size), or (C, D, size, size) with one channel per class. Integers
            are labels, real numbers scores; torch tensors on the CPU do, too.
        case: which was given to `slices`.

    Returns:
        (X, Y, Z) or (C, X, Y, Z); of labels, uint8, of scores float32, interpolated linearly.
        Labels are interpolated class by class, and the class with the largest share wins.

    Raises:
        InputError: the shape does not fit to the case.

    >>> from medseg.cases import phantom_cases, slices, to_native
    >>> case = phantom_cases(1, progress=False)[0]
    >>> image, label = slices(case, size=64)
    >>> back = to_native(label, case)
    >>> back.shape == case.image.shape, bool((back == case.label).mean() > 0.98)
    (True, True)
    """
    prediction = np.asarray(prediction)
    turned = reorient(Volume(np.broadcast_to(np.uint8(0), case.image.shape), case.affine))
    width, height, depth = turned.shape
    size = prediction.shape[-1] if prediction.ndim else 0
    if prediction.ndim not in (3, 4) or prediction.shape[-3:] != (depth, size, size):
        raise InputError(
            f"case {case.id} has {depth} slices, so a prediction on them is of shape "
            f"({depth}, size, size) or (classes, {depth}, size, size), not {prediction.shape}"
        )
    if prediction.ndim == 4:
        return np.stack([to_native(channel, case) for channel in prediction])
    if prediction.dtype.kind == "b":
        prediction = prediction.astype(np.uint8)

    pixel_spacing = _pixel_spacing(turned, size)
    columns, rows = (
        max(1, round(n * old / new))
        for n, old, new in zip((width, height), turned.spacing[:2], pixel_spacing, strict=True)
    )
    top, left = _margin(size, rows)[0], _margin(size, columns)[0]
    inner = prediction[:, top : top + rows, left : left + columns].transpose(2, 1, 0)
    if prediction.dtype.kind in "iu":
        back = _scaled_labels(inner, turned.shape)
    else:
        back = _scaled(inner.astype(np.float32), turned.shape)
    return _turned_back(back, case.affine)


def _turned_back(array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Axes that run to left, back and head turned back into those of a volume with this affine."""
    from nibabel import orientations

    turn = orientations.ornt_transform(
        orientations.axcodes2ornt("LPS"), orientations.io_orientation(affine)
    )
    return np.ascontiguousarray(orientations.apply_orientation(array, turn))


def _pixel_spacing(turned: Volume, size: int) -> tuple[float, float]:
    """Edge in mm, twice, of the square pixel of which `size` cover the longer side of a slice."""
    edge = max(np.multiply(turned.shape[:2], turned.spacing[:2])) / size
    return float(edge), float(edge)


def _margin(size: int, inner: int) -> tuple[int, int]:
    """Pixels to pad before and after."""
    return (size - inner) // 2, size - inner - (size - inner) // 2


def _normalised(image: np.ndarray) -> np.ndarray:
    low, high = np.percentile(image, (1, 99))
    clipped = np.clip(image, low, high).astype(np.float64)
    spread = clipped.std()
    if spread == 0:
        return np.zeros(image.shape, dtype=np.float32)
    return ((clipped - clipped.mean()) / spread).astype(np.float32)


def _scaled(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape == shape:
        return array
    from scipy import ndimage

    zoom = np.divide(shape, array.shape)
    return ndimage.zoom(array, zoom, order=1, mode="nearest", grid_mode=True)


def _scaled_labels(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    winner = np.zeros(shape, dtype=np.uint8)
    best = np.full(shape, -1, dtype=np.float32)
    for value in np.unique(labels):
        share = _scaled((labels == value).astype(np.float32), shape)
        winner[share > best] = value
        np.maximum(best, share, out=best)
    return winner
