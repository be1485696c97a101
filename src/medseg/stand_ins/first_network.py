"""A small U-Net that has been trained already: what unit 01 shows before anything is built.

`scripts/train_first_network.py` has made its weights, on phantoms only. They say nothing about
patients.
"""

from pathlib import Path

import torch
from monai.networks.nets import BasicUNet

WEIGHTS = Path(__file__).with_name("first_network.pt")
CLASSES = 5


def untrained() -> BasicUNet:
    """MONAI's BasicUNet, narrow: (N, 1, H, W) slices → (N, 5, H, W) logits, sizes of 16 or more."""
    return BasicUNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=CLASSES,
        features=(8, 16, 24, 32, 48, 8),
        act="relu",
        norm="batch",
        upsample="nontrainable",
    )


def trained() -> BasicUNet:
    """The network with its weights, in evaluation mode, on the CPU."""
    model = untrained()
    halves = torch.load(WEIGHTS, map_location="cpu", weights_only=True)
    model.load_state_dict({name: tensor.float() for name, tensor in halves.items()})
    return model.eval()


def save(model: BasicUNet) -> None:
    """Write a network's weights beside this file, in half precision."""
    torch.save({name: tensor.half() for name, tensor in model.state_dict().items()}, WEIGHTS)


def outline(images: torch.Tensor) -> torch.Tensor:
    """(D, H, W) normalised slices → (D, H, W) int64, the zone of each pixel.

    >>> from medseg.stand_ins import first_network
    >>> first_network.outline(torch.zeros(2, 32, 32)).shape
    torch.Size([2, 32, 32])
    """
    model = trained()
    with torch.no_grad():
        return torch.cat([model(part[:, None]).argmax(1) for part in images.split(8)])
