"""What student code in the sandbox can reach: nothing but its own process, disk and libraries."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.sandboxes import QUICK, needs_sandbox, notebook, run, text_of

from medseg_grader.grading.execute import execute
from medseg_grader.sandbox import bubblewrap, fork_servers
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import Policy

pytestmark = needs_sandbox
ROOT = Path(__file__).parents[3]
SECRET = "MEDSEG_TEST_SECRET"

PROBES = {
    "user": "(os.getuid(), os.getgid())",
    "rights": "[l.split()[1] for l in open('/proc/self/status') if l.startswith('Cap')]",
    "no_new_rights": "[l.split()[1] for l in open('/proc/self/status') if 'NoNewPrivs' in l]",
    "environment": "dict(os.environ)",
    "top": "sorted(os.listdir('/'))",
    "repository": f"os.path.exists({str(ROOT / 'solutions')!r})",
    "other_sockets": "os.listdir('/run/medseg')",
    "grader": "sorted(os.path.join(folder, name)"
    " for folder, _, names in os.walk('/opt/medseg/medseg_grader') for name in names)",
    "processes": "sorted(int(p) for p in os.listdir('/proc') if p.isdigit())",
    "me": "(os.getpid(), os.getppid())",
    "home": "(os.getcwd(), os.listdir('.'))",
    "open_files": "[os.readlink(f'/proc/self/fd/{f}') for f in (0,)]",
    "network": "tried(lambda: socket.create_connection(('127.0.0.1', PORT), 2))",
    "internet": "tried(lambda: socket.create_connection(('192.0.2.1', 80), 2))",
    "abstract": "tried(lambda: socket.socket(socket.AF_UNIX).connect("
    "f'\\0medseg-test-{HOST_PID}'))",
    "loopback": "tried(lambda: socket.create_server(('127.0.0.1', 0)).close())",
    "interfaces": "[name for _, name in socket.if_nameindex()]",
    "mount": "tried(lambda: call('mount', b'x', b'/tmp', b'tmpfs', 0, 0))",
    "unmount": "tried(lambda: call('umount2', b'/run/medseg', 2))",
    "namespace": "subprocess.run([sys.executable, '-S', '-c', UNSHARE]).returncode",
    "trace": "tried(lambda: call('ptrace', 16, HOST_PID, 0, 0))",
    "signal": "tried(lambda: os.kill(HOST_PID, 0))",
    "root_again": "tried(lambda: os.setuid(0))",
    "temporary": "tempfile.mkdtemp()",
    "shell": "subprocess.run(['sh', '-c', 'echo $HOME'], capture_output=True).stdout.decode()",
}
WRITES = [
    "/",
    "/etc",
    "/usr",
    "/dev",
    "/run",
    "/run/kernel",
    "/run/medseg",
    "/run/fork-server",
    "/opt/medseg",
    "/proc",
]
PRELUDE = """
import ctypes, json, os, socket, subprocess, sys, tempfile
UNSHARE = "import ctypes; l = ctypes.CDLL(None, use_errno=True); "
UNSHARE += "raise SystemExit(l.unshare(0x10000000) and ctypes.get_errno())"
def tried(action):
    try:
        action()
    except OSError as error:
        return os.strerror(error.errno) if error.errno else type(error).__name__
    return "it worked"
def call(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "")
def write(folder):
    with open(folder + "/planted", "w") as file:
        file.write("x")
"""


@pytest.fixture(scope="module")
def seen():
    """What a notebook saw of each probe, while a secret, a server and this process were there."""
    os.environ[SECRET] = "do not tell"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        abstract.bind(f"\0medseg-test-{os.getpid()}")
        abstract.listen()
        prelude = f"{PRELUDE}PORT = {server.getsockname()[1]}\nHOST_PID = {os.getpid()}\n"
        probes = [f"print(json.dumps({probe}, default=str))" for probe in PROBES.values()]
        folders = [*WRITES, sys.prefix, "/student/home", "/tmp", "/dev/shm"]
        writes = f"print(json.dumps({{f: tried(lambda: write(f)) for f in {folders!r}}}))"
        made, result = run(prelude, *probes, writes)
    del os.environ[SECRET]
    assert [cell.error for cell in result.cells] == [""] * len(made.cells)
    found = [json.loads(text_of(cell)) for cell in made.cells[1:]]
    return dict(zip([*PROBES, "writes"], found, strict=True))


def test_student_code_is_nobody_and_has_no_rights(seen):
    assert seen["user"] == [1000, 1000]
    assert {int(mask, 16) for mask in seen["rights"]} == {0}
    assert seen["no_new_rights"] == ["1"]
    assert seen["root_again"] == "Invalid argument"  # there is no user 0 in there


def test_the_environment_holds_no_secret(seen):
    assert SECRET not in seen["environment"]
    assert seen["environment"]["HOME"] == "/student/home"
    assert seen["shell"] == "/student/home\n"


def test_neither_the_repository_nor_other_submissions_are_there(seen):
    assert not seen["repository"]
    assert seen["other_sockets"] == []
    assert seen["home"] == ["/student/work", []]
    own_top = {"/" + Path(folder).parts[1] for folder in (sys.prefix, sys.base_prefix)}
    system = {"bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "opt", "proc"}
    system |= {"run", "sbin", "student", "sys", "tmp", "usr"}
    assert {f"/{name}" for name in seen["top"]} <= {f"/{name}" for name in system} | own_top
    inside = ("__init__", "fork_server", "init", "kernel", "namespaces", "supervisor")
    shown = {"__init__.py", "sandbox/__init__.py", *(f"sandbox/inside/{n}.py" for n in inside)}
    sources = {name for name in seen["grader"] if name.endswith(".py")}
    assert sources == {f"/opt/medseg/medseg_grader/{name}" for name in shown}


def test_only_its_own_disk_can_be_written(seen):
    own = {"/student/home", "/dev/shm"}
    if not sys.prefix.startswith("/tmp/"):  # an environment that lies there is only read
        own.add("/tmp")
    assert seen["temporary"].startswith("/student/tmp/")
    assert {folder for folder, answer in seen["writes"].items() if answer == "it worked"} == own


def test_other_processes_can_be_neither_seen_nor_reached(seen):
    assert seen["processes"][:2] == [1, 2]
    assert seen["me"] == [2, 1]
    assert seen["open_files"] == ["/dev/null"]
    assert seen["signal"] == "No such process"
    assert seen["trace"] in {"No such process", "Operation not permitted"}


def test_there_is_no_network_but_its_own_loopback(seen):
    assert seen["network"] == "Connection refused"
    assert seen["internet"] == "Network is unreachable"
    assert seen["abstract"] == "Connection refused"
    assert seen["interfaces"] == ["lo"]
    assert seen["loopback"] == "it worked"


def test_the_walls_cannot_be_taken_down(seen):
    assert seen["mount"] == "Operation not permitted"
    assert seen["unmount"] == "Operation not permitted"
    assert seen["namespace"] == errno.ENOSPC


def test_two_submissions_at_a_time_do_not_meet():
    found = []

    def look(index, _):
        if index == 0:
            with ThreadPoolExecutor() as pool:
                code = "import os; print(os.listdir(os.environ['TMPDIR']), os.listdir('/dev/shm'))"
                found.append(pool.submit(run, code).result())

    code = "import os\nfor f in os.environ['TMPDIR'], '/dev/shm': open(f + '/mine', 'w').write('x')"
    run(code, "1", on_cell=look)
    other, _ = found[0]
    assert text_of(other.cells[0]) == "[] []\n"


def test_terminals_and_keyrings_are_not_shared():
    code = """
import ctypes, os, platform
number = {"x86_64": 250, "aarch64": 219}[platform.machine()]
keyring = ctypes.CDLL(None).syscall(number, 0, -3, 0)
mine = os.openpty()
print(sorted(os.listdir("/dev/pts")), keyring)
"""
    found = []

    def look(index, _):
        if index == 0:
            with ThreadPoolExecutor() as pool:
                found.append(pool.submit(run, code).result())

    first, _ = run(code, "1", on_cell=look)
    terminals, keyrings = zip(
        *(text_of(made.cells[0]).rsplit(" ", 1) for made in (first, found[0][0])), strict=True
    )
    assert terminals == ("['0', 'ptmx']", "['0', 'ptmx']")
    assert keyrings[0] != keyrings[1] or int(keyrings[0]) == -1


def test_nothing_outlives_the_notebook():
    marker = f"medseg-marker-{os.getpid()}"
    code = f"""
import os, subprocess, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
subprocess.Popen(['sleep', '1000'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sh', ['sh', '-c', 'sleep 1000 # {marker}'])
    os._exit(0)
print('left behind')
"""
    made, _ = run(code)
    assert text_of(made.cells[0]) == "left behind\n"
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if is_open(path)]
    assert not [command for command in commands if marker.encode() in command]


def is_open(path):
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def test_sockets_of_a_finished_notebook_are_removed():
    run("1")
    left = [path.name for path in fork_servers.fork_server(QUICK).folder.iterdir()]
    assert left == ["listen"]


def test_a_folder_is_readable_where_the_policy_says_so(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "data.txt").write_text("42")
    (tmp_path / "data.txt").chmod(0o644)
    made = notebook(f"print(open({str(tmp_path / 'data.txt')!r}).read())")
    policy = Policy(readable=(str(tmp_path),), modules=QUICK.modules)
    execute(made, Limits(), policy=policy)
    fork_servers.fork_server(policy).close()
    assert text_of(made.cells[0]) == "42\n"


def test_devices_of_a_gpu_are_shown_only_where_asked_for():
    plain = bubblewrap.command(Policy(), Path("/tmp"), ["true"])
    asked = bubblewrap.command(Policy(gpu=True), Path("/tmp"), ["true"])
    assert " --ro-bind-try /sys /sys" not in " ".join(plain)
    assert " --ro-bind-try /sys /sys" in " ".join(asked)


@pytest.mark.slow
def test_an_ordinary_user_has_the_same_sandbox():
    code = (
        "from helpers.sandboxes import run, text_of\nimport os\nprint(os.getuid())\n"
        "made, _ = run('import os; print(os.getuid(), os.getpid(), os.listdir(\"/run/medseg\"))')\n"
        "print(text_of(made.cells[0]))"
    )
    user = [] if os.geteuid() else ["bwrap", "--dev-bind", "/", "/", "--unshare-user"]
    user += ["--uid", "4711", "--gid", "4711", "--"] if user else []
    done = in_another_process(code, user)
    own, inside, *_ = done.stdout.splitlines()
    assert own != "0"
    assert inside == "1000 2 []", done.stderr


def in_another_process(code, prefix=()):
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    return subprocess.run(
        [*prefix, sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_sandbox_ends_with_the_program_that_started_it():
    code = (
        "import os, signal\nfrom helpers.sandboxes import QUICK\n"
        "from medseg_grader.sandbox import fork_servers\n"
        "parent = fork_servers.fork_server(QUICK)\ncontrol = parent.fork()\n"
        "print(parent.inside.process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = in_another_process(code)
    child = Path("/proc", done.stdout.strip())
    assert wait_until(lambda: not child.exists() or "zombie" in (child / "status").read_text())


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
