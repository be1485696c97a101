"""Wrong answers to unit 03 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "region_of_interest",
        "rounded_inwards_without_the_half",
        "to be 2:6, yours is 2:4",
        """
def region_of_interest(volumes):
    bounds = [world_bounds(v.shape, v.affine) for v in volumes]
    ends = np.max([b[0] for b in bounds], 0), np.min([b[1] for b in bounds], 0)
    voxels = world_to_voxel(volumes[0].affine, np.array(list(product(*zip(*ends)))))
    start, stop = np.ceil(voxels.min(0)).clip(0), np.floor(voxels.max(0))
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop))
""",
    ),
    Slip(
        "resample",
        "zoom_from_centre_to_centre",
        "yours is [[[10]], [[13.333]], [[16.667]], [[20]]]",
        """
def resample(array, affine, spacing, order):
    factor = np.abs(np.diag(affine)[:3]) / spacing
    return ndimage.zoom(array, factor, order=order), affine @ np.diag([*(1 / factor), 1])
""",
    ),
    Slip(
        "split_patients",
        "cases_instead_of_patients",
        "all cases of a patient are in one part",
        """
def split_patients(ids, fractions, generator):
    order = generator.permutation(len(ids)).tolist()
    cuts = [0, *(round(c * len(ids)) for c in np.cumsum(fractions))]
    return [sorted(order[a:b]) for a, b in zip(cuts, cuts[1:])]
""",
    ),
    Slip(
        "split_patients",
        "order_of_a_set",
        "the next start of Python gives the same parts",
        """
def split_patients(ids, fractions, generator):
    patients = list(set(ids))
    generator.shuffle(patients)
    cuts = np.rint(np.cumsum(fractions)[:-1] * len(patients)).astype(int)
    cuts = np.clip(cuts, 1 + np.arange(len(cuts)), len(patients) - len(cuts) + np.arange(len(cuts)))
    parts = [set(part) for part in np.split(np.array(patients), cuts)]
    return [[k for k, name in enumerate(ids) if name in part] for part in parts]
""",
    ),
    Slip(
        "voxel_to_world",
        "matrix_not_transposed",
        "expected the result to be",
        """
def voxel_to_world(affine, voxels):
    if affine.shape != (4, 4):
        raise ValueError(f"affine has shape {affine.shape}, expected (4, 4)")
    return np.asarray(voxels, dtype=np.float64) @ affine[:3, :3] + affine[:3, 3]
""",
        what="Forgets to transpose R: in tilted scans the rotation goes the wrong way.",
    ),
    Slip(
        "voxel_to_world",
        "origin_forgotten",
        "expected the result to be",
        """
def voxel_to_world(affine, voxels):
    if affine.shape != (4, 4):
        raise ValueError(f"affine has shape {affine.shape}, expected (4, 4)")
    return np.asarray(voxels, dtype=np.float64) @ affine[:3, :3].T + affine[3, :3]
""",
        what="Takes the origin from the bottom row of the affine instead of its last column, so it is always 0.",
    ),
    Slip(
        "voxel_to_world",
        "",
        "expected a ValueError, yours returned",
        """
def voxel_to_world(affine, voxels):
    if len(affine) != 4:
        raise ValueError(f"affine has shape {affine.shape}, expected (4, 4)")
    rotation, origin = affine[:3, :3], affine[:3, 3]
    return np.asarray(voxels, dtype=np.float64) @ rotation.T + origin
""",
        what="Looks only at the number of rows: a (4, 5) affine is not refused.",
    ),
    Slip(
        "voxel_to_world",
        "",
        "ValueError",
        """
def voxel_to_world(affine, voxels):
    if affine.shape != (4, 4):
        raise ValueError(f"affine has shape {affine.shape}, expected (4, 4)")
    voxels = np.asarray(voxels, dtype=np.float64)
    ones = np.ones((len(voxels), 1))
    return (np.hstack([voxels, ones]) @ affine.T)[:, :3]
""",
        what="Works for (N, 3) arrays only: a single voxel (3,) or a grid (X, Y, Z, 3) fails when the column of ones is added.",
    ),
    Slip(
        "voxel_to_world",
        "",
        "expected the result to be",
        """
def voxel_to_world(affine, voxels):
    if affine.shape != (4, 4):
        raise ValueError("the affine must be (4, 4)")
    voxels = np.asarray(voxels).astype(int)
    return voxels @ affine[:3, :3].T + affine[:3, 3]
""",
        what="Two mistakes: indices are cut to whole numbers though they need not be whole, and the message does not name the shape that came.",
    ),
    Slip(
        "world_to_voxel",
        "inverse_before_the_origin",
        "expected the result to be",
        """
def world_to_voxel(affine, points):
    inverse = np.linalg.inv(affine[:3, :3])
    return np.asarray(points, dtype=np.float64) @ inverse.T - affine[:3, 3]
""",
        what="The well-known handout's order: undoes R first and takes the origin away afterwards.",
    ),
    Slip(
        "world_to_voxel",
        "inverse_not_transposed",
        "expected the result to be",
        """
def world_to_voxel(affine, points):
    shifted = np.asarray(points, dtype=np.float64) - affine[:3, 3]
    return shifted @ np.linalg.inv(affine[:3, :3])
""",
        what="The inverse is not transposed for rows: right for a diagonal affine only.",
    ),
    Slip(
        "world_to_voxel",
        "",
        "changes its input",
        """
def world_to_voxel(affine, points):
    points = np.asarray(points, dtype=np.float64)
    points -= affine[:3, 3]
    return points @ np.linalg.inv(affine[:3, :3]).T
""",
        what="Takes the origin away in place, so float64 points of the caller are changed.",
    ),
    Slip(
        "world_to_voxel",
        "",
        "ValueError",
        """
def world_to_voxel(affine, points):
    shifted = np.asarray(points, dtype=np.float64) - affine[:3, 3]
    return np.linalg.solve(affine[:3, :3], shifted.T).T
""",
        what="Solves with .T, which reverses all axes: right for (3,) and (N, 3), wrong or failing for (..., 3) with more axes.",
    ),
    Slip(
        "world_to_voxel",
        "single_precision",
        "expected the result to have dtype",
        """
def world_to_voxel(affine, points):
    spacing = np.diag(affine)[:3]
    voxels = (np.asarray(points) - affine[:3, 3]) / spacing
    return voxels.astype(np.float32)
""",
        what="Two mistakes: divides by the diagonal only, which ignores a tilt, and returns float32.",
    ),
    Slip(
        "world_bounds",
        "from_centre_to_centre",
        "expected lower to be",
        """
def world_bounds(shape, affine):
    corners = np.array(list(product(*[(0, n - 1) for n in shape])), dtype=np.float64)
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)
""",
        what="Takes the centres of the outer voxels (0 to n - 1) and forgets the half voxel on either side.",
    ),
    Slip(
        "world_bounds",
        "two_corners_only",
        "expected lower to be",
        """
def world_bounds(shape, affine):
    ends = np.array([[-0.5, -0.5, -0.5], [n - 0.5 for n in shape]])
    places = ends @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)
""",
        what="Looks at two opposite corners only: the box of a tilted scan comes out too small.",
    ),
    Slip(
        "world_bounds",
        "",
        "expected lower to be",
        """
def world_bounds(shape, affine):
    lower, upper = np.zeros(3), np.zeros(3)
    for corner in product(*[(-0.5, n - 0.5) for n in shape]):
        place = affine[:3, :3] @ np.array(corner) + affine[:3, 3]
        lower = np.minimum(lower, place)
        upper = np.maximum(upper, place)
    return lower, upper
""",
        what="The running minimum and maximum start at 0, so the world's origin always lies in the box.",
    ),
    Slip(
        "world_bounds",
        "half_a_voxel_off",
        "expected lower to be",
        """
def world_bounds(shape, affine):
    half = np.array(shape) / 2
    middle = affine[:3, :3] @ half + affine[:3, 3]
    reach = np.abs(affine[:3, :3]) @ half
    return middle - reach, middle + reach
""",
        what="Takes n / 2 as the middle instead of (n - 1) / 2: the box has the right size but lies half a voxel off.",
    ),
    Slip(
        "world_bounds",
        "one_voxel_too_long",
        "expected upper to be",
        """
def world_bounds(shape, affine):
    first = np.array([-0.5, -0.5, -0.5])
    last = np.array(shape) + 0.5
    lower = affine[:3, :3] @ first + affine[:3, 3]
    upper = affine[:3, :3] @ last + affine[:3, 3]
    return lower, upper
""",
        what="Two mistakes: indices run from -1/2 to n + 1/2 (one voxel too many), and first and last corner are returned without sorting, so axes that run backwards have lower > upper.",
    ),
    Slip(
        "region_of_interest",
        "half_a_voxel_forgotten",
        "expected entry 0 of the result to be",
        """
def _bounds(shape, affine):
    corners = np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


def region_of_interest(volumes):
    boxes = [_bounds(v.shape, v.affine) for v in volumes]
    lower = np.max([b[0] for b in boxes], axis=0)
    upper = np.min([b[1] for b in boxes], axis=0)
    if (lower >= upper).any():
        raise ValueError("the volumes have no region in common")
    affine = volumes[0].affine
    corners = np.array(list(product(*zip(lower, upper))))
    voxels = (corners - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    start = np.floor(voxels.min(axis=0)).astype(int)
    stop = np.ceil(voxels.max(axis=0)).astype(int)
    region = [slice(max(int(a), 0), min(int(b), n)) for a, b, n in zip(start, stop, volumes[0].shape)]
    if any(s.start >= s.stop for s in region):
        raise ValueError("the volumes have no region in common")
    return tuple(region)
""",
        what="Rounds the indices down and up without the half voxel: 1.7 starts at voxel 1 instead of 2, and a last voxel touched with its lower half is lost.",
    ),
    Slip(
        "region_of_interest",
        "last_voxel_left_out",
        "expected entry 0 of the result to be",
        """
def _bounds(shape, affine):
    corners = np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


def region_of_interest(volumes):
    boxes = [_bounds(v.shape, v.affine) for v in volumes]
    lower = np.max([b[0] for b in boxes], axis=0)
    upper = np.min([b[1] for b in boxes], axis=0)
    if (lower >= upper).any():
        raise ValueError("nothing is left")
    affine = volumes[0].affine
    corners = np.array(list(product(*zip(lower, upper))))
    voxels = (corners - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    start = np.clip(np.rint(voxels.min(axis=0)), 0, np.array(volumes[0].shape)).astype(int)
    stop = np.clip(np.rint(voxels.max(axis=0)), 0, np.array(volumes[0].shape)).astype(int)
    if (start >= stop).any():
        raise ValueError("nothing is left")
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop))
""",
        what="The stop is the last touched voxel itself, not one more: the region loses its last voxel on each axis.",
    ),
    Slip(
        "region_of_interest",
        "two_corners_only",
        "expected entry 0 of the result to be",
        """
def _bounds(shape, affine):
    corners = np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


def region_of_interest(volumes):
    boxes = [_bounds(v.shape, v.affine) for v in volumes]
    lower = np.max([b[0] for b in boxes], axis=0)
    upper = np.min([b[1] for b in boxes], axis=0)
    if (lower >= upper).any():
        raise ValueError("nothing is left")
    inverse = np.linalg.inv(volumes[0].affine)
    ends = np.stack([lower, upper]) @ inverse[:3, :3].T + inverse[:3, 3]
    region = []
    for a, b, n in zip(ends.min(axis=0), ends.max(axis=0), volumes[0].shape):
        start = max(int(np.floor(a + 0.5)), 0)
        stop = min(int(np.ceil(b + 0.5)), n)
        if start >= stop:
            raise ValueError("nothing is left")
        region.append(slice(start, stop))
    return tuple(region)
""",
        what="Takes only the lower and the upper corner of the common box back to the voxels instead of all eight; too small in a tilted axial scan.",
    ),
    Slip(
        "region_of_interest",
        "",
        "expected a ValueError, yours returned",
        """
def _bounds(shape, affine):
    corners = np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


def region_of_interest(volumes):
    boxes = [_bounds(v.shape, v.affine) for v in volumes]
    lower = np.max([b[0] for b in boxes], axis=0)
    upper = np.min([b[1] for b in boxes], axis=0)
    inverse = np.linalg.inv(volumes[0].affine)
    corners = np.array(list(product(*zip(lower, upper))))
    voxels = corners @ inverse[:3, :3].T + inverse[:3, 3]
    region = []
    for a, b, n in zip(voxels.min(axis=0), voxels.max(axis=0), volumes[0].shape):
        start = max(int(np.floor(a + 0.5)), 0)
        stop = min(int(np.ceil(b + 0.5)), n)
        if start >= stop:
            raise ValueError("nothing is left")
        region.append(slice(start, stop))
    return tuple(region)
""",
        what="Looks for emptiness only after the way back: minimum and maximum put an inverted box right, so volumes with a gap between them may give the gap instead of a ValueError.",
    ),
    Slip(
        "region_of_interest",
        "not_clipped",
        "expected entry 0 of the result to be",
        """
def _bounds(shape, affine):
    corners = np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


def region_of_interest(volumes):
    first, second = volumes[0], volumes[1]
    (a0, a1), (b0, b1) = _bounds(first.shape, first.affine), _bounds(second.shape, second.affine)
    lower, upper = np.maximum(a0, b0), np.minimum(a1, b1)
    if (lower >= upper).any():
        raise ValueError("nothing is left")
    inverse = np.linalg.inv(first.affine)
    corners = np.array(list(product(*zip(lower, upper))))
    voxels = corners @ inverse[:3, :3].T + inverse[:3, 3]
    start = np.floor(voxels.min(axis=0) + 0.5).astype(int)
    stop = np.floor(voxels.max(axis=0) + 0.5).astype(int) + 1
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop))
""",
        what="Two mistakes: compares with the second volume only (a third one is ignored), and does not clip, so starts may be negative and stops lie beyond the array.",
    ),
    Slip(
        "resample",
        "origin_not_moved",
        "expected the affine to be",
        """
def resample(array, affine, spacing, order):
    old = np.abs(np.diag(affine))[:3]
    sizes = [max(1, round(n * d / new)) for n, d, new in zip(array.shape, old, spacing)]
    ratio = np.array(array.shape) / np.array(sizes)
    places = [(np.arange(m) + 0.5) * r - 0.5 for m, r in zip(sizes, ratio)]
    output = array.dtype if order == 0 else np.float64
    grid = np.meshgrid(*places, indexing="ij")
    result = ndimage.map_coordinates(array, grid, order=order, mode="nearest", output=output)
    changed = affine.copy()
    changed[:3, :3] = affine[:3, :3] * ratio
    return result, changed
""",
        what="Two mistakes: the old spacing is read off the diagonal, wrong in a tilted scan, and the origin of the affine stays where it was.",
    ),
    Slip(
        "resample",
        "no_voxel_left",
        "expected the array to have shape",
        """
def resample(array, affine, spacing, order):
    old = np.linalg.norm(affine[:3, :3], axis=0)
    count = np.array(array.shape)
    sizes = np.rint(count * old / np.array(spacing)).astype(int)
    with np.errstate(divide="ignore"):
        ratio = count / sizes
    places = [(np.arange(m) + 0.5) * r - 0.5 for m, r in zip(sizes, ratio)]
    output = array.dtype if order == 0 else np.float64
    grid = np.meshgrid(*places, indexing="ij")
    result = ndimage.map_coordinates(array, grid, order=order, mode="nearest", output=output)
    changed = affine.copy()
    changed[:3, :3] = affine[:3, :3] * ratio
    changed[:3, 3] = affine[:3, :3] @ (ratio / 2 - 0.5) + affine[:3, 3]
    return result, changed
""",
        what="Forgets that each axis keeps at least one voxel: one thin slice at a coarse spacing rounds to none.",
    ),
    Slip(
        "resample",
        "",
        "x [0, 0, 1] to be 0.5, yours is 0.36255.",
        """
def resample(array, affine, spacing, order):
    old = np.linalg.norm(affine[:3, :3], axis=0)
    sizes = [max(1, round(n * d / new)) for n, d, new in zip(array.shape, old, spacing)]
    ratio = np.array(spacing) / old
    places = [(np.arange(m) + 0.5) * r - 0.5 for m, r in zip(sizes, ratio)]
    output = array.dtype if order == 0 else np.float64
    grid = np.meshgrid(*places, indexing="ij")
    result = ndimage.map_coordinates(array, grid, order=order, mode="nearest", output=output)
    changed = affine.copy()
    changed[:3, :3] = affine[:3, :3] * ratio
    changed[:3, 3] = affine[:3, :3] @ (ratio / 2 - 0.5) + affine[:3, 3]
    return result, changed
""",
        what="Steps by the wanted spacing instead of n / m, so the edges of the box move whenever the division leaves a rest.",
    ),
    Slip(
        "resample",
        "",
        "a dtype of floats",
        """
def resample(array, affine, spacing, order):
    old = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    sizes = [max(1, round(n * d / new)) for n, d, new in zip(array.shape, old, spacing)]
    ratio = np.array(array.shape) / np.array(sizes)
    places = [(np.arange(m) + 0.5) * r - 0.5 for m, r in zip(sizes, ratio)]
    grid = np.meshgrid(*places, indexing="ij")
    result = ndimage.map_coordinates(array, grid, order=order, mode="nearest", output=array.dtype)
    scale = np.diag([*ratio, 1.0])
    scale[:3, 3] = ratio / 2 - 0.5
    return result, affine @ scale
""",
        what="Keeps the array's dtype with order 1 too, so an image of whole numbers comes back without decimals instead of float.",
    ),
    Slip(
        "resample",
        "",
        "changes its input",
        """
def resample(array, affine, spacing, order):
    changed = np.asarray(affine, dtype=np.float64)
    old = np.linalg.norm(changed[:3, :3], axis=0)
    sizes = [max(1, round(n * d / new)) for n, d, new in zip(array.shape, old, spacing)]
    ratio = np.array(array.shape) / np.array(sizes)
    places = [(np.arange(m) + 0.5) * r - 0.5 for m, r in zip(sizes, ratio)]
    output = array.dtype if order == 0 else np.float64
    grid = np.meshgrid(*places, indexing="ij")
    result = ndimage.map_coordinates(array, grid, order=order, mode="nearest", output=output)
    changed[:3, 3] += changed[:3, :3] @ (ratio / 2 - 0.5)
    changed[:3, :3] *= ratio
    return result, changed
""",
        what="Writes the new columns into the caller's affine (np.asarray makes no copy).",
    ),
    Slip(
        "normalise",
        "fractions_for_percent",
        "expected the result to be",
        """
def normalise(array):
    values = np.asarray(array, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError("the image holds NaN")
    low, high = np.percentile(values, [0.01, 0.99])
    values = np.clip(values, low, high)
    if values.max() == values.min():
        return np.zeros(values.shape, dtype=np.float32)
    return ((values - values.mean()) / values.std()).astype(np.float32)
""",
        what="Gives np.percentile the shares 0.01 and 0.99, so it clips at the 0.01st and 0.99th percentile and flattens almost everything.",
    ),
    Slip(
        "normalise",
        "statistics_of_the_unclipped",
        "expected the result to be",
        """
def normalise(array):
    values = np.asarray(array, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError("the image holds NaN")
    mean, deviation = values.mean(), values.std()
    clipped = np.clip(values, *np.percentile(values, [1, 99]))
    if clipped.max() == clipped.min():
        return np.zeros(values.shape, dtype=np.float32)
    return ((clipped - mean) / deviation).astype(np.float32)
""",
        what="Mean and standard deviation are those of the image before the clipping.",
    ),
    Slip(
        "normalise",
        "",
        "result at index [0] to be 0, yours is nan.",
        """
def normalise(array):
    values = np.asarray(array, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError("the image holds NaN")
    if values.max() == values.min():
        return np.zeros(values.shape, dtype=np.float32)
    low, high = np.percentile(values, [1, 99])
    values = np.clip(values, low, high)
    with np.errstate(all="ignore"):
        return ((values - values.mean()) / values.std()).astype(np.float32)
""",
        what="Asks whether the image is constant before the clipping, so a constant image with one outlier is divided by 0 and gives NaN.",
    ),
    Slip(
        "normalise",
        "sample_standard_deviation",
        "expected the result to be",
        """
def normalise(array):
    values = np.asarray(array, dtype=np.float64)
    low, high = np.nanpercentile(values, [1, 99])
    values = np.clip(values, low, high)
    if low == high:
        return np.zeros(values.shape, dtype=np.float32)
    mean = np.nanmean(values)
    deviation = np.nanstd(values, ddof=1)
    return ((values - mean) / deviation).astype(np.float32)
""",
        what="Two mistakes: NaN is not refused but skipped, and the deviation divides by n - 1 (ddof=1).",
    ),
    Slip(
        "split_patients",
        "cases_instead_of_patients",
        "all cases of a patient are in one part",
        """
def split_patients(ids, fractions, generator):
    patients = len(set(ids))
    if patients < len(fractions):
        raise ValueError(f"{patients} patients cannot fill {len(fractions)} parts")
    order = generator.permutation(len(ids))
    cuts = np.round(np.cumsum(fractions)[:-1] * len(ids)).astype(int)
    return [sorted(int(k) for k in part) for part in np.split(order, cuts)]
""",
        what="Leakage: shuffles and divides the cases instead of the patients.",
    ),
    Slip(
        "split_patients",
        "empty_part",
        "every part has a patient",
        """
def split_patients(ids, fractions, generator):
    patients = sorted(set(ids))
    if len(patients) < len(fractions):
        raise ValueError(f"{len(patients)} patients cannot fill {len(fractions)} parts")
    order = generator.permutation(len(patients))
    cuts = np.round(np.cumsum(fractions)[:-1] * len(patients)).astype(int)
    parts = []
    for chosen in np.split(order, cuts):
        names = {patients[p] for p in chosen}
        parts.append([k for k, name in enumerate(ids) if name in names])
    return parts
""",
        what="Does not see to it that every part has a patient: small fractions of few patients come out empty.",
    ),
    Slip(
        "split_patients",
        "not_shuffled",
        "another state gives other parts",
        """
def split_patients(ids, fractions, generator):
    patients = sorted(set(ids))
    count, parts = len(patients), len(fractions)
    if count < parts:
        raise ValueError(f"{count} patients cannot fill {parts} parts")
    np.random.default_rng(42).shuffle(patients)
    cuts = [0, *np.round(np.cumsum(fractions) * count).astype(int)]
    cuts[-1] = count
    for k in range(1, parts):
        cuts[k] = min(max(cuts[k], cuts[k - 1] + 1), count - (parts - k))
    groups = [set(patients[a:b]) for a, b in zip(cuts[:-1], cuts[1:])]
    return [[i for i, name in enumerate(ids) if name in group] for group in groups]
""",
        what="Shuffles with a generator of its own with a fixed seed; the one that was given is not used, so each seed gives the same split.",
    ),
    Slip(
        "split_patients",
        "",
        "each list is sorted",
        """
def split_patients(ids, fractions, generator):
    if len(ids) < len(fractions):
        raise ValueError(f"{len(ids)} patients cannot fill {len(fractions)} parts")
    patients = sorted(set(ids))
    count, parts = len(patients), len(fractions)
    order = [patients[k] for k in generator.permutation(count)]
    cuts = [0, *np.round(np.cumsum(fractions) * count).astype(int)]
    cuts[-1] = count
    for k in range(1, parts):
        cuts[k] = min(max(cuts[k], cuts[k - 1] + 1), count - (parts - k))
    result = []
    for a, b in zip(cuts[:-1], cuts[1:]):
        result.append([i for name in order[a:b] for i, other in enumerate(ids) if other == name])
    return result
""",
        what="Two mistakes: the refusal counts cases instead of patients, and the indices come patient by patient in shuffled order, not sorted.",
    ),
    Slip(
        "split_patients",
        "",
        "parts have their fraction of the patients, rounded up or down",
        """
def split_patients(ids, fractions, generator):
    patients = sorted(set(ids))
    if len(patients) < len(fractions):
        raise ValueError(f"{len(patients)} patients cannot fill {len(fractions)} parts")
    rest = [patients[k] for k in generator.permutation(len(patients))]
    result = []
    for number, fraction in enumerate(fractions):
        waiting = len(fractions) - number - 1
        take = max(1, int(fraction * len(patients)))
        take = min(take, len(rest) - waiting) if waiting else len(rest)
        mine, rest = set(rest[:take]), rest[take:]
        result.append([i for i, name in enumerate(ids) if name in mine])
    return result
""",
        what="Rounds every part but the last down and gives the last one all that is left, which can be several patients more than its fraction rounded up.",
    ),
]
