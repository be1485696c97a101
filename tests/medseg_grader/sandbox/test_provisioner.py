"""The sandbox's kernel as jupyter_client and stock nbgrader start it: by configuration alone."""

import multiprocessing
import os
import re
import shutil
import socket
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat
import pytest
from helpers.sandboxes import QUICK, needs_sandbox, notebook, text_of
from helpers.sandboxes import run as run_quick
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from medseg_grader.course.stock_nbgrader import run
from medseg_grader.sandbox import __main__ as sandbox_command
from medseg_grader.sandbox import bubblewrap, fork_servers, provisioner
from medseg_grader.sandbox.inside import LISTEN_SOCKET
from medseg_grader.sandbox.policy import PATIENTS, Policy
from medseg_grader.sandbox.provisioner import SandboxProvisioner, describe_exit

ROOT = Path(__file__).parents[3]
GROUP = KernelProvisionerFactory.GROUP_NAME


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The kernelspec installed in a folder of its own, its provisioner registered as declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    value = project["entry-points"][GROUP][provisioner.NAME]
    factory = KernelProvisionerFactory.instance()
    monkeypatch.setitem(
        factory.provisioners, provisioner.NAME, EntryPoint(provisioner.NAME, value, GROUP)
    )
    monkeypatch.setattr(SandboxProvisioner.modules, "default_args", (list(QUICK.modules),))
    sandbox_command.install(str(tmp_path / "prefix"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "prefix/share/jupyter"))


@needs_sandbox
def test_jupyter_starts_interrupts_restarts_and_ends_the_kernel(installed):
    assert provisioner.NAME in KernelSpecManager().find_kernel_specs()
    manager, client = start_new_kernel(kernel_name=provisioner.NAME)
    try:
        assert isinstance(manager.provisioner, SandboxProvisioner)
        assert manager.transport == "ipc"
        said = []
        code = "import os; print(os.getcwd(), os.getpid())"
        client.execute_interactive(code, output_hook=said.append, timeout=30)
        texts = [m["content"]["text"] for m in said if m["msg_type"] == "stream"]
        assert texts == ["/student/work 2\n"]
        asked = client.execute("print('asleep', flush=True); import time; time.sleep(1000)")
        while client.get_iopub_msg(timeout=30)["content"].get("text") != "asleep\n":
            pass
        manager.interrupt_kernel()
        answer = client.get_shell_msg(timeout=30)
        assert answer["parent_header"]["msg_id"] == asked
        assert answer["content"]["ename"] == "KeyboardInterrupt"
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not manager.is_alive()


@pytest.mark.slow
@needs_sandbox
def test_nbgrader_autogrades_in_the_sandbox(installed, tmp_path, monkeypatch):
    shutil.copytree(tmp_path / "prefix", tmp_path / "environment")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    config = Config(PyFileConfigLoader(str(ROOT / "nbgrader_config.py")).load_config())
    assert config.Execute.kernel_name == provisioner.NAME
    root = tmp_path / "course"
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/grading/gradebook.db"
    config.SandboxProvisioner.modules = list(QUICK.modules)
    config.SandboxProvisioner.limits = {"processes": 50}
    where = "# test\nimport os, resource\nassert os.getcwd() == '/student/work'\n"
    where += "assert resource.getrlimit(resource.RLIMIT_NPROC)[0] == 50"
    made = notebook("x = 1", "# solution\nx = 2", where)
    made.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "x"}
    for folder in ("solutions/tiny", "grading/submitted/ada/tiny"):
        (root / folder).mkdir(parents=True)
        nbformat.write(made, root / folder / "tiny.ipynb")
    api = NbGraderAPI(config=config)
    run(api, "generate_assignment", "tiny")
    run(api, "autograde", "tiny", "ada")
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        assert gradebook.find_submission("tiny", "ada").score == 1


def test_without_the_kernelspec_nbgrader_uses_the_plain_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    config = Config(PyFileConfigLoader(str(ROOT / "nbgrader_config.py")).load_config())
    assert "kernel_name" not in config.Execute


def test_without_bubblewrap_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    bubblewrap.problem.cache_clear()
    try:
        with pytest.raises(
            bubblewrap.SandboxError, match=r"no bubblewrap .* or grade with --unsafe"
        ):
            fork_servers.ForkServer(QUICK)
    finally:
        bubblewrap.problem.cache_clear()


@needs_sandbox
def test_a_module_that_cannot_be_imported_is_told():
    policy = Policy(modules=("no_such_module",))
    with pytest.raises(bubblewrap.SandboxError, match="No module named 'no_such_module'"):
        fork_servers.fork_server(policy).fork()


def test_the_warm_parent_renders_the_patients_that_units_open_with():
    opening = re.compile(r"phantom_cases\(1, seed=(\d+)")
    scripts = [path.read_text() for path in ROOT.glob("solutions/*/*.py")]
    seeds = {int(seed) for script in scripts for seed in opening.findall(script)}
    assert {10_000 * seed for seed in seeds} == set(PATIENTS)


@pytest.mark.slow
@needs_sandbox
def test_processes_share_the_warm_parent_of_the_one_that_started_them():
    with ThreadPoolExecutor() as threads:
        list(
            threads.map(lambda _: fork_servers.fork_server(QUICK), range(4))
        )  # all of them the same
    with (
        fork_servers.shared_fork_server(QUICK) as parent,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
    ):
        folder, text = pool.submit(elsewhere).result()
    assert folder == parent.folder == fork_servers.fork_server(QUICK).folder
    assert text == "5\n"
    assert fork_servers.SHARED not in os.environ


def elsewhere():
    made, _ = run_quick("print(2 + 3)")
    return fork_servers.fork_server(QUICK).folder, text_of(made.cells[0])


@needs_sandbox
def test_a_warm_parent_that_was_killed_is_replaced():
    before = fork_servers.fork_server(QUICK)
    before.inside.close()
    wait_until_refused(before.folder / LISTEN_SOCKET)
    made, _ = run_quick("print(2 + 3)")
    assert text_of(made.cells[0]) == "5\n"
    assert fork_servers.fork_server(QUICK) is not before


def wait_until_refused(path, seconds=60):
    """What is killed takes a moment to end, and takes connections until then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(path))
            except OSError:
                return
        time.sleep(0.02)
    raise AssertionError(f"{path} still takes connections after {seconds} s")


def test_an_exit_is_described_in_words():
    assert describe_exit(3) == "it ended itself with exit status 3"
    assert describe_exit(-9) == describe_exit(137) == "it was killed"
    assert describe_exit(143) == "it was ended by the signal SIGTERM"
