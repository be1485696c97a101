"""One submission of one unit, graded: rebuild, execute, score. In a process of its own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import nbformat

from medseg.files import storable
from medseg.runtime import EXECUTION
from medseg_grader.course.template import Template
from medseg_grader.grading.collect import Submission
from medseg_grader.grading.diagnosis import read_diagnosis
from medseg_grader.grading.execute import execute
from medseg_grader.grading.rebuild import Rebuilt, rebuild
from medseg_grader.grading.score import nothing, score
from medseg_grader.records.results import Result
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT, Policy

# As nbgrader does while it grades: training is short, warnings of libraries are off.
ENVIRONMENT = {EXECUTION: "autograde"}


@dataclass(frozen=True)
class Job:
    """All that a worker needs, on this machine or another.

    `policy` is what the sandbox shows; without one, student code runs with this user's rights.
    `content` holds the notebook's bytes where the worker cannot read the file itself.
    """

    submission: Submission
    template: Template
    key: str
    limits: Limits
    policy: Policy | None = STRICT
    environment: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def with_content(self) -> "Job":
        """This job with the notebook in it, for a machine that may not share our files."""
        return replace(self, content=_content(self.submission)[0])


def grade_submission(job: Job) -> tuple[Result, str]:
    """Grade one submission; gives the result and the executed notebook as JSON text."""
    begin = time.monotonic()
    submission, template = job.submission, job.template
    content, complaints = job.content, list[str]()
    if content is None:
        content, complaints = _content(submission)
    rebuilt = rebuild(template, content)
    findings = [*submission.findings, *complaints, *rebuilt.findings]
    seconds = peak = 0.0
    if rebuilt.readable:
        execution = execute(
            rebuilt.notebook,
            job.limits,
            policy=job.policy,
            environment={**ENVIRONMENT, **job.environment},
        )
        cells, odd = score(template, rebuilt, {run.index: run for run in execution.cells})
        findings += [*execution.findings, *odd]
        seconds, peak = execution.seconds, execution.peak_memory_mb
    else:
        cells = nothing(template, findings[-1] if findings else "There is no notebook.")
        _note_at_the_top(rebuilt, findings)
    result = Result(
        student=submission.student,
        unit=submission.unit,
        key=job.key,
        cells=cells,
        findings=findings,
        unanswered=rebuilt.unanswered,
        diagnosis=read_diagnosis(rebuilt.notebook, submission.unit),
        seconds=round(seconds or time.monotonic() - begin, 3),
        peak_memory_mb=round(peak, 1),
        name=submission.name,
        number=submission.number,
        platform=submission.platform,
        email=submission.email,
        timestamp=submission.timestamp,
        exchange=submission.exchange,
    )
    # an output may hold what no file can
    result = Result.from_json(storable(result.to_json()))
    return result, storable(nbformat.writes(rebuilt.notebook, version=4)) + "\n"


def _content(submission: Submission) -> tuple[bytes | None, list[str]]:
    if submission.notebook is None:
        return None, []
    try:
        return submission.notebook.read(), []
    except OSError as error:
        return None, [f"The notebook cannot be read: {error.strerror or error}."]


def _note_at_the_top(rebuilt: Rebuilt, findings: list[str]) -> None:
    """Say in the notebook itself why nothing of the student's is in it."""
    text = "**This submission could not be graded.** " + " ".join(findings)
    rebuilt.notebook.cells.insert(0, nbformat.v4.new_markdown_cell(text, id="extra-note"))
