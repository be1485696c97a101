"""Ctrl-C and SIGTERM end the demo with one sentence, and no process is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.orphans import wait_until_gone
from helpers.sandboxes import needs_sandbox

ROOT = Path(__file__).parents[3]
SECONDS = 60  # to end in, and for what is left to follow, on a machine at its limit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are found on Linux")

WAITS = """
import subprocess, time
from medseg_grader.grading.interruption import interruptible

def work():
    subprocess.Popen(["sleep", "500"], start_new_session=True)
    print("here", flush=True)
    time.sleep(500)
"""
MAKES_AN_ERROR_OF_IT = f"""
{WAITS}
def other():
    try:
        return work()
    except BaseException:
        raise ValueError("something failed")
"""
STARTS_ANOTHER_WHILE_IT_ENDS = """
import signal, subprocess, sys
from medseg_grader.grading.interruption import interruptible

CHILD = '''
import signal, subprocess, sys
def end(*_):
    subprocess.Popen(["sleep", "500"], start_new_session=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("here", flush=True)
signal.pause()
'''

def work():
    child = subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
    try:
        signal.pause()
    finally:
        child.terminate()
        child.wait()
"""
DEMO = """
import sys
from pathlib import Path
from medseg_grader import demo
demo.OUTPUT, demo.UNITS = Path(sys.argv[1]), ("04_iou",)
demo.release = lambda units: None
"""
WITHOUT_SANDBOX = f"{DEMO}demo.bubblewrap.problem = lambda: 'There is none: so be it.'\n"
ONLY_TRAINING = f"{DEMO}demo.grade = lambda root: ([], root)\n"


def start(program, *arguments):
    """The program, in a process group of its own as in a terminal."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def read_until(process, words):
    """What it has printed until these words come."""
    said = b""
    while words not in said:
        piece = os.read(process.stdout.fileno(), 4096)
        assert piece, process.stderr.read()
        said += piece


def to_all(process):
    """What a terminal does on Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)


def to_it_alone(process):
    process.send_signal(signal.SIGINT)


def terminated(process):
    process.terminate()


def check_end(process, orphans):
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, errors
    assert errors.decode().split() == ["Interrupted."]
    wait_until_gone(orphans, SECONDS)


@pytest.mark.parametrize("interrupt", [to_all, to_it_alone, terminated])
def test_an_interrupted_program_takes_its_children_along(interrupt, orphans):
    process = start(f"{WAITS}\nraise SystemExit(interruptible(work))")
    read_until(process, b"here")
    interrupt(process)
    check_end(process, orphans)


@pytest.mark.parametrize("interrupt", [to_all, to_it_alone, terminated])
def test_what_a_child_starts_while_it_ends_is_taken_along(interrupt, orphans):
    program = f"{STARTS_ANOTHER_WHILE_IT_ENDS}\nraise SystemExit(interruptible(work))"
    process = start(program)
    read_until(process, b"here")
    interrupt(process)
    check_end(process, orphans)


def test_an_interrupt_stays_one_where_a_library_makes_an_error_of_it(orphans):
    process = start(f"{MAKES_AN_ERROR_OF_IT}\nraise SystemExit(interruptible(other))")
    read_until(process, b"here")
    to_all(process)
    check_end(process, orphans)


def test_an_error_that_is_no_interrupt_is_raised_as_it_is():
    from medseg_grader.grading.interruption import interruptible

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)
    assert interruptible(lambda: 7) == 7
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "moment", "interrupt"),
    [
        pytest.param(DEMO, b" 0/5 ", to_all, marks=needs_sandbox),
        pytest.param(DEMO, b" 2/5 ", terminated, marks=needs_sandbox),
        (WITHOUT_SANDBOX, b" 1/5 ", to_all),
        (WITHOUT_SANDBOX, b" 1/5 ", terminated),
        (ONLY_TRAINING, b"Reading phantoms", to_all),
        (ONLY_TRAINING, b"training:   0%", to_it_alone),
    ],
    ids=[
        "the sandbox starts",
        "in the sandbox",
        "without sandbox",
        "without sandbox, terminated",
        "the kernel reads",
        "the kernel trains",
    ],
)
def test_an_interrupted_demo_leaves_no_process(
    program,
    moment,
    interrupt,
    tmp_path,
    orphans,
):
    process = start(f"{program}sys.exit(demo.run())", tmp_path)
    read_until(process, moment)
    interrupt(process)
    check_end(process, orphans)
