"""Counterparts of measures: units 01 and 04."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from monai.metrics import compute_confusion_matrix_metric
from scipy import ndimage
from torchmetrics.functional.classification import multiclass_confusion_matrix
from torchmetrics.functional.detection import panoptic_quality as quality_of_pairs


def instances_from_semantic(semantic: np.ndarray, thing_ids: Iterable[int]) -> np.ndarray:
    """The 8-connected parts of each class of things, numbered 1, 2, …; (H, W) int64."""
    things = list(thing_ids)
    layers = np.stack([semantic == thing for thing in things] or [np.zeros_like(semantic)])
    # neighbours within a layer only, so that classes never mix
    around = np.zeros((3, 3, 3), dtype=bool)
    around[1] = True
    return ndimage.label(layers, around)[0].max(axis=0).astype(np.int64)


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
    pairs = [torch.stack([m // 256, m % 256], dim=-1)[None] for m in (prediction, target)]
    classes = {int(c) for pair in pairs for c in pair[..., 0].unique()} - {0}
    if not classes:
        return (float("nan"),) * 3
    quality: Any = quality_of_pairs(
        pairs[0],
        pairs[1],
        classes,
        set(),
        allow_unknown_preds_category=True,
        return_sq_and_rq=True,
    )
    pq, sq, rq = quality.flatten().tolist()
    return pq, sq, rq


def _rate(
    name: str, hits: torch.Tensor, false_positives: torch.Tensor, misses: torch.Tensor
) -> torch.Tensor:
    """One of MONAI's rates of true positives, false positives and false negatives."""
    counts = torch.stack([hits, false_positives, torch.zeros_like(hits), misses], dim=-1)
    return compute_confusion_matrix_metric(name, counts)
