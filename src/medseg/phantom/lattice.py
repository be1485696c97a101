"""Smooth fields, calculated at few points and interpolated to many.

Shapes in the body are smooth over millimetres, but voxels on their borders must be averaged over
half-millimetre parts. A field is therefore evaluated on a coarse lattice and brought to the fine
one by linear interpolation, one matrix product per axis.
"""

from collections.abc import Callable

import numpy as np

Points = tuple[np.ndarray, np.ndarray, np.ndarray]


def points_of(affine: np.ndarray, axes: list[np.ndarray]) -> Points:
    """Patient coordinates (mm, float32) of the lattice spanned by three axes of voxel indices."""
    i, j, k = np.ix_(*(np.asarray(axis, dtype=np.float32) for axis in axes))
    m = affine.astype(np.float32)
    x, y, z = (m[a, 0] * i + m[a, 1] * j + m[a, 2] * k + m[a, 3] for a in range(3))
    return x, y, z


def parts(start: int, stop: int, factor: int) -> np.ndarray:
    """Voxel indices of the middles of `factor` parts of each voxel from `start` to `stop`."""
    return (np.arange((stop - start) * factor) + 0.5) / factor - 0.5 + start


class Lattice:
    """A fine lattice of voxel parts with a coarse one over the same box.

    Args:
        affine: (4, 4), voxel index to mm.
        fine: voxel indices along each axis, parts of voxels among them.
        step: greatest distance between points of the coarse lattice, mm.
    """

    def __init__(self, affine: np.ndarray, fine: list[np.ndarray], step: float) -> None:
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        self.affine, self.fine = affine, fine
        coarse = [
            np.linspace(
                axis[0], axis[-1], max(2, int(np.ceil((axis[-1] - axis[0]) * s / step)) + 1)
            )
            for axis, s in zip(fine, spacing, strict=True)
        ]
        self.points = points_of(affine, coarse)
        self._weights = [_linear(c, f) for c, f in zip(coarse, fine, strict=True)]

    def upsample(self, field: np.ndarray) -> np.ndarray:
        """A field on the coarse lattice, interpolated linearly to the fine one (float32)."""
        full = np.broadcast_to(field, np.broadcast_shapes(*(p.shape for p in self.points)))
        a, b, c = self._weights
        result = np.tensordot(a, full.astype(np.float32), axes=(1, 0))
        result = np.matmul(b, result)
        return np.matmul(result, c.T)

    def fields(self, function: Callable[..., tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        """Several fields at once: `function` takes the coarse points and gives one array each."""
        return tuple(self.upsample(field) for field in function(self.points))


def noise(rng: np.random.Generator, lattice: Lattice) -> np.ndarray:
    """A smooth random field of standard deviation about 1, as coarse as the lattice's step."""
    shape = np.broadcast_shapes(*(p.shape for p in lattice.points))
    return 1.5 * lattice.upsample(rng.standard_normal(shape, dtype=np.float32))


def _linear(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Weights (fine, coarse) of linear interpolation."""
    position = (fine - coarse[0]) / (coarse[1] - coarse[0])
    low = np.clip(np.floor(position), 0, len(coarse) - 2).astype(int)
    share = (position - low).astype(np.float32)
    weights = np.zeros((len(fine), len(coarse)), dtype=np.float32)
    rows = np.arange(len(fine))
    weights[rows, low] = 1 - share
    weights[rows, low + 1] = share
    return weights
