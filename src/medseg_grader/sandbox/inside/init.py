"""Init: process 1 of a submission's pid namespace. Its end ends all other processes in there."""

import os
import signal
import socket
from typing import Any, NoReturn

from medseg_grader.sandbox.inside import READY, namespaces
from medseg_grader.sandbox.inside.kernel import run_kernel


def run_init(request: dict[str, Any], report: socket.socket) -> NoReturn:
    """Process 1: build the walls, start the kernel, wait for it. Its end ends all others."""
    try:
        namespaces.die_with_parent()
        namespaces.mount_private_filesystem(request["folder"], request["limits"]["disk_mb"])
        bound, bind = os.pipe()
        kernel = os.fork()
        if kernel == 0:
            os.close(bound)
            report.close()
            run_kernel(request, bind)
        os.close(bind)
        signal.signal(signal.SIGINT, lambda *_: os.killpg(kernel, signal.SIGINT))
        trouble = os.read(bound, 4096)
        if trouble != READY:
            report.send(trouble)
            os._exit(1)
        namespaces.remount_sockets_read_only()
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        socket.send_fds(report, [READY], [proc])
        report.close()
        os.closerange(0, 256)
        namespaces.drop_capabilities()
        while True:
            process, status = os.wait()
            if process == kernel:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
    except BaseException as error:
        report.send(f"{type(error).__name__}: {error}".encode()[:4096])
    os._exit(1)
