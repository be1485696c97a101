"""Wrong answers written as students write them, with another slip beside, earn the right hint."""

import pytest

from medseg import checks
from medseg.checks.exercises import exercise_data
from medseg.notebook.definitions import run_definitions
from medseg_grader.course.answers import namespace_of
from medseg_grader.course.units import load_unit

STREET, LASER, VOLUMES = "01_segmentation_types", "02_laser_scans", "03_medical_volumes"

# (unit, mistake that is to be named, part of the text that tells what is wrong, answer)
ANSWERS = [
    (
        STREET,
        "four_neighbours",
        "yours is [[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 3]]",
        """
def instances_from_semantic(semantic, thing_ids):
    result, total = np.zeros(semantic.shape, np.int64), 0
    for thing in thing_ids:
        parts, count = ndimage.label(semantic == thing)
        result += parts + total
        total += count
    return result
""",
    ),
    (
        STREET,
        "multiplied_in_uint8",
        "OverflowError",
        """
def encode_panoptic(semantic, instance):
    return semantic * 256 + instance
""",
    ),
    (
        STREET,
        "accepts_negative_numbers",
        "encode_panoptic([1, 2], [0, -1]): expected a ValueError",
        """
def encode_panoptic(semantic, instance):
    if max(semantic.max(), instance.max()) > 255:
        raise ValueError("out of range")
    return semantic.astype(np.int64) * 256 + instance
""",
    ),
    (
        STREET,
        "clipped_at_white",
        "instances of a class differ",
        """
def label_colours(panoptic, palette):
    picture = np.zeros((*panoptic.shape, 3))
    for place in np.ndindex(panoptic.shape):
        semantic, number = divmod(int(panoptic[place]), 256)
        picture[place] = np.clip(np.array(palette[semantic]) + 60 * number, 0, 255)
    return picture.astype(np.uint8)
""",
    ),
    (
        LASER,
        "rest_of_16",
        "expected entry 0 of the result to be [10, 40], yours is [10, 8]",
        """
def decode_labels(raw):
    return (raw % 16).astype(np.int64), (raw // 65536).astype(np.int64)
""",
    ),
    (
        VOLUMES,
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
    (
        VOLUMES,
        "zoom_from_centre_to_centre",
        "yours is [[[10]], [[13.333]], [[16.667]], [[20]]]",
        """
def resample(array, affine, spacing, order):
    factor = np.abs(np.diag(affine)[:3]) / spacing
    return ndimage.zoom(array, factor, order=order), affine @ np.diag([*(1 / factor), 1])
""",
    ),
    (
        VOLUMES,
        "cases_instead_of_patients",
        "all cases of a patient are in one part",
        """
def split_patients(ids, fractions, generator):
    order = generator.permutation(len(ids)).tolist()
    cuts = [0, *(round(c * len(ids)) for c in np.cumsum(fractions))]
    return [sorted(order[a:b]) for a, b in zip(cuts, cuts[1:])]
""",
    ),
    (
        VOLUMES,
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


@pytest.mark.parametrize(("unit", "mistake", "told", "answer"), ANSWERS)
def test_the_hint_is_that_of_the_fault_that_is_told(unit, mistake, told, answer):
    namespace = namespace_of(load_unit(unit), None, None)
    run_definitions(answer, "answer", namespace)
    exercise = answer.split("def ")[1].split("(")[0]
    verdict = checks.examine(f"{unit}.{exercise}", namespace[exercise])
    assert verdict.mistake == mistake, verdict.message
    before, _, hint = verdict.message.partition("\nHint: ")
    assert told in before
    mistakes = exercise_data(f"{unit}.{exercise}")["mistakes"]
    assert hint == next(m["hint"] for m in mistakes if m["name"] == mistake)
