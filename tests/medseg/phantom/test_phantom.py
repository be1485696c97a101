"""The phantom: one man in every series and scanner, with the geometry that was measured on men."""

import json

import numpy as np
import pytest

from medseg import phantom
from medseg.phantom.acquisition import average, bias_field, coil_profile, correlated_noise, parts
from medseg.phantom.anatomy import draw_anatomy
from medseg.phantom.lattice import Lattice, points_of
from medseg.volumes import load_volume

SEEDS = range(300, 308)


@pytest.fixture(scope="module")
def patients():
    return [phantom.volumes(seed) for seed in SEEDS]


def millilitres(label):
    voxel = np.prod(label.spacing) / 1000
    return np.array([(label.array == k).sum() * voxel for k in range(5)])


def test_the_same_seed_gives_the_same_bytes(patients):
    phantom.rendered.cache_clear()
    image, label = phantom.volumes(SEEDS[0])
    assert np.array_equal(image.array, patients[0][0].array)
    assert np.array_equal(label.array, patients[0][1].array)
    assert np.array_equal(image.affine, patients[0][0].affine)


def test_whoever_changes_a_volume_changes_it_for_nobody_else():
    first = phantom.volumes(7)
    kept = [volume.array.copy() for volume in first]
    for volume in first:
        volume.array[:] = 0
        volume.affine[:] = 0
    again = phantom.volumes(7)
    assert all(np.array_equal(a, v.array) for a, v in zip(kept, again, strict=True))
    assert again[0].spacing[2] > 2


def test_another_seed_is_another_patient(patients):
    volumes = {round(float(millilitres(label)[1:].sum()), 3) for _, label in patients}
    assert len(volumes) == len(patients)


def test_images_are_finite_magnitudes_and_labels_are_classes(patients):
    for image, label in patients:
        assert image.array.dtype == np.float32
        assert label.array.dtype == np.uint8
        assert image.array.shape == label.array.shape
        assert np.isfinite(image.array).all()
        assert image.array.min() >= 0
        assert set(np.unique(label.array)) == {0, 1, 2, 3, 4}


def test_spacing_and_obliquity_lie_in_the_usual_range(patients):
    for image, _ in patients:
        assert 0.4 <= image.spacing[0] <= 0.75
        assert image.spacing[0] == pytest.approx(image.spacing[1])
        assert 3.0 <= image.spacing[2] <= 4.0
        normal = image.affine[:3, 2] / image.spacing[2]
        assert np.rad2deg(np.arccos(abs(normal[2]))) <= 21.0


def test_glands_have_the_measured_sizes():
    anatomies = [draw_anatomy(np.random.default_rng([seed, 0])) for seed in range(200)]
    sizes = 2 * np.array([a.gland for a in anatomies])
    assert np.median(sizes, axis=0) == pytest.approx([53, 45, 56], abs=5)
    assert (sizes.std(axis=0) > 3).all()


def test_zone_volumes_have_the_measured_range(patients):
    volumes = np.array([millilitres(label) for _, label in patients])
    assert 35 < np.median(volumes[:, 2]) < 65
    assert 8 < np.median(volumes[:, 1]) < 24
    assert (volumes[:, 3] < volumes[:, 2]).all()
    assert (volumes[:, 4] < 4).all()


def test_the_gland_lies_on_most_slices_and_stroma_and_urethra_on_fewer(patients):
    for _, label in patients:

        def slices_of(mask):
            return int(mask.any(axis=(0, 1)).sum())

        gland = slices_of(label.array > 0)
        assert 10 <= gland <= label.shape[2]
        assert slices_of(label.array == 3) < gland
        assert slices_of(label.array == 4) < gland


@pytest.mark.parametrize("series", ["sagittal", "coronal"])
def test_three_series_show_one_anatomy(series):
    _, axial = phantom.volumes(5)
    _, other = phantom.volumes(5, series=series)
    assert millilitres(other)[2] == pytest.approx(millilitres(axial)[2], rel=0.05)
    centres = []
    for label in (axial, other):
        index = np.argwhere(label.array > 0).mean(axis=0)
        centres.append(label.affine[:3, :3] @ index + label.affine[:3, 3])
    assert np.linalg.norm(centres[0] - centres[1]) < 2.0
    assert np.argmax(np.abs(other.affine[:3, 2])) == {"sagittal": 0, "coronal": 1}[series]


def test_both_scanners_see_one_anatomy_with_other_intensities():
    image_a, label_a = phantom.volumes(6)
    image_b, label_b = phantom.volumes(6, scanner="B")
    assert millilitres(label_b)[1:3] == pytest.approx(millilitres(label_a)[1:3], rel=0.05)
    assert np.median(image_b.array) > 1.3 * np.median(image_a.array)


def test_the_sign_of_the_contrast_to_the_surroundings_varies():
    from scipy import ndimage

    signs = []
    for seed in range(400, 412):
        image, label = phantom.volumes(seed)
        gland = label.array > 0
        rim = ndimage.binary_dilation(gland, np.ones((9, 9, 1))) & ~gland
        signs.append(image.array[gland].mean() < image.array[rim].mean())
    assert 2 <= sum(signs) <= 10


def test_peripheral_zone_is_brighter_than_transition_zone_on_average(patients):
    ratios = [i.array[t.array == 2].mean() / i.array[t.array == 1].mean() for i, t in patients]
    assert 0.6 < np.mean(ratios) < 0.95


@pytest.mark.parametrize(
    ("options", "message"),
    [({"scanner": "C"}, "no scanner 'C'"), ({"series": "oblique"}, "no series 'oblique'")],
)
def test_an_unknown_scanner_or_series_is_one_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        phantom.volumes(1, **options)


def test_a_decathlon_folder_is_written_and_read_back(tmp_path):
    folder = phantom.write(tmp_path / "set", count=2, seed=40)
    description = json.loads((folder / "dataset.json").read_text())
    assert description["numTraining"] == len(description["training"]) == 2
    assert description["labels"]["2"] == "TZ"
    image, label = phantom.volumes(41)
    entry = description["training"][1]
    read = load_volume(folder / entry["image"])
    assert np.allclose(read.array, image.array)
    assert np.allclose(read.affine, image.affine, atol=1e-4)
    assert np.array_equal(load_volume(folder / entry["label"]).array, label.array)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        phantom.write(tmp_path, count=0)


def test_a_voxel_receives_the_mean_of_its_parts():
    fine = np.random.default_rng(0).random((4, 6, 9)).astype(np.float32)
    mean = average(fine, (2, 3, 3))
    assert mean.shape == (2, 2, 3)
    assert mean[1, 0, 2] == pytest.approx(fine[2:4, 0:3, 6:9].mean(), rel=1e-5)


def test_parts_are_centred_in_their_voxels():
    assert parts(3, 5, 2).tolist() == [2.75, 3.25, 3.75, 4.25]
    assert parts(0, 1, 1).tolist() == [0]


def test_interpolation_is_exact_for_linear_fields():
    affine = np.array([[0.5, 0.1, 0, -7], [0, 0.6, 0.3, 2], [0.1, 0, 3.0, 5], [0, 0, 0, 1]])
    fine = [np.arange(0, 20.0), np.arange(0, 15.0), parts(0, 6, 4)]
    lattice = Lattice(affine, fine, 4.0)
    expected = points_of(affine, fine)
    for coarse, full in zip(lattice.points, expected, strict=True):
        assert np.allclose(lattice.upsample(coarse), full, atol=1e-3)


def test_degradation_keeps_its_limits():
    rng = np.random.default_rng(3)
    for _ in range(20):
        field = bias_field((20, 20, 8), rng)
        assert field.min() >= 0.599
        assert field.max() <= 1.601
    assert correlated_noise((40, 40, 10), rng).std() == pytest.approx(1.0, abs=1e-3)
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    affine[:3, 3] = (-40, -60, -16)
    profile = coil_profile((40, 40, 8), affine)
    assert profile[20, 14, 4] > 1.3 * profile[20, 39, 4]
