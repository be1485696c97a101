"""The instructors' commands: their options, and which work they call.

`add` is called by `medseg.cli` through the entry point `medseg.commands`.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from medseg.errors import InputError
from medseg.files import write_text
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import Policy

if TYPE_CHECKING:
    from medseg_grader.grading.run import Outcome

LOG = Path("grading/grade.log")
ONE_UNIT = "one unit, as 04, iou or 04_iou; default: all"
LISTED = 10
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


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `command(name, run, text, log)` gives the parser of each."""
    release = command(
        "release", _release, "instructors: build notebooks and hints from solutions/", LOG
    )
    release.add_argument("--unit", help=ONE_UNIT)
    release.add_argument("--zip", metavar="FILE", help="write the student bundle too")
    verify = command(
        "verify", _verify, "instructors: prove that units and their tests are sound", LOG
    )
    verify.add_argument("--unit", help=ONE_UNIT)
    verify.add_argument("--seed", type=int, default=0, metavar="S", help="shifts all test inputs")
    verify.add_argument(
        "--thorough", action="store_true", help="small changes of the solutions, made by rule"
    )
    verify.add_argument("--exercise", metavar="NAME", help="with --thorough: this one only")
    grade = command("grade", _grade, "instructors: grade what a class has handed in", LOG)
    _grade_arguments(grade)
    new = command(
        "new-exercise", _new_exercise, "instructors: write the skeleton of an exercise", LOG
    )
    new.add_argument("unit", metavar="UNIT", help="04, iou or 04_iou; a new one as 09_my_unit")
    new.add_argument("name", metavar="NAME", help="name of the function or class to write")


def _release(options: argparse.Namespace) -> int:
    from medseg_grader.course.units import find_unit, unit_names
    from medseg_grader.release.build import release
    from medseg_grader.release.bundle import write_bundle

    release([find_unit(options.unit)] if options.unit else unit_names())
    if options.zip:
        print(f"Student bundle: {write_bundle(Path(options.zip), unit_names())}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from medseg_grader.course.units import find_unit, unit_names
    from medseg_grader.verify.soundness import table, verify

    units = [find_unit(options.unit)] if options.unit else unit_names()
    if options.thorough:
        from medseg_grader.verify.thorough import report, survey

        surveys = survey(units, [options.exercise] if options.exercise else [])
        print(report(surveys))
        return int(not all(one.sound for one in surveys))
    reports = verify(units, options.seed)
    print(table(reports))
    return int(any(report.faults for report in reports))


def _new_exercise(options: argparse.Namespace) -> int:
    from medseg_grader.course.new_exercise import new_exercise

    made = new_exercise(options.unit, options.name)
    script, mistakes = made.files
    print(f"{made.outline.number} {made.outline.exercise}: {script} and {mistakes}")
    print("Now write what it is about where TODO stands: cells, hints and mistakes.")
    if made.new_unit:
        print(f"README.md wants a row for {made.unit}, tests/solutions/budgets.toml a budget.")
    else:
        print(f"README.md should say that {made.unit} gives {made.points:g} points now.")
    print(f"Then: medseg release --unit {made.unit} && medseg verify --unit {made.unit}")
    return 0


def _grade(options: argparse.Namespace) -> int:
    from medseg_grader.course.units import find_unit, unit_names
    from medseg_grader.grading.collect import collect
    from medseg_grader.grading.run import grade_class, known_people, one_run_at_a_time
    from medseg_grader.grading.workers import worker_pool
    from medseg_grader.grading.worksheet import read_worksheet
    from medseg_grader.report.write import report_on_course
    from medseg_grader.sandbox import bubblewrap
    from medseg_grader.sandbox.fork_servers import shared_fork_server

    unit = find_unit(options.unit) if options.unit else None
    collected = collect(
        options.submitted,
        unit_names(),
        unit,
        options.student,
        known=known_people(options.db, dict(options.who)),
        worksheet=read_worksheet(options.worksheet) if options.worksheet else None,
    )
    policy = policy_of(options)
    with ExitStack() as stack:
        stack.enter_context(one_run_at_a_time(Path()))
        workers = stack.enter_context(
            worker_pool(options.workers, options.scheduler, options.slurm, LOG)
        )
        if policy and (problem := workers.ask(bubblewrap.problem)):
            raise InputError(problem)
        if policy and not workers.remote:
            stack.enter_context(shared_fork_server(policy))
        outcome = grade_class(
            collected.submissions,
            workers,
            limits_of(options),
            policy=policy,
            db_url=options.db,
            force=options.force,
        )
        index, trouble = report_on_course(options.db)
    outcome.left, outcome.questions = collected.left, collected.questions
    if options.json:
        write_text(options.json, outcome.to_json())
    _tell(outcome, trouble)
    if index is not None:
        print(f"Report: {index}")
    return outcome.code or int(bool(trouble))


def _tell(outcome: "Outcome", trouble: str) -> None:
    """What a run did, on the screen: what was left, what went wrong, and one line of counts."""
    for sentence in outcome.left[:LISTED]:
        print(sentence)
    if len(outcome.left) > LISTED:
        print(f"… and {len(outcome.left) - LISTED} more that were left.")
    for sentence in [*outcome.questions, *outcome.failures, outcome.complaint, trouble]:
        if sentence:
            print(f"medseg grade: {sentence}", file=sys.stderr)
    print(outcome.line())


def _grade_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "submitted",
        type=Path,
        metavar="SUBMITTED",
        help="folder or zip: STUDENT/UNIT/NOTEBOOK, or an export of Moodle or Canvas",
    )
    parser.add_argument("--unit", help=ONE_UNIT)
    parser.add_argument("--student", metavar="ID", help="one student; default: all")
    parser.add_argument(
        "--worksheet",
        type=Path,
        metavar="FILE",
        help="Moodle's grading worksheet of the assignment: email addresses, times of handing in",
    )
    parser.add_argument(
        "--who",
        action="append",
        default=[],
        type=_who,
        metavar="NUMBER=ID",
        help="who a number of the platform's is, where two can be meant: an id or 'new'; "
        "may be given again",
    )
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


def _who(text: str) -> tuple[str, str]:
    number, equals, student = text.partition("=")
    if not (number.strip().isdigit() and equals and student.strip()):
        raise argparse.ArgumentTypeError(f"expected NUMBER=ID, as 2001=anna, got {text!r}")
    return number.strip(), student.strip()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {text}")
    return value
