"""The pretended accelerator raises what a real one would, and nothing else."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from medseg.probes.pretend_device import DEVICE, PretendedDevice, pretend, real
from medseg.probes.runners import RUNNERS


def fault(function, *args):
    return RUNNERS["call"].device_fault(function, *args)


LABELS = torch.tensor([0, 2, 1, 2])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * 2 + 1,
        lambda x: torch.bincount(x, minlength=4),
        lambda x: torch.zeros(3, device=x.device) + len(x),
        lambda x: x.new_ones(3).cumsum(0),
        lambda x: F.one_hot(x, 3).double().mean(0),
        lambda x: torch.arange(3, device=x.device)[x],
        lambda x: torch.stack([x == k for k in range(3)]).sum(1),
        lambda x: x.max() if x.max() > 1 else x.min(),
        lambda x: torch.tensor([2 * v for v in x.tolist()], device=x.device),
        lambda x: x.float().to(torch.float64).numel(),
        lambda x: torch.ones(3).to(x.device),
        lambda x: x[torch.tensor([0, 1])],
        lambda x: x * torch.tensor(2),
        lambda x: torch.cat([x, x]).unique(return_counts=True),
    ],
)
def test_code_that_stays_on_the_device_has_no_fault(function):
    assert fault(function, LABELS) is None


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.cpu(),
        lambda x: x.to("cpu") + 1,
        lambda x: torch.zeros(3),
        lambda x: x * torch.arange(4),
        lambda x: torch.from_numpy(x.numpy()),
        lambda x: torch.tensor(x.tolist()),
        lambda x: torch.cat([x, torch.zeros(2, dtype=torch.int64)]),
        lambda x: torch.where(x > 1, x, torch.zeros(4, dtype=torch.int64)),
    ],
)
def test_code_that_leaves_the_device_has_a_fault(function):
    assert "device" in fault(function, LABELS)


def test_values_are_real():
    with PretendedDevice():
        x = pretend(LABELS)
        assert x.device == DEVICE
        assert x.is_cuda
        assert real(x + 1).tolist() == [1, 3, 2, 3]
    assert torch.ones(2).device.type == "cpu"


def test_gradients_flow():
    with PretendedDevice():
        x = pretend(torch.ones(3)).requires_grad_()
        (x**3).sum().backward()
        assert x.grad.device == DEVICE
        assert real(x.grad).tolist() == [3, 3, 3]


class Right(nn.Module):
    def __init__(self, norm=nn.BatchNorm2d):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 3), norm(4), nn.ReLU(), nn.MaxPool2d(2))

    def forward(self, x):
        return F.interpolate(self.layers(x), size=x.shape[2:], mode="bilinear")


class Unregistered(Right):
    def __init__(self):
        super().__init__()
        self.more = [nn.Conv2d(4, 4, 1)]

    def forward(self, x):
        return self.more[0](super().forward(x))


class NewTensor(Right):
    def forward(self, x):
        return super().forward(x) + torch.zeros(x.shape)


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.InstanceNorm2d, lambda c: nn.GroupNorm(2, c)])
def test_modules_with_any_normalisation_stay(norm):
    image = torch.ones(1, 1, 12, 12)
    assert RUNNERS["module"].device_fault(Right, {"norm": norm}, image) is None


@pytest.mark.parametrize("cls", [Unregistered, NewTensor])
def test_modules_that_leave_something_behind_have_a_fault(cls):
    assert "device" in RUNNERS["module"].device_fault(cls, {}, torch.ones(1, 1, 12, 12))
