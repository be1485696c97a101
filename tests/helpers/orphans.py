"""Which processes a program leaves behind: they become the test's own children (Linux)."""

import ctypes
import time

import psutil
import pytest

SET_CHILD_SUBREAPER = 36
PATIENCE = 120


@pytest.fixture
def orphans():
    """All that descends from this process, also what lost its parent, and was not there before."""
    prctl = ctypes.CDLL(None).prctl
    prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    me = psutil.Process()
    before = set(me.children(recursive=True))
    yield lambda: [p for p in me.children(recursive=True) if p not in before]
    prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def wait_until_gone(orphans, seconds=PATIENCE):
    """Wait for processes that have lost their parent to end, which they must do by themselves."""
    end = time.monotonic() + seconds
    while (left := orphans()) and time.monotonic() < end:
        psutil.wait_procs(left, timeout=1)
    assert not left, [process.cmdline() for process in left]
