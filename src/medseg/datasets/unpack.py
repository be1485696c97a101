"""Unpack an archive that came from a network, trusting nothing that it says of itself."""

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

CHUNK = 1 << 20


@dataclass(frozen=True)
class _Member:
    """One entry: its name, its size in bytes, what is odd about it, and how to read it."""

    name: str
    size: int
    folder: bool
    odd: str
    open: Callable[[], IO[bytes]]


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
        ValueError: the archive is damaged or no archive; it holds too much; a member is a link or
            a device, or would lie outside the folder, or two have one name.
        OSError: the folder exists or cannot be written to.
    """
    try:
        with _opened(archive) as opened:
            members = _checked(opened, archive.name, most_bytes, most_members)
            return _written(members, folder, on_bytes)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ValueError(f"{archive.name} is damaged or no archive ({error})") from error


def _opened(archive: Path) -> tarfile.TarFile | zipfile.ZipFile:
    if zipfile.is_zipfile(archive):
        return zipfile.ZipFile(archive)
    # "r:" takes no compressed tar, whose members cannot be counted without unpacking it
    return tarfile.open(archive, "r:")


def _checked(
    opened: tarfile.TarFile | zipfile.ZipFile, name: str, most_bytes: int, most_members: int
) -> list[_Member]:
    members: list[_Member] = []
    names: set[str] = set()
    total = 0
    listing = _of_zip(opened) if isinstance(opened, zipfile.ZipFile) else _of_tar(opened)
    for count, member in enumerate(listing, start=1):
        total += member.size
        if count > most_members:
            raise ValueError(f"{name} holds more than {most_members} files, so it is not unpacked")
        if total > most_bytes:
            raise ValueError(
                f"{name} would take more than {most_bytes / 1e6:.0f} MB when unpacked, "
                f"which is more than its data set has, so it is not unpacked"
            )
        oddity = member.odd or _odd_name(member.name)
        if oddity:
            raise ValueError(f"{name} holds {member.name!r}, {oddity}, so it is not unpacked")
        parts = PurePosixPath(member.name).parts
        if not parts or _left_by_macos(parts):
            continue
        # some file systems hold a.nii and A.nii to be one file
        key = "/".join(parts).casefold()
        if key in names and not member.folder:
            raise ValueError(f"{name} holds {member.name!r} twice, so it is not unpacked")
        names.add(key)
        members.append(member)
    return members


def _written(members: list[_Member], folder: Path, on_bytes: Callable[[int], object]) -> list[Path]:
    folder.mkdir(parents=True)
    files = []
    for member in members:
        path = folder / member.name
        if member.folder:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source, path.open("xb") as file:
            left = member.size
            while piece := source.read(min(CHUNK, left)):
                file.write(piece)
                left -= len(piece)
                on_bytes(len(piece))
        if left:
            raise EOFError(f"{member.name} is cut off")
        files.append(path)
    return files


def _left_by_macos(parts: tuple[str, ...]) -> bool:
    return "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _odd_name(name: str) -> str:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.drive or windows.root:
        return "an absolute path"
    if ".." in posix.parts or ".." in windows.parts:
        return "a path that climbs out of the archive"
    if "\\" in name or ":" in name or not name.isprintable():
        return "a name that not every system can write"
    return ""


def _of_tar(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        odd = ""
        if info.issym() or info.islnk():
            odd = f"a link to {info.linkname!r}"
        elif info.issparse():
            odd = "a file with holes"
        elif not (info.isreg() or info.isdir()):
            odd = "neither file nor folder"
        yield _Member(info.name, info.size, info.isdir(), odd, partial(_tar_file, archive, info))


def _tar_file(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise tarfile.ExtractError(f"{info.name} cannot be read")
    return file


def _of_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        odd = ""
        if stat.S_ISLNK(mode):
            odd = "a link"
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            odd = "neither file nor folder"
        elif info.flag_bits & 1:
            odd = "an encrypted file"
        opener = partial(archive.open, info)
        yield _Member(info.filename, info.file_size, info.is_dir(), odd, opener)
