"""The instructors' commands: their options, and which work they call.

`add` is called by `medseg.cli` through the entry point `medseg.commands`.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
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
    from medseg_grader.records.terms import Term

LOG = Path("grading/grade.log")
ONE_UNIT = "one unit, as 04, iou or 04_iou; default: all"
LISTED = 10
GRADEBOOK = "gradebook; default: that of nbgrader_config.py, grading/gradebook.db"
_WHERE = """\
The report lies in grading/report/index.html, with files for Moodle and Canvas and the students'
feedback beside it; the gradebook is grading/gradebook.db, what was graded grading/results and
grading/autograded, the log grading/grade.log."""
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
    release.add_argument(
        "--unit", action="append", help="a unit, as 04, iou or 04_iou; may be given again"
    )
    release.add_argument(
        "--zip", type=_file, metavar="FILE", help="write the student bundle of these units too"
    )
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
    report = command("report", _report, "instructors: write the report on what is graded", LOG)
    report.add_argument("--db", metavar="URL", help=GRADEBOOK)
    remove = command(
        "remove-grades", _remove_grades, "instructors: remove grades, after a dated copy", LOG
    )
    remove.add_argument("--unit", help=ONE_UNIT)
    remove.add_argument("--student", metavar="ID", help="one student; default: all")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.add_argument("--db", metavar="URL", help=GRADEBOOK)
    term = command("term", _term, "instructors: put a finished term away, list terms", LOG)
    term.add_argument("what", choices=["new", "list"])
    term.add_argument("name", nargs="?", metavar="NAME", help="of the term that begins")
    term.add_argument("--db", metavar="URL", help=GRADEBOOK)
    new = command(
        "new-exercise", _new_exercise, "instructors: write the skeleton of an exercise", LOG
    )
    new.add_argument("unit", metavar="UNIT", help="04, iou or 04_iou; a new one as 09_my_unit")
    new.add_argument("name", metavar="NAME", help="name of the function or class to write")


def _release(options: argparse.Namespace) -> int:
    from medseg_grader.course.units import find_unit, unit_names
    from medseg_grader.release.build import release
    from medseg_grader.release.bundle import write_bundle
    from medseg_grader.release.taking_out import take_out_others

    units = sorted({find_unit(one) for one in options.unit}) if options.unit else unit_names()
    _refuse_other_cells(units)
    release(units)
    if not options.unit:
        for sentence in take_out_others(units):
            print(sentence)
    if options.zip:
        print(f"Student bundle: {write_bundle(options.zip, units)}")
    return 0


def _refuse_other_cells(units: Iterable[str]) -> None:
    """Raise GradebookError, before anything is written, where a gradebook stands in the way."""
    from medseg_grader.course.script import read_script
    from medseg_grader.course.stock_nbgrader import nbgrader_api
    from medseg_grader.course.units import script_of
    from medseg_grader.records.gradebook import refuse_other_cells

    db_url = nbgrader_api().coursedir.db_url
    for name in units:
        cells = read_script(script_of(name))  # which may have faults, told next
        refuse_other_cells(db_url, name, {cell.name for cell in cells if "grade_id" in cell.label})


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
    from medseg_grader.grading.worksheet import read_worksheet, store_worksheet
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
    asked = {one.unit for one in collected.submissions}
    if options.worksheet and len(asked) > 1:
        raise InputError(
            f"{options.worksheet} is of one assignment, and {', '.join(sorted(asked))} were handed "
            f"in: say which it is with --unit."
        )
    if not options.as_is:
        _refuse_changed(asked)
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
        for unit in asked if options.worksheet else ():
            store_worksheet(options.worksheet, unit)
        index, trouble = report_on_course(options.db)
    outcome.left, outcome.questions = collected.left, collected.questions
    if options.json:
        write_text(options.json, outcome.to_json())
    _tell(outcome, trouble)
    if index is not None:
        print(f"Report: {index}")
    return outcome.code or int(bool(trouble))


def _refuse_changed(units: Iterable[str]) -> None:
    """Raise InputError where students do not have what they would be graded by."""
    from medseg_grader.course.units import load_unit
    from medseg_grader.release.handed_out import changed_since

    changed = [sentence for name in sorted(units) if (sentence := changed_since(load_unit(name)))]
    if changed:
        raise InputError(
            f"{'; '.join(changed)}. Then hand the notebook out again if students need what is new "
            f"in it; or grade by the script as it is: --as-is."
        )


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


def _report(options: argparse.Namespace) -> int:
    from medseg_grader.grading.run import one_run_at_a_time
    from medseg_grader.report.write import report_on_course

    with one_run_at_a_time(_course()):
        index, trouble = report_on_course(options.db)
    if index is None:
        raise InputError(trouble)
    print(f"Report: {index}")
    return 0


def _remove_grades(options: argparse.Namespace) -> int:
    from medseg_grader.course.stock_nbgrader import nbgrader_api
    from medseg_grader.course.units import find_unit
    from medseg_grader.grading.run import one_run_at_a_time
    from medseg_grader.records.removal import find_grades, remove_grades

    unit = find_unit(options.unit) if options.unit else None
    with one_run_at_a_time(_course()):
        api = nbgrader_api()
        db_url = options.db or api.coursedir.db_url
        chosen = find_grades(db_url, unit, options.student)
        if not options.yes and not _agreed(f"Remove {chosen}? A dated copy is made first."):
            print("Nothing was removed.")
            return 1
        copy = remove_grades(chosen, db_url, api.course_id)
    print(f"Removed {chosen}. As it was before: {copy}")
    return 0


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise InputError(f"{question} Nobody is there to ask: say --yes to do it.")
    return input(f"{question} Type yes to do it: ").strip().lower() == "yes"


def _term(options: argparse.Namespace) -> int:
    from medseg_grader.course.stock_nbgrader import nbgrader_api
    from medseg_grader.grading.run import one_run_at_a_time
    from medseg_grader.records.terms import current_term, finished_terms, new_term

    _course()
    if options.what == "list":
        for one in finished_terms():
            print(f"{one.name}: {_counts(one)}, in {one.folder}")
        now = current_term()
        print(f"{now.name or 'The current term, without a name'}, now: {_counts(now)}")
        return 0
    if not options.name:
        raise InputError("Say what the term that begins is called: medseg term new '2027 summer'")
    with one_run_at_a_time(_course()):
        done = new_term(options.name, options.db or nbgrader_api().coursedir.db_url)
    if done is not None:
        print(f"The term that ends lies in {done}.")
    print(f"{options.name} begins, with an empty gradebook.")
    return 0


def _counts(term: "Term") -> str:
    if not term.submissions:
        return "nothing graded"
    students = "1 student" if term.students == 1 else f"{term.students} students"
    return f"{term.submissions} submissions of {students} in {len(term.units)} units"


def _course() -> Path:
    """The course in the current folder; InputError where there is none."""
    from medseg_grader.course.units import solutions_folder

    solutions_folder()
    return Path()


def _grade_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _WHERE
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
    parser.add_argument("--json", type=_file, metavar="F", help="write a summary for machines")
    parser.add_argument("--db", metavar="URL", help=GRADEBOOK)
    parser.add_argument(
        "--as-is",
        action="store_true",
        help="grade by the scripts as they are, although they were changed after their release",
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


def _file(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text} is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        )
    return path


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
