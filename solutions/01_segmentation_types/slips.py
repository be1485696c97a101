"""Wrong answers to unit 01 as students write them, with another slip beside."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "instances_from_semantic",
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
    Slip(
        "encode_panoptic",
        "multiplied_in_uint8",
        "OverflowError",
        """
def encode_panoptic(semantic, instance):
    return semantic * 256 + instance
""",
    ),
    Slip(
        "encode_panoptic",
        "accepts_negative_numbers",
        "encode_panoptic([1, 2], [0, -1]): expected a ValueError",
        """
def encode_panoptic(semantic, instance):
    if max(semantic.max(), instance.max()) > 255:
        raise ValueError("out of range")
    return semantic.astype(np.int64) * 256 + instance
""",
    ),
    Slip(
        "label_colours",
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
]
