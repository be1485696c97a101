"""A release is deterministic, current, and gives nothing away."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import medseg
from medseg.units import notebook_name
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.stock_nbgrader import nbgrader_api, run
from medseg_grader.course.units import HIDDEN, SOLUTION, load_unit, unit_names
from medseg_grader.release.build import release

ROOT = Path(__file__).parents[3]
UNITS = unit_names()
SHORTEST_TELLING_LINE = 25
pytestmark = pytest.mark.xdist_group("release")  # what they share is made once


@pytest.fixture(scope="module")
def anew(tmp_path_factory):
    """A release of all units by another process, with a hash seed of its own, in a copy."""
    root = tmp_path_factory.mktemp("course")
    copy_course(root)
    code = "from medseg_grader.release.build import release; import sys; release(sys.argv[1:])"
    subprocess.run(
        [sys.executable, "-c", code, *UNITS],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
    )
    return root


def copy_course(root):
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(
        ROOT / "solutions", root / "solutions", ignore=shutil.ignore_patterns("*.ipynb")
    )


def files_of(folder):
    return {p.relative_to(folder): p for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("part", ["notebooks", "src/medseg/checks/hints", "src/medseg/units"])
def test_a_second_release_has_the_bytes_of_the_committed_one(anew, part):
    made, committed = files_of(anew / part), files_of(ROOT / part)
    generated = {".ipynb", ".jsonl"}
    committed = {k: v for k, v in committed.items() if k.suffix in generated}
    committed = {k: v for k, v in committed.items() if ".ipynb_checkpoints" not in k.parts}
    assert len(committed) == len(UNITS)
    assert made.keys() == committed.keys()
    for name, path in made.items():
        assert path.read_bytes() == committed[name].read_bytes(), f"{part}/{name} is out of date"


@pytest.mark.slow
def test_only_notebooks_are_released(anew):
    names = {path.suffix for path in files_of(anew / "notebooks")}
    assert names == {".ipynb"}


@pytest.mark.slow
def test_a_release_that_fails_leaves_the_released_notebook_as_it_was(tmp_path, monkeypatch):
    """nbgrader deletes a unit's released folder before it builds the next one."""
    unit = "04_iou"
    copy_course(tmp_path)
    released = tmp_path / "notebooks" / unit / notebook_name(unit)
    released.parent.mkdir(parents=True)
    released.write_text("the last release")
    with (tmp_path / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.ClearSolutions.code_stub = {"R": "nothing for Python"}\n')
    with pytest.raises(ValueError, match="nbgrader generate_assignment 04_iou failed"):
        release_into(tmp_path, monkeypatch, unit)
    assert [p.read_text() for p in released.parent.iterdir()] == ["the last release"]
    assert not list(tmp_path.glob(".release-*"))


@pytest.mark.parametrize("name", UNITS)
def test_cell_ids_are_unique_stable_and_valid(name):
    first, second = (solution_notebook(load_unit(name)) for _ in range(2))
    ids = [cell.id for cell in first.cells]
    assert ids == [cell.id for cell in second.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell_id) for cell_id in ids)


@pytest.mark.parametrize("name", UNITS)
def test_notebooks_carry_only_nbgrader_and_tag_metadata(name):
    notebook = nbformat.read(ROOT / "notebooks" / name / notebook_name(name), as_version=4)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "medseg"}
    allowed = {"nbgrader", "tags", "deletable", "editable"}
    assert all(set(cell.metadata) <= allowed for cell in notebook.cells)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


def secret_lines():
    """Every telling line of a solution region, a hidden test or a mistake, and where it stands.

    A line that also stands in a public part of a script is no secret.
    """
    secret, public = {}, set()
    for name in UNITS:
        unit = load_unit(name)
        for cell in unit.cells:
            hidden = SOLUTION.findall(cell.source) + HIDDEN.findall(cell.source)
            open_text = SOLUTION.sub("", HIDDEN.sub("", cell.source))
            public.update(line.strip() for line in open_text.splitlines())
            secret.update(
                (line.strip(), f"{name}: solution or hidden test")
                for text in hidden
                for line in text.splitlines()
            )
        for exercise in unit.exercises.values():
            solution = unit.solution_cell(exercise.name).source
            for mistake in exercise.mistakes:
                known = set(solution.splitlines())
                secret.update(
                    (line.strip(), f"{name}: mistake {mistake.name}")
                    for line in mistake.apply(solution).splitlines()
                    if line not in known
                )
    telling = {k: v for k, v in secret.items() if len(k) >= SHORTEST_TELLING_LINE}
    plain = ("###", "import ", "from ")
    return {k: v for k, v in telling.items() if k not in public and not k.startswith(plain)}


def given_away(paths):
    """The secret lines that stand in these files."""
    secret = secret_lines()
    found = []
    for path in (p for p in paths if p.is_file()):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        lines = {line.strip() for line in text.splitlines()}
        found += [f"{path.name}: {line} ({secret[line]})" for line in lines & secret.keys()]
    return found


def test_no_line_of_a_solution_hidden_test_or_mistake_is_given_away():
    package = Path(medseg.__file__).parent
    readable = [*(ROOT / "notebooks").rglob("*"), *package.rglob("*.py"), *package.rglob("*.jsonl")]
    found = given_away(readable)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", UNITS)
def test_the_search_for_leaks_finds_a_solution_notebook(name, tmp_path):
    path = tmp_path / "leak.ipynb"
    nbformat.write(solution_notebook(load_unit(name)), path)
    assert len(given_away([path])) > 10


@pytest.mark.slow
def test_an_honest_students_feedback_folder_holds_only_the_html(tmp_path, monkeypatch):
    """Stock autograde copies every file beside the source notebook; ours must stay behind."""
    unit = "04_iou"
    monkeypatch.chdir(ROOT)
    copy_course(tmp_path)
    release_into(tmp_path, monkeypatch, unit)
    target = tmp_path / "grading/submitted/honest" / unit
    target.mkdir(parents=True)
    shutil.copy(tmp_path / "solutions" / unit / notebook_name(unit), target)
    api = nbgrader_api(tmp_path)
    run(api, "autograde", unit, "honest", force=True, create=True)
    run(api, "generate_feedback", unit, "honest", force=True)
    autograded = files_of(tmp_path / "grading/autograded/honest")
    assert {p.name for p in autograded} == {notebook_name(unit)}
    feedback = files_of(tmp_path / "grading/feedback/honest")
    assert {p.name for p in feedback} == {notebook_name(unit).replace(".ipynb", ".html")}
    html = next(iter(feedback.values())).read_text(encoding="utf-8")
    hidden = hidden_lines(unit)
    assert hidden
    text = re.sub(r"<[^>]+>", "", html).replace("&quot;", '"').replace("&#39;", "'")
    assert not [line for line in hidden if line in text]


def release_into(root, monkeypatch, unit):
    monkeypatch.chdir(root)
    release([unit])


def hidden_lines(unit):
    cells = load_unit(unit).cells
    lines = [
        line.strip()
        for cell in cells
        for text in HIDDEN.findall(cell.source)
        for line in text.splitlines()
    ]
    shown = {line.strip() for cell in cells for line in HIDDEN.sub("", cell.source).splitlines()}
    telling = [x for x in lines if len(x) >= SHORTEST_TELLING_LINE and not x.startswith("###")]
    return [x for x in telling if x not in shown]


def test_an_unknown_unit_is_one_sentence(monkeypatch):
    from medseg_grader.course.units import find_unit

    monkeypatch.chdir(ROOT)
    assert find_unit("04") == find_unit("iou") == find_unit("04_iou") == "04_iou"
    with pytest.raises(
        ValueError, match=r"There is no unit called 'nothing'\. There are: .*04_iou"
    ):
        find_unit("nothing")


def test_outside_the_repository_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="in the root of the course's repository"):
        unit_names()
    with pytest.raises(ValueError, match="in the root of the course's repository"):
        nbgrader_api()
