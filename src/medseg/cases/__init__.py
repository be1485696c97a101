"""Cases: one patient's image with its expert segmentation, whatever data set it comes from.

Readers give a list of `Case`; `split_cases` divides it by patient. `slices` and `to_native`, the
way of a case into a network and back, live in `medseg.cases.slicing`.
"""

import os
from pathlib import Path

from medseg.cases.case import Case, split_cases
from medseg.cases.decathlon import decathlon_cases, keep_first_decathlon
from medseg.cases.phantoms import phantom_cases
from medseg.cases.promise12 import first_of_promise12, holds_promise12, promise12_cases
from medseg.cases.slicing import slice_size, slice_spacing, slices, to_native
from medseg.zones import PROSTATE_CLASSES

__all__ = [
    "PROSTATE_CLASSES",
    "Case",
    "decathlon_cases",
    "keep_first",
    "load_cases",
    "phantom_cases",
    "promise12_cases",
    "slice_size",
    "slice_spacing",
    "slices",
    "split_cases",
    "to_native",
]

PHANTOM_CASES = 40


def load_cases(
    data: str | os.PathLike[str] = "phantom",
    *,
    count: int | None = None,
    seed: int = 0,
    scanner: str = "A",
    channel: int = 0,
    progress: bool = True,
) -> list[Case]:
    """The cases of a data set, named by one word or path.

    Args:
        data: "phantom", or a folder: one with a `dataset.json` is read as one of the Medical
            Segmentation Decathlon, one with `CaseNN.mhd` as PROMISE12.
        count: how many at most; None means 40 phantoms, or all cases of the folder.
        seed, scanner: of the phantoms.
        channel: of a Decathlon's 4D images.
        progress: whether to show a progress bar.

    Raises:
        InputError: there is no such folder, or what is in it is not as it should be.

    >>> from medseg.cases import load_cases
    >>> case = load_cases("phantom", count=1, progress=False)[0]
    >>> case.id, case.class_names
    ('phantom_0000_A', ('background', 'PZ', 'TZ', 'AFS', 'DPU'))
    """
    if str(data) == "phantom":
        number = PHANTOM_CASES if count is None else count
        return phantom_cases(number, seed=seed, scanner=scanner, progress=progress)
    folder = Path(data)
    if not (folder / "dataset.json").is_file() and holds_promise12(folder):
        return promise12_cases(folder, count=count, progress=progress)
    return decathlon_cases(folder, channel=channel, count=count, progress=progress)


def keep_first(folder: Path, count: int) -> None:
    """Leave the first `count` labelled cases in a data set's folder, and remove all other files.

    Raises:
        InputError: the folder's description is broken.
    """
    if (folder / "dataset.json").is_file():
        kept = keep_first_decathlon(folder, count)
    else:
        kept = first_of_promise12(folder, count)
    for path in folder.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()
