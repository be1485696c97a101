"""Real data sets: fetched, checked and unpacked by `data_download.py` and `medseg data`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from medseg.datasets.fetch import RECORD, fetch, is_here
from medseg.datasets.sources import DATA_SETS, DataSet
from medseg.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `medseg data`, for a parser of its own or of the whole command line."""
    parser.add_argument("name", nargs="?", metavar="NAME", help=" or ".join(DATA_SETS))
    parser.add_argument("--root", type=Path, default=Path("data"), help="default: data")
    parser.add_argument("--subset", type=int, metavar="N", help="keep the first N labelled cases")
    parser.add_argument("--list", action="store_true", help="what there is, and what is here")
    parser.add_argument("--yes", action="store_true", help="agree to size and licence; no question")


def main(
    arguments: Sequence[str] | None = None, data_sets: Mapping[str, DataSet] = DATA_SETS
) -> int:
    """The command line `data_download.py`: 0 if the data is there, 2 with a sentence if not."""
    parser = argparse.ArgumentParser(
        prog="data_download.py", description="Fetch a data set of real patients."
    )
    add_arguments(parser)
    try:
        return run(parser.parse_args(arguments), data_sets)
    except (ValueError, OSError) as error:
        print(f"data_download.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "Interrupted. The same command goes on from here.",
            file=sys.stderr,
        )
        return 130


def run(options: argparse.Namespace, data_sets: Mapping[str, DataSet] = DATA_SETS) -> int:
    """Do what the options ask; 0 if the data is there or was listed, 1 if the user declined.

    Raises:
        InputError: the options, the network, the archive or the disk do not allow it.
    """
    if options.list:
        _list(options.root, data_sets)
        return 0
    if options.name not in data_sets:
        asked = f"There is no data set {options.name!r}" if options.name else "Name a data set"
        raise InputError(f"{asked}; there are {' and '.join(data_sets)}.")
    data_set = data_sets[options.name]
    if options.subset is not None and not 1 <= options.subset <= data_set.cases:
        raise InputError(f"--subset must be 1 to {data_set.cases}, not {options.subset}.")
    folder = options.root / data_set.folder
    if is_here(data_set, options.root, options.subset):
        print(f"{folder} is there already; nothing to do.")
    else:
        _show(data_set, folder)
        if not (options.yes or _agreed()):
            print("Nothing was downloaded.")
            return 1
        fetch(data_set, options.root, options.subset)
        print(f"{folder} is ready: {options.subset or data_set.cases} labelled cases.")
    print(f"Labels: {data_set.labels}")
    print(f'In unit 07, set DATA = "{folder.resolve()}" (or: make real DATA={folder}).')
    return 0


def _list(root: Path, data_sets: Mapping[str, DataSet]) -> None:
    for name, data_set in data_sets.items():
        here = "here" if (root / data_set.folder / RECORD).is_file() else "not here"
        size = f"{data_set.size / 1e6:.0f} MB"
        print(f"{name:<10} {data_set.title}, {data_set.cases} labelled cases, {size}")
        print(f"{'':10} {data_set.licence}")
        print(f"{'':10} {here}: {root / data_set.folder}")


def _show(data_set: DataSet, folder: Path) -> None:
    print(data_set.title)
    print(f"  from     {data_set.url}")
    print(f"  to       {folder}")
    print(
        f"  size     {data_set.size / 1e6:.0f} MB, at most {data_set.unpacked / 1e6:.0f} unpacked"
    )
    print(f"  licence  {data_set.licence}")
    print(f"  see      {data_set.source}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal on which to ask whether you agree to size and licence; "
            "add --yes if you do"
        )
    try:
        return input("Download it under these terms? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
