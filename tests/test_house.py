"""The repository keeps its promises: doors that agree, set-up that speaks, nothing out of place."""

import ast
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import nbformat
import pytest
import yaml
from helpers.turns import waits

import medseg
from medseg.notebook.run_order import parse

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {
    "jupyter-client": "jupyter_client",
    "playwright": "playwright-python",
    "psycopg[binary]": "psycopg",
    "torch": "pytorch",
}


def declared():
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return {line for part in lists for line in part}


def test_environment_yml_has_the_packages_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = set(environment["dependencies"]) - {"pip", f"python{PROJECT['requires-python']}"}
    renamed = set()
    for line in declared():
        name = re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?", line)[0]
        renamed.add(line.replace(name, CONDA_NAMES.get(name, name), 1))
    assert conda == renamed


def test_the_lock_pins_every_declared_package_within_its_range():
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    assert pins["torch"] == "2.13.0"
    for requirement in map(Requirement, declared()):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def setup_script(tmp_path, **replaced):
    """A copy of the set-up script beside a copy of its inputs."""
    (tmp_path / "scripts").mkdir()
    text = (ROOT / "scripts/setup.py").read_text()
    for old, new in replaced.get("edits", {}).items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "scripts/setup.py").write_text(text)
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path / "scripts/setup.py"


def run_setup(script, **environment):
    env = {**os.environ, **environment}
    command = [sys.executable, str(script)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_an_old_python_is_one_sentence(tmp_path):
    script = setup_script(tmp_path, edits={"OLDEST = (3, 11)": "OLDEST = (99, 0)"})
    done = run_setup(script)
    assert done.returncode == 1
    assert "the course needs Python 99.0 or later" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_missing_venv_module_is_one_sentence(tmp_path):
    script = setup_script(tmp_path, edits={'"-m", "venv"': '"-m", "venv_that_is_missing"'})
    done = run_setup(script)
    assert done.returncode == 1
    assert "its module venv is missing or broken" in done.stderr


@pytest.mark.slow
def test_no_network_is_one_sentence_and_the_next_call_goes_on(tmp_path):
    script = setup_script(tmp_path)
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    done = run_setup(script, **nowhere)
    assert done.returncode == 1
    assert "needs a network" in done.stderr
    assert not (tmp_path / ".venv/course-stamp").exists()
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / ".venv/half-made").write_text("kept")
    done = run_setup(script, **nowhere)
    assert "Creating the environment" not in done.stdout
    assert (tmp_path / ".venv/half-made").exists()


NO_DOWNLOAD = {'"-m", "pip", "install"': '"-c", "pass"'}


@pytest.mark.slow
def test_set_up_runs_once_and_mends_what_is_broken_or_was_moved(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    script = setup_script(home, edits=NO_DOWNLOAD)
    first = run_setup(script)
    assert first.returncode == 0, first.stderr
    assert "Creating the environment" in first.stdout
    assert run_setup(script).stdout == ""
    python = home / ".venv/bin/python"
    python.unlink()
    python.write_text("no program")
    assert "Creating the environment" in run_setup(script).stdout
    moved = tmp_path / "moved"
    home.rename(moved)
    assert "Creating the environment" in run_setup(moved / "scripts/setup.py").stdout
    (moved / "requirements.lock").write_text("numpy==1.0\n")
    changed = run_setup(moved / "scripts/setup.py").stdout
    assert "Creating" not in changed
    assert "Installing" in changed


@pytest.mark.slow
def test_an_interrupted_set_up_says_so_and_leaves_no_stamp(tmp_path):
    sleep = {'"-m", "pip", "install"': '"-c", "import time; time.sleep(600)"'}
    script = setup_script(tmp_path, edits=sleep)
    command = [sys.executable, str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        while "installed" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / ".venv/course-stamp").exists()


def test_make_help_lists_every_target():
    text = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("demo", "test", "check", "lab", "release", "verify", "real", "clean"):
        assert f"make {target} " in text


def test_make_checks_the_types_of_each_units_script_and_of_no_file_beside_it():
    """mypy refuses two modules of one name, and every unit has a mistakes.py of its own."""
    text = subprocess.run(
        ["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    units = sorted(path.parent for path in ROOT.glob("solutions/*/mistakes.py"))
    expected = [f"solutions/{unit.name}/{unit.name.split('_', 1)[1]}.py" for unit in units]
    assert len(expected) == 8
    assert sorted(re.findall(r"solutions/\S+\.py", text)) == expected


def test_make_real_without_data_is_one_sentence(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/setup.py").write_text("")
    shutil.copy(ROOT / "Makefile", tmp_path)
    command = ["make", "real", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Say where the data lies" in done.stderr


def tracked():
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in names if name]


def test_nothing_of_ours_is_ignored_by_git():
    """A folder of the packages may be called as one that commands write to."""
    command = ["git", "status", "--ignored", "--porcelain", "src", "tests", "solutions", "docs"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ignored = [line[3:] for line in said.splitlines() if line.startswith("!!")]
    ours = [n for n in ignored if not re.search(r"__pycache__|egg-info|\.ipynb", n)]
    assert ours == []


def test_generated_and_private_files_are_not_tracked():
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert not [n for n in names if n.startswith(("grading/", "output/", ".venv/"))]
    assert not [n for n in names if n.startswith("solutions/") and n.endswith(".ipynb")]


def test_what_is_generated_for_the_student_stays_small():
    files = [*ROOT.glob("src/medseg/checks/hints/*.jsonl"), *ROOT.glob("src/medseg/units/*.jsonl")]
    texts = [path.read_bytes() for path in files]
    assert len(texts) == 16
    assert sum(text.count(b"\n") for text in texts) < 2500
    assert sum(map(len, texts)) < 600_000


@pytest.mark.xdist_group("house")
def test_tests_of_a_group_stay_in_one_process(request):
    """Where tests run side by side; else what a group shares would be made once a process."""
    side_by_side = "PYTEST_XDIST_WORKER" in os.environ
    assert request.node.nodeid.endswith("@house") == side_by_side


def test_a_source_file_of_more_than_500_lines_is_worth_a_warning():
    """A file is split when it answers two questions; what is long may do so."""
    code = [p for p in tracked() if p.suffix == ".py" and (ROOT / "src") in p.parents]
    assert code
    for path in code:
        if (lines := len(path.read_text().splitlines())) > 500:
            warnings.warn(f"{path.name} has {lines} lines", stacklevel=1)


@pytest.mark.parametrize(("package", "most"), [("medseg", 20), ("medseg_grader", 12)])
def test_a_package_has_few_doors(package, most):
    inside = {
        p.relative_to(ROOT / "src" / package).parts[0]
        for p in tracked()
        if p.suffix == ".py" and (ROOT / "src" / package) in p.parents
    }
    assert len(inside - {"__init__.py"}) <= most


def test_what_notebooks_import_is_public():
    """Every module that a released notebook imports from is listed, with the names."""
    found = set()
    for notebook in sorted((ROOT / "notebooks").glob("*/*.ipynb")):
        for cell in nbformat.read(notebook, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            for node in ast.walk(parse(cell.source)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("medseg"):
                    found |= {(node.module, alias.name) for alias in node.names}
                elif isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                    assert not [name for name in names if name.startswith("medseg")], names
    assert {module for module, _ in found} <= set(medseg.PUBLIC)
    for module, name in found:
        assert name in medseg.PUBLIC[module], (module, name)
        assert hasattr(importlib.import_module(module), name) or importlib.util.find_spec(
            f"{module}.{name}"
        )


# Of other libraries, where there is no public way: how a process ends without clean-up, the classes
# of an ipywidget, what arrives from its view.
NOT_OURS = {"_exit", "_dom_classes", "_handle_custom_msg"}
PATCHES = {"setattr", "delattr", "getattr", "hasattr", "patch", "object"}


def is_private(name):
    return re.fullmatch(r"_[A-Za-z0-9]\w*|_", name) is not None


def private_names(tree):
    """The private names that a test reaches for: attributes, imports, and names given as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}):
                yield node.attr, node.lineno
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            for text in (module, *(alias.name for alias in node.names)):
                yield from ((name, node.lineno) for name in text.split("."))
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for given in node.args if called in PATCHES else ():
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield from ((name, node.lineno) for name in given.value.split("."))


def test_private_names_are_found_wherever_a_test_reaches_for_them():
    source = """
import a._b
from a import _c
a._d._e
monkeypatch.setattr(a, "_f", 1)
monkeypatch.setattr("a._g.h", 1)
self._own, a.__dunder__, print("_text")
"""
    found = {name for name, _ in private_names(ast.parse(source)) if is_private(name)}
    assert found == {"_b", "_c", "_d", "_e", "_f", "_g"}


def test_no_test_reaches_for_a_private_name():
    """What a test needs of a module is public, so that the rest can change without tests."""
    reached = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in tracked()
        if path.suffix == ".py" and (ROOT / "tests") in path.parents
        for name, line in private_names(ast.parse(path.read_text(encoding="utf-8")))
        if is_private(name) and name not in NOT_OURS and not name.startswith("_repr_")
    ]
    assert reached == []


SECTIONS = re.compile(r"^(Args|Returns|Raises|Attributes):$", re.MULTILINE)


def test_a_docstring_with_sections_says_in_one_of_them_what_is_raised():
    documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path in tracked():
        if path.suffix != ".py" or (ROOT / "src") not in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, documented) and SECTIONS.search(
                text := ast.get_docstring(node) or ""
            ):
                assert not re.search(r"\bRaises [A-Z]", text), f"{path.name}:{node.lineno}"


def test_the_version_stands_once_and_the_others_follow():
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## (\S+)", changes, re.MULTILINE)[1] == medseg.__version__
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == medseg.__version__


def rotation():
    spec = importlib.util.spec_from_file_location("rotation", ROOT / "scripts/rotation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("changed", [[], ["c"], list("bdefh"), list("abcdefgh")])
def test_every_unit_has_its_turn_and_a_changed_one_has_it_at_once(changed):
    units, turns = list("abcdefgh"), range(5, 5 + 8)
    rounds = [rotation().chosen(units, changed, turn, 3) for turn in turns]
    assert all(len(set(names)) == 3 for names in rounds)
    assert all(len(set(names) & set(changed)) == min(3, len(changed)) for names in rounds)
    if len(changed) < 3:
        assert set().union(*rounds) == set(units)
    assert set(changed) <= set().union(*rounds)


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("values", "chosen", "waiting"),
    [
        (["07_prostate", "1"], ["02", "03"], True),
        (["07_prostate, shortened"], ["02"], True),
        (["07_prostate", "1"], ["02", "07"], False),
        (["07_prostate"], [], False),
        (["write_task05", 3], ["02"], False),
    ],
)
def test_a_slow_test_of_a_unit_waits_for_its_turn(values, chosen, waiting):
    assert waits(values, chosen) is waiting


@pytest.mark.parametrize("later", [9, 10])
def test_a_unit_counts_as_changed_for_ten_commits_of_any_kind(later, tmp_path, capsys, monkeypatch):
    for number in range(1, 9):
        (tmp_path / f"solutions/0{number}_unit").mkdir(parents=True)
        (tmp_path / f"solutions/0{number}_unit/mistakes.py").touch()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "solutions/05_unit")
    for _ in range(later + 1):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    module = rotation()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    module.main(["1"])
    assert (capsys.readouterr().out.split() == ["05"]) == (later == 9)
