"""Counterparts of the exercises that later units build on, for a student who has not written them.

`stand_in("06_unet", "UNet")` gives a function or class with the exercise's signature, made from
MONAI, torchmetrics, scipy or torch, and `source` the words that say what it is. A library is
imported when a counterpart is asked for, not before.
"""

from importlib import import_module
from typing import Any

from medseg.errors import InputError

# {unit.exercise: (module of this package, what the counterpart is)}
_SOURCES = {
    "01_segmentation_types.instances_from_semantic": ("metrics", "SciPy's label"),
    "04_iou.confusion_matrix": ("metrics", "torchmetrics' multiclass_confusion_matrix"),
    "04_iou.iou_per_class": ("metrics", "MONAI's threat score"),
    "04_iou.mean_iou": ("metrics", "the mean of MONAI's threat score"),
    "04_iou.dice_from_iou": ("metrics", "MONAI's F1 score"),
    "04_iou.panoptic_quality": ("metrics", "torchmetrics' panoptic_quality"),
    "05_focal_loss.class_weights": ("losses", "a count by torch.unique"),
    "05_focal_loss.softmax_focal_loss": ("losses", "MONAI's FocalLoss"),
    "06_unet.UNet": (
        "networks",
        "MONAI's UNet (not the network of unit 06: it strides and adds where yours pools)",
    ),
    "06_unet.overlap_tile": ("networks", "a tiling by MONAI's iter_patch_position"),
}


def stand_in(unit: str, name: str) -> Any:
    """The counterpart of an exercise; InputError if there is none.

    >>> from medseg import stand_ins
    >>> dice_from_iou = stand_ins.stand_in("04_iou", "dice_from_iou")
    >>> round(dice_from_iou(0.5), 4)
    0.6667
    >>> stand_ins.stand_in("04_iou", "panoptic")
    Traceback (most recent call last):
    medseg.errors.InputError: nothing stands in for 04_iou.panoptic; there are stand-ins for: ...
    """
    home, _ = _entry(unit, name)
    return getattr(import_module(f"medseg.stand_ins.{home}"), name)


def source(unit: str, name: str) -> str:
    """What the counterpart is, for the sentence that `carry_over` prints.

    >>> source("04_iou", "dice_from_iou")
    "MONAI's F1 score"
    """
    return _entry(unit, name)[1]


def exists(unit: str, name: str) -> bool:
    """Whether an exercise has a counterpart."""
    return f"{unit}.{name}" in _SOURCES


def _entry(unit: str, name: str) -> tuple[str, str]:
    if not exists(unit, name):
        known = ", ".join(_SOURCES)
        raise InputError(f"nothing stands in for {unit}.{name}; there are stand-ins for: {known}")
    return _SOURCES[f"{unit}.{name}"]
