"""Processes forked from this one, in which answers run side by side."""

import io
import multiprocessing
import os
import sys
from multiprocessing.pool import Pool


def forked_pool(processes: int | None = None, tasks_per_child: int | None = None) -> Pool:
    """A pool of as many processes as there are cores; they inherit all that is imported here.

    Each has one thread of torch, as a thread pool that was started before a fork hangs in the
    child, and no graphics card, for the same reason. What it writes to stderr is not seen.
    """
    context = multiprocessing.get_context("fork")
    return context.Pool(processes, _begin, maxtasksperchild=tasks_per_child)


def _begin() -> None:
    import torch

    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(1)
    sys.stderr = io.StringIO()
