"""Unpack an archive that came from a network, trusting nothing that it says of itself."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from medseg.errors import InputError
from medseg.files.archives import FOLDER, Entry, tar_entry, zip_entry

CHUNK = 1 << 20


def unpack(
    archive: Path,
    folder: Path,
    most_bytes: int,
    most_members: int = 10_000,
    on_bytes: Callable[[int], object] = lambda _: None,
) -> list[Path]:
    """Unpack a .zip or an uncompressed .tar into a folder that does not exist yet.

    All members are looked at before the first one is written. Only plain files and folders are
    taken, with the permissions that new files get here; what macOS adds beside the files of
    others (`._name`, `.DS_Store`, `__MACOSX`) is left out.

    Args:
        archive: the file.
        folder: which is made.
        most_bytes: that all members together may take.
        most_members: that there may be.
        on_bytes: is told the number of bytes of each piece that was written.

    Returns:
        the files that were written.

    Raises:
        InputError: the archive is damaged or no archive; it holds too much; a member is a link or
            a device, or would lie outside the folder, or two have one name.
        OSError: the folder exists or cannot be written to.
    """
    try:
        with _opened(archive) as opened:
            members = _checked(opened, archive, most_bytes, most_members)
            return _written(members, folder, on_bytes)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InputError(f"{archive.name} is damaged or no archive ({error})") from error


def _opened(archive: Path) -> tarfile.TarFile | zipfile.ZipFile:
    if zipfile.is_zipfile(archive):
        return zipfile.ZipFile(archive)
    # "r:" takes no compressed tar, whose members cannot be counted without unpacking it
    return tarfile.open(archive, "r:")


def _members(
    opened: tarfile.TarFile | zipfile.ZipFile, archive: Path
) -> Iterator[tuple[Entry, Callable[[], IO[bytes] | None]]]:
    """Each member and how to open it, in order, one by one: an archive may list without end."""
    if isinstance(opened, zipfile.ZipFile):
        for info in opened.infolist():
            yield zip_entry(archive, info), partial(opened.open, info)
    else:
        for member in opened:
            yield tar_entry(archive, member), partial(opened.extractfile, member)


def _checked(
    opened: tarfile.TarFile | zipfile.ZipFile, archive: Path, most_bytes: int, most_members: int
) -> list[tuple[Entry, Callable[[], IO[bytes] | None]]]:
    members = []
    names: set[str] = set()
    total, name = 0, archive.name
    for count, (entry, opener) in enumerate(_members(opened, archive), start=1):
        total += entry.size
        if count > most_members:
            raise InputError(f"{name} holds more than {most_members} files, so it is not unpacked")
        if total > most_bytes:
            raise InputError(
                f"{name} would take more than {most_bytes / 1e6:.0f} MB when unpacked, "
                f"which is more than its data set has, so it is not unpacked"
            )
        oddity = entry.odd or _odd_name(entry.member)
        if oddity:
            raise InputError(f"{name} holds {entry.member!r}, {oddity}, so it is not unpacked")
        parts = entry.path.parts
        if not parts or _left_by_macos(parts):
            continue
        # some file systems hold a.nii and A.nii to be one file
        key = "/".join(parts).casefold()
        if key in names and entry.kind != FOLDER:
            raise InputError(f"{name} holds {entry.member!r} twice, so it is not unpacked")
        names.add(key)
        members.append((entry, opener))
    return members


def _written(
    members: list[tuple[Entry, Callable[[], IO[bytes] | None]]],
    folder: Path,
    on_bytes: Callable[[int], object],
) -> list[Path]:
    folder.mkdir(parents=True)
    files = []
    for entry, opener in members:
        path = folder / entry.path
        if entry.kind == FOLDER:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        source = opener()
        if source is None:
            raise tarfile.ExtractError(f"{entry.member} cannot be read")
        with source, path.open("xb") as file:
            remaining = entry.size
            while piece := source.read(min(CHUNK, remaining)):
                file.write(piece)
                remaining -= len(piece)
                on_bytes(len(piece))
        if remaining:
            raise EOFError(f"{entry.member} is cut off")
        files.append(path)
    return files


def _left_by_macos(parts: tuple[str, ...]) -> bool:
    return "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _odd_name(name: str) -> str:
    """What a data set's file may not be called, as it shall be written on any system."""
    if "\\" in name or ":" in name or not name.isprintable():
        return "a name that not every system can write"
    return ""
