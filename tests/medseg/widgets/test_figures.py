"""Each widget: a control moves the number, and the number is that of a library or of hand."""

import ast
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from medseg import widgets
from medseg.plots.u_net import draw_u
from medseg.widgets.boxes import box_iou, draw_boxes
from medseg.widgets.focal import focal_loss
from medseg.widgets.receptive_field import contracting_path, fields
from medseg.widgets.u_net import own_stages, valid_stages
from medseg.widgets.viewer import nifti, zone_colormap
from medseg.zones import ZONE_COLOURS

sides = st.integers(0, 9)
boxes = st.tuples(sides, sides, sides, sides)


@given(boxes, boxes)
def test_box_iou_is_that_of_the_squares_they_cover(one, other):
    masks = []
    for left, top, width, height in (one, other):
        mask = np.zeros((20, 20), dtype=bool)
        mask[top : top + height, left : left + width] = True
        masks.append(mask)
    union = (masks[0] | masks[1]).sum()
    expected = (masks[0] & masks[1]).sum() / union if union else 0.0
    assert box_iou(one, other) == pytest.approx(expected)


def test_boxes_follow_sliders_and_sliders_follow_boxes():
    demo = widgets.two_boxes()
    picture = demo.picture
    assert picture.says.startswith(f"IoU {box_iou(picture.target, picture.prediction):.2f}")
    demo.controls["column"].value, demo.controls["row"].value = 30, 15
    assert picture.prediction == picture.target
    assert picture.says == "IoU 1.00, Dice 1.00: intersection 720, union 720 squares."
    picture.prediction = [60.0, 15.0, 30.0, 24.0]  # as dragging sets it
    assert picture.says.startswith("IoU 0.00")
    assert demo.controls["column"].value == 60
    demo.controls["size"].value = 50
    assert picture.prediction[2:] == [15, 12]
    assert "IoU 0.00" in draw_boxes(picture.target, picture.prediction).alt


def test_focal_curve_is_that_of_torch():
    logits = torch.linspace(-4, 4, 9, dtype=torch.float64)
    plain = F.binary_cross_entropy_with_logits(logits, torch.ones(9).double(), reduction="none")
    p = torch.sigmoid(logits)
    for gamma, weight in itertools.product((0.0, 1.0, 2.5), (0.25, 1.0)):
        expected = weight * (1 - p) ** gamma * plain
        np.testing.assert_allclose(focal_loss(p.numpy(), weight, gamma), expected)


def test_focal_sliders_move_curve_and_sentence():
    demo = widgets.focal_curves()
    assert "400 times less than under cross-entropy" in demo.picture.says
    demo.controls["gamma"].value = 0
    demo.controls["alpha"].value = 1
    assert demo.picture.says.endswith("0.11: as much as under cross-entropy.")
    demo.controls["alpha"].value = 0
    assert "infinitely less" in demo.picture.says


@pytest.mark.parametrize("sliders", [(3, 2, 2), (5, 1, 1), (1, 3, 2), (7, 2, 0)])
def test_field_is_what_the_gradient_reaches(sliders):
    layers = contracting_path(*sliders)
    chain = nn.Sequential(*(nn.Conv1d(1, 1, k, s, bias=False) for k, s in layers))
    for weight in chain.parameters():
        nn.init.ones_(weight)
    line = torch.zeros(1, 1, 200, requires_grad=True)
    chain(line)[0, 0, 0].backward()
    assert fields(layers)[-1] == int((line.grad != 0).sum())


def test_field_sliders_move_the_square():
    demo = widgets.receptive_fields(np.random.default_rng(0).normal(size=(64, 64)))
    assert demo.picture.says == "After 11 layers one pixel sees 68 × 68 pixels, the whole image."
    demo.controls["depth"].value = 0
    assert demo.picture.says == "After 2 layers one pixel sees 5 × 5 pixels, 1% of the image."
    assert demo.picture.alt.startswith("Kernel 3, pooling 2, depth 0.")


class TwoLevels(nn.Module):
    """A network that is too simple for odd sizes."""

    def __init__(self, in_channels, num_classes, features=4, depth=1):
        super().__init__()
        self.enter = nn.Conv2d(in_channels, features, 3, padding=1)
        self.down = nn.MaxPool2d(2)
        self.up = Meet()
        self.head = nn.Conv2d(2 * features, num_classes, 1)

    def forward(self, x):
        x = self.enter(x)
        return self.head(self.up(self.down(x), x))


class Meet(nn.Module):
    def forward(self, x, skip):
        return torch.cat([F.interpolate(x, scale_factor=2), skip], dim=1)


def test_u_shows_the_students_shapes_and_the_part_that_does_not_fit():
    demo = widgets.u_shapes(TwoLevels, size=12)
    assert demo.picture.says == "12 × 12 pixels go in, 12 × 12 come out, with 5 channels."
    assert "up: 32 channels of 12 by 12" in demo.picture.alt
    demo.controls["features"].value = 8
    assert "up: 16 channels of 12 by 12" in demo.picture.alt
    demo.controls["size"].value = 13
    assert demo.picture.says.startswith("up does not fit: ")
    assert "Sizes of tensors must match" in own_stages(TwoLevels, 13, 1, 4)[-1].error


def torch_valid_unet(size, depth):
    """Size that a real chain of layers gives; None where a layer or a pooling does not fit."""
    conv, pool = nn.Conv1d(1, 1, 3), nn.MaxPool1d(2)
    up = nn.ConvTranspose1d(1, 1, 2, 2)
    x = torch.zeros(1, 1, size)
    try:
        for level in range(depth + 1):
            x = conv(conv(x))
            if level < depth:
                if x.shape[-1] % 2:
                    return None
                x = pool(x)
        for _ in range(depth):
            x = conv(conv(up(x)))
    except RuntimeError:
        return None
    return x.shape[-1]


def test_u_without_padding_is_that_of_torch_and_of_the_paper():
    assert valid_stages(572, 4, 64)[-1].shape == (5, 388, 388)
    for size, depth in itertools.product(range(1, 80), (1, 2, 3)):
        last = valid_stages(size, depth, 4)[-1]
        assert (None if last.error else last.shape[-1]) == torch_valid_unet(size, depth)
    figure, alt = draw_u(valid_stages(570, 4, 64))
    assert "279 pixels are odd: a 2-pooling would lose a row" in alt
    assert "does not fit" in "".join(text.get_text() for text in figure.axes[0].texts)


def test_viewer_holds_the_case_and_follows_its_controls(make_case):
    import gzip

    import nibabel as nib

    case = make_case((24, 20, 6))
    demo = widgets.volume_viewer(case, np.roll(case.label, 1, 0))
    image, expert, prediction = demo.picture.volumes
    back = nib.Nifti1Image.from_bytes(gzip.decompress(expert.data))
    np.testing.assert_array_equal(np.asarray(back.dataobj), case.label)
    np.testing.assert_allclose(back.affine, case.affine, atol=1e-4)
    assert (image.colormap, expert.opacity, prediction.opacity) == ("gray", 0.4, 0.0)
    demo.controls["prediction"].value = 0.7
    demo.controls["view"].value = "axial"
    assert prediction.opacity == pytest.approx(0.7)
    assert demo.picture.opts.slice_type.name == "AXIAL"
    button, planes = demo.view.children
    assert "in three planes" in planes.alt
    button.click()
    assert demo.view.children[-2] is demo.picture
    legend = demo.view.children[-1].value
    assert all(colour in legend for colour in ZONE_COLOURS)
    assert "transition zone" in legend
    assert nifti(case.label, case.affine) == nifti(case.label, case.affine)


def test_viewer_gives_every_class_its_colour_and_background_none():
    table = zone_colormap(("background", "PZ", "TZ"))
    assert table["A"] == [0, 255, 255]
    assert [f"#{r:02X}{g:02X}{b:02X}" for r, g, b in zip(*(table[c] for c in "RGB"), strict=True)][
        1:
    ] == list(ZONE_COLOURS[:2])


def test_viewer_refuses_a_prediction_on_another_grid(make_case):
    case = make_case((24, 20, 6))
    with pytest.raises(ValueError, match=r"shape \(6, 20, 24\), expected that of the case"):
        widgets.volume_viewer(case, case.label.T)


def test_every_control_has_a_description_and_every_still_picture_an_alternative_text(make_case):
    case = make_case((24, 20, 6))
    demos = [
        widgets.two_boxes(),
        widgets.focal_curves(),
        widgets.receptive_fields(np.eye(16)),
        widgets.u_shapes(TwoLevels, size=12),
        widgets.volume_viewer(case),
    ]
    for demo in demos:
        assert all(control.description for control in demo.controls.values())
        assert len(demo.still().alt) > 40


def test_scripts_of_the_widgets_are_installed_beside_them():
    from importlib.resources import files

    folder = files("medseg.widgets")
    for module in ("picture", "draggable", "live_training"):
        tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
        names = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        for name in (n for n in names if str(n).endswith((".js", ".css"))):
            assert (folder / name).is_file()
