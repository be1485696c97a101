"""The doors of others, as far as they can be looked at from here: files, syntax, paths."""

import json
import re
import subprocess
import zipfile
from urllib.parse import parse_qs

import pytest
import yaml
from classroom.hub import ROOT, link_to

from medseg_grader.release.bundle import write_bundle


@pytest.fixture(scope="module")
def students(tmp_path_factory):
    """The names of the files in the repository that students see: their bundle."""
    path = write_bundle(tmp_path_factory.mktemp("bundle") / "students.zip", ["04_iou"])
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2] for name in archive.namelist()}


def test_the_devcontainer_sets_up_what_make_sets_up():
    described = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert described["onCreateCommand"].endswith("make setup")
    editor = described["customizations"]["vscode"]["settings"]
    assert editor["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert re.search(r"^setup:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_binder_finds_an_environment_and_what_runs_after_it(students):
    assert not (ROOT / "binder").exists(), "in whose favour Binder would ignore environment.yml"
    subprocess.run(["bash", "-n", "postBuild"], cwd=ROOT, check=True)
    assert (ROOT / "postBuild").stat().st_mode & 0o100
    assert "pip" in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert {"environment.yml", "postBuild", "pyproject.toml"} <= students


def test_each_link_opens_a_notebook_of_the_bundle(students):
    binder = parse_qs(link_to("mybinder.org").query)["urlpath"][0]
    assert binder.removeprefix("lab/tree/") in students
    assert link_to("colab.research.google.com").path.partition("/blob/main/")[2] in students
    pulled = parse_qs(link_to("HUB").query)
    folder = pulled["targetpath"][0]
    assert pulled["urlpath"][0].removeprefix(f"lab/tree/{folder}/") in students


def test_no_page_shows_a_badge_or_link_that_cannot_be_true():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        shown = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
        assert "OWNER" not in shown, page
