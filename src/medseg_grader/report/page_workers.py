"""Feedback pages are made in processes of their own, under limits: what they show is a student's.

A notebook that no process can read or clean within them costs its own page the answers, and
nothing else.
"""

import multiprocessing
import os
import resource
import stat
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from medseg_grader.course.units import Unit
from medseg_grader.grading.workers import WorkerPool, cores
from medseg_grader.records.marks import Mark
from medseg_grader.records.results import Result
from medseg_grader.report.feedback import feedback_page

LARGEST_NOTEBOOK = 200 * 2**20
# Of one process: a notebook of 200 MB of text needs a tenth of it.
MOST_MEMORY = 4 * 2**30
# Of one page; cleaning alone ends after a sixth of it.
CPU_SECONDS = 60


@dataclass(frozen=True)
class PageJob:
    """What a page is made from: `notebook` is the path of the executed notebook."""

    unit: Unit
    result: Result
    mark: Mark
    notebook: Path
    key: str


def make_pages(jobs: Iterable[PageJob]) -> Iterator[tuple[PageJob, str | Exception]]:
    """(job, the page or what has gone wrong with it), as they come."""
    size = cores()
    # forks of a process that is kept clean for it: one with threads cannot be forked safely
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])

    def make() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            size, context, initializer=_begin_work, initargs=(MOST_MEMORY, os.getcwd())
        )

    workers = WorkerPool(make, size, False, make())
    try:
        yield from workers.run(_make_page, map(_slim, jobs))
    finally:
        workers.executor.shutdown(wait=True, cancel_futures=True)


def read(path: Path, most: int, *, whole: bool = True) -> bytes | None:
    """A regular file's bytes; None for a link, a missing, or (if `whole`) a larger file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(most + 1)
    return None if whole and len(content) > most else content[:most]


def _slim(job: PageJob) -> PageJob:
    """Without the probes, which hold tensors and are not shown."""
    exercises = {name: replace(e, calls=()) for name, e in job.unit.exercises.items()}
    unit = replace(job.unit, exercises=exercises, alternatives=(), slips=(), equivalents=())
    return replace(job, unit=unit)


def _make_page(job: PageJob) -> str:
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + CPU_SECONDS, hard))
    return feedback_page(job.unit, job.result, job.mark, _notebook(job.notebook), key=job.key)


def _begin_work(most: int, course: str) -> None:
    os.chdir(course)  # the server that forks may be of another one
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _notebook(path: Path) -> NotebookNode | None:
    content = read(path, LARGEST_NOTEBOOK)
    if content is None:
        return None
    try:
        return nbformat.reads(content.decode("utf-8"), as_version=4)
    except MemoryError:
        raise
    except Exception:  # nbformat and its validation fail in many ways
        return None
