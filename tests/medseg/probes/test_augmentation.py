"""Each fact about an augmentation is untrue where just that is missing, for any seed and size."""

import math

import pytest
import torch
import torch.nn.functional as F

from medseg import probes
from medseg.probes.augmentation import augment
from medseg.probes.calls import how_called

WHOLE = {
    "turn": 0.2,
    "zoom": 0.15,
    "shift": 0.1,
    "rows": 0.1,
    "columns": 0.1,
    "mirror": 0.5,
    "along": 1,
}
LIGHT = {"contrast": 0.3, "brightness": 0.2}


def augmentation(slant=False, apart=0.0, one_way=False, **changed):
    """An augmentation of pictures and volumes by these amounts, each drawn from ± it."""
    amount = {**WHOLE, **LIGHT, **changed}

    def function(image, label, generator):
        if image.shape[1:] != label.shape:
            raise ValueError(f"{tuple(image.shape[1:])} and {tuple(label.shape)} differ")

        def draw(reach, *size):
            return reach * (2 * torch.rand(size, generator=generator) - 1)

        angle, zoom, shift = (
            draw(amount["turn"]),
            1 + draw(amount["zoom"]),
            draw(amount["shift"], 2),
        )
        sine = angle.abs().sin() if one_way else angle.sin()
        rows = torch.stack([angle.cos(), sine if slant else -sine, shift[0] / zoom])
        columns = torch.stack([sine, angle.cos(), amount["along"] * shift[1] / zoom])
        theta = zoom * torch.stack([rows, columns])
        if float(torch.rand((), generator=generator)) < amount["mirror"]:
            theta[:, 0] *= -1
        height, width = label.shape[-2:]
        field = (
            draw(1, 1, 2, 5, 5) * torch.tensor([amount["columns"], amount["rows"]])[:, None, None]
        )
        field = F.interpolate(field, (height, width), mode="bicubic", align_corners=True)
        grid = F.affine_grid(theta[None], (1, 1, height, width), align_corners=False)
        grid = (grid + field.movedim(1, -1)).to(image)

        def look_up(picture, mode, grid):
            flat = picture.reshape(1, -1, height, width)
            found = F.grid_sample(flat, grid, mode, "border", align_corners=False)
            return found.reshape(picture.shape)

        gain, more = 1 + draw(amount["contrast"]), draw(amount["brightness"])
        moved = look_up(label.to(image), "nearest", grid + apart)
        return look_up(image, "bilinear", grid) * gain.to(image) + more.to(image), moved.to(label)

    return function


def untrue(function, size, seed):
    facts = augment(function, size, seed)
    sides = {k: v for k, v in facts.items() if k.endswith("change places")}
    due = ["in about half of the draws", "never"]
    missing = {name for (name, value), d in zip(sides.items(), due, strict=True) if value != d}
    return missing | {name for name, value in facts.items() if value is False}


@pytest.mark.parametrize(("size", "seed"), [(48, 0), (64, 1)])
def test_all_is_true_where_all_is_there(size, seed):
    assert untrue(augmentation(), size, seed) == set()
    probes.assert_facts(augment(augmentation(), size, seed))


@pytest.mark.parametrize(
    ("changed", "due"),
    [
        ({"turn": 0}, {"each draw turns anew"}),
        ({"one_way": True}, {"turned to either side"}),
        ({"along": 0}, {"each draw shifts anew"}),
        ({"turn": 0.6}, {"turned by at most 15 degrees"}),
        ({"slant": True}, {"each draw turns anew", "turned without a slant"}),
        ({"zoom": 0}, {"each draw zooms anew"}),
        ({"zoom": 0.5}, {"zoomed by at most a fifth"}),
        ({"shift": 0}, {"each draw shifts anew"}),
        ({"shift": 0.5}, {"shifted by at most a tenth of the width"}),
        ({"rows": 0}, {"lines along the rows bend"}),
        ({"columns": 0}, {"lines along the columns bend"}),
        ({"rows": 0, "columns": 0}, {"lines along the rows bend", "lines along the columns bend"}),
        ({"mirror": 0}, {"left and right change places"}),
        ({"mirror": 0.25}, {"left and right change places"}),
        ({"mirror": 1}, {"left and right change places"}),
        ({"contrast": 0}, {"contrast changes"}),
        ({"brightness": 0}, {"brightness changes"}),
        ({"apart": 0.3}, {"image and label move together"}),
    ],
)
@pytest.mark.slow
def test_what_is_missing_is_told_and_nothing_else(changed, due):
    found = untrue(augmentation(**changed), 48, seed=2)
    if changed.get("apart"):
        found -= {"shifted by at most a tenth of the width"}
    assert found == due


def test_a_third_of_each_range_is_enough():
    little = {"turn": math.radians(5), "zoom": 0.067, "shift": 0.067, "contrast": 0.1}
    assert untrue(augmentation(**little, brightness=0.05, rows=0.07, columns=0.07), 64, 5) == set()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        # 15 degrees, written as if they were radians
        ({"turn": 15}, "turned by at most 15 degrees"),
        # 3 pixels, written as if the picture were not 2 wide
        ({"rows": 3, "columns": 3}, "bent by no more than 6 per cent of the width"),
    ],
)
@pytest.mark.slow
def test_what_is_far_too_much_is_told_before_what_follows_from_it(changed, told):
    facts = augment(augmentation(**changed), 48, seed=2)
    assert next(name for name, value in facts.items() if value is False) == told


@pytest.mark.slow
def test_front_and_back_are_told_by_their_name():
    def turned_over(image, label, generator):
        return augmentation()(image.flip(-2), label.flip(-2), generator)

    assert untrue(turned_over, 48, seed=2) == {"front and back change places"}


@pytest.mark.parametrize("part", [0, 1])
def test_an_input_that_is_changed_is_told(part):
    def in_place(image, label, generator):
        pair = augmentation()(image, label, generator)
        (image, label)[part].add_(1)
        return pair

    assert untrue(in_place, 48, seed=2) == {"image and label that come in stay as they are"}


def test_of_other_shapes_the_shapes_are_told():
    def with_a_channel(image, label, generator):
        image, label = augmentation()(image, label, generator)
        return image, label[None]

    facts = augment(with_a_channel, 48, seed=2)
    assert facts["shape of the label"] == [1, 48, 48]
    assert list(facts)[-1] == "image and label that come in stay as they are"


def test_an_error_says_on_what_the_function_was_called():
    def pictures_only(image, label, generator):
        assert label.dim() == 2, "pictures only"
        return augmentation()(image, label, generator)

    with pytest.raises(AssertionError, match="pictures only") as raised:
        augment(pictures_only, 48, seed=2)
    assert how_called(raised.value) == "on a volume of 4 by 48 by 48 voxels, with 2 channels"
