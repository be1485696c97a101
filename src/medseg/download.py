"""Fetch one archive and unpack it into one folder: whole and checked, or not at all."""

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from medseg.cases.decathlon import read_description, training_entries
from medseg.cases.promise12 import promise12_images, segmentation_of
from medseg.cases.reading import tell
from medseg.unpacking import unpack

if TYPE_CHECKING:
    from medseg.real_data import DataSet

RECORD = ".medseg-data.json"
ATTEMPTS = 5
TIMEOUT = (10, 60)  # seconds to connect, and between two pieces
CHUNK = 1 << 16
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# of the answers 4xx, those that may be another one a moment later
PASSING = {408, 425, 429}


def is_here(data_set: "DataSet", root: Path, subset: int | None = None) -> bool:
    """Whether a data set was fetched before, and whole.

    Raises:
        ValueError: its folder is taken by something else, by another number of cases, or what was
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
        raise ValueError(
            f"{folder} exists, but this command did not make it; move it away, or choose another "
            f"folder with --root"
        ) from error
    changed = [name for name, size in files.items() if _size(folder / name) != size]
    if changed:
        raise ValueError(
            f"in {folder}, {len(changed)} of {len(files)} files are missing or changed (such as "
            f"{changed[0]}); remove the folder, and start again"
        )
    wanted = subset or data_set.cases
    if checksum != data_set.checksum or cases != wanted:
        raise ValueError(
            f"{folder} holds {cases} cases of {checksum}, not {wanted} of {data_set.checksum}; "
            f"remove it, or choose another folder with --root"
        )
    return True


def fetch(
    data_set: "DataSet",
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
        ValueError: the network, the archive or the disk do not allow it; one sentence says why.
    """
    work = root / f".{data_set.folder}.part"
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{root} cannot be written to ({error.strerror}); choose another folder with --root"
        ) from error
    try:
        folder = _fetch(data_set, root, work, subset, wait)
    except ConnectionError as error:
        raise ValueError(str(error)) from error
    except ValueError:
        shutil.rmtree(work, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        if error.errno in FULL:
            raise ValueError(
                f"the disk is full ({root}); up to {_needed(data_set) / 1e6:.0f} MB are needed: "
                f"make room, or choose another folder with --root"
            ) from error
        raise ValueError(f"{root}: {error}; choose another folder with --root") from error
    shutil.rmtree(work, ignore_errors=True)
    return folder


def _fetch(
    data_set: "DataSet",
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
    with _bar(f"Unpacking {archive.name}", None) as bar:
        unpack(archive, unpacked, data_set.unpacked, on_bytes=bar.update)
    inner = list(unpacked.iterdir())
    top = inner[0] if len(inner) == 1 and inner[0].is_dir() else unpacked
    if subset:
        _keep(top, subset)
    files = {p.relative_to(top).as_posix(): _size(p) for p in top.rglob("*") if p.is_file()}
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


def _keep(folder: Path, count: int) -> None:
    """Leave the first labelled cases of a folder, and remove the other files."""
    if (folder / "dataset.json").is_file():
        description = read_description(folder)
        entries = training_entries(description, folder)[:count]
        kept = {folder / entry[kind] for entry in entries for kind in ("image", "label")}
        kept.add(folder / "dataset.json")
        description |= {"training": entries, "numTraining": len(entries), "test": [], "numTest": 0}
        text = json.dumps(description, indent=1) + "\n"
        (folder / "dataset.json").write_text(text, encoding="utf-8")
    else:
        labelled = [p for p in promise12_images(folder) if segmentation_of(p).is_file()]
        pairs = [path for image in labelled[:count] for path in (image, segmentation_of(image))]
        kept = {path.with_suffix(suffix) for path in pairs for suffix in (".mhd", ".raw", ".zraw")}
    for path in folder.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def _download(data_set: "DataSet", work: Path, wait: Callable[[float], object]) -> Path:
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
                raise ValueError(
                    f"what {data_set.url} sends is not the file that it should be: its size or "
                    f"checksum differs; nothing of it was kept; try again later, and look at "
                    f"{data_set.source}"
                ) from error
            tell("What was kept of an earlier download does not fit: starting from the beginning.")


class Resuming:
    """A downloader for pooch: tries again with growing pauses, and goes on where it stopped."""

    def __init__(
        self, partial: Path, data_set: "DataSet", wait: Callable[[float], object] = time.sleep
    ) -> None:
        self.partial = partial
        self.data_set = data_set
        self.wait = wait

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download into `partial`, and give it the name `output_file` once it is complete."""
        for attempt in range(ATTEMPTS):
            try:
                self._go_on(url)
                break
            except OSError as error:
                # requests' errors have no errno; those of the disk do
                if error.errno is not None:
                    raise
                self._give_up_or_wait(error, attempt)
        os.replace(self.partial, output_file)

    def _go_on(self, url: str) -> None:
        from pooch import HTTPDownloader

        size = self.data_set.size
        have = _size(self.partial)
        if have == size:
            return
        headers = {"Accept-Encoding": "identity"}
        if 0 < have < size:
            headers["Range"] = f"bytes={have}-"
        with (
            self.partial.open("ab") as file,
            _bar(f"Downloading {self.data_set.folder}", size) as bar,
        ):
            sink = _Sink(file, size, bar)
            hooks = {"response": sink.answered}
            load = HTTPDownloader(chunk_size=CHUNK, timeout=TIMEOUT, headers=headers, hooks=hooks)
            load(url, sink, None)
        if _size(self.partial) < size:
            raise ConnectionError("the transfer was cut off")

    def _give_up_or_wait(self, error: OSError, attempt: int) -> None:
        status = getattr(getattr(error, "response", None), "status_code", 0)
        if 400 <= status < 500 and status not in PASSING:
            raise ConnectionError(
                f"{self.data_set.url} answered {status}: the file is not there (any more); see "
                f"{self.data_set.source}"
            ) from error
        host = urlsplit(self.data_set.url).netloc
        what = f"answered {status}" if status else "cannot be reached, or broke off"
        if attempt == ATTEMPTS - 1:
            raise ConnectionError(
                f"{host} {what}, {ATTEMPTS} times; check the network, and start the same command "
                f"again: it goes on from here"
            ) from error
        pause = 2.0**attempt
        tell(f"{host} {what}; trying again in {pause:.0f} s.")
        self.wait(pause)


class _Sink:
    """The file that pooch writes to: takes no more than the size that is known."""

    def __init__(self, file: IO[bytes], size: int, bar: Any) -> None:
        self.file = file
        self.size = size
        self.bar = bar
        self.bar.update(file.tell())

    def answered(self, response: Any, **_: Any) -> None:
        """Called by requests with each answer, before its content."""
        length = response.headers.get("Content-Length")
        if response.status_code == 200:
            # the whole file, asked for or not
            self.file.truncate(0)
            self.bar.reset()
            self._check(int(length or self.size))
        elif response.status_code == 206:
            expected = f"bytes {self.file.tell()}-"
            if not response.headers.get("Content-Range", "").startswith(expected):
                raise ValueError("the server sent another part than the one asked for")

    def write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.bar.update(len(piece))
        if self.file.tell() > self.size:
            raise ValueError("the server sent more than the file has")

    def flush(self) -> None:
        self.file.flush()

    def _check(self, length: int) -> None:
        if length != self.size:
            raise ValueError(f"the server sent {length} bytes, not {self.size}")


def _bar(what: str, total: int | None) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit="B", unit_scale=True, file=sys.stdout)


def _needed(data_set: "DataSet") -> int:
    return data_set.size + data_set.unpacked


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _size_of_all(folder: Path) -> int:
    return sum(_size(path) for path in folder.iterdir())
