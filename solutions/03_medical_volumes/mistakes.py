"""Probes, hints and named mistakes of unit 03."""

import numpy as np

from medseg.volumes import Volume
from medseg_grader.authoring import Call, Exercise, Mistake

SIMPLE = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -60], [0, 0, 3, 10], [0, 0, 0, 1]])
TILTED = np.array(
    [[-1.9, 0.4, 0.3, 40.0], [0.5, 1.8, -0.9, -25.0], [0.2, 0.6, 2.8, 12.0], [0, 0, 0, 1]]
)
POINTS = np.array([[80.0, -40.0, 22.0], [1.5, 2.5, -7.0]])
VOXELS = np.array([[5, 10, 4], [0, 0, 0], [2, 1, 7]])


def volume(shape: tuple[int, int, int], affine: np.ndarray) -> Volume:
    """An empty scan: only its place matters here."""
    return Volume(np.zeros(shape, dtype=np.uint8), affine)


def moved(x: float, y: float, z: float, scale: float = 1.0) -> np.ndarray:
    """An affine that only shifts and scales."""
    affine = np.diag([scale, scale, scale, 1.0])
    affine[:3, 3] = (x, y, z)
    return affine


def turned(degrees: float) -> np.ndarray:
    """An affine that turns the first two axes about the third."""
    affine = np.eye(4)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    affine[:2, :2] = [[cos, -sin], [sin, cos]]
    return affine


RAMP = np.arange(24.0).reshape(4, 3, 2) ** 1.5
LABELS = np.array([[[0, 1], [3, 3]], [[0, 4], [1, 3]], [[2, 2], [0, 3]]], np.uint8)
NOISE = np.random.default_rng(36).gamma(2.0, 50.0, (5, 14)).round(1)
CASES = ["a", "a", "b", "c", "c", "d", "e", "f", "f", "f", "g", "h", "i", "j"]

EXERCISES = [
    Exercise(
        name="voxel_to_world",
        exact_dtype=True,
        calls=[
            Call(SIMPLE, VOXELS),
            Call(TILTED, VOXELS[None]),
            Call(TILTED, np.array([1.0, 2.0, 3.0])),
            Call(TILTED, np.array([1.5, 2.25, -0.75])),
            Call(np.eye(3), np.zeros((1, 3)), mentions=["(3, 3)", "(4, 4)"]),
            Call(np.ones((3, 4)), np.zeros((1, 3)), mentions=["(3, 4)", "(4, 4)"]),
            Call(np.ones((4, 5)), np.zeros((1, 3)), mentions=["(4, 5)", "(4, 4)"]),
            Call(SIMPLE, VOXELS.astype(np.float32)),
        ],
        hints=[
            "Do it for one voxel first, as a column: `R @ x + o`.",
            "For many voxels as rows, the product turns round: rows times the transpose.",
            "`voxels @ affine[:3, :3].T + affine[:3, 3]`, after a look at the affine's shape.",
        ],
        mistakes=[
            Mistake(
                "takes_three_rows_for_four",
                "A (3, 4) affine lacks its last row, 0, 0, 0, 1: look at both numbers of the shape.",
                {"affine.shape != (4, 4)": "affine.shape[1] != 4"},
            ),
            Mistake(
                "single_precision",
                "float64 is due; float32 has about seven digits.",
                {
                    "voxels.astype(np.float64) @ affine[:3, :3].T + affine[:3, 3]": (
                        "(voxels @ affine[:3, :3].T + affine[:3, 3]).astype(np.float32)"
                    )
                },
            ),
            Mistake(
                "matrix_not_transposed",
                "With the coordinates as rows, the matrix has to be transposed; in a scan that is "
                "not tilted you would not notice.",
                {"affine[:3, :3].T": "affine[:3, :3]"},
            ),
            Mistake(
                "origin_forgotten",
                "The place of voxel (0, 0, 0) is missing: the last column of the affine.",
                {"affine[:3, :3].T + affine[:3, 3]": "affine[:3, :3].T"},
            ),
            Mistake(
                "diagonal_only",
                "You multiply by the diagonal of the affine. In a tilted scan the other entries "
                "count too.",
                {"@ affine[:3, :3].T": "* np.diag(affine)[:3]"},
            ),
            Mistake(
                "origin_added_first",
                "First R, then the origin: yours multiplies the origin as well.",
                {
                    "voxels.astype(np.float64) @ affine[:3, :3].T + affine[:3, 3]": "(voxels + "
                    "affine[:3, 3]) @ affine[:3, :3].T"
                },
            ),
            Mistake(
                "whole_millimetres",
                "Places lie between whole millimetres: the result must be float64.",
                {
                    "return voxels.astype(np.float64) @ affine[:3, :3].T + affine[:3, 3]": "return "
                    "(voxels @ affine[:3, :3].T + affine[:3, 3]).astype(int)"
                },
            ),
            Mistake(
                "accepts_any_matrix",
                "A 3 × 3 matrix has no origin: refuse what is not 4 × 4.",
                {"if affine.shape != (4, 4):": "if affine.ndim != 2:"},
            ),
        ],
    ),
    Exercise(
        name="world_to_voxel",
        exact_dtype=True,
        calls=[
            Call(SIMPLE, POINTS),
            Call(TILTED, POINTS),
            Call(TILTED, POINTS.reshape(2, 1, 3)),
            Call(SIMPLE, POINTS.astype(np.float32)),
        ],
        hints=[
            "Undo the two steps in reverse order: which was the last one?",
            "First take the origin away, then multiply by the inverse of R.",
            "`(points - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T`.",
        ],
        mistakes=[
            Mistake(
                "single_precision",
                "float64 is due; float32 has about seven digits.",
                {
                    "return (points - affine[:3, 3])": (
                        "return (points.astype(np.float32) - affine[:3, 3].astype(np.float32))"
                    ),
                    "np.linalg.inv(affine[:3, :3]).T": (
                        "np.linalg.inv(affine[:3, :3]).T.astype(np.float32)"
                    ),
                },
            ),
            Mistake(
                "inverse_before_the_origin",
                "You take R⁻¹ g − o. The origin was added last, so it has to go first: "
                "R⁻¹ (g − o).",
                {
                    "(points - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T": "points @ "
                    "np.linalg.inv(affine[:3, :3]).T - affine[:3, 3]"
                },
            ),
            Mistake(
                "transpose_for_inverse",
                "The transpose is the inverse of a rotation only. R also holds the spacing.",
                {"np.linalg.inv(affine[:3, :3]).T": "affine[:3, :3]"},
            ),
            Mistake(
                "inverse_not_transposed",
                "With the coordinates as rows, the inverse has to be transposed too.",
                {"np.linalg.inv(affine[:3, :3]).T": "np.linalg.inv(affine[:3, :3])"},
            ),
            Mistake(
                "divides_by_the_diagonal",
                "Dividing by the diagonal is right only in a scan that is not tilted.",
                {"@ np.linalg.inv(affine[:3, :3]).T": "/ np.diag(affine)[:3]"},
            ),
            Mistake(
                "origin_added",
                "The origin has to be taken away, not added again.",
                {"points - affine[:3, 3]": "points + affine[:3, 3]"},
            ),
            Mistake(
                "rounds_to_voxels",
                "A place lies in general between the centres of voxels: do not round here.",
                {
                    "return (points - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T": "return "
                    "np.rint((points - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T)"
                },
            ),
        ],
    ),
    Exercise(
        name="world_bounds",
        parts=("lower", "upper"),
        exact_dtype=True,
        uses=["voxel_to_world"],
        calls=[
            Call((2, 1, 1), np.diag([3.0, 1, 1, 1])),
            Call((4, 3, 2), SIMPLE),
            Call((4, 3, 2), TILTED),
            Call([4, 3, 2], SIMPLE),
        ],
        hints=[
            "Where does the outer voxel end: at its centre or half a voxel further?",
            "List all eight corners with `product`, take them to the patient, and look for the "
            "smallest and the largest of each coordinate.",
            "`product(*[(-0.5, n - 0.5) for n in shape])`, `voxel_to_world`, `.min(axis=0)`, "
            "`.max(axis=0)`.",
        ],
        mistakes=[
            Mistake(
                "from_centre_to_centre",
                "That is the box of the voxels' centres. The outer voxels reach half a voxel "
                "further on every side.",
                {"(-0.5, n - 0.5)": "(0, n - 1)"},
            ),
            Mistake(
                "half_a_voxel_off",
                "From 0 to n is the right length, but half a voxel off: voxel 0 is centred at 0 "
                "and begins at −½.",
                {"(-0.5, n - 0.5)": "(0, n)"},
            ),
            Mistake(
                "two_corners_only",
                "In a tilted scan the extremes may lie at any of the eight corners, not only at "
                "the first and the last.",
                {
                    "np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))": "np.array([[-0.5]"
                    " * 3, [n - 0.5 for n in shape]])"
                },
            ),
            Mistake(
                "first_and_last_corner_unsorted",
                "An axis may run against the patient's: then the first corner has the larger "
                "coordinate. Take minimum and maximum.",
                {"return places.min(axis=0), places.max(axis=0)": "return places[0], places[-1]"},
            ),
            Mistake(
                "one_voxel_too_long",
                "Yours is one voxel too long: the last index is n − 1, so the box ends at n − ½.",
                {"(-0.5, n - 0.5)": "(-0.5, n + 0.5)"},
            ),
            Mistake(
                "one_number_for_all_axes",
                "Each coordinate has its own smallest and largest value: (3,) each.",
                {
                    "return places.min(axis=0), places.max(axis=0)": "return places.min(), "
                    "places.max()"
                },
            ),
        ],
    ),
    Exercise(
        name="region_of_interest",
        runner="region",
        uses=["world_bounds", "world_to_voxel", "voxel_to_world"],
        calls=[
            Call(volume((6, 6, 6), np.eye(4)), volume((3, 9, 6), moved(2.2, -3.0, 0.0))),
            Call(volume((9, 8, 7), TILTED), volume((8, 8, 8), moved(26.3, -20.2, 13.4, 1.7))),
            Call(
                volume((12, 10, 6), moved(0.1, 0.2, 0.3, 2.0)),
                volume((9, 30, 5), moved(3.3, -5.1, 2.4, 1.3)),
                volume((20, 6, 9), moved(-6.2, 4.1, -3.3, 1.6)),
            ),
            Call(volume((4, 4, 4), np.eye(4)), volume((4, 4, 4), moved(0, 50, 0))),
            Call(
                volume((9, 9, 9), np.eye(4)),
                volume((9, 9, 9), moved(3, -2, 0)),
                volume((9, 9, 9), moved(-2, 4, -1)),
            ),
            Call(volume((4, 4, 4), np.eye(4)), volume((4, 4, 4), moved(4, 0, 0))),
            Call(
                volume((9, 2, 2), np.eye(4)),
                volume((2, 2, 2), moved(1, 0, 0)),
                volume((2, 2, 2), moved(6, 0, 0)),
            ),
            Call(
                volume((10, 10, 3), turned(30)),
                volume((6, 20, 3), moved(-1.3, -4, 0)),
                volume((20, 5, 3), moved(-9, 4.2, 0)),
            ),
            Call(volume((10, 10, 3), turned(20)), volume((6, 6, 3), moved(-5.2, 8.3, 0))),
            Call(volume((10, 10, 3), turned(45)), volume((2, 2, 3), moved(-6.6, 0, 0))),
        ],
        hints=[
            "Three steps: the bounds of every volume, their intersection in mm, and back to "
            "voxels of the first one. Print what each step gives.",
            "All eight corners of the intersection go back to voxels, as the axial scan may be "
            "tilted. Then the smallest and the largest index of each axis.",
            "start = floor(smallest + ½), stop = ceil(largest + ½), clipped to 0 and the shape.",
        ],
        mistakes=[
            Mistake(
                "union_of_the_boxes",
                "That is the region which any of them sees. What all of them see begins at the "
                "largest of the lower bounds.",
                {
                    "lower = np.max(": "lower = np.min(",
                    "upper = np.min(": "upper = np.max(",
                },
            ),
            Mistake(
                "two_corners_only",
                "Only two corners went back to voxels. In a tilted scan all eight count.",
                {
                    "corners = np.array(list(product(*zip(lower, upper, strict=True))))": "corners "
                    "= np.array([lower, upper])"
                },
            ),
            Mistake(
                "not_clipped",
                "The region reaches beyond the array: a negative start counts from the end in "
                "Python. Clip to 0 and the shape.",
                {
                    ".clip(0).astype(int)": ".astype(int)",
                    "np.minimum(np.ceil(voxels.max(axis=0) + 0.5), volumes[0].shape)": "np.ceil("
                    "voxels.max(axis=0) + 0.5)",
                },
            ),
            Mistake(
                "last_voxel_left_out",
                "Slices end before their stop: the last voxel that the region overlaps is missing.",
                {"np.ceil(voxels.max(axis=0) + 0.5)": "np.ceil(voxels.max(axis=0) - 0.5)"},
            ),
            Mistake(
                "rounded_inwards",
                "You round inwards, so that voxels which the region overlaps in part are lost.",
                {
                    "np.floor(voxels.min(axis=0) + 0.5)": "np.ceil(voxels.min(axis=0) + 0.5)",
                    "np.ceil(voxels.max(axis=0) + 0.5)": "np.floor(voxels.max(axis=0) + 0.5)",
                },
            ),
            Mistake(
                "rounded_inwards_without_the_half",
                "Two things: round outwards, floor for the start and ceil for the stop; and add "
                "the half first, as voxel k reaches from k − ½ to k + ½.",
                {
                    "np.floor(voxels.min(axis=0) + 0.5)": "np.ceil(voxels.min(axis=0))",
                    "np.ceil(voxels.max(axis=0) + 0.5)": "np.floor(voxels.max(axis=0))",
                },
            ),
            Mistake(
                "half_a_voxel_forgotten",
                "Voxel k reaches from k − ½ to k + ½: index 1.7 lies in voxel 2.",
                {
                    "np.floor(voxels.min(axis=0) + 0.5)": "np.floor(voxels.min(axis=0))",
                    "np.ceil(voxels.max(axis=0) + 0.5)": "np.ceil(voxels.max(axis=0))",
                },
            ),
            Mistake(
                "empty_region_accepted",
                "Two scans that share nothing give an empty region, which breaks something later. "
                "Say so at once with a ValueError.",
                {"if (lower >= upper).any() or (start >= stop).any():": "if len(volumes) == 0:"},
            ),
            Mistake(
                "empty_after_the_clipping",
                "The boxes meet, and yet nothing is left: a tilted scan does not fill its bounds, "
                "and the region may lie in a corner that it leaves free. Look again once you have "
                "clipped, whether start comes before stop on each axis.",
                {
                    "if (lower >= upper).any() or (start >= stop).any():": "if (lower >= upper).any():"
                },
            ),
            Mistake(
                "boxes_meet_in_voxels",
                "You intersect after going back to voxels, where each box has grown by the tilt "
                "already. Intersect the boxes in mm, then take the corners of what is left back.",
                source="""
def region_of_interest(volumes):
    start, stop = np.zeros(3), np.array(volumes[0].shape)
    for volume in volumes:
        low, high = world_bounds(volume.shape, volume.affine)
        corners = np.array(list(product(*zip(low, high, strict=True))))
        voxels = world_to_voxel(volumes[0].affine, corners).round(6)
        start = np.maximum(start, np.floor(voxels.min(axis=0) + 0.5))
        stop = np.minimum(stop, np.ceil(voxels.max(axis=0) + 0.5))
    if (start >= stop).any():
        raise ValueError("the volumes have no region in common")
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
""",
            ),
            Mistake(
                "first_box_left_out",
                "The first scan has bounds, too, and they cut the region as those of the others "
                "do: in a tilted scan the clipping alone does not see to that.",
                {
                    "for volume in volumes]\n    lower": (
                        "for volume in (volumes[1:] or volumes)]\n    lower"
                    )
                },
            ),
        ],
    ),
    Exercise(
        name="resample",
        parts=("the array", "the affine"),
        calls=[
            Call(np.array([[[10.0]], [[20.0]]]), np.diag([2.0, 1, 1, 1]), (1.0, 1.0, 1.0), 1),
            Call(RAMP, TILTED, (1.4, 1.1, 1.7), 1),
            Call(LABELS, moved(5, 6, 7, 2.0), (1.1, 1.3, 0.9), 0),
            Call(RAMP, moved(0, 0, 0), (40.0, 1.1, 1.0), 1),
            Call(np.array([[[10]], [[20]]], np.int16), np.diag([2.0, 1, 1, 1]), (0.8, 1.0, 1.0), 1),
            Call(LABELS.astype(np.int16), moved(5, 6, 7, 2.0), [1.1, 1.3, 1], 0),
        ],
        hints=[
            "Write down for one axis of two voxels where the four new centres lie in old indices.",
            "`(np.arange(m) + 0.5) * n / m - 0.5` are those places; `np.meshgrid(…, "
            "indexing='ij')` makes a grid of three such lines, `ndimage.map_coordinates` reads it.",
            "The affine's columns grow by n / m, and its origin moves by R @ ((n / m) / 2 − ½), "
            "with the old R.",
        ],
        mistakes=[
            Mistake(
                "spacing_from_the_diagonal",
                "You read the spacing from the diagonal. In a tilted scan it is the length of the "
                "columns.",
                {"np.sqrt((affine[:3, :3] ** 2).sum(axis=0))": "np.abs(np.diag(affine)[:3])"},
            ),
            Mistake(
                "rounded_down",
                "`int` cuts off what stands behind the point: round the number of voxels.",
                {
                    "np.rint(before * distance / np.array(spacing))": (
                        "(before * distance / np.array(spacing))"
                    )
                },
            ),
            Mistake(
                "signed_diagonal",
                "You read the spacing from the diagonal, where it can be negative. It is the "
                "length of each column.",
                {"np.sqrt((affine[:3, :3] ** 2).sum(axis=0))": "np.diag(affine)[:3]"},
            ),
            Mistake(
                "zoom_from_centre_to_centre",
                "`ndimage.zoom` keeps the outer centres unless it is told `grid_mode=True`; the "
                "edges of the box should stay.",
                {
                    "ndimage.map_coordinates(array, places, output=kind, order=order, "
                    'mode="nearest")': "ndimage.zoom(array.astype(kind), after / before, "
                    'order=order, mode="nearest")'
                },
            ),
            Mistake(
                "order_forgotten",
                "Without `order`, scipy lays cubic curves through the voxels: hand on the order "
                "that came.",
                {"order=order, ": ""},
            ),
            Mistake(
                "centres_stay_instead_of_edges",
                "The first centre stays where it was, so the box shifts. The edges should stay: "
                "half a new voxel from the edge, not half an old one.",
                {
                    "(np.arange(m) + 0.5) * w - 0.5": "np.arange(m) * w",
                    "moved[:3, 3] = moved[:3, :3] @ (width / 2 - 0.5) + moved[:3, 3]": "moved[:3, "
                    "3] = moved[:3, 3] + 0",
                },
            ),
            Mistake(
                "origin_not_moved",
                "The voxels are right, but the affine still has the old origin: the centre of "
                "voxel (0, 0, 0) has moved.",
                {"    moved[:3, 3] = moved[:3, :3] @ (width / 2 - 0.5) + moved[:3, 3]\n": ""},
            ),
            Mistake(
                "affine_not_scaled",
                "The columns of the affine still have the old length.",
                {"    moved[:3, :3] = moved[:3, :3] * width\n": ""},
            ),
            Mistake(
                "labels_interpolated",
                "Labels were interpolated: the order that came was 0, so read the nearest voxel.",
                {"order=order": "order=1"},
            ),
            Mistake(
                "rows_for_columns",
                "The edges of a voxel are the affine's columns; yours takes the rows.",
                {".sum(axis=0))": ".sum(axis=1))"},
            ),
            Mistake(
                "ratio_upside_down",
                "Smaller voxels mean more of them: n · old / new.",
                {"before * distance / np.array(spacing)": "before * np.array(spacing) / distance"},
            ),
            Mistake(
                "dark_beyond_the_outer_centres",
                "Beyond the outer centres your values fall to 0: the mode 'nearest' keeps them.",
                {'mode="nearest"': 'mode="constant"'},
            ),
            Mistake(
                "no_voxel_left",
                "A thin axis with a large spacing rounds to no voxel at all: keep at least one.",
                {
                    "np.maximum(1, np.rint(before * distance / np.array(spacing))).astype(int)": (
                        "np.rint(before * distance / np.array(spacing)).astype(int)"
                    )
                },
            ),
        ],
    ),
    Exercise(
        name="normalise",
        runner="image",
        tolerance=1e-3,
        calls=[
            Call(np.array([[7, 7], [7, 7]])),
            Call(np.arange(5.0)),
            Call(NOISE),
            Call(np.array([1.0, np.nan])),
            Call(np.append(np.zeros(199), 5.0)),
            Call(np.full(7, 0.1)),
        ],
        hints=[
            "In which order: clip, mean, standard deviation?",
            "`np.percentile(array, [1, 99])` gives both ends, `.clip(low, high)` cuts.",
            "Take mean and standard deviation of the clipped values; look out for low == high.",
        ],
        mistakes=[
            Mistake(
                "not_clipped",
                "The extreme values are still in: clip to the 1st and 99th percentile first.",
                {".clip(low, high)": ""},
            ),
            Mistake(
                "statistics_of_the_unclipped",
                "Mean and standard deviation should be those of the clipped values.",
                {
                    "((clipped - clipped.mean()) / clipped.std())": "((clipped - array.mean()) / "
                    "array.std())"
                },
            ),
            Mistake(
                "divides_by_the_variance",
                "Divide by the standard deviation, the root of the variance.",
                {"clipped.std()": "clipped.var()"},
            ),
            Mistake(
                "sample_standard_deviation",
                "Divide the squares by n, not by n − 1: leave out `ddof=1` (and mind that torch "
                "and pandas divide by n − 1 unless told otherwise).",
                {"clipped.std()": "clipped.std(ddof=1)"},
            ),
            Mistake(
                "between_0_and_1",
                "That brings the values between 0 and 1. Mean 0 and standard deviation 1 are due.",
                {"(clipped - clipped.mean()) / clipped.std()": "(clipped - low) / (high - low)"},
            ),
            Mistake(
                "constant_image_gives_nan",
                "A constant image has no spread: you divide 0 by 0.",
                {"    if low == high:": "    if False:"},
            ),
            Mistake(
                "asks_whether_the_deviation_is_0",
                "Seven times 0.1 has a mean that is not quite 0.1, and a deviation that is not "
                "quite 0: rounding. Ask instead whether both ends of the clipping are equal.",
                {"    if low == high:": "    if clipped.std() == 0:"},
            ),
            Mistake(
                "nan_passes_through",
                "NaN passes through and spoils everything later: refuse it here.",
                {"if np.isnan(array).any():": "if array.size == 0:"},
            ),
            Mistake(
                "stays_float64",
                "float32 is due: networks calculate with it, and it takes half the memory.",
                {"/ clipped.std()).astype(np.float32)": "/ clipped.std())"},
            ),
            Mistake(
                "fractions_for_percent",
                "np.percentile counts from 0 to 100: 0.01 and 0.99 are both almost the minimum.",
                {"np.percentile(array, [1, 99])": "np.percentile(array, [0.01, 0.99])"},
            ),
        ],
    ),
    Exercise(
        name="split_patients",
        runner="split",
        calls=[
            Call(CASES, [0.5, 0.5], 3),
            Call(CASES, [0.6, 0.2, 0.2], 5),
            Call(["a", "b", "c", "c"], [0.8, 0.1, 0.1], 1),
            Call(["a", "b", "b"], [0.5, 0.4, 0.1], 1, mentions=["2", "3"]),
            Call(list("abcdefghij"), [0.02, 0.98], 1),
            Call(list("abcdefghij"), [0.98, 0.02], 1),
            Call(list("abcdefghij"), [0.25, 0.3, 0.45], 1),
            Call(list("abcdefghij"), [0.17, 0.17, 0.17, 0.49], 1),
            Call(list("abcd"), [0.02, 0.02, 0.96], 1),
            Call(list("abcdefghij"), [0.7, 0.2, 0.1], 1),
            Call(list("abcdefghij"), [0.25, 0.25, 0.25, 0.25], 1),
        ],
        hints=[
            "Make a list of the patients first, each once. Shuffle and cut that list, not the "
            "cases.",
            "Cumulative fractions times the number of patients say where to cut, once they are "
            "rounded with halves up, as by np.floor(x + 0.5): np.round sends 2.5 to 2 and 5.5 to "
            "6. Could a part come out empty?",
            "For each part, go through all ids and keep the indices whose patient is in it: they "
            "come out sorted.",
        ],
        mistakes=[
            Mistake(
                "cases_instead_of_patients",
                "You divide the cases, so that one patient is in two parts. Divide the patients.",
                source="""
def split_patients(ids, fractions, generator):
    count, parts = len(ids), len(fractions)
    if len(set(ids)) < parts:
        raise ValueError(f"{len(set(ids))} patients cannot be divided into {parts} parts")
    cuts = np.rint(np.cumsum(fractions)[:-1] * count).astype(int)
    for k in range(parts - 1):
        cuts[k] = min(max(cuts[k], cuts[k - 1] + 1 if k else 1), count - (parts - 1 - k))
    order = generator.permutation(count)
    return [sorted(int(k) for k in part) for part in np.split(order, cuts)]
""",
            ),
            Mistake(
                "shuffled_cases_cut_as_they_are",
                "You shuffle and cut the cases, so that one patient is in two parts. Shuffle and "
                "cut the list of patients, each once.",
                source="""
def split_patients(ids, fractions, generator):
    if len(set(ids)) < len(fractions):
        raise ValueError(f"{len(set(ids))} patients cannot be divided into {len(fractions)} parts")
    cuts = (np.cumsum(fractions)[:-1] * len(ids)).astype(int)
    return [part.tolist() for part in np.split(generator.permutation(len(ids)), cuts)]
""",
            ),
            Mistake(
                "order_of_a_set",
                "A set has no order of its own: that of texts changes from one start of Python to "
                "the next, and your parts with it. Sort the patients: `sorted(set(ids))`.",
                {"sorted(set(ids))": "list(set(ids))"},
            ),
            Mistake(
                "too_few_patients_accepted",
                "With fewer patients than parts, one part would stay empty: say so with a "
                "ValueError that names both numbers.",
                {"    if count < parts:": "    if False:"},
            ),
            Mistake(
                "message_without_numbers",
                "Name in the message how many patients and how many parts there are.",
                {
                    '(f"{count} patients cannot be divided into {parts} parts")': (
                        '("there are too few patients")'
                    )
                },
            ),
            Mistake(
                "not_shuffled",
                "The same patients come first every time: shuffle them with the generator.",
                {"generator.permutation(count)": "range(count)"},
            ),
            Mistake(
                "own_generator",
                "With the same generator state two calls give different parts: draw from the "
                "generator that came, and from nothing else.",
                {"generator.permutation(count)": "np.random.permutation(count)"},
            ),
            Mistake(
                "empty_part",
                "With few patients a small fraction rounds to nobody. Every part has at least one "
                "patient.",
                {
                    "        cuts[k] = min(max(cuts[k], first), count - (parts - 1 - k))": "        "
                    "cuts[k] = min(cuts[k], count) if first else count"
                },
            ),
            Mistake(
                "some_patients_dropped",
                "Some cases are in no part: what rounding leaves over has to go somewhere.",
                {
                    "[{order[k] for k in group} for group in groups]": "[{order[k] for k in "
                    "group[: max(1, len(group) - 1)]} for group in groups]"
                },
            ),
            Mistake(
                "last_cut_by_rounding",
                "0.7 + 0.2 + 0.1 is a little less than 1 in floats, so that the last patient is in "
                "no part. The last part ends with the last patient, whatever the sum says.",
                {
                    "np.floor(np.cumsum(fractions)[:-1] * count + 0.5).astype(int)": (
                        "(np.cumsum(fractions) * count).astype(int)"
                    ),
                    "groups = np.split(np.arange(count), cuts)": (
                        "groups = np.split(np.arange(count), cuts)[:parts]"
                    ),
                },
            ),
            Mistake(
                "parts_of_equal_size",
                "All parts are of the same size, whatever the fractions say.",
                {"np.cumsum(fractions)[:-1]": "np.arange(1, parts) / parts"},
            ),
            Mistake(
                "not_sorted",
                "The indices of each part should be sorted.",
                {
                    "[[k for k, owner in enumerate(ids) if owner in group] for group in chosen]": (
                        "[[k for k, owner in enumerate(ids) if owner in group][::-1] "
                        "for group in chosen]"
                    )
                },
            ),
        ],
    ),
]
