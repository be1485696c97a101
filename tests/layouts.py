"""Phantoms written in the layouts of the real data sets, and packed as their archives are."""

import json
import tarfile
import zipfile
from functools import cache

import nibabel
import numpy as np

from medseg import phantom
from medseg.cases.promise12 import segmentation_of
from medseg.volumes import Volume, save_volume

# Task05 knows two zones; stroma and urethra were drawn as part of the transition zone
TO_TASK05 = np.array([0, 1, 2, 2, 2], np.uint8)
ONLY_PERIPHERAL = "prostate_18"


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
