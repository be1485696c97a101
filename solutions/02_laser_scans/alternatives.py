"""Right answers to unit 02, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "decode_labels",
        "division and rest",
        """
def decode_labels(raw):
    if raw.dtype.name != "uint32":
        raise ValueError("uint32 is expected, not " + raw.dtype.name)
    return (raw % 65536).astype("int64"), (raw // 65536).astype("int64")
""",
    ),
    Alternative(
        "spherical_projection",
        "point by point",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    import math
    rows, columns, ranges = [], [], []
    up, down = math.radians(fov_up), math.radians(fov_down)
    for x, y, z in points.tolist():
        r = math.hypot(x, y, z)
        tilt = math.atan2(z, math.hypot(x, y))
        rows.append(min(max(math.floor((up - tilt) / (up - down) * height), 0), height - 1))
        column = math.floor((math.pi - math.atan2(y, x)) / (2 * math.pi) * width)
        columns.append(min(max(column, 0), width - 1))
        ranges.append(r)
    return np.array(rows, dtype=int), np.array(columns, dtype=int), np.array(ranges, dtype=float)
""",
    ),
    Alternative(
        "spherical_projection",
        "norm and trunc",
        """
def spherical_projection(points, height, width, fov_up, fov_down):
    p = np.asarray(points, dtype=float)
    distance = np.linalg.norm(p, axis=1)
    tilt = np.rad2deg(np.arctan2(p[:, 2], np.hypot(p[:, 0], p[:, 1])))
    u = np.clip((1 - np.arctan2(p[:, 1], p[:, 0]) / np.pi) / 2 * width, 0, width - 1)
    v = np.clip((1 - (tilt - fov_down) / (fov_up - fov_down)) * height, 0, height - 1)
    return np.trunc(v).astype(int), np.trunc(u).astype(int), distance
""",
    ),
    Alternative(
        "range_image",
        "minimum.at",
        """
def range_image(points, height, width, fov_up, fov_down):
    i, j, r = spherical_projection(points, height, width, fov_up, fov_down)
    out = np.full((height, width), np.inf)
    np.minimum.at(out, (i, j), r)
    out[np.isinf(out)] = -1
    return out
""",
    ),
    Alternative(
        "range_image",
        "a loop in single precision",
        """
def range_image(points, height, width, fov_up, fov_down):
    picture = -np.ones((height, width), dtype=np.float32)
    for i, j, r in zip(*spherical_projection(points, height, width, fov_up, fov_down)):
        if picture[i, j] < 0 or r < picture[i, j]:
            picture[i, j] = r
    return picture
""",
    ),
    Alternative(
        "labels_to_points",
        "flat numbers",
        """
def labels_to_points(label_image, rows, columns):
    return label_image.reshape(-1).take(rows * label_image.shape[1] + columns)
""",
    ),
]
