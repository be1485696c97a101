"""Right answers to unit 03, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "voxel_to_world",
        "homogeneous coordinates",
        """
def voxel_to_world(affine, voxels):
    if np.shape(affine) != (4, 4):
        raise ValueError("need (4, 4), got " + str(np.shape(affine)))
    ones = np.ones(voxels.shape[:-1] + (1,))
    return (np.concatenate([voxels, ones], axis=-1) @ affine.T)[..., :3]
""",
    ),
    Alternative(
        "voxel_to_world",
        "einsum",
        """
def voxel_to_world(affine, voxels):
    if affine.ndim != 2 or affine.shape[0] != 4 or affine.shape[1] != 4:
        raise ValueError(f"(4, 4) is expected, not {affine.shape}")
    return np.einsum("ij,...j->...i", affine[:3, :3], voxels) + affine[:3, -1]
""",
    ),
    Alternative(
        "world_to_voxel",
        "solve",
        """
def world_to_voxel(affine, points):
    flat = (points - affine[:3, 3]).reshape(-1, 3).T
    return np.linalg.solve(affine[:3, :3], flat).T.reshape(points.shape)
""",
    ),
    Alternative(
        "world_bounds",
        "a sum over axes",
        """
def world_bounds(shape, affine):
    low, high = affine[:3, 3].astype(float), affine[:3, 3].astype(float)
    for n, column in zip(shape, affine[:3, :3].T):
        ends = np.array([-0.5 * column, (n - 0.5) * column])
        low, high = low + ends.min(axis=0), high + ends.max(axis=0)
    return low, high
""",
    ),
    Alternative(
        "region_of_interest",
        "nested loops",
        """
def region_of_interest(volumes):
    lows, highs = zip(*(world_bounds(v.shape, v.affine) for v in volumes))
    low, high = np.stack(lows).max(0), np.stack(highs).min(0)
    if not (low < high).all():
        raise ValueError("no overlap")
    found = []
    for x in (low[0], high[0]):
        for y in (low[1], high[1]):
            for z in (low[2], high[2]):
                found.append(world_to_voxel(volumes[0].affine, np.array([x, y, z])))
    found = np.array(found)
    out = []
    for axis, n in enumerate(volumes[0].shape):
        first = max(0, int(np.floor(found[:, axis].min() + 0.5)))
        last = min(n - 1, int(np.ceil(found[:, axis].max() - 0.5)))
        if last < first:
            raise ValueError("nothing is left")
        out.append(slice(first, last + 1))
    return tuple(out)
""",
    ),
    Alternative(
        "resample",
        "axis by axis",
        """
def resample(array, affine, spacing, order):
    new = np.array(affine, dtype=float)
    result = array.astype(float) if order else array.copy()
    for axis in range(3):
        n = array.shape[axis]
        m = max(1, round(n * np.linalg.norm(affine[:3, axis]) / spacing[axis]))
        place = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
        if order == 0:
            result = result.take(np.floor(place + 0.5).astype(int), axis=axis)
        else:
            below = np.minimum(np.floor(place).astype(int), max(n - 2, 0))
            share = (place - below).reshape([-1 if a == axis else 1 for a in range(3)])
            above = np.minimum(below + 1, n - 1)
            result = (1 - share) * result.take(below, axis) + share * result.take(above, axis)
        new[:3, 3] += affine[:3, axis] * (n / m - 1) / 2
        new[:3, axis] *= n / m
    return result, new
""",
    ),
    Alternative(
        "resample",
        "ndimage.zoom",
        """
def resample(array, affine, spacing, order):
    old = np.linalg.norm(affine[:3, :3], axis=0)
    m = [max(1, int(np.round(n * o / s))) for n, o, s in zip(array.shape, old, spacing)]
    factor = np.array(m) / array.shape
    source = array.astype(np.float64) if order else array
    result = ndimage.zoom(source, factor, order=order, grid_mode=True, mode="nearest")
    new = affine.astype(float) @ np.diag([*(1 / factor), 1])
    new[:3, 3] = affine[:3, 3] + affine[:3, :3] @ ((1 / factor - 1) / 2)
    return result, new
""",
    ),
    Alternative(
        "normalise",
        "quantile and a loop of steps",
        """
def normalise(array):
    x = np.array(array, dtype=np.float64)
    if np.isnan(x.sum()):
        raise ValueError("NaN in the image")
    x = np.clip(x, np.quantile(x, 0.01), np.quantile(x, 0.99))
    x -= np.mean(x)
    s = np.sqrt(np.mean(x**2))
    return (x / s if np.ptp(x) > 0 else x * 0).astype("float32")
""",
    ),
    Alternative(
        "split_patients",
        "shuffle and deal",
        """
def split_patients(ids, fractions, generator):
    names = list(dict.fromkeys(ids))
    if len(names) < len(fractions):
        raise ValueError(f"{len(names)} patients for {len(fractions)} parts")
    generator.shuffle(names)
    sizes = [max(1, int(f * len(names))) for f in fractions]
    while sum(sizes) < len(names):
        gaps = [f * len(names) - s for f, s in zip(fractions, sizes)]
        sizes[gaps.index(max(gaps))] += 1
    while sum(sizes) > len(names):
        sizes[sizes.index(max(sizes))] -= 1
    out = []
    for size in sizes:
        mine, names = set(names[:size]), names[size:]
        out.append(sorted(k for k, name in enumerate(ids) if name in mine))
    return out
""",
    ),
]
