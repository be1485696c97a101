"""Fork server: a process that has imported what notebooks import, and forks kernels.

It runs inside bubblewrap, where it never sees a submission: for every connection to its listening
socket it forks a supervisor, which reads the request.
"""

import gc
import importlib
import io
import json
import os
import random
import select
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from medseg_grader.sandbox.inside import CHECKED, LISTEN_SOCKET, READY, namespaces
from medseg_grader.sandbox.inside.supervisor import supervise


def main(arguments: list[str]) -> int:
    """`FD PRELOAD` serves on that socket; `FD --check` only tries to make the namespaces.

    PRELOAD is JSON: {"modules": [name, …], "calls": [[module, function, argument, …], …]}.
    """
    channel = socket.socket(fileno=int(arguments[0]))
    namespaces.drop_root()
    if "--check" in arguments:
        channel.send(_check())
        return 0
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{namespaces.SOCKETS}/{LISTEN_SOCKET}")
        listener.listen(128)
        wanted = json.loads(arguments[1])
        preload(wanted["modules"], wanted["calls"])
        channel.send(READY)
        serve(channel, listener)
    return 0


def preload(modules: Sequence[str], calls: Sequence[Sequence[Any]] = ()) -> None:
    """Import all modules and start no thread: a fork has only the thread that forks.

    `calls` are made once, each (module, function, argument, …), for what they leave in a cache;
    of a module that is not among `modules`, none is.
    """
    for name in modules:
        importlib.import_module(name)
    # every submission starts from the same state of chance
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
        # the first use of an optimiser imports as much again
        torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1).zero_grad()
    if "matplotlib" in sys.modules:
        _draw_once()
    for module, function, *given in calls:
        if module in modules:
            getattr(sys.modules[module], function)(*given)
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("an imported module started a thread, a fork would lose it")
    gc.collect()
    gc.freeze()  # a later collection would touch, and so copy, all that the kernels share


def _draw_once() -> None:
    """The first figure reads fonts and fills caches, for all that come after it."""
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    ax = figure.subplots()
    ax.plot([1.0, 2.0], label="$x^2$")
    ax.imshow([[0.0, 1.0]])
    ax.contour([[0.0, 1.0], [1.0, 0.0]])
    ax.set(title="title", xlabel="x", ylabel="y")
    ax.legend()
    figure.savefig(io.BytesIO(), format="png")


def serve(channel: socket.socket, listener: socket.socket) -> None:
    """Fork a supervisor for every connection, until the grader at the channel's end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for
    while True:
        ready, _, _ = select.select([channel.fileno(), listener.fileno()], [], [])
        if channel.fileno() in ready:
            return
        control, _ = listener.accept()
        if os.fork() == 0:
            channel.close()
            listener.close()
            namespaces.die_with_parent()
            supervise(control)
        control.close()


def _check() -> bytes:
    """CHECKED if the inner wall stands here, else why not."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            namespaces.unshare_namespaces()
            child = os.fork()
            if child == 0:
                os.mkdir(f"{namespaces.SOCKETS}/check")
                namespaces.mount_private_filesystem("check", 1)
                namespaces.remount_sockets_read_only()
                namespaces.drop_capabilities()
                os.write(writer, CHECKED)
                os._exit(0)
            os.waitpid(child, 0)
        except OSError as error:
            os.write(writer, f"{error.strerror}".encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    return os.read(reader, 4096) or b"the test process ended early"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
