"""An interrupted program ends with one sentence, and with all that it has started."""

import contextlib
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


def interruptible(work: Callable[[], int]) -> int:
    """What `work` returns; 130 if Ctrl-C or SIGTERM ends it, and nothing that it started is left.

    The first of these signals raises KeyboardInterrupt in `work`, for it to close what it has
    open; later ones do not disturb it at that. Call it from the main thread.
    """
    started: list[psutil.Process] = []
    interrupted = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(*_: Any) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        # now, as the children of a child that ends are nobody's any more
        started.extend(psutil.Process().children(recursive=True))
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
        _end(started)
        for number, handler in before.items():
            signal.signal(number, handler)
    if not interrupted.is_set():
        return code
    # it would tell of tasks that nobody waits for any more
    logging.getLogger("asyncio").disabled = True
    print("\nInterrupted.", file=sys.stderr)
    return INTERRUPTED


def _end(processes: list[psutil.Process]) -> None:
    """Wait for them to end of themselves, and kill what does not."""
    _, left = psutil.wait_procs(processes, timeout=GRACE_SECONDS)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=GRACE_SECONDS)
