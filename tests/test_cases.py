import json

import layouts
import nibabel
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg import phantom
from medseg.cases import (
    Case,
    decathlon_cases,
    load_cases,
    slice_size,
    slice_spacing,
    slices,
    split_cases,
    to_native,
)
from medseg.volumes import Volume, reorient, resample, save_volume

GLAND = ("background", "prostate")
GRID = (6, 5, 4)


def plain_case(id="a", patient="a", **changes):
    rng = np.random.default_rng(0)
    parts = {
        "image": rng.normal(size=GRID),
        "label": rng.integers(0, 2, GRID),
        "affine": np.eye(4),
        "class_names": GLAND,
    }
    return Case(**{**parts, **changes}, id=id, patient=patient)


def write_folder(folder, count=3, labels=None, modality=None, **changes):
    """A data set in the layout of the Medical Segmentation Decathlon; returns its description."""
    rng = np.random.default_rng(0)
    labels = labels or {"0": "background", "1": "prostate"}
    training = []
    for number in range(count):
        entry = {kind: f"./{kind}sTr/scan_{number:02d}.nii.gz" for kind in ("image", "label")}
        image = rng.normal(100, 20, GRID).astype(np.float32)
        label = rng.permutation(np.arange(np.prod(GRID)) % len(labels)).reshape(GRID)
        save_volume(Volume(image, np.eye(4)), folder / entry["image"])
        save_volume(Volume(label.astype(np.uint8), np.eye(4)), folder / entry["label"])
        training.append(entry)
    description = {
        "modality": modality or {"0": "T2"},
        "labels": labels,
        "training": training,
        **changes,
    }
    (folder / "dataset.json").write_text(json.dumps(description))
    return description


def dice(one, other):
    return 2 * np.sum(one & other) / (np.sum(one) + np.sum(other))


def test_a_case_has_the_types_that_are_promised(make_case):
    case = make_case(spacing=(1.0, 1.2, 3.0))
    assert (case.image.dtype, case.label.dtype, case.affine.dtype) == ("f4", "u1", "f8")
    assert case.spacing == pytest.approx((1.0, 1.2, 3.0))


def test_whole_numbers_written_as_floats_are_a_label():
    label = np.zeros(GRID)
    label[2, 2, 2] = 1.0
    assert plain_case(label=label).label[2, 2, 2] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": np.zeros((6, 5, 3), int)}, r"label has the shape \(6, 5, 3\).*\(6, 5, 4\)"),
        ({"image": np.full(GRID, np.nan)}, "image holds NaN or infinity in 120 of 120"),
        ({"image": np.full(GRID, np.inf)}, "image holds NaN or infinity"),
        ({"image": np.full(GRID, 1e300)}, "as float32 holds NaN or infinity"),
        ({"image": np.full(GRID, 7.0)}, r"image is constant \(7 in every voxel\)"),
        ({"image": np.ones(GRID, complex)}, "real numbers, not complex128"),
        ({"image": np.ones((*GRID, 2))}, r"must be of shape \(X, Y, Z\)"),
        ({"label": np.full(GRID, 2)}, "label holds 2, but its classes are 0 to 1"),
        ({"label": np.full(GRID, -1)}, "label holds -1"),
        ({"label": np.full(GRID, 0.5)}, "label holds 0.5"),
        ({"label": np.full(GRID, np.nan)}, "label holds NaN"),
        ({"label": np.arange(120).reshape(GRID)}, "holds 2, 3, 4, 5 and 6, but"),
        ({"affine": np.zeros((4, 4))}, "last row"),
        ({"class_names": ("background",)}, "2 to 256 class names, not 1"),
    ],
)
def test_bad_input_is_one_sentence_that_names_the_case(changes, words):
    with pytest.raises(ValueError, match=f"^case number 7.*{words}"):
        plain_case(id="number 7", **changes)


@pytest.mark.parametrize("shift", [0.5, 3.0])
def test_a_label_that_lies_elsewhere_is_refused(shift):
    image = Volume(np.random.default_rng(0).normal(size=GRID), np.eye(4))
    affine = np.eye(4)
    affine[0, 3] = shift
    label = Volume(np.zeros(GRID, np.uint8), affine)
    with pytest.raises(ValueError, match=rf"case x: the label lies up to {shift:.2f} mm away"):
        Case.from_volumes(image, label, "x", "x", GLAND)


def test_a_label_mirrored_by_its_header_is_refused():
    image = Volume(np.random.default_rng(0).normal(size=GRID), np.eye(4))
    label = Volume(np.zeros(GRID, np.uint8), np.diag([-1.0, 1, 1, 1]))
    with pytest.raises(ValueError, match="affines differ"):
        Case.from_volumes(image, label, "x", "x", GLAND)


def test_affines_that_differ_by_rounding_are_one_grid():
    image = Volume(np.random.default_rng(0).normal(size=GRID), np.eye(4))
    affine = np.eye(4) + 1e-5 * np.array([[1, 1, 1, 1]] * 3 + [[0] * 4])
    case = Case.from_volumes(image, Volume(np.zeros(GRID, np.uint8), affine), "x", "x", GLAND)
    np.testing.assert_array_equal(case.affine, np.eye(4))


@pytest.mark.parametrize(
    "labels", [{"0": "background", "1": "prostate"}, {"background": 0, "prostate": 1}]
)
def test_a_decathlon_folder_is_read(tmp_path, labels):
    description = write_folder(tmp_path, labels=labels)
    cases = decathlon_cases(tmp_path, progress=False)
    assert [case.id for case in cases] == ["scan_00", "scan_01", "scan_02"]
    assert all(case.class_names == GLAND for case in cases)
    for case, entry in zip(cases, description["training"], strict=True):
        stored = nibabel.load(tmp_path / entry["image"]).get_fdata()
        np.testing.assert_allclose(case.image, stored, rtol=1e-6)


def test_progress_goes_to_stdout_never_to_stderr(tmp_path, capsys):
    write_folder(tmp_path)
    load_cases(tmp_path)
    shown = capsys.readouterr()
    assert "3/3" in shown.out
    assert shown.err == ""
    load_cases(tmp_path, progress=False)
    assert capsys.readouterr().out == ""


def test_count_takes_the_first_cases(tmp_path):
    write_folder(tmp_path)
    assert [case.id for case in load_cases(tmp_path, count=2, progress=False)] == [
        "scan_00",
        "scan_01",
    ]


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_refused(tmp_path, count):
    write_folder(tmp_path)
    for data in (tmp_path, "phantom"):
        with pytest.raises(ValueError, match=f"not {count}"):
            load_cases(data, count=count, progress=False)


def test_an_entry_may_name_its_patient(tmp_path):
    description = write_folder(tmp_path)
    for entry in description["training"][:2]:
        entry["patient"] = "Ada"
    (tmp_path / "dataset.json").write_text(json.dumps(description))
    patients = [case.patient for case in decathlon_cases(tmp_path, progress=False)]
    assert patients == ["Ada", "Ada", "scan_02"]


def write_4d(folder, channels):
    description = json.loads((folder / "dataset.json").read_text())
    for entry in description["training"]:
        array = np.random.default_rng(1).normal(size=(*GRID, channels)).astype(np.float32)
        nibabel.Nifti1Image(array, np.eye(4)).to_filename(folder / entry["image"])


@pytest.mark.parametrize("channel", [0, 1])
def test_of_several_modalities_one_channel_is_taken(tmp_path, channel):
    description = write_folder(tmp_path, modality={"0": "T2", "1": "ADC"})
    write_4d(tmp_path, 2)
    case = load_cases(tmp_path, channel=channel, progress=False)[0]
    stored = nibabel.load(tmp_path / description["training"][0]["image"]).get_fdata()
    np.testing.assert_allclose(case.image, stored[..., channel], rtol=1e-6)


def test_a_4d_image_of_one_modality_is_an_error(tmp_path):
    write_folder(tmp_path)
    write_4d(tmp_path, 2)
    with pytest.raises(ValueError, match=r"scan_00.*\(6, 5, 4, 2\).*volume is 3D"):
        decathlon_cases(tmp_path, progress=False)


def test_a_3d_image_where_several_modalities_are_listed_is_an_error(tmp_path):
    write_folder(tmp_path, modality={"0": "T2", "1": "ADC"})
    with pytest.raises(ValueError, match=r"scan_00.*\(6, 5, 4\).*no channel 0"):
        decathlon_cases(tmp_path, progress=False)


def test_a_channel_that_is_not_listed_is_an_error(tmp_path):
    write_folder(tmp_path)
    with pytest.raises(ValueError, match=r"no channel 1 .* lists 1"):
        decathlon_cases(tmp_path, channel=1, progress=False)


def test_a_case_without_one_of_the_two_zones_is_left_out_aloud(tmp_path, capsys):
    description = write_folder(tmp_path, labels={"0": "background", "1": "PZ", "2": "TZ"})
    path = tmp_path / description["training"][1]["label"]
    only_one = np.zeros(GRID, np.uint8)
    only_one[2:4] = 1
    save_volume(Volume(only_one, np.eye(4)), path)
    cases = decathlon_cases(tmp_path, progress=False)
    assert [case.id for case in cases] == ["scan_00", "scan_02"]
    assert capsys.readouterr().out == "scan_01 is left out: a case without class TZ.\n"


def test_a_class_may_be_absent_where_there_are_no_zones(tmp_path):
    description = write_folder(tmp_path)
    path = tmp_path / description["training"][1]["label"]
    save_volume(Volume(np.zeros(GRID, np.uint8), np.eye(4)), path)
    assert len(decathlon_cases(tmp_path, progress=False)) == 3


def test_a_folder_without_a_usable_case_is_an_error(tmp_path):
    description = write_folder(tmp_path, 1, labels={"0": "background", "1": "PZ", "2": "TZ"})
    path = tmp_path / description["training"][0]["label"]
    save_volume(Volume(np.zeros(GRID, np.uint8), np.eye(4)), path)
    with pytest.raises(ValueError, match="no case of"):
        decathlon_cases(tmp_path, progress=False)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder.*'phantom'"):
        load_cases(tmp_path / "none")


def test_an_empty_folder_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="is empty; download"):
        load_cases(tmp_path)


def test_a_folder_without_a_description_is_an_error(tmp_path):
    (tmp_path / "scan.nii.gz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"holds no dataset\.json"):
        load_cases(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1, 2]", ""])
def test_a_broken_description_is_an_error(tmp_path, text):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(ValueError, match=r"dataset\.json (is not valid JSON|must hold)"):
        load_cases(tmp_path)


@pytest.mark.parametrize("training", [[], None, {}, "scan"])
def test_a_description_without_cases_is_an_error(tmp_path, training):
    write_folder(tmp_path, 1, training=training)
    with pytest.raises(ValueError, match="lists no cases"):
        load_cases(tmp_path)


@pytest.mark.parametrize("entry", ["scan_00", {"image": "a.nii.gz"}, {"image": 1, "label": 2}, 3])
def test_an_odd_entry_is_an_error(tmp_path, entry):
    write_folder(tmp_path, 1, training=[entry])
    with pytest.raises(ValueError, match="an entry of"):
        load_cases(tmp_path, progress=False)


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        {"0": "background"},
        {"0": "background", "2": "prostate"},
        {"background": 0, "prostate": [1, 2]},
        ["background", "prostate"],
    ],
)
def test_odd_class_names_are_an_error(tmp_path, labels):
    description = write_folder(tmp_path, 1)
    (tmp_path / "dataset.json").write_text(json.dumps({**description, "labels": labels}))
    with pytest.raises(ValueError, match="must name the classes"):
        load_cases(tmp_path, progress=False)


@pytest.mark.parametrize("kind", ["image", "label"])
def test_a_missing_file_is_an_error_that_names_it(tmp_path, kind):
    description = write_folder(tmp_path)
    (tmp_path / description["training"][1][kind]).unlink()
    with pytest.raises(ValueError, match=rf"the {kind} file .*scan_01\.nii\.gz is missing"):
        load_cases(tmp_path, progress=False)


def test_a_truncated_file_is_an_error_that_names_it(tmp_path):
    description = write_folder(tmp_path)
    path = tmp_path / description["training"][2]["label"]
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"scan_02\.nii\.gz"):
        load_cases(tmp_path, progress=False)


def test_phantoms_of_two_seeds_are_different_patients():
    one, two = (load_cases("phantom", count=1, seed=seed, progress=False)[0] for seed in (0, 1))
    assert one.class_names == ("background", "PZ", "TZ", "AFS", "DPU")
    assert one.patient != two.patient
    assert one.image.shape != two.image.shape or not np.array_equal(one.label, two.label)


def test_the_same_phantom_seen_by_another_scanner_is_the_same_patient():
    one, two = (load_cases("phantom", count=1, scanner=s, progress=False)[0] for s in "AB")
    assert one.patient == two.patient
    assert one.id != two.id
    assert not np.array_equal(one.image, two.image)


def test_phantoms_are_read_in_order_as_the_phantom_module_makes_them():
    cases = load_cases("phantom", count=3, seed=2, progress=False)
    for number, case in zip((20000, 20001, 20002), cases, strict=True):
        image, label = phantom.volumes(number)
        assert case.id == f"phantom_{number}_A"
        np.testing.assert_array_equal(case.image, image.array)
        np.testing.assert_array_equal(case.label, label.array)


def test_an_unknown_scanner_and_a_negative_seed_are_refused():
    with pytest.raises(ValueError, match="no scanner 'C'"):
        load_cases("phantom", count=2, scanner="C", progress=False)
    with pytest.raises(ValueError, match="seed must be 0 or more, not -1"):
        load_cases("phantom", count=2, seed=-1, progress=False)


def cases_of(owners):
    image = np.arange(8.0).reshape(2, 2, 2)
    label = np.zeros((2, 2, 2), int)
    return [
        plain_case(id=f"scan_{number}", patient=f"patient_{owner}", image=image, label=label)
        for number, owner in enumerate(owners)
    ]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=30),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_a_split_divides_patients_and_loses_no_case(owners, weights, seed):
    cases = cases_of(owners)
    fractions = np.array(weights) / sum(weights)
    patients = len(set(owners))
    if patients < len(weights):
        with pytest.raises(ValueError, match=f"^{patients} patient.*{len(weights)} parts"):
            split_cases(cases, fractions, seed)
        return
    parts = split_cases(cases, fractions, seed)
    assert sorted(case.id for part in parts for case in part) == sorted(case.id for case in cases)
    groups = [{case.patient for case in part} for part in parts]
    assert all(groups)
    assert sum(map(len, groups)) == patients
    crowded = (fractions * patients < 1).any()
    for group, fraction in zip(groups, fractions, strict=True):
        assert crowded or abs(len(group) - fraction * patients) < 1


def test_a_split_depends_on_the_seed_but_not_on_the_order_of_the_cases():
    cases = cases_of(range(20))

    def held_out(order, seed):
        return {case.id for case in split_cases(order, (0.7, 0.3), seed)[1]}

    assert held_out(cases, 1) == held_out(cases[::-1], 1)
    assert held_out(cases, 1) != held_out(cases, 2)


def test_one_patient_cannot_be_split_whatever_the_number_of_scans():
    with pytest.raises(ValueError, match=r"1 patient cannot be split into 2 parts.*at least 2"):
        split_cases(cases_of([3, 3, 3]), (0.5, 0.5))


@pytest.mark.parametrize("fractions", [(0.5, 0.4), (1.5, -0.5), (1.0, 0.0), (), (np.nan, 1.0), 1.0])
def test_fractions_that_do_not_sum_to_one_are_refused(fractions):
    with pytest.raises(ValueError, match="positive and sum to 1"):
        split_cases(cases_of(range(4)), fractions)


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


@pytest.fixture
def task05(tmp_path):
    return layouts.write_task05(tmp_path / "Task05_Prostate")


def test_task05_gives_t2_with_its_two_zones_at_their_place(task05):
    cases = load_cases(task05, progress=False)
    assert [case.id for case in cases] == ["prostate_00", "prostate_01", "prostate_29"]
    image, label = layouts.small_phantom(0)
    assert cases[0].class_names == ("background", "PZ", "TZ")
    np.testing.assert_allclose(cases[0].image, image.array, rtol=1e-6)
    np.testing.assert_array_equal(cases[0].label, layouts.TO_TASK05[label.array])
    np.testing.assert_allclose(cases[0].affine, image.affine, atol=1e-4)
    assert cases[0].spacing == pytest.approx(image.spacing, abs=1e-4)
    assert np.diag(cases[0].affine)[:3] != pytest.approx(cases[0].spacing, abs=1e-2)


def test_task05_tells_which_cases_have_one_zone_only(task05, capsys):
    load_cases(task05, progress=False)
    said = capsys.readouterr().out
    assert said == "prostate_18 is left out: a case without class TZ.\n"


def test_a_count_passes_over_cases_that_are_left_out(tmp_path):
    names = (layouts.ONLY_PERIPHERAL, "prostate_29")
    folder = layouts.write_task05(tmp_path / "Task05_Prostate", names)
    assert [case.id for case in load_cases(folder, count=1, progress=False)] == ["prostate_29"]


def test_an_entry_that_macos_left_is_no_case(tmp_path):
    description = write_folder(tmp_path)
    entry = {kind: f"./{kind}sTr/._scan_00.nii.gz" for kind in ("image", "label")}
    (tmp_path / "dataset.json").write_text(
        json.dumps({**description, "training": [entry, *description["training"]]})
    )
    assert len(load_cases(tmp_path, progress=False)) == 3


def test_zones_in_another_order_are_mapped_aloud(tmp_path, capsys):
    names = {"0": "background", "1": "Transition Zone", "2": "peripheral zone"}
    description = write_folder(tmp_path, 1, labels=names)
    stored = nibabel.load(tmp_path / description["training"][0]["label"]).get_fdata()
    case = load_cases(tmp_path, progress=False)[0]
    assert case.class_names == ("background", "PZ", "TZ")
    np.testing.assert_array_equal(case.label, np.array([0, 2, 1])[stored.astype(int)])
    assert capsys.readouterr().out == (
        f"{tmp_path.name} counts 1 Transition Zone and 2 peripheral zone; "
        f"the labels were mapped onto the course's 1 PZ and 2 TZ.\n"
    )


def test_four_zones_of_another_convention_are_mapped(tmp_path):
    write_folder(tmp_path, 1, labels={"background": 0, "PZ": 1, "TZ": 2, "DPU": 3, "AFS": 4})
    case = load_cases(tmp_path, progress=False)[0]
    assert case.class_names == ("background", "PZ", "TZ", "AFS", "DPU")


def test_the_folder_above_a_data_set_is_an_error_that_names_the_right_one(task05):
    with pytest.raises(ValueError, match=r"such as .*Task05_Prostate"):
        load_cases(task05.parent)


def test_a_constant_image_complex_numbers_and_nan_in_a_file_name_it(tmp_path):
    path = tmp_path / write_folder(tmp_path)["training"][1]["image"]
    for array, words in [
        (np.full(GRID, 3, np.float32), "case scan_01: the image is constant"),
        (np.full(GRID, np.nan, np.float32), r"scan_01\.nii\.gz: the volume holds NaN"),
        (np.ones(GRID, np.complex64), r"scan_01\.nii\.gz: the volume must hold real numbers"),
    ]:
        nibabel.Nifti1Image(array, np.eye(4)).to_filename(path)
        with pytest.raises(ValueError, match=words):
            load_cases(tmp_path, progress=False)


def test_a_label_of_another_shape_affine_or_class_in_a_file_names_the_case(tmp_path):
    path = tmp_path / write_folder(tmp_path)["training"][1]["label"]
    shifted = np.eye(4)
    shifted[1, 3] = 2
    for array, affine, words in [
        (np.zeros((6, 5, 3), np.uint8), np.eye(4), "label has the shape"),
        (np.zeros(GRID, np.uint8), shifted, r"label lies up to 2\.00 mm away"),
        (np.full(GRID, 7, np.uint8), np.eye(4), "label holds 7"),
    ]:
        save_volume(Volume(array, affine), path)
        with pytest.raises(ValueError, match=f"case scan_01: the {words}"):
            load_cases(tmp_path, progress=False)
