"""Formgrader's button runs students' code in the sandbox, by configuration alone."""

import shutil
from pathlib import Path

import nbformat
import pytest
from browser.lab import KERNEL, jupyter_lab, shot
from helpers.sandboxes import QUICK, needs_sandbox, notebook
from playwright.sync_api import expect

from medseg_grader.sandbox import __main__ as sandbox_command
from medseg_grader.sandbox import provisioner

UNIT, STUDENT = "01_where", "ada"
SETTINGS = f"""
c.Execute.kernel_name = "{provisioner.NAME}"
c.SandboxProvisioner.modules = {list(QUICK.modules)}
"""
pytestmark = [pytest.mark.slow, pytest.mark.browser, needs_sandbox]


@pytest.fixture
def formgrader(chromium_program, tmp_path):
    """JupyterLab in the root of a course whose only test asks where it runs.

    The kernel is installed for this server alone, so the lines with which the course's
    configuration names it, once it is installed for all, are written out.
    """
    root, home = tmp_path / "course", tmp_path / "home"
    made = notebook("# solution\nx = 1", "# test\nimport os\nassert os.getcwd() == '/student/work'")
    made.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "x"}
    for folder in ("solutions", f"grading/submitted/{STUDENT}"):
        (root / folder / UNIT).mkdir(parents=True)
        nbformat.write(made, root / folder / UNIT / "where.ipynb")
    settings = Path("nbgrader_config.py").read_text() + SETTINGS
    (root / "nbgrader_config.py").write_text(settings)
    installed = sandbox_command.install(str(tmp_path / "prefix"))
    shutil.copytree(installed.parent, home / "data/kernels")
    with jupyter_lab(root, ".", home) as server:
        yield server


def test_it_grades_in_the_sandbox(formgrader, new_page):
    page = new_page()
    page.goto(f"{formgrader.url}formgrader?token={formgrader.token}")
    row = page.get_by_role("row").filter(has_text=UNIT)
    row.locator(".assign a").click()
    expect(page.locator("#success-modal")).to_contain_text("Successfully created", timeout=KERNEL)
    page.goto(f"{formgrader.url}formgrader/manage_submissions/{UNIT}")
    row = page.get_by_role("row").filter(has_text=STUDENT)
    expect(row).to_contain_text("needs autograding")
    row.locator(".autograde a").click()
    expect(page.locator("#success-modal")).to_contain_text(
        "Successfully autograded", timeout=KERNEL
    )
    shot(page, "formgrader-autograded")
    expect(row).to_contain_text("graded")
    expect(row).to_contain_text("1 / 1")
