"""Wrong answers to unit 01 as students write them."""

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
        "instances of a class have different colours",
        """
def label_colours(panoptic, palette):
    picture = np.zeros((*panoptic.shape, 3))
    for place in np.ndindex(panoptic.shape):
        semantic, number = divmod(int(panoptic[place]), 256)
        picture[place] = np.clip(np.array(palette[semantic]) + 60 * number, 0, 255)
    return picture.astype(np.uint8)
""",
    ),
    Slip(
        "semantic_from_scores",
        "last_of_several_equal",
        "expected the result to be",
        """
def semantic_from_scores(scores):
    if scores.ndim != 3:
        raise ValueError(f"scores have shape {scores.shape}, expected (C, H, W)")
    last = scores.shape[0] - 1
    return (last - np.argmax(scores[::-1], axis=0)).astype(np.int64)
""",
        what="Ties go to the highest class instead of the lowest (searches the reversed stack).",
    ),
    Slip(
        "semantic_from_scores",
        "",
        "expected a ValueError, yours returned",
        """
def semantic_from_scores(scores):
    if scores.ndim < 3:
        raise ValueError(f"scores have shape {scores.shape}, expected (C, H, W)")
    return np.argmax(scores, axis=0).astype(np.int64)
""",
        what="Refuses only too few axes (ndim < 3); a batch of four axes passes silently.",
    ),
    Slip(
        "semantic_from_scores",
        "",
        "expected the result to be",
        """
def semantic_from_scores(scores):
    if scores.ndim != 3:
        raise ValueError(f"scores have shape {scores.shape}, expected (C, H, W)")
    classes, height, width = scores.shape
    best = np.zeros((height, width))
    result = np.zeros((height, width), dtype=np.int64)
    for c in range(classes):
        better = scores[c] > best
        best[better] = scores[c][better]
        result[better] = c
    return result
""",
        what="The running best starts at 0, so where all scores are negative class 0 wins wrongly.",
    ),
    Slip(
        "semantic_from_scores",
        "takes_the_last_axis",
        "expected the result to have shape",
        """
def semantic_from_scores(scores):
    if len(scores.shape) != 3:
        raise ValueError(f"scores have shape {scores.shape}, expected (C, H, W)")
    return scores.argmax(axis=-1).astype(np.int64)
""",
        what="Takes the class axis to be the last one (H, W, C), so argmax runs over the columns.",
    ),
    Slip(
        "semantic_from_scores",
        "",
        "expected the result to have dtype",
        """
def semantic_from_scores(scores):
    if scores.ndim != 3:
        raise ValueError(f"expected (C, H, W), but scores have {scores.ndim} axes")
    return np.argmax(scores, axis=0).astype(np.uint8)
""",
        what="Two mistakes: the map is uint8 instead of int64, and the message names the number of axes, not the shape that came.",
    ),
    Slip(
        "instances_from_semantic",
        "four_neighbours",
        "expected the result to be",
        """
def instances_from_semantic(semantic, thing_ids):
    result = np.zeros(semantic.shape, dtype=np.int64)
    offset = 0
    for c in thing_ids:
        labels, count = ndimage.label(semantic == c)
        result[labels > 0] = labels[labels > 0] + offset
        offset += count
    return result
""",
        what="Keeps scipy's default structure, so components are 4-connected and corners do not join.",
    ),
    Slip(
        "instances_from_semantic",
        "all_things_in_one_mask",
        "expected the result to be",
        """
def instances_from_semantic(semantic, thing_ids):
    mask = np.isin(semantic, list(thing_ids))
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return labels.astype(np.int64)
""",
        what="Labels one mask of all thing classes together, so touching things of different classes become one component.",
    ),
    Slip(
        "instances_from_semantic",
        "",
        "expected the result to be",
        """
def instances_from_semantic(semantic, thing_ids):
    result = np.zeros(semantic.shape, dtype=np.int64)
    offset = 0
    for c in thing_ids:
        labels, count = ndimage.label(semantic == c, structure=np.ones((3, 3)))
        result[labels > 0] = labels[labels > 0] + offset
        offset = count
    return result
""",
        what="The offset is set to the last count instead of added up, so from the third class on numbers repeat.",
    ),
    Slip(
        "instances_from_semantic",
        "",
        " at index [30, 0] to be 256, yours is 0.",
        """
def instances_from_semantic(semantic, thing_ids):
    result = np.zeros_like(semantic)
    offset = 0
    for c in thing_ids:
        labels, count = ndimage.label(semantic == c, structure=np.ones((3, 3)))
        here = labels > 0
        result[here] = (labels[here] + offset).astype(result.dtype)
        offset += count
    return result.astype(np.int64)
""",
        what="Collects the numbers in an array of the semantic map's dtype; with uint8 maps numbers above 255 wrap round.",
    ),
    Slip(
        "instances_from_semantic",
        "",
        "expected the result to have dtype",
        """
def instances_from_semantic(semantic, thing_ids):
    result = np.zeros(semantic.shape, dtype=np.int32)
    if not np.isin(semantic, list(thing_ids)).any():
        return result
    total = 0
    for c in thing_ids:
        labels, count = ndimage.label(semantic == c, np.ones((3, 3)))
        result += np.where(labels > 0, labels + total, 0).astype(np.int32)
        total += count
    return result
""",
        what="Two mistakes: thing_ids is walked through twice, so a generator is used up before the loop; and the result is int32.",
    ),
    Slip(
        "encode_panoptic",
        "overflows_in_uint8",
        "expected the result to be",
        """
def encode_panoptic(semantic, instance):
    for part in (semantic, instance):
        for value in np.ravel(part):
            if not 0 <= value <= 255:
                raise ValueError(f"value {value} lies outside 0..255")
    return (semantic * np.array(256).astype(semantic.dtype) + instance).astype(np.int64)
""",
        what="Multiplies in the given dtype and converts afterwards, so uint8 maps overflow.",
    ),
    Slip(
        "encode_panoptic",
        "",
        "ValueError",
        """
def encode_panoptic(semantic, instance):
    semantic = np.asarray(semantic).astype(np.int64)
    instance = np.asarray(instance).astype(np.int64)
    for part in (semantic, instance):
        bad = (part < 0) | (part >= 255)
        if bad.any():
            raise ValueError(f"value {part[bad][0]} is outside 0..255")
    return semantic * 256 + instance
""",
        what="The bound is off by one: the allowed value 255 is refused.",
    ),
    Slip(
        "encode_panoptic",
        "",
        "changes its input",
        """
def encode_panoptic(semantic, instance):
    for part in (semantic, instance):
        bad = (part < 0) | (part > 255)
        if bad.any():
            raise ValueError(f"value {part[bad][0]} is outside 0..255")
    result = semantic.astype(np.int64, copy=False)
    result *= 256
    result += instance
    return result
""",
        what="Works in place after astype(copy=False): an int64 semantic map of the caller is changed.",
    ),
    Slip(
        "encode_panoptic",
        "",
        "is raised in the right place",
        """
def encode_panoptic(semantic, instance):
    semantic = semantic.astype(np.int64)
    instance = instance.astype(np.int64)
    highest = max(semantic.max(), instance.max())
    lowest = min(semantic.min(), instance.min())
    if lowest < 0 or highest > 255:
        raise ValueError(f"found the value {highest}, but all must lie in 0..255")
    return semantic * 256 + instance
""",
        what="Always names the largest value, also when the value that is out of range is a negative one.",
    ),
    Slip(
        "encode_panoptic",
        "class_and_instance_swapped",
        "expected the result to be",
        """
def encode_panoptic(semantic, instance):
    semantic = semantic.astype(np.int64)
    instance = instance.astype(np.int64)
    for part in (semantic, instance):
        if part.max() > 255:
            raise ValueError(f"value {part.max()} is larger than 255")
    return semantic + instance * 256
""",
        what="Two mistakes: class and instance are swapped in the formula, and negative values are not refused.",
    ),
    Slip(
        "decode_panoptic",
        "steps_of_255",
        "expected instance to be",
        """
def decode_panoptic(panoptic):
    panoptic = panoptic.astype(np.int64)
    return panoptic // 255, panoptic % 255
""",
        what="Divides by 255 instead of 256.",
    ),
    Slip(
        "decode_panoptic",
        "",
        "expected semantic to have dtype",
        """
def decode_panoptic(panoptic):
    semantic = panoptic // 256
    instance = panoptic - semantic * 256
    return semantic, instance
""",
        what="Keeps the input's dtype, so a uint16 map gives uint16 parts instead of int64.",
    ),
    Slip(
        "decode_panoptic",
        "rounds_to_the_nearest",
        "expected semantic to be",
        """
def decode_panoptic(panoptic):
    semantic = np.round(panoptic / 256).astype(np.int64)
    instance = panoptic.astype(np.int64) - semantic * 256
    return semantic, instance
""",
        what="Rounds instead of rounding down, so instances from 129 on push the class up by one and become negative.",
    ),
    Slip(
        "decode_panoptic",
        "parts_swapped",
        "expected semantic to be",
        """
def decode_panoptic(panoptic):
    panoptic = np.asarray(panoptic, dtype=np.int64)
    instance = panoptic & 255
    semantic = panoptic >> 8
    return instance, semantic
""",
        what="Returns the two parts in the wrong order (instance, semantic).",
    ),
    Slip(
        "decode_panoptic",
        "",
        "expected semantic to have shape",
        """
def decode_panoptic(panoptic):
    numbers = panoptic.ravel()
    semantic = np.array([int(p) // 256 for p in numbers], dtype=np.int64)
    instance = np.array([int(p) % 256 for p in numbers], dtype=np.uint8)
    return semantic, instance
""",
        what="Two mistakes: the result is flattened, and the instances come back as uint8.",
    ),
    Slip(
        "label_colours",
        "drawn_anew_each_time",
        "the same input gives the same picture",
        """
def label_colours(panoptic, palette):
    generator = np.random.default_rng()
    picture = np.zeros((*panoptic.shape, 3), dtype=np.uint8)
    wheel = generator.permutation(12)
    for p in np.unique(panoptic):
        semantic, n = divmod(int(p), 256)
        base = np.array(palette[semantic], dtype=np.float64)
        if n > 0:
            base[0] = (base[0] + 21 * wheel[(n - 1) % 12]) % 256
        picture[panoptic == p] = base.astype(np.uint8)
    return picture
""",
        what="Draws the things' colours from an unseeded generator, so each call gives another picture.",
    ),
    Slip(
        "label_colours",
        "stuff_is_mixed_too",
        "stuff has the palette's colours",
        """
def label_colours(panoptic, palette):
    picture = np.zeros(panoptic.shape + (3,), dtype=np.uint8)
    for p in np.unique(panoptic):
        semantic, n = p // 256, p % 256
        second = 255 * (np.array([0.618, 0.755, 0.570]) * n % 1)
        colour = 0.5 * np.array(palette[int(semantic)]) + 0.5 * second
        picture[panoptic == p] = colour.astype(np.uint8)
    return picture
""",
        what="Mixes stuff (instance 0) with the second colour too, so stuff does not have exactly its palette's colour.",
    ),
    Slip(
        "label_colours",
        "",
        "instances of a class have colours that one can tell apart",
        """
def label_colours(panoptic, palette):
    height, width = panoptic.shape
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    semantic, instance = panoptic // 256, panoptic % 256
    for c in np.unique(semantic):
        for n in np.unique(instance[semantic == c]):
            here = (semantic == c) & (instance == n)
            colour = np.array(palette[int(c)], dtype=np.int64)
            picture[here] = colour if n == 0 else (colour // 2 + (37 * n % 256) // 2)
    return picture
""",
        what="The shift 37 n mod 256 brings instances 1 and 8 (and others 7 apart) to within 3 of each other in every channel.",
    ),
    Slip(
        "label_colours",
        "",
        "IndexError",
        """
def label_colours(panoptic, palette):
    steps = np.linspace(0, 255, 12)
    table = np.stack([steps, steps[::-1], np.roll(steps, 6)], axis=1)
    picture = np.zeros((*panoptic.shape, 3), dtype=np.uint8)
    for p in np.unique(panoptic):
        semantic, n = divmod(int(p), 256)
        colour = np.array(palette[semantic], dtype=float)
        if n:
            colour = (colour + table[n - 1]) / 2
        picture[panoptic == p] = colour.astype(np.uint8)
    return picture
""",
        what="Has a table for instances 1 to 12 only; a thirteenth instance in the map ends in an IndexError.",
    ),
    Slip(
        "label_colours",
        "colours_between_0_and_1",
        "expected the picture's dtype to be",
        """
def label_colours(panoptic, palette):
    picture = np.zeros((*panoptic.shape, 3))
    for p in np.unique(panoptic):
        semantic, n = divmod(int(p), 256)
        picture[panoptic == p] = np.round(np.array(palette[semantic]) * (1 - n / 256))
    return picture
""",
        what="Two mistakes: things are darkened shades of the palette, so neighbours differ by less than 10 and those of a black class not at all; and the picture is float64.",
    ),
    Slip(
        "label_colours",
        "clipped_at_white",
        "instances of a class have different colours",
        """
def label_colours(panoptic, palette):
    result = np.zeros((*panoptic.shape, 3), dtype=np.uint8)
    for p in np.unique(panoptic):
        c, n = divmod(int(p), 256)
        colour = np.array(palette[c], dtype=np.int64) + 15 * n
        result[panoptic == p] = np.clip(colour, 0, 255)
    return result
""",
        what="Steps of 15 end at 255: in a bright class several instances get one colour.",
    ),
]
