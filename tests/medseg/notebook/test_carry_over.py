"""Exercises carried from one notebook into the next, and what stands in for those not done."""

import nbformat
import pytest

from medseg.notebook import carry_over

RIGHT = """def iou_per_class(confusion):
    hits = confusion.diagonal().double()
    return hits / (confusion.sum(0) + confusion.sum(1) - hits)"""


@pytest.fixture
def units(tmp_path, monkeypatch):
    """A folder of notebooks, with the current folder in that of unit 07."""
    for unit in ("04_iou", "07_prostate"):
        (tmp_path / unit).mkdir()
    monkeypatch.chdir(tmp_path / "07_prostate")
    return tmp_path


def write(units, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), units / "04_iou" / "iou.ipynb")


def carried():
    return carry_over.carry_over("04_iou", "iou_per_class")


def test_right_answer_is_carried_over(units, capsys):
    write(units, "import torch", RIGHT)
    assert carried().__module__ == "carried_over"
    assert capsys.readouterr().out == "iou_per_class: yours, from unit 04_iou.\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def iou_per_class(confusion):\n    raise NotImplementedError()", "not written yet"),
        (RIGHT.replace(" - hits", ""), "does not pass its check"),
        ("def iou_per_class(confusion):\n    return confusion.nothing", "raises an error"),
        ("def iou_per_class(confusion:", "does not define it"),
    ],
)
def test_stand_in_says_whose_it_is_and_why(units, capsys, source, reason):
    write(units, "import torch", source)
    assert carried().__module__ == "medseg.stand_ins.metrics"
    out = capsys.readouterr().out
    assert "MONAI's threat score stands in" in out
    assert reason in out


def test_missing_notebook_is_named(units, capsys):
    carried()
    assert "there is no ../04_iou/iou.ipynb" in capsys.readouterr().out


def test_damaged_notebook_is_named(units, capsys):
    (units / "04_iou" / "iou.ipynb").write_text("{")
    carried()
    assert "iou.ipynb is not a readable notebook" in capsys.readouterr().out


def test_calculations_of_a_notebook_are_not_run(units):
    write(units, "1 / 0\nopen('trace', 'w')\nsize = 3\nrows = len('ab')", RIGHT)
    names = carry_over.definitions(units / "04_iou" / "iou.ipynb")
    assert names["size"] == 3
    assert "rows" not in names
    assert not (units / "07_prostate" / "trace").exists()


def test_what_a_notebook_carries_over_itself_comes_along(units):
    use = "def f():\n    return mean_iou"
    write(
        units, "from medseg import carry_over", 'mean_iou = carry_over("04_iou", "mean_iou")', use
    )
    names = carry_over.definitions(units / "04_iou" / "iou.ipynb")
    assert names["f"]() is names["mean_iou"]


def test_a_notebook_that_carries_over_from_itself_gets_the_stand_in(units, capsys):
    write(units, "from medseg import carry_over", 'mean_iou = carry_over("04_iou", "mean_iou")')
    assert carry_over.carry_over("04_iou", "mean_iou").__module__ == "medseg.stand_ins.metrics"
    assert "stands in, because iou.ipynb does not define it" in capsys.readouterr().out


@pytest.mark.parametrize("name", [("04_iuo", "mean_iou"), ("04_iou", "mean_uoi")])
def test_unknown_unit_or_exercise_raises_value_error(units, name):
    with pytest.raises(ValueError, match=name[0] if name[0] != "04_iou" else name[1]):
        carry_over.carry_over(*name)
