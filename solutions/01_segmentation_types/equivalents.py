"""Small changes of unit 01's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

CODED = "return semantic.astype(np.int64) * 256 + instance.astype(np.int64)"
ANY_COLOURS = "Other colours; what is asked of them, that they differ, still holds."

EQUIVALENTS = [
    Equivalent(
        "semantic_from_scores",
        "return scores.argmax(axis=0).astype(np.int64)  ->  return scores.argmax(axis=0)",
        "argmax gives int64 where this runs; astype says so for other machines.",
    ),
    Equivalent(
        "instances_from_semantic", "total = 0  ->  total = 1", "Which number comes first is free."
    ),
    Equivalent(
        "encode_panoptic",
        f"{CODED}  ->  return semantic.astype(np.int64) * 256 + instance",
        "The sum with int64 is int64 for every smaller type.",
    ),
    Equivalent(
        "encode_panoptic",
        f"{CODED}  ->  return semantic.astype(np.int64) * 256 + instance.astype(np.int32)",
        "The sum with int64 is int64 for every smaller type.",
    ),
    Equivalent(
        "encode_panoptic",
        f"{CODED}  ->  return semantic.astype(np.int32) * 256 + instance.astype(np.int64)",
        "255 * 256 fits into int32, and the sum is int64.",
    ),
    Equivalent(
        "label_colours",
        "semantic, instance = (panoptic // 256, panoptic % 256)  ->  "
        "semantic, instance = (panoptic / 256, panoptic % 256)",
        "Only stuff takes its colour from there, and its quotient is whole.",
    ),
    Equivalent(
        "label_colours",
        "semantic, instance = (panoptic // 256, panoptic % 256)  ->  "
        "semantic, instance = (panoptic // 255, panoptic % 256)",
        "It differs for class numbers of 255 only; instances may have any colour.",
    ),
    Equivalent(
        "label_colours",
        "picture = np.zeros((*panoptic.shape, 3))  ->  picture = np.ones((*panoptic.shape, 3))",
        "Every pixel gets a colour of the palette or of its own.",
    ),
    Equivalent("label_colours", "own = *", ANY_COLOURS),
    Equivalent("label_colours", "mixed = *", ANY_COLOURS),
]
