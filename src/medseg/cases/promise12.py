"""Cases from the folder of the PROMISE12 challenge: MetaImage files, the whole gland outlined."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from medseg.cases.case import Case
from medseg.cases.reading import read_all, tell
from medseg.errors import InputError
from medseg.volumes import Volume

GLAND = ("background", "prostate")
IMAGES = "Case[0-9][0-9].mhd"


def promise12_cases(
    folder: str | os.PathLike[str], *, count: int | None = None, progress: bool = True
) -> list[Case]:
    """The labelled cases of PROMISE12: `CaseNN.mhd` with `CaseNN_segmentation.mhd` beside it.

    Each case is a patient of its own [Litjens et al. 2014, doi 10.1016/j.media.2013.12.002]. An
    image without segmentation is left out with a printed sentence.

    Args:
        folder: which holds the files, or one folder that does.
        count: how many labelled cases at most, in the order of their names; None for all.
        progress: whether to show a progress bar.

    Raises:
        InputError: there is none, a file is not as it should be, or SimpleITK is not installed.
    """
    folder = Path(folder)
    images = promise12_images(folder)
    if not images:
        raise InputError(f"{folder} holds no CaseNN.mhd; give the folder that does")

    def labelled() -> Iterator[Case]:
        for path in images:
            segmentation = segmentation_of(path)
            if segmentation.is_file():
                image, label = load_metaimage(path), load_metaimage(segmentation)
                yield Case.from_volumes(image, label, path.stem, path.stem, GLAND)
            else:
                tell(f"{path.stem} is left out: there is no {segmentation.name} beside it.")

    return read_all(labelled(), len(images), folder, count, progress)


def holds_promise12(folder: Path) -> bool:
    """Whether `promise12_cases` would find an image in a folder."""
    return bool(promise12_images(folder))


def promise12_images(folder: Path) -> list[Path]:
    """The image files in a folder or, if there are none, in the folders within."""
    return sorted(folder.glob(IMAGES)) or sorted(folder.glob(f"*/{IMAGES}"))


def segmentation_of(image: Path) -> Path:
    """Where the segmentation of an image file lies, if there is one."""
    return image.with_name(f"{image.stem}_segmentation{image.suffix}")


def first_of_promise12(folder: Path, count: int) -> set[Path]:
    """The files of the first labelled cases in a folder."""
    labelled = [path for path in promise12_images(folder) if segmentation_of(path).is_file()]
    pairs = [path for image in labelled[:count] for path in (image, segmentation_of(image))]
    return {path.with_suffix(suffix) for path in pairs for suffix in (".mhd", ".raw", ".zraw")}


def load_metaimage(path: str | os.PathLike[str]) -> Volume:
    """Read a MetaImage file (.mhd with .raw, or .mha) as a Volume.

    MetaImage counts mm to the left and to the back (LPS); the first two rows of the affine change
    their sign, which makes it RAS+.

    Raises:
        InputError: the file is missing, cut off or no MetaImage, or not what `Volume` takes;
            SimpleITK is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the name and the folder")
    try:
        import SimpleITK
    except ImportError as error:
        raise InputError(
            f"{path.name} is a MetaImage file, for which SimpleITK is needed, and it is not "
            f"installed; run: pip install simpleitk"
        ) from error
    try:
        image = SimpleITK.ReadImage(str(path), imageIO="MetaImageIO")
    except RuntimeError as error:
        raise InputError(
            f"{path} cannot be read as MetaImage; it, or the .raw file that it names, is cut off, "
            f"damaged or missing: copy or download both again"
        ) from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"{path} has the size {image.GetSize()} with {image.GetNumberOfComponentsPerPixel()} "
            f"numbers per voxel, but a volume is 3D with one"
        )
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine[:2] *= -1
    try:
        return Volume(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), affine)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
