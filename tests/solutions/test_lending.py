"""What later cells use of an exercise is lent there, behind its tests, to who lacks it."""

import re

import pytest

from medseg import stand_ins
from medseg.units.labels import grade_id, is_graded
from medseg_grader.course.units import load_unit, unit_names


@pytest.mark.parametrize("name", unit_names())
def test_what_later_cells_use_is_lent_behind_its_tests(name):
    unit = load_unit(name)
    cells = [cell for cell in unit.cells if cell.cell_type == "code"]
    for exercise in unit.exercises:
        due = {f"test_{exercise}", f"test_{exercise}_hidden"}
        tests = [k for k, c in enumerate(cells) if grade_id(c) in due]
        lent = [k for k, c in enumerate(cells) if f"yours_or_ours({exercise})" in c.source]
        uses = [
            k
            for k, cell in enumerate(cells)
            if not grade_id(cell)
            and not is_graded(cell)
            and re.search(rf"(?<![\w.]){exercise}\(|\({exercise}\)", cell.source)
            and not cell.source.startswith("check(")
        ]
        if uses:
            assert stand_ins.exists(name, exercise), exercise
            assert lent, exercise
            assert max(tests) < min(lent) <= min(uses), exercise
