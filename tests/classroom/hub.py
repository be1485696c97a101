"""A JupyterHub of docs/classroom.md on loopback, and a person at a desk in it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests
import websocket

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/classroom.md").read_text(encoding="utf-8")
TUTOR, STUDENTS = "tutor", ("ada", "bo")
QUICK, SLOW = 60, 900  # seconds: what answers at once; what runs a whole notebook
FIRST_ID = 64_000  # of users that no machine has
PROXY = "configurable-http-proxy"


def blocks(language):
    """The code blocks of the guide in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return [block for kind, block in found if kind == language]


def link_to(host):
    """The only link of the guide that goes to a host, in parts."""
    links = map(urlsplit, re.findall(r"https://[^\s`]+", GUIDE))
    (link,) = (link for link in links if link.netloc == host)
    return link


def lacking():
    """Why no classroom can be opened here; empty where one can."""
    if os.geteuid() != 0:
        return "needs root, who alone can start servers for others"
    for program in ("bwrap", PROXY):
        if shutil.which(program) is None:
            return f"needs {program} on the PATH"
    return ""


class Classroom:
    """The files of a classroom under a folder, as docs/classroom.md places them under /."""

    def __init__(self, base):
        self.base = base
        self.course = base / "home" / TUTOR / "unets-by-hand"
        self.users = {name: FIRST_ID + number for number, name in enumerate((TUTOR, *STUDENTS))}
        base.chmod(0o755)
        for folder in ("etc/jupyter", "srv/jupyterhub", "srv/nbgrader", "home"):
            (base / folder).mkdir(parents=True)
        (base / "srv/jupyterhub").chmod(0o700)
        (base / "opt/unets-by-hand").mkdir(parents=True)
        (base / "opt/unets-by-hand/.venv").symlink_to(sys.prefix)
        (base / "srv/nbgrader/exchange").mkdir()
        (base / "srv/nbgrader/exchange").chmod(0o777)
        for name, number in self.users.items():
            home = self.home(name)
            home.mkdir(mode=0o700)
            os.chown(home, number, number)

    def home(self, name):
        return self.base / "home" / name

    def furnish(self, unit):
        """The tutor's clone, as far as one unit needs it."""
        for folder in (f"solutions/{unit}", f"notebooks/{unit}"):
            shutil.copytree(ROOT / folder, self.course / folder)
        noted = f"src/medseg/units/{unit}.jsonl"
        (self.course / noted).parent.mkdir(parents=True)
        for file in ("nbgrader_config.py", "course.toml", noted):
            shutil.copy(ROOT / file, self.course / file)
        number = self.users[TUTOR]
        for path in (self.course, *self.course.rglob("*")):
            os.chown(path, number, number)
        (self.course / ".venv").symlink_to(sys.prefix)

    def configure(self, url):
        """Write the configuration of docs/classroom.md, with this folder in the place of /."""
        nbgrader, hub = (
            re.sub(r"(?<=[\"/])/(srv|opt)/", rf"{self.base}/\1/", text) for text in blocks("python")
        )
        (self.base / "etc/jupyter/nbgrader_config.py").write_text(nbgrader)
        hub_port, proxy_port = _free_ports(2)
        hub += f"""
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.bind_url = "{url}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.Spawner.environment["JUPYTER_CONFIG_PATH"] = "{self.base}/etc/jupyter"
c.Spawner.environment["PYTHONDONTWRITEBYTECODE"] = "1"
"""
        path = self.base / "srv/jupyterhub/jupyterhub_config.py"
        path.write_text(hub)
        return path

    def inside(self):
        """The beginning of a command that sees the classroom's accounts as the machine's own.

        They are there for what is started so, and for nobody else on this machine.
        """
        command = ["bwrap", "--die-with-parent", "--cap-add", "ALL", "--dev-bind", "/", "/"]
        # Python may lie in a home that is closed: its own folder alone is opened to the others.
        needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT}
        for home in {home for path in needed for home in _closed(path)}:
            command += ["--tmpfs", str(home)]
        for path in filter(_closed, needed):
            for parent in reversed(path.parents):
                command += ["--dir", str(parent)]
            command += ["--ro-bind", str(path), str(path)]
        passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
        for name, number in self.users.items():
            passwd += f"{name}:x:{number}:{number}::{self.home(name)}:/bin/bash\n"
            group += f"{name}:x:{number}:\n"
        for file, text in (("passwd", passwd), ("group", group)):
            (self.base / "etc" / file).write_text(text)
            command += ["--ro-bind", str(self.base / "etc" / file), f"/etc/{file}"]
        return command


def _closed(path):
    """The outermost folder above a path that not everybody may enter, if there is one."""
    return [p for p in reversed(path.parents) if not p.stat().st_mode & 1][:1]


@contextmanager
def open_hub(room):
    """The hub of a classroom; gives a function that seats a user, and at the end closes all."""
    (port,) = _free_ports(1)
    url = f"http://127.0.0.1:{port}/"
    config = room.configure(url)
    command = [*room.inside(), sys.executable, "-m", "jupyterhub", "-f", config]
    log = room.base / "srv/jupyterhub/log"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
    with (
        open(log, "w") as file,
        subprocess.Popen(command, cwd=config.parent, env=env, stdout=file, stderr=file) as process,
    ):
        try:
            _wait(lambda: requests.get(f"{url}hub/health", timeout=QUICK).ok, log, process)
            with ExitStack() as seats:
                yield lambda name: seats.enter_context(seat(url, name, log))
        finally:
            started = psutil.Process(process.pid).children(recursive=True)
            # as systemd stops it; the hub then stops its proxy and all servers
            if started:
                started[0].terminate()
            try:
                process.wait(QUICK)
            except subprocess.TimeoutExpired:
                for left in (process, *started):
                    left.kill()


@contextmanager
def seat(url, name, log):
    """Somebody who has logged in and whose server runs."""
    session = requests.Session()
    answer = session.post(
        f"{url}hub/api/users/{name}/tokens",
        json={"auth": {"username": name, "password": "any"}},
        timeout=QUICK,
    )
    answer.raise_for_status()
    session.headers["Authorization"] = f"token {answer.json()['token']}"
    session.post(f"{url}hub/api/users/{name}/server", timeout=QUICK).raise_for_status()
    desk = Desk(session, name, url)
    _wait(lambda: desk.get("api/status").ok, log)
    try:
        yield desk
    finally:
        session.close()


@dataclass
class Desk:
    """What somebody does in a browser: requests to the own server, and to those of others."""

    session: requests.Session
    name: str
    hub: str

    def get(self, path, owner=None, **query):
        """A page of a server, by default of the own one."""
        return self.session.get(self._url(path, owner), params=query, timeout=QUICK)

    def post(self, path, seconds=QUICK, /, **data):
        """Press a button of nbgrader's; its answer as data."""
        answer = self.session.post(self._url(path), json=data, timeout=seconds)
        answer.raise_for_status()
        return answer.json()

    def read(self, path):
        """The content of a file, as JupyterLab loads it."""
        answer = self.get(f"api/contents/{path}")
        answer.raise_for_status()
        return answer.json()["content"]

    def save(self, path, notebook):
        """Write a notebook, as JupyterLab does."""
        model = {"type": "notebook", "format": "json", "content": notebook}
        url = self._url(f"api/contents/{path}")
        self.session.put(url, json=model, timeout=QUICK).raise_for_status()

    def terminal(self, command, seconds=QUICK):
        """Type a command into a terminal; (exit code, what it prints)."""
        answer = self.session.post(self._url("api/terminals"), timeout=QUICK)
        answer.raise_for_status()
        name = answer.json()["name"]
        url = self._url(f"terminals/websocket/{name}").replace("http", "ws", 1)
        header = [f"Authorization: {self.session.headers['Authorization']}"]
        line = websocket.create_connection(url, header=header, timeout=seconds)
        try:
            return _typed(line, command)
        finally:
            line.close()
            self.session.delete(self._url(f"api/terminals/{name}"), timeout=QUICK)

    def _url(self, path, owner=None):
        return f"{self.hub}user/{owner or self.name}/{path}"


def _typed(line, command):
    # the marks are put together by the shell, so that its echo of the line does not show them
    line.send(json.dumps(["stdin", f"echo be''gin; ( {command} ); echo en''d $?\r"]))
    text = ""
    while True:
        kind, *content = json.loads(line.recv())
        text += content[0] if kind == "stdout" else ""
        plain = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", text).replace("\r", "")
        found = re.search(r"^begin\n(.*?)^end (\d+)$", plain, re.MULTILINE | re.DOTALL)
        if found:
            return int(found[2]), found[1]


def _wait(is_there, log, process=None, seconds=QUICK):
    end = time.monotonic() + seconds
    while time.monotonic() < end and (process is None or process.poll() is None):
        try:
            if is_there():
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"no answer:\n{log.read_text()}")


def _free_ports(count):
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
