"""Real data sets: fetched, checked and unpacked by `data_download.py` and `medseg data`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is here.

    Attributes:
        title, source: in words, and the page that describes it.
        url: of the one archive.
        size: of the archive in bytes.
        checksum: of the archive, "sha256:…" or "md5:…".
        unpacked: bytes that its files take at most.
        cases: how many with an expert's labels.
        folder: which it becomes below the root.
        licence: under which it may be used.
        labels: how its labels relate to the course's.
    """

    title: str
    source: str
    url: str
    size: int
    checksum: str
    unpacked: int
    cases: int
    folder: str
    licence: str
    labels: str


DATA_SETS = {
    "task05": DataSet(
        title="Medical Segmentation Decathlon, Task05 Prostate",
        source="http://medicaldecathlon.com",
        url="https://msd-for-monai.s3-us-west-2.amazonaws.com/Task05_Prostate.tar",
        size=239_839_232,
        checksum="sha256:8cbbd7147691109b880ff8774eb6ab26704b1be0935482e7996a36a4ed31ec79",
        unpacked=500_000_000,
        cases=32,
        folder="Task05_Prostate",
        licence="CC BY-SA 4.0: name the source, and share what you make of it under the same terms",
        labels="1 PZ and 2 TZ, as in the course; AFS and DPU are not marked. Cases prostate_18 "
        "and prostate_32 carry label 1 only and will be left out when the data is read.",
    ),
    "promise12": DataSet(
        title="PROMISE12 challenge, training data",
        source="https://zenodo.org/records/8026660",
        url="https://zenodo.org/records/8026660/files/training_data.zip",
        size=323_664_221,
        checksum="md5:f6d23994117c989daf07e5291edd0aea",
        unpacked=2_000_000_000,
        cases=50,
        folder="promise12",
        licence="the terms on its page; read them there before you use the data",
        labels="1 is the whole prostate, not the course's PZ: there are no zones. "
        "Reading its .mhd files needs SimpleITK (pip install simpleitk).",
    ),
}


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
        ValueError: the options, the network, the archive or the disk do not allow it.
    """
    from medseg.download import RECORD, fetch, is_here

    if options.list:
        for name, data_set in data_sets.items():
            here = "here" if (options.root / data_set.folder / RECORD).is_file() else "not here"
            size = f"{data_set.size / 1e6:.0f} MB"
            print(f"{name:<10} {data_set.title}, {data_set.cases} labelled cases, {size}")
            print(f"{'':10} {data_set.licence}")
            print(f"{'':10} {here}: {options.root / data_set.folder}")
        return 0
    if options.name not in data_sets:
        asked = f"There is no data set {options.name!r}" if options.name else "Name a data set"
        raise ValueError(f"{asked}; there are {' and '.join(data_sets)}.")
    data_set = data_sets[options.name]
    if options.subset is not None and not 1 <= options.subset <= data_set.cases:
        raise ValueError(f"--subset must be 1 to {data_set.cases}, not {options.subset}.")
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
        raise ValueError(
            "there is no terminal on which to ask whether you agree to size and licence; "
            "add --yes if you do"
        )
    try:
        return input("Download it under these terms? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
