"""What submit-check calls ready, grading takes without a finding, and the other way round."""

import codecs
import copy
import json
from pathlib import Path

import pytest
from faults.faulty_files import FILES
from helpers.graded_class import plain_cell
from helpers.tiny_course import RIGHT, UNIT, answered, cell_of, make_course
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medseg.notebook.faults import COSTS, STOPS
from medseg.notebook.submit_check import examine_content
from medseg.units.handed_out import HandedOut, handed_out
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading.rebuild import rebuild

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_course(tmp_path_factory.mktemp("course")))
        return make_template(load_unit(UNIT))


def both(template, content):
    """(submit-check stops, grading has a finding) on the bytes of a notebook."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    release = HandedOut(UNIT, "Sums", {}, list(template.handed_out.values()), template.release)
    stops = [f for f in examine_content(data, release) if f.level == STOPS]
    return bool(stops), bool(rebuild(template, data).findings)


def relabelled(key, value):
    def edit(notebook):
        cell_of(notebook, "test_double")["metadata"]["nbgrader"][key] = value

    return edit


def source(name, change):
    def edit(notebook):
        cell = cell_of(notebook, name)
        cell["source"] = change(cell["source"])

    return edit


def metadata(value):
    def edit(notebook):
        notebook["metadata"] = value

    return edit


def first_copied(notebook):
    notebook["cells"].insert(0, copy.deepcopy(cell_of(notebook, "double")))


def same_ids(notebook):
    for cell in notebook["cells"]:
        cell["id"] = "same"


def without_label(notebook):
    cell_of(notebook, "double")["metadata"].pop("nbgrader")


def of_format(value):
    def edit(notebook):
        notebook["nbformat"] = value

    return edit


ODD = {
    "nothing": lambda notebook: None,
    "blank line on top of a test": source("test_double", lambda text: "\n" + text),
    "windows line ends": source("test_double", lambda text: text.replace("\n", "\r\n")),
    "a test with one more line": source("test_double", lambda text: text + "\npass"),
    "a test in capitals": source("test_triple", str.upper),
    "unlocked": relabelled("locked", False),
    "more points": relabelled("points", 100),
    "points as a float": relabelled("points", 1.0),
    "another checksum": relabelled("checksum", "0"),
    "a label of its own": relabelled("mine", "x"),
    "schema 1": relabelled("schema_version", 1),
    "deletable": lambda nb: [c["metadata"].pop("deletable", None) for c in nb["cells"]],
    "a copied answer": first_copied,
    "ids that are the same": same_ids,
    "a lost label": without_label,
    "a cell of another unit": lambda nb: nb["cells"].append(
        plain_cell("x = 1", nbgrader={"grade_id": "softmax"})
    ),
    "an own cell": lambda nb: nb["cells"].insert(2, plain_cell("x = 1")),
    "no kernelspec": metadata({}),
    "null kernelspec": metadata({"kernelspec": None}),
    "null metadata": metadata(None),
    "a kernel of one's own": metadata({"kernelspec": {"name": "mine", "language": "python"}}),
    "a kernel without a language": metadata({"kernelspec": {"name": "ir"}}),
    "julia": metadata({"language_info": {"name": "julia"}}),
    "format 5": of_format(5),
    "format as a text": of_format("4"),
    "format left out": lambda nb: nb.pop("nbformat"),
    "an emptied answer": source("double", lambda _: ""),
    "an answer that is no Python": source("double", lambda _: "def double(x"),
    "a stub": source("double", lambda _: "def double(x):\n    raise NotImplementedError()"),
}


@pytest.mark.parametrize("edit", ODD.values(), ids=ODD)
def test_odd_notebooks_are_called_alike(template, edit):
    notebook = answered(template, **RIGHT)
    edit(notebook)
    stops, found = both(template, notebook)
    assert stops == found


@pytest.mark.parametrize("case", FILES, ids=[case.name for case in FILES])
def test_the_corpus_of_faulty_files_is_called_alike(template, case, tmp_path):
    case.put(tmp_path / "in", answered(template, **RIGHT))
    stops, found = both(template, (tmp_path / "in/sums.ipynb").read_bytes())
    assert stops == found == bool(case.findings)


EDITS = st.sampled_from(["drop", "copy", "swap", "retype", "relabel", "unlabel", "edit", "own"])


@given(st.lists(st.tuples(EDITS, st.integers(0, 20), st.integers(0, 20)), max_size=4))
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_edits_are_called_alike(template, edits):
    notebook = answered(template, **RIGHT)
    cells = notebook["cells"]
    for kind, one, other in edits:
        if not cells:
            break
        k, m = one % len(cells), other % len(cells)
        label = cells[k]["metadata"].get("nbgrader", {})
        if kind == "drop":
            del cells[k]
        elif kind == "copy":
            cells.insert(m, copy.deepcopy(cells[k]))
        elif kind == "swap":
            cells[k], cells[m] = cells[m], cells[k]
        elif kind == "retype":
            cells[k]["cell_type"] = ("code", "markdown", "raw")[m % 3]
        elif kind == "relabel" and label:
            label[("points", "locked", "grade_id", "task")[m % 4]] = ("x", 1, True, None)[one % 4]
        elif kind == "unlabel":
            cells[k]["metadata"].pop("nbgrader", None)
        elif kind == "edit":
            cells[k]["source"] += ("\n", " ", "\n# mine", "\r\n")[m % 4]
        elif kind == "own":
            cells.insert(k, plain_cell("x = 1"))
    stops, found = both(template, notebook)
    assert stops == found


def windows_line_ends(notebook):
    for cell in notebook["cells"]:
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]


SAVED = {
    "with a byte order mark": (lambda notebook: None, codecs.BOM_UTF8),
    "with windows line ends": (windows_line_ends, b""),
    "with one id for all": (same_ids, b""),
    "without a kernel": (metadata({"kernelspec": None}), b""),
}


@pytest.mark.parametrize(("edit", "mark"), SAVED.values(), ids=SAVED)
def test_notebooks_as_other_programs_save_them_are_ready(edit, mark, monkeypatch):
    monkeypatch.chdir(ROOT)
    notebook = json.loads((ROOT / "notebooks/04_iou/iou.ipynb").read_text(encoding="utf-8"))
    edit(notebook)
    content = mark + json.dumps(notebook).encode()
    faults = examine_content(content, handed_out("04_iou"))
    assert [fault for fault in faults if fault.level == STOPS] == []
    assert rebuild(make_template(load_unit("04_iou")), content).findings == []


def test_what_costs_points_is_no_finding_of_the_grading(template):
    notebook = answered(template, double="def double(x):\n    raise NotImplementedError()")
    release = HandedOut(UNIT, "Sums", {}, list(template.handed_out.values()), template.release)
    faults = examine_content(json.dumps(notebook).encode(), release)
    assert {fault.level for fault in faults} == {COSTS, "look"}
    assert rebuild(template, json.dumps(notebook).encode()).unanswered == ["triple"]
