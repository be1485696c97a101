"""Looks at network modules tell right from wrong, whatever the layers."""

import pytest
import torch
from torch import nn

from medseg import network_probes as probes
from medseg.u_diagram import Stage, draw_u, trace


def chain(*layers):
    return lambda **_: nn.Sequential(*(layer() for layer in layers))


CONV = lambda **k: lambda: nn.Conv2d(1, 1, 3, padding=1, **k)  # noqa: E731
IMAGE = torch.zeros(1, 1, 17, 17)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([CONV()], [3, 3]),
        ([CONV(), nn.ReLU, CONV()], [5, 5]),
        ([CONV(), lambda: nn.GroupNorm(1, 1), nn.ReLU, CONV()], [5, 5]),
        ([lambda: nn.AvgPool2d(2), CONV()], [6, 6]),
        ([lambda: nn.Conv2d(1, 1, (1, 5), padding=(0, 2))], [1, 5]),
    ],
)
def test_reach_is_the_receptive_field(layers, expected):
    assert probes.reach(chain(*layers), {}, IMAGE) == expected


def test_linear_networks_are_recognised():
    assert probes.is_linear(chain(CONV(), CONV()), {}, (1, 1, 8, 8))
    assert not probes.is_linear(chain(CONV(), nn.ReLU, CONV()), {}, (1, 1, 8, 8))


@pytest.mark.parametrize(
    ("last", "logits"),
    [
        (nn.Identity, True),
        (lambda: nn.Softmax(1), False),
        (lambda: nn.LogSoftmax(1), False),
        (nn.Sigmoid, False),
        (nn.ReLU, False),
    ],
)
def test_bounded_outputs_are_no_logits(last, logits):
    image = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    cls = chain(lambda: nn.Conv2d(1, 3, 3, padding=1), last)
    assert probes.gives_logits(cls, {}, image) is logits


def test_smooth_outputs_lack_detail():
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    assert probes.keeps_detail(chain(CONV()), {}, image)
    smooth = chain(lambda: nn.AvgPool2d(4), lambda: nn.Upsample(scale_factor=4, mode="bilinear"))
    assert not probes.keeps_detail(smooth, {}, image)


def test_layers_in_a_plain_list_are_not_registered():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Conv2d(1, 1, 3)]

        def forward(self, x):
            return self.layers[0](x)

    facts = probes.module_facts(Hidden, {}, IMAGE)
    assert facts == {"is a torch.nn.Module": True, "every layer is registered": False}
    with pytest.raises(AssertionError, match=r"use nn\.ModuleList"):
        probes.widths(Hidden, {}, 1)


def test_a_layer_that_is_never_called_does_not_take_part():
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)

        def forward(self, x):
            return self.used(x)

    assert not probes.module_facts(Idle, {}, IMAGE)["every parameter takes part"]


def test_batch_normalisation_in_evaluation_mode_keeps_images_apart():
    images = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert probes.keeps_batch_apart(chain(CONV(), lambda: nn.BatchNorm2d(1)), {}, images)

    class Mixes(nn.Module):
        def forward(self, x):
            return x - x.mean()

    assert not probes.keeps_batch_apart(Mixes, {}, images)


def test_the_u_is_drawn_from_measured_shapes():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1))
    stages = trace(model, torch.zeros(1, 1, 10, 12))
    assert [stage.shape for stage in stages] == [(1, 10, 12), (4, 10, 12), (4, 5, 6), (2, 5, 6)]
    _, alt = draw_u(stages)
    assert "4 channels of 5 by 6" in alt


def test_the_part_that_does_not_fit_is_named():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(5, 2, 1))
    stages = trace(model, torch.zeros(1, 1, 10, 10))
    assert stages[-1].name == "1"
    assert stages[-1].error
    figure, alt = draw_u(stages)
    assert "1 does not fit" in alt
    assert "does not fit" in {
        t for text in figure.axes[0].texts for t in text.get_text().split("\n")
    }


def test_a_drawn_description_names_every_stage():
    _, alt = draw_u(
        [Stage("image", (1, 8, 8)), Stage("enter", (4, 8, 8)), Stage("down", (8, 4, 4))]
    )
    assert "enter: 4 channels of 8 by 8" in alt
