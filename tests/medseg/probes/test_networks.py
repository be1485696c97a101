"""Looks at network modules tell right from wrong, whatever the layers."""

import pytest
import torch
from torch import nn

from medseg.plots.u_net import Stage, draw_u, trace
from medseg.probes import networks as probes


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


class SmallUNet(nn.Module):
    """One level down and up, with group normalisation, with its skip or without."""

    def __init__(self, skip, in_channels, num_classes, features, depth, dims):
        super().__init__()
        self.skip, self.features = skip, features
        self.enter = self.block(in_channels, features)
        self.below = self.block(features, 2 * features)
        self.above = self.block(3 * features, features)
        self.head = nn.Conv2d(features, num_classes, 1)

    def block(self, inside, outside):
        return nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1), nn.GroupNorm(1, outside), nn.ReLU()
        )

    def forward(self, x):
        x = self.enter(x)
        low = nn.functional.interpolate(self.below(nn.functional.max_pool2d(x, 2)), scale_factor=2)
        return self.head(self.above(torch.cat([x if self.skip else 0 * x, low], dim=1)))


@pytest.mark.parametrize("features", [2, 3, 5, 8])
@pytest.mark.parametrize("skip", [True, False])
def test_detail_comes_through_the_skip_only(skip, features):
    options = {"in_channels": 1, "num_classes": 3, "features": features, "depth": 1}
    assert probes.keeps_detail(lambda **k: SmallUNet(skip, **k), options) is skip


NORMS = {
    "batch": nn.BatchNorm2d,
    "one group": lambda c: nn.GroupNorm(1, c),
    "two groups": lambda c: nn.GroupNorm(2, c),
    "instance": nn.InstanceNorm2d,
}
BLOCK = {"in_channels": 3, "out_channels": 4}


def block_of(norm, words):
    """A block from words: conv, large, norm, relu, leaky."""

    def build(in_channels, out_channels):
        layers, channels = [], in_channels
        for word in words.split():
            if word in {"conv", "large"}:
                size = 3 if word == "conv" else 5
                layers.append(nn.Conv2d(channels, out_channels, size, padding=size // 2))
                channels = out_channels
            else:
                kinds = {"norm": NORMS[norm], "relu": lambda _: nn.ReLU()}
                layers.append((kinds | {"leaky": lambda _: nn.LeakyReLU(0.1)})[word](channels))
        return nn.Sequential(*layers)

    return build


def block_facts(cls):
    return (
        probes.three_convolutions(cls, BLOCK),
        probes.relu_in_between(cls, BLOCK),
        probes.relu_at_the_end(cls, BLOCK),
        probes.normalises(cls, BLOCK),
    )


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("conv norm relu conv norm relu", (2, True, True, True)),
        ("conv norm leaky conv norm leaky", (2, False, True, True)),
        ("conv relu norm conv relu norm", (2, True, True, True)),
        ("conv norm conv norm", (2, False, False, True)),
        ("conv norm conv norm relu", (2, False, True, True)),
        ("conv norm relu conv norm", (2, True, False, True)),
        ("conv relu conv relu", (2, True, True, False)),
        ("conv norm relu conv relu", (2, True, True, False)),
        ("large norm relu", (0, False, True, True)),
    ],
)
def test_parts_of_a_block_are_recognised(norm, words, expected):
    assert block_facts(block_of(norm, words)) == expected


@pytest.mark.parametrize("norm", NORMS)
def test_without_norms_of_the_whole_picture_an_output_depends_on_its_surroundings(norm, capsys):
    network = block_of(norm, "conv norm relu conv norm relu")(1, 4).eval()
    image = torch.randn(1, 1, 21, 21, requires_grad=True)
    probes.seeing_locally(network)(image)[0, :, 10, 10].sum().backward()
    assert not image.grad[0, 0, :8].any()
    assert ("Left out" in capsys.readouterr().out) is (norm != "batch")
    assert type(network[1]) is type(NORMS[norm](4))


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


def words_of_the_key(figure):
    return [text.get_text() for key in figure.legends for text in key.get_texts()]


def test_the_arrows_of_the_courses_u_say_what_each_step_does():
    sizes = [(1, 8), (4, 8), (8, 4), (4, 8), (2, 8)]
    names = ["image", "enter", "down 1", "up 1", "head"]
    stages = [Stage(name, (c, n, n)) for name, (c, n) in zip(names, sizes, strict=True)]
    figure, alt = draw_u(stages)
    assert [words.split(",")[0] for words in words_of_the_key(figure)] == [
        "double convolution",
        "2-pooling",
        "upsample",
        "1-convolution",
        "skip",
    ]
    assert "up 1: 4 channels of 8 by 8, by upsample, concatenate" in alt
    assert alt.endswith("1 skip leads across, level by level.")
    broken, _ = draw_u([*stages[:3], Stage("up 1", (8, 4, 4), "no", 0)])
    assert [words.split(",")[0] for words in words_of_the_key(broken)][:2] == [
        "double convolution",
        "2-pooling",
    ]


def test_the_arrows_of_another_network_claim_nothing():
    other, alt = draw_u([Stage("image", (1, 8, 8)), Stage("pool", (1, 4, 4))])
    assert not words_of_the_key(other)
    assert "convolution" not in alt
