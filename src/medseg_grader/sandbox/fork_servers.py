"""The fork servers of this process, one for each policy, and how child processes share them.

A fork server is a sandbox whose imports are done; see `medseg_grader.sandbox.inside`.
"""

import atexit
import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.bubblewrap import SandboxError
from medseg_grader.sandbox.inside import LISTEN_SOCKET, READY
from medseg_grader.sandbox.policy import STRICT, Policy
from medseg_grader.sandbox.scratch import Scratch

START_SECONDS = 180
CONNECT_SECONDS = 20
SHARED = "MEDSEG_FORK_SERVER"


class ForkServer:
    """One sandbox with a fork server, started when it is made, ready some seconds later."""

    def __init__(self, policy: Policy) -> None:
        if problem := bubblewrap.problem():
            raise SandboxError(problem)
        self.policy = policy
        self._scratch = Scratch()
        self.folder = bubblewrap.own_folder(self._scratch.folder)
        self._ready = self._ended = False
        self._lock = threading.Lock()
        wanted = json.dumps({"modules": policy.modules, "calls": policy.calls})
        self.inside = bubblewrap.Inside(policy, self.folder, wanted)

    def fork(self) -> socket.socket:
        """A connection to a new supervisor; SandboxError, or OSError if it is gone."""
        with self._lock:
            if not self._ready and self.inside.receive(START_SECONDS) != READY:
                words = self.inside.last_words()
                self._end()
                raise SandboxError(f"The sandbox did not start: {words}.")
            self._ready = True
        return _connect_to(self.folder)

    def close(self) -> None:
        """End it and every kernel in it."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self.inside.close()
            self._scratch.close()


class SharedForkServer:
    """The fork server of the process that started this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fork(self) -> socket.socket:
        """A connection to a new supervisor. Raises OSError if the fork server is gone."""
        return _connect_to(self.folder)

    def close(self) -> None:
        """Nothing: it belongs to another process."""


def _connect_to(folder: Path) -> socket.socket:
    end = time.monotonic() + CONNECT_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(folder / LISTEN_SOCKET))
            return connection
        except OSError as error:
            connection.close()
            # a shared one may have just been started: there is a folder, but not yet a socket in it
            starting = isinstance(error, FileNotFoundError) and folder.is_dir()
            if not starting or time.monotonic() > end:
                raise
            time.sleep(0.02)


_servers: dict[tuple[int, Policy], ForkServer | SharedForkServer] = {}
_servers_lock = threading.Lock()


def fork_server(policy: Policy | None = None) -> ForkServer | SharedForkServer:
    """This process's fork server, one for each policy, for all of its threads.

    It is the one that a parent process shares, if there is such a one, else one of its own. Call
    it early: the fork server imports while the caller does something else.
    """
    key = (os.getpid(), policy or STRICT)
    with _servers_lock:
        if key not in _servers:
            folder, shared = json.loads(os.environ.get(SHARED, "[null, {}]"))
            if folder and asdict(key[1]) == {k: _hashable(v) for k, v in shared.items()}:
                _servers[key] = SharedForkServer(Path(folder))
            else:
                _servers[key] = ForkServer(key[1])
        return _servers[key]


@contextlib.contextmanager
def shared_fork_server(policy: Policy) -> Iterator[ForkServer | SharedForkServer]:
    """A fork server also for the processes that this one starts meanwhile: one import for all.

    Needs no more than a variable of the environment, so it reaches any kind of child.
    """
    parent, before = fork_server(policy), os.environ.get(SHARED)
    os.environ[SHARED] = json.dumps([str(parent.folder), asdict(policy)])
    try:
        yield parent
    finally:
        del os.environ[SHARED]
        if before is not None:
            os.environ[SHARED] = before


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def connect(policy: Policy) -> tuple[socket.socket, Path]:
    """A connection to a new supervisor, and the folder that outside and inside share.

    If the fork server has ended, it is replaced. Raises SandboxError.
    """
    parent = fork_server(policy)
    try:
        return parent.fork(), parent.folder
    except OSError:
        parent.close()
        with _servers_lock:
            if _servers.get((os.getpid(), policy)) is parent:
                _servers[os.getpid(), policy] = ForkServer(policy)
    parent = fork_server(policy)
    try:
        return parent.fork(), parent.folder
    except OSError as error:
        raise SandboxError(f"The sandbox has ended ({error.strerror}).") from error


@atexit.register
def close_fork_servers() -> None:
    """End all fork servers that this process has started."""
    with _servers_lock:
        for key in [key for key in _servers if key[0] == os.getpid()]:
            _servers.pop(key).close()
