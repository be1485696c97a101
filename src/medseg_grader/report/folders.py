"""Folders of the report: no link in one is followed, and nothing stays in one from another time."""

from collections.abc import Collection
from pathlib import Path

from medseg.errors import InputError


def folder_in(root: Path, *names: str) -> Path:
    """A folder below `root`; a link that stands in its place is removed, never followed."""
    for name in names:
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            raise InputError(f"{name!r} cannot be the name of a student or unit.")
        root /= name
        if root.is_symlink():
            root.unlink()
        root.mkdir(parents=True, exist_ok=True)
    return root


def remove_others(folder: Path, names: Collection[str]) -> None:
    """Remove the files of a folder that are not among `names`: nobody should take an old one."""
    for path in folder.iterdir():
        if path.name not in names and (path.is_symlink() or path.is_file()):
            path.unlink()
