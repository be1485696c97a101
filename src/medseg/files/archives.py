"""What lies in a folder, a zip or a tar that others filled: named and sized, never followed.

Nothing is unpacked here. A link, a device, a path that leads out of its folder is an entry with a
kind of its own, so that it can be reported; only regular files can be read, up to a size.
"""

import os
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from medseg.errors import InputError, note

FILE, FOLDER, LINK, OTHER, ESCAPE = "file", "folder", "link", "other", "escape"
# What is odd about an entry of each kind, as the end of a sentence.
ODD = {
    LINK: "a link",
    OTHER: "neither file nor folder",
    ESCAPE: "a path that climbs out of the archive",
}
CLOSED = "a folder that cannot be read"
DEEPEST = 8
_CHUNK = 2**20


@dataclass(frozen=True)
class Entry:
    """One thing in a folder, zip or tar.

    Attributes:
        path: where it lies, relative to the folder or the archive's root, as it can be shown and
            written down.
        kind: FILE, FOLDER, LINK, OTHER (a device, an encrypted member, …) or ESCAPE (a member of
            an archive whose path leads out of it).
        size: of a file, in bytes.
        container: the folder or the archive that holds it.
        member: its name in there.
        odd: why it is neither file nor folder, as the end of a sentence; empty for both.
    """

    path: PurePosixPath
    kind: str
    size: int
    container: Path
    member: str
    odd: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.name

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes, piece by piece; OSError if it cannot be read, or is no file by now."""
        if self.kind != FILE:
            raise OSError(f"{self.path} is no regular file")
        if self.container.is_dir():
            yield from self._chunks_of_file()
        else:
            yield from self._chunks_of_member()

    def read(self) -> bytes:
        """The file's bytes, never more than the size that was found when it was listed."""
        content = bytearray()
        for chunk in self.chunks():
            content += chunk
            if len(content) > self.size:
                raise OSError(f"{self.path} is larger than its folder says")
        return bytes(content)

    def _chunks_of_file(self) -> Iterator[bytes]:
        # Not a link and not a pipe, even if it has become one since it was listed.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(self.container / self.member, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"{self.path} is no regular file")
            while chunk := file.read(_CHUNK):
                yield chunk

    def _chunks_of_member(self) -> Iterator[bytes]:
        try:
            with zipfile.ZipFile(self.container) as archive, archive.open(self.member) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, KeyError) as error:
            raise OSError(f"{self.path} cannot be unpacked: {error}") from error
        except zipfile.zlib.error as error:  # type: ignore[attr-defined]
            raise OSError(f"{self.path} cannot be unpacked: {error}") from error


def entries(container: Path) -> list[Entry]:
    """All that lies in a folder or a zip file, sorted by path.

    Raises InputError, with one sentence, for anything else.
    """
    if container.is_dir():
        found = list(_walk(container, "", 0))
    elif container.is_file() and zipfile.is_zipfile(container):
        try:
            with zipfile.ZipFile(container) as archive:
                found = [zip_entry(container, info) for info in archive.infolist()]
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
            raise InputError(f"{container} is no whole zip file ({error}).") from error
    elif container.exists():
        raise InputError(f"{container} is neither a folder nor a zip file.")
    else:
        raise InputError(f"There is no {container}.")
    return sorted(found, key=lambda entry: entry.path)


def _walk(root: Path, below: str, depth: int) -> Iterator[Entry]:
    """What lies in a folder within `root`; one that cannot be read costs only itself."""
    try:
        with os.scandir(root / below) as listing:
            items = list(listing)
    except OSError as error:
        if not below:
            raise InputError(f"{root} cannot be read: {error.strerror}.") from error
        note(error)
        yield Entry(PurePosixPath(_shown(below)), OTHER, 0, root, below, CLOSED)
        return
    for item in items:
        member = os.path.join(below, item.name)
        kind = _kind(item)
        size = item.stat(follow_symlinks=False).st_size if kind == FILE else 0
        yield Entry(PurePosixPath(_shown(member)), kind, size, root, member, ODD.get(kind, ""))
        if kind == FOLDER and depth < DEEPEST:
            yield from _walk(root, member, depth + 1)


def _shown(name: str) -> str:
    """A name that any file and any terminal can take: a file system's may be any bytes."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join("_" if unicodedata.category(c) == "Cc" else c for c in text)


def _kind(item: os.DirEntry) -> str:
    if item.is_symlink():
        return LINK
    if item.is_dir(follow_symlinks=False):
        return FOLDER
    return FILE if item.is_file(follow_symlinks=False) else OTHER


def zip_entry(container: Path, info: zipfile.ZipInfo) -> Entry:
    """A member of a zip file."""
    path, escape = _path_of(_text(info))
    mode = info.external_attr >> 16
    if escape or not path.parts:
        kind, odd = ESCAPE, escape
    elif stat.S_ISLNK(mode):
        kind, odd = LINK, ODD[LINK]
    elif info.is_dir():
        kind, odd = FOLDER, ""
    elif info.flag_bits & 1:
        kind, odd = OTHER, "an encrypted file"
    elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        kind, odd = OTHER, ODD[OTHER]
    else:
        kind, odd = FILE, ""
    return Entry(path, kind, info.file_size, container, info.filename, odd)


def tar_entry(container: Path, info: tarfile.TarInfo) -> Entry:
    """A member of a tar file; Python's own filter for data (PEP 706) has the first word."""
    path, escape = _path_of(info.name)
    kind, odd = (FOLDER if info.isdir() else FILE), ""
    if info.issym() or info.islnk():
        kind, odd = LINK, f"a link to {info.linkname!r}"
    elif escape:
        kind, odd = ESCAPE, escape
    elif not (info.isreg() or info.isdir()) or _filtered(info):
        kind, odd = OTHER, ODD[OTHER]
    elif info.issparse():
        kind, odd = OTHER, "a file with holes"
    return Entry(path, kind, info.size, container, info.name, odd)


def _filtered(info: tarfile.TarInfo) -> bool:
    """Whether Python's filter refuses a member; 3.11.0 to 3.11.3 have none, and ours must do."""
    if not hasattr(tarfile, "data_filter"):
        return False
    try:
        return tarfile.data_filter(info, os.curdir) is None
    except tarfile.FilterError:
        return True


def _path_of(member: str) -> tuple[PurePosixPath, str]:
    """A member's path as it can be shown, and how it leads out of its archive, if it does."""
    path = PurePosixPath(_shown(member).replace("\\", "/"))
    drive = bool(path.parts) and path.parts[0][1:2] == ":"
    if path.is_absolute() or drive:
        return path, "an absolute path"
    if ".." in path.parts:
        return path, ODD[ESCAPE]
    return path, ""


def _text(info: zipfile.ZipInfo) -> str:
    """A member's name; programs that write UTF-8 without saying so are believed."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename
