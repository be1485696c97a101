import nbformat
import pytest

from medseg.errors import InputError
from medseg.units import notebook_name
from medseg.units.labels import grade_id, is_graded
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.units import SOLUTION, load_unit
from medseg_site.student_view import student_view

UNIT = "04_iou"


def released():
    return nbformat.read(f"notebooks/{UNIT}/{notebook_name(UNIT)}", as_version=4)


def solved(page="<p>seen</p>"):
    """The unit's solution, each of whose cells has shown something and complained about it."""
    notebook = solution_notebook(load_unit(UNIT))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output("stream", name="stderr", text="a warning"),
                nbformat.v4.new_output("display_data", data={"text/html": page}),
            ]
    return notebook


def test_no_line_of_a_solution_and_no_hidden_test_is_in_the_view():
    known = "\n".join(cell.source for cell in released().cells)
    seen = nbformat.writes(student_view(released(), solved()))
    for cell in load_unit(UNIT).cells:
        for solution in SOLUTION.findall(cell.source):
            for line in solution.split("\n")[1:-2]:
                assert line.strip() in known or line.strip() not in seen
    assert "_hidden" not in seen
    assert "### BEGIN" not in seen


def test_cells_show_what_the_solution_showed_and_tests_are_folded():
    view = student_view(released(), solved())
    code = [cell for cell in view.cells if cell.cell_type == "code"]
    tests = [cell for cell in code if is_graded(cell)]
    assert {grade_id(cell) for cell in tests} >= {"test_confusion_matrix", "test_mean_iou"}
    for cell in code:
        if is_graded(cell):
            assert cell.metadata["tags"] == ["hide-input"]
        else:
            (output,) = cell.outputs
            assert "seen" in output.data["text/html"]


def test_a_widget_leaves_its_place_and_a_card_links_to_the_next_page():
    link = '<a href="../05_focal_loss/focal_loss.ipynb">next</a>'
    pages = {
        cell.source: cell.outputs[0].data["text/html"]
        for cell in student_view(released(), solved(link)).cells
        if cell.cell_type == "code" and cell.outputs
    }
    assert 'data-figure="boxes"' in pages["widgets.two_boxes()"]
    assert all('href="05_focal_loss.html"' in page for page in pages.values())


def test_only_a_key_that_is_among_the_references_becomes_a_link():
    texts = [c.source for c in student_view(released(), solved(), {"Kir+19"}).cells]
    assert any("[[Kir+19]](#ref-kir19)" in text for text in texts)
    assert not any("ref-mey19" in text for text in texts)


def test_a_notebook_of_an_earlier_release_is_refused():
    earlier = released()
    del earlier.cells[3]
    with pytest.raises(InputError, match="medseg release"):
        student_view(earlier, solved())
