"""JupyterLab as a reader sees it: a server of its own, and a notebook in a real browser."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from medseg_grader.course.units import unit_names

ROOT = Path(__file__).parents[2]
UNITS = unit_names()
# `make test-browser UNITS="03 07"` opens and solves the notebooks of these only.
CHOSEN = os.environ.get("UNITS", "").split()
# axe would load each style sheet again, from where it is not; what a rule says of anything but
# colours is the same in both themes.
AXE = {
    "light": {"preload": False},
    "dark": {"preload": False, "runOnly": ["color-contrast", "link-in-text-block"]},
}
SHOTS = ROOT / "output" / "browser"
QUICK = 60_000  # ms: what the page does by itself
KERNEL = 180_000  # ms: a kernel that starts and imports torch on a busy machine
_SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
_WIDGET = "window.jupyterapp.shell.currentWidget"
# Nothing here may ask the network: no gallery of extensions, no question about news.
_OFFLINE = "--LabApp.extension_manager=readonly"
_SILENT = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address with a slash at the end, its token, its log."""

    url: str
    token: str
    log: Path


@contextmanager
def jupyter_lab(start_in, notebooks, home, user_settings=None):
    """JupyterLab on `notebooks`, started in the folder `start_in`, with everything else in `home`.

    `user_settings` maps a plugin's name ("apputils-extension:themes") to what a user set there.
    """
    config = home / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig/page_config.json").write_text(json.dumps(_SILENT))
    for name, settings in (user_settings or {}).items():
        package, plugin = name.split(":")
        path = config / f"lab/user-settings/@jupyterlab/{package}/{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
    env |= {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }
    command = [sys.executable, "-m", "jupyter", "lab", str(notebooks), "--no-browser"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", _OFFLINE]
    command.append("--LabApp.expose_app_in_browser=True")
    # JupyterLab refuses to run as root unless told so; a container's user is often root.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    log = home / "server.log"
    with (
        open(log, "w") as file,
        subprocess.Popen(command, cwd=start_in, env=env, stdout=file, stderr=file) as process,
    ):
        try:
            info = _wait_for_server(home / "runtime", process, log)
            yield Server(info["url"], info["token"], log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_server(runtime, process, log, seconds=90):
    """What the server writes about itself once it listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            text = path.read_text()
            if text.endswith("}"):
                return json.loads(text)
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


# JupyterLab asks for the list of kernels now and then; Jupyter's server answers that with an error
# where one of them ends in this very moment, and JupyterLab asks again.
# And where the page is closed before the debugger has been told what the kernel holds, it says so.
KERNEL_ENDED = (
    r"status of 500 .*/api/kernels\?\d+\)",
    r"^Could not restore the debugger state: Canceled future",
)


@dataclass
class Listener:
    """What a page complained about, and whom it asked outside of this machine.

    A test adds to `harmless` what may be complained about or asked for, as regular expressions.
    """

    harmless: list[str] = field(default_factory=lambda: list(KERNEL_ENDED))
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def attach(self, page):
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(f"uncaught: {error}"))
        page.on("request", self._request)

    def _console(self, message):
        if message.type == "error":
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _complain(self, text):
        if not self._is_harmless(text):
            self.complaints.append(text)

    def _request(self, request):
        ours = re.match(r"(http|ws)://127\.0\.0\.1[:/]|data:|blob:", request.url)
        if not ours and not self._is_harmless(request.url):
            self.strangers.append(request.url)

    def _is_harmless(self, text):
        return any(re.search(pattern, text) for pattern in self.harmless)


class Notebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, server: Server, path: str):
        self.page, self.server, self.path = page, server, path
        self.shown = page.locator(_SHOWN)

    def open(self):
        """Go to the notebook and wait until it stands there with an idle kernel."""
        self.page.goto(f"{self.server.url}lab/tree/{self.path}?reset&token={self.server.token}")
        expect(self.shown.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=QUICK)
        self.wait(f"{_WIDGET}?.sessionContext?.session?.kernel?.status === 'idle'", KERNEL)
        return self

    def wait(self, condition, timeout=QUICK):
        """Wait until a JavaScript expression is true."""
        self.page.wait_for_function(f"() => {condition}", timeout=timeout)

    def command(self, name):
        """Start one of JupyterLab's own commands, as its menu does."""
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name) }", name)

    def run_all(self, timeout):
        """Run all cells and wait until the last one is done; a failing cell stops the run."""
        self.page.evaluate(
            """() => {
                window.ran = false;
                window.jupyterapp.commands.execute('notebook:run-all-cells')
                    .finally(() => { window.ran = true; });
            }"""
        )
        self.wait("window.ran === true", timeout)

    def wait_until_all_have_run(self, timeout):
        """Wait for the cells behind those that failed: `run_all` does not."""
        counts = f"{_WIDGET}.content.model.toJSON().cells"
        self.wait(
            f"{counts}.every(c => c.cell_type !== 'code' || !c.source.length || c.execution_count)",
            timeout,
        )

    def content(self):
        """The notebook as it stands in the browser, as nbformat's JSON."""
        return self.page.evaluate(f"() => {_WIDGET}.content.model.toJSON()")

    def index(self, wanted):
        """The number of the only code cell that starts with a text, or has that grade_id."""
        cells = self.content()["cells"]
        labelled, begun = [], []
        for number, cell in enumerate(cells):
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == wanted:
                labelled.append(number)
            elif cell["cell_type"] == "code" and cell["source"].startswith(wanted):
                begun.append(number)
        # a later cell may begin with the name of an exercise that it lends
        found = labelled or begun
        (only,) = found
        return only

    def cell(self, index):
        """The cell's element."""
        return self.shown.locator(".jp-Notebook .jp-Cell").nth(index)

    def run(self, index, timeout=KERNEL):
        """Click into a cell, press Ctrl + Enter, wait until it has run; its outputs' text."""
        self._click_into(index)
        before = self.content()["cells"][index]["execution_count"]
        self.page.keyboard.press("Control+Enter")
        model = f"{_WIDGET}.content.model.cells.get({index})"
        self.wait(
            f"{model}.executionCount !== null && {model}.executionCount !== {json.dumps(before)}"
            f" && {model}.executionState !== 'running'",
            timeout,
        )
        return self.text_of(index)

    def text_of(self, index):
        """The text that stands under a cell."""
        return self.cell(index).locator(".jp-Cell-outputArea").inner_text()

    def type_below(self, index, keep, text):
        """Replace all lines of a cell after the first `keep` from the keyboard."""
        self._click_into(index)
        keyboard = self.page.keyboard
        keyboard.press("Control+Home")
        for _ in range(keep):
            keyboard.press("ArrowDown")
        keyboard.press("Control+Shift+End")
        for number, line in enumerate(text.split("\n")):
            if number:
                # The editor indents by itself: take that away, as the line brings its own.
                keyboard.press("Enter")
                keyboard.press("Shift+Home")
                keyboard.press("Delete")
            keyboard.type(line)
        assert self.source(index).split("\n")[keep:] == text.split("\n")

    def source(self, index):
        """A cell's source as it stands in the browser."""
        return self.content()["cells"][index]["source"]

    def _click_into(self, index):
        editor = self.cell(index).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()

    def picture_cells(self):
        """The numbers of the cells that show a picture or a widget."""
        return [
            number
            for number, cell in enumerate(self.content()["cells"])
            if any(
                "application/vnd.jupyter.widget-view+json" in data
                or "<img" in "".join(data.get("text/html", ""))
                for output in cell.get("outputs", [])
                for data in [output.get("data", {})]
            )
        ]

    def shot_of(self, index, name):
        """Write what a cell shows to output/browser/."""
        outputs = self.cell(index).locator(".jp-Cell-outputArea")
        outputs.scroll_into_view_if_needed()
        shot(outputs, name)

    def shot(self, name):
        """Write what is on the screen to output/browser/."""
        shot(self.page, name)


def shot(what, name):
    """Write a picture of a page or an element to output/browser/."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    what.screenshot(path=SHOTS / f"{name}.png")


def errors(content):
    """The error outputs of a notebook, each with its cell's number."""
    return [
        (number, f"{output['ename']}: {output['evalue']}")
        for number, cell in enumerate(content["cells"])
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


def some(units):
    """The chosen units as parameters; `make test` takes only the given ones."""
    chosen = [u for u in UNITS if u in units or not CHOSEN or u.split("_")[0] in CHOSEN]
    return [u if u in units else pytest.param(u, marks=pytest.mark.browser) for u in chosen]


def code_cells(notebook):
    """The numbers of the code cells."""
    cells = notebook.content()["cells"]
    return [number for number, cell in enumerate(cells) if cell["cell_type"] == "code"]
