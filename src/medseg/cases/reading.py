"""What readers of cases share: a progress bar, and sentences beside it."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePath
from typing import TypeVar

from medseg.errors import InputError
from medseg.runtime import in_notebook

T = TypeVar("T")


def reading(items: Iterable[T], what: str, shown: bool, total: int) -> Iterable[T]:
    """The items, with a progress bar in the notebook or terminal while they are taken."""
    from tqdm import tqdm

    return tqdm(
        items,
        desc=f"Reading {what}",
        unit="case",
        file=sys.stdout,
        # None: nothing is left behind in a file or a pipe
        disable=not shown or (False if in_notebook() else None),
        total=total,
    )


def ids(paths: Sequence[PurePath]) -> list[str]:
    """A name for each image of a data set: that of its file, with its folders where names repeat.

    Raises:
        InputError: one file is listed twice.
    """
    names = [path.name.removesuffix(".gz").rsplit(".", 1)[0] for path in paths]
    repeated = {name for name, count in Counter(names).items() if count > 1}
    found = [
        path.with_name(name).as_posix() if name in repeated else name
        for path, name in zip(paths, names, strict=True)
    ]
    for name, count in Counter(found).items():
        if count > 1:
            raise InputError(
                f"the image {name} is listed {count} times; each case is listed once, or two "
                f"would be taken for one"
            )
    return found


def read_all(
    usable: Iterator[T], listed_in_all: int, folder: Path, count: int | None, progress: bool
) -> list[T]:
    """The cases that a reader finds usable in a folder, at most `count` of them.

    Raises:
        InputError: the count is below 1, or no case is left.
    """
    if count is not None and count < 1:
        raise InputError(f"the number of cases must be at least 1, not {count}")
    total = min(count or listed_in_all, listed_in_all)
    cases = list(reading(islice(usable, count), folder.name, progress, total))
    if not cases:
        raise InputError(f"no case of {folder} can be used; the lines above say why")
    return cases


def tell(sentence: str) -> None:
    """Print a line without breaking the bar, into which print would write."""
    from tqdm import tqdm

    tqdm.write(sentence)


def listed(names: Iterable[str]) -> str:
    """Words as in a sentence: one, one and two, one, two and three."""
    words = list(names)
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
