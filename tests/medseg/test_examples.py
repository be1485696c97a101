"""`help(...)` shows a call of what notebooks use, and every such call gives what it says."""

import ast
import doctest
import importlib
import inspect
from pathlib import Path

import nbformat
import pytest

import medseg
from medseg import checks
from medseg.notebook.run_order import parse

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
examples_of = doctest.DocTestParser().get_examples


def code_of(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    return [parse(cell.source) for cell in cells if cell.cell_type == "code"]


def programs():
    """What students are handed out, and the unit scripts, which hold the hidden tests as well."""
    for notebook in sorted((ROOT / "notebooks").glob("*/*.ipynb")):
        yield code_of(notebook)
        unit = notebook.parent.name
        script = ROOT / "solutions" / unit / f"{notebook.stem}.py"
        yield [ast.parse(script.read_text(encoding="utf-8"))]


def dotted(node):
    """`plots.show` of a tree of attributes; empty where it does not begin with a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def used_in(trees):
    """The dotted names of the course's package that these trees import, and reach from there."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "medseg"
        for alias in node.names
    }
    reached = [dotted(node).partition(".") for node in nodes if isinstance(node, ast.Attribute)]
    beyond = {f"{imported[first]}.{rest}" for first, _, rest in reached if first in imported}
    return set(imported.values()) | beyond


def public():
    return {f"{module}.{name}" for module, names in medseg.PUBLIC.items() for name in names}


def found(name):
    """What a dotted name stands for: a module, or an object in one."""
    parts = name.split(".")
    thing = importlib.import_module(parts[0])
    for k, part in enumerate(parts[1:], start=2):
        if not hasattr(thing, part):
            thing = importlib.import_module(".".join(parts[:k]))
        else:
            thing = getattr(thing, part)
    return thing


def documented():
    """{dotted name: function or class} of our own among what notebooks and hidden tests use."""
    names = public().union(*(used_in(trees) for trees in programs()))
    things = {name: found(name) for name in sorted(names)}
    return {
        name: thing
        for name, thing in things.items()
        if (inspect.isroutine(thing) or inspect.isclass(thing))
        and (thing.__module__ or "").startswith("medseg.")
    }


def has_example(name, thing):
    """Whether an example calls it and says what comes of that."""
    short = name.rsplit(".", 1)[1]
    examples = examples_of(thing.__doc__ or "")
    return any(short in e.source for e in examples) and any(e.want for e in examples)


@pytest.mark.xdist_group("examples")
def test_everything_that_notebooks_use_has_an_example_and_there_are_more_examples_than_names():
    things = documented()
    assert [name for name, thing in things.items() if not has_example(name, thing)] == []
    assert len(things) > 60
    written = [docstring for path in FILES for docstring in docstrings(path)]
    examples = [example for docstring in written for example in examples_of(docstring)]
    assert len(examples) > len(things)
    assert not any(doctest.SKIP in example.options for example in examples)


def docstrings(path):
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, documented) and (text := ast.get_docstring(node)):
            yield text


FILES = sorted((SOURCE / "medseg").rglob("*.py"))
WITH_EXAMPLES = [path for path in FILES if any(map(examples_of, docstrings(path)))]


def module_name(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.xdist_group("examples")
@pytest.mark.parametrize("name", [module_name(path) for path in WITH_EXAMPLES])
def test_examples_give_what_they_say(name, tmp_path, monkeypatch):
    """As a student would run them: in a folder of their own, ungraded, no hint given yet."""
    monkeypatch.chdir(tmp_path)
    for variable in ("MEDSEG_SEED", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(checks, "hints_given", {})
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in doctest.DocTestFinder().find(importlib.import_module(name), name):
        runner.run(test, out=said.append)
    assert runner.tries > 0
    assert not runner.failures, "".join(said)
