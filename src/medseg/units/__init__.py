"""What was handed out: the course's units, their names, and how their notebooks looked.

Everything that names a unit goes through here, so that "4", "04", "iou" and "04_iou" mean the same
unit everywhere, and a file name is read in one way.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from medseg.errors import InputError, did_you_mean

__all__ = ["find_unit", "notebook_name", "notebook_stem", "unit_names", "unit_of_file"]


@cache
def unit_names() -> list[str]:
    """The units that were handed out, in order."""
    names = (entry.name for entry in files("medseg").joinpath("units").iterdir())
    return sorted(name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl"))


def find_unit(name: object, units: Sequence[str] | None = None) -> str:
    """The full name of the unit meant by 4, "4", "04", "iou" or "04_iou".

    Args:
        name: what somebody wrote.
        units: full names to choose from; None for those that were handed out.

    Raises:
        InputError: none is meant, or several could be.

    >>> find_unit("iou"), find_unit(4)
    ('04_iou', '04_iou')
    """
    known = unit_names() if units is None else list(units)
    text = str(name).strip()
    short = text.lstrip("0") or "0"
    meant = [unit for unit in known if text == unit]
    meant = meant or [u for u in known if short == u.split("_", 1)[0].lstrip("0")]
    meant = meant or [u for u in known if text == notebook_stem(u)]
    if len(meant) == 1:
        return meant[0]
    guess = did_you_mean(text, known)
    raise InputError(f"There is no unit called {name!r}.{guess} There are: {', '.join(known)}.")


def notebook_stem(unit: str) -> str:
    """What a unit's notebook is called without its ending: `04_iou` has `iou`."""
    return unit.split("_", 1)[1]


def notebook_name(unit: str) -> str:
    """The file name of a unit's notebook.

    >>> notebook_name("04_iou")
    'iou.ipynb'
    """
    return notebook_stem(unit) + ".ipynb"


def unit_of_file(file: str | PurePath, units: Sequence[str] | None = None) -> str:
    """The unit whose notebook a file is called after, empty where there is none.

    Copies and names with something added are understood; the longest fitting name wins.

    >>> unit_of_file("IOU (1).ipynb"), unit_of_file("my_iou_final.ipynb"), unit_of_file("a.ipynb")
    ('04_iou', '04_iou', '')
    """
    path = PurePath(file)
    if path.suffix.lower() != ".ipynb":
        return ""
    known = unit_names() if units is None else units
    stem = re.sub(r"[\s_-]+", "_", path.stem.casefold())
    stems = {unit: notebook_stem(unit) for unit in known}
    like = [u for u, s in stems.items() if re.search(rf"(?<![a-z]){re.escape(s)}(?![a-z])", stem)]
    return max(like, key=lambda unit: len(stems[unit]), default="")
