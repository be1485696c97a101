"""One browser, and one JupyterLab on a copy of the course, for all tests of this folder."""

import itertools
import shutil
from pathlib import Path

import nbformat
import pytest
from browser.lab import QUICK, ROOT, Listener, Notebook, jupyter_lab
from playwright.sync_api import expect

from medseg.units import notebook_name
from medseg_grader.course.notebooks import KERNEL, write_solution_notebook
from medseg_grader.course.units import load_unit
from medseg_lecture import chromium as on_this_machine

# SwiftShader draws WebGL without a graphics card; the rest keeps Chromium from calling home.
ARGUMENTS = (
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

# Light or dark as the browser's window asks for it.
THEME = {"apputils-extension:themes": {"adaptive-theme": True}}
expect.set_options(timeout=QUICK)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What `make test` runs of this folder shares one browser and one JupyterLab."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def chromium_program():
    """The path of a Chromium, or a skipped test where there is none."""
    program = on_this_machine.program()
    if program is None:
        pytest.skip(f"needs a Chromium: none of {', '.join(on_this_machine.NAMES)} is on the PATH")
    return program


# One for each module: Playwright keeps an event loop running, in which no later test of the same
# process could call asyncio.run.
@pytest.fixture(scope="module")
def chromium(chromium_program):
    """A browser without windows."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium's own sandbox is switched off by default, so that root can run it too.
        browser = playwright.chromium.launch(executable_path=chromium_program, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Course:
    """A copy of what `make lab` serves, to which a test adds notebooks of its own."""

    def __init__(self, root):
        self.root, self.notebooks = root, root / "notebooks"
        self._numbers = itertools.count(1)
        shutil.copytree(ROOT / "notebooks", self.notebooks)
        shutil.copy(ROOT / "nbgrader_config.py", root)

    def untouched(self, unit):
        """A fresh copy of the released notebook; its path for JupyterLab."""
        path = self._new(unit)
        shutil.copy(ROOT / "notebooks" / unit / path.name, path)
        return str(path.relative_to(self.notebooks))

    def solved(self, unit):
        """The unit's solution, as a notebook; its path for JupyterLab."""
        path = self._new(unit)
        shutil.copy(write_solution_notebook(load_unit(unit), self.root), path)
        return str(path.relative_to(self.notebooks))

    def write(self, code):
        """A notebook of one cell; its path for JupyterLab."""
        path = self._new("scratch_pad")
        cells = [nbformat.v4.new_code_cell(code)]
        # Without a kernel's name JupyterLab would ask for one.
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
        nbformat.write(notebook, path)
        return str(path.relative_to(self.notebooks))

    def _new(self, unit):
        folder = self.notebooks / f"copy_{next(self._numbers)}" / unit
        folder.mkdir(parents=True)
        return folder / notebook_name(unit)


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def server(chromium_program, course, tmp_path_factory):
    """JupyterLab as `make lab` starts it; nothing is started where there is no browser."""
    home = tmp_path_factory.mktemp("home")
    with jupyter_lab(course.root, "notebooks", home, THEME) as running:
        yield running


@pytest.fixture
def listener():
    """Holds the test to a console without errors and to requests to this machine only."""
    heard = Listener()
    yield heard
    assert heard.complaints == []
    assert heard.strangers == []


@pytest.fixture
def new_page(chromium, listener):
    """A function that gives a new window, with nothing kept from an earlier one."""
    contexts = []

    def new(**options):
        options = {"viewport": {"width": 1280, "height": 1000}, **options}
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        listener.attach(page)
        return page

    yield new
    for context in contexts:
        for page in context.pages:
            page.evaluate(
                "() => window.jupyterapp?.serviceManager.sessions.shutdownAll().catch(() => {})"
            )
        context.close()


@pytest.fixture
def open_notebook(new_page, server):
    """A function that opens a notebook by its path in a new window."""

    def open_it(path, **options):
        return Notebook(new_page(**options), server, path).open()

    return open_it
