"""What student code can see of this machine, as a bubblewrap command line.

Read-only: the system's programs and libraries, this Python environment, the package `medseg`.
Nothing else is there: no home folders, no course repository, no submissions, no gradebook, no
network, no variables of the environment. See bwrap(1).
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import medseg
import medseg_grader
from medseg_grader.sandbox.inside import CHECKED, namespaces
from medseg_grader.sandbox.policy import STRICT, Policy
from medseg_grader.sandbox.scratch import scratch_folder

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt/nvidia")
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "alternatives", "fonts")
PACKAGES = "/opt/medseg"
CHECK_SECONDS = 30


class SandboxError(RuntimeError):
    """There is no sandbox on this machine, or it did not start; the message says why."""


def command(policy: Policy, sockets: Path, program: list[str]) -> list[str]:
    """The command line that runs `program` in the sandbox; `sockets` is a folder outside.

    Started by root it keeps the two rights that the fork server needs to become nobody.
    """
    root = os.geteuid() == 0
    words = ["bwrap", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
    words += ["--new-session", "--hostname", "sandbox", "--clearenv"]
    for name, value in _environment().items():
        words += ["--setenv", name, value]
    words += ["--dev", "/dev", "--bind", "/proc", "/proc", "--dir", "/tmp"]
    words += ["--perms", "1777", "--tmpfs", namespaces.FORK_SERVER_DISK]
    shown = {folder: folder for folder in _readable(policy)}
    shown[str(Path(medseg.__file__).parent)] = f"{PACKAGES}/medseg"
    package = Path(medseg_grader.__path__[0])
    for name in ("__init__.py", "sandbox/__init__.py", "sandbox/inside"):
        shown[str(package / name)] = f"{PACKAGES}/medseg_grader/{name}"
    # what bubblewrap makes on the way to a bound folder, only root could enter
    parents = {str(parent) for target in shown.values() for parent in Path(target).parents}
    for folder in sorted(parents | {namespaces.DISK, namespaces.OWN_SOCKETS} - {"/"}):
        words += ["--dir", folder]
    for source_path, target in shown.items():
        words += ["--ro-bind-try", source_path, target]
    if policy.gpu:
        for device in sorted(Path("/dev").glob("nvidia*")):
            words += ["--dev-bind", str(device), str(device)]
    words += ["--bind", str(sockets), namespaces.SOCKETS]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]
    return words + program


class Inside:
    """A process in the sandbox and the socket to talk to it.

    It ends when the socket is closed, or when this process ends, however it ends.
    """

    def __init__(self, policy: Policy, sockets: Path, *arguments: str) -> None:
        """Start a fork server. Raises SandboxError where there is no bubblewrap."""
        if sys.platform != "linux" or not shutil.which("bwrap"):
            raise SandboxError(
                "There is no bubblewrap on this machine, so student code cannot be kept in a "
                "sandbox: install it (apt install bubblewrap), or grade with --unsafe if you "
                "trust every submission."
            )
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        program = [
            sys.executable,
            "-m",
            "medseg_grader.sandbox.inside.fork_server",
            str(theirs.fileno()),
            *arguments,
        ]
        with theirs:
            self.process = subprocess.Popen(
                command(policy, sockets, program),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
            )

    def receive(self, seconds: float) -> bytes:
        """Its next message; empty if it has ended or says nothing within these seconds."""
        self.channel.settimeout(seconds)
        try:
            return self.channel.recv(4096)
        except OSError:
            return b""

    def last_words(self) -> str:
        """The last line that it wrote."""
        self._errors.seek(0)
        lines = self._errors.read(2**16).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def close(self) -> None:
        """End it."""
        self.channel.close()
        self.process.kill()
        self.process.wait()
        self._errors.close()


@lru_cache
def problem() -> str:
    """Why no sandbox can be made here, in one sentence; empty if one can. Tries it, once."""
    with scratch_folder() as folder:
        try:
            inside = Inside(STRICT, own_folder(folder), "--check")
        except SandboxError as error:
            return str(error)
        answer = inside.receive(CHECK_SECONDS)
        why = answer.decode(errors="replace") or inside.last_words()
        inside.close()
    if answer == CHECKED:
        return ""
    return (
        f"This machine does not let bubblewrap build a sandbox ({why}): allow user namespaces, "
        "or grade with --unsafe if you trust every submission."
    )


def own_folder(folder: Path) -> Path:
    """A folder that the sandbox may write its sockets to, also where it gives up root."""
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, namespaces.NOBODY, namespaces.NOBODY)
    return folder


def _environment() -> Mapping[str, str]:
    """The fork server's variables; a kernel's point to its own disk (inside/kernel.py)."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": PACKAGES,
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": namespaces.HOME,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": namespaces.FORK_SERVER_DISK,
        "XDG_CACHE_HOME": f"{namespaces.FORK_SERVER_DISK}/cache",
        "MPLCONFIGDIR": f"{namespaces.FORK_SERVER_DISK}/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # set before anything is imported: pools of threads do not survive a fork
        "OMP_NUM_THREADS": "1",
        # imported with ipykernel; it would remark on Python itself
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


def _readable(policy: Policy) -> Iterator[str]:
    """Folders that are shown read-only under their own names, none of them inside another."""
    wanted = [*SYSTEM, *(f"/etc/{name}" for name in SETTINGS), "/sys/devices/system/cpu"]
    wanted += [sys.prefix, sys.base_prefix, *_interpreters(), *policy.readable]
    wanted += ["/sys"] if policy.gpu else []
    shown: list[str] = []
    for folder in sorted(set(map(os.path.abspath, wanted)), key=len):
        if folder != "/" and not any(folder.startswith(f"{other}/") for other in shown):
            shown.append(folder)
            yield folder


def _interpreters() -> Iterator[str]:
    """The folders of the Python programs that this environment's `python` is a link to."""
    path = sys.executable
    while os.path.islink(path):
        path = os.path.join(os.path.dirname(path), os.readlink(path))
        yield os.path.dirname(os.path.dirname(os.path.abspath(path)))
