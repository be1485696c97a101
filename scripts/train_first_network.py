"""Train the small U-Net that outlines a phantom in unit 01, and write its weights into the package.

Run it in the course's folder (about ten minutes on two cores) whenever the phantom has changed:

    python scripts/train_first_network.py
"""

import time

import torch

from medseg import training
from medseg.cases import phantom_cases
from medseg.stand_ins import first_network
from medseg.stand_ins.losses import class_weights, soft_dice_loss
from medseg.stand_ins.metrics import dice_from_iou, iou_per_class
from medseg.stand_ins.training import augment, evaluate

PATIENTS, HELD_OUT, SIZE, SLICES = 60, 12, 96, 14_000
CPU = torch.device("cpu")


def loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Dice loss plus cross-entropy of label maps, weighted so that rare zones are found soon."""
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1]).movedim(-1, 1)
    return soft_dice_loss(logits, one_hot) + torch.nn.functional.cross_entropy(
        logits, labels, weights
    )


def main() -> None:
    """Train, print Dice per zone on phantoms that were not trained on, write the weights."""
    # the notebook draws its patients by the clock, far above these numbers
    known = phantom_cases(PATIENTS, seed=1)
    unseen = phantom_cases(HELD_OUT, seed=900)
    batches = training.SliceBatches(
        known, 8, SIZE, augment=augment, generator=training.generator(0)
    )
    epochs = max(1, round(SLICES / batches.slices))
    with training.seeded(0):
        model = first_network.untrained()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    training.one_cycle(optimizer, epochs * len(batches), 4e-3)
    weights = class_weights(batches.labels, first_network.CLASSES).sqrt()
    weights /= weights.sum()
    begin = time.monotonic()
    for epoch in range(epochs):
        model.train()
        for image, label in batches:
            optimizer.zero_grad()
            loss(model(image), label, weights).backward()
            optimizer.step()
        print(f"epoch {epoch + 1} of {epochs}, {time.monotonic() - begin:.0f} s", flush=True)
    first_network.save(model)
    confusion = evaluate(first_network.trained(), training.SliceBatches(unseen, 16, SIZE), 5, CPU)
    for name, iou in zip(known[0].class_names, iou_per_class(confusion).tolist(), strict=True):
        print(f"{name:<12} Dice {dice_from_iou(iou):.3f}")
    print(f"{first_network.WEIGHTS.stat().st_size / 1e3:.0f} kB in {first_network.WEIGHTS}")


if __name__ == "__main__":
    main()
