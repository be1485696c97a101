"""Seeded pictures of touching cells, as a microscope shows them, each with the true instances.

For unit 08: cells that touch are told apart only by a thin, faint line, as in the pictures for
which the U-Net of Ronneberger, Fischer and Brox (2015) was made.
"""

import numpy as np
from scipy import ndimage

from medseg.errors import InputError

RADII = 7.0, 11.0  # pixels: smallest and largest
TOUCHING = 0.8  # share of the cells that are set beside one that is there
SEAM = 0.35  # share of the light that is missing where two cells meet
NOISE = 0.09  # standard deviation, where a cell's light is about 1


def cells(seed: int, size: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """One picture of cells and which pixel belongs to which cell.

    The cells lie in groups and touch; where two meet, a dark line of about two pixels is left,
    which noise and blur half hide. The same seed and size always give the same picture.

    Args:
        seed: any integer that is not negative.
        size: rows and columns in pixels, at least 32.

    Returns:
        image (size, size) float32, about mean 0 and standard deviation 1; instances (size, size)
        int64, 0 for background and 1, 2, … for the cells, which share no pixel.

    Raises:
        InputError: the size is below 32.

    >>> from medseg.scenes.microscope import cells
    >>> image, instances = cells(0, size=32)
    >>> image.shape, image.dtype, np.unique(instances)
    ((32, 32), dtype('float32'), array([0, 1, 2]))
    """
    if size < 32:
        raise InputError(f"a picture of cells needs at least 32 pixels on a side, not {size}")
    draw = np.random.default_rng([seed, size])
    # How far inside its two nearest cells each pixel lies: 0 at a centre, 1 at an outline.
    nearest, second = np.full((2, size, size), np.inf)
    instances = np.zeros((size, size), dtype=np.int64)
    light = np.zeros((size, size))
    for number, (row, column, radius) in enumerate(_places(draw, size), start=1):
        reach = round(1.5 * radius)
        top, left = max(0, round(row) - reach), max(0, round(column) - reach)
        window = np.s_[top : round(row) + reach + 1, left : round(column) + reach + 1]
        offsets = np.array([top - row, left - column])[:, None, None]
        down, right = np.indices(instances[window].shape) + offsets
        depth = _depth(draw, down, right, radius)
        closer = depth < nearest[window]
        second[window] = np.where(closer, nearest[window], np.minimum(second[window], depth))
        nearest[window] = np.where(closer, depth, nearest[window])
        instances[window][closer] = number
        light[window][closer] = draw.uniform(0.75, 1.15)
    inside = nearest < 1
    instances[~inside] = 0
    nearest[~inside] = 1
    seam = np.exp(-(((np.minimum(second, 9) - nearest) / 0.16) ** 2)) * (second < 1.1)
    texture = ndimage.gaussian_filter(draw.normal(0, 1, (size, size)), 2.5)
    cell = light * (1 - 0.3 * nearest**2) * (1 - SEAM * seam) + 0.5 * texture
    shade = 0.12 * np.sin(np.arange(size) / size * draw.uniform(2, 5) + draw.uniform(0, 6))
    image = ndimage.gaussian_filter(np.where(inside, cell, 0.2) + shade, 1.0)
    image += draw.normal(0, NOISE, (size, size))
    return ((image - image.mean()) / image.std()).astype(np.float32), _numbered(instances)


def apart(instances: np.ndarray) -> np.ndarray:
    """The same map with background between instances that touch, a line two pixels wide.

    Pixels that have another instance among their eight neighbours become 0: what a network is
    taught of a border, as by Ronneberger, Fischer and Brox (2015), since instances in one piece
    with a neighbour could never be counted.

    Args:
        instances: (H, W) integer array, 0 for background.

    Returns:
        A new array of the same shape and dtype.

    >>> import numpy as np
    >>> from medseg.scenes.microscope import apart
    >>> apart(np.array([[1, 1, 2, 2, 2]]))
    array([[1, 0, 0, 2, 2]])
    """
    nothing = instances.max() + 1  # a filter calculates in floats, which hold no largest int64
    highest = ndimage.maximum_filter(instances, 3)
    lowest = ndimage.minimum_filter(np.where(instances == 0, nothing, instances), 3)
    return np.where(highest == lowest, instances, 0).astype(instances.dtype)


def _places(draw: np.random.Generator, size: int) -> list[tuple[float, float, float]]:
    """Row, column and radius of each cell; four in five are set beside one that is there."""
    places: list[tuple[float, float, float]] = []
    for _ in range(round(size**2 / 420)):
        radius = draw.uniform(*RADII)
        if places and draw.random() < TOUCHING:
            row, column, other = places[draw.integers(len(places))]
            angle, apart = draw.uniform(0, 2 * np.pi), draw.uniform(0.9, 1.0) * (radius + other)
            row, column = row + apart * np.sin(angle), column + apart * np.cos(angle)
        else:
            row, column = draw.uniform(0, size, 2)
        crowded = any(
            np.hypot(row - r, column - c) < 0.85 * (radius + other) for r, c, other in places
        )
        if not crowded and 0 <= row < size and 0 <= column < size:
            places.append((row, column, radius))
    return places


def _depth(
    draw: np.random.Generator, down: np.ndarray, right: np.ndarray, radius: float
) -> np.ndarray:
    """Distance from a cell's centre in units of its radius in that direction."""
    angle = np.arctan2(down, right)
    outline = np.ones_like(angle)
    for waves in (2, 3):
        outline += draw.uniform(0.03, 0.1) * np.cos(waves * angle + draw.uniform(0, 2 * np.pi))
    return np.hypot(down, right) / (radius * outline)


def _numbered(instances: np.ndarray) -> np.ndarray:
    """The same map with the numbers 1, 2, … of those cells of which a pixel is left."""
    return np.unique(instances, return_inverse=True)[1].reshape(instances.shape).astype(np.int64)
