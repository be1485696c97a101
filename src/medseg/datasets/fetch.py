"""Fetch one archive and unpack it into one folder: whole and checked, or not at all."""

import errno
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from medseg.cases import keep_first
from medseg.cases.reading import tell
from medseg.datasets.resume import Resuming, progress_bar, size_of
from medseg.datasets.sources import DataSet
from medseg.datasets.unpack import unpack
from medseg.errors import InputError

RECORD = ".medseg-data.json"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_here(data_set: DataSet, root: Path, subset: int | None = None) -> bool:
    """Whether a data set was fetched before, and whole.

    Raises:
        InputError: its folder is taken by something else, by another number of cases, or what was
            fetched has been changed since.
    """
    folder = root / data_set.folder
    if not folder.is_dir() and not os.path.lexists(folder):
        return False
    if folder.is_dir() and not any(folder.iterdir()):
        return False
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        files, cases, checksum = record["files"], record["cases"], record["checksum"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} exists, but this command did not make it; move it away, or choose another "
            f"folder with --root"
        ) from error
    changed = [name for name, size in files.items() if size_of(folder / name) != size]
    if changed:
        raise InputError(
            f"in {folder}, {len(changed)} of {len(files)} files are missing or changed (such as "
            f"{changed[0]}); remove the folder, and start again"
        )
    wanted = subset or data_set.cases
    if checksum != data_set.checksum or cases != wanted:
        raise InputError(
            f"{folder} holds {cases} cases of {checksum}, not {wanted} of {data_set.checksum}; "
            f"remove it, or choose another folder with --root"
        )
    return True


def fetch(
    data_set: DataSet,
    root: Path,
    subset: int | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> Path:
    """Download, check and unpack a data set that is not here yet, and return its folder.

    Everything happens in a hidden folder beside the final one, which takes its name when all is
    done. What was downloaded when the work was cut off is used by the next call.

    Args:
        data_set: which.
        root: folder in which its folder is made.
        subset: how many labelled cases to keep, from the first; None for all.
        wait: is called with the seconds to wait before another attempt.

    Raises:
        InputError: the network, the archive or the disk do not allow it; one sentence says why.
    """
    work = root / f".{data_set.folder}.part"
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{root} cannot be written to ({error.strerror}); choose another folder with --root"
        ) from error
    try:
        folder = _fetch(data_set, root, work, subset, wait)
    except ConnectionError as error:
        raise InputError(str(error)) from error
    except ValueError:
        shutil.rmtree(work, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        if error.errno in FULL:
            raise InputError(
                f"the disk is full ({root}); up to {_needed(data_set) / 1e6:.0f} MB are needed: "
                f"make room, or choose another folder with --root"
            ) from error
        raise InputError(f"{root}: {error}; choose another folder with --root") from error
    shutil.rmtree(work, ignore_errors=True)
    return folder


def _fetch(
    data_set: DataSet,
    root: Path,
    work: Path,
    subset: int | None,
    wait: Callable[[float], object],
) -> Path:
    if shutil.disk_usage(root).free + _size_of_all(work) < _needed(data_set):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    archive = _download(data_set, work, wait)
    unpacked = work / "unpacked"
    # of a call that was killed
    shutil.rmtree(unpacked, ignore_errors=True)
    with progress_bar(f"Unpacking {archive.name}", None) as bar:
        unpack(archive, unpacked, data_set.unpacked, on_bytes=bar.update)
    inner = list(unpacked.iterdir())
    top = inner[0] if len(inner) == 1 and inner[0].is_dir() else unpacked
    if subset:
        keep_first(top, subset)
    files = {p.relative_to(top).as_posix(): size_of(p) for p in top.rglob("*") if p.is_file()}
    record = {
        "checksum": data_set.checksum,
        "cases": subset or data_set.cases,
        "files": files,
    }
    (top / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    folder = root / data_set.folder
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    top.rename(folder)
    return folder


def _download(data_set: DataSet, work: Path, wait: Callable[[float], object]) -> Path:
    """The archive, checked by pooch; a wrong one that was resumed is fetched once more."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    downloader = Resuming(work / "partial", data_set, wait)
    name = Path(urlsplit(data_set.url).path).name
    for path in work.iterdir():
        # what pooch leaves if it is killed
        if path.is_file() and path.name not in (name, "partial"):
            path.unlink()
    while True:
        resumed = downloader.partial.exists()
        try:
            return Path(
                pooch.retrieve(data_set.url, data_set.checksum, name, work, downloader=downloader)
            )
        except ValueError as error:
            downloader.partial.unlink(missing_ok=True)
            if not resumed:
                raise InputError(
                    f"what {data_set.url} sends is not the file that it should be: its size or "
                    f"checksum differs; nothing of it was kept; try again later, and look at "
                    f"{data_set.source}"
                ) from error
            tell("What was kept of an earlier download does not fit: starting from the beginning.")


def _needed(data_set: DataSet) -> int:
    return data_set.size + data_set.unpacked


def _size_of_all(folder: Path) -> int:
    return sum(size_of(path) for path in folder.iterdir())
