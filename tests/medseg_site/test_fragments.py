from pathlib import Path

import pytest

from medseg.errors import InputError
from medseg_grader.course.units import load_unit, unit_names
from medseg_lecture.commands import DECK
from medseg_lecture.deck import read
from medseg_site import fragments


@pytest.fixture(scope="module")
def units():
    return [load_unit(name) for name in unit_names()]


def test_every_unit_has_a_row_with_its_page_and_the_points_of_the_readme(units):
    rows = fragments.table_of_units(units).split("\n")[2:]
    readme = Path("README.md").read_text(encoding="utf-8").split("\n")
    for unit, row in zip(units, rows, strict=True):
        (known,) = [line for line in readme if f"notebooks/{unit.name}/" in line]
        assert f"(/units/{unit.name}.ipynb)" in row
        assert row.split("|")[-2].strip() == known.split("|")[-2].strip()


def test_the_table_of_slides_ends_with_the_sum_of_their_minutes():
    *rows, last = fragments.table_of_slides(read(DECK)).split("\n")[2:]
    minutes = [float(row.split("|")[2]) for row in rows]
    assert len(minutes) > 30
    assert last.split("|")[2].strip() == f"*{sum(minutes):g}*"


def test_every_work_is_named_once_under_the_label_that_units_link_to(units):
    text = fragments.list_of_works(units, read(DECK))
    assert text.count("(ref-kir19)=") == 1
    assert "**[Kir+19]** A. Kirillov" in text
    assert text.count("Panoptic Segmentation. CVPR 2019.") == 1


def test_the_results_quote_the_tables_of_the_units(units):
    cells = [cell for unit in units for cell in unit.cells]
    assert fragments.table_beginning(cells, "| training patients |").count("\n") == 5
    with pytest.raises(InputError, match="which the results quote"):
        fragments.table_beginning(cells, "| there is none |")
