"""Small changes of unit 05's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

COUNTS = "counts = torch.bincount(labels.reshape(-1).long(), minlength=num_classes)"
ANY_INTEGER = "torch counts any integers, and comes to the same numbers."

EQUIVALENTS = [
    Equivalent(
        "class_weights",
        f"{COUNTS}.double()  ->  {COUNTS}",
        "torch divides whole numbers as float32, and any float will do.",
    ),
    Equivalent(
        "class_weights",
        f"{COUNTS}.double()  ->  {COUNTS.replace('.long()', '')}.double()",
        ANY_INTEGER,
    ),
    Equivalent(
        "class_weights",
        f"{COUNTS}.double()  ->  {COUNTS.replace('.long()', '.int()')}.double()",
        ANY_INTEGER,
    ),
    Equivalent(
        "class_weights",
        "inverse = torch.where(counts > 0, 1 / counts, torch.zeros_like(counts))  ->  "
        "inverse = torch.where(counts > 0, 2 / counts, torch.zeros_like(counts))",
        "The weights are divided by their sum in the next line.",
    ),
    Equivalent(
        "softmax_focal_loss",
        "weight = alpha.reshape(1, -1, *[1] * (logits.ndim - 2)).to(logits.dtype)  ->  "
        "weight = alpha.reshape(1, -1, *[1] * (logits.ndim - 2))",
        "torch brings float32 and float64 together by itself.",
    ),
    Equivalent(
        "softmax_focal_loss",
        "focus = (1 - log_p.exp()).clamp(min=1e-12) ** gamma  ->  "
        "focus = (1 - log_p.exp()).clamp(min=5e-13) ** gamma",
        "Any hair above 0 will do.",
    ),
    Equivalent(
        "softmax_focal_loss",
        "return -(labels.to(logits.dtype) * focus * weight * log_p).sum(dim=1).mean()  ->  "
        "return -(labels * focus * weight * log_p).sum(dim=1).mean()",
        "torch multiplies labels of any type with floats.",
    ),
]
