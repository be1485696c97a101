"""Slices of one size from any scan, and the way back onto the scan's own voxels."""

import numpy as np
import pytest
import torch
from helpers.layouts import plain_case
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg.cases import Case, slice_size, slice_spacing, slices, to_native
from medseg.volumes import Volume, reorient, resample


def dice(one, other):
    return 2 * np.sum(one & other) / (np.sum(one) + np.sum(other))


@pytest.mark.parametrize("size", [32, 96, 128])
def test_slices_have_the_size_asked_for_and_are_normalised(make_case, size):
    case = make_case()
    image, label = slices(case, size)
    assert image.shape == label.shape == (10, size, size)
    assert (image.dtype, label.dtype) == (np.float32, np.int64)
    assert image.flags.c_contiguous
    assert label.flags.c_contiguous
    assert set(np.unique(label)) == set(range(5))
    torch.from_numpy(image)


def test_a_slice_that_needs_no_padding_has_mean_0_and_deviation_1(make_case):
    image, _ = slices(make_case(shape=(64, 64, 6), spacing=(1.5, 1.5, 3.0)), 64)
    assert image.mean() == pytest.approx(0, abs=1e-4)
    assert image.std() == pytest.approx(1, abs=1e-4)


def test_bright_outliers_do_not_change_the_normalised_image(make_case):
    case = make_case(shape=(64, 64, 6))
    spoilt = case.image.copy()
    spoilt[:3, :3, :2] = 1e6
    other = Case(spoilt, case.label, case.affine, "b", "b", case.class_names)
    np.testing.assert_allclose(slices(case, 64)[0][:, 5:], slices(other, 64)[0][:, 5:], atol=0.05)


def test_an_image_of_which_only_single_voxels_differ_gives_zeros():
    image = np.zeros((20, 20, 5))
    image[3, 3, 3] = 1
    pixels, _ = slices(plain_case(image=image, label=np.zeros(image.shape, int)), 20)
    assert not pixels.any()


def test_padding_has_the_images_minimum_and_background_label():
    rng = np.random.default_rng(0)
    case = plain_case(image=rng.normal(size=(20, 10, 3)), label=np.ones((20, 10, 3), int))
    image, label = slices(case, 20)
    assert (label[:, 5:15] == 1).all()
    for pad in (slice(0, 5), slice(15, 20)):
        assert not label[:, pad].any()
        np.testing.assert_array_equal(image[:, pad], image.min())


def test_aspect_in_mm_is_kept():
    """A square of 40 mm in voxels of 0.5 × 1 mm becomes a square of pixels."""
    label = np.zeros((200, 100, 2), int)
    label[60:140, 30:70] = 1
    image = np.random.default_rng(0).normal(size=label.shape)
    case = plain_case(image=image, label=label, affine=np.diag([-0.5, -1.0, 3.0, 1.0]))
    _, classes = slices(case, 64)
    rows, columns = np.nonzero(classes[0])
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1
    assert slice_spacing(case, 64) == pytest.approx((3.0, 100 / 64, 100 / 64))


def test_row_0_is_anterior_and_column_0_the_patients_right():
    """In RAS+ voxels of 1 mm, the highest y is in front and the highest x on the right."""
    label = np.zeros((16, 16, 4), int)
    label[15, 15, 3] = 1
    case = plain_case(image=np.random.default_rng(0).normal(size=label.shape), label=label)
    _, classes = slices(case, 16)
    np.testing.assert_array_equal(np.argwhere(classes), [[3, 0, 0]])


@pytest.mark.parametrize("axes", ["RAS", "LPS", "SAL", "PIR", "ASL", "ILP", "LIP"])
def test_the_order_in_which_a_file_stores_the_axes_does_not_matter(make_case, axes):
    case = make_case(shape=(70, 60, 8))
    image = reorient(Volume(case.image, case.affine), axes)
    label = reorient(Volume(case.label, case.affine), axes)
    stored = Case.from_volumes(image, label, "turned", "p", case.class_names)
    assert stored.image.shape != case.image.shape or axes in ("RAS", "LPS")
    for one, other in zip(slices(case, 64), slices(stored, 64), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    back = to_native(slices(stored, 64)[1], stored)
    assert back.shape == stored.label.shape
    assert dice(back > 0, stored.label > 0) > 0.97


def test_slices_agree_with_resample_in_the_plane(make_case):
    case = make_case(shape=(64, 64, 5), spacing=(1.0, 1.0, 3.0))
    _, label = slices(case, 48)
    oracle = resample(Volume(case.label, case.affine), (4 / 3, 4 / 3, 3.0), order=0).array
    np.testing.assert_array_equal(label, oracle.transpose(2, 1, 0))


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.permutations("LPS"), st.tuples(*[st.booleans()] * 3), st.integers(2, 12), st.data())
def test_at_the_slices_own_size_the_way_back_is_exact(order, flips, size, data):
    opposite = {"L": "R", "P": "A", "S": "I"}
    axes = "".join(opposite[a] if flip else a for a, flip in zip(order, flips, strict=True))
    columns = data.draw(st.integers(1, size))
    rng = np.random.default_rng(size)
    label = rng.integers(0, 5, (columns, size, 3)).astype(np.uint8)
    grid = np.diag([-1.0, -1.0, 3.0, 1.0])
    turned = reorient(Volume(label, grid), axes)
    image = rng.normal(size=turned.shape)
    names = tuple("abcde")
    case = Case(image, turned.array, turned.affine, "x", "x", names)
    _, classes = slices(case, size)
    np.testing.assert_array_equal(to_native(classes, case), case.label)
    scores = np.eye(5, dtype=np.float32)[classes].transpose(3, 0, 1, 2)
    np.testing.assert_array_equal(to_native(scores, case).argmax(axis=0), case.label)


@pytest.mark.parametrize("shape", [(160, 128, 6), (200, 200, 6), (256, 256, 6), (384, 384, 6)])
def test_labels_survive_the_way_there_and_back(make_case, shape):
    case = make_case(shape=shape, spacing=(150 / shape[0], 150 / shape[0], 3.0))
    back = to_native(slices(case, 128)[1], case)
    assert back.dtype == np.uint8
    assert dice(back > 0, case.label > 0) > 0.98
    for number, name in enumerate(case.class_names[1:], start=1):
        # seven pixels across: a boundary that moves by half a pixel costs a thin zone more
        least = 0.90 if name in ("AFS", "DPU") else 0.95
        assert dice(back == number, case.label == number) > least, name


def test_scores_are_interpolated_and_labels_never_invented(make_case):
    case = make_case(shape=(120, 120, 4), spacing=(1.0, 1.0, 3.0))
    _, label = slices(case, 50)
    label[label == 1] = 4
    assert set(np.unique(to_native(label, case))) == {0, 2, 3, 4}
    scores = to_native((label > 0).astype(np.float64), case)
    assert scores.dtype == np.float32
    assert ((scores > 0) & (scores < 1)).any()
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_torch_tensors_and_masks_are_brought_back(make_case):
    case = make_case()
    _, label = slices(case, 64)
    expected = to_native(label, case)
    np.testing.assert_array_equal(to_native(torch.from_numpy(label), case), expected)
    np.testing.assert_array_equal(to_native(label > 0, case), to_native((label > 0) + 0, case))


@pytest.mark.parametrize(
    "shape", [(9, 64, 64), (10, 64, 32), (64, 64), (64, 64, 10), (2, 9, 64, 64), ()]
)
def test_a_prediction_that_does_not_fit_is_refused(make_case, shape):
    with pytest.raises(ValueError, match="case ellipsoids has 10 slices"):
        to_native(np.zeros(shape), make_case())


def test_slices_without_pixels_are_refused(make_case):
    with pytest.raises(ValueError, match="at least 1 pixel, not 0"):
        slices(make_case(), 0)


@pytest.mark.parametrize(("width", "expected"), [(90.0, 96), (20.0, 32), (180.0, 128), (104.0, 96)])
def test_the_size_of_a_slice_follows_its_field_of_view(width, expected):
    image = np.random.default_rng(0).random((40, 30, 4)).astype(np.float32)
    affine = np.diag([width / 40, width / 40, 3.0, 1.0])
    label = np.zeros(image.shape, dtype=np.uint8)
    case = Case(image, label, affine, "a", "a", ("background", "gland"))
    assert slice_size(case) == expected
