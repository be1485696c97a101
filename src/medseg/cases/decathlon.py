"""Cases from a folder in the layout of the Medical Segmentation Decathlon."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from medseg.cases.case import Case
from medseg.cases.reading import ids, listed, read_all, tell
from medseg.errors import InputError, printable
from medseg.volumes import load_volume
from medseg.zones import PROSTATE_CLASSES, ZONE_OF_NAME


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
    of its own. Where all classes are zones of the prostate, they are put into the order of
    `PROSTATE_CLASSES`, with a printed sentence if that changes their numbers. Where PZ and TZ are
    among the classes, a case without one of them is left out with a printed sentence, as its
    expert did not tell the zones apart.

    Args:
        folder: which holds `dataset.json`.
        channel: which to take where `dataset.json` lists several; there, images are (X, Y, Z, C).
        count: how many usable cases at most, from the first; None for all.
        progress: whether to show a progress bar.

    Raises:
        InputError: the folder, `dataset.json` or a file is missing or not as it should be; no
            case is left.
    """
    folder = Path(folder)
    description = read_description(folder)
    given = _class_names(description.get("labels"), folder)
    class_names, numbers = _as_in_the_course(given)
    if class_names != given:
        tell(
            f"{folder.name} counts {_numbered(given)}; "
            f"the labels were mapped onto the course's {_numbered(class_names)}."
        )
    channels = _number_of_channels(description.get("modality"), folder)
    if not 0 <= channel < channels:
        raise InputError(
            f"there is no channel {channel} in {folder}: its dataset.json lists {channels}"
        )
    entries = [_entry(entry, folder) for entry in training_entries(description, folder)]
    names = ids([image for image, _, _ in entries])

    def usable() -> Iterator[Case]:
        zones = [name for name in ("PZ", "TZ") if {"PZ", "TZ"} <= set(class_names)]
        for (image, label, patient), name in zip(entries, names, strict=True):
            for kind, path in (("image", folder / image), ("label", folder / label)):
                if not path.is_file():
                    raise InputError(
                        f"the {kind} file {printable(str(path))} is missing, though dataset.json "
                        f'lists it; put it back, or take its entry out of "training"'
                    )
            case = Case.from_volumes(
                load_volume(folder / image, channel=channel if channels > 1 else None),
                load_volume(folder / label),
                name,
                patient or name,
                given,
            )
            if class_names != given:
                case = replace(case, label=numbers[case.label], class_names=class_names)
            missing = [zone for zone in zones if not (case.label == class_names.index(zone)).any()]
            if missing:
                tell(f"{case.id} is left out: a case without class {listed(missing)}.")
            else:
                yield case

    return read_all(usable(), len(entries), folder, count, progress)


def read_description(folder: Path) -> dict[str, Any]:
    """The content of a folder's `dataset.json`; InputError if there is none or it is broken."""
    path = folder / "dataset.json"
    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder}; give the folder of a data set, or 'phantom'"
        )
    if not any(folder.iterdir()):
        raise InputError(f"the folder {folder} is empty; download the data set into it first")
    if not path.is_file():
        raise InputError(
            f"{folder} holds no dataset.json and no CaseNN.mhd; give the folder that does"
            f"{_better_folder(folder)}, or write a dataset.json that lists "
            f'"labels" and "training"'
        )
    try:
        # as bytes: json knows UTF-16 and the byte order marks that Windows writes
        description = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"{path} is not valid JSON ({error}); correct or replace it") from error
    if not isinstance(description, dict):
        raise InputError(f"{path} must hold a JSON object, not a {type(description).__name__}")
    return description


def _better_folder(folder: Path) -> str:
    inner = sorted(path.parent.name for path in folder.glob("*/dataset.json"))
    return f" (such as {folder / inner[0]})" if inner else ""


def training_entries(description: dict[str, Any], folder: Path) -> list[Any]:
    """The entries of "training", without those of the small files that macOS leaves behind."""
    entries = description.get("training")
    if not isinstance(entries, list) or not entries:
        raise InputError(
            f'{folder / "dataset.json"} lists no cases; its "training" must be a list of '
            f'{{"image": …, "label": …}}'
        )
    own = [entry for entry in entries if not _left_by_macos(entry)]
    if not own:
        raise InputError(
            f"{folder / 'dataset.json'} lists only files that macOS leaves beside others, as "
            f"{entries[0]['image']!r}; list the scans themselves, whose names do not begin with ._"
        )
    return own


def _left_by_macos(entry: Any) -> bool:
    image = entry.get("image") if isinstance(entry, dict) else None
    return isinstance(image, str) and _path(image).name.startswith("._")


def _path(text: str) -> PurePosixPath:
    """A path as dataset.json has it, also where Windows has written it."""
    return PurePosixPath(text.replace("\\", "/"))


def _number_of_channels(modality: Any, folder: Path) -> int:
    """From {"0": "T2", "1": "ADC"} or ["T2", "ADC"]; 1 where nothing is said."""
    if modality is None or modality in ({}, []):
        return 1
    if not isinstance(modality, dict | list):
        raise InputError(
            f'the "modality" of {folder / "dataset.json"} must name the channels, as in '
            f'{{"0": "T2"}}, but it is {modality!r}'
        )
    return len(modality)


def _as_in_the_course(given: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Class names in the course's order, and the new number of each old one."""
    zones = [ZONE_OF_NAME.get(name.strip().casefold()) for name in given[1:]]
    if None in zones or len(set(zones)) < len(zones):
        return given, np.arange(len(given))
    ordered = (PROSTATE_CLASSES[0], *(zone for zone in PROSTATE_CLASSES[1:] if zone in zones))
    numbers = [0, *(ordered.index(str(zone)) for zone in zones)]
    return ordered, np.array(numbers, dtype=np.uint8)


def _numbered(class_names: tuple[str, ...]) -> str:
    return listed(f"{number} {name}" for number, name in enumerate(class_names) if number)


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
        raise InputError(
            f'the "labels" of {folder / "dataset.json"} must name the classes 0, 1, … without a '
            f'gap, as in {{"0": "background", "1": "PZ"}}, but they are {labels!r}'
        )
    return tuple(str(pairs[number]) for number in range(len(pairs)))


def _entry(entry: Any, folder: Path) -> tuple[PurePosixPath, PurePosixPath, str]:
    """Image and label of an entry of "training", and whose they are, empty if it does not say."""
    try:
        image, label = _path(entry["image"]), _path(entry["label"])
        patient = entry.get("patient")
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(
            f'an entry of "training" in {folder / "dataset.json"} must be '
            f'{{"image": …, "label": …}}, not {entry!r}'
        ) from error
    return image, label, "" if patient is None else str(patient)


def keep_first_decathlon(folder: Path, count: int) -> set[Path]:
    """Shorten a folder's `dataset.json` to its first labelled cases; the files that it then names.

    Raises:
        InputError: there is no `dataset.json`, or it is broken.
    """
    description = read_description(folder)
    entries = training_entries(description, folder)[:count]
    description |= {"training": entries, "numTraining": len(entries), "test": [], "numTest": 0}
    text = json.dumps(description, indent=1) + "\n"
    (folder / "dataset.json").write_text(text, encoding="utf-8")
    named = {folder / _path(entry[kind]) for entry in entries for kind in ("image", "label")}
    return named | {folder / "dataset.json"}
