"""A course with one small unit that needs nothing but Python, to grade quickly."""

import ast
import functools
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import nbformat
import nbgrader.api
from nbgrader.utils import compute_checksum

from medseg_grader.course.notebooks import script_digest
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading import submission
from medseg_grader.grading.execute import CellRun, Execution
from medseg_grader.grading.workers import WorkerPool

ROOT = Path(__file__).parents[2]
UNIT = "01_sums"


def header(name, points=None):
    """The line that opens a solution cell, or, with points, a test cell."""
    graded = points is not None
    metadata = {"grade": graded, "grade_id": name, "locked": graded, "schema_version": 3}
    metadata |= {"solution": not graded, "task": False} | ({"points": points} if graded else {})
    return f"# %% nbgrader={json.dumps(metadata)}"


SCRIPT = f'''# %% [markdown]
# # Sums

# %%
import math

{header("double")}
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

{header("test_double", 1)}
assert double(2) == 4, "2 doubled is 4"

{header("test_double_hidden", 2)}
# Other numbers.
### BEGIN HIDDEN TESTS
assert double(math.pi) == 2 * math.pi, "other numbers are doubled too"
### END HIDDEN TESTS

{header("triple")}
def triple(x):
    """Three times x."""
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION

{header("test_triple", 4)}
right = sum(triple(x) == 3 * x for x in range(4))
right
'''
MISTAKES = """from medseg_grader.authoring import Call, Exercise

EXERCISES = [Exercise(name, [Call(1)], [], []) for name in ("double", "triple")]
"""
POINTS = {"test_double": 1.0, "test_double_hidden": 2.0, "test_triple": 4.0}
RIGHT = {"double": "def double(x):\n    return x + x", "triple": "def triple(x):\n    return x * 3"}
WRONG = {"double": "def double(x):\n    return 4", "triple": "def triple(x):\n    return 3"}
# what the answers above are worth
WORTH = {"double": {"right": 3.0, "wrong": 1.0}, "triple": {"right": 4.0, "wrong": 1.0}}


def make_course(root, script=SCRIPT):
    """Write the course's instructor side to a folder; commands run in there."""
    folder = root / "solutions" / UNIT
    folder.mkdir(parents=True)
    (folder / "sums.py").write_text(script)
    (folder / "mistakes.py").write_text(MISTAKES)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    mark_as_released(root)
    return root


def mark_as_released(root):
    """Note down that the script is released as it is."""
    script = SimpleNamespace(script=root / "solutions" / UNIT / "sums.py")
    note = root / "src/medseg/units" / f"{UNIT}.jsonl"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"unit": UNIT, "script": script_digest(script)}) + "\n")


def make_quick_course(root, monkeypatch):
    """The course as current folder, graded in this process; returns the unit's template."""
    monkeypatch.chdir(make_course(root))
    monkeypatch.setattr(submission, "execute", run_here)
    monkeypatch.setattr(nbgrader.api, "get_alembic_version", alembic_version)
    return make_template(load_unit(UNIT))


def scores(db_url):
    """{student: {grade_id: auto_score}} as nbgrader's API tells them."""
    with nbgrader.api.Gradebook(db_url, "unets-by-hand") as book:
        return {
            s.student.id: {g.name: g.auto_score for nb in s.notebooks for g in nb.grades}
            for s in book.assignment_submissions(UNIT)
        }


def scores_in(root):
    """The scores in the gradebook of the course in a folder."""
    return scores(f"sqlite:///{root}/grading/gradebook.db")


def released(template):
    """The notebook that students get, as JSON data."""
    notebook = json.loads(template.text)
    for cell in notebook["cells"]:
        before, _, rest = cell["source"].partition("### BEGIN HIDDEN TESTS\n")
        cell["source"] = before + rest.partition("### END HIDDEN TESTS")[2]
        if label := cell["metadata"].get("nbgrader"):
            label["checksum"] = compute_checksum(nbformat.from_dict(cell))
    return notebook


def answered(template, **answers):
    """The released notebook with some solution cells filled in, as JSON data."""
    notebook = released(template)
    for name, source in answers.items():
        cell_of(notebook, name)["source"] = source
    return notebook


def cell_of(notebook, name):
    """The cell with this grade_id."""
    return next(
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def hand_in(folder, student, notebook, unit=UNIT, name="sums.ipynb"):
    """Put a notebook, as data or as bytes, where nbgrader's layout has it."""
    path = folder / student / unit / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    path.write_bytes(content)
    return path


def run_here(notebook, limits=None, *, policy=None, on_cell=None, environment=None):
    """Stands in for the executor: runs the cells in this process, in milliseconds."""
    names, execution = {}, Execution()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        run = CellRun(index, ran=True)
        try:
            body = ast.parse(cell.source).body
            last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
            exec(compile(ast.Module(body, []), "cell", "exec"), names)
            value = (
                eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
            )
        except Exception as error:
            run.error = f"{type(error).__name__}: {error}"
        else:
            if value is not None:
                data = {"text/plain": repr(value)}
                cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
        execution.cells.append(run)
    return execution


# nbgrader starts a program for this each time that it makes a gradebook; once is enough
alembic_version = functools.cache(nbgrader.api.get_alembic_version)


def pool_here():
    """Stands in for a pool of processes: one thread of this process."""

    def make():
        return ThreadPoolExecutor(1)

    return WorkerPool(make, 1, False, make())


def copy_package(root):
    """Put the package beside a course, so that commands may write to it."""
    package = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", root / "src", ignore=package, dirs_exist_ok=True)
    (root / "solutions").mkdir(exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)


def run_command(root, words):
    """One of our commands in a process of its own: its code, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "medseg.cli", *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
