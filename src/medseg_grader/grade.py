"""`medseg grade`: a whole class in parallel, with progress, resumable, into nbgrader's gradebook.

What is graded lies in `grading/results`, one file a submission, from the moment that it is known;
the gradebook follows. So a run that is stopped at any moment goes on where it was when it is
started again, and a gradebook that could not be written loses nothing.
"""

import argparse
import errno
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from medseg_grader import worker
from medseg_grader.catalogue import find_unit, load_unit, unit_names
from medseg_grader.cluster import ONE_THREAD, Crew, crew
from medseg_grader.collect import Submission, collect
from medseg_grader.course import nbgrader_api
from medseg_grader.gradebook import GradebookError, Recorder
from medseg_grader.key import environment_digest, result_key
from medseg_grader.notebooks import write_text
from medseg_grader.options import limits_of, policy_of
from medseg_grader.result import (
    Result,
    load_result,
    load_results,
    notebook_path,
    write_result,
)
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.fork_servers import shared_fork_server
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT, Policy
from medseg_grader.template import Template, make_template

_LISTED = 10


@dataclass
class Outcome:
    """What a run did: results by what became of them, and sentences on what went wrong."""

    graded: list[Result] = field(default_factory=list)
    unchanged: list[Result] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unrecorded: list[Result] = field(default_factory=list)
    complaint: str = ""
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def code(self) -> int:
        """The command's exit code: 0 if every submission stands in the gradebook."""
        return int(bool(self.failures or self.unrecorded or self.complaint))

    def line(self) -> str:
        """One line of counts."""
        odd = sum(bool(r.findings) for r in (*self.graded, *self.unchanged))
        counts = [
            f"{len(self.graded)} graded",
            f"{len(self.unchanged)} unchanged",
            f"{odd} with findings",
            f"{len(self.failures)} not graded",
        ]
        if self.unrecorded:
            counts.append(f"{len(self.unrecorded)} not yet in the gradebook")
        return f"{', '.join(counts)}; {self.seconds:.0f} s"

    def to_json(self) -> str:
        """A summary for machines."""
        rows = [(r, True) for r in self.graded] + [(r, False) for r in self.unchanged]
        unrecorded = {(r.unit, r.student) for r in self.unrecorded}
        submissions = [
            {
                "unit": r.unit,
                "student": r.student,
                "points": r.points,
                "max_points": r.max_points,
                "graded_now": now,
                "recorded": (r.unit, r.student) not in unrecorded,
                "seconds": r.seconds,
                "findings": r.findings,
            }
            for r, now in sorted(rows, key=lambda row: (row[0].unit, row[0].student))
        ]
        summary = {
            "graded": len(self.graded),
            "unchanged": len(self.unchanged),
            "not_graded": self.failures,
            "complaint": self.complaint,
            "left": self.left,
            "seconds": round(self.seconds, 3),
            "submissions": submissions,
        }
        return json.dumps(summary, ensure_ascii=False, indent=1) + "\n"


def main(options: argparse.Namespace) -> int:
    """Run the command with its parsed options; returns the exit code."""
    units = unit_names()
    unit = find_unit(options.unit) if options.unit else None
    submissions, left = collect(options.submitted, units, unit, options.student)
    if not submissions:
        raise ValueError(f"Nobody in {options.submitted} has handed in what you asked for.")
    policy = policy_of(options)
    with ExitStack() as stack:
        stack.enter_context(one_run_at_a_time(Path()))
        workers = stack.enter_context(crew(options.workers, options.scheduler, options.slurm))
        if policy and (problem := workers.ask(bubblewrap.problem)):
            raise ValueError(problem)
        if policy and not workers.remote:
            stack.enter_context(shared_fork_server(policy))
        outcome = grade(
            submissions,
            workers,
            limits_of(options),
            policy=policy,
            db_url=options.db,
            force=options.force,
        )
        index, trouble = write_report(options.db)
    outcome.left = left
    for sentence in left[:_LISTED]:
        print(sentence)
    if len(left) > _LISTED:
        print(f"… and {len(left) - _LISTED} more that were left.")
    if options.json:
        write_text(options.json, outcome.to_json())
    for sentence in [*outcome.failures, outcome.complaint, trouble]:
        if sentence:
            print(f"medseg grade: {sentence}", file=sys.stderr)
    print(outcome.line())
    if index is not None:
        print(f"Report: {index}")
    return outcome.code or int(bool(trouble))


def write_report(db_url: str | None = None, root: Path = Path()) -> tuple[Path | None, str]:
    """Write the report on all that is graded: its index.html, or None and a sentence on why not."""
    # here, as drawing takes a second to load
    from medseg_grader import report

    db_url = db_url or nbgrader_api(root).coursedir.db_url
    try:
        return report.write(load_results(root), db_url, root / "grading/report"), ""
    except (OSError, ValueError, SQLAlchemyError) as error:
        why = " ".join(str(error).split())[:300]
        return None, f"The report could not be written: {why}. What is graded is kept."


def grade(
    submissions: list[Submission],
    workers: Crew,
    limits: Limits,
    *,
    root: Path = Path(),
    db_url: str | None = None,
    policy: Policy | None = STRICT,
    force: bool = False,
) -> Outcome:
    """Grade submissions into the course in `root` and its gradebook, or the one at `db_url`.

    Raises GradebookError where the gradebook cannot be opened at all.
    """
    begin = time.monotonic()
    api = nbgrader_api(root)
    names = sorted({s.unit for s in submissions})
    templates = {name: make_template(load_unit(name), api.config) for name in names}
    with Recorder(db_url or api.coursedir.db_url, api.course_id, api.config) as recorder:
        for template in templates.values():
            recorder.prepare(template)
        run = _Run(root, recorder, Outcome())
        environment = workers.ask(environment_digest)
        jobs = []
        for submission in submissions:
            template = templates[submission.unit]
            key = result_key(submission, template, limits, policy, environment)
            known = None if force else _known(root, submission, key)
            if known is not None:
                run.outcome.unchanged.append(known)
            else:
                threads = ONE_THREAD if workers.size > 1 or workers.remote else {}
                jobs.append(worker.Job(submission, template, key, limits, policy, threads))
        run.catch_up(templates)
        run.work(workers, jobs)
    run.outcome.seconds = time.monotonic() - begin
    return run.outcome


def _known(root: Path, submission: Submission, key: str) -> Result | None:
    result = load_result(root, submission.unit, submission.student)
    if result is None or result.key != key:
        return None
    there = notebook_path(root, submission.unit, submission.student).is_file()
    return result if there else None


@dataclass
class _Run:
    """One run at work: where results go, and what has become of them."""

    root: Path
    recorder: Recorder
    outcome: Outcome

    def catch_up(self, templates: dict[str, Template]) -> None:
        """Bring into the gradebook what an earlier run graded and could not record any more."""
        for unit in templates:
            earlier = [r for r in self.outcome.unchanged if r.unit == unit]
            for result in self.recorder.missing(earlier):
                self._record(result)

    def work(self, workers: Crew, jobs: list[worker.Job]) -> None:
        """Grade the jobs, keep each result as it comes, and record it."""
        sent: Iterator[worker.Job] = iter(jobs)
        if workers.remote:
            sent = (job.with_content() for job in jobs)
        bar = tqdm(total=len(jobs), desc="grade", unit="submission", file=sys.stdout)
        with bar:
            for job, answer in workers.run(worker.grade, sent):
                who = f"{job.submission.student}, {job.submission.unit}"
                if isinstance(answer, Exception):
                    self.outcome.failures.append(f"{who}: not graded, {_why(answer)}")
                elif not self._keep(*answer):
                    break
                bar.update()
        unrecorded, self.outcome.unrecorded = self.outcome.unrecorded, []
        self.outcome.complaint = "" if not self._disk_full else self.outcome.complaint
        for result in unrecorded:
            self._record(result)

    _disk_full: bool = False

    def _keep(self, result: Result, notebook: str) -> bool:
        """Write what was graded to its files, then to the gradebook; False on a full disk."""
        path = notebook_path(self.root, result.unit, result.student)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, notebook)
            for name, text in result.exchange.items():
                write_text(path.with_name(name), text)
            write_result(self.root, result)
        except (OSError, ValueError) as error:  # ValueError: a text that no file can hold
            if getattr(error, "errno", None) not in {errno.ENOSPC, errno.EDQUOT}:
                who = f"{result.student}, {result.unit}"
                self.outcome.failures.append(f"{who}: not kept, {error}")
                return True
            self._disk_full = True
            self.outcome.complaint = (
                "The disk is full: free some space and run the same command again; what is graded "
                "so far is kept."
            )
            return False
        self.outcome.graded.append(result)
        self._record(result)
        return True

    def _record(self, result: Result) -> None:
        """Record a result, or, once the gradebook has refused one, put it off to the end."""
        if self.outcome.unrecorded:
            self.outcome.unrecorded.append(result)
            return
        try:
            self.recorder.record(result)
        except GradebookError as error:
            self.outcome.unrecorded.append(result)
            self.outcome.complaint = f"{error} What is graded is kept in grading/results."


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def one_run_at_a_time(root: Path) -> Iterator[None]:
    """Keep a second run out of the same course; ValueError for the second one.

    The lock goes with the process that holds it, however that ends.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    folder = root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".grade.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(
                "Another medseg grade is at work in this course: wait for its end, or stop it."
            ) from error
        yield
