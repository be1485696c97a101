"""Cases: one patient's image with its expert segmentation, whatever data set it comes from.

Readers give a list of `Case`; `split_cases` divides it by patient. `slices` and `to_native`, the
way of a case into a network and back, live in `medseg.slicing`.
"""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from medseg.slicing import slice_size, slice_spacing, slices, to_native
from medseg.volumes import Volume, check_real, checked_affine, load_volume, spacing_of

__all__ = [
    "PROSTATE_CLASSES",
    "Case",
    "decathlon_cases",
    "load_cases",
    "phantom_cases",
    "slice_size",
    "slice_spacing",
    "slices",
    "split_cases",
    "to_native",
]

PROSTATE_CLASSES = ("background", "PZ", "TZ", "AFS", "DPU")
PHANTOM_CASES = 24


@dataclass(frozen=True, eq=False)
class Case:
    """An image and its label map on one grid.

    Attributes:
        image: (X, Y, Z) float32.
        label: (X, Y, Z) uint8, the class of each voxel.
        affine: (4, 4) float64, voxel index to RAS+ mm.
        id: name of the case, unique in its data set.
        patient: whose scan it is; a split never divides a patient.
        class_names: one per class, "background" first.

    Raises:
        ValueError: image and label differ in shape; the image is no volume, holds NaN or infinity
            or is constant; the label is not whole-numbered or names a class that does not exist.
    """

    image: np.ndarray
    label: np.ndarray
    affine: np.ndarray
    id: str
    patient: str
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        name = f"case {self.id}"
        image, label = np.asarray(self.image), np.asarray(self.label)
        names = tuple(self.class_names)
        if not 2 <= len(names) <= 256:
            raise ValueError(f"{name} needs 2 to 256 class names, not {len(names)}")
        if image.ndim != 3 or image.size == 0:
            raise ValueError(
                f"{name}: the image must be of shape (X, Y, Z), but it is {image.shape}"
            )
        if label.shape != image.shape:
            raise ValueError(
                f"{name}: the label has the shape {label.shape}, but the image {image.shape}; "
                f"both must lie on one grid"
            )
        check_real(image, f"{name}: the image")
        check_real(label, f"{name}: the label")
        with np.errstate(over="ignore"):
            image = image.astype(np.float32)
        check_real(image, f"{name}: the image as float32")
        if image.min() == image.max():
            raise ValueError(
                f"{name}: the image is constant ({image.flat[0]:g} in every voxel), "
                f"so nothing can be seen in it; check the file"
            )
        values = np.unique(label)
        outside = [value for value in values.tolist() if value not in range(len(names))]
        if outside:
            raise ValueError(
                f"{name}: the label holds {_listed(f'{value:g}' for value in outside[:5])}, but "
                f"its classes are 0 to {len(names) - 1} ({', '.join(names)})"
            )
        try:
            affine = checked_affine(self.affine)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        object.__setattr__(self, "image", image)
        object.__setattr__(self, "label", label.astype(np.uint8))
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "class_names", names)

    @classmethod
    def from_volumes(
        cls, image: Volume, label: Volume, id: str, patient: str, class_names: Sequence[str]
    ) -> "Case":
        """A case of an image and a label volume.

        Raises:
            ValueError: as `Case`; or the label lies elsewhere in the patient than the image, by
                more than a tenth of a voxel at any corner.
        """
        if image.shape == label.shape:
            apart = _largest_offset(image, label)
            if apart > 0.1 * min(image.spacing):
                raise ValueError(
                    f"case {id}: the label lies up to {apart:.2f} mm away from the image, as their "
                    f"affines differ; both must lie on one grid: check the headers, or resample "
                    f"the label"
                )
        return cls(image.array, label.array, image.affine, id, patient, tuple(class_names))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxels along each axis."""
        return spacing_of(self.affine)


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
        data: "phantom", or a folder in the layout of the Medical Segmentation Decathlon.
        count: how many; None means 24 phantoms, or all cases of the folder.
        seed, scanner: of the phantoms.
        channel: of a folder's 4D images.
        progress: whether to show a progress bar.

    Raises:
        ValueError: there is no such folder, or what is in it is not as it should be.
    """
    if str(data) == "phantom":
        number = PHANTOM_CASES if count is None else count
        return phantom_cases(number, seed=seed, scanner=scanner, progress=progress)
    return decathlon_cases(data, channel=channel, count=count, progress=progress)


def phantom_cases(
    count: int, seed: int = 0, scanner: str = "A", *, progress: bool = True
) -> list[Case]:
    """Prostate phantoms: case i of a seed is phantom number 10 000 · seed + i.

    So cases of two seeds are different patients, and the same number seen by another scanner is
    the same patient.

    Raises:
        ValueError: the count is not in 1..10 000, the seed is negative, or there is no such
            scanner.
    """
    from medseg import phantom

    if not 1 <= count <= 10_000:
        raise ValueError(f"the number of phantoms must be 1 to 10000, not {count}")
    if seed < 0:
        raise ValueError(f"the seed must be 0 or more, not {seed}")
    numbers = range(10_000 * seed, 10_000 * seed + count)
    cases = []
    # numpy lets go of the interpreter, so threads render side by side
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))
    try:
        rendered = pool.map(lambda number: phantom.volumes(number, scanner=scanner), numbers)
        pairs = _progress(rendered, "phantoms", progress, total=count)
        for number, (image, label) in zip(numbers, pairs, strict=True):
            patient = f"phantom_{number:04d}"
            name = f"{patient}_{scanner}"
            cases.append(Case.from_volumes(image, label, name, patient, PROSTATE_CLASSES))
    finally:
        pool.shutdown(cancel_futures=True)
    return cases


def decathlon_cases(
    folder: str | os.PathLike[str],
    channel: int = 0,
    *,
    count: int | None = None,
    progress: bool = True,
) -> list[Case]:
    """The labelled cases of a folder in the layout of the Medical Segmentation Decathlon.

    `dataset.json` names the classes ("labels"), the channels ("modality") and the pairs of image
    and label file ("training"). An entry may name its "patient"; otherwise each case is a patient
    of its own. Where PZ and TZ are among the classes, a case without one of them is left out with
    a printed sentence, as its expert did not tell the zones apart.

    Args:
        folder: which holds `dataset.json`.
        channel: which to take where `dataset.json` lists several; there, images are (X, Y, Z, C).
        count: how many entries to read, from the first; None for all.
        progress: whether to show a progress bar.

    Raises:
        ValueError: the folder, `dataset.json` or a file is missing or not as it should be; no
            case is left.
    """
    from tqdm import tqdm

    folder = Path(folder)
    if count is not None and count < 1:
        raise ValueError(f"the number of cases must be at least 1, not {count}")
    description = _read_description(folder)
    class_names = _class_names(description.get("labels"), folder)
    modality = description.get("modality") or {"0": "image"}
    if not 0 <= channel < len(modality):
        raise ValueError(
            f"there is no channel {channel} in {folder}: its dataset.json lists {len(modality)}"
        )
    entries = description.get("training")
    if not isinstance(entries, list) or not entries:
        raise ValueError(
            f'{folder / "dataset.json"} lists no cases; its "training" must be a list of '
            f'{{"image": …, "label": …}}'
        )

    zones = ("PZ", "TZ") if {"PZ", "TZ"} <= set(class_names) else ()
    cases = []
    for entry in _progress(entries[:count], folder.name, progress):
        case = _decathlon_case(folder, entry, class_names, channel if len(modality) > 1 else None)
        missing = [zone for zone in zones if not (case.label == class_names.index(zone)).any()]
        if missing:
            # print would write into the progress bar
            tqdm.write(f"{case.id} is left out: a case without class {_listed(missing)}.")
        else:
            cases.append(case)
    if not cases:
        raise ValueError(f"no case of {folder} can be used; the lines above say why")
    return cases


def split_cases(
    cases: Sequence[Case], fractions: Sequence[float], seed: int = 0
) -> list[list[Case]]:
    """Divide cases by patient: one list of cases per fraction, no patient in two of them.

    Args:
        cases: of at least as many patients as there are fractions.
        fractions: of the patients, positive, summing to 1. Each part gets at least one patient.
        seed: which decides who goes where; the order of the cases does not.

    Raises:
        ValueError: the fractions are not as above, or there are too few patients.
    """
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.ndim != 1 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(f"the fractions must be positive and sum to 1, not {fractions}")
    patients = sorted({case.patient for case in cases})
    if len(patients) < len(shares):
        raise ValueError(
            f"{len(patients)} patient{'s' if len(patients) != 1 else ''} cannot be split into "
            f"{len(shares)} parts, as scans of one patient must stay together; "
            f"at least {len(shares)} patients are needed"
        )
    # whole patients by largest remainder, after one for each part
    spare = shares * len(patients)
    sizes = np.maximum(1, np.floor(spare)).astype(int)
    while sizes.sum() != len(patients):
        step = 1 if sizes.sum() < len(patients) else -1
        lack = np.where((step > 0) | (sizes > 1), step * (spare - sizes), -np.inf)
        sizes[np.argmax(lack)] += step
    order = np.random.default_rng(seed).permutation(len(patients))
    part_of = {
        patients[index]: part
        for part, chosen in enumerate(np.split(order, np.cumsum(sizes)[:-1]))
        for index in chosen
    }
    return [[case for case in cases if part_of[case.patient] == part] for part in range(len(sizes))]


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / "dataset.json"
    if not folder.is_dir():
        raise ValueError(
            f"there is no folder {folder}; give the folder of a data set, or 'phantom'"
        )
    if not any(folder.iterdir()):
        raise ValueError(f"the folder {folder} is empty; download the data set into it first")
    if not path.is_file():
        raise ValueError(
            f"{folder} holds no dataset.json; give the folder that does, or write one that lists "
            f'"labels" and "training"'
        )
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON ({error}); correct or replace it") from error
    if not isinstance(description, dict):
        raise ValueError(f"{path} must hold a JSON object, not a {type(description).__name__}")
    return description


def _class_names(labels: Any, folder: Path) -> tuple[str, ...]:
    """Names by class number from {"0": "background", …} or {"background": 0, …}."""
    try:
        pairs = {
            int(key) if str(key).isdigit() else int(value): value if str(key).isdigit() else key
            for key, value in labels.items()
        }
    except (AttributeError, TypeError, ValueError):
        pairs = {}
    if len(pairs) < 2 or sorted(pairs) != list(range(len(pairs))) or len(pairs) != len(labels):
        raise ValueError(
            f'the "labels" of {folder / "dataset.json"} must name the classes 0, 1, … without a '
            f'gap, as in {{"0": "background", "1": "PZ"}}, but they are {labels}'
        )
    return tuple(str(pairs[number]) for number in range(len(pairs)))


def _decathlon_case(
    folder: Path, entry: Any, class_names: tuple[str, ...], channel: int | None
) -> Case:
    try:
        files = {kind: folder / entry[kind] for kind in ("image", "label")}
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'an entry of "training" in {folder / "dataset.json"} must be '
            f'{{"image": …, "label": …}}, not {entry}'
        ) from error
    for kind, path in files.items():
        if not path.is_file():
            raise ValueError(
                f"the {kind} file {path} is missing, though dataset.json lists it; "
                f'put it back, or take its entry out of "training"'
            )
    name = files["image"].name.removesuffix(".gz").removesuffix(".nii")
    return Case.from_volumes(
        load_volume(files["image"], channel=channel),
        load_volume(files["label"]),
        name,
        str(entry.get("patient", name)),
        class_names,
    )


def _progress(
    items: Iterable[Any], what: str, shown: bool, total: int | None = None
) -> Iterable[Any]:
    from tqdm import tqdm

    return tqdm(
        items,
        desc=f"Reading {what}",
        unit="case",
        file=sys.stdout,
        disable=not shown,
        total=total,
    )


def _largest_offset(one: Volume, other: Volume) -> float:
    """Largest distance in mm between the places of a corner voxel in two volumes of one shape."""
    corners = np.array([(*corner, 1) for corner in product(*((0, n - 1) for n in one.shape))])
    return float(np.linalg.norm(corners @ (one.affine - other.affine).T, axis=1).max())


def _listed(names: Iterable[str]) -> str:
    """Words as in a sentence: one, one and two, one, two and three."""
    words = list(names)
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
