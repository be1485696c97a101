"""Files of the street data sets: KITTI and COCO panoptic pictures, SemanticKITTI laser scans.

Sources: the KITTI 2015 semantic and instance benchmark, https://www.cvlibs.net/datasets/kitti;
Behley et al., SemanticKITTI, ICCV 2019, https://github.com/PRBonn/semantic-kitti-api;
Kirillov et al., Panoptic segmentation, CVPR 2019, https://github.com/cocodataset/panopticapi.
All readers raise InputError with one sentence for a file that is not what its name promises.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from medseg.errors import InputError

# From the label in the file to the classes that are trained: 0 is left out, 1 car, 9 road, …;
# moving objects (252 and above) count as their resting kind.
LEARNING_MAP = {
    **{0: 0, 1: 0, 10: 1, 11: 2, 13: 5, 15: 3, 16: 5, 18: 4, 20: 5, 30: 6, 31: 7, 32: 8},
    **{40: 9, 44: 10, 48: 11, 49: 12, 50: 13, 51: 14, 52: 0, 60: 9, 70: 15, 71: 16, 72: 17},
    **{80: 18, 81: 19, 99: 0, 252: 1, 253: 7, 254: 6, 255: 8, 256: 5, 257: 5, 258: 4, 259: 5},
}


def write_kitti_panoptic(path: str | Path, semantic: np.ndarray, instance: np.ndarray) -> None:
    """Write class and instance, both (H, W) integers in 0..255, as one 16-bit PNG.

    The class stands in the high byte, the instance in the low one.

    >>> import numpy as np
    >>> from medseg.scenes import formats
    >>> formats.write_kitti_panoptic("street.png", np.array([[26, 7]]), np.array([[3, 0]]))
    >>> formats.read_kitti_panoptic("street.png")
    (array([[26,  7]]), array([[3, 0]]))
    """
    for name, labels in (("class", semantic), ("instance", instance)):
        _check_integers(labels, name, 255)
    if semantic.shape != instance.shape or semantic.ndim != 2:
        raise InputError(
            f"classes {semantic.shape} and instances {instance.shape} must be maps of one shape"
        )
    both = np.left_shift(semantic.astype(np.uint16), 8) | instance.astype(np.uint16)
    Image.fromarray(both).save(path, format="PNG")


def read_kitti_panoptic(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Class and instance, both (H, W) int64, of a 16-bit PNG as KITTI writes it."""
    values = _read_picture(path)
    if values.ndim != 2 or values.dtype not in (np.dtype(np.uint16), np.dtype(np.int32)):
        raise InputError(
            f"{path} holds {_described(values)}; KITTI's panoptic maps are 16-bit grey PNG files"
        )
    return np.divmod(values.astype(np.int64), 256)


def write_coco_panoptic(
    path: str | Path, segments: np.ndarray, categories: Mapping[int, int]
) -> list[dict]:
    """Write a map of segment ids as COCO's colours, id = R + 256 G + 65536 B; 0 is void.

    Args:
        path: the PNG file to write.
        segments: (H, W) integers in 0..2²⁴ - 1, one number per segment.
        categories: {segment id: category}, without 0.

    Returns:
        COCO's `segments_info`: for each segment its id, category_id, area in pixels, bbox
        [left, top, width, height], and iscrowd 0. It belongs into the data set's JSON file.
    """
    _check_integers(segments, "segment", 2**24 - 1)
    found = [int(i) for i in np.unique(segments) if i]
    unknown = [i for i in found if i not in categories]
    if unknown:
        raise InputError(
            f"segment {unknown[0]} has no category; categories knows {list(categories)}"
        )
    ids = segments.astype(np.uint32)
    colours = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)
    Image.fromarray(colours).save(path, format="PNG")
    _, dense = np.unique(np.append(segments.ravel(), 0), return_inverse=True)
    boxes = ndimage.find_objects(dense[:-1].reshape(segments.shape))
    info = []
    for number, (rows, columns) in zip(found, boxes, strict=True):
        box = [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]
        area = int((segments[rows, columns] == number).sum())
        info.append(
            {
                "id": number,
                "category_id": int(categories[number]),
                "area": area,
                "bbox": box,
                "iscrowd": 0,
            }
        )
    return info


def read_coco_panoptic(
    path: str | Path, segments_info: Sequence[Mapping]
) -> tuple[np.ndarray, np.ndarray]:
    """Categories and segment ids, both (H, W) int64, of a COCO panoptic PNG; void is 0 in both."""
    colours = _read_picture(path)
    if colours.ndim != 3 or colours.shape[2] != 3 or colours.dtype != np.uint8:
        raise InputError(
            f"{path} holds {_described(colours)}; COCO's panoptic maps are PNG files of 8-bit RGB"
        )
    segments = colours.astype(np.int64) @ np.array([1, 256, 65536])
    categories = {0: 0} | {int(s["id"]): int(s["category_id"]) for s in segments_info}
    return _mapped(segments, categories, f"{path}: segment"), segments


def write_scan(path: str | Path, points: np.ndarray, remission: np.ndarray) -> None:
    """Write a laser scan: points (N, 3) in metres and remission (N,), as float32 `.bin`."""
    if points.ndim != 2 or points.shape[1] != 3 or remission.shape != points.shape[:1]:
        raise InputError(
            f"points {points.shape} and remission {remission.shape} should be (N, 3) and (N,)"
        )
    np.column_stack([points, remission]).astype("<f4").tofile(path)


def read_scan(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and remission (N,), float32, of a SemanticKITTI `.bin` file."""
    values = _read_numbers(path, "<f4", 16, "x, y, z and remission in float32")
    rows = values.astype(np.float32).reshape(-1, 4)
    if not np.isfinite(rows).all():
        raise InputError(f"{path} holds numbers that are not finite: it is no laser scan")
    return rows[:, :3].copy(), rows[:, 3].copy()


def write_labels(path: str | Path, labels: np.ndarray) -> None:
    """Write the labels of a laser scan, (N,) uint32, as `.label`."""
    if labels.ndim != 1 or labels.dtype != np.uint32:
        raise InputError(f"labels are {_described(labels)}, expected (N,) uint32")
    labels.astype("<u4").tofile(path)


def read_labels(path: str | Path, points: int | None = None) -> np.ndarray:
    """(N,) uint32 of a SemanticKITTI `.label` file: class in the low, instance in the high half.

    With `points`, the number of points of the scan, a file of another length is refused.
    """
    labels = _read_numbers(path, "<u4", 4, "one uint32").astype(np.uint32)
    if points is not None and len(labels) != points:
        raise InputError(f"{path} has {len(labels)} labels, but the scan has {points} points")
    return labels


def learning_labels(semantic: np.ndarray) -> np.ndarray:
    """SemanticKITTI's classes as in the files → the 20 that are trained (0: not trained), int64."""
    return _mapped(np.asarray(semantic), LEARNING_MAP, "SemanticKITTI: class")


def _mapped(values: np.ndarray, mapping: Mapping[int, int], what: str) -> np.ndarray:
    found, inverse = np.unique(values, return_inverse=True)
    unknown = [int(v) for v in found if int(v) not in mapping]
    if unknown:
        raise InputError(f"{what} {unknown[0]} is unknown")
    table = np.array([mapping[int(v)] for v in found], dtype=np.int64)
    return table[inverse.reshape(values.shape)]


def _check_integers(values: np.ndarray, what: str, largest: int) -> None:
    if values.dtype.kind not in "iu":
        raise InputError(f"{what} numbers are {values.dtype}, expected integers")
    if values.size and not (values.min() >= 0 and values.max() <= largest):
        wrong = values.min() if values.min() < 0 else values.max()
        raise InputError(f"{what} {wrong} lies outside 0..{largest}")


def _read_picture(path: str | Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except (UnidentifiedImageError, SyntaxError) as error:
        raise InputError(f"{path} is no picture that can be read: {error}") from None
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        raise InputError(f"{path} is cut off or damaged: {error}") from None


def _read_numbers(path: str | Path, dtype: str, step: int, record: str) -> np.ndarray:
    raw = Path(path).read_bytes()
    if len(raw) % step:
        raise InputError(
            f"{path} has {len(raw)} bytes, no multiple of {step}: a point has {record}, so the "
            "file is cut off or of another kind"
        )
    return np.frombuffer(raw, dtype)


def _described(values: np.ndarray) -> str:
    return f"an array {values.shape} of {values.dtype}"
