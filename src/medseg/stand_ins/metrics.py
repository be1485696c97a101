"""Counterparts of measures: unit 04."""

from typing import Any

import torch
from monai.metrics import compute_confusion_matrix_metric
from torchmetrics.functional.classification import multiclass_confusion_matrix
from torchmetrics.functional.detection import panoptic_quality as quality_of_pairs


def confusion_matrix(
    prediction: torch.Tensor, target: torch.Tensor, num_classes: int
) -> torch.Tensor:
    """(C, C) int64, rows target, columns prediction; ValueError where the shapes differ."""
    if tuple(prediction.shape) != tuple(target.shape):
        raise ValueError(
            f"prediction and target must be of one shape, but they are "
            f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        )
    return multiclass_confusion_matrix(prediction, target, num_classes)


def iou_per_class(confusion: torch.Tensor) -> torch.Tensor:
    """TP / (TP + FP + FN) of each class, NaN where it is absent; (C,) float64."""
    counts = confusion.double()
    hits = counts.diagonal()
    return _rate("threat score", hits, counts.sum(0) - hits, counts.sum(1) - hits)


def mean_iou(confusion: torch.Tensor) -> torch.Tensor:
    """The mean over the classes that are present."""
    return iou_per_class(confusion).nanmean()


def dice_from_iou(iou: Any) -> Any:
    """Dice of a given IoU, a float or a tensor: of hits and errors that give that IoU."""
    hits = torch.as_tensor(iou, dtype=None if torch.is_tensor(iou) else torch.float64)
    result = _rate("f1 score", hits, 1 - hits, torch.zeros_like(hits))
    return result if torch.is_tensor(iou) else float(result)


def panoptic_quality(prediction: torch.Tensor, target: torch.Tensor) -> tuple[float, float, float]:
    """(pq, sq, rq) of two panoptic maps of unit 01, NaN where neither shows a class."""
    # what is predicted as nothing gets a class that is not there, or it would be left out as void
    nothing = 1 + int(max(prediction.max(), target.max())) // 256
    shown = torch.where(prediction // 256 == 0, nothing * 256, prediction)
    pairs = [torch.stack([m // 256, m % 256], dim=-1)[None] for m in (shown, target)]
    classes = sorted({int(c) for pair in pairs for c in pair[..., 0].unique()} - {0, nothing})
    if not classes:
        return (float("nan"),) * 3
    quality: Any = quality_of_pairs(
        pairs[0],
        pairs[1],
        classes,
        {nothing},
        allow_unknown_preds_category=True,
        return_sq_and_rq=True,
        return_per_class=True,
    )
    known = target // 256 > 0
    seen = [  # a class that only the prediction has counts unless it lies mostly in void
        bool((target // 256 == c).any())
        or any(2 * known[prediction == p].sum() >= (prediction == p).sum() for p in own)
        for c in classes
        for own in [prediction[prediction // 256 == c].unique()]
    ]
    each = quality.reshape(-1, 3)[: len(classes)][torch.tensor(seen)]
    pq, sq, rq = each.mean(dim=0).tolist()
    return pq, sq, rq


def _rate(
    name: str, hits: torch.Tensor, false_positives: torch.Tensor, misses: torch.Tensor
) -> torch.Tensor:
    """One of MONAI's rates of true positives, false positives and false negatives."""
    counts = torch.stack([hits, false_positives, torch.zeros_like(hits), misses], dim=-1)
    return compute_confusion_matrix_metric(name, counts)
