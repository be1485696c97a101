"""What augmentation is worth, and how much a leaking split flatters: unit 07's tables.

`python benchmarks/patients.py [--slices 1500] [--seeds 3]` trains unit 07's network as its notebook
does, from several starts, on three patients and on many, with and without augmentation, and scores
it on patients that it has not seen. Then it trains on half of the slices of six patients, and
scores it on the other half, as if slices were patients; beside it stands the score on other
patients, which is the true one.
"""

import argparse
import copy
from dataclasses import dataclass

import numpy as np
import torch

from medseg import training
from medseg.cases import Case, load_cases, split_cases
from medseg.stand_ins.metrics import iou_per_class
from medseg.stand_ins.training import evaluate
from medseg_grader.course.answers import namespace_of
from medseg_grader.course.units import load_unit

CLASSES, BATCH, RATE, FEW = 5, 16, 4e-3, 3
# Small slices: eighteen trainings are many.
SIZE = 64
CPU = torch.device("cpu")
UNITS = {
    "class_weights": "05_focal_loss",
    "softmax_focal_loss": "05_focal_loss",
    "UNet": "06_unet",
    "augment": "07_prostate",
}


@dataclass
class Recipe:
    """Unit 07's training: the solutions that it is made of, and how many slices it sees."""

    slices: int

    def __post_init__(self) -> None:
        self.own = {
            name: namespace_of(load_unit(unit), None, None)[name] for name, unit in UNITS.items()
        }

    def train(self, batches: training.SliceBatches, augmented: bool, seed: int) -> torch.nn.Module:
        """A network trained on batches, from the start that the seed gives."""
        batches.augment = self.own["augment"] if augmented else None
        batches.generator = training.generator(seed)
        alpha = self.own["class_weights"](batches.labels, CLASSES) ** (1 / 3)
        alpha = (alpha / alpha.sum()).float()
        with training.seeded(seed):
            model = self.own["UNet"](1, CLASSES, features=16, depth=4)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
        epochs = training.epochs_for(batches.slices, self.slices)
        training.one_cycle(optimizer, epochs * len(batches), RATE)
        for _ in range(epochs):
            model.train()
            for image, label in batches:
                one_hot = torch.nn.functional.one_hot(label, CLASSES).movedim(-1, 1)
                value = self.own["softmax_focal_loss"](model(image), one_hot, alpha, 2.0)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
        return model


def zone_iou(model: torch.nn.Module, batches: training.SliceBatches) -> float:
    """Mean IoU of the four zones."""
    plain = copy.copy(batches)
    plain.augment = plain.generator = None
    return float(iou_per_class(evaluate(model, plain, CLASSES, CPU))[1:].nanmean())


def halves(cases: list[Case], seed: int) -> tuple[training.SliceBatches, training.SliceBatches]:
    """The slices of some cases, divided by chance: what is no split at all."""
    both = [training.SliceBatches(cases, BATCH, SIZE) for _ in range(2)]
    order = torch.randperm(both[0].slices, generator=training.generator(seed))
    for part, chosen in zip(both, order.chunk(2), strict=True):
        part.images, part.labels = part.images[chosen], part.labels[chosen]
    return both[0], both[1]


def said(scores: list[float]) -> str:
    """The middle of several scores, and their range."""
    return f"{np.median(scores):.2f} ({min(scores):.2f} – {max(scores):.2f})"


def main() -> None:
    """Train all, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    recipe = Recipe(options.slices)
    known, _, unseen = split_cases(load_cases("phantom"), (0.6, 0.15, 0.25))
    others = training.SliceBatches(unseen, BATCH, SIZE)
    print("training patients, augmentation: on these patients, on held-out patients", flush=True)
    for many in (False, True):
        for augmented in (False, True):
            home, abroad = [], []
            for seed in range(options.seeds):
                few = known[FEW * seed : FEW * (seed + 1)]
                batches = training.SliceBatches(known if many else few, BATCH, SIZE)
                model = recipe.train(batches, augmented, seed)
                home.append(zone_iou(model, batches))
                abroad.append(zone_iou(model, others))
            name = f"{'all' if many else FEW}, {'with' if augmented else 'without'}"
            print(f"{name:<16}{said(home)}   {said(abroad)}", flush=True)
    print("split by slice: on the other slices of these patients, on held-out patients", flush=True)
    for augmented in (False, True):
        leaking, true = [], []
        for seed in range(options.seeds):
            half, rest = halves(known[2 * FEW * seed : 2 * FEW * (seed + 1)], seed)
            model = recipe.train(half, augmented, seed)
            leaking.append(zone_iou(model, rest))
            true.append(zone_iou(model, others))
        print(f"{'with' if augmented else 'without':<16}{said(leaking)}   {said(true)}", flush=True)


if __name__ == "__main__":
    main()
