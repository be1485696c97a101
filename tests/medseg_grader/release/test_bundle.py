"""The student bundle holds what a student needs, nothing of ours, and runs by itself."""

import os
import re
import subprocess
import sysconfig
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from medseg.units import notebook_name
from medseg_grader.course.units import unit_names
from medseg_grader.release.bundle import student_requirements, write_bundle

ROOT = Path(__file__).parents[3]
BUNDLE = "unets-by-hand"


pytestmark = pytest.mark.xdist_group("bundle")  # what they share is made once


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    return write_bundle(folder / "course.zip", unit_names())


def test_two_bundles_have_the_same_bytes(bundle, tmp_path):
    assert write_bundle(tmp_path / "again.zip", unit_names()).read_bytes() == bundle.read_bytes()


def test_it_holds_notebooks_package_environment_and_nothing_of_ours(bundle):
    with zipfile.ZipFile(bundle) as archive:
        names = [name.removeprefix(f"{BUNDLE}/") for name in archive.namelist()]
    for unit in unit_names():
        assert f"handed_out/{unit}/{notebook_name(unit)}" in names
        assert f"src/medseg/checks/hints/{unit}.jsonl" in names
        assert f"src/medseg/units/{unit}.jsonl" in names
    package = [p for p in (ROOT / "src/medseg").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    assert {p.relative_to(ROOT).as_posix() for p in package} <= set(names)
    beside = {"README.md", "pyproject.toml", "requirements.txt", "environment.yml", "postBuild"}
    assert beside | {"data_download.py"} <= set(names)
    assert not [name for name in names if name.startswith("notebooks")], "students work there"
    ours = ("solutions", "tests", "src/medseg_grader", "benchmarks", "grading", ".git")
    assert not [name for name in names if name.startswith(ours)]
    assert not [name for name in names if "mistakes" in name]


def test_its_requirements_are_pinned_and_leave_out_instructors_tools():
    lines = student_requirements().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==\S+", line) for line in lines)
    names = {line.split("==")[0].lower() for line in lines}
    assert {"torch", "numpy", "nibabel", "monai", "jupyterlab", "ipywidgets"} <= names
    assert not names & {"pytest", "ruff", "mypy", "jupytext", "papermill", "hypothesis"}


def test_a_unit_that_was_not_released_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="run medseg release first"):
        write_bundle(tmp_path / "x.zip", ["99_nothing"])


@pytest.fixture(scope="module")
def student(bundle, tmp_path_factory):
    """The unpacked bundle, installed in a new environment that sees only its dependencies."""
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    home = folder / BUNDLE
    venv.create(home / ".venv", with_pip=True)
    python = home / ".venv/bin/python"
    library = next((home / ".venv/lib").glob("python*/site-packages"))
    # Dependencies are borrowed, since no test may use a network. A path in a .pth file does not
    # run the .pth files it leads to, so this repository's own packages stay out of sight.
    (library / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    env = clean_environment(home)
    # An old setuptools of the new environment would hide the borrowed one.
    uninstall = [python, "-m", "pip", "uninstall", "-q", "-y", "setuptools"]
    subprocess.run(uninstall, cwd=home, env=env, check=True)
    subprocess.run([*install, "--no-build-isolation", "-e", "."], cwd=home, env=env, check=True)
    subprocess.run([python, "-m", "medseg.cli", "start"], cwd=home, env=env, check=True)
    return home


def clean_environment(home):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def in_bundle(home, *command):
    python = home / ".venv/bin/python"
    return subprocess.run(
        [python, *command],
        cwd=home,
        # beside other tests, threads that wait for each other take many times as long
        env={**clean_environment(home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_package_runs_and_the_graders_is_not_there(student):
    code = "import medseg, sys; print(medseg.__file__); import medseg_grader"
    done = in_bundle(student, "-c", code)
    assert str(student) in done.stdout
    assert "No module named 'medseg_grader'" in done.stderr


@pytest.mark.slow
def test_the_command_line_lists_unsolved_exercises(student):
    done = in_bundle(student, "-m", "medseg.cli", "progress")
    assert done.returncode == 0, done.stderr
    assert "iou_per_class" in done.stdout


@pytest.mark.slow
def test_the_data_script_runs(student):
    done = in_bundle(student, "data_download.py", "--list")
    assert done.returncode == 0, done.stderr
    assert "promise12" in done.stdout


@pytest.mark.slow
def test_an_instructors_command_says_that_it_is_not_here(student):
    done = in_bundle(student, "-m", "medseg.cli", "release")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["04_iou", "05_focal_loss"])
def test_an_untouched_notebook_runs_up_to_the_students_own_cells(student, unit):
    code = (
        "import nbformat, sys; from nbclient import NotebookClient; "
        "nb = nbformat.read(sys.argv[1], 4); "
        "NotebookClient(nb, timeout=300, allow_errors=True, "
        "resources={'metadata': {'path': sys.argv[2]}}).execute(); "
        "nbformat.write(nb, 'ran.ipynb')"
    )
    folder = Path("notebooks", unit)
    notebook = next((student / folder).glob("*.ipynb")).relative_to(student)
    done = in_bundle(student, "-c", code, str(notebook), str(folder))
    assert done.returncode == 0, done.stderr
    ran = nbformat.read(student / "ran.ipynb", 4)
    outputs = [o for cell in ran.cells for o in cell.get("outputs", [])]
    # What a later cell would show of an unwritten function is not there yet: a NameError.
    errors = {o.ename for o in outputs if o.output_type == "error"}
    assert {"NotImplementedError"} <= errors <= {"NotImplementedError", "NameError"}
    assert any("<img" in o.get("data", {}).get("text/html", "") for o in outputs), (
        "no picture was shown"
    )
