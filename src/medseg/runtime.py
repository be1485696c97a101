"""Where does this code run: in a notebook, while nbgrader grades, with a person before it?

And for how long may it?
"""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# nbgrader sets it to what it is doing; nothing else in the course reads it.
EXECUTION = "NBGRADER_EXECUTION"
# A program that executes a notebook as a batch job sets it: nobody is there to press a button.
UNATTENDED = "MEDSEG_UNATTENDED"


def graded() -> bool:
    """Whether nbgrader runs this notebook (autograde or validate).

    >>> from medseg import training
    >>> training.graded()
    False
    """
    return os.environ.get(EXECUTION) in {"autograde", "validate"}


def interactive() -> bool:
    """Whether a widget may meet a person: in a notebook, neither graded nor run as a batch job.

    Nor where the cell's output is captured.
    """
    if graded() or os.environ.get(UNATTENDED) or not in_notebook():
        return False
    from IPython import get_ipython
    from IPython.core.displaypub import CapturingDisplayPublisher

    return not isinstance(get_ipython().display_pub, CapturingDisplayPublisher)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch calculates on one core: on small pictures, threads wait longer than they work.

    The number is the calling thread's own.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside once the time is over.

    The main thread is interrupted, as by Ctrl-C, and again every second until it heeds: an
    `except:` of the code inside may swallow one. Other threads, which cannot be interrupted, have
    no limit, and what a library calculates is waited for.

    >>> from medseg.runtime import time_limit
    >>> with time_limit(0.1):
    ...     while True:
    ...         pass
    Traceback (most recent call last):
    TimeoutError: it took longer than 0.1 s
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over, ended = threading.Event(), threading.Event()

    def watch() -> None:
        if not ended.wait(seconds):
            over.set()
            _thread.interrupt_main()
            while not ended.wait(1):
                _thread.interrupt_main()

    # in a program that was started in the background, interrupts are ignored
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    watcher = threading.Thread(target=watch, name="time limit", daemon=True)
    try:
        try:
            watcher.start()
            yield
        finally:
            ended.set()
            watcher.join()
    except KeyboardInterrupt:
        if not over.is_set():
            raise
        raise TimeoutError(f"it took longer than {seconds:g} s") from None
    finally:
        if former is not None:  # one that Python did not set cannot be put back
            signal.signal(signal.SIGINT, former)
