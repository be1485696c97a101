"""Unit 03's region of interest on three series of one patient: the phantom's, and real ones."""

import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from medseg import phantom
from medseg.volumes import load_volume
from medseg_grader.course.answers import solution_of
from medseg_grader.course.units import load_unit

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("MEDSEG_REAL_SERIES", ROOT.parent / "shared/data/prostatex_0217"))
NAMES = ("axial", "sagittal", "coronal")


@pytest.fixture
def series(request):
    if request.param == "phantom":
        return [phantom.volumes(11, series=name)[0] for name in NAMES]
    if not REAL.is_dir():
        pytest.skip(f"there are no real series in {REAL}")
    return [load_volume(REAL / f"{name}.nii.gz") for name in NAMES]


@pytest.mark.parametrize("series", ["phantom", "real"], indirect=True)
def test_the_region_holds_the_common_box_and_no_layer_too_many(series, monkeypatch):
    monkeypatch.chdir(ROOT)
    unit = load_unit("03_medical_volumes")
    region = solution_of(unit, "region_of_interest")(series)
    bounds = [solution_of(unit, "world_bounds")(v.shape, v.affine) for v in series]
    lower, upper = np.max([b[0] for b in bounds], 0), np.min([b[1] for b in bounds], 0)
    assert (lower < upper).all()
    inverse = np.linalg.inv(series[0].affine)
    corners = np.array([inverse @ [*c, 1] for c in product(*zip(lower, upper, strict=True))])
    cropped = series[0].array[region]
    assert 0 < cropped.size < series[0].array.size
    for axis, part in enumerate(region):
        low, high, size = corners[:, axis].min(), corners[:, axis].max(), series[0].shape[axis]
        assert 0 <= part.start < part.stop <= size
        # the box is covered, as far as the scan reaches, and the outer layers touch it
        assert part.start - 0.5 <= max(low, -0.5)
        assert part.stop - 0.5 >= min(high, size - 0.5)
        assert part.start + 0.5 > low or part.start == 0
        assert part.stop - 1.5 < high or part.stop == size
