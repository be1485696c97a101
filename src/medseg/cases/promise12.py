"""Cases from the folder of the PROMISE12 challenge: MetaImage files, the whole gland outlined."""

import contextlib
import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from medseg.cases.case import Case
from medseg.cases.reading import ids, read_all, tell
from medseg.errors import InputError
from medseg.files.nifti import check_memory
from medseg.volumes import Volume

GLAND = ("background", "prostate")
_CHUNK, _LONGEST_LINE = 2**20, 2**16
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
        for path, name in zip(images, ids([p.relative_to(folder) for p in images]), strict=True):
            segmentation = segmentation_of(path)
            if segmentation.is_file():
                image, label = load_metaimage(path), load_metaimage(segmentation)
                yield Case.from_volumes(image, label, name, name, GLAND)
            else:
                tell(f"{name} is left out: there is no {segmentation.name} beside it.")

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
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("MetaImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        size, components = reader.GetSize(), reader.GetNumberOfComponents()
        if len(size) != 3 or components != 1:
            raise InputError(
                f"{path} has the size {size} with {components} numbers per voxel, but a volume is "
                f"3D with one"
            )
        # two bytes a voxel at the least, once as SimpleITK has them and once as an array
        check_memory(path, size, 2 * 2 * math.prod(size))
        _check_data(path)
        image = reader.Execute()
    except InputError:
        raise
    except Exception as error:  # SimpleITK raises RuntimeError, or what its C++ gives up with
        raise InputError(
            f"{path} cannot be read as MetaImage; it, or the .raw file that it names, is cut off, "
            f"damaged or missing: copy or download both again"
        ) from error
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine[:2] *= -1
    try:
        return Volume(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), affine)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def _check_data(path: Path) -> None:
    """Refuse what SimpleITK reads in silence: packed voxels with a wrong checksum, lists of files.

    Raises:
        InputError: the voxels are not in one file.
        OSError, EOFError, zlib.error: that file cannot be read to its end.
    """
    with path.open("rb") as file:
        fields: dict[str, str] = {}
        while "ElementDataFile" not in fields and (line := file.readline(_LONGEST_LINE)):
            key, _, value = line.decode("utf-8", "replace").partition("=")
            fields[key.strip()] = value.strip()
        name = fields.get("ElementDataFile", "")
        if name.upper().startswith("LIST") or "%" in name:
            raise InputError(
                f"{path} has its slices in several files; convert it to one .mhd with one .raw"
            )
        if fields.get("CompressedData", "").upper() != "TRUE":
            return
        with contextlib.ExitStack() as stack:
            local = name.upper() == "LOCAL"
            data = file if local else stack.enter_context((path.parent / name).open("rb"))
            # of zlib or gzip, whose checksum stands at the end
            unpacking = zlib.decompressobj(wbits=47)
            while not unpacking.eof:
                if not (chunk := data.read(_CHUNK)):
                    raise EOFError("the packed voxels have no end")
                while chunk and not unpacking.eof:
                    unpacking.decompress(chunk, _CHUNK)
                    chunk = unpacking.unconsumed_tail
