"""Kernels in the sandbox, for anything that starts kernels: a jupyter_client kernel provisioner.

`medseg grade` uses it directly. nbgrader and JupyterLab find it by its entry point,
`medseg-sandbox` in the group `jupyter_client.kernel_provisioners`, which a kernelspec names.
`python -m medseg_grader.sandbox.provisioner` installs that kernelspec; from then on nbgrader_config.py lets
`nbgrader autograde` and formgrader's button run student code in it.
"""

import asyncio
import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Dict, List, Unicode

from medseg.runtime import EXECUTION
from medseg_grader.sandbox.inside import namespaces, fork_server
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT, Policy
from medseg_grader.sandbox.bubblewrap import SandboxError
from medseg_grader.sandbox.scratch import Scratch

NAME = "medseg-sandbox"
KERNELSPEC = {
    "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3 (sandbox)",
    "language": "python",
    "metadata": {"kernel_provisioner": {"provisioner_name": NAME, "config": {}}},
}
START_SECONDS = 180
DOOR_SECONDS = 20
SHARED = "MEDSEG_WARM_PARENT"
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
# Of the environment in which a kernel is started, what goes into the sandbox.
PASSED_ON = (EXECUTION, "MEDSEG_SEED")


class WarmParent:
    """One sandbox with a warm parent, started when it is made, ready some seconds later."""

    def __init__(self, policy: Policy) -> None:
        if problem := bubblewrap.problem():
            raise SandboxError(problem)
        self.policy = policy
        self._scratch = Scratch()
        self.folder = bubblewrap.own_folder(self._scratch.folder)
        self._ready = self._ended = False
        self._lock = threading.Lock()
        self._inside = bubblewrap.Inside(policy, self.folder, *policy.modules)

    def fork(self) -> socket.socket:
        """A connection to a new keeper; see warm.py. Raises SandboxError, OSError if it is gone."""
        with self._lock:
            if not self._ready and self._inside.receive(START_SECONDS) != fork_server.READY:
                words = self._inside.last_words()
                self._end()
                raise SandboxError(f"The sandbox did not start: {words}.")
            self._ready = True
        return _knock(self.folder)

    def close(self) -> None:
        """End it and every kernel in it."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._inside.close()
            self._scratch.close()


class SharedParent:
    """The warm parent of the process that started this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fork(self) -> socket.socket:
        """A connection to a new keeper. Raises OSError if the warm parent is gone."""
        return _knock(self.folder)

    def close(self) -> None:
        """Nothing: it belongs to another process."""


def _knock(folder: Path) -> socket.socket:
    end = time.monotonic() + DOOR_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(folder / fork_server.DOOR))
            return connection
        except OSError as error:
            connection.close()
            # a shared one may have just been started: there is a folder, but not yet a door in it
            starting = isinstance(error, FileNotFoundError) and folder.is_dir()
            if not starting or time.monotonic() > end:
                raise
            time.sleep(0.02)


_parents: dict[tuple[int, Policy], WarmParent | SharedParent] = {}
_parents_lock = threading.Lock()


def warm_parent(policy: Policy | None = None) -> WarmParent | SharedParent:
    """This process's warm parent, one for each policy, for all of its threads.

    It is the one that a parent process shares, if there is such a one, else one of its own. Call
    it early: the warm parent imports while the caller does something else.
    """
    key = (os.getpid(), policy or STRICT)
    with _parents_lock:
        if key not in _parents:
            folder, shared = json.loads(os.environ.get(SHARED, "[null, {}]"))
            if folder and asdict(key[1]) == {k: _hashable(v) for k, v in shared.items()}:
                _parents[key] = SharedParent(Path(folder))
            else:
                _parents[key] = WarmParent(key[1])
        return _parents[key]


@contextlib.contextmanager
def shared_warm_parent(policy: Policy) -> Iterator[WarmParent | SharedParent]:
    """A warm parent also for the processes that this one starts meanwhile: one import for all.

    Needs no more than a variable of the environment, so it reaches any kind of child.
    """
    parent, before = warm_parent(policy), os.environ.get(SHARED)
    os.environ[SHARED] = json.dumps([str(parent.folder), asdict(policy)])
    try:
        yield parent
    finally:
        del os.environ[SHARED]
        if before is not None:
            os.environ[SHARED] = before


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def connect(policy: Policy) -> tuple[socket.socket, Path]:
    """A connection to a new keeper, and the folder that outside and inside share.

    If the warm parent has ended, it is replaced. Raises SandboxError.
    """
    parent = warm_parent(policy)
    try:
        return parent.fork(), parent.folder
    except OSError:
        parent.close()
        with _parents_lock:
            if _parents.get((os.getpid(), policy)) is parent:
                _parents[os.getpid(), policy] = WarmParent(policy)
    parent = warm_parent(policy)
    try:
        return parent.fork(), parent.folder
    except OSError as error:
        raise SandboxError(f"The sandbox has ended ({error.strerror}).") from error


@atexit.register
def close_warm_parents() -> None:
    """End all warm parents that this process has started."""
    with _parents_lock:
        for key in [key for key in _parents if key[0] == os.getpid()]:
            _parents.pop(key).close()


class SandboxProvisioner(KernelProvisionerBase):
    """A kernel forked from the warm parent, in namespaces of its own."""

    limits: Any = Dict(help="Limits of the kernel by name, see medseg_grader.sandbox.limits.").tag(
        config=True
    )
    gpu = Bool(False, help="Whether the kernel may use NVIDIA's devices.").tag(config=True)
    readable: Any = List(Unicode(), help="More folders that the kernel may read.").tag(config=True)
    modules: Any = List(Unicode(), list(fork_server.MODULES), help="What the kernel has imported.").tag(
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
        policy = Policy(self.gpu, tuple(self.readable), tuple(self.modules))
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
        """Fork a kernel from the warm parent; `cmd` is not run. Raises SandboxError."""
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
        """Read what the keeper says; whether the kernel runs."""
        while self._control is not None and not self.result:
            line, separator, rest = self._heard.partition(b"\n")
            if separator:
                self._heard = rest
                message = json.loads(line)
                if "ready" in message:
                    return True
                self.result = message
                break
            try:
                more = self._control.recv(4096)
            except BlockingIOError:
                return True
            except OSError as error:
                more = b""
                self.result = {"exit": 1, "error": str(error)}
            if not more and not self.result:
                self.result = {"exit": 1, "error": "the sandbox has ended"}
            self._heard += more
        return False

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


def install(prefix: str = sys.prefix) -> Path:
    """Install the kernelspec for all that use this environment; returns its folder."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(KERNELSPEC, indent=1) + "\n")
        return Path(KernelSpecManager().install_kernel_spec(folder, NAME, prefix=prefix))


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


if __name__ == "__main__":
    print(bubblewrap.problem() or f"The sandbox's kernel is installed in {install()}.")
