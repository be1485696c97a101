"""A NIfTI file, read to its end and believed in nothing that the rest of it does not bear out.

nibabel mends odd headers as it reads them (a voxel size of 0 becomes 1), reads no further than it
must (so that a gzip checksum is never looked at), takes micrometres for millimetres, and asks for
as much memory as a header says. What it would not say is said here.
"""

import gzip
import math
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from medseg.errors import InputError, note

# mm in each of NIfTI's units of length; a header that names none counts in mm, as it is used.
MM = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}
_GZIP = b"\x1f\x8b"
# Deflate packs at most 1032 bytes into one.
_DENSEST = 1032
_CHUNK = 2**20


def read_nifti(
    path: str | os.PathLike[str], channel: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The voxels (X, Y, Z) and the affine (4, 4), voxel index to RAS+ mm, of a NIfTI file.

    Args:
        path: of a .nii or .nii.gz file.
        channel: of a 4D file (X, Y, Z, C), the channel to take; None where a 3D file is expected.
            A fourth axis of one entry is no channel to choose.

    Raises:
        InputError: the file is missing, no NIfTI, cut off or damaged; it asks for more memory than
            there is; its header says nothing that places voxels in space; it has no such channel.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the name and the folder")
    try:
        kind, header, content = _read(path)
        _check_sizes(path, header)
        image = kind.from_bytes(content)
        array = _chosen(path, image, channel)
        affine = _affine(path, image)
    except InputError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from error
    except Exception as error:  # nibabel stumbles over odd headers in many ways
        note(error)
        raise InputError(
            f"{path} cannot be read as NIfTI ({_words(error)}); its header is damaged: copy, "
            f"download or convert it again"
        ) from error
    return array.astype(array.dtype.newbyteorder("="), copy=False), affine


def _read(path: Path) -> tuple[Any, Any, bytes]:
    """The image's class, its header as it stands, and the whole file, decompressed."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    opener: Any = gzip.open if packed else open
    with opener(path, "rb") as file:
        head = file.read(540)
        kind, header = _header(path, head)
        size = int(header["vox_offset"]) + _bytes_of_voxels(header)
        on_disk = path.stat().st_size
        if size > on_disk * (_DENSEST if packed else 1):
            raise _damaged(path, f"its header promises {size:,} bytes, which it cannot hold")
        check_memory(path, header.get_data_shape(), _memory_of(header))
        content = head + _rest(file, size - len(head))
    if len(content) < size:
        raise _damaged(path, f"it holds {len(content):,} of {size:,} bytes")
    return kind, header, content


def _header(path: Path, head: bytes) -> tuple[Any, Any]:
    """The class of NIfTI that reads a file which begins so, and its header, unmended."""
    import nibabel

    kinds: list[Any] = [nibabel.Nifti1Image, nibabel.Nifti2Image]
    for kind in kinds:
        block = head[: kind.header_class.sizeof_hdr]
        if kind.header_class.may_contain_header(head):
            header = kind.header_class(block, check=False)
            if bytes(header["magic"]).startswith(b"ni"):
                raise InputError(
                    f"{path} is a header without its voxels, one of a pair .hdr and .img; convert "
                    f"the pair to one .nii.gz"
                )
            return kind, header
    if not head:
        raise InputError(f"{path} is empty; copy or download it again")
    raise InputError(
        f"{path} is not NIfTI; a volume is a whole .nii or .nii.gz file, so convert it to one"
    )


def _voxels(header: Any) -> int:
    return math.prod(int(n) for n in header.get_data_shape())


def _bytes_of_voxels(header: Any) -> int:
    return _voxels(header) * header.get_data_dtype().itemsize


def check_memory(path: Path, shape: Sequence[int], needed: int) -> None:
    """Raise InputError where a file's voxels need more bytes of memory than are free."""
    import psutil

    there = psutil.virtual_memory().available
    if needed > there:
        raise InputError(
            f"{path} has {tuple(shape)} voxels, for which {needed / 2**30:.1f} GiB of memory are "
            f"needed, and {there / 2**30:.1f} GiB are free; if it should be smaller, its header "
            f"is damaged"
        )


def _memory_of(header: Any) -> int:
    """Bytes: the file's and the array's, which is float64 where the voxels are scaled."""
    scaled = header.get_slope_inter() not in ((None, None), (1.0, 0.0))
    return _bytes_of_voxels(header) * 2 + (8 * _voxels(header) if scaled else 0)


def _rest(file: BinaryIO, count: int) -> bytes:
    """The next `count` bytes; what follows is read too, for gzip's checksum, and thrown away."""
    kept = bytearray()
    while chunk := file.read(_CHUNK):
        kept += chunk[: max(0, count - len(kept))]
    return bytes(kept)


def _check_sizes(path: Path, header: Any) -> None:
    """Refuse voxels without a size: nibabel would take them for 1 mm."""
    sizes = [float(size) for size in header["pixdim"][1:4]]
    if not all(np.isfinite(size) and size != 0 for size in sizes):
        raise InputError(
            f"{path} gives its voxels the sizes {sizes}; each must be a number other than 0: "
            f"convert the scan again, or set them in the header (pixdim)"
        )


def _chosen(path: Path, image: Any, channel: int | None) -> np.ndarray:
    shape = tuple(image.shape)
    if channel is None:
        if len(shape) < 3 or any(n != 1 for n in shape[3:]):
            remedy = "choose one channel, as in load_volume(path, channel=0)"
            raise InputError(
                f"{path} has the shape {shape}, but a volume is 3D (X, Y, Z)"
                f"{'; ' + remedy if len(shape) == 4 else ''}"
            )
        return np.asarray(image.dataobj).reshape(shape[:3], order="F")
    if len(shape) != 4 or not 0 <= channel < shape[3]:
        raise InputError(
            f"{path} has the shape {shape}, which has no channel {channel} on a fourth axis"
        )
    return np.asarray(image.dataobj[..., channel])


def _affine(path: Path, image: Any) -> np.ndarray:
    """The image's affine in mm; its sform if that is said to count, else its qform."""
    header = image.header
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    if sform > 0 and not header.get_sform()[:3, :3].any():
        remedy = "convert the scan again"
        if qform > 0:
            remedy = (
                "its qform is not: with nibabel, image.set_sform(image.get_qform()) takes that, "
                "then save the image"
            )
        raise InputError(
            f"{path} says that its sform places the voxels, but the sform is empty; {remedy}"
        )
    try:
        unit = header.get_xyzt_units()[0]
    except KeyError:
        unit = f"number {int(header['xyzt_units']) & 7}"
    if unit not in MM:
        raise InputError(
            f"{path} counts lengths in a unit that NIfTI does not know ({unit}); set it in the "
            f"header (xyzt_units) to mm"
        )
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3] *= MM[unit]
    return affine


def _damaged(path: Path, why: object) -> InputError:
    return InputError(f"{path} is cut off or damaged ({_words(why)}); copy or download it again")


def _words(why: object) -> str:
    """An error's text on one line, its type where it has none."""
    return " ".join(str(why).split()) or type(why).__name__
