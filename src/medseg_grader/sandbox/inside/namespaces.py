"""Linux namespaces, a private file system, and no rights, for a process that is forked.

bubblewrap builds the file system that all submissions share: read-only, without network. This
module separates one submission from the next. bubblewrap itself cannot do this, as it starts a new
program, and would lose what the fork server has imported. See user_namespaces(7),
pid_namespaces(7), mount(2).
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import resource
import signal
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
KEYCTL_JOIN_SESSION_KEYRING = 1
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

NOBODY = 65534
STUDENT = 1000
# Where things lie inside. The names exist in the file system that bubblewrap.py describes.
SOCKETS = "/run/medseg"
OWN_SOCKETS = "/run/kernel"
DISK = "/student"
HOME, WORK, TEMPORARY = f"{DISK}/home", f"{DISK}/work", f"{DISK}/tmp"
# where the fork server's libraries keep their caches
FORK_SERVER_DISK = "/run/fork-server"

_libc = ctypes.CDLL(None, use_errno=True)


def drop_root() -> None:
    """Started by root: become nobody, with none of root's rights, for good."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # a process that changed its user may not read its own /proc/self, which the maps need
        _call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)


def unshare_namespaces() -> None:
    """Leave every namespace that is shared with others. The next fork is process 1 of its own.

    Needs a process with one thread. The caller stays where it was as far as processes go, so that
    no other process in there can see it.
    """
    user, group = os.geteuid(), os.getegid()
    _call(
        "unshare",
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS,
    )
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{STUDENT} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{STUDENT} {group} 1")


def mount_private_filesystem(folder: str, disk_mb: int) -> None:
    """In process 1: mount this submission's own disk, process list and sockets; hide all others'.

    Args:
        folder: name of the submission's folder below SOCKETS.
        disk_mb: size of home, temporary files and /dev/shm together.
    """
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _mount(f"{SOCKETS}/{folder}", OWN_SOCKETS, None, MS_BIND)
    for hidden in (SOCKETS, FORK_SERVER_DISK):
        _mount("none", hidden, "tmpfs", MS_RDONLY, "size=4k,mode=0555")
    options = f"size={disk_mb}m,nr_inodes=20k,mode=0755"
    _mount("disk", DISK, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for place in (HOME, WORK, TEMPORARY, f"{DISK}/shm"):
        os.mkdir(place, 0o700)
    _mount(f"{DISK}/shm", "/dev/shm", None, MS_BIND)
    # terminals of its own, or what one submission opens another could read
    _mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666")
    if not os.listdir("/tmp"):  # else the Python environment is there, or a folder to be read
        _mount(TEMPORARY, "/tmp", None, MS_BIND)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    # Nobody in here needs namespaces, and with them an own set of rights to attack the system with.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def remount_sockets_read_only() -> None:
    """After the kernel has made its sockets: nothing else can be written to the folder outside."""
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    _mount("none", OWN_SOCKETS, None, flags)


def join_own_keyring() -> None:
    """Leave the session keyring, which every process of the fork server has inherited."""
    number = KEYCTL.get(platform.machine())
    if number is None:
        raise OSError(f"the number of keyctl on {platform.machine()} is not known")
    if _libc.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None) < 0:
        error = ctypes.get_errno()
        # where keyrings do not exist, or are denied to all, none is shared
        if error not in {errno.ENOSYS, errno.EPERM, errno.EACCES}:
            raise OSError(error, f"keyctl: {os.strerror(error)}")


def drop_capabilities() -> None:
    """Drop every capability, and the way to get any by starting a program."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent process ends."""
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def set_rlimits(limits: Mapping[str, float]) -> None:
    """Set the limits that the system enforces for each process; see `Limits`."""
    # the kernel counts private writable memory; what the fork server had imported is the student's
    # for nothing
    before = int(_status("self", ["VmData"])["VmData"])
    bounds = {
        resource.RLIMIT_DATA: before + int(limits["memory_mb"] * 2**20),
        resource.RLIMIT_NPROC: int(limits["processes"]),
        resource.RLIMIT_NOFILE: int(limits["open_files"]),
        resource.RLIMIT_FSIZE: int(limits["file_mb"] * 2**20),
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in bounds.items():
        _, most = resource.getrlimit(kind)
        bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(kind, (bound, bound))
    # If the machine itself runs out of memory, this process is the one to go.
    Path("/proc/self/oom_score_adj").write_text("1000")


def usage(proc: int) -> tuple[float, int]:
    """Memory in MB and the number of processes and threads, of all in the namespace.

    Args:
        proc: an open folder, the /proc of the namespace.
    """
    private, shared, tasks = 0, 0, 0
    files: dict[int, int] = {}
    for name in os.listdir(proc):
        if name.isdigit():
            with contextlib.suppress(OSError, KeyError):  # it may just have ended
                found = _status(name, ["RssAnon", "RssShmem", "Threads"], proc)
                private += found["RssAnon"]
                shared += found["RssShmem"]
                tasks += found["Threads"]
                files |= _memory_files(name, proc)
    # what is mapped counts as shared; what is only held open, or attached to nobody, would not
    held = sum(files.values()) + _segments()
    return (private + max(shared, held)) / 2**20, tasks


def memory_of(process: str) -> float:
    """Memory in MB that one process of this namespace does not read from files."""
    found = _status(process, ["RssAnon", "RssShmem"])
    return (found["RssAnon"] + found["RssShmem"]) / 2**20


def _memory_files(process: str, proc: int) -> dict[int, int]:
    """Bytes of each file in memory (memfd_create) that a process holds open, by inode."""
    found = {}
    folder = os.open(f"{process}/fd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=proc)
    try:
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):  # it may just have been closed
                if os.readlink(name, dir_fd=folder).startswith("/memfd:"):
                    about = os.stat(name, dir_fd=folder)
                    found[about.st_ino] = about.st_blocks * 512
    finally:
        os.close(folder)
    return found


def _segments() -> int:
    """Bytes of all System V segments of this namespace, attached or not."""
    try:
        head, *lines = Path("/proc/sysvipc/shm").read_text().splitlines()
    except FileNotFoundError:  # a kernel that was built without them
        return 0
    column = head.split().index("rss")
    return sum(int(line.split()[column]) for line in lines)


def _status(process: str, names: list[str], proc: int | None = None) -> dict[str, int]:
    """Some numbers of /proc/PID/status, sizes in bytes."""
    path = f"{process}/status" if proc is not None else f"/proc/{process}/status"
    file = os.open(path, os.O_RDONLY, dir_fd=proc)
    try:
        text = os.read(file, 2**16).decode(errors="replace")
    finally:
        os.close(file)
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {
        name: int(lines[name].split()[0]) * (1024 if lines[name].endswith("kB") else 1)
        for name in names
    }


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    arguments = [text.encode() if text is not None else None for text in (source, target, kind)]
    _call("mount", *arguments, ctypes.c_ulong(flags), options.encode(), what=f"mount {target}")


def _call(function: str, *arguments: object, what: str = "") -> None:
    if getattr(_libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what or function}: {os.strerror(number)}")
