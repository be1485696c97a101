"""The maps inside a network are drawn level by level, and the network is left as it was."""

import pickle

import pytest
import torch
from matplotlib.colors import same_color
from torch import nn
from torch.nn import functional as F

from medseg.errors import InputError
from medseg.plots import feature_maps

IMAGE = torch.randn(1, 1, 20, 24, generator=torch.Generator().manual_seed(6))


def conv(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class SmallU(nn.Module):
    """Two levels, with names that the course does not use, pooling and upsampling as functions."""

    def __init__(self):
        super().__init__()
        self.first, self.low, self.last = conv(1, 6), conv(6, 8), conv(14, 6)
        self.classes = nn.Conv2d(6, 3, 1)

    def forward(self, x):
        skip = self.first(x)
        x = F.interpolate(self.low(F.max_pool2d(skip, 2)), size=skip.shape[2:])
        return self.classes(self.last(torch.cat([skip, x], 1)))


def places(figure):
    """The pictures' extents (left, right, bottom, top) in the order in which they are drawn."""
    return [picture.get_extent() for picture in figure.axes[0].images]


def test_a_u_has_its_levels_left_and_right_and_the_lowest_in_the_middle():
    figure, alt = feature_maps(SmallU(), IMAGE, channels=2)
    assert alt.endswith(
        "image: 1 map, 20 × 24; first: 2 of 6 maps, 20 × 24; low: 2 of 8 maps, 10 × 12; "
        "last: 2 of 6 maps, 20 × 24; output: 3 maps, 20 × 24."
    )
    image, *rest = places(figure)
    output, first, last, low = rest[:3], rest[3:5], rest[5:7], rest[7:]
    assert image[3] == output[0][3] > first[0][3] == last[0][3] > low[0][3]
    assert first[-1][1] < low[0][1] < low[-1][1] < last[-1][1]
    assert sum(text.get_text() == "skip" for text in figure.axes[0].texts) == 1


def test_maps_are_drawn_as_a_layer_gave_them_before_a_later_one_worked_in_place():
    layers = nn.Sequential(
        nn.Conv2d(1, 1, 1), nn.ReLU(inplace=True), nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)
    )
    nn.init.constant_(layers[0].weight, -1.0)
    figure, _ = feature_maps(layers, IMAGE)
    given = figure.axes[0].images[1].get_array()
    assert torch.allclose(torch.as_tensor(given.data), layers[0](IMAGE)[0, 0].detach())
    assert given.min() < 0


def test_the_network_keeps_its_modes_and_its_statistics():
    model = SmallU()
    model.low.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    feature_maps(model, IMAGE)
    assert model.training
    assert model.first[1].training
    assert not model.low[1].training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    pickle.dumps(model)  # which a hook that was left behind would forbid


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        (nn.Sequential(nn.Sequential(SmallU())), "low: 2 of 8 maps"),  # wrapped
        (nn.Conv2d(1, 3, 3), "output: 3 maps, 18 × 22"),  # without parts
        (nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.Conv2d(1, 2, 1)), "output: 2 maps"),
        (nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(9))), "output: 1 map, 2 × 6"),
        (nn.Sequential(*(nn.ReLU() for _ in range(40))), "output: 1 map, 20 × 24"),
        (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(1, 2, 1)), "output: 2 maps, 1 × 1"),
    ],
)
def test_a_network_that_is_no_u_of_the_course_is_drawn_in_its_order(model, shown):
    figure, alt = feature_maps(model, IMAGE, channels=2)
    assert shown in alt
    assert figure.axes[0].images


def test_a_map_in_which_nothing_varies_is_said_to_be_constant():
    figure, _ = feature_maps(nn.Sequential(nn.AdaptiveAvgPool2d(1)), IMAGE)
    words = [text for text in figure.axes[0].texts if text.get_text() == "constant"]
    assert len(words) == 1
    assert same_color(words[0].get_color(), "white")


def test_what_has_no_maps_is_refused():
    with pytest.raises(InputError, match="4 axes"):
        feature_maps(SmallU(), IMAGE[0])
    with pytest.raises(InputError, match="two axes"):
        feature_maps(nn.Flatten(), IMAGE)
