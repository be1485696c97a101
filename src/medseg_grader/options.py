"""The options of `medseg grade`."""

import argparse
from dataclasses import fields
from pathlib import Path

from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import Policy

_LIMITS = {
    "cell_seconds": "wall time of one cell",
    "notebook_seconds": "wall time of one notebook",
    "memory_mb": "memory of one submission",
    "processes": "processes and threads of one submission",
    "open_files": "open files of one process",
    "file_mb": "size of one file",
    "disk_mb": "all files of one submission",
    "output_mb": "output of one notebook",
    "threads": "threads of numpy and torch",
    "restarts": "new kernels for a notebook whose kernel dies",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of the command."""
    parser.add_argument(
        "submitted",
        type=Path,
        metavar="SUBMITTED",
        help="folder or zip: STUDENT/UNIT/NOTEBOOK, or an export of Moodle or Canvas",
    )
    parser.add_argument("--unit", help="one unit, as 04, iou or 04_iou; default: all")
    parser.add_argument("--student", metavar="ID", help="one student; default: all")
    parser.add_argument("--workers", type=_positive, metavar="N", help="default: one for each core")
    parser.add_argument("--force", action="store_true", help="grade again what is graded already")
    parser.add_argument("--json", type=Path, metavar="F", help="write a summary for machines")
    parser.add_argument(
        "--db", metavar="URL", help="gradebook; default: that of nbgrader_config.py"
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="run students' code without a sandbox, with all your rights",
    )
    parser.add_argument(
        "--gpu", action="store_true", help="let students' code use NVIDIA's devices"
    )
    parser.add_argument(
        "--readable",
        action="append",
        default=[],
        type=_folder,
        metavar="DIR",
        help="a folder that students' code may read, say of a data set; may be given again",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--scheduler", metavar="URL", help="a Dask cluster, as tcp://10.0.0.1:8786")
    where.add_argument("--slurm", action="store_true", help="workers as Slurm jobs (dask-jobqueue)")
    limits = parser.add_argument_group("limits")
    for field in fields(Limits):
        limits.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=float if field.type is float else int,
            default=field.default,
            metavar="N",
            help=f"{_LIMITS[field.name]}; default: {field.default}",
        )


def limits_of(options: argparse.Namespace) -> Limits:
    """The limits that were asked for."""
    return Limits(**{field.name: getattr(options, field.name) for field in fields(Limits)})


def policy_of(options: argparse.Namespace) -> Policy | None:
    """What the sandbox shows; None for no sandbox."""
    return None if options.unsafe else Policy(options.gpu, tuple(options.readable))


def _folder(text: str) -> str:
    folder = Path(text).resolve()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return str(folder)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {text}")
    return value
