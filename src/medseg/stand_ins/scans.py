"""Counterparts of what places and prepares scans: unit 03."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from nibabel.affines import apply_affine, voxel_sizes


def voxel_to_world(affine: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """(…, 3) mm of voxel indices; ValueError where the affine is not (4, 4)."""
    if tuple(affine.shape) != (4, 4):
        raise ValueError(f"the affine must be (4, 4), but its shape is {affine.shape}")
    return apply_affine(affine, np.asarray(voxels, dtype=np.float64))


def world_to_voxel(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(…, 3) voxel indices, in general not whole, of places in mm."""
    return apply_affine(np.linalg.inv(affine), np.asarray(points, dtype=np.float64))


def world_bounds(shape: Sequence[int], affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) in mm of the box that holds all voxels, from edge to edge."""
    places = voxel_to_world(affine, _corners([(-0.5, n - 0.5) for n in shape]))
    return np.min(places, axis=0), np.max(places, axis=0)


def region_of_interest(volumes: Sequence[Any]) -> tuple[slice, slice, slice]:
    """Slices into the first volume's array: its part in the bounds of all; ValueError if empty."""
    lowers, uppers = zip(*(world_bounds(v.shape, v.affine) for v in volumes), strict=True)
    lower, upper = np.max(lowers, axis=0), np.min(uppers, axis=0)
    voxels = world_to_voxel(volumes[0].affine, _corners(list(zip(lower, upper, strict=True))))
    first = np.floor(voxels.min(axis=0) + 0.5).clip(0)
    stop = np.ceil(voxels.max(axis=0) + 0.5).clip(None, volumes[0].shape)
    if (lower >= upper).any() or (first >= stop).any():
        raise ValueError("the volumes share no region")
    x, y, z = (slice(int(a), int(b)) for a, b in zip(first, stop, strict=True))
    return x, y, z


def resample(
    array: np.ndarray, affine: np.ndarray, spacing: Sequence[float], order: int
) -> tuple[np.ndarray, np.ndarray]:
    """(array, affine) of the same field of view in voxels of `spacing` mm; order 1 or 0."""
    before, wanted = np.array(array.shape), np.array(spacing)
    after = np.maximum(1, np.rint(before * voxel_sizes(affine) / wanted)).astype(int)
    modes: dict[str, Any] = {"mode": "trilinear", "align_corners": False} if order else {}
    values = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))[None, None]
    result = torch.nn.functional.interpolate(
        values, tuple(after.tolist()), **(modes or {"mode": "nearest-exact"})
    )[0, 0].numpy()
    width = before / after
    moved = affine.astype(np.float64) @ np.diag([*width, 1.0])
    moved[:3, 3] = apply_affine(affine, width / 2 - 0.5)
    return result if order else result.astype(array.dtype), moved


def normalise(array: np.ndarray) -> np.ndarray:
    """float32 between the 1st and 99th percentile, with mean 0 and deviation 1 (0 if constant)."""
    if np.any(np.isnan(array)):
        raise ValueError("there is NaN in the image")
    clipped = array.astype(np.float64).clip(*np.percentile(array, (1, 99)))
    spread = np.ptp(clipped)
    centred = (clipped - clipped.mean()) / (clipped.std() if spread else 1)
    return (centred * (spread > 0)).astype(np.float32)


def _corners(edges: Sequence[tuple[float, float]]) -> np.ndarray:
    return np.array(list(product(*edges)), dtype=np.float64)
