"""Stand-ins give what the exercises ask for, compared with other libraries and plain counting."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import special

from medseg import checks, stand_ins


def get(name):
    return stand_ins.stand_in(*name.split("."))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_import_brings_no_torch_with_it():
    code = "import sys, medseg.stand_ins; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_exercise_raises_value_error_that_lists_the_known():
    with pytest.raises(ValueError, match=r"06_unet\.Upp; there are .*06_unet\.UNet"):
        stand_ins.stand_in("06_unet", "Upp")


# What a counterpart does otherwise than the exercise asks.
OTHERWISE = {
    "04_iou.confusion_matrix": "torchmetrics takes a class that does not exist",
    "05_focal_loss.softmax_focal_loss": "MONAI's slope for gamma below 1 is NaN where it is sure",
    "06_unet.UNet": "another network",
}


@pytest.mark.parametrize("exercise", sorted(set(stand_ins.names()) - set(OTHERWISE)))
def test_a_counterpart_passes_the_check_of_its_exercise(exercise, monkeypatch):
    monkeypatch.setattr(stand_ins, "is_one", lambda function: False)
    verdict = checks.examine(exercise, get(exercise))
    assert verdict.outcome == checks.RIGHT, verdict.message


def test_a_counterpart_is_no_answer():
    verdict = checks.examine("05_focal_loss.softmax", get("05_focal_loss.softmax"))
    assert verdict.outcome == checks.NOT_ATTEMPTED
    assert "ours stands in for softmax" in verdict.message


def test_the_trained_network_outlines_an_unseen_phantom():
    from medseg.cases import phantom_cases, slices
    from medseg.stand_ins import first_network

    images, zones = slices(phantom_cases(1, seed=4321, progress=False)[0], 96)
    found = first_network.outline(torch.from_numpy(images)).numpy()
    assert found.shape == zones.shape
    for zone in (1, 2):
        overlap = 2 * ((found == zone) & (zones == zone)).sum()
        assert overlap > 0.6 * ((found == zone).sum() + (zones == zone).sum())
    assert first_network.WEIGHTS.stat().st_size < 400_000


def test_network_that_is_not_the_courses_says_so():
    assert "not the network of unit 06" in stand_ins.source("06_unet", "UNet")


def test_confusion_matrix_has_targets_as_rows(rng):
    prediction, target = (torch.from_numpy(rng.integers(0, 4, (2, 5, 6))) for _ in range(2))
    expected = np.zeros((5, 5), dtype=np.int64)
    np.add.at(expected, (target.numpy(), prediction.numpy()), 1)
    result = get("04_iou.confusion_matrix")(prediction, target, 5)
    assert result.dtype == torch.int64
    np.testing.assert_array_equal(result, expected)


def test_confusion_matrix_of_two_shapes_raises_value_error():
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        get("04_iou.confusion_matrix")(torch.zeros(3).long(), torch.zeros(4).long(), 2)


def test_iou_of_absent_class_is_nan_and_left_out_of_the_mean():
    confusion = torch.tensor([[5, 0, 1], [0, 0, 0], [1, 0, 3]])
    result = get("04_iou.iou_per_class")(confusion)
    np.testing.assert_allclose(result, [5 / 7, np.nan, 3 / 5])
    assert float(get("04_iou.mean_iou")(confusion)) == pytest.approx((5 / 7 + 3 / 5) / 2)


@pytest.mark.parametrize("iou", [0.0, 0.2, 0.5, 1.0])
def test_dice_follows_from_iou(iou):
    dice = get("04_iou.dice_from_iou")(iou)
    assert dice == pytest.approx(2 * iou / (1 + iou))
    both = get("04_iou.dice_from_iou")(torch.tensor([iou, iou]))
    assert both.tolist() == pytest.approx([dice, dice])


def test_panoptic_quality_of_half_matched_scene():
    target = torch.tensor([[257, 257, 258, 258, 512, 512]])
    prediction = torch.tensor([[257, 257, 512, 512, 512, 512]])
    # class 1: one of two found; class 2: IoU 2/4 is no match, one false positive and one miss
    pq, sq, rq = get("04_iou.panoptic_quality")(prediction, target)
    assert (pq, sq, rq) == pytest.approx((1 / 3, 1 / 2, 1 / 3))


def test_void_pixels_of_the_target_count_for_nothing():
    target = torch.tensor([[0, 0, 257, 257, 257, 0]])
    prediction = torch.tensor([[258, 258, 257, 257, 257, 257]])
    assert get("04_iou.panoptic_quality")(prediction, target) == pytest.approx((1, 1, 1))


def test_class_weights_are_inverse_frequencies_and_zero_where_absent():
    labels = torch.tensor([[0, 0, 0, 0], [2, 2, 3, 3]])
    result = get("05_focal_loss.class_weights")(labels, 5)
    np.testing.assert_allclose(result, np.array([1, 0, 2, 2, 0]) / 5, rtol=1e-6)


@pytest.mark.parametrize("shape", [(4,), (4, 5), (3, 4, 5)])
def test_focal_loss_without_focus_is_cross_entropy(shape, rng):
    logits = torch.from_numpy(rng.normal(0, 3, (2, 4, *shape))).float()
    target = torch.from_numpy(rng.integers(0, 4, (2, *shape)))
    one_hot = torch.nn.functional.one_hot(target, 4).movedim(-1, 1)
    result = get("05_focal_loss.softmax_focal_loss")(logits, one_hot, torch.ones(4), 0.0)
    expected = torch.nn.functional.cross_entropy(logits, target)
    assert float(result) == pytest.approx(float(expected), rel=1e-5)


def test_focal_loss_weighs_and_focuses(rng):
    logits, alpha = rng.normal(0, 2, (2, 3, 5)), np.array([0.2, 0.3, 0.5])
    target = rng.integers(0, 3, (2, 5))
    chosen = np.take_along_axis(special.log_softmax(logits, 1), target[:, None], 1)[:, 0]
    expected = np.mean(-alpha[target] * (1 - np.exp(chosen)) ** 2 * chosen)
    labels = torch.nn.functional.one_hot(torch.from_numpy(target), 3).movedim(-1, 1)
    result = get("05_focal_loss.softmax_focal_loss")(
        torch.from_numpy(logits), labels, torch.from_numpy(alpha).float()
    )
    assert float(result) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("dims", "depth", "size"), [(2, 3, (13, 8)), (2, 1, (2, 3)), (3, 2, (3, 9, 7))]
)
def test_unet_keeps_any_size(dims, depth, size):
    network = get("06_unet.UNet")(1, 5, features=2, depth=depth, dims=dims)
    assert network(torch.randn(2, 1, *size)).shape == (2, 5, *size)


def test_unet_refuses_what_is_too_small():
    with pytest.raises(ValueError, match=r"\(7, 16\) is too small"):
        get("06_unet.UNet")(1, 5, features=2, depth=3)(torch.zeros(1, 1, 7, 16))


def test_overlap_tile_is_seamless_for_any_size(rng):
    image = torch.from_numpy(rng.normal(size=(2, 1, 21, 14)))
    kernel = torch.from_numpy(rng.normal(size=(3, 1, 5, 5)))

    def model(x):
        return torch.nn.functional.conv2d(x, kernel, padding=2)

    mirrored = np.pad(image.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    expected = torch.nn.functional.conv2d(torch.from_numpy(mirrored), kernel)
    result = get("06_unet.overlap_tile")(image, 8, 3, model)
    np.testing.assert_allclose(result, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("04_iou.confusion_matrix", (torch.tensor([0, 1]), torch.tensor([0, 1]), 2)),
        ("05_focal_loss.class_weights", (torch.tensor([0, 1, 1]), 3)),
    ],
)
def test_stand_in_stays_on_its_device(name, inputs):
    from medseg import probes

    probes.assert_stays_on_device(get(name), *inputs)
