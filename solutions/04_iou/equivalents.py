"""Small changes of unit 04's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

PAIRS = "pairs = target.reshape(-1).long() * num_classes + prediction.reshape(-1).long()"
FALSE = (
    "false = [m // 256 for m, area in areas[0].items() if m // 256 and m not in matches and "
    "(in_void.get(m, 0) <= area / 2)]"
)
WIDE_ENOUGH = "One of the two numbers is int64, and their sum with it."
FEWER_VOID = "A segment without a pixel of void is false either way, as its area is at least 1."


def pair(before: str, old: str, new: str) -> str:
    """The text of a change."""
    assert old in before
    return f"{before}  ->  {before.replace(old, new, 1)}"


EQUIVALENTS = [
    Equivalent(
        "confusion_matrix",
        "if labels.numel() and (labels.min() < 0 or labels.max() >= num_classes):  ->  "
        "if labels.min() < 0 or labels.max() >= num_classes:",
        "It differs for tensors without a pixel only, of which no text speaks.",
    ),
    Equivalent(
        "confusion_matrix",
        pair(PAIRS, "prediction.reshape(-1).long()", "prediction.reshape(-1)"),
        WIDE_ENOUGH,
    ),
    Equivalent(
        "confusion_matrix",
        pair(PAIRS, "prediction.reshape(-1).long()", "prediction.reshape(-1).int()"),
        WIDE_ENOUGH,
    ),
    Equivalent(
        "confusion_matrix",
        pair(PAIRS, "target.reshape(-1).long()", "target.reshape(-1).int()"),
        "int32 holds every cell number of a matrix that fits into memory.",
    ),
    *(
        Equivalent(
            exercise,
            "hits = confusion.diagonal().double()  ->  hits = confusion.diagonal()",
            "torch divides whole numbers as float32, and any float will do.",
        )
        for exercise in ("iou_per_class", "mean_iou")
    ),
    Equivalent("panoptic_quality", pair(FALSE, "get(m, 0)", "get(m, -1)"), FEWER_VOID),
]
