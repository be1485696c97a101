"""The kernel's process: it drops what is left of its rights, then becomes an ipykernel."""

import gc
import json
import os
import sys
import tempfile
import traceback
from typing import Any, NoReturn

from medseg_grader.sandbox.inside import KERNEL_OPTIONS, READY, namespaces

# Of a kernel's variables those that name places to write to.
OWN_PLACES = {
    "TMPDIR": namespaces.TEMPORARY,
    "XDG_CACHE_HOME": f"{namespaces.HOME}/.cache",
    "MPLCONFIGDIR": f"{namespaces.HOME}/.matplotlib",
}


def run_kernel(request: dict[str, Any], bind: int) -> NoReturn:
    """The kernel's process: nothing of the outside is left to it, then it becomes a kernel."""
    try:
        os.setsid()
        namespaces.join_own_keyring()
        namespaces.drop_capabilities()
        namespaces.set_rlimits(request["limits"])
        _keep_only(bind)
        os.chdir(namespaces.WORK)
        os.environ.update(OWN_PLACES | request["environment"])
        tempfile.tempdir = None  # the fork server's is remembered, and is not there any more
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
