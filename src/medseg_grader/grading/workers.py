"""Where workers run: on this machine's cores, on any Dask cluster, or on Slurm through Dask.

Student code never runs in these workers themselves, only in the sandbox that a worker starts.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from medseg.errors import InputError, logging_to

Job = TypeVar("Job")
Answer = TypeVar("Answer")

# workers share the cores, so each calculates with one thread
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
CONNECT_SECONDS = 20
# of a Slurm job, where the site's own dask configuration does not say otherwise
SLURM_DEFAULTS = {"cores": 1, "processes": 1, "memory": "6 GiB", "walltime": "04:00:00"}


@dataclass
class WorkerPool:
    """Workers at hand. `size` is how many; `remote` whether they may be on other machines."""

    make: Callable[[], Executor]
    size: int
    remote: bool
    executor: Executor

    def ask(self, function: Callable[[], Answer]) -> Answer:
        """What a function without arguments gives on the machine that the workers are on."""
        return self.executor.submit(function).result() if self.remote else function()

    def run(
        self, function: Callable[[Job], Answer], jobs: Iterable[Job]
    ) -> Iterator[tuple[Job, Answer | Exception]]:
        """(job, what the function gave or the exception that it raised), as they come.

        Never more jobs are in flight than workers can soon start, so memory does not grow with
        the class. Where a worker's process dies, the jobs in flight are done again at the end,
        one at a time, so that only the one that kills its worker fails.
        """
        again: list[Job] = []
        for job, answer in self._in_parallel(function, jobs, 2 * self.size):
            if isinstance(answer, BrokenExecutor):
                again.append(job)
            else:
                yield job, answer
        for job in again:
            yield from self._in_parallel(function, [job], 1)

    def _in_parallel(
        self, function: Callable[[Job], Answer], jobs: Iterable[Job], width: int
    ) -> Iterator[tuple[Job, Answer | Exception]]:
        waiting: dict[Future, Job] = {}
        rest = iter(jobs)
        while True:
            for job in rest:
                waiting[self._submit(function, job)] = job
                if len(waiting) >= width:
                    break
            if not waiting:
                return
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                job = waiting.pop(future)
                try:
                    answer = future.result()
                except Exception as error:
                    answer = error
                yield job, answer

    def _submit(self, function: Callable[[Job], Answer], job: Job) -> Future:
        try:
            return self.executor.submit(function, job)
        except BrokenExecutor:
            self.executor.shutdown(wait=False)
            self.executor = self.make()
            return self.executor.submit(function, job)


@contextmanager
def worker_pool(
    workers: int | None = None,
    scheduler: str | None = None,
    slurm: bool = False,
    log: Path | None = None,
) -> Iterator[WorkerPool]:
    """Workers, for as long as the context lasts.

    Args:
        workers: how many; by default one for each core of this machine, or as many as a Dask
            cluster has threads.
        scheduler: address of a Dask scheduler, as tcp://10.0.0.1:8786.
        slurm: whether to start the workers as Slurm jobs, one worker a job.
        log: where workers on this machine note the stacks of exceptions, see `medseg.errors`.

    Raises:
        InputError: the scheduler cannot be reached, or Slurm is not there.
    """
    if scheduler or slurm:
        with _dask_pool(workers, scheduler) as found:
            yield found
        return
    size = workers or cores()

    def make() -> Executor:
        # Fresh processes: a fork would inherit open sockets and locks of this one.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(size, context, initializer=_begin_work, initargs=(log,))

    local = WorkerPool(make, size, False, make())
    try:
        yield local
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        local.executor.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin_work(log: Path | None) -> None:
    """In each worker process: leave Ctrl-C to the parent, and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging_to(log).__enter__()  # until this process ends
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _dask_pool(workers: int | None, scheduler: str | None) -> Iterator[WorkerPool]:
    from distributed import Client

    with ExitStack() as stack:
        if scheduler is None:
            cluster: Any = stack.enter_context(slurm_cluster())
            cluster.scale(jobs=workers or 4)
            address: Any = cluster
        else:
            address = scheduler
        try:
            client = stack.enter_context(
                Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            )
        except (OSError, ValueError) as error:
            raise InputError(
                f"No Dask scheduler answers at {scheduler} ({error}): start one with "
                "`dask scheduler` and give its address, as tcp://10.0.0.1:8786."
            ) from error
        size = workers or sum(client.nthreads().values()) or 4

        def make() -> Executor:
            return client.get_executor(pure=False)

        yield WorkerPool(make, size, True, make())


def slurm_cluster(**options: Any) -> Any:
    """A Dask cluster of Slurm jobs, one worker each, as dask-jobqueue makes it.

    Queue, account, memory and all else come from the site's own configuration of Dask
    (`~/.config/dask/jobqueue.yaml`, key `jobqueue.slurm`), the course's defaults where it is
    silent. `job_script()` of what is returned shows the job.
    """
    import dask
    from dask_jobqueue import SLURMCluster

    # the site's files and variables alone: by dask-jobqueue's own, jobs end after half an hour
    site = dask.config.collect()

    def configured(key: str) -> Any:
        return dask.config.get(f"jobqueue.slurm.{key}", None, config=site)

    defaults = {key: value for key, value in SLURM_DEFAULTS.items() if not configured(key)}
    threads = [f"export {name}=1" for name in ONE_THREAD]
    prologue = [*(configured("job-script-prologue") or []), *threads]
    return SLURMCluster(**{"job_script_prologue": prologue, **defaults, **options})
