"""Whatever was done to the file, our cells and tests run, with the student's answers."""

import json

import nbformat
import pytest
from helpers.tiny_course import RIGHT, answered, cell_of, make_course, released
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading.rebuild import MISSING, rebuild


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_course(tmp_path_factory.mktemp("tiny")))
        return make_template(load_unit("01_sums"))


def rebuilt(template, notebook):
    return rebuild(template, json.dumps(notebook).encode())


def sources(result):
    return [cell.source for cell in result.notebook.cells]


def ours_with(template, answers):
    """The sources of our notebook with these answers put in, and nothing else changed."""
    notebook = json.loads(template.text)
    for name, source in answers.items():
        cell_of(notebook, name)["source"] = source
    return [cell["source"] for cell in notebook["cells"]]


def test_an_honest_notebook_gives_ours_with_its_answers_and_no_finding(template):
    result = rebuilt(template, answered(template, **RIGHT))
    assert sources(result) == ours_with(template, RIGHT)
    assert (result.findings, result.missing, result.unanswered) == ([], [], [])
    nbformat.validate(result.notebook)


def test_the_hidden_tests_are_in_the_rebuilt_notebook_only(template):
    assert "### BEGIN HIDDEN TESTS" not in json.dumps(released(template))
    assert any(
        "other numbers are doubled too" in s for s in sources(rebuilt(template, released(template)))
    )


def test_an_untouched_cell_is_unanswered_and_not_odd(template):
    result = rebuilt(template, answered(template, double=RIGHT["double"]))
    assert result.unanswered == ["triple"]
    assert (result.missing, result.findings) == ([], [])


@pytest.mark.parametrize("text", ["", "  ", "\n\n", "\t\n "])
def test_a_cell_that_was_emptied_is_unanswered_and_not_odd(template, text):
    result = rebuilt(template, answered(template, double=text))
    assert (result.empty, result.unanswered) == (["double"], ["double", "triple"])
    assert (result.missing, result.findings) == ([], [])


def delete(notebook, name):
    notebook["cells"].remove(cell_of(notebook, name))


def duplicate(notebook, name):
    cell = cell_of(notebook, name)
    notebook["cells"].insert(notebook["cells"].index(cell), dict(cell))


def move(notebook, name):
    cell = cell_of(notebook, name)
    notebook["cells"].remove(cell)
    notebook["cells"].insert(0 if name != "double" else 7, cell)


def retype(notebook, name):
    cell = cell_of(notebook, name)
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def claim(key, value):
    def change(notebook, name):
        cell_of(notebook, name)["metadata"]["nbgrader"][key] = value

    return change


@pytest.mark.parametrize("name", ["double", "test_double", "test_double_hidden", "triple"])
@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (move, "Named cells were moved"),
        (retype, "was turned into a markdown cell"),
        (claim("schema_version", 99), "has changed metadata (schema_version: 99)"),
        (claim("points", 100), "has changed metadata (points: 100)"),
        (claim("grade", "maybe"), "has changed metadata (grade: maybe)"),
    ],
)
def test_what_is_done_to_a_named_cell_changes_nothing_and_is_found(template, change, finding, name):
    notebook = answered(template, **RIGHT)
    change(notebook, name)
    result = rebuilt(template, notebook)
    assert sources(result) == ours_with(template, RIGHT)
    assert any(finding in sentence for sentence in result.findings)


@pytest.mark.parametrize("name", ["test_double", "test_double_hidden", "test_triple"])
@pytest.mark.parametrize("change", [delete, duplicate])
def test_deleted_and_copied_tests_change_nothing(template, change, name):
    notebook = answered(template, **RIGHT)
    change(notebook, name)
    result = rebuilt(template, notebook)
    assert sources(result) == ours_with(template, RIGHT)
    assert any(name in sentence for sentence in result.findings)


def test_a_changed_test_is_ours_again(template):
    notebook = answered(template, **RIGHT)
    cell_of(notebook, "test_double")["source"] = "pass"
    result = rebuilt(template, notebook)
    assert sources(result) == ours_with(template, RIGHT)
    assert result.findings == ["The test cell test_double was changed; ours was run."]


def test_a_missing_solution_cell_costs_its_own_exercise(template):
    notebook = answered(template, **RIGHT)
    delete(notebook, "double")
    result = rebuilt(template, notebook)
    assert sources(result) == ours_with(template, {**RIGHT, "double": MISSING})
    assert result.missing == result.unanswered == ["double"]
    assert result.findings == ["The solution cell double is missing."]


def test_a_renamed_solution_cell_runs_as_a_cell_of_the_students_own(template):
    notebook = answered(template, **RIGHT)
    cell_of(notebook, "double")["metadata"]["nbgrader"]["grade_id"] = "doubled"
    result = rebuilt(template, notebook)
    text = sources(result)
    assert text.index(RIGHT["double"]) < text.index('assert double(2) == 4, "2 doubled is 4"')
    assert any("names that this unit does not know: doubled" in f for f in result.findings)


def test_of_a_copied_solution_cell_the_last_counts_and_the_others_run_before_it(template):
    notebook = answered(template, **RIGHT)
    duplicate(notebook, "double")
    cell_of(notebook, "double")["source"] = "def double(x):\n    return 0"
    result = rebuilt(template, notebook)
    own = [s for s in sources(result) if s.startswith("def double")]
    assert own == ["def double(x):\n    return 0", RIGHT["double"]]
    assert result.findings == ["The cell double occurs 2 times; the last one counts."]


def test_added_cells_run_where_they_stood_without_outputs_and_metadata(template):
    notebook = answered(template, **RIGHT)
    place = notebook["cells"].index(cell_of(notebook, "triple"))
    added = {
        "cell_type": "code",
        "id": "mine",
        "metadata": {"tags": ["skip-execution"], "deletable": False},
        "source": ["HELP = 1\n", "MORE = 2"],
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "forged"}],
        "execution_count": 9,
    }
    notebook["cells"].insert(place, added)
    result = rebuilt(template, notebook)
    before, own, after = result.notebook.cells[place - 1 : place + 2]
    assert own == nbformat.v4.new_code_cell("HELP = 1\nMORE = 2", id="extra-1")
    assert before.metadata.nbgrader.grade_id == "test_double_hidden"
    assert after.metadata.nbgrader.grade_id == "triple"
    assert result.findings == []


def test_an_edited_cell_of_ours_runs_after_ours(template):
    notebook = answered(template, **RIGHT)
    notebook["cells"][1]["source"] = "import math\nimport cmath"
    assert sources(rebuilt(template, notebook))[1:3] == ["import math", "import math\nimport cmath"]


def test_a_copy_of_an_unnamed_cell_at_the_end_moves_nothing_to_the_front(template):
    notebook = answered(template, **RIGHT)
    notebook["cells"] += [dict(notebook["cells"][1]), {"cell_type": "code", "source": "double(3)"}]
    assert sources(rebuilt(template, notebook))[-1] == "double(3)"


def test_forged_outputs_and_a_foreign_kernel_are_gone(template):
    notebook = answered(template, **RIGHT)
    notebook["metadata"]["kernelspec"] = {"name": "evil", "display_name": "x", "language": "x"}
    cell_of(notebook, "test_triple")["outputs"] = [{"output_type": "execute_result", "data": {}}]
    result = rebuilt(template, notebook)
    assert all(not cell.get("outputs") for cell in result.notebook.cells)
    assert result.notebook.metadata.kernelspec.name == "python3"
    assert result.findings == ["It asks for the kernel evil; it was run with python3."]


def test_an_old_notebook_is_upgraded(template):
    old = nbformat.convert(nbformat.from_dict(answered(template, **RIGHT)), 3)
    result = rebuild(template, nbformat.writes(old, version=3).encode())
    assert sources(result) == ours_with(template, RIGHT)
    assert result.findings == ["It is in the old notebook format 3; it was upgraded."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_of_other_systems_are_read(template, encoding):
    answer = "def double(x):\n    return 2 * x  # Größe"
    text = json.dumps(answered(template, double=answer), ensure_ascii=False)
    result = rebuild(template, text.encode(encoding))
    assert answer in sources(result)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"  \n", "The file is empty."),
        (b"%PDF-1.7", "The file is no notebook: it is not JSON (cut off?)."),
        (b"[" * 100_000, "The file is no notebook: it is not JSON (cut off?)."),
        (b"[1, 2]", "The file is no notebook: it is JSON of another kind."),
        (b'{"cells": 3}', "The file is no notebook: its cells are no list."),
        (b'{"nbformat": 4, "cells": []}', "The notebook has no cells."),
        (b'{"nbformat": 3, "worksheets": 1}', "The file is no notebook of the old format"),
    ],
)
def test_what_is_no_notebook_is_told_in_one_sentence(template, content, sentence):
    result = rebuild(template, content)
    assert not result.readable
    assert result.missing == ["double", "triple"]
    assert len(result.findings) == 1
    assert result.findings[0].startswith(sentence)


def test_broken_cells_are_left_out_and_the_others_read(template):
    notebook = answered(template, **RIGHT)
    notebook["cells"] += [None, 3, {"cell_type": "code", "source": 5}, {"source": "x"}]
    result = rebuilt(template, notebook)
    assert sources(result) == ours_with(template, RIGHT)
    assert result.findings == ["4 of its cells cannot be read; they were left out."]


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=30, deadline=None)
@given(
    place=st.integers(0, 6),
    key=st.sampled_from(["cell_type", "metadata", "source", "id", "outputs"]),
    value=json_data,
    nbgrader=json_data,
    metadata=json_data,
    version=json_data,
)
def test_no_json_stops_the_rebuilding_and_no_test_is_lost(
    template, place, key, value, nbgrader, metadata, version
):
    notebook = answered(template, **RIGHT)
    notebook["cells"][place][key] = value
    notebook["cells"][1]["metadata"] = {"nbgrader": nbgrader}
    notebook["metadata"], notebook["nbformat"] = metadata, version
    result = rebuilt(template, notebook)
    nbformat.writes(result.notebook, version=4).encode()
    tests = [c.source for c in result.notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert tests == [
        c["source"]
        for c in json.loads(template.text)["cells"]
        if "assert" in c["source"] or "right" in c["source"]
    ]


def test_code_that_reaches_for_the_grading_is_a_finding(template):
    source = "def double(x):\n    return get_ipython()"
    result = rebuilt(template, answered(template, double=source))
    (finding,) = result.findings
    assert finding.startswith("Its code reaches for get_ipython, which no exercise needs")


@pytest.mark.parametrize("piece", [b"{},", b"[],", b"1,", b'"",'])
def test_a_file_of_countless_values_is_refused(template, piece):
    result = rebuild(template, b'{"nbformat": 4, "cells": [' + piece * 2_100_000 + b"0]}")
    assert not result.readable
    assert "more than 2,000,000 values" in result.findings[0]


def test_texts_full_of_commas_are_no_values(template):
    notebook = answered(template, double=RIGHT["double"])
    text = '1,2,[3],{4}\\ " \n' * 300_000
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    cell_of(notebook, "double")["outputs"] = outputs
    assert rebuilt(template, notebook).readable


def test_texts_without_an_end_are_counted_in_one_pass(template):
    """With the square of the length this would take hours."""
    content = b"," * 2_100_000 + b'"' + rb"\"" * 1_000_000
    assert "more than 2,000,000 values" in rebuild(template, content).findings[0]
