"""Counterparts of losses: units 05 and 08."""

import numpy as np
import torch
from monai.losses import DiceLoss, FocalLoss
from monai.transforms.utils import distance_transform_edt


def softmax(logits: torch.Tensor, dim: int) -> torch.Tensor:
    """Probabilities along `dim`."""
    return logits.softmax(dim)


def log_softmax(logits: torch.Tensor, dim: int) -> torch.Tensor:
    """Logarithms of the probabilities along `dim`."""
    return logits.log_softmax(dim)


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


def soft_dice_loss(logits: torch.Tensor, labels: torch.Tensor, smooth: float = 1.0) -> torch.Tensor:
    """1 - the mean over classes of the soft Dice of the whole batch; one-hot labels (N, C, …)."""
    loss = DiceLoss(softmax=True, batch=True, smooth_nr=smooth, smooth_dr=smooth)
    return loss(logits, labels.to(logits.dtype))


def weighted_cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """The mean over all pixels of weight times cross-entropy."""
    return (weights * torch.nn.functional.cross_entropy(logits, labels, reduction="none")).mean()


def border_weights(instances: torch.Tensor, w0: float = 10.0, sigma: float = 5.0) -> torch.Tensor:
    """(H, W) weights of the background between two near instances (Ronneberger et al. 2015)."""
    numbers = [k for k in instances.unique() if k > 0]
    if len(numbers) < 2:
        return torch.zeros(instances.shape, device=instances.device)
    outside = np.stack([(instances != k).cpu().numpy() for k in numbers])
    # each mask is a channel of its own
    away = torch.from_numpy(np.asarray(distance_transform_edt(outside)))
    first, second = away.topk(2, dim=0, largest=False).values
    weights = w0 * torch.exp(-((first + second) ** 2) / (2 * sigma**2))
    return weights.float().to(instances.device) * (instances == 0)


def average_gradients(gradients: list[list[torch.Tensor]]) -> list[torch.Tensor]:
    """The mean over the workers of each parameter's gradient; ValueError where they differ."""
    places = list(zip(*gradients, strict=False))
    sizes = [{len(tensors) for tensors in gradients}]
    for found in sizes + [{tuple(tensor.shape) for tensor in place} for place in places]:
        if len(found) > 1:
            raise ValueError(f"the workers' gradients differ: {sorted(found)}")
    return [sum(tensors[1:], tensors[0]) / len(tensors) for tensors in places]
