"""Time to a mean zone IoU of 0.60: unit 07's training against MONAI's own pipeline.

`python benchmarks/training.py [--seconds 240] [--threads 2]` trains both on the same phantoms, with
the same split, batch size, slices and cores, measures the validation patients after every epoch,
and prints when each reached the aim, the ratio, and the share of time spent outside the network.
Evaluation is not counted on either side.
"""

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from monai.data import CacheDataset, DataLoader
from monai.losses import DiceFocalLoss
from monai.networks.nets import BasicUNet
from monai.transforms import (
    Compose,
    Rand2DElasticd,
    RandAffined,
    RandFlipd,
    RandScaleIntensityd,
    RandShiftIntensityd,
)

from medseg import training
from medseg.cases import Case, load_cases, slices, split_cases
from medseg_grader.course.answers import namespace_of
from medseg_grader.course.units import load_unit

CLASSES, BATCH, SIZE, RATE = 5, 16, 96, 4e-3
WIDTHS = {
    "its default width": (32, 32, 64, 128, 256, 32),
    "the course's width": (16, 32, 64, 128, 256, 16),
}


@dataclass
class Run:
    """One training: seconds in all, seconds inside the network, and the IoU by time."""

    name: str
    seconds: float = 0.0
    network: float = 0.0
    curve: list[tuple[float, float]] = field(default_factory=list)

    def reached(self, aim: float) -> float:
        """Seconds until the aim was reached, infinity if it was not."""
        return next((at for at, iou in self.curve if iou >= aim), float("inf"))


def train(
    run: Run,
    model: torch.nn.Module,
    batches: Iterable,
    loss: Callable,
    validation: Iterable,
    slices_per_epoch: int,
    options: argparse.Namespace,
) -> Run:
    """Train until the aim or the time is reached; both sides go through this very loop."""
    model = model.to(memory_format=torch.channels_last) if run.name == "course" else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    epochs = training.epochs_for(slices_per_epoch, options.slices)
    training.one_cycle(optimizer, epochs * -(-slices_per_epoch // BATCH), RATE)
    for _ in range(epochs):
        model.train()
        start = time.perf_counter()
        for image, label in batches:
            entered = time.perf_counter()
            value = loss(model(image), label)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            run.network += time.perf_counter() - entered
        run.seconds += time.perf_counter() - start
        run.curve.append((run.seconds, zone_iou(model, validation)))
        print(
            f"{run.name:<34}{run.seconds:6.0f} s   mean zone IoU {run.curve[-1][1]:.3f}", flush=True
        )
        if run.curve[-1][1] >= options.aim or run.seconds > options.seconds:
            break
    return run


def zone_iou(model: torch.nn.Module, batches: Iterable) -> float:
    """Mean IoU over the four zones, of one confusion matrix."""
    counts = np.zeros((CLASSES, CLASSES))
    model.eval()
    with torch.no_grad():
        for image, label in batches:
            answer = model(image).argmax(dim=1)
            np.add.at(counts, (label.numpy().ravel(), answer.numpy().ravel()), 1)
    hits = counts.diagonal()
    return float((hits / np.maximum(1, counts.sum(0) + counts.sum(1) - hits))[1:].mean())


def course(cases: list[Case], validation: Iterable, options: argparse.Namespace) -> Run:
    """The solutions of units 05 to 07, put together as unit 07's notebook does."""
    own = {
        name: namespace_of(load_unit(unit), None, None)[name]
        for unit, name in (
            ("05_focal_loss", "class_weights"),
            ("05_focal_loss", "softmax_focal_loss"),
            ("06_unet", "UNet"),
            ("07_prostate", "augment"),
        )
    }
    batches = training.SliceBatches(
        cases, BATCH, SIZE, own["augment"], training.generator(options.seed)
    )
    alpha = own["class_weights"](batches.labels, CLASSES) ** (1 / 3)
    alpha = (alpha / alpha.sum()).float()

    def loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        one_hot = torch.nn.functional.one_hot(label, CLASSES).movedim(-1, 1)
        return own["softmax_focal_loss"](logits, one_hot, alpha, 2.0)

    with training.seeded(options.seed):
        model = own["UNet"](1, CLASSES, features=16, depth=4)
    return train(Run("course"), model, batches, loss, validation, batches.slices, options)


def monai(cases: list[Case], validation: Iterable, width: str, options: argparse.Namespace) -> Run:
    """MONAI's pipeline: CacheDataset, its transforms, BasicUNet, DiceFocalLoss."""
    pairs = [
        {"image": image[None], "label": label[None].astype(np.float32)}
        for case in cases
        for image, label in zip(*slices(case, SIZE), strict=True)
    ]
    keys, modes = ("image", "label"), ("bilinear", "nearest")
    transforms = Compose(
        [
            RandFlipd(keys, prob=0.5, spatial_axis=1),
            RandAffined(
                keys,
                prob=1.0,
                rotate_range=0.2,
                scale_range=0.12,
                translate_range=5,
                mode=modes,
                padding_mode="border",
            ),
            Rand2DElasticd(
                keys,
                spacing=(32, 32),
                magnitude_range=(1, 3),
                prob=1.0,
                mode=modes,
                padding_mode="border",
            ),
            RandScaleIntensityd(("image",), factors=0.27, prob=1.0),
            RandShiftIntensityd(("image",), offsets=0.2, prob=1.0),
        ]
    ).set_random_state(options.seed)
    data = CacheDataset(pairs, transforms, progress=False)
    loader = DataLoader(data, batch_size=BATCH, shuffle=True, num_workers=0)

    class Batches:
        def __iter__(self) -> Iterable:
            for batch in loader:
                yield batch["image"].as_tensor(), batch["label"].as_tensor()

    criterion = DiceFocalLoss(to_onehot_y=True, softmax=True)
    with training.seeded(options.seed):
        model = BasicUNet(2, 1, CLASSES, features=WIDTHS[width])
    run = Run(f"MONAI, {width}")
    return train(run, model, Batches(), criterion, validation, len(pairs), options)


def main() -> None:
    """Run all sides and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aim", type=float, default=0.60, help="mean zone IoU to reach")
    parser.add_argument("--seconds", type=float, default=240, help="longest training of a side")
    parser.add_argument("--slices", type=int, default=5000, help="slices of the whole schedule")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    known, watched, _ = split_cases(load_cases("phantom"), (0.6, 0.15, 0.25))
    validation = list(training.SliceBatches(watched, 16, SIZE))
    runs = [course(known, validation, options)]
    runs += [monai(known, validation, width, options) for width in reversed(WIDTHS)]
    reached = f"to {options.aim:.2f}"
    print(f"\n{'pipeline':<34}{reached:>10}{'best IoU':>10}{'outside network':>17}")
    for run in runs:
        best = max(iou for _, iou in run.curve)
        print(
            f"{run.name:<34}{run.reached(options.aim):>8.0f} s{best:>10.3f}"
            f"{1 - run.network / run.seconds:>16.0%}"
        )
    own = runs[0].reached(options.aim)
    for run in runs[1:]:
        theirs = run.reached(options.aim)
        if np.isinf(own) and np.isinf(theirs):
            print(f"{run.name}: neither side reached {options.aim}")
        else:
            bound = " at least" if np.isinf(theirs) else ""
            ratio = (run.seconds if np.isinf(theirs) else theirs) / own
            print(f"{run.name}: the course is{bound} {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
