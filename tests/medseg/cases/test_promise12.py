"""PROMISE12's MetaImage files give the same cases, at the same place, as NIfTI files would."""

import sys

import nibabel
import numpy as np
import pytest
from helpers import layouts
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg.cases import load_cases, promise12_cases
from medseg.cases.promise12 import load_metaimage, segmentation_of
from medseg.errors import InputError
from medseg.volumes import Volume, load_volume, save_volume

GRID = (6, 5, 4)


@pytest.fixture
def folder(tmp_path):
    return layouts.write_promise12(tmp_path / "training_data", 3)


def tilted(angles, spacing, origin):
    """An affine of a scan turned about all three axes."""
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[[one, one, other, other], [one, other, one, other]] = (
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        )
        turn = turn @ step
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = origin
    return affine


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(*[st.floats(0.2, 5)] * 3),
    st.tuples(*[st.floats(-300, 300)] * 3),
)
def test_a_voxel_lies_where_it_would_in_nifti(tmp_path_factory, angles, spacing, origin):
    folder = tmp_path_factory.mktemp("geometry")
    array = np.random.default_rng(0).integers(0, 900, GRID).astype(np.int16)
    volume = Volume(array, tilted(angles, spacing, origin))
    layouts.write_metaimage(volume, folder / "a.mhd")
    save_volume(volume, folder / "a.nii.gz")
    read, other = load_metaimage(folder / "a.mhd"), load_volume(folder / "a.nii.gz")
    np.testing.assert_array_equal(read.array, other.array)
    corners = np.array([(x, y, z, 1) for x in (0, 5) for y in (0, 4) for z in (0, 3)])
    # NIfTI keeps affines as float32
    np.testing.assert_allclose(corners @ read.affine.T, corners @ other.affine.T, atol=1e-3)


def test_simpleitk_itself_agrees_on_where_a_voxel_lies(tmp_path):
    import SimpleITK

    volume = Volume(np.zeros(GRID, np.int16), tilted((0.3, -0.2, 0.1), (0.5, 0.6, 3), (9, -8, 7)))
    layouts.write_metaimage(volume, tmp_path / "a.mhd")
    image = SimpleITK.ReadImage(str(tmp_path / "a.mhd"))
    left, back, up = image.TransformContinuousIndexToPhysicalPoint((1.5, 2.5, 3.0))
    point = load_metaimage(tmp_path / "a.mhd").affine @ (1.5, 2.5, 3.0, 1)
    np.testing.assert_allclose(point, (-left, -back, up, 1), atol=1e-9)


def test_cases_are_read_in_order_with_the_gland_as_their_one_class(folder):
    cases = load_cases(folder, progress=False)
    assert [case.id for case in cases] == ["Case00", "Case01", "Case02"]
    for number, case in enumerate(cases):
        image, label = layouts.small_phantom(number)
        assert case.class_names == ("background", "prostate")
        np.testing.assert_array_equal(case.image, image.array.astype(np.int16))
        np.testing.assert_array_equal(case.label, label.array > 0)
        np.testing.assert_allclose(case.affine, image.affine, atol=1e-6)


def test_the_layout_is_recognised_from_the_folder_or_the_one_above(folder):
    for where in (folder, folder.parent, str(folder)):
        assert len(load_cases(where, count=2, progress=False)) == 2


def test_what_macos_leaves_is_no_case(folder):
    (folder / "._Case00.mhd").write_bytes(b"\0\5\x16\7")
    assert len(load_cases(folder, progress=False)) == 3


def test_progress_goes_to_a_notebooks_stdout(folder, capsys, monkeypatch):
    monkeypatch.setattr("medseg.cases.reading.in_notebook", lambda: True)
    load_cases(folder)
    shown = capsys.readouterr()
    assert "3/3" in shown.out
    assert shown.err == ""


def test_an_image_without_segmentation_is_left_out_aloud(folder, capsys):
    segmentation_of(folder / "Case01.mhd").unlink()
    assert [case.id for case in load_cases(folder, progress=False)] == ["Case00", "Case02"]
    assert "Case01 is left out: there is no Case01_segmentation.mhd" in capsys.readouterr().out


def test_a_folder_of_unlabelled_images_is_an_error(folder):
    for path in folder.glob("*_segmentation.mhd"):
        path.unlink()
    with pytest.raises(ValueError, match="no case of"):
        load_cases(folder, progress=False)


def test_a_folder_without_metaimages_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"holds no CaseNN\.mhd"):
        promise12_cases(tmp_path)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_refused(folder, count):
    with pytest.raises(ValueError, match=f"at least 1, not {count}"):
        promise12_cases(folder, count=count)


def test_without_simpleitk_the_sentence_names_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(ValueError, match=r"Case00\.mhd .*pip install simpleitk"):
        load_cases(folder, progress=False)


def cut_off(folder):
    path = folder / "Case01.raw"
    path.write_bytes(path.read_bytes()[:1000])


def without_raw(folder):
    (folder / "Case01.raw").unlink()


def without_header(folder):
    (folder / "Case01.mhd").write_bytes(b"")


@pytest.mark.parametrize("spoil", [cut_off, without_raw, without_header])
def test_a_damaged_file_is_an_error_that_names_it(folder, spoil):
    spoil(folder)
    with pytest.raises(ValueError, match=r"Case01\.mhd cannot be read.*again"):
        load_cases(folder, progress=False)


def replace_by(folder, kind, array, affine=None):
    path = folder / "Case01.mhd"
    path = segmentation_of(path) if kind == "label" else path
    layouts.write_metaimage(
        Volume(array, layouts.small_phantom(1)[0].affine if affine is None else affine), path
    )


def test_a_label_on_another_grid_is_an_error(folder):
    label = layouts.small_phantom(1)[1]
    shifted = label.affine.copy()
    shifted[0, 3] += 4
    replace_by(folder, "label", label.array, shifted)
    with pytest.raises(ValueError, match=r"case Case01: the label lies up to 4\.00 mm away"):
        load_cases(folder, progress=False)
    replace_by(folder, "label", label.array[1:])
    with pytest.raises(ValueError, match="case Case01: the label has the shape"):
        load_cases(folder, progress=False)


def test_a_label_beyond_the_gland_and_a_constant_image_are_errors(folder):
    shape = layouts.small_phantom(1)[0].shape
    replace_by(folder, "image", np.full(shape, 5, np.int16))
    with pytest.raises(ValueError, match="case Case01: the image is constant"):
        load_cases(folder, progress=False)
    replace_by(folder, "label", np.full(shape, 2, np.uint8))
    replace_by(folder, "image", layouts.small_phantom(1)[0].array)
    with pytest.raises(ValueError, match="case Case01: the label holds 2"):
        load_cases(folder, progress=False)


def test_nan_in_an_image_is_an_error_that_names_the_file(folder):
    import SimpleITK

    array = np.full(GRID, np.nan, np.float32)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(folder / "Case01.mhd"))
    with pytest.raises(ValueError, match=r"Case01\.mhd: the volume holds NaN"):
        load_cases(folder, progress=False)


@pytest.mark.parametrize(("shape", "vector"), [((6, 5), False), ((4, 5, 6, 2), True)])
def test_a_picture_or_colours_are_no_volume(folder, shape, vector):
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ones(shape, np.uint8), isVector=vector)
    SimpleITK.WriteImage(image, str(folder / "Case01.mhd"))
    with pytest.raises(ValueError, match="a volume is 3D with one"):
        load_cases(folder, progress=False)


def test_nifti_and_metaimage_of_one_case_make_one_case(folder, tmp_path):
    """A file that nibabel writes from a MetaImage case opens at the same place."""
    case = load_cases(folder, count=1, progress=False)[0]
    nibabel.Nifti1Image(case.image, case.affine).to_filename(tmp_path / "case.nii.gz")
    read = load_volume(tmp_path / "case.nii.gz")
    np.testing.assert_array_equal(read.array, case.image)
    np.testing.assert_allclose(read.affine, case.affine, atol=1e-4)


def test_cases_of_one_name_in_two_folders_are_two(tmp_path):
    for part in ("part1", "part2"):
        layouts.write_promise12(tmp_path / part, 1)
    cases = load_cases(tmp_path, progress=False)
    assert [case.id for case in cases] == ["part1/Case00", "part2/Case00"]
    assert len({case.patient for case in cases}) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DimSize = 6 5 4", "DimSize = 60000 60000 60000"),
        ("DimSize = 6 5 4", "DimSize = -6 5 4"),
        ("DimSize = 6 5 4", "DimSize = 0 5 4"),
        ("DimSize = 6 5 4", "DimSize ="),
        ("NDims = 3", "NDims = 2"),
        ("NDims = 3", "NDims = 40"),
        ("ElementType = MET_SHORT", "ElementType = MET_NONSENSE"),
        ("ElementDataFile = a.raw", "ElementDataFile = /dev/null"),
        ("ElementDataFile = a.raw", "ElementDataFile = LIST"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 0 0 0"),
        ("ElementDataFile = a.raw", "ElementDataFile = a%d.raw 1 4 1"),
    ],
)
def test_an_odd_header_is_one_sentence_that_names_the_file(tmp_path, old, new):
    path = tmp_path / "a.mhd"
    layouts.write_metaimage(Volume(np.zeros(GRID, np.int16), np.eye(4)), path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=r"a\.mhd"):
        load_metaimage(path)


def test_a_header_that_asks_for_more_memory_than_there_is_is_refused_unread(tmp_path, monkeypatch):
    class Free:
        available = 100

    path = tmp_path / "a.mhd"
    layouts.write_metaimage(Volume(np.zeros(GRID, np.int16), np.eye(4)), path)
    monkeypatch.setattr("psutil.virtual_memory", Free)
    with pytest.raises(InputError, match=r"a\.mhd has \(6, 5, 4\) voxels, for which"):
        load_metaimage(path)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.png", "a.mhd"])
def test_another_format_under_any_name_never_reaches_another_reader(tmp_path, name):
    save_volume(Volume(np.zeros(GRID, np.int16), np.eye(4)), tmp_path / "other.nii.gz")
    (tmp_path / "other.nii.gz").rename(tmp_path / name)
    with pytest.raises(InputError, match=name):
        load_metaimage(tmp_path / name)


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("damage", ["none", "flipped", "checksum", "cut", "empty"])
def test_packed_voxels_are_read_to_their_checksum(tmp_path, local, damage):
    import SimpleITK

    array = np.random.default_rng(0).integers(0, 999, (9, 20, 20)).astype(np.int16)
    path = tmp_path / ("a.mha" if local else "a.mhd")
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path), useCompression=True)
    packed = path if local else path.with_suffix(".zraw")
    content = bytearray(packed.read_bytes())
    if damage == "flipped":
        content[-1000] ^= 0x10
    elif damage == "checksum":
        content[-1] ^= 1
    elif damage != "none":
        del content[len(content) // 2 if damage == "cut" else -4 :]
    packed.write_bytes(bytes(content))
    if damage == "none":
        np.testing.assert_array_equal(load_metaimage(path).array.transpose(2, 1, 0), array)
    else:
        with pytest.raises(InputError, match=r"a\.mh.* is cut off, damaged or missing"):
            load_metaimage(path)
