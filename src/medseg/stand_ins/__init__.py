"""Counterparts of the exercises that later cells and units build on, where they are not written.

`stand_in("06_unet", "UNet")` gives a function or class with the exercise's signature, made from
MONAI, torchmetrics, scipy or torch, and `source` the words that say what it is. A library is
imported when a counterpart is asked for, not before.
"""

from importlib import import_module
from typing import Any

from medseg.errors import InputError

# {unit.exercise: (module of this package, what the counterpart is)}
_SOURCES = {
    "01_segmentation_types.semantic_from_scores": ("maps", "numpy's argmax"),
    "01_segmentation_types.instances_from_semantic": ("maps", "SciPy's label"),
    "01_segmentation_types.encode_panoptic": ("maps", "numpy's ravel_multi_index"),
    "01_segmentation_types.decode_panoptic": ("maps", "numpy's divmod"),
    "01_segmentation_types.label_colours": ("maps", "a hue for each number by colorsys"),
    "02_laser_scans.decode_labels": ("maps", "numpy's divmod"),
    "02_laser_scans.spherical_projection": ("maps", "the formula of RangeNet++"),
    "02_laser_scans.range_image": ("maps", "numpy's fmin.at"),
    "02_laser_scans.labels_to_points": ("maps", "numpy's indexing"),
    "03_medical_volumes.voxel_to_world": ("scans", "nibabel's apply_affine"),
    "03_medical_volumes.world_to_voxel": ("scans", "nibabel's apply_affine"),
    "03_medical_volumes.world_bounds": ("scans", "nibabel's apply_affine on eight corners"),
    "03_medical_volumes.region_of_interest": ("scans", "boxes by nibabel's apply_affine"),
    "03_medical_volumes.resample": ("scans", "torch's interpolate"),
    "03_medical_volumes.normalise": ("scans", "numpy's percentile and std"),
    "03_medical_volumes.split_patients": ("training", "a draw of patients by numpy"),
    "04_iou.confusion_matrix": ("metrics", "torchmetrics' multiclass_confusion_matrix"),
    "04_iou.iou_per_class": ("metrics", "MONAI's threat score"),
    "04_iou.mean_iou": ("metrics", "the mean of MONAI's threat score"),
    "04_iou.dice_from_iou": ("metrics", "MONAI's F1 score"),
    "04_iou.panoptic_quality": ("metrics", "torchmetrics' panoptic_quality"),
    "05_focal_loss.softmax": ("losses", "torch's softmax"),
    "05_focal_loss.log_softmax": ("losses", "torch's log_softmax"),
    "05_focal_loss.class_weights": ("losses", "a count by torch.unique"),
    "05_focal_loss.softmax_focal_loss": ("losses", "MONAI's FocalLoss"),
    "05_focal_loss.soft_dice_loss": ("losses", "MONAI's DiceLoss"),
    "06_unet.DoubleConv": ("networks", "two of MONAI's Convolution"),
    "06_unet.Down": ("networks", "torch's pooling and MONAI's Convolution"),
    "06_unet.Up": ("networks", "torch's interpolate and MONAI's Convolution"),
    "06_unet.UNet": (
        "networks",
        "MONAI's UNet (not the network of unit 06: it strides and adds where yours pools)",
    ),
    "06_unet.overlap_tile": ("networks", "a tiling by MONAI's iter_patch_position"),
    "07_prostate.augment": ("training", "MONAI's random transforms"),
    "07_prostate.train_epoch": ("training", "a plain loop of torch"),
    "07_prostate.evaluate": ("training", "torchmetrics' counts over a loop of torch"),
    "07_prostate.fit": ("training", "a plain loop with torch.save"),
    "07_prostate.predict_volume": ("training", "a plain loop of torch"),
    "07_prostate.zone_volumes_ml": ("training", "a box product by numpy"),
    "08_scaling_up.average_gradients": ("losses", "a sum by torch"),
    "08_scaling_up.border_weights": ("losses", "MONAI's distance_transform_edt"),
    "08_scaling_up.weighted_cross_entropy": ("losses", "torch's cross_entropy"),
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


def is_one(thing: object) -> bool:
    """Whether a function or class is a counterpart of ours, and so no answer.

    >>> is_one(stand_in("04_iou", "dice_from_iou")), is_one(len)
    (True, False)
    """
    return str(getattr(thing, "__module__", "")).startswith(f"{__name__}.")


def names() -> tuple[str, ...]:
    """The exercises ("unit.exercise") that have a counterpart."""
    return tuple(_SOURCES)


def named(name: str) -> tuple[str, str] | None:
    """(unit, exercise) of the exercise with this name that has a counterpart; None if none has.

    >>> named("softmax"), named("nothing")
    (('05_focal_loss', 'softmax'), None)
    """
    found = [entry.partition(".") for entry in _SOURCES if entry.endswith(f".{name}")]
    return (found[0][0], name) if found else None


def exists(unit: str, name: str) -> bool:
    """Whether an exercise has a counterpart."""
    return f"{unit}.{name}" in _SOURCES


def _entry(unit: str, name: str) -> tuple[str, str]:
    if not exists(unit, name):
        known = ", ".join(_SOURCES)
        raise InputError(f"nothing stands in for {unit}.{name}; there are stand-ins for: {known}")
    return _SOURCES[f"{unit}.{name}"]
