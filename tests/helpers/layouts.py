"""Small cases for tests: in memory, in the layouts of the real data sets, packed as archives."""

import json
import tarfile
import zipfile
from functools import cache

import nibabel
import numpy as np

from medseg import phantom
from medseg.cases import Case
from medseg.cases.promise12 import segmentation_of
from medseg.volumes import Volume, save_volume

GLAND = ("background", "prostate")
GRID = (6, 5, 4)
# Task05 knows two zones; stroma and urethra were drawn as part of the transition zone
TO_TASK05 = np.array([0, 1, 2, 2, 2], np.uint8)
ONLY_PERIPHERAL = "prostate_18"


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


@cache
def small_phantom(number):
    """A phantom of coarse voxels, quick to make and to write."""
    return phantom.volumes(number, field_of_view=64, spacing=1.6)


def write_task05(folder, names=("prostate_00", "prostate_01", ONLY_PERIPHERAL, "prostate_29")):
    """As Task05_Prostate: 4D images (T2, ADC), two zones, unlabelled test images, macOS's files."""
    training = []
    for number, name in enumerate(names):
        image, label = small_phantom(number)
        adc = image.array.max() - image.array
        both = np.stack([image.array, adc], axis=-1).astype(np.float32)
        zones = TO_TASK05[label.array]
        if name == ONLY_PERIPHERAL:
            zones[zones == 2] = 1
        entry = {"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"}
        (folder / "imagesTr").mkdir(parents=True, exist_ok=True)
        nibabel.Nifti1Image(both, image.affine).to_filename(folder / entry["image"])
        save_volume(Volume(zones, label.affine), folder / entry["label"])
        for part in ("imagesTr", "labelsTr"):
            (folder / part / f"._{name}.nii.gz").write_bytes(b"\0\5\x16\7")
        training.append(entry)
    (folder / "imagesTs").mkdir()
    (folder / "imagesTs/prostate_03.nii.gz").write_bytes(b"an image without label")
    description = {
        "name": "PROSTATE",
        "modality": {"0": "T2", "1": "ADC"},
        "labels": {"0": "background", "1": "PZ", "2": "TZ"},
        "numTraining": len(training),
        "numTest": 1,
        "training": training,
        "test": ["./imagesTs/prostate_03.nii.gz"],
    }
    (folder / "dataset.json").write_text(json.dumps(description))
    return folder


def write_promise12(folder, count=4):
    """As the training data of PROMISE12: MetaImage headers with .raw files, the whole gland."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        image, label = small_phantom(number)
        path = folder / f"Case{number:02d}.mhd"
        write_metaimage(Volume(image.array.astype(np.int16), image.affine), path)
        gland = Volume((label.array > 0).astype(np.int8), label.affine)
        write_metaimage(gland, segmentation_of(path))
    return folder


def write_metaimage(volume, path):
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume.array.transpose(2, 1, 0)))
    to_lps = np.diag([-1.0, -1.0, 1.0])
    image.SetDirection((to_lps @ volume.affine[:3, :3] / volume.spacing).ravel())
    image.SetSpacing(volume.spacing)
    image.SetOrigin(to_lps @ volume.affine[:3, 3])
    SimpleITK.WriteImage(image, str(path))


def tar(folder, path):
    with tarfile.open(path, "w:") as archive:
        archive.add(folder, folder.name)
    return path


def zipped(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path
