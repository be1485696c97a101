"""Small changes of unit 02's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

EQUIVALENTS = [
    Equivalent(
        "spherical_projection",
        "x, y, z = points.astype(np.float64).T  ->  x, y, z = points.T",
        "No text asks for more digits than the points have.",
    ),
    Equivalent(
        "spherical_projection",
        "x, y, z = points.astype(np.float64).T  ->  x, y, z = points.astype(np.float32).T",
        "Seven digits are enough for a pixel, but at its very border.",
    ),
    Equivalent(
        "spherical_projection",
        "columns = columns.clip(0, width - 1).astype(np.int64)  ->  "
        "columns = columns.clip(-1, width - 1).astype(np.int64)",
        "An angle of at most 180 degrees gives no column below 0.",
    ),
    Equivalent(
        "spherical_projection",
        "elevation = np.degrees(np.arcsin(z / np.where(ranges > 0, ranges, 1)))  ->  "
        "elevation = np.degrees(np.arcsin(z / np.where(ranges > 0, ranges, 2)))",
        "Where the range is 0, so is z, whatever divides it.",
    ),
]
