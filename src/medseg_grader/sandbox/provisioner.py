"""Kernels in the sandbox, for anything that starts kernels: a jupyter_client kernel provisioner.

`medseg grade` uses it directly. nbgrader and JupyterLab find it by its entry point,
`medseg-sandbox` in the group `jupyter_client.kernel_provisioners`, which a kernelspec names.
`python -m medseg_grader.sandbox` installs that kernelspec; from then on nbgrader_config.py lets
`nbgrader autograde` and formgrader's button run student code in it.
"""

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Dict, List, Unicode

from medseg.runtime import EXECUTION
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.bubblewrap import SandboxError
from medseg_grader.sandbox.fork_servers import START_SECONDS, connect
from medseg_grader.sandbox.inside import namespaces
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import CALLS, MODULES, Policy

NAME = "medseg-sandbox"
KERNELSPEC = {
    "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3 (sandbox)",
    "language": "python",
    "metadata": {"kernel_provisioner": {"provisioner_name": NAME, "config": {}}},
}
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
# Of the environment in which a kernel is started, what goes into the sandbox.
PASSED_ON = (EXECUTION, "MEDSEG_SEED")


class SandboxProvisioner(KernelProvisionerBase):
    """A kernel forked from the fork server, in namespaces of its own."""

    limits: Any = Dict(help="Limits of the kernel by name, see medseg_grader.sandbox.limits.").tag(
        config=True
    )
    gpu = Bool(False, help="Whether the kernel may use NVIDIA's devices.").tag(config=True)
    readable: Any = List(Unicode(), help="More folders that the kernel may read.").tag(config=True)
    modules: Any = List(Unicode(), list(MODULES), help="What the kernel has imported.").tag(
        config=True
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._control: socket.socket | None = None
        self._folder: Path | None = None
        self._heard = b""
        self.result: dict[str, Any] = {}

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel that was not waited for."""
        return self._control is not None

    @property
    def reason(self) -> str:
        """Why the kernel was ended, or how it ended itself; empty while it runs."""
        if not self.result:
            return ""
        return self.result.get("reason") or describe_exit(self.result["exit"])

    @property
    def peak_memory_mb(self) -> float:
        """The most memory that the kernel's processes had at a time; known when it has ended."""
        return float(self.result.get("peak_mb", 0.0))

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose files in a folder that the sandbox shares as the kernel's sockets."""
        policy = Policy(self.gpu, tuple(self.readable), tuple(self.modules), CALLS)
        self._control, parent = await asyncio.to_thread(connect, policy)
        manager: Any = self.parent
        if self._folder is None or self._folder.parent != parent:
            self._folder = parent / uuid.uuid4().hex[:12]
        if not self._folder.is_dir():
            self._folder.mkdir()
            bubblewrap.own_folder(self._folder)
        manager.cache_ports = False
        manager.transport, manager.ip = "ipc", str(self._folder / "k")
        for number, channel in enumerate(CHANNELS, start=1):
            setattr(manager, f"{channel}_port", number)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        kwargs.pop("extra_arguments", None)
        return await super().pre_launch(cmd=manager.format_kernel_cmd(), **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel from the fork server; `cmd` is not run. Raises SandboxError."""
        self.result, self._heard = {}, b""
        environment = {k: v for k, v in kwargs.get("env", {}).items() if k in PASSED_ON}
        await asyncio.to_thread(self._launch, environment)
        return self.connection_info

    def _launch(self, environment: dict[str, str]) -> None:
        assert self._folder is not None
        connection = {
            key: value.decode() if isinstance(value, bytes) else value
            for key, value in self.connection_info.items()
        }
        request = {
            "folder": self._folder.name,
            "connection": {**connection, "ip": f"{namespaces.OWN_SOCKETS}/k"},
            "environment": environment,
            "limits": asdict(Limits(**self.limits)),
        }
        assert self._control is not None
        self._control.sendall(json.dumps(request).encode() + b"\n")
        self._control.settimeout(START_SECONDS)
        if not self._listen():
            self._control.close()
            self._control = None
            raise SandboxError(f"A kernel did not start: {self.result.get('error', 'no answer')}.")
        self._control.setblocking(False)

    def _listen(self) -> bool:
        """Read what the supervisor says; whether the kernel runs."""
        while self._control is not None and not self.result:
            try:
                line = self._next_line(self._control)
            except BlockingIOError:  # nothing more to be read for now
                return True
            except OSError as error:
                self.result = {"exit": 1, "error": str(error)}
                break
            message = json.loads(line or '{"exit": 1, "error": "the sandbox has ended"}')
            if "ready" in message:
                return True
            self.result = message
        return False

    def _next_line(self, control: socket.socket) -> bytes:
        """One message, empty at the end of the connection; what came of the next one is kept."""
        while b"\n" not in self._heard:
            more = control.recv(4096)
            if not more:
                return b""
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    async def poll(self) -> int | None:
        """None while the kernel runs, then its exit status, negative for a signal."""
        return None if self._control is not None and self._listen() else self.result.get("exit", 0)

    async def wait(self) -> int | None:
        """Wait until the kernel and all that it started have ended."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.005)
        if self._control is not None:
            self._control.close()
            self._control = None
        return status

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel (SIGINT) or end it (any other signal)."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.send(b"i" if signum == signal.SIGINT else b"k")

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all that it started."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel and all that it started."""
        await self.send_signal(signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the sockets."""
        if self._folder is not None and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def describe_exit(status: int) -> str:
    """How a process ended, for a student: `it ended itself with status 3`."""
    if status > 128 or status < 0:
        number = status - 128 if status > 128 else -status
        known = {
            signal.SIGSEGV: "it touched memory that is not its own (segmentation fault)",
            signal.SIGABRT: "it was aborted",
            signal.SIGKILL: "it was killed",
        }
        with contextlib.suppress(ValueError):
            fallback = f"it was ended by the signal {signal.Signals(number).name}"
            return known.get(signal.Signals(number), fallback)
    return f"it ended itself with exit status {status}"
