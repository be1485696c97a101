"""A downloader for pooch that goes on where it stopped, and tries again with growing pauses."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from medseg.cases.reading import tell
from medseg.datasets.sources import DataSet
from medseg.errors import InputError

ATTEMPTS = 5
TIMEOUT = (10, 60)  # seconds to connect, and between two pieces
CHUNK = 1 << 16
# of the answers 4xx, those that may be another one a moment later
PASSING = {408, 425, 429}


class Resuming:
    """A downloader for pooch: tries again with growing pauses, and goes on where it stopped."""

    def __init__(
        self, partial: Path, data_set: DataSet, wait: Callable[[float], object] = time.sleep
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
        have = size_of(self.partial)
        if have == size:
            return
        headers = {"Accept-Encoding": "identity"}
        if 0 < have < size:
            headers["Range"] = f"bytes={have}-"
        with (
            self.partial.open("ab") as file,
            progress_bar(f"Downloading {self.data_set.folder}", size) as bar,
        ):
            limited = LimitedFile(file, size, bar)
            hooks = {"response": limited.answered}
            load = HTTPDownloader(chunk_size=CHUNK, timeout=TIMEOUT, headers=headers, hooks=hooks)
            load(url, limited, None)
        if size_of(self.partial) < size:
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


class LimitedFile:
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
                raise InputError("the server sent another part than the one asked for")

    def write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.bar.update(len(piece))
        if self.file.tell() > self.size:
            raise InputError("the server sent more than the file has")

    def flush(self) -> None:
        self.file.flush()

    def _check(self, length: int) -> None:
        if length != self.size:
            raise InputError(f"the server sent {length} bytes, not {self.size}")


def progress_bar(what: str, total: int | None) -> Any:
    """A bar of bytes in the terminal; without a total it only counts, in a pipe it is silent."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit="B", unit_scale=True, file=sys.stdout, disable=None)


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0
