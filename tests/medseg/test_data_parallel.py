"""Cells that touch, and two processes whose averaged gradient is that of a single one."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from medseg.data_parallel import gradients, share
from medseg.scenes.microscope import apart, cells

TORCHRUN = ["torch.distributed.run", "--standalone", "--local-addr", "localhost"]


def test_the_same_seed_gives_the_same_cells_numbered_without_gaps():
    image, instances = cells(3, 64)
    np.testing.assert_array_equal(image, cells(3, 64)[0])
    assert np.unique(instances).tolist() == list(range(instances.max() + 1))
    assert abs(image.mean()) < 1e-4
    assert abs(image.std() - 1) < 1e-4


def test_a_picture_that_is_too_small_is_one_sentence():
    with pytest.raises(ValueError, match="at least 32 pixels on a side, not 8"):
        cells(0, 8)


def test_apart_leaves_no_two_instances_touching():
    row = np.array([[0, 1, 1, 1, 2, 2, 2, 0]])
    np.testing.assert_array_equal(apart(row), [[0, 1, 1, 0, 0, 2, 2, 0]])


def test_shares_cover_the_batch_and_must_be_equal():
    assert [share(8, rank, 2) for rank in (0, 1)] == [slice(0, 4), slice(4, 8)]
    with pytest.raises(ValueError, match="take a multiple of 3"):
        share(8, 0, 3)


@pytest.mark.slow
def test_two_processes_have_the_averaged_gradient_of_a_single_one(tmp_path):
    for name, launcher in {
        "two": [*TORCHRUN, "--nproc-per-node", "2", "-m"],
        "one": [],
    }.items():
        command = [sys.executable, "-m", *launcher, "medseg.data_parallel", tmp_path / name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    averaged, single = (gradients(tmp_path / name / "averaged.pt") for name in ("two", "one"))
    workers = [gradients(tmp_path / "two" / f"worker_{rank}.pt") for rank in (0, 1)]
    assert not torch.allclose(workers[0][0], workers[1][0], atol=1e-4)
    for mine, theirs, *both in zip(averaged, single, *workers, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(mine, (both[0] + both[1]) / 2, rtol=1e-5, atol=1e-6)
