import gzip
import itertools

import nibabel
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel.processing import resample_from_to
from scipy.spatial.transform import Rotation

from medseg.volumes import Volume, crop, load_volume, reorient, resample, save_volume, spacing_of

PROPERTY = settings(deadline=None, derandomize=True, max_examples=40)


@st.composite
def affines(draw, largest_tilt=180.0):
    """Permuted, flipped, rotated, stretched and shifted: any affine that a scanner may write."""
    order = draw(st.permutations(range(3)))
    flips = np.array(draw(st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3)))
    spacing = np.array(draw(st.tuples(*[st.floats(0.2, 6)] * 3)))
    angles = draw(st.tuples(*[st.floats(-largest_tilt, largest_tilt)] * 3))
    affine = np.eye(4)
    rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    affine[:3, :3] = rotation @ (np.eye(3)[:, order] * flips) * spacing
    affine[:3, 3] = draw(st.tuples(*[st.floats(-300, 300)] * 3))
    return affine


shapes = st.tuples(*[st.integers(1, 9)] * 3)


def numbered(shape, dtype=np.int16):
    """An array in which every voxel is different, so that none can be mistaken for another."""
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def corners(volume):
    """World coordinates of the eight corners of the box that the voxels fill."""
    indices = itertools.product(*((-0.5, n - 0.5) for n in volume.shape))
    return np.array([(volume.affine @ [*index, 1])[:3] for index in indices])


@PROPERTY
@given(affines(), shapes)
def test_spacing_is_the_distance_between_neighbouring_voxels(affine, shape):
    spacing = Volume(numbered(shape), affine).spacing
    for axis in range(3):
        step = affine @ np.eye(4)[axis]
        assert spacing[axis] == pytest.approx(np.sqrt((step**2).sum()))
    assert spacing == pytest.approx(nibabel.affines.voxel_sizes(affine))


def test_spacing_of_a_tilted_scan_is_not_the_diagonal():
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("x", 60, degrees=True).as_matrix() @ np.diag([1, 2, 3])
    assert spacing_of(affine) == pytest.approx((1, 2, 3))


@PROPERTY
@given(affines(), shapes, st.sampled_from(["uint8", "int16", "int32", "float32", "float64"]))
def test_what_is_saved_is_loaded(tmp_path_factory, affine, shape, dtype):
    path = tmp_path_factory.mktemp("volume") / "scan.nii.gz"
    save_volume(Volume(numbered(shape, dtype), affine), path)
    back = load_volume(path)
    assert back.array.dtype == dtype
    np.testing.assert_array_equal(back.array, numbered(shape, dtype))
    np.testing.assert_allclose(back.affine, affine, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize(
    ("given_dtype", "kept_dtype"), [("bool", "uint8"), ("int64", "int32"), ("float16", "float32")]
)
def test_types_that_nifti_lacks_keep_their_values(tmp_path, given_dtype, kept_dtype):
    array = (numbered((2, 3, 4)) % 2).astype(given_dtype)
    save_volume(Volume(array, np.eye(4)), tmp_path / "a.nii")
    back = load_volume(tmp_path / "a.nii").array
    assert back.dtype == kept_dtype
    np.testing.assert_array_equal(back, array)


def test_large_integers_keep_their_values(tmp_path):
    array = np.array([[[-(2**40), 2**40]]])
    save_volume(Volume(array, np.eye(4)), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(load_volume(tmp_path / "a.nii.gz").array, array)


def test_other_tools_read_what_is_saved(tmp_path):
    affine = np.diag([-0.5, -0.5, 3.0, 1.0])
    save_volume(Volume(numbered((4, 5, 6)), affine), tmp_path / "a.nii.gz")
    image = nibabel.Nifti1Image.from_filename(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(image.affine, affine)
    assert image.header.get_zooms() == pytest.approx((0.5, 0.5, 3.0))
    assert image.header.get_xyzt_units()[0] == "mm"


def test_the_same_volume_gives_the_same_bytes_under_any_name(tmp_path):
    volume = Volume(numbered((4, 5, 6)), np.eye(4))
    save_volume(volume, tmp_path / "one.nii.gz")
    save_volume(volume, tmp_path / "new" / "other.nii.gz")
    assert (tmp_path / "one.nii.gz").read_bytes() == (tmp_path / "new/other.nii.gz").read_bytes()


def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "scan.nii.gz"
    save_volume(Volume(numbered((2, 2, 2)), np.eye(4)), path)
    before = path.read_bytes()

    def fail(self, content):
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        save_volume(Volume(numbered((3, 3, 3)), np.eye(4)), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_big_endian_files_come_as_native_arrays(tmp_path):
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(np.int16)
    nibabel.Nifti1Image(numbered((2, 3, 4)), np.eye(4), header).to_filename(tmp_path / "a.nii")
    back = load_volume(tmp_path / "a.nii").array
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, numbered((2, 3, 4)))


def test_a_channel_of_a_4d_file(tmp_path):
    array = numbered((2, 3, 4, 2))
    nibabel.Nifti1Image(array, np.eye(4)).to_filename(tmp_path / "a.nii.gz")
    loaded = load_volume(tmp_path / "a.nii.gz", channel=1).array
    np.testing.assert_array_equal(loaded, array[..., 1])
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 2\).*no channel 2"):
        load_volume(tmp_path / "a.nii.gz", channel=2)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 3, 4, 2), np.float32), "3D"),
        (np.zeros((2, 3), np.float32), "3D"),
        (np.zeros((2, 3, 4), np.complex64), "real numbers, not complex64"),
        (np.full((2, 3, 4), np.nan, np.float32), "NaN or infinity in 24 of 24 voxels"),
    ],
)
def test_a_file_that_holds_no_volume_is_named(tmp_path, array, words):
    path = tmp_path / "odd.nii.gz"
    nibabel.Nifti1Image(array, np.eye(4)).to_filename(path)
    with pytest.raises(ValueError, match=f"odd.nii.gz.*{words}"):
        load_volume(path)


@pytest.mark.parametrize("kept", [0, 5, 60, 200, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path, kept):
    path = tmp_path / "cut.nii.gz"
    rng = np.random.default_rng(0)
    save_volume(Volume(rng.integers(0, 999, (20, 20, 9)).astype(np.int16), np.eye(4)), path)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(ValueError, match=r"cut\.nii\.gz (is empty|is not NIfTI|is cut off)"):
        load_volume(path)


def test_a_truncated_uncompressed_file_is_named(tmp_path):
    path = tmp_path / "cut.nii"
    save_volume(Volume(numbered((20, 20, 9)), np.eye(4)), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"cut\.nii is cut off"):
        load_volume(path)


@pytest.mark.parametrize("name", ["text.nii.gz", "text.nii", "text.txt"])
def test_a_file_that_is_not_nifti_is_named(tmp_path, name):
    path = tmp_path / name
    content = b"no volume at all, only words\n" * 50
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(ValueError, match=name):
        load_volume(path)


def test_another_image_format_is_named(tmp_path):
    nibabel.MGHImage(np.zeros((2, 2, 2), np.float32), np.eye(4)).to_filename(tmp_path / "a.mgz")
    with pytest.raises(ValueError, match=r"a\.mgz is not NIfTI; .* convert it"):
        load_volume(tmp_path / "a.mgz")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.nii.gz", tmp_path):
        with pytest.raises(ValueError, match="there is no file"):
            load_volume(path)


def test_another_file_name_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\.nii or \.nii\.gz, not 'a\.mha'"):
        save_volume(Volume(numbered((2, 2, 2)), np.eye(4)), tmp_path / "a.mha")


@pytest.mark.parametrize(
    ("affine", "words"),
    [
        (np.eye(3), r"\(4, 4\), not \(3, 3\)"),
        (np.diag([1, 1, np.nan, 1]), "must be finite"),
        (np.diag([1, 0, 1, 1]), "singular"),
        (np.array([[1, 2, 0, 0], [2, 4, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "singular"),
        (np.diag([1, 1, 1, 2]), "last row"),
    ],
)
def test_an_affine_that_places_nothing_is_refused(affine, words):
    with pytest.raises(ValueError, match=words):
        Volume(numbered((2, 2, 2)), affine)


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 2, 2), (2, 0, 2)])
def test_an_array_that_is_no_volume_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(X, Y, Z\)"):
        Volume(np.zeros(shape), np.eye(4))


@PROPERTY
@given(affines(), shapes, st.data())
def test_crop_leaves_every_voxel_where_it_was(affine, shape, data):
    volume = Volume(numbered(shape), affine)
    start = [data.draw(st.integers(0, n - 1)) for n in shape]
    stop = [data.draw(st.integers(a + 1, n)) for a, n in zip(start, shape, strict=True)]
    part = crop(volume, start, stop)
    places = {value: (affine @ [*index, 1])[:3] for index, value in np.ndenumerate(volume.array)}
    assert part.shape == tuple(b - a for a, b in zip(start, stop, strict=True))
    for index, value in np.ndenumerate(part.array):
        np.testing.assert_allclose((part.affine @ [*index, 1])[:3], places[value], atol=1e-9)


def test_crop_agrees_with_nibabel():
    volume = Volume(numbered((6, 7, 8)), np.diag([2.0, 3.0, 4.0, 1.0]))
    expected = nibabel.Nifti1Image(volume.array, volume.affine).slicer[1:4, 2:7, 3:8]
    part = crop(volume, (1, 2, 3), (4, 7, 8))
    np.testing.assert_array_equal(part.array, np.asarray(expected.dataobj))
    np.testing.assert_allclose(part.affine, expected.affine)


@pytest.mark.parametrize(
    ("start", "stop"),
    [((0, 0, 0), (2, 2, 3)), ((-1, 0, 0), (1, 1, 1)), ((1, 1, 1), (1, 2, 2)), ((0, 0), (1, 1))],
)
def test_crop_beyond_the_volume_is_refused(start, stop):
    with pytest.raises(ValueError, match="does not fit"):
        crop(Volume(numbered((2, 2, 2)), np.eye(4)), start, stop)


@PROPERTY
@given(affines(), shapes, st.tuples(*[st.floats(0.2, 12)] * 3), st.sampled_from([0, 1]))
def test_resample_keeps_the_field_of_view(affine, shape, spacing, order):
    volume = Volume(numbered(shape, np.float32), affine)
    other = resample(volume, spacing, order)
    for n_old, n_new, old, new in zip(shape, other.shape, volume.spacing, spacing, strict=True):
        assert n_new == max(1, round(n_old * old / new))
    np.testing.assert_allclose(corners(other), corners(volume), atol=1e-6)


@PROPERTY
@given(shapes, st.tuples(*[st.floats(0.3, 3)] * 3))
def test_resample_agrees_with_torch(shape, spacing):
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    ours = resample(Volume(array, np.eye(4)), spacing, order=1).array
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(array)[None, None], size=ours.shape, mode="trilinear", align_corners=False
    )
    np.testing.assert_allclose(ours, theirs[0, 0].numpy(), atol=1e-5)


@pytest.mark.parametrize("order", [0, 1])
def test_resample_agrees_with_nibabel_on_a_tilted_scan(order):
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", (10, -20, 30), degrees=True).as_matrix()
    affine[:3, :3] = turn @ np.diag([0.7, 0.7, 3.1])
    array = np.random.default_rng(0).integers(0, 5, (17, 19, 7)).astype(np.float32)
    volume = resample(Volume(array, affine), (1.1, 0.5, 3.1), order)
    oracle = resample_from_to(
        nibabel.Nifti1Image(array, affine), (volume.shape, volume.affine), order, mode="nearest"
    )
    np.testing.assert_allclose(volume.array, oracle.get_fdata(), atol=1e-4)


@PROPERTY
@given(affines(), shapes)
def test_resample_to_its_own_spacing_changes_nothing(affine, shape):
    volume = Volume(numbered(shape), affine)
    same = resample(volume, volume.spacing, order=0)
    np.testing.assert_array_equal(same.array, volume.array)
    np.testing.assert_allclose(same.affine, affine, atol=1e-9)
    assert not np.shares_memory(same.array, volume.array)


def test_resampled_labels_stay_labels_and_images_get_fractions():
    volume = Volume(
        np.array([0, 0, 4, 4], np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8), np.eye(4)
    )
    labels = resample(volume, (0.3, 1, 1), order=0).array
    assert labels.dtype == np.uint8
    assert set(np.unique(labels)) == {0, 4}
    image = resample(volume, (0.3, 1, 1), order=1).array
    assert image.dtype == np.float32
    assert ((image > 0) & (image < 4)).any()


@pytest.mark.parametrize("spacing", [(1, 1), (1, 1, 0), (1, -1, 1), (1, 1, np.nan)])
def test_resample_to_an_impossible_spacing_is_refused(spacing):
    with pytest.raises(ValueError, match="three positive numbers"):
        resample(Volume(numbered((2, 2, 2)), np.eye(4)), spacing, 0)


def test_resample_with_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match="not 7"):
        resample(Volume(numbered((2, 2, 2)), np.eye(4)), (1, 1, 1), 7)


@PROPERTY
@given(affines(), shapes, st.sampled_from(["LPS", "RAS", "SLP", "AIR"]))
def test_reorient_turns_the_axes_and_moves_no_voxel(affine, shape, axes):
    volume = Volume(numbered(shape), affine)
    turned = reorient(volume, axes)
    index = np.argwhere(turned.array >= 0)
    origin = [np.argwhere(volume.array == turned.array[tuple(i)])[0] for i in index]
    here = index @ turned.affine[:3, :3].T + turned.affine[:3, 3]
    there = np.array(origin) @ affine[:3, :3].T + affine[:3, 3]
    np.testing.assert_allclose(here, there, atol=1e-9)


@PROPERTY
@given(affines(largest_tilt=20), shapes)
def test_reorient_gives_the_directions_asked_for(affine, shape):
    turned = reorient(Volume(numbered(shape), affine), "LPS")
    assert "".join(nibabel.aff2axcodes(turned.affine)) == "LPS"
