"""Scratch folders go with their owner, those of a killed one when the next one is made."""

import subprocess
import sys

import pytest

from medseg_grader.sandbox import scratch
from medseg_grader.sandbox.scratch import Scratch, base_folder, scratch_folder

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="needs locks that go with a process"
)


@pytest.fixture(autouse=True)
def place(tmp_path_factory, monkeypatch):
    """Temporary files of this test lie in a folder of their own."""
    folder = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(folder))
    return folder


def listed():
    return {path.name for path in base_folder().iterdir()} - {".lock"}


def test_a_closed_folder_is_gone():
    with scratch_folder() as folder:
        (folder / "file").write_text("x")
        assert listed() == {folder.name, f"{folder.name}.lock"}
    assert listed() == set()


def test_a_folder_in_use_stays_when_others_are_made():
    first, second = Scratch(), Scratch()
    assert first.folder.is_dir()
    first.close()
    assert second.folder.is_dir()
    second.close()


def test_the_folder_of_a_killed_process_is_swept_by_the_next_one(place):
    program = """
import os, signal
from medseg_grader.sandbox.scratch import Scratch
folder = Scratch().folder
(folder / 'deep').mkdir()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        env={**scratch.os.environ, "TMPDIR": str(place)},
    )
    assert done.returncode < 0
    assert len(listed()) == 2
    with scratch_folder() as folder:
        assert listed() == {folder.name, f"{folder.name}.lock"}


def test_a_place_that_others_could_have_prepared_is_refused(place):
    base = base_folder()
    base.chmod(0o777)
    with pytest.raises(OSError, match="is no folder of yours alone"):
        Scratch()
    base.rmdir()
    base.symlink_to(place)
    with pytest.raises(OSError, match="is no folder of yours alone"):
        Scratch()
