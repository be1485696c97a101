"""A folder in the layout of the Medical Segmentation Decathlon is read, or a sentence says why."""

import json
import re

import nibabel
import numpy as np
import pytest
from helpers import layouts
from helpers.layouts import GLAND, GRID, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg.cases import decathlon_cases, keep_first, load_cases
from medseg.errors import InputError
from medseg.volumes import Volume, save_volume


@pytest.mark.parametrize(
    "labels", [{"0": "background", "1": "prostate"}, {"background": 0, "prostate": 1}]
)
def test_a_decathlon_folder_is_read(tmp_path, labels):
    description = write_folder(tmp_path, labels=labels)
    cases = decathlon_cases(tmp_path, progress=False)
    assert [case.id for case in cases] == ["scan_00", "scan_01", "scan_02"]
    assert all(case.class_names == GLAND for case in cases)
    for case, entry in zip(cases, description["training"], strict=True):
        stored = nibabel.Nifti1Image.from_filename(tmp_path / entry["image"]).get_fdata()
        np.testing.assert_allclose(case.image, stored, rtol=1e-6)


def test_progress_goes_to_a_notebooks_stdout_never_to_stderr(tmp_path, capsys, monkeypatch):
    write_folder(tmp_path)
    load_cases(tmp_path)
    assert capsys.readouterr() == ("", "")  # a pipe: nothing is left behind
    monkeypatch.setattr("medseg.cases.reading.in_notebook", lambda: True)
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
    stored = nibabel.Nifti1Image.from_filename(
        tmp_path / description["training"][0]["image"]
    ).get_fdata()
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
    stored = nibabel.Nifti1Image.from_filename(
        tmp_path / description["training"][0]["label"]
    ).get_fdata()
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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_description_as_windows_writes_it_is_read(tmp_path, encoding):
    path = tmp_path / "dataset.json"
    text = json.dumps(write_folder(tmp_path), indent=1).replace("\n", "\r\n")
    path.write_bytes(text.encode(encoding))
    assert len(load_cases(tmp_path, progress=False)) == 3


def test_backslashes_in_paths_are_read(tmp_path):
    description = write_folder(tmp_path)
    for entry in description["training"]:
        entry.update({kind: entry[kind].replace("/", "\\") for kind in ("image", "label")})
    (tmp_path / "dataset.json").write_text(json.dumps(description))
    cases = load_cases(tmp_path, progress=False)
    assert [case.id for case in cases] == ["scan_00", "scan_01", "scan_02"]
    keep_first(tmp_path, 2)
    assert len(load_cases(tmp_path, progress=False)) == 2


@pytest.mark.parametrize("modality", ["MRI", 1, 1.5, True])
def test_a_modality_that_lists_no_channels_is_an_error(tmp_path, modality):
    write_folder(tmp_path, 1, modality=modality)
    with pytest.raises(ValueError, match=r'"modality" of .* must name the channels'):
        load_cases(tmp_path, progress=False)


@pytest.mark.parametrize("modality", [None, {}, [], {"0": "T2"}, ["T2"]])
def test_one_channel_or_none_named_is_one(tmp_path, modality):
    write_folder(tmp_path, 1, modality=modality)
    assert len(load_cases(tmp_path, progress=False)) == 1


def in_folders_of_their_own(tmp_path, count=3, **more):
    """Patients with a folder each, in which all files have one name."""
    description = write_folder(tmp_path, count)
    for number, entry in enumerate(description["training"]):
        folder = tmp_path / f"patient{number}"
        folder.mkdir()
        for kind in ("image", "label"):
            (tmp_path / entry[kind]).rename(folder / f"{kind}.nii.gz")
            entry[kind] = f"patient{number}/{kind}.nii.gz"
        entry.update(more)
    (tmp_path / "dataset.json").write_text(json.dumps(description))
    return description


def test_files_of_one_name_are_several_cases_and_patients(tmp_path):
    in_folders_of_their_own(tmp_path)
    cases = load_cases(tmp_path, progress=False)
    names = [f"patient{number}/image" for number in range(3)]
    assert [case.id for case in cases] == [case.patient for case in cases] == names


def test_files_of_one_name_may_be_one_patients(tmp_path):
    in_folders_of_their_own(tmp_path, patient="Ada")
    cases = load_cases(tmp_path, progress=False)
    assert len({case.id for case in cases}) == 3
    assert {case.patient for case in cases} == {"Ada"}


def test_a_patient_of_null_is_none(tmp_path):
    in_folders_of_their_own(tmp_path, patient=None)
    assert len({case.patient for case in load_cases(tmp_path, progress=False)}) == 3


def test_a_case_that_is_listed_twice_is_an_error(tmp_path):
    description = write_folder(tmp_path)
    description["training"].append(description["training"][0])
    (tmp_path / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match=r"scan_00 is listed 2 times"):
        load_cases(tmp_path, progress=False)


def test_only_files_that_macos_left_are_an_error_that_says_so(tmp_path):
    description = write_folder(tmp_path)
    for entry in description["training"]:
        entry["image"] = "./imagesTr/._scan_00.nii.gz"
    (tmp_path / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match=r"only files that macOS leaves .*\._scan_00"):
        load_cases(tmp_path, progress=False)


def test_labels_that_a_header_scales_are_whole_numbers_again(tmp_path):
    path = tmp_path / write_folder(tmp_path, 1)["training"][0]["label"]
    array = np.zeros(GRID, np.float32)
    array[2:4] = 1
    image = nibabel.Nifti1Image(array, np.eye(4))
    image.header.set_data_dtype(np.int16)
    image.to_filename(path)
    stored = nibabel.Nifti1Image.from_filename(path).get_fdata()
    assert not set(np.unique(stored)) <= {0.0, 1.0}
    label = load_cases(tmp_path, progress=False)[0].label
    np.testing.assert_array_equal(label, array)


@pytest.mark.parametrize("value", [0.5, 1.0004 + 0.001, 0.9, 1.25, -0.002])
def test_a_label_between_two_classes_is_shown_with_its_fraction(tmp_path, value):
    path = tmp_path / write_folder(tmp_path, 1)["training"][0]["label"]
    array = np.zeros(GRID)
    array[0, 0, 0] = value
    nibabel.Nifti1Image(array, np.eye(4)).to_filename(path)
    with pytest.raises(ValueError, match=re.escape(f"the label holds {value}, but its classes")):
        load_cases(tmp_path, progress=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["0", "1", "image", "label", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": "\n"},
        {"modality": "a\n"},
        {"training": ["\n"]},
        {"training": [{"image": "\n", "label": "a\x1bb"}]},
        {"training": [{"image": "._\n", "label": "a"}]},
    ],
)
def test_line_ends_of_a_description_break_no_sentence(tmp_path, changes):
    write_folder(tmp_path, 1)
    known = json.loads((tmp_path / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps({**known, **changes}))
    with pytest.raises(InputError) as refused:
        load_cases(tmp_path, progress=False)
    assert str(refused.value).isprintable()


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["labels", "modality", "training"]), JSON))
def test_whatever_a_description_holds_is_refused_in_one_sentence(tmp_path_factory, changes):
    folder = tmp_path_factory.getbasetemp() / "described"
    if not folder.exists():
        write_folder(folder, 1)
    known = {"labels": {"0": "background", "1": "prostate"}, "training": [{"image": "no.nii"}]}
    (folder / "dataset.json").write_text(json.dumps({**known, **changes}))
    with pytest.raises(InputError) as refused:
        load_cases(folder, progress=False)
    assert "\n" not in str(refused.value)


def test_a_description_too_deep_for_a_parser_is_an_error(tmp_path):
    write_folder(tmp_path, 1)
    (tmp_path / "dataset.json").write_text("[" * 10**5)
    with pytest.raises(ValueError, match="is not valid JSON"):
        load_cases(tmp_path, progress=False)
