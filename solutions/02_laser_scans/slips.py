"""Wrong answers to unit 02 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "decode_labels",
        "rest_of_16",
        "expected semantic to be [10, 40], yours is [10, 8]",
        """
def decode_labels(raw):
    return (raw % 16).astype(np.int64), (raw // 65536).astype(np.int64)
""",
    ),
    Slip(
        "decode_labels",
        "rest_of_65535",
        "expected semantic to be",
        """
def decode_labels(raw):
    if raw.dtype != np.uint32:
        raise ValueError(f"labels are {raw.dtype}, expected uint32")
    raw = raw.astype(np.int64)
    return raw % 65535, raw // 65535
""",
        what="Divides by 65535 instead of 65536.",
    ),
    Slip(
        "decode_labels",
        "",
        "expected instance to be",
        """
def decode_labels(raw):
    if raw.dtype != np.uint32:
        raise ValueError(f"labels are {raw.dtype}, expected uint32")
    signed = raw.astype(np.int32)
    semantic = signed & 0xFFFF
    instance = signed >> 16
    return semantic.astype(np.int64), instance.astype(np.int64)
""",
        what="Converts to int32 before shifting, so instances from 32768 on come out negative.",
    ),
    Slip(
        "decode_labels",
        "keeps_uint32",
        "expected semantic to have dtype",
        """
def decode_labels(raw):
    if raw.dtype != np.uint32:
        raise ValueError(f"labels have dtype {raw.dtype}, expected uint32")
    return raw & 0xFFFF, raw >> 16
""",
        what="Returns uint32 arrays instead of int64.",
    ),
    Slip(
        "decode_labels",
        "",
        "expected a ValueError, yours returned",
        """
def decode_labels(raw):
    if not np.issubdtype(raw.dtype, np.unsignedinteger):
        raise ValueError(f"labels have dtype {raw.dtype}, expected uint32")
    wide = raw.astype(np.int64)
    return wide % 2**16, wide // 2**16
""",
        what="Refuses only what is no unsigned integer; uint64 and uint16 labels pass.",
    ),
    Slip(
        "decode_labels",
        "",
        "expected semantic to be",
        """
def decode_labels(raw):
    if raw.dtype != np.uint32:
        raise ValueError("labels must be uint32")
    semantic = (raw & 0xFF).astype(np.int64)
    instance = (raw >> 16).astype(np.int64)
    return semantic, instance
""",
        what="Two mistakes: only the lowest 8 bits are kept as class (256 to 259 are lost), and the message does not name the dtype that came.",
    ),
    Slip(
        "spherical_projection",
        "elevation_in_radians",
        "expected rows to be",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    x, y, z = points.astype(np.float64).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    elevation = np.arcsin(z / np.maximum(ranges, 1e-12))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width).astype(np.int64)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height).astype(np.int64)
    return np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1), ranges
""",
        what="The elevation stays in radians while the field of view is in degrees.",
    ),
    Slip(
        "spherical_projection",
        "",
        "expected rows to have shape",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    x, y, z = points.astype(np.float64).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    elevation = np.degrees(np.arcsin(z / np.maximum(ranges, 1e-12)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width).astype(np.int64)
    columns = np.clip(columns, 0, width - 1)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height).astype(np.int64)
    inside = (rows >= 0) & (rows < height)
    return rows[inside], columns[inside], ranges[inside]
""",
        what="Throws points outside the field of view away instead of putting them into the nearest row, so fewer than N come back.",
    ),
    Slip(
        "spherical_projection",
        "",
        "expected columns to be",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    points = np.asarray(points, dtype=np.float64)
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    ranges = np.linalg.norm(points, axis=1)
    sine = np.divide(z, ranges, out=np.zeros_like(z), where=ranges > 0)
    elevation = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
    columns = np.floor((1 - np.arctan2(y, x) / np.pi) / 2 * width).astype(np.int64)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    rows = np.clip(rows, 0, height - 1).astype(np.int64)
    return rows, columns, ranges
""",
        what="Clips the rows but not the columns: a point exactly behind, with angle -pi, gets the column W that does not exist.",
    ),
    Slip(
        "spherical_projection",
        "",
        "expected rows to be",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    x, y, z = points.astype(np.float64).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    with np.errstate(all="ignore"):
        elevation = np.degrees(np.arcsin(z / ranges))
        columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width).astype(np.int64)
        rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height).astype(np.int64)
    rows = np.clip(rows, 0, height - 1)
    columns = np.clip(columns, 0, width - 1)
    return rows, columns, ranges
""",
        what="A point at the laser itself divides 0 by 0; its elevation is NaN and its row an accident instead of that of elevation 0.",
    ),
    Slip(
        "spherical_projection",
        "mirrored",
        "expected columns to be",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    x, y, z = points.astype(np.float64).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    safe = np.where(ranges == 0, 1, ranges)
    elevation = np.degrees(np.arcsin(np.clip(z / safe, -1, 1)))
    columns = np.floor(0.5 * (1 + np.arctan2(y, x) / np.pi) * width).astype(np.int64)
    rows = np.rint((fov_up - elevation) / (fov_up - fov_down) * height).astype(np.int64)
    return np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1), ranges
""",
        what="Two mistakes: left and right are mirrored (plus instead of minus), and rows are rounded to the nearest instead of down.",
    ),
    Slip(
        "range_image",
        "the_last_point_wins",
        "x [0, 13] to be 7.6184, yours is 15.237.",
        """
def _project(points, height, width, fov_up, fov_down):
    x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    safe = np.where(ranges > 0, ranges, 1.0)
    elevation = np.degrees(np.arcsin(np.clip(z / safe, -1, 1)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    columns = np.clip(columns, 0, width - 1).astype(np.int64)
    rows = np.clip(rows, 0, height - 1).astype(np.int64)
    return rows, columns, ranges


def range_image(points, height, width, fov_up, fov_down):
    rows, columns, ranges = _project(points, height, width, fov_up, fov_down)
    image = np.full((height, width), -1.0)
    image[rows, columns] = ranges
    return image
""",
        what="Writes the points in the order they come, so the last one of a pixel stays instead of the nearest.",
    ),
    Slip(
        "range_image",
        "smallest_of_minus_one",
        " index [0, 5] to be 9.0144, yours is -1.",
        """
def _project(points, height, width, fov_up, fov_down):
    x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    safe = np.where(ranges > 0, ranges, 1.0)
    elevation = np.degrees(np.arcsin(np.clip(z / safe, -1, 1)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    columns = np.clip(columns, 0, width - 1).astype(np.int64)
    rows = np.clip(rows, 0, height - 1).astype(np.int64)
    return rows, columns, ranges


def range_image(points, height, width, fov_up, fov_down):
    rows, columns, ranges = _project(points, height, width, fov_up, fov_down)
    image = np.full((height, width), -1.0)
    np.minimum.at(image, (rows, columns), ranges)
    return image
""",
        what="Takes the minimum with an image that starts at -1, so every pixel stays -1.",
    ),
    Slip(
        "range_image",
        "",
        "expected the result to be",
        """
def _project(points, height, width, fov_up, fov_down):
    x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    safe = np.where(ranges > 0, ranges, 1.0)
    elevation = np.degrees(np.arcsin(np.clip(z / safe, -1, 1)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    columns = np.clip(columns, 0, width - 1).astype(np.int64)
    rows = np.clip(rows, 0, height - 1).astype(np.int64)
    return rows, columns, ranges


def range_image(points, height, width, fov_up, fov_down):
    rows, columns, ranges = _project(points, height, width, fov_up, fov_down)
    image = np.zeros((height, width))
    order = np.argsort(-ranges)
    image[rows[order], columns[order]] = ranges[order]
    image[image == 0] = -1
    return image
""",
        what="Uses 0 as the mark of an empty pixel, so a point at the laser itself (range 0) is written as -1.",
    ),
    Slip(
        "range_image",
        "whole_metres",
        "a dtype of floats",
        """
def _project(points, height, width, fov_up, fov_down):
    x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    safe = np.where(ranges > 0, ranges, 1.0)
    elevation = np.degrees(np.arcsin(np.clip(z / safe, -1, 1)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    columns = np.clip(columns, 0, width - 1).astype(np.int64)
    rows = np.clip(rows, 0, height - 1).astype(np.int64)
    return rows, columns, ranges


def range_image(points, height, width, fov_up, fov_down):
    rows, columns, ranges = _project(points, height, width, fov_up, fov_down)
    image = np.full((height, width), -1)
    order = np.argsort(ranges)[::-1]
    image[rows[order], columns[order]] = ranges[order]
    return image
""",
        what="The image is made with np.full(..., -1) and thus of whole numbers, which cut off the ranges' decimals.",
    ),
    Slip(
        "range_image",
        "empty_is_zero",
        "expected the result to be",
        """
def _project(points, height, width, fov_up, fov_down):
    x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    safe = np.where(ranges > 0, ranges, 1.0)
    elevation = np.degrees(np.arcsin(np.clip(z / safe, -1, 1)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    columns = np.clip(columns, 0, width - 1).astype(np.int64)
    rows = np.clip(rows, 0, height - 1).astype(np.int64)
    return rows, columns, ranges


def range_image(points, height, width, fov_up, fov_down):
    rows, columns, ranges = _project(points, height, width, fov_up, fov_down)
    image = np.zeros((height, width))
    order = np.argsort(ranges)
    image[rows[order], columns[order]] = ranges[order]
    return image
""",
        what="Two mistakes: sorted upwards, so the farthest point wins, and empty pixels are 0 instead of -1.",
    ),
    Slip(
        "range_image",
        "",
        "values of the result are off",
        """
def range_image(points, height, width, fov_up, fov_down):
    rows, columns, ranges = spherical_projection(points, height, width, fov_up, fov_down)
    image = np.full((height, width), 100.0)
    np.minimum.at(image, (rows, columns), ranges)
    image[image == 100.0] = -1
    return image
""",
        what="100 m stands for empty, so what is farther away becomes -1.",
    ),
    Slip(
        "labels_to_points",
        "counts_pixels_with_the_height",
        "expected the result to be",
        """
def labels_to_points(label_image, rows, columns):
    height, width = label_image.shape
    return np.take(label_image.ravel(), rows * height + columns, mode="clip")
""",
        what="Multiplies the row with the height instead of the width in the flat index: right for square images only.",
    ),
    Slip(
        "labels_to_points",
        "every_row_with_every_column",
        "expected the result to have shape",
        """
def labels_to_points(label_image, rows, columns):
    return label_image[rows][:, columns]
""",
        what="Indexes rows and columns one after the other and returns an (N, N) table instead of one label per point.",
    ),
    Slip(
        "labels_to_points",
        "labels_become_floats",
        "expected the result to have dtype",
        """
def labels_to_points(label_image, rows, columns):
    labels = np.zeros(len(rows))
    for k in range(len(rows)):
        labels[k] = label_image[rows[k], columns[k]]
    return labels
""",
        what="Collects the labels in np.zeros, so they come back as float64.",
    ),
    Slip(
        "labels_to_points",
        "",
        "expected the result to have dtype",
        """
def labels_to_points(label_image, rows, columns):
    return np.array([label_image[i, j] for i, j in zip(rows, columns)])
""",
        what="For no points at all, np.array([]) is float64 instead of the label image's dtype.",
    ),
    Slip(
        "labels_to_points",
        "",
        "expected the result to have dtype",
        """
def labels_to_points(label_image, rows, columns):
    return label_image[rows - 1, columns - 1].astype(np.int64)
""",
        what="Two mistakes: counts rows and columns from 1 (index 0 wraps to the end), and always returns int64.",
    ),
]
