"""Supervisor: starts one kernel in namespaces of its own, watches over it, and says how it ended.

It passes on interrupts, counts memory and processes, and kills everything in the namespace when it
is told to, when a limit is passed, or when the grader is gone.
"""

import json
import os
import select
import signal
import socket
from typing import Any, NoReturn

from medseg_grader.sandbox.inside import namespaces
from medseg_grader.sandbox.inside.init import run_init

POLL_SECONDS = 0.05


def supervise(control: socket.socket) -> NoReturn:
    """Start one kernel as the request says, watch over it, and report how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    imported = namespaces.memory_of("self")
    with control.makefile("rw", encoding="utf-8", newline="\n") as lines:
        try:
            request = json.loads(lines.readline())
            namespaces.unshare_namespaces()
            ours, theirs = socket.socketpair()
            first = os.fork()
            if first == 0:
                ours.close()
                os.close(control.detach())
                run_init(request, theirs)
            theirs.close()
            result = _monitor(control, ours, first, request["limits"], imported, lines)
        except BaseException as error:
            result = {"exit": 1, "error": f"{type(error).__name__}: {error}"}
        say(lines, result)
    os._exit(0)


def _monitor(
    control: socket.socket,
    ours: socket.socket,
    first: int,
    limits: dict[str, Any],
    imported: float,
    lines: Any,
) -> dict[str, Any]:
    """Until process 1 has ended, and with it everything that it or the kernel has started."""
    message, files, _, _ = socket.recv_fds(ours, 4096, 1)
    if not files:
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        reason = message.decode(errors="replace").strip() or "the kernel ended while it started"
        return {"exit": 1, "error": reason}
    proc, end = files[0], os.pidfd_open(first)
    say(lines, {"ready": True})
    reason, peak = "", 0.0
    while True:
        ready, _, _ = select.select([control.fileno(), end], [], [], POLL_SECONDS)
        if end in ready:
            break
        memory, tasks = namespaces.usage(proc)  # also before the end: it may come before any poll
        memory -= imported
        peak = max(peak, memory)
        if control.fileno() in ready:
            order = control.recv(1)
            if order == b"i":
                os.kill(first, signal.SIGINT)
            else:  # told to end it, or nobody is left to tell
                os.kill(first, signal.SIGKILL)
                continue
        if not reason and memory > limits["memory_mb"]:
            reason = f"it used more than {limits['memory_mb']:g} MB of memory"
        if not reason and tasks > limits["processes"] + 2:
            reason = f"it started more than {limits['processes']:g} processes and threads"
        if reason:
            os.kill(first, signal.SIGKILL)
    _, status = os.waitpid(first, 0)
    return {"exit": os.waitstatus_to_exitcode(status), "reason": reason, "peak_mb": peak}


def say(lines: Any, message: dict[str, Any]) -> None:
    try:
        lines.write(json.dumps(message) + "\n")
        lines.flush()
    except OSError:  # nobody is left to hear it
        return
