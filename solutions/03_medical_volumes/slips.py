"""Wrong answers to unit 03 as students write them, with another slip beside."""

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
]
