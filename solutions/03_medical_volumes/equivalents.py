"""Small changes of unit 03's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

PLACES = "return voxels.astype(np.float64) @ affine[:3, :3].T + affine[:3, 3]"
START = "start = np.floor(voxels.min(axis=0) + 0.5).clip(0).astype(int)"
STOP = "stop = np.minimum(np.ceil(voxels.max(axis=0) + 0.5), volumes[0].shape).astype(int)"
EMPTY = "if (lower >= upper).any() or (start >= stop).any():"
AFTER = "after = np.maximum(1, np.rint(before * distance / np.array(spacing))).astype(int)"
CLIPPED = "clipped = array.astype(np.float64).clip(low, high)"
CUTS = "cuts = np.floor(np.cumsum(fractions)[:-1] * count + 0.5).astype(int)"
WHOLE = "They are whole numbers as floats, and int() comes later."
FACE_TO_FACE = "Boxes that share no more than a face are seen by the other half of the condition."
ANY_FLOAT = "Any float will do, and seven digits are within the tolerance."
EITHER_WAY = "A fraction that is rounded down is as good as one that is rounded."

EQUIVALENTS = [
    Equivalent(
        "voxel_to_world",
        f"{PLACES}  ->  {PLACES.replace('.astype(np.float64)', '')}",
        "The affine is float64, and with it the product.",
    ),
    Equivalent(
        "voxel_to_world",
        f"{PLACES}  ->  {PLACES.replace('float64', 'float32')}",
        "Indices have few digits; the affine is float64, and with it the product.",
    ),
    Equivalent("region_of_interest", f"{START}  ->  {START.removesuffix('.astype(int)')}", WHOLE),
    Equivalent("region_of_interest", f"{STOP}  ->  {STOP.removesuffix('.astype(int)')}", WHOLE),
    Equivalent("region_of_interest", f"{EMPTY}  ->  if (lower >= upper).any():", FACE_TO_FACE),
    Equivalent(
        "region_of_interest", f"{EMPTY}  ->  {EMPTY.replace('lower >=', 'lower >')}", FACE_TO_FACE
    ),
    Equivalent(
        "region_of_interest", f"{EMPTY}  ->  {EMPTY.replace('start >=', 'start >')}", FACE_TO_FACE
    ),
    Equivalent(
        "region_of_interest",
        "corners = np.array(list(product(*zip(lower, upper, strict=True))))  ->  "
        "corners = np.array(list(product(*zip(upper, lower, strict=True))))",
        "The corners of a box in another order.",
    ),
    Equivalent("resample", f"{AFTER}  ->  {AFTER.removesuffix('.astype(int)')}", WHOLE),
    Equivalent(
        "resample",
        "kind = np.float64 if order else array.dtype  ->  "
        "kind = np.float32 if order else array.dtype",
        ANY_FLOAT,
    ),
    Equivalent(
        "resample",
        "moved = affine.astype(np.float64)  ->  moved = affine.astype(np.float32)",
        ANY_FLOAT,
    ),
    Equivalent(
        "resample",
        "distance = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))  ->  "
        "distance = np.sqrt((affine[:, :3] ** 2).sum(axis=0))",
        "The last row adds zeros.",
    ),
    Equivalent(
        "resample",
        "distance = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))  ->  "
        "distance = np.sqrt((affine[:4, :3] ** 2).sum(axis=0))",
        "The last row adds zeros.",
    ),
    Equivalent(
        "normalise", f"{CLIPPED}  ->  clipped = array.clip(low, high)", "numpy clips in float64."
    ),
    Equivalent("normalise", f"{CLIPPED}  ->  {CLIPPED.replace('float64', 'float32')}", ANY_FLOAT),
    Equivalent("split_patients", f"{CUTS}  ->  {CUTS.replace(' + 0.5', '')}", EITHER_WAY),
    Equivalent("split_patients", f"{CUTS}  ->  {CUTS.replace('0.5', '0.25')}", EITHER_WAY),
]
