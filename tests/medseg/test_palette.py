"""One palette: its colours stand in one file, and what cannot import it says the same."""

import re
from pathlib import Path

import pytest

from medseg import palette, widgets
from medseg.widgets import boxes

SOURCES = Path(__file__).parents[2] / "src"
NAMED = {name: value for name, value in vars(palette).items() if name.isupper()}


def test_no_other_file_writes_its_colours_out():
    values = "|".join(NAMED.values())
    files = [p for p in SOURCES.rglob("*") if p.suffix in {".py", ".html", ".js"}]
    found = [p.name for p in files if re.search(values, p.read_text("utf-8"), re.IGNORECASE)]
    assert found == ["palette.py"]


@pytest.mark.parametrize(("box", "colour"), boxes.COLOURS.items())
def test_boxes_that_one_drags_look_like_those_in_figures(box, colour):
    style = Path(widgets.__file__).with_name("widgets.css").read_text("utf-8")
    assert f"rect.{box} {{ stroke: {colour.lower()};" in style
