"""Counterparts of what stands around a network: unit 07."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.transforms import Compose, Rand2DElasticd, RandAdjustContrastd, RandFlipd
from torch import nn
from tqdm import tqdm

from medseg.stand_ins.metrics import confusion_matrix, mean_iou

Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]


def split_patients(
    ids: Sequence[Any], fractions: Sequence[float], generator: np.random.Generator
) -> list[list[int]]:
    """Sorted indices of cases for each fraction, whole patients only, at least one in each."""
    patients = generator.permutation(sorted(set(ids)))
    parts, count = len(fractions), len(patients)
    if count < parts:
        raise ValueError(f"there are {count} patients for {parts} parts")
    ends = np.floor(np.cumsum(fractions) * count + 0.5).astype(int)
    for k in range(parts):  # one for each part that is done, one for each that is to come
        ends[k] = min(max(ends[k], (ends[k - 1] if k else 0) + 1), count - (parts - 1 - k))
    found = [set(part.tolist()) for part in np.split(patients, ends[:-1])]
    return [[k for k, owner in enumerate(ids) if owner in part] for part in found]


def augment(
    image: torch.Tensor, label: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirrored, turned, shifted, zoomed and bent by MONAI's transforms, in another light."""
    if image.shape[1:] != label.shape:
        raise ValueError(
            f"an image of {tuple(image.shape[1:])} and a label of {tuple(label.shape)} do not fit"
        )
    seed = int(torch.randint(2**31, (1,), generator=generator))
    width = label.shape[-1]
    mode = ("bilinear", "nearest")
    bend = Rand2DElasticd(
        keys=("image", "label"),
        spacing=(width / 4, width / 4),
        magnitude_range=(0.01 * width, 0.03 * width),
        prob=1.0,
        rotate_range=0.2,
        translate_range=(0.08 * width,) * 2,
        scale_range=(0.1, 0.1),
        mode=mode,
        padding_mode="border",
    )
    change = Compose(
        [
            RandFlipd(("image", "label"), prob=0.5, spatial_axis=-1),
            bend,
            RandAdjustContrastd(("image",), prob=1.0, gamma=(0.8, 1.25), retain_stats=True),
        ]
    )
    change.set_random_state(seed)
    # in a volume the slices are channels, so that all are bent alike and none into another
    stacks = {
        "image": image.reshape(-1, *image.shape[-2:]).cpu(),
        "label": label.reshape(-1, *label.shape[-2:]).cpu().to(image.dtype),
    }
    moved: Any = change(stacks)
    light = torch.rand(2, generator=generator).to(image)
    bright = moved["image"].to(image) * (0.75 + 0.55 * light[0]) + 0.4 * light[1] - 0.2
    zones = moved["label"].to(label)
    return bright.reshape(image.shape), zones.reshape(label.shape)


def train_epoch(
    model: nn.Module,
    batches: Batches,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> float:
    """One step for each batch; the mean loss per item."""
    model.train()
    values, sizes = [], []
    for batch in batches:
        optimizer.zero_grad()
        images, labels = (part.to(device) for part in batch)
        value = loss(model(images), labels)
        value.backward()
        optimizer.step()
        values.append(value.item())
        sizes.append(len(images))
    return float(np.average(values, weights=sizes))


def evaluate(
    model: nn.Module, batches: Batches, num_classes: int, device: torch.device
) -> torch.Tensor:
    """(num_classes, num_classes) int64 on the CPU: one confusion matrix over all batches."""
    counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for batch in batches:
        images, labels = (part.to(device) for part in batch)
        counts += confusion_matrix(_answer(model, images), labels, num_classes).cpu()
    return counts


def fit(
    model: nn.Module,
    train_batches: Batches,
    validation_batches: Batches,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    num_classes: int,
    epochs: int,
    device: torch.device,
    checkpoint: str | Path,
) -> list[dict[str, float]]:
    """The history of `epochs` epochs; the model is left in its best state.

    It goes on from the file `checkpoint`, which is written after each epoch; ValueError where that
    is of another model.
    """
    state: dict[str, Any] = {"history": [], "best": None}
    if Path(checkpoint).is_file():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        try:
            model.load_state_dict(state["model"])
        except RuntimeError as error:
            raise ValueError(f"{checkpoint} is of another model") from error
        optimizer.load_state_dict(state["optimizer"])
    history = state["history"]
    for _ in tqdm(range(len(history), epochs), unit="epoch", disable=None):
        cost = train_epoch(model, train_batches, loss, optimizer, device)
        score = float(mean_iou(evaluate(model, validation_batches, num_classes, device)))
        if not history or score >= max(entry["mean_iou"] for entry in history):
            state["best"] = {k: tensor.clone() for k, tensor in model.state_dict().items()}
        history.append({"loss": cost, "mean_iou": score})
        state |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state, checkpoint)
    model.load_state_dict(state["best"])
    return history


def predict_volume(model: nn.Module, volume: torch.Tensor, device: torch.device) -> torch.Tensor:
    """(D, H, W) int64 on the CPU, the likeliest class of each voxel."""
    stacks = volume[:, None].split(8)
    return torch.cat([_answer(model, stack.to(device)).cpu() for stack in stacks])


def zone_volumes_ml(labels: torch.Tensor, affine: np.ndarray, num_classes: int) -> torch.Tensor:
    """(num_classes,) ml of each class."""
    edges = np.asarray(affine, dtype=np.float64)[:3, :3].T
    voxel = abs(float(np.dot(edges[0], np.cross(edges[1], edges[2]))))
    counts = (labels.reshape(-1, 1) == torch.arange(num_classes, device=labels.device)).sum(0)
    return counts.double() * voxel / 1000


def _answer(model: nn.Module, image: torch.Tensor) -> torch.Tensor:
    """The class of each pixel, without gradients, in evaluation mode; the mode is restored."""
    mode = model.training
    model.eval()
    with torch.no_grad():
        answer = model(image).argmax(dim=1)
    model.train(mode)
    return answer
