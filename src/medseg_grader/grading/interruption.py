"""An interrupted program ends with one sentence, and with all that it has started."""

import contextlib
import ctypes
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import psutil

from medseg.errors import note

INTERRUPTED = 130
# What belongs to something that has ended gets so long to end too, then it is killed.
GRACE_SECONDS = 3
PR_SET_CHILD_SUBREAPER = 36  # from linux/prctl.h


def interruptible(work: Callable[[], int]) -> int:
    """What `work` returns; 130 if Ctrl-C or SIGTERM ends it, and nothing that it started is left.

    The first of these signals raises KeyboardInterrupt in `work`, for it to close what it has
    open; later ones do not disturb it at that. Call it from the main thread.
    """
    started: set[psutil.Process] = set()
    interrupted = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(*_: Any) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        # the children of a child that ends are ours from now on, or nobody's outside Linux
        _adopt_orphans()
        started.update(psutil.Process().children(recursive=True))
        interrupted.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in signals}
    try:
        code = work()
    except BaseException as error:
        # some libraries make an error of their own of an interrupt, so the signal is what counts
        if not interrupted.is_set():
            raise
        note(error)
    finally:
        if interrupted.is_set():
            _end(started)
        for number, handler in before.items():
            signal.signal(number, handler)
    if not interrupted.is_set():
        return code
    # it would tell of tasks that nobody waits for any more
    logging.getLogger("asyncio").disabled = True
    print("\nInterrupted.", file=sys.stderr)
    return INTERRUPTED


def _adopt_orphans() -> None:
    """What loses its parent becomes a child of this process: Linux can do so, others cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end(started: set[psutil.Process]) -> None:
    """Wait for them to end of themselves, and kill what does not, and what they left behind."""
    left, grace = set(started), GRACE_SECONDS
    while True:
        _, alive = psutil.wait_procs(left, timeout=grace)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=GRACE_SECONDS)
        # a child may have started another one while it was ending
        left = set(psutil.Process().children(recursive=True)) - started
        if not left:
            return
        started |= left
        grace = 0
