"""Folders for sockets and the like that are gone after a run, also after one that was killed.

They lie in one folder a user. Their owner holds a lock on a file beside each. The operating system
takes the lock away when the owner ends, however it ends, so a folder whose lock is free has lost
its owner: whoever makes the next folder removes it.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# so that the path of a socket, which has at most 107 characters, finds room below
_LONGEST = 60


class Scratch:
    """A new, empty folder of this process's own, until `close`."""

    def __init__(self) -> None:
        """Make it, and remove those whose owner has ended. Raises OSError."""
        base = base_folder()
        with open(base / ".lock", "w") as file:
            # nobody sweeps between the making of a folder and the taking of its lock
            _lock(file, wait=True)
            _sweep(base)
            self.folder = Path(tempfile.mkdtemp(dir=base))
            self._held = open(_lock_file(self.folder), "w")  # noqa: SIM115
            _lock(self._held)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._held.close()
        _lock_file(self.folder).unlink(missing_ok=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A `Scratch` for as long as the context lasts."""
    scratch = Scratch()
    try:
        yield scratch.folder
    finally:
        scratch.close()


def base_folder() -> Path:
    """The folder that holds all scratch folders of this user; made if there is none.

    Raises OSError where something of that name belongs to somebody else.
    """
    place = tempfile.gettempdir()
    place = place if len(place) <= _LONGEST else "/tmp"
    user = os.getuid() if hasattr(os, "getuid") else "user"
    base = Path(place, f"medseg-{user}")
    base.mkdir(mode=0o700, exist_ok=True)
    found = base.lstat()
    if hasattr(os, "getuid") and (
        not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o077
    ):
        raise OSError(f"{base} is no folder of yours alone: remove it and try again.")
    return base


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _lock(file: IO[str], wait: bool = False) -> bool:
    """Whether the lock could be had; on Windows there is none, and nothing is ever swept."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _sweep(base: Path) -> None:
    for path in base.glob("*.lock"):
        if path.name == ".lock":
            continue
        try:
            with open(path, "r+") as file:
                if _lock(file):
                    shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                    path.unlink(missing_ok=True)
        except FileNotFoundError:  # its owner was just closing it
            continue
