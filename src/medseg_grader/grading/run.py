"""`medseg grade`: a whole class in parallel, with progress, resumable, into nbgrader's gradebook.

What is graded lies in `grading/results`, one file a submission, from the moment that it is known;
the gradebook follows. So a run that is stopped at any moment goes on where it was when it is
started again, and a gradebook that could not be written loses nothing.
"""

import errno
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from medseg.errors import InputError, note
from medseg.files import write_text
from medseg_grader.course.stock_nbgrader import nbgrader_api
from medseg_grader.course.template import Template, make_template
from medseg_grader.course.units import deadlines, load_unit
from medseg_grader.grading.collect import Submission
from medseg_grader.grading.identities import Known
from medseg_grader.grading.result_key import environment_digest, result_key
from medseg_grader.grading.submission import Job, grade_submission
from medseg_grader.grading.workers import ONE_THREAD, WorkerPool
from medseg_grader.records.database import GradebookError
from medseg_grader.records.gradebook import Recorder
from medseg_grader.records.marks import read_people
from medseg_grader.records.results import (
    CANVAS,
    Result,
    Seen,
    load_result,
    load_results,
    notebook_path,
    result_path,
    seen_in,
    write_result,
)
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT, Policy


@dataclass
class Outcome:
    """What a run did: results by what became of them, and sentences on what went wrong."""

    graded: list[Result] = field(default_factory=list)
    unchanged: list[Result] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unrecorded: list[Result] = field(default_factory=list)
    complaint: str = ""
    left: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def code(self) -> int:
        """The command's exit code: 0 if every submission stands in the gradebook."""
        open_ends = (self.failures, self.unrecorded, self.complaint, self.questions)
        return int(any(open_ends))

    def line(self) -> str:
        """One line of counts."""
        odd = sum(bool(r.findings) for r in (*self.graded, *self.unchanged))
        counts = [
            f"{len(self.graded)} graded",
            f"{len(self.unchanged)} unchanged",
            f"{odd} with findings",
            f"{len(self.failures) + len(self.questions)} not graded",
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
            "questions": self.questions,
            "complaint": self.complaint,
            "left": self.left,
            "seconds": round(self.seconds, 3),
            "submissions": submissions,
        }
        return json.dumps(summary, ensure_ascii=False, indent=1) + "\n"


def grade_class(
    submissions: list[Submission],
    workers: WorkerPool,
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
    gradebook = db_url or api.coursedir.db_url
    with Recorder(gradebook, api.course_id, api.config, deadlines()) as recorder:
        for template in templates.values():
            recorder.prepare(template)
        run = GradingRun(root, recorder, Outcome())
        environment = workers.ask(environment_digest)
        jobs = []
        for submission in submissions:
            template = templates[submission.unit]
            key = result_key(submission, template, limits, policy, environment)
            known = None if force else _known(root, submission, key)
            if known is not None:
                run.unchanged(known, submission)
            else:
                threads = ONE_THREAD if workers.size > 1 or workers.remote else {}
                jobs.append(Job(submission, template, key, limits, policy, threads))
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


def known_people(
    db_url: str | None = None, said: Mapping[str, str] | None = None, root: Path = Path()
) -> Known:
    """Who has an id in this term, from results and gradebook; `said` as in `Known`.

    Raises GradebookError.
    """
    results = load_results(root)
    seen = seen_in(results)
    named = {one.student for one in seen}
    people = read_people(db_url or nbgrader_api(root).coursedir.db_url).values()
    for person in (one for one in people if one.id not in named):
        # a number that is a person's for good is Canvas's
        platform = CANVAS if person.number else ""
        seen.append(Seen(person.id, "", person.number, person.name, platform, person.email))
    return Known(seen, said or {})


@dataclass
class GradingRun:
    """One run at work: where results go, and what has become of them."""

    root: Path
    recorder: Recorder
    outcome: Outcome

    def unchanged(self, known: Result, submission: Submission) -> None:
        """Take over a result that stands, with what this export tells of the student."""
        now = replace(
            known,
            name=submission.name or known.name,
            number=submission.number or known.number,
            platform=submission.platform or known.platform,
            email=submission.email or known.email,
            timestamp=submission.timestamp or known.timestamp,
            exchange=submission.exchange or known.exchange,
        )
        if now != known:
            write_result(self.root, now)
        self.outcome.unchanged.append(now)

    def catch_up(self, templates: dict[str, Template]) -> None:
        """Bring into the gradebook what an earlier run graded and could not record any more."""
        for unit in templates:
            earlier = [r for r in self.outcome.unchanged if r.unit == unit]
            for result in self.recorder.missing(earlier):
                self.record(result)

    def work(self, workers: WorkerPool, jobs: list[Job]) -> None:
        """Grade the jobs, keep each result as it comes, and record it."""
        sent: Iterator[Job] = iter(jobs)
        if workers.remote:
            sent = (job.with_content() for job in jobs)
        bar = tqdm(total=len(jobs), desc="grade", unit="submission", file=sys.stdout)
        with bar:
            for job, answer in workers.run(grade_submission, sent):
                who = f"{job.submission.student}, {job.submission.unit}"
                if isinstance(answer, Exception):
                    self.outcome.failures.append(
                        f"{who}: not graded, {_why(answer)}{self.standing(job.submission)}"
                    )
                elif not self.keep(*answer):
                    break
                bar.update()
            else:
                self.outcome.complaint = ""
        unrecorded, self.outcome.unrecorded = self.outcome.unrecorded, []
        for result in unrecorded:
            self.record(result)

    def standing(self, submission: Submission) -> str:
        """What still counts for a submission that was not graded."""
        earlier = load_result(self.root, submission.unit, submission.student)
        if earlier is None:
            return ""
        return f"; until it is, {earlier.points:g} points of an earlier grading stand"

    def keep(self, result: Result, notebook: str) -> bool:
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
                note(error)
                who = f"{result.student}, {result.unit}"
                self.outcome.failures.append(f"{who}: not kept, {error}")
                self.withdraw(result, f"The result could not be kept: {error}.")
                return True
            self.outcome.complaint = (
                "The disk is full: free some space and run the same command again; what is graded "
                "so far is kept."
            )
            return False
        self.outcome.graded.append(result)
        self.record(result)
        return True

    def withdraw(self, result: Result, why: str) -> None:
        """Let no earlier score stand for a submission whose result cannot be kept."""
        with suppress(OSError):
            result_path(self.root, result.unit, result.student).unlink(missing_ok=True)
        cells = [replace(cell, points=0.0, reason=why) for cell in result.cells]
        self.record(replace(result, key="", cells=cells, findings=[why]))

    def record(self, result: Result) -> None:
        """Record a result, or, once the gradebook has refused one, put it off to the end."""
        if self.outcome.unrecorded:
            self.outcome.unrecorded.append(result)
            return
        try:
            self.recorder.record(result)
        except GradebookError as error:
            note(error)
            self.outcome.unrecorded.append(result)
            self.outcome.complaint = f"{error} What is graded is kept in grading/results."


def _why(error: Exception) -> str:
    note(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def one_run_at_a_time(root: Path) -> Iterator[None]:
    """Keep a second run out of the same course; InputError for the second one.

    The lock goes with the process that holds it, however that ends.
    """
    folder = root / "grading"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".grade.lock", timeout=0):
            yield
    except Timeout as error:
        raise InputError(
            "Another medseg grade is at work in this course: wait for its end, or stop it."
        ) from error
