"""Probes, hints and named mistakes of unit 02."""

import numpy as np

from medseg_grader.authoring import Call, Exercise, Mistake

CLOUD = np.array(
    [
        [10.0, 2.0, -1.0],
        [4.0, 0.8, -0.41],
        [3.0, -7.0, 0.2],
        [-5.0, 4.0, -1.7],
        [-6.0, -1.0, -1.7],
        [0.5, 9.0, 0.1],
        [6.0, -14.0, 0.41],
    ]
)
OUTSIDE = np.array([[1.0, 0.5, 5.0], [2.0, 0.5, -5.0], [-3.0, 0.0, -0.5]])
IMAGE = np.array([[5, 6, 7, 8], [1, 2, 3, 4], [9, 10, 11, 12]])

EXERCISES = [
    Exercise(
        name="decode_labels",
        parts=("semantic", "instance"),
        calls=[
            Call(np.array([196618, 40], np.uint32)),
            Call(np.array([0, 4294967295, 65536, 65535, 16973854], np.uint32)),
            Call(np.array([10.0, 40.0]), mentions=["float64", "uint32"]),
            Call(np.array([10, 40]), mentions=["int64", "uint32"]),
            Call(np.array([10, 40], np.uint16), mentions=["uint16", "uint32"]),
            Call(np.array([10, 40], np.int32), mentions=["int32", "uint32"]),
            Call(np.array([], np.uint32)),
        ],
        hints=[
            "Write 196618 as 3 · 65536 + 10. Which operation gives the 3, which the 10?",
            "`raw & 0xFFFF` keeps the lower 16 bits, `raw >> 16` moves the upper ones down.",
            "Check `raw.dtype` first, convert to int64, and return the two as a tuple, the class "
            "first.",
        ],
        mistakes=[
            Mistake(
                "parts_swapped",
                "The class is in the lower 16 bits, and comes first.",
                {"return wide & 0xFFFF, wide >> 16": "return wide >> 16, wide & 0xFFFF"},
            ),
            Mistake(
                "eight_bits",
                "16 bits each, not 8: 256 is KITTI's step for pictures, 65536 that for scans.",
                {"return wide & 0xFFFF, wide >> 16": "return wide & 0xFF, wide >> 8"},
            ),
            Mistake(
                "instance_left_where_it_was",
                "The instance still stands in the upper bits: move it down by 16.",
                {"wide >> 16": "wide & 0xFFFF0000"},
            ),
            Mistake(
                "class_keeps_the_instance",
                "The first part is still the whole number: keep its lower 16 bits only.",
                {"return wide & 0xFFFF,": "return wide,"},
            ),
            Mistake(
                "rest_of_16",
                "The rest of 16 keeps four bits only: sixteen bits count 2**16 = 65536 classes.",
                {"return wide & 0xFFFF,": "return wide % 16,"},
            ),
            Mistake(
                "rest_of_65535",
                "16 bits hold 65536 different numbers, from 0 to 65535: that is the step.",
                {"return wide & 0xFFFF, wide >> 16": "return wide % 65535, wide // 65535"},
            ),
            Mistake(
                "keeps_uint32",
                "Two int64 arrays are due. Unsigned numbers are treacherous: 3 - 5 becomes "
                "4294967294.",
                {"wide = raw.astype(np.int64)": "wide = raw"},
            ),
            Mistake(
                "accepts_any_type",
                "Refuse labels that are not uint32: they were read wrongly from the file.",
                {"if raw.dtype != np.uint32:": "if raw.ndim != 1:"},
            ),
        ],
    ),
    Exercise(
        name="spherical_projection",
        parts=("rows", "columns", "ranges"),
        calls=[
            Call(np.array([[1.0, 1.0, 0.0]]), 4, 8, 10, -30),
            Call(CLOUD, 16, 40, 3.0, -25.0),
            Call(OUTSIDE, 8, 10, 3.0, -25.0),
            Call(np.zeros((1, 3)), 64, 10, 3.0, -25.0),
            Call(CLOUD, 9, 40, -5.0, -30.0),
            Call(CLOUD, 12, 25, 40, 10),
            Call(np.array([[-1.0, 0.0, 0.0], [-1.0, -0.0, 0.0]]), 8, 10, 3.0, -25.0),
            Call(np.zeros((0, 3)), 8, 10, 3.0, -25.0),
            Call(np.array([[0.3, -0.2, 0.1], [-0.1, 0.5, -0.2]]), 20, 30, 30.0, -40.0),
        ],
        hints=[
            "Do one point with paper and pencil: its range, its angle to the left, its elevation.",
            "Compare units: is the elevation in degrees, like `fov_up`? Does a point to the left "
            "come out left of the middle?",
            "`np.arctan2(y, x)` for the column, `np.degrees(np.arcsin(z / ranges))` for the row, "
            "`np.floor`, `.clip(0, size - 1)`, `.astype(np.int64)`; guard against a range of 0.",
        ],
        mistakes=[
            Mistake(
                "elevation_in_radians",
                "The elevation is in radians, the field of view in degrees.",
                {
                    "np.degrees(np.arcsin(z / np.where(ranges > 0, ranges, 1)))": "np.arcsin(z / "
                    "np.where(ranges > 0, ranges, 1))"
                },
            ),
            Mistake(
                "upside_down",
                "Row 0 is up, at the highest elevation; yours begins at the lowest.",
                {
                    "(fov_up - elevation) / (fov_up - fov_down) * height": "(elevation - fov_down) "
                    "/ (fov_up - fov_down) * height"
                },
            ),
            Mistake(
                "mirrored",
                "What lies to the left (y > 0) belongs into the left half of the picture.",
                {"(1 - np.arctan2(y, x) / np.pi)": "(1 + np.arctan2(y, x) / np.pi)"},
            ),
            Mistake(
                "arguments_of_atan2_swapped",
                "atan2 takes y first, then x.",
                {"np.arctan2(y, x)": "np.arctan2(x, y)"},
            ),
            Mistake(
                "range_in_the_plane",
                "The range is the distance in space: z belongs to it.",
                {"np.sqrt(x**2 + y**2 + z**2)": "np.sqrt(x**2 + y**2)"},
            ),
            Mistake(
                "not_clipped",
                "Points outside the field of view go to the nearest row or column that exists.",
                {
                    "rows.clip(0, height - 1)": "rows",
                    "columns.clip(0, width - 1)": "columns",
                },
            ),
            Mistake(
                "clipped_one_too_far",
                "The last row is height − 1 and the last column width − 1, as both are counted "
                "from 0.",
                {
                    "rows.clip(0, height - 1)": "rows.clip(0, height)",
                    "columns.clip(0, width - 1)": "columns.clip(0, width)",
                },
            ),
            Mistake(
                "rounded_to_the_nearest",
                "Pixel 3 reaches from 3 to 4: round down, not to the nearest.",
                {
                    "np.floor(0.5 *": "np.rint(0.5 *",
                    "np.floor((fov_up": "np.rint((fov_up",
                },
            ),
            Mistake(
                "elevation_of_the_ground_distance",
                "The elevation is arcsin(z / r) with the range in space, or arctan of z over the "
                "distance in the plane; yours mixes the two.",
                {"np.arcsin(z / ": "np.arctan(z / "},
            ),
            Mistake(
                "the_laser_itself_gives_nan",
                "At the laser itself you divide 0 by 0: let the elevation be 0 there.",
                {"z / np.where(ranges > 0, ranges, 1)": "z / ranges"},
            ),
        ],
    ),
    Exercise(
        name="range_image",
        uses=["spherical_projection"],
        calls=[
            Call(CLOUD, 8, 20, 3.0, -25.0),
            Call(CLOUD[::-1].copy(), 8, 20, 3.0, -25.0),
            Call(np.zeros((0, 3)), 2, 3, 3.0, -25.0),
            Call(np.zeros((1, 3)), 2, 3, 3.0, -25.0),
            Call(CLOUD, 8, 20, -2.0, -12.0),
            Call(500 * CLOUD, 8, 20, 3.0, -25.0),
        ],
        hints=[
            "Two points fall on one pixel. Which of them is written last by your code?",
            "Start from an array full of -1 and write the far points before the near ones.",
            "`order = np.argsort(-ranges)`, then `image[rows[order], columns[order]] = "
            "ranges[order]`.",
        ],
        mistakes=[
            Mistake(
                "the_last_point_wins",
                "The order of the points in the file decides. The nearest one should win.",
                {"np.argsort(-ranges)": "np.arange(len(ranges))"},
            ),
            Mistake(
                "the_farthest_wins",
                "The farthest point wins, but a near one hides it from the laser.",
                {"np.argsort(-ranges)": "np.argsort(ranges)"},
            ),
            Mistake(
                "empty_is_zero",
                "A pixel without a point is -1: a 0 would be a distance.",
                {"np.full((height, width), -1.0)": "np.zeros((height, width))"},
            ),
            Mistake(
                "empty_is_infinite",
                "A pixel without a point is -1 in the end, whatever you start from.",
                {"np.full((height, width), -1.0)": "np.full((height, width), np.inf)"},
            ),
            Mistake(
                "smallest_of_minus_one",
                "No range is smaller than −1, so the image stays empty. For `np.minimum.at`, start "
                "from infinity and write −1 in the end where it is left.",
                {
                    "image[rows[farthest_first], columns[farthest_first]] = ranges[farthest_first]": (
                        "np.minimum.at(image, (rows, columns), ranges)"
                    )
                },
            ),
            Mistake(
                "height_instead_of_range",
                "These are the heights z of the points, not their distances.",
                {" = ranges[farthest_first]": " = points[farthest_first, 2]"},
            ),
            Mistake(
                "adds_ranges_up",
                "Ranges that fall on one pixel are added up. Only the nearest counts.",
                {
                    "image[rows[farthest_first], columns[farthest_first]] = ranges[farthest_first]": (
                        "image[rows, columns] = 0\n    np.add.at(image, (rows, columns), ranges)"
                    )
                },
            ),
            Mistake(
                "whole_metres",
                "The ranges have lost what stands behind the point: the image must be float.",
                {"np.full((height, width), -1.0)": "np.full((height, width), -1)"},
            ),
        ],
    ),
    Exercise(
        name="labels_to_points",
        calls=[
            Call(np.array([[5, 6, 7]]), np.array([0, 0, 0]), np.array([2, 0, 0])),
            Call(IMAGE, np.array([2, 0, 1, 1]), np.array([1, 2, 2, 0])),
            Call(IMAGE.astype(np.uint8), np.array([0]), np.array([1])),
            Call(IMAGE, np.zeros(0, np.int64), np.zeros(0, np.int64)),
        ],
        hints=[
            "For one point it is `label_image[row, column]`. What happens if both are arrays?",
            "Two index arrays of one length are taken pair by pair.",
            "One line: index the label image with rows and columns.",
        ],
        mistakes=[
            Mistake(
                "row_and_column_swapped",
                "The row comes first, then the column.",
                {
                    "label_image[rows, columns]": "label_image.T[rows % label_image.shape[1], "
                    "columns % label_image.shape[0]]"
                },
            ),
            Mistake(
                "every_row_with_every_column",
                "Each point has one row and one column; yours combines every row with every "
                "column.",
                {"label_image[rows, columns]": "label_image[np.ix_(rows, columns)]"},
            ),
            Mistake(
                "one_to_the_right",
                "Columns are counted from 0; yours is one off.",
                {"label_image[rows, columns]": "label_image[rows, columns - 1]"},
            ),
            Mistake(
                "counts_pixels_with_the_height",
                "Pixel (i, j) is number i · width + j of the flat image; you multiply by the "
                "height.",
                {
                    "label_image[rows, columns]": "label_image.ravel()[rows * "
                    "label_image.shape[0] + columns]"
                },
            ),
            Mistake(
                "whole_rows",
                "This gives the whole row of each point, not its pixel.",
                {"label_image[rows, columns]": "label_image[rows]"},
            ),
            Mistake(
                "labels_become_floats",
                "A label is a whole number: keep the label image's type.",
                {"label_image[rows, columns]": "label_image[rows, columns] * 1.0"},
            ),
        ],
    ),
]
