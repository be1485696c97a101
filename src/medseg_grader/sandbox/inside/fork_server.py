"""The warm parent: a process that has imported what notebooks import, and forks kernels.

It runs inside bubblewrap, where it never sees a submission: for every connection to its socket,
the door, it forks a child, the keeper, which reads the request. The keeper goes behind the inner
wall (namespaces.py), starts process 1 of that world, which starts the kernel, and watches over
both: it passes on interrupts, counts memory and processes, and ends everything in there when it is
told to, when a limit is passed, or when the grader is gone. Standard library only, apart from what
is warmed up.
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
import tempfile
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from medseg_grader.sandbox.inside import namespaces

# What the course's notebooks and tests import, directly or not, and what a kernel consists of.
MODULES = (
    "numpy",
    "scipy.ndimage",
    "scipy.stats",
    "scipy.spatial.transform",
    "scipy.sparse.csgraph",
    "torch",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "nibabel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "ipywidgets",
    "monai.losses",
    "monai.metrics",
    "monai.networks.nets",
    "monai.inferers",
    "torchmetrics.classification",
    "torchmetrics.functional.classification",
    "torchmetrics.functional.detection",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "contourpy",
    "executing",
    "medseg.notebook.carry_over",
    "medseg.checks",
    "medseg.probes.networks",
    "medseg.phantom",
    "medseg.plots",
    "medseg.probes.pretend_device",
    "medseg.probes",
    "medseg.scenes",
    "medseg.stand_ins",
    "medseg.training",
    "medseg.plots.u_net",
    "medseg.widgets",
)
# The phantoms that units open with, each rendered once for all submissions.
PATIENTS = (10_000, 40_000, 50_000, 60_000)
# Of a kernel's variables those that name places to write to.
OWN_PLACES = {
    "TMPDIR": namespaces.TEMPORARY,
    "XDG_CACHE_HOME": f"{namespaces.HOME}/.cache",
    "MPLCONFIGDIR": f"{namespaces.HOME}/.matplotlib",
}
# IPython's own tracebacks, which show the code around every line, cost more time than all else in
# a notebook with nothing filled in; the plain one says the same of the line that failed.
KERNEL_OPTIONS = ("--HistoryManager.hist_file=:memory:", "--InteractiveShell.xmode=Plain")
POLL_SECONDS = 0.05
DOOR = "door"
READY = b"ready"
CHECKED = b"checked"


def main(arguments: list[str]) -> int:
    """`FD MODULE …` serves on that socket; `FD --check` only tries to build the inner wall."""
    channel = socket.socket(fileno=int(arguments[0]))
    namespaces.give_up_root()
    if "--check" in arguments:
        channel.send(_check())
        return 0
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{namespaces.SOCKETS}/{DOOR}")
        door.listen(128)
        warm_up(arguments[1:])
        channel.send(READY)
        serve(channel, door)
    return 0


def warm_up(modules: Sequence[str]) -> None:
    """Import all modules and start no thread: a fork has only the thread that forks."""
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
    if phantom := sys.modules.get("medseg.phantom"):
        for patient in PATIENTS:
            phantom.volumes(patient)
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


def serve(channel: socket.socket, door: socket.socket) -> None:
    """Fork a keeper for every connection, until the grader at the channel's end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for
    while True:
        ready, _, _ = select.select([channel.fileno(), door.fileno()], [], [])
        if channel.fileno() in ready:
            return
        control, _ = door.accept()
        if os.fork() == 0:
            channel.close()
            door.close()
            namespaces.die_with_parent()
            keep(control)
        control.close()


def keep(control: socket.socket) -> NoReturn:
    """Start one kernel as the request says, watch over it, and report how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    imported, _ = namespaces.memory_of("self")
    with control.makefile("rw", encoding="utf-8", newline="\n") as lines:
        try:
            request = json.loads(lines.readline())
            namespaces.leave()
            ours, theirs = socket.socketpair()
            first = os.fork()
            if first == 0:
                ours.close()
                os.close(control.detach())
                _first_process(request, theirs)
            theirs.close()
            result = _watch(control, ours, first, request["limits"], imported, lines)
        except BaseException as error:
            result = {"exit": 1, "error": f"{type(error).__name__}: {error}"}
        _say(lines, result)
    os._exit(0)


def _watch(
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
    _say(lines, {"ready": True})
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


def _first_process(request: dict[str, Any], report: socket.socket) -> NoReturn:
    """Process 1: build the walls, start the kernel, wait for it. Its end ends all others."""
    try:
        namespaces.die_with_parent()
        namespaces.furnish(request["folder"], request["limits"]["disk_mb"])
        bound, bind = os.pipe()
        kernel = os.fork()
        if kernel == 0:
            os.close(bound)
            report.close()
            _kernel(request, bind)
        os.close(bind)
        signal.signal(signal.SIGINT, lambda *_: os.killpg(kernel, signal.SIGINT))
        trouble = os.read(bound, 4096)
        if trouble != READY:
            report.send(trouble)
            os._exit(1)
        namespaces.close_sockets_folder()
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        socket.send_fds(report, [READY], [proc])
        report.close()
        os.closerange(0, 256)
        namespaces.give_up_rights()
        while True:
            process, status = os.wait()
            if process == kernel:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
    except BaseException as error:
        report.send(f"{type(error).__name__}: {error}".encode()[:4096])
    os._exit(1)


def _kernel(request: dict[str, Any], bind: int) -> NoReturn:
    """The kernel's process: nothing of the outside is left to it, then it becomes a kernel."""
    try:
        os.setsid()
        namespaces.give_up_rights()
        namespaces.limit(request["limits"])
        _keep_only(bind)
        os.chdir(namespaces.WORK)
        os.environ.update(OWN_PLACES | request["environment"])
        tempfile.tempdir = None  # the warm parent's is remembered, and is not there any more
        _threads(int(request["limits"]["threads"]))
        app = _make_app(request["connection"])
        os.write(bind, READY)
    except BaseException:
        os.write(bind, traceback.format_exc()[-4000:].encode())
        os._exit(1)
    os.close(bind)
    gc.enable()
    app.start()
    sys.stdout.flush()
    os._exit(0)


def _keep_only(file: int) -> None:
    """Close all open files but one; the standard ones lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != file:
            try:
                os.close(int(name))
            except OSError:  # the one that listed the folder
                continue


def _threads(number: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(number)
    torch = sys.modules.get("torch")
    if torch and number != torch.get_num_threads():
        torch.set_num_threads(number)


def _make_app(connection: dict[str, Any]) -> Any:
    """ipykernel's own application with its sockets open, ready to be started."""
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    class App(IPKernelApp):
        def init_iopub(self, context: zmq.Context) -> None:
            # outputs wait until they are fetched; a result must not be dropped
            context.setsockopt(zmq.SNDHWM, 0)
            super().init_iopub(context)

    path = os.path.join(namespaces.DISK, "connection.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(connection, file)
    app = App.instance()
    app.initialize(["-f", path, *KERNEL_OPTIONS])
    # `exit()` would end the kernel 0.1 s later, in the midst of some other cell
    shell: Any = app.shell
    shell.unobserve_all("exit_now")
    return app


def _say(lines: Any, message: dict[str, Any]) -> None:
    try:
        lines.write(json.dumps(message) + "\n")
        lines.flush()
    except OSError:  # nobody is left to hear it
        return


def _check() -> bytes:
    """CHECKED if the inner wall stands here, else why not."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            namespaces.leave()
            child = os.fork()
            if child == 0:
                os.mkdir(f"{namespaces.SOCKETS}/check")
                namespaces.furnish("check", 1)
                namespaces.close_sockets_folder()
                namespaces.give_up_rights()
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
