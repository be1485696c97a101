"""The command line `medseg`: helpers for students, and what other packages add to them.

A package adds commands through the entry-point group `medseg.commands`: a function that is called
with `command(name, run, text, log=None)`, which gives the parser of a new command.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NoReturn

from medseg.datasets.command import add_arguments
from medseg.errors import TRACEBACK, InputError, logging_to, note

# Exit codes: bad input, and a fault of the course's own.
REFUSED, FAULT, INTERRUPTED = 2, 3, 130
# What the packages of instructors and lecturers add, where they are there.
THEIRS = {
    "instructors": (
        "release",
        "verify",
        "grade",
        "report",
        "remove-grades",
        "term",
        "new-exercise",
    ),
    "lecturers": ("slides",),
    "authors": ("site",),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; bad input gives one sentence and code 2."""
    options = _options(arguments)
    with logging_to(options.log):
        try:
            return options.run(options)
        except (InputError, OSError) as error:
            note(error)
            print(f"medseg {options.command}: {_sentence(error)}", file=sys.stderr)
            return REFUSED
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
            return INTERRUPTED
        except Exception as error:
            note(error)
            kept = options.log is not None and options.log.is_file()
            stack = f"in {options.log}" if kept else f"shown with {TRACEBACK}=1"
            print(
                f"medseg {options.command}: this is a fault of the course's own, not of what you "
                f"gave ({type(error).__name__}: {error}). Its stack is {stack}.",
                file=sys.stderr,
            )
            return FAULT


def _sentence(error: Exception) -> str:
    """An error as one sentence; of a file, its name and what is the matter with it."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror.lower()}."
    return str(error)


class _Parser(argparse.ArgumentParser):
    """A parser that says what was probably meant, and names no command that is hidden."""

    hidden: frozenset[str] = frozenset()

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if wrong:
            known = [n for n in re.findall(r"[\w-]+", wrong[2]) if n not in self.hidden]
            message = f"there is no {wrong[1]!r}.{_guess(wrong[1], known)} There are: "
            message += ", ".join(known)
        super().error(message)


def _guess(text: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(text, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest:
        of_it = options.parser
        known = re.findall(r"--[\w-]+", of_it.format_help())
        name = rest[0].partition("=")[0]
        what = "option" if name.startswith("-") else "argument"
        of_it.error(f"there is no {what} {name}.{_guess(name, known)} See {of_it.prog} --help.")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="medseg", description="U-Nets by hand: helpers for students and instructors."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(
        name: str, run: Callable, text: str, log: Path | None = None
    ) -> argparse.ArgumentParser:
        listed: Any = {} if name in parser.hidden else {"help": text}
        sub = commands.add_parser(name, description=text, **listed)
        sub.set_defaults(run=run, log=log, parser=sub)
        return sub

    start = command("start", _start, "put what was handed out into notebooks/, never over yours")
    start.add_argument(
        "--renew",
        action="append",
        metavar="UNIT",
        help="make the notebook of a unit anew, with your answers; yours is kept beside it",
    )
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
    for entry in entry_points(group="medseg.commands"):
        try:
            add = entry.load()
        except ModuleNotFoundError as error:
            # The students' bundle declares these packages, and does not hold them.
            if error.name != entry.module.partition(".")[0]:
                raise
            continue
        add(command)
    theirs = {name: who for who, names in THEIRS.items() for name in names}
    parser.hidden = frozenset(theirs) - set(commands.choices)
    for name in sorted(parser.hidden):
        text = f"{theirs[name]}: needs the course's repository"
        command(name, _needs_the_repository, text).add_argument("rest", nargs="*")
    return parser


def _start(options: argparse.Namespace) -> int:
    from medseg.notebook.start import show

    return show(options.renew or [])


def _doctor(_: argparse.Namespace) -> int:
    from medseg.notebook.doctor import report

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


def _needs_the_repository(options: argparse.Namespace) -> int:
    raise InputError(
        f"{options.command} is no student's command: it needs the course's repository, "
        "which the student bundle does not contain."
    )


if __name__ == "__main__":
    sys.exit(main())
