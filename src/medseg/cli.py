"""The command line `medseg`: helpers for students, and the commands of instructors."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from medseg.datasets.command import add_arguments


class UserError(Exception):
    """Bad input: one sentence for the reader, exit code 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; bad input gives one sentence and code 2."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (UserError, ValueError, OSError) as error:
        print(f"medseg {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="medseg", description="U-Nets by hand: helpers for students and instructors."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, run: Callable, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    command("doctor", _doctor, "look for trouble with this installation and name the remedy")
    progress = command("progress", _progress, "which exercises of my notebooks pass their check")
    progress.add_argument(
        "path", nargs="?", default="notebooks", help="a notebook or a folder; default: notebooks"
    )
    submit = command("submit-check", _submit_check, "are my notebooks ready to hand in?")
    submit.add_argument("path", nargs="?", default="notebooks", help="a notebook or a folder")
    submit.add_argument(
        "--run", dest="execute", action="store_true", help="run each from the top, too: minutes"
    )
    phantom = command("phantom", _phantom, "write phantom cases as NIfTI, in Decathlon layout")
    phantom.add_argument("out", help="folder to write to")
    phantom.add_argument("--cases", type=int, default=8, metavar="N", help="default: 8")
    phantom.add_argument("--seed", type=int, default=0, metavar="S", help="first patient")
    data = command("data", _data, "fetch a data set of real patients")
    add_arguments(data)
    release = command("release", _release, "instructors: build notebooks and hints from solutions/")
    release.add_argument("--unit", help="one unit, as 04, iou or 04_iou; default: all")
    release.add_argument("--zip", metavar="FILE", help="write the student bundle too")
    verify = command("verify", _verify, "instructors: prove that units and their tests are sound")
    verify.add_argument("--unit", help="one unit, as 04, iou or 04_iou; default: all")
    verify.add_argument("--seed", type=int, default=0, metavar="S", help="shifts all test inputs")
    grade = command("grade", _grade, "instructors: grade what a class has handed in")
    if find_spec("medseg_grader") is None:
        grade.add_argument("arguments", nargs=argparse.REMAINDER)
    else:
        from medseg_grader.options import add_arguments as add_grading

        add_grading(grade)
    return parser


def _doctor(_: argparse.Namespace) -> int:
    from medseg.doctor import report

    return report()


def _progress(options: argparse.Namespace) -> int:
    from medseg.notebook.progress import show

    return show(Path(options.path))


def _submit_check(options: argparse.Namespace) -> int:
    from medseg.notebook.submit_check import show

    return show(Path(options.path), options.execute)


def _phantom(options: argparse.Namespace) -> int:
    from medseg.phantom import write

    folder = write(options.out, options.cases, options.seed)
    print(f"{options.cases} cases in {folder}")
    return 0


def _data(options: argparse.Namespace) -> int:
    from medseg.datasets.command import run

    return run(options)


def _release(options: argparse.Namespace) -> int:
    _require_grader("release")
    from medseg_grader.bundle import write_bundle
    from medseg_grader.catalogue import find_unit, unit_names
    from medseg_grader.release import release

    release([find_unit(options.unit)] if options.unit else unit_names())
    if options.zip:
        print(f"Student bundle: {write_bundle(Path(options.zip), unit_names())}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    _require_grader("verify")
    from medseg_grader.catalogue import find_unit, unit_names
    from medseg_grader.verify import table, verify

    units = [find_unit(options.unit)] if options.unit else unit_names()
    reports = verify(units, options.seed)
    print(table(reports))
    return int(any(report.faults for report in reports))


def _grade(options: argparse.Namespace) -> int:
    _require_grader("grade")
    from medseg_grader.grade import main as grade
    from medseg_grader.gradebook import GradebookError

    try:
        return grade(options)
    except GradebookError as error:
        raise UserError(str(error)) from error


def _require_grader(name: str) -> None:
    if find_spec("medseg_grader") is None:
        raise UserError(
            f"{name} is an instructor's command: it needs the course's repository, "
            "which the student bundle does not contain."
        )


if __name__ == "__main__":
    sys.exit(main())
