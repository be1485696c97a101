"""Code that breaks something without ill will, and what must come out of it.

It does so in the hidden test of `double`, so that one test cell is lost: the visible one calls
`double(2)`.
"""

from helpers.graded_class import ALL, code

LOST = (1, 0, 4)
NO_DOUBLE = (0, 0, 4)


def breaks(name, statements, reason, findings=(), points=LOST):
    """A case whose `double` does something bad when it is called with any number but 2."""
    body = "".join(f"    {line}\n" for line in statements.strip().splitlines())
    source = f"def double(x):\n    if x == 2:\n        return 4\n{body}    return 2 * x\n"
    reasons = {"test_double_hidden": reason} if reason else {}
    return code(name, points, findings, reasons, double=source)


ENDLESS = "while True: pass"
DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
SWALLOWS = """
while True:
    try:
        while True: pass
    except BaseException: pass
"""
GROWS = "block = []\nwhile True: block.append(bytearray(2**24))"
SHARED = """
import mmap, time
block = mmap.mmap(-1, 2**31)
for start in range(0, 2**31, 2**20):
    block[start : start + 2**20] = bytes(2**20)
time.sleep(100)
"""
BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
FILLS = """
for number in range(100):
    with open(str(number), 'wb') as file: file.write(bytes(2**20))
"""
DIES = {
    "ends_itself": ("import os; os._exit(3)", "it ended itself with exit status 3"),
    "kernel_killed": ("import os; os.kill(os.getpid(), 9)", "it was killed"),
}
CRASHES = "import ctypes; ctypes.string_at(0)"
CLOSES = """
import os, sys
sys.stdin.close()
for file in 0, 1, 2: os.close(file)
"""
THREAD = """
import threading, time
def talk():
    while True:
        print('still here')
        time.sleep(0.01)
threading.Thread(target=talk).start()
"""
ORPHAN = """
import subprocess
subprocess.Popen(['sleep', '1000'], start_new_session=True)
"""
WARNS = """
import sys, warnings
warnings.warn('deprecated')
print('a library remarks', file=sys.stderr)
"""
BAR = """
import sys
for step in range(200): print(f'\\r{step} of 200', end='', file=sys.stderr, flush=True)
"""
FLOOD = "for _ in range(200): print('x' * 2**20, flush=True)"
ODD_TEXT = "print('\\ud800 \\x1b[31m \\x00')\nraise ValueError('\\udcff \\x07 \\u202e')"

CASES = [
    breaks("infinite_loop", ENDLESS, "This cell ran longer than 5 s."),
    breaks("deaf_loop", DEAF, "did not stop when it was interrupted"),
    breaks("loop_that_swallows_interrupts", SWALLOWS, "This cell ran longer than 5 s"),
    breaks("memory_bomb", GROWS, "1024 MB of memory"),
    breaks("shared_memory_bomb", SHARED, "it used more than 1024 MB of memory"),
    breaks("fork_bomb", BOMB, "This cell ran longer than 5 s|The kernel died in this cell"),
    breaks("disk_fill", FILLS, "No space left on device"),
    *(breaks(name, source, reason) for name, (source, reason) in DIES.items()),
    breaks("segmentation_fault", CRASHES, "segmentation fault", ("reaches for ctypes",)),
    breaks("closes_streams", CLOSES, "", points=ALL),
    breaks("thread_that_outlives", THREAD, "", points=ALL),
    breaks("process_that_outlives", ORPHAN, "", points=ALL),
    breaks("warning_on_stderr", WARNS, "", points=ALL),
    breaks("progress_bar", BAR, "", points=ALL),
    breaks("odd_characters", ODD_TEXT, "ValueError"),
    breaks("asks_for_input", "input()", "StdinNotImplementedError"),
    breaks("endless_recursion", "return double(x)", "RecursionError|ran longer"),
    # whether the cell has the time to print all of it does not matter
    code(
        "output_flood",
        findings=("its output is too long|printed or showed too much",),
        before=FLOOD,
    ),
    code(
        "syntax_error",
        NO_DOUBLE,
        double="def double(x:",
        reasons={"test_double": "NameError", "test_double_hidden": "NameError"},
    ),
    code("null_character", NO_DOUBLE, double="def double(x): return x + x\0"),
    code("dies_when_defined", NO_DOUBLE, double="import os; os._exit(1)"),
    code("quits_in_front", before="exit()"),
    code("reads_what_is_not_there", before="open('data.csv').read()"),
]
