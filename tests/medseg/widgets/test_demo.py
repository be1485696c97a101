"""Demos: a control moves the figure, and a still picture stands in where nothing is alive."""

import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from medseg import scenes, widgets
from medseg.widgets.demo import Demo
from medseg.widgets.drawing import Drawing

WIDGET = "application/vnd.jupyter.widget-view+json"


def line(height):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, height])
    return Drawing(figure, f"A line up to {height}.", f"{height} high")


def slider():
    import ipywidgets

    return {"height": ipywidgets.IntSlider(description="height:", max=9)}


def test_a_control_moves_the_figure_its_description_and_the_sentence():
    demo = Demo(line, {"height": 3}, slider)
    before = demo.picture.source
    assert (demo.picture.alt, demo.picture.says) == ("A line up to 3.", "3 high")
    demo.controls["height"].value = 5
    assert (demo.picture.alt, demo.picture.says) == ("A line up to 5.", "5 high")
    assert demo.picture.source != before
    assert demo.picture.source.startswith("data:image/png;base64,")


def test_the_view_holds_the_controls_and_the_picture_and_can_be_styled():
    demo = Demo(line, {"height": 3}, slider)
    row, picture = demo.view.children
    assert row.children == (demo.controls["height"],)
    assert picture is demo.picture
    assert "medseg-live" in demo.view._dom_classes


SOURCE = """
from medseg import scenes, widgets
widgets.segmentation_types(scenes.picture(scenes.street(seed=0)))
"""


def run_cell(source, monkeypatch, execution=None):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if execution:
        monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3").execute()
    return notebook


class Alts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes).get("alt"))


def test_a_notebook_holds_the_widget_and_beside_it_a_still_picture(monkeypatch):
    notebook = run_cell(SOURCE, monkeypatch)
    live, still = notebook.cells[0].outputs
    assert WIDGET in live.data
    assert WIDGET not in still.data
    assert "panoptic" in still.data["text/plain"]
    del notebook.metadata["widgets"]  # JupyterLab saves none by default
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert ["panoptic" in alt for alt in Alts(page).found] == [True]
    assert "widget-view+json" not in page


def test_while_graded_a_description_stands_for_widget_and_picture(monkeypatch):
    source = (
        f"{SOURCE}\nimport sys\nprint([m for m in ('ipywidgets', 'torch') if m in sys.modules])"
    )
    source = source.replace("widgets.segmentation_types(", "display(widgets.segmentation_types(")
    notebook = run_cell(source.replace("seed=0))", "seed=0)))"), monkeypatch, "autograde")
    described, printed = notebook.cells[0].outputs
    assert described.data.keys() == {"text/plain"}
    assert "panoptic" in described.data["text/plain"]
    assert printed.text == "[]\n"
    assert "widgets" not in notebook.metadata


def test_nothing_is_imported_before_it_is_needed():
    code = "import sys; from medseg import widgets; print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "ipywidgets", "matplotlib", "ipyniivue"} & set(eval(done.stdout))


def test_every_name_of_the_package_is_a_function_or_class_however_often_it_is_asked_for():
    for _ in range(2):
        assert all(callable(getattr(widgets, name)) for name in widgets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sliders'"):
        _ = widgets.sliders


def test_the_street_is_toggled_between_its_four_answers():
    demo = widgets.segmentation_types(scenes.picture(scenes.street(seed=0), 32, 96))
    assert demo.values == {"answer": "panoptic"}
    seen = {}
    for answer in demo.controls["answer"].options:
        demo.controls["answer"].value = answer
        assert demo.picture.alt.startswith(answer)
        seen[answer] = (demo.picture.source, demo.picture.says)
    assert list(seen) == ["image", "semantic", "instance", "panoptic"]
    assert len(set(seen.values())) == 4
