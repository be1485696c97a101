"""Volumes: a scan as an array, with the affine that says where each voxel lies in the patient.

Array axes are (X, Y, Z) in the order of the file. The affine maps a voxel index to a point in mm,
in RAS+: the first coordinate grows to the patient's right, the second to the front (anterior),
the third to the head (superior), as NIfTI has it.
"""

import gzip
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medseg.errors import InputError
from medseg.files import write_bytes
from medseg.files.nifti import read_nifti


@dataclass(frozen=True, eq=False)
class Volume:
    """An array (X, Y, Z) of real numbers and its affine (4, 4) float64, voxel index to RAS+ mm.

    Raises:
        InputError: the array is not 3D, empty, complex or not numeric, or holds NaN or infinity;
            the affine is not (4, 4), not finite, singular, or its last row is not 0, 0, 0, 1.

    >>> import numpy as np
    >>> from medseg.volumes import Volume
    >>> Volume(np.zeros((64, 64, 20)), np.diag([0.5, 0.5, 3.0, 1.0])).spacing
    (0.5, 0.5, 3.0)
    >>> Volume(np.zeros((64, 64)), np.eye(4))
    Traceback (most recent call last):
    medseg.errors.InputError: a volume is an array of shape (X, Y, Z) with voxels in it, not of
    shape (64, 64)
    """

    array: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.ndim != 3 or array.size == 0:
            choose = "; of a 4D image choose one channel" if array.ndim == 4 else ""
            raise InputError(
                f"a volume is an array of shape (X, Y, Z) with voxels in it, "
                f"not of shape {array.shape}{choose}"
            )
        check_real(array, "the volume")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis, (X, Y, Z)."""
        return self.array.shape

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxels along each axis."""
        return spacing_of(self.affine)


def spacing_of(affine: np.ndarray) -> tuple[float, float, float]:
    """Voxel spacing in mm: the lengths of the affine's first three columns.

    The diagonal would be right only for a scan that is not tilted.
    """
    x, y, z = np.linalg.norm(np.asarray(affine, dtype=np.float64)[:3, :3], axis=0)
    return float(x), float(y), float(z)


def checked_affine(affine: np.ndarray) -> np.ndarray:
    """A float64 copy of a (4, 4) affine; InputError if it cannot place voxels in space."""
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4):
        raise InputError(f"an affine has the shape (4, 4), not {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise InputError(f"the affine must be finite, but it is {matrix.tolist()}")
    if not np.array_equal(matrix[3], [0, 0, 0, 1]):
        raise InputError(f"the last row of an affine is 0, 0, 0, 1, not {matrix[3].tolist()}")
    if np.linalg.matrix_rank(matrix[:3, :3]) < 3:
        raise InputError(
            f"the affine is singular, so that several voxels fall on one point: "
            f"{matrix[:3, :3].tolist()}; its three columns must point in three directions"
        )
    return matrix


def check_real(array: np.ndarray, name: str) -> None:
    """Raise InputError unless the array holds real, finite numbers; `name` opens the sentence."""
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} must hold real numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        raise InputError(
            f"{name} holds NaN or infinity in {bad} of {array.size} voxels; "
            f"every voxel must be a finite number"
        )


def load_volume(path: str | os.PathLike[str], channel: int | None = None) -> Volume:
    """Read a NIfTI file (.nii or .nii.gz) as a Volume.

    Args:
        path: the file.
        channel: of a 4D file (X, Y, Z, C), the channel to take; None where a 3D file is expected.

    Raises:
        InputError: as `medseg.files.nifti.read_nifti`, which decides what a sound file is; or the
            array or the affine is not what `Volume` takes.
    """
    array, affine = read_nifti(path, channel)
    try:
        return Volume(array, affine)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def save_volume(volume: Volume, path: str | os.PathLike[str]) -> None:
    """Write a volume as NIfTI (.nii or .nii.gz), whole or not at all.

    The same volume always gives the same bytes. NIfTI keeps affines as float32. Booleans become
    uint8, float16 float32, and 64-bit integers int32 where they fit.

    Raises:
        InputError: another file name ending.
    """
    import nibabel

    path = Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InputError(f"the name of a volume's file ends in .nii or .nii.gz, not {path.name!r}")
    array = volume.array
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype in (np.int64, np.uint64) and np.can_cast(
        np.result_type(np.min_scalar_type(array.min()), np.min_scalar_type(array.max())), np.int32
    ):
        array = array.astype(np.int32)
    image = nibabel.Nifti1Image(array, volume.affine, dtype=array.dtype)
    image.header.set_xyzt_units("mm")
    content = image.to_bytes()
    if path.suffix == ".gz":
        content = gzip.compress(content, compresslevel=6, mtime=0)

    write_bytes(path, content)


def resample(volume: Volume, spacing: Sequence[float], order: int) -> Volume:
    """The same field of view in voxels of another size.

    The outer faces of the box that the voxels fill stay where they were. An axis of n voxels gets
    max(1, round(n * old / new)) of them, so that the new spacing is the nearest to the one asked
    for with which whole voxels fill the box.

    Args:
        volume: (X, Y, Z).
        spacing: the three distances asked for, mm.
        order: of the spline, 1 (linear) for images, 0 (nearest) for labels. Above 0, integers
            come back as float32.

    Raises:
        InputError: the spacing is not three positive numbers, or the order is not in 0..5.
    """
    from scipy import ndimage

    wanted = np.asarray(spacing, dtype=np.float64)
    if wanted.shape != (3,) or not (np.isfinite(wanted).all() and (wanted > 0).all()):
        raise InputError(f"the spacing must be three positive numbers in mm, not {spacing}")
    if order not in range(6):
        raise InputError(f"the order must be 0 (nearest), 1 (linear) … 5, not {order}")

    old_size = np.array(volume.shape)
    size = np.maximum(1, np.round(old_size * np.array(volume.spacing) / wanted)).astype(int)
    scale = old_size / size
    array = volume.array
    if order > 0 and array.dtype.kind != "f":
        array = array.astype(np.float32)
    if (size != old_size).any():
        # grid_mode scales the box of voxels, not the distance between the outer voxels' centres
        array = ndimage.zoom(array, 1 / scale, order=order, mode="nearest", grid_mode=True)
    else:
        array = array.copy()

    affine = volume.affine.copy()
    affine[:3, :3] *= scale
    affine[:3, 3] += volume.affine[:3, :3] @ (scale / 2 - 0.5)
    return Volume(array, affine)


def crop(volume: Volume, start: Sequence[int], stop: Sequence[int]) -> Volume:
    """The voxels from index `start` up to, not including, `stop`; each stays where it was in mm.

    Raises:
        InputError: the box is empty or reaches beyond the volume.
    """
    if (
        len(start) != 3
        or len(stop) != 3
        or not all(0 <= a < b <= n for a, b, n in zip(start, stop, volume.shape, strict=True))
    ):
        raise InputError(
            f"a crop from {tuple(start)} to {tuple(stop)} does not fit into a volume of shape "
            f"{volume.shape}; on each axis 0 <= start < stop <= size"
        )
    affine = volume.affine.copy()
    affine[:3, 3] = volume.affine[:3, :3] @ np.array(start) + volume.affine[:3, 3]
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    return Volume(volume.array[box].copy(), affine)


def reorient(volume: Volume, axes: str = "LPS") -> Volume:
    """The same voxels with array axes permuted and flipped to run nearest to the directions named.

    Args:
        volume: (X, Y, Z), tilted or not.
        axes: three letters, one each of R or L (right, left), A or P (front, back), S or I (head,
            feet): the direction in which each array axis grows.
    """
    from nibabel import orientations

    turn = orientations.ornt_transform(
        orientations.io_orientation(volume.affine), orientations.axcodes2ornt(axes)
    )
    return Volume(
        np.ascontiguousarray(orientations.apply_orientation(volume.array, turn)),
        volume.affine @ orientations.inv_ornt_aff(turn, volume.shape),
    )
