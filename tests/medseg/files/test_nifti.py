"""NIfTI files: read whole, in mm, or refused in a sentence that names them and a way that works."""

import gzip
import re

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg.errors import InputError
from medseg.files import nifti
from medseg.files.nifti import read_nifti
from medseg.volumes import load_volume

SHAPE = (4, 3, 5)
AFFINE = np.diag([0.5, 0.75, 3.0, 1.0])
AFFINE[:3, 3] = (-10, 20, 30)
VOXELS = np.arange(60, dtype=np.int16).reshape(SHAPE)


def image(array=VOXELS, kind=nibabel.Nifti1Image):
    made = kind(array, AFFINE)
    made.header.set_xyzt_units("mm")
    return made


def raw(change, packed, array=VOXELS, kind=nibabel.Nifti1Image):
    """The bytes of a file whose header `change` has been at, with nothing that nibabel mends."""
    made = image(array, kind)
    block = bytearray(made.to_bytes())
    header = kind.header_class(bytes(block[: kind.header_class.sizeof_hdr]), check=False)
    change(header)
    block[: kind.header_class.sizeof_hdr] = header.binaryblock
    return gzip.compress(bytes(block)) if packed else bytes(block)


def setting(**fields):
    def change(header):
        for name, value in fields.items():
            header[name] = value

    return change


@pytest.fixture(params=[".nii", ".nii.gz"])
def written(request, tmp_path):
    """Write a file with a changed header, and return its path."""

    def write(change=lambda header: None, **options):
        path = tmp_path / f"scan{request.param}"
        path.write_bytes(raw(change, request.param == ".nii.gz", **options))
        return path

    return write


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_a_sound_file_gives_its_voxels_and_its_place(written, kind):
    array, affine = read_nifti(written(kind=kind))
    np.testing.assert_array_equal(array, VOXELS)
    np.testing.assert_allclose(affine, AFFINE)


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001)])
@pytest.mark.parametrize("time", [0, 8])
def test_lengths_are_brought_to_mm(written, unit, factor, time):
    _, affine = read_nifti(written(setting(xyzt_units=unit + time)))
    np.testing.assert_allclose(affine[:3], AFFINE[:3] * factor)
    assert affine[3].tolist() == [0, 0, 0, 1]


def test_a_unit_that_nifti_does_not_know_is_refused(written):
    with pytest.raises(InputError, match=r"scan.*unit that NIfTI does not know.*number 5"):
        read_nifti(written(setting(xyzt_units=5)))


@pytest.mark.parametrize("size", [0, np.nan, np.inf])
@pytest.mark.parametrize("axis", [1, 2, 3])
def test_voxels_without_a_size_are_refused_not_taken_for_1_mm(written, size, axis):
    def change(header):
        header["pixdim"][axis] = size

    with pytest.raises(InputError, match=r"scan.*gives its voxels the sizes"):
        read_nifti(written(change))


def empty_sform(header):
    for row in ("srow_x", "srow_y", "srow_z"):
        header[row] = 0


def test_an_empty_sform_beside_a_good_qform_is_said_and_the_remedy_works(written):
    def change(header):
        header.set_qform(AFFINE, code=1)
        empty_sform(header)

    path = written(change)
    with pytest.raises(InputError) as refused:
        load_volume(path)
    assert "the sform is empty; its qform is not" in str(refused.value)
    scan = nibabel.load(path)
    exec(re.search(r"image\.set_sform\(.*?\)\)", str(refused.value))[0], {"image": scan})
    scan.to_filename(path)
    np.testing.assert_allclose(load_volume(path).affine, AFFINE, atol=1e-5)


def test_an_empty_sform_alone_has_no_remedy_that_takes_the_qform(written):
    def change(header):
        header["qform_code"] = 0
        empty_sform(header)

    with pytest.raises(InputError, match=r"sform is empty; convert the scan again"):
        read_nifti(written(change))


@pytest.mark.parametrize("shape", [(4, 3, 5, 1), (4, 3, 5, 1, 1)])
def test_further_axes_of_one_entry_are_no_channels(written, shape):
    array, _ = read_nifti(written(array=VOXELS.reshape(shape)))
    np.testing.assert_array_equal(array, VOXELS)


def test_of_several_channels_one_is_chosen_as_the_sentence_says(written):
    both = np.stack([VOXELS, VOXELS + 100], axis=-1)
    path = written(array=both)
    with pytest.raises(InputError) as refused:
        load_volume(path)
    call = re.search(r"load_volume\(path, channel=0\)", str(refused.value))[0]
    volume = eval(call, {"load_volume": load_volume, "path": path})
    np.testing.assert_array_equal(volume.array, VOXELS)


@pytest.mark.parametrize("shape", [(4, 15), (60,), (4, 3, 5, 1, 2)])
def test_what_has_no_channels_is_not_told_to_choose_one(written, shape):
    array = np.zeros(shape, np.int16)
    with pytest.raises(InputError, match="a volume is 3D") as refused:
        read_nifti(written(array=array))
    assert "choose" not in str(refused.value)


@pytest.mark.parametrize("place", [-8, -1, 20, 0.5])
def test_a_packed_file_whose_checksum_is_wrong_is_damaged(tmp_path, place):
    noise = np.random.default_rng(0).integers(0, 999, (20, 20, 9)).astype(np.int16)
    content = bytearray(gzip.compress(image(noise).to_bytes()))
    at = place if isinstance(place, int) else int(place * len(content))
    content[at] ^= 0x10
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"scan\.nii\.gz"):
        read_nifti(path)


def test_a_name_that_does_not_fit_the_packing_is_read_by_what_it_is(tmp_path):
    for name, packed in (("a.nii.gz", False), ("b.nii", True)):
        path = tmp_path / name
        path.write_bytes(raw(lambda header: None, packed))
        np.testing.assert_array_equal(read_nifti(path)[0], VOXELS)


def test_a_header_that_asks_for_more_than_the_file_can_hold_is_refused_unread(written):
    path = written(setting(dim=[3, 30000, 30000, 30000, 1, 1, 1, 1]))
    with pytest.raises(InputError, match=r"promises 54,000,000,000,352 bytes"):
        read_nifti(path)


def test_a_header_that_asks_for_more_memory_than_there_is_is_refused_unread(written, monkeypatch):
    def read(*_):
        raise AssertionError("it was read")

    class Free:
        available = 100

    monkeypatch.setattr("psutil.virtual_memory", Free)
    monkeypatch.setattr(nibabel.Nifti1Image, "from_bytes", read)
    with pytest.raises(InputError, match=r"scan.*GiB of memory are needed"):
        read_nifti(written())


def test_half_a_pair_is_called_so(tmp_path):
    nibabel.Nifti1Pair(VOXELS, AFFINE).to_filename(tmp_path / "a.img")
    with pytest.raises(InputError, match=r"a\.hdr is a header without its voxels.*convert"):
        read_nifti(tmp_path / "a.hdr")


OTHERS = {
    "scan.mgz": lambda path: nibabel.MGHImage(VOXELS, AFFINE).to_filename(path),
    "scan.mnc": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000)),
    "scan.dcm": lambda path: path.write_bytes(bytes(128) + b"DICM" + bytes(1000)),
    "scan.png": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "scan.nii": lambda path: path.write_bytes(b""),
    "scan.nii.gz": lambda path: path.write_bytes(gzip.compress(b"")),
    "zeros.nii": lambda path: path.write_bytes(bytes(1000)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_nifti_never_reaches_a_reader(tmp_path, name, monkeypatch):
    monkeypatch.setattr(nibabel, "load", None)
    OTHERS[name](tmp_path / name)
    with pytest.raises(InputError, match=rf"{name} is (not NIfTI|empty)"):
        read_nifti(tmp_path / name)


SOUND = image().to_bytes()


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
    st.integers(0, 8),
)
def test_whatever_stands_in_a_header_it_is_read_or_refused_by_name(
    tmp_path_factory, edits, packed, cut
):
    block = bytearray(SOUND)
    for place, value in edits:
        block[place] = value
    content = bytes(block[: len(block) - cut])
    path = tmp_path_factory.getbasetemp() / "fuzzed.nii.gz"
    path.write_bytes(gzip.compress(content) if packed else content)
    said = None
    try:
        volume = load_volume(path)
    except InputError as error:
        said = str(error)
    if said is None:
        assert volume.array.ndim == 3
        assert np.isfinite(volume.affine).all()
    else:
        assert str(path) in said
        assert "\n" not in said


def test_what_nibabel_stumbles_over_leaves_its_stack_in_the_log(written, caplog):
    path = written(setting(quatern_b=1.001, qform_code=1, sform_code=0))
    with pytest.raises(InputError, match=r"scan.*cannot be read as NIfTI.*convert it again"):
        read_nifti(path)
    assert "Traceback" in caplog.text


def test_every_unit_of_nifti_is_known():
    codes = nibabel.nifti1.unit_codes
    assert {codes.label[code] for code in (0, 1, 2, 3)} == set(nifti.MM)
