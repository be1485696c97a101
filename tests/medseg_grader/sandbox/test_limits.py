"""Each limit stops what goes beyond it, tells the student, and costs no other cell."""

import pytest
from helpers.sandboxes import needs_sandbox, run, text_of

pytestmark = needs_sandbox


def test_too_large_an_array_is_a_memory_error_and_the_kernel_goes_on():
    _, result = run("block = bytearray(400 * 2**20)", "'after'", memory_mb=300)
    assert [cell.error for cell in result.cells] == [
        "MemoryError: this notebook may use 300 MB of memory",
        "",
    ]


def test_memory_of_all_processes_together_is_bounded():
    shared = """
import mmap, time
block = mmap.mmap(-1, 2**30)
for start in range(0, 2**30, 2**20):
    block[start : start + 2**20] = bytes(2**20)
time.sleep(60)
"""
    _, result = run("x = 1", shared, "assert x == 1", memory_mb=300)
    assert [cell.error for cell in result.cells] == [
        "",
        "The kernel died in this cell: it used more than 300 MB of memory.",
        "",
    ]
    assert result.peak_memory_mb < 1024


def test_a_fork_bomb_ends_at_the_number_of_processes():
    bomb = """
import os, time
children = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
        children += 1
except BlockingIOError:
    print(children)
"""
    made, result = run(bomb, "'after'", processes=60)
    assert [cell.error for cell in result.cells] == ["", ""]
    assert 0 < int(text_of(made.cells[0])) < 60


def test_the_disk_is_bounded_and_shared_memory_is_part_of_it():
    fill = """
import os, tempfile
def fill(folder):
    for number in range(100):
        with open(f"{folder}/{number}", "wb", buffering=0) as file:
            try:
                file.write(bytes(2**20))
            except OSError as error:
                return number, os.strerror(error.errno)
temporary = tempfile.gettempdir()
print(fill("/dev/shm"), fill("."), fill(temporary))
"""
    made, _ = run(fill, disk_mb=10)
    room, full = eval(text_of(made.cells[0]).replace(") (", "),("))[:2]
    assert room[1] == full[1] == "No space left on device"
    assert 8 <= room[0] <= 10
    assert full[0] == 0


def test_a_file_and_the_number_of_open_files_are_bounded():
    _, result = run(
        "open('large', 'wb', buffering=0).truncate(2**22)",
        "files = [open('/dev/null') for _ in range(200)]",
        "1 + 1",
        file_mb=2,
        open_files=100,
    )
    errors = [cell.error for cell in result.cells]
    assert "File too large" in errors[0]
    assert "Too many open files" in errors[1]
    assert errors[2] == ""


def test_output_beyond_its_allowance_is_left_out_and_a_result_is_not():
    made, result = run(
        "for _ in range(40): print('x' * 100_000)",
        "print('more')",
        "print('y' * 30_000_000)\n0.5",
        "raise ValueError('z' * 2_000_000)",
        "0.25",
        output_mb=1,
    )
    assert [cell.ran for cell in result.cells] == [True] * 5
    assert sum(len(text_of(cell)) for cell in made.cells) < 1.1 * 2**20
    assert "left out" in text_of(made.cells[0])
    assert text_of(made.cells[2]).endswith("0.5")
    assert text_of(made.cells[4]) == "0.25"
    assert result.cells[3].error.startswith("ValueError: zzz")
    assert len(result.cells[3].error) < 400
    assert any("its output is too long" in finding for finding in result.findings)


def test_a_progress_bar_is_its_last_line():
    made, _ = run(
        "import sys\nfor i in range(1000):\n    print(f'\\r{i} of 1000', end='', flush=True)"
    )
    assert text_of(made.cells[0]) == "999 of 1000"


def test_closed_standard_streams_cost_nothing_but_their_output():
    close = "import os\nfor file in 0, 1, 2: os.close(file)"
    _, result = run("x = 3", close, "import sys; sys.stdin.close(); sys.__stdout__.close()", "x")
    assert [cell.ran for cell in result.cells] == [True] * 4
    assert result.cells[3].error == ""


def test_asking_for_input_is_an_error_not_a_wait():
    _, result = run("input('name?')")
    assert result.cells[0].error.startswith("StdinNotImplementedError")


@pytest.mark.slow
def test_a_message_beyond_the_largest_is_not_received_and_hides_no_result():
    huge = "print('z' * 80_000_000)\n0.25"
    made, result = run("x = 1", huge, "assert x == 1\nx")
    assert [cell.ran for cell in result.cells] == [True, False, True]
    assert result.cells[1].error.startswith("This cell printed or showed too much at once")
    assert result.findings == [f"Cell 2: {result.cells[1].error}"]
    assert text_of(made.cells[2]) == "1"


@pytest.mark.slow
def test_an_answer_beyond_the_largest_ends_the_cell_at_its_time():
    huge = "raise ValueError('z' * 80_000_000)"
    _, result = run("x = 1", huge, "assert x == 1", cell_seconds=20)
    assert [cell.ran for cell in result.cells] == [True, False, True]
    assert "longer than 20 s" in result.cells[1].error


def test_messages_forged_by_student_code_stop_nothing():
    forged = """
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
app.iopub_thread.socket.send_multipart([b"x", b"<IDS|MSG>", b"wrong", b"{", b"{", b"{", b"{"])
"""
    _, result = run("x = 1", forged, "assert x == 1")
    assert result.cells[2].error == ""


HELD = {
    "files in memory": """
import os, time
held = [os.memfd_create(str(number)) for number in range(30)]
for file in held:
    os.ftruncate(file, 20 * 2**20)
    for _ in range(20):
        os.write(file, bytes(2**20))
time.sleep(60)
""",
    "System V segments that nobody has attached": """
import ctypes, time
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
for number in range(30):
    segment = libc.shmget(0, 20 * 2**20, 0o1600)
    place = libc.shmat(segment, None, 0)
    ctypes.memset(place, 1, 20 * 2**20)
    libc.shmdt(ctypes.c_void_p(place))
time.sleep(60)
""",
}


@pytest.mark.parametrize("code", HELD.values(), ids=HELD)
def test_memory_that_is_only_held_counts_too(code):
    _, result = run("x = 1", code, memory_mb=300, file_mb=64)
    assert result.cells[1].error == (
        "The kernel died in this cell: it used more than 300 MB of memory."
    )
    assert result.peak_memory_mb < 700
