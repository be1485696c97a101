"""Counterparts of label maps and laser scans: units 01 and 02."""

import colorsys
from collections.abc import Iterable, Mapping

import numpy as np
from scipy import ndimage

GOLDEN = 0.618034  # its multiples, without their whole parts, stay apart


def semantic_from_scores(scores: np.ndarray) -> np.ndarray:
    """(C, H, W) scores → (H, W) int64, the class of the highest; ValueError for other axes."""
    if scores.ndim != 3:
        raise ValueError(f"the scores must be (C, H, W), but their shape is {scores.shape}")
    return np.argmax(scores, axis=0).astype(np.int64)


def instances_from_semantic(semantic: np.ndarray, thing_ids: Iterable[int]) -> np.ndarray:
    """The 8-connected parts of each class of things, numbered 1, 2, …; (H, W) int64."""
    things = list(thing_ids)
    layers = np.stack([semantic == thing for thing in things] or [np.zeros_like(semantic)])
    # neighbours within a layer only, so that classes never mix
    around = np.zeros((3, 3, 3), dtype=bool)
    around[1] = True
    return ndimage.label(layers, around)[0].max(axis=0).astype(np.int64)


def encode_panoptic(semantic: np.ndarray, instance: np.ndarray) -> np.ndarray:
    """Class and instance as two bytes of one number, int64; ValueError outside 0 to 255."""
    both = np.stack([np.asarray(part, dtype=np.int64) for part in (semantic, instance)], axis=-1)
    if (outside := both[both != both.astype(np.uint8)]).size:
        raise ValueError(f"both parts must be 0 to 255, but there is a {outside[0]}")
    return np.ravel_multi_index(tuple(np.moveaxis(both, -1, 0)), (256, 256)).astype(np.int64)


def decode_panoptic(panoptic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(semantic, instance), two int64 arrays, of `encode_panoptic`'s numbers."""
    semantic, instance = np.divmod(panoptic.astype(np.int64), 256)
    return semantic, instance


def label_colours(panoptic: np.ndarray, palette: Mapping[int, tuple[int, int, int]]) -> np.ndarray:
    """(H, W, 3) uint8: stuff in the palette's colour, a thing in a hue of its own."""
    picture = np.zeros((*panoptic.shape, 3), dtype=np.uint8)
    for number in np.unique(panoptic):
        semantic, instance = divmod(int(number), 256)
        colour = np.array(palette[semantic], dtype=float)
        if instance:
            hue = colorsys.hsv_to_rgb(instance * GOLDEN % 1, 1, 1)
            colour = (colour + 255 * np.array(hue)) / 2
        picture[panoptic == number] = colour.astype(np.uint8)
    return picture


def decode_labels(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(semantic, instance), two int64 arrays: the halves of uint32; ValueError otherwise."""
    if str(raw.dtype) != "uint32":
        raise ValueError(f"the labels must be uint32, but they are {raw.dtype}")
    instance, semantic = np.divmod(raw.astype(np.int64), 2**16)
    return semantic, instance


def spherical_projection(
    points: np.ndarray, height: int, width: int, fov_up: float, fov_down: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, columns, ranges) of each point, by the formula of RangeNet++ (Milioto et al. 2019)."""
    x, y, z = np.asarray(points, dtype=np.float64).T
    flat = np.hypot(x, y)
    elevation = np.degrees(np.arctan2(z, flat))
    down = (fov_up - elevation) / (fov_up - fov_down)
    across = (1 - np.arctan2(y, x) / np.pi) / 2
    rows, columns = (
        np.floor(share * size).clip(0, size - 1).astype(np.int64)
        for share, size in ((down, height), (across, width))
    )
    return rows, columns, np.hypot(flat, z)


def range_image(
    points: np.ndarray, height: int, width: int, fov_up: float, fov_down: float
) -> np.ndarray:
    """(height, width): the range of the nearest point of each pixel, -1 where there is none."""
    size = height, width
    rows, columns, ranges = spherical_projection(points, *size, fov_up, fov_down)
    nearest = np.full(size, np.inf)
    np.fmin.at(nearest, (rows, columns), ranges)
    return np.where(np.isinf(nearest), -1.0, nearest)


def labels_to_points(label_image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(N,) the label of the pixel that each point fell on."""
    pixels = rows, columns
    return label_image[pixels]
