"""Counterparts of a network and its application: unit 06."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from monai.data.utils import iter_patch_position
from monai.networks.blocks import Convolution
from monai.networks.nets import UNet as MonaiUNet
from torch import nn


class DoubleConv(nn.Sequential):
    """Twice a padded 3-convolution, batch normalisation and ReLU, by MONAI's Convolution."""

    def __init__(self, in_channels: int, out_channels: int, dims: int = 2) -> None:
        kinds: Any = {"norm": "batch", "act": "relu", "adn_ordering": "NA", "bias": False}
        super().__init__(
            Convolution(dims, in_channels, out_channels, **kinds),
            Convolution(dims, out_channels, out_channels, **kinds),
        )


class Down(nn.Sequential):
    """A maximum pooling by two, in 3D within the slices only, and `DoubleConv`."""

    def __init__(self, in_channels: int, out_channels: int, dims: int = 2) -> None:
        pool = nn.MaxPool3d((1, 2, 2)) if dims == 3 else (nn.MaxPool1d, nn.MaxPool2d)[dims - 1](2)
        super().__init__(pool, DoubleConv(in_channels, out_channels, dims))


class Up(nn.Module):
    """Up to the skip's size, together with the skip, and `DoubleConv`."""

    def __init__(
        self, in_channels: int, skip_channels: int, out_channels: int, dims: int = 2
    ) -> None:
        super().__init__()
        self.joined = DoubleConv(in_channels + skip_channels, out_channels, dims)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """(N, out_channels, *spatial of the skip)."""
        larger = nn.functional.interpolate(x, skip.shape[2:], mode="nearest")
        return self.joined(torch.cat([skip, larger], dim=1))


class UNet(nn.Module):
    """MONAI's residual U-Net with the course's arguments, for any size of at least 2^depth.

    ValueError for a smaller input.
    """

    def __init__(
        self, in_channels: int, num_classes: int, features: int = 16, depth: int = 4, dims: int = 2
    ) -> None:
        super().__init__()
        # in 3D only in-plane, as slices are thick
        factors = (1, 2, 2) if dims == 3 else (2,) * dims
        self.multiple = [factor**depth for factor in factors]
        self.network = MonaiUNet(
            dims,
            in_channels,
            num_classes,
            channels=[features * 2**level for level in range(depth + 1)],
            strides=[factors] * depth,  # type: ignore[list-item]
            num_res_units=2,
            norm="batch",
            act="relu",
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, num_classes, *spatial) of the input's size."""
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


def overlap_tile(
    image: torch.Tensor, tile: int, margin: int, model: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """(N, C, H, W) → (N, K, H, W) by tiles that see `margin` more on every side, mirrored."""
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
    assert result is not None  # an image has at least one tile
    return result
