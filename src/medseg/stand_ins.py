"""Counterparts of exercises of units 01 and 04 to 06, for a student who has not written them yet.

`stand_in("06_unet", "UNet")` gives a function or class with the exercise's signature, made from
MONAI, torchmetrics, scipy or torch, and the words that say what it is. A library is imported when a
counterpart is asked for, not before.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def stand_in(unit: str, name: str) -> tuple[Any, str]:
    """The counterpart of an exercise and what it is, for the sentence that `carry_over` prints.

    Raises ValueError if there is none.
    """
    found = _BUILDERS.get(f"{unit}.{name}")
    if found is None:
        known = ", ".join(_BUILDERS)
        raise ValueError(f"nothing stands in for {unit}.{name}; there are stand-ins for: {known}")
    build, source = found
    return build(), source


def exists(unit: str, name: str) -> bool:
    """Whether an exercise has a counterpart."""
    return f"{unit}.{name}" in _BUILDERS


def _instances_from_semantic() -> Callable:
    from scipy import ndimage

    def instances_from_semantic(semantic: Any, thing_ids: Any) -> Any:
        things = list(thing_ids)
        layers = np.stack([semantic == thing for thing in things] or [np.zeros_like(semantic)])
        # neighbours within a layer only, so that classes never mix
        around = np.zeros((3, 3, 3), dtype=bool)
        around[1] = True
        return ndimage.label(layers, around)[0].max(axis=0).astype(np.int64)

    return instances_from_semantic


def _confusion_matrix() -> Callable:
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    def confusion_matrix(prediction: Any, target: Any, num_classes: int) -> Any:
        if tuple(prediction.shape) != tuple(target.shape):
            raise ValueError(
                f"prediction and target must be of one shape, but they are "
                f"{tuple(prediction.shape)} and {tuple(target.shape)}"
            )
        return multiclass_confusion_matrix(prediction, target, num_classes)

    return confusion_matrix


def _rate(name: str, hits: Any, false_positives: Any, misses: Any) -> Any:
    """One of MONAI's rates of true positives, false positives and false negatives."""
    import torch
    from monai.metrics import compute_confusion_matrix_metric

    counts = torch.stack([hits, false_positives, torch.zeros_like(hits), misses], dim=-1)
    return compute_confusion_matrix_metric(name, counts)


def _iou_per_class() -> Callable:
    def iou_per_class(confusion: Any) -> Any:
        counts = confusion.double()
        hits = counts.diagonal()
        return _rate("threat score", hits, counts.sum(0) - hits, counts.sum(1) - hits)

    return iou_per_class


def _mean_iou() -> Callable:
    per_class = _iou_per_class()

    def mean_iou(confusion: Any) -> Any:
        return per_class(confusion).nanmean()

    return mean_iou


def _converted(name: str, share: Callable) -> Callable:
    """A conversion between IoU and Dice: hits and errors that give one, rated by the other."""

    def convert(value: Any) -> Any:
        import torch

        hits = torch.as_tensor(value, dtype=None if torch.is_tensor(value) else torch.float64)
        result = _rate(name, hits, share(hits), torch.zeros_like(hits))
        return result if torch.is_tensor(value) else float(result)

    return convert


def _panoptic_quality() -> Callable:
    import torch
    from torchmetrics.functional.detection import panoptic_quality as of_pairs

    def panoptic_quality(prediction: Any, target: Any) -> tuple[float, float, float]:
        pairs = [torch.stack([m // 256, m % 256], dim=-1)[None] for m in (prediction, target)]
        classes = {int(c) for pair in pairs for c in pair[..., 0].unique()} - {0}
        if not classes:
            return (float("nan"),) * 3
        quality = of_pairs(
            pairs[0],
            pairs[1],
            classes,
            set(),
            allow_unknown_preds_category=True,
            return_sq_and_rq=True,
        )
        pq, sq, rq = quality.flatten().tolist()
        return pq, sq, rq

    return panoptic_quality


def _of_torch(name: str) -> Callable:
    import torch

    return getattr(torch, name)


def _class_weights() -> Callable:
    import torch

    def class_weights(labels: Any, num_classes: int) -> Any:
        found, counts = labels.unique(return_counts=True)
        weights = torch.zeros(num_classes, device=labels.device)
        weights[found.long()] = counts.float().reciprocal()
        return torch.nn.functional.normalize(weights, p=1.0, dim=0)

    return class_weights


def _softmax_focal_loss() -> Callable:
    from monai.losses import FocalLoss

    def softmax_focal_loss(logits: Any, labels: Any, alpha: Any, gamma: float = 2.0) -> Any:
        terms = FocalLoss(gamma=gamma, weight=alpha, use_softmax=True, reduction="none")
        return terms(logits, labels).sum(dim=1).mean()

    return softmax_focal_loss


def _sigmoid_focal_loss() -> Callable:
    from monai.losses import FocalLoss

    def sigmoid_focal_loss(
        logits: Any, labels: Any, alpha: float = 0.25, gamma: float = 2.0
    ) -> Any:
        return FocalLoss(gamma=gamma, alpha=alpha)(logits.reshape(-1, 1), labels.reshape(-1, 1))

    return sigmoid_focal_loss


def _conv_output_size() -> Callable:
    from monai.networks.layers.convutils import calculate_out_shape

    def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
        if size + 2 * padding < kernel:
            raise ValueError(
                f"a kernel of {kernel} does not fit into {size} pixels with {padding} of padding; "
                f"the size must be at least {kernel - 2 * padding}"
            )
        return int(np.ravel(calculate_out_shape(size, kernel, stride, padding))[0])

    return conv_output_size


def _valid_unet_output_size() -> Callable:
    import torch
    from torch import nn

    def valid_unet_output_size(size: int, depth: int = 4) -> int:
        def twice(signal: Any) -> Any:
            if signal.shape[-1] < 5:
                raise ValueError(
                    f"a size of {size} does not fit to a depth of {depth}: {signal.shape[-1]} "
                    f"pixels are left where two 3-convolutions need 5; take a larger size"
                )
            return convolve(convolve(signal))

        with torch.device("meta"), torch.no_grad():
            convolve, pool = nn.Conv1d(1, 1, 3), nn.MaxPool1d(2)
            widen = nn.ConvTranspose1d(1, 1, 2, 2)
            signal = torch.empty(1, 1, max(0, size))
            for _ in range(depth):
                signal = twice(signal)
                if signal.shape[-1] % 2:
                    raise ValueError(
                        f"a size of {size} does not fit to a depth of {depth}: "
                        f"{signal.shape[-1]} pixels come to a pooling, which needs an even number"
                    )
                signal = pool(signal)
            for _ in range(depth):
                signal = widen(twice(signal))
            return int(twice(signal).shape[-1])

    return valid_unet_output_size


def _plane(dims: int) -> tuple[int, ...]:
    """Pooling factors: in 3D only in-plane, as slices are thick."""
    return (1, 2, 2) if dims == 3 else (2,) * dims


def _two_conv(in_channels: int, out_channels: int, dims: int) -> Any:
    from monai.networks.nets.basic_unet import TwoConv

    return TwoConv(dims, in_channels, out_channels, "relu", "batch", bias=True)


def _double_conv() -> type:
    from torch import nn

    class DoubleConv(nn.Sequential):
        def __init__(self, in_channels: int, out_channels: int, dims: int = 2) -> None:
            super().__init__(_two_conv(in_channels, out_channels, dims))

    return DoubleConv


def _down() -> type:
    from monai.networks.layers.factories import Pool
    from torch import nn

    class Down(nn.Sequential):
        def __init__(self, in_channels: int, out_channels: int, dims: int = 2) -> None:
            pool = Pool[Pool.MAX, dims](kernel_size=_plane(dims))
            super().__init__(pool, _two_conv(in_channels, out_channels, dims))

    return Down


def _up() -> type:
    import torch
    from monai.networks.blocks import UpSample
    from torch import nn

    class Up(nn.Module):
        def __init__(
            self, in_channels: int, skip_channels: int, out_channels: int, dims: int = 2
        ) -> None:
            super().__init__()
            self.widen = UpSample(
                dims, in_channels, in_channels, scale_factor=_plane(dims), mode="deconv"
            )
            self.mix = _two_conv(in_channels + skip_channels, out_channels, dims)

        def forward(self, x: Any, skip: Any) -> Any:
            wide = self.widen(x)
            # a pooling drops the last row of an odd size: repeat the border, or crop
            lack = [s - w for s, w in zip(skip.shape[2:], wide.shape[2:], strict=True)]
            pads = [n for missing in reversed(lack) for n in (0, missing)]
            mode = "replicate" if min(lack) >= 0 else "constant"
            return self.mix(torch.cat([skip, nn.functional.pad(wide, pads, mode=mode)], dim=1))

    return Up


def _unet() -> type:
    from monai.networks.nets import UNet as MonaiUNet
    from torch import nn

    class UNet(nn.Module):
        def __init__(
            self,
            in_channels: int,
            num_classes: int,
            features: int = 16,
            depth: int = 4,
            dims: int = 2,
        ) -> None:
            super().__init__()
            self.multiple = [factor**depth for factor in _plane(dims)]
            self.network = MonaiUNet(
                dims,
                in_channels,
                num_classes,
                channels=[features * 2**level for level in range(depth + 1)],
                strides=[_plane(dims)] * depth,  # type: ignore[list-item]
                num_res_units=2,
                norm="batch",
                act="relu",
            )

        def forward(self, x: Any) -> Any:
            sizes = x.shape[2:]
            if any(n < m for n, m in zip(sizes, self.multiple, strict=True)):
                raise ValueError(
                    f"an input of {tuple(sizes)} is too small; it must be at least "
                    f"{tuple(self.multiple)}"
                )
            lack = [-n % m for n, m in zip(sizes, self.multiple, strict=True)]
            pads = [n for missing in reversed(lack) for n in (0, missing)]
            padded = nn.functional.pad(x, pads, mode="replicate") if any(pads) else x
            return self.network(padded)[(..., *(slice(n) for n in sizes))]

    return UNet


def _receptive_field() -> Callable:
    import torch

    def receptive_field(layers: Sequence[tuple[int, int]]) -> int:
        # an upper bound of the answer is long enough to see all of it
        length, reach = 1, 1
        for size, step in layers:
            length += (size - 1) * reach
            reach *= step
        signal = torch.zeros(1, 1, length, dtype=torch.float64, requires_grad=True)
        response: Any = signal
        for size, step in layers:
            ones = torch.ones(1, 1, size, dtype=torch.float64)
            response = torch.nn.functional.conv1d(response, ones, stride=step)
        (gradient,) = torch.autograd.grad(response[0, 0, 0], signal)
        touched = gradient.flatten().nonzero().flatten()
        return int(touched[-1] - touched[0] + 1)

    return receptive_field


def _overlap_tile() -> Callable:
    import torch
    from monai.data.utils import iter_patch_position

    def overlap_tile(image: Any, tile: int, margin: int, model: Callable) -> Any:
        sizes = tuple(image.shape[2:])
        mirrored = image
        for axis, n in enumerate(sizes, start=2):
            index = np.pad(np.arange(n), (margin, margin + -n % tile), mode="reflect")
            mirrored = mirrored.index_select(axis, torch.from_numpy(index).to(image.device))
        result = None
        for top, left in iter_patch_position(sizes, (tile, tile), padded=True):
            window = tile + 2 * margin
            seen = model(mirrored[:, :, top : top + window, left : left + window])
            edge = (seen.shape[-1] - tile) // 2
            inner = seen[:, :, edge : edge + tile, edge : edge + tile]
            if result is None:
                result = inner.new_zeros(len(image), inner.shape[1], *sizes)
            place = result[:, :, top : top + tile, left : left + tile]
            place.copy_(inner[:, :, : place.shape[2], : place.shape[3]])
        return result

    return overlap_tile


_BUILDERS: dict[str, tuple[Callable[[], Any], str]] = {
    "01_segmentation_types.instances_from_semantic": (
        _instances_from_semantic,
        "SciPy's label",
    ),
    "04_iou.confusion_matrix": (_confusion_matrix, "torchmetrics' multiclass_confusion_matrix"),
    "04_iou.iou_per_class": (_iou_per_class, "MONAI's threat score"),
    "04_iou.mean_iou": (_mean_iou, "the mean of MONAI's threat score"),
    "04_iou.dice_from_iou": (
        lambda: _converted("f1 score", lambda hits: 1 - hits),
        "MONAI's F1 score",
    ),
    "04_iou.iou_from_dice": (
        lambda: _converted("threat score", lambda hits: 2 - 2 * hits),
        "MONAI's threat score",
    ),
    "04_iou.panoptic_quality": (_panoptic_quality, "torchmetrics' panoptic_quality"),
    "05_focal_loss.softmax": (lambda: _of_torch("softmax"), "torch.softmax"),
    "05_focal_loss.log_softmax": (lambda: _of_torch("log_softmax"), "torch.log_softmax"),
    "05_focal_loss.class_weights": (_class_weights, "a count by torch.unique"),
    "05_focal_loss.softmax_focal_loss": (_softmax_focal_loss, "MONAI's FocalLoss"),
    "05_focal_loss.sigmoid_focal_loss": (_sigmoid_focal_loss, "MONAI's FocalLoss"),
    "06_unet.conv_output_size": (_conv_output_size, "MONAI's calculate_out_shape"),
    "06_unet.valid_unet_output_size": (_valid_unet_output_size, "a stack of torch's layers"),
    "06_unet.DoubleConv": (_double_conv, "MONAI's TwoConv"),
    "06_unet.Down": (_down, "MONAI's pooling with its TwoConv"),
    "06_unet.Up": (_up, "MONAI's UpSample with its TwoConv"),
    "06_unet.UNet": (
        _unet,
        "MONAI's UNet (not the network of unit 06: it strides and adds where yours pools)",
    ),
    "06_unet.receptive_field": (_receptive_field, "a gradient through torch's layers"),
    "06_unet.overlap_tile": (_overlap_tile, "a tiling by MONAI's iter_patch_position"),
}
