"""Counterparts of losses: unit 05."""

import torch
from monai.losses import FocalLoss


def class_weights(labels: torch.Tensor, num_classes: int) -> torch.Tensor:
    """(C,) weights in proportion to 1 / frequency, summing to 1, 0 for a class that is absent."""
    found, counts = labels.unique(return_counts=True)
    weights = torch.zeros(num_classes, device=labels.device)
    weights[found.long()] = counts.float().reciprocal()
    return torch.nn.functional.normalize(weights, p=1.0, dim=0)


def softmax_focal_loss(
    logits: torch.Tensor, labels: torch.Tensor, alpha: torch.Tensor, gamma: float = 2.0
) -> torch.Tensor:
    """The mean over batch and positions of the sum over classes; one-hot labels (N, C, …)."""
    terms = FocalLoss(gamma=gamma, weight=alpha, use_softmax=True, reduction="none")
    return terms(logits, labels).sum(dim=1).mean()
