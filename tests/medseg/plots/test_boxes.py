"""The boxes of several scans: drawn as they lie, with what all of them have in their bounds."""

import numpy as np
import pytest
from matplotlib.patches import Polygon, Rectangle
from nibabel.affines import apply_affine

from medseg import phantom
from medseg.plots import boxes_from_the_side


@pytest.fixture(scope="module")
def drawn():
    scans = {name: phantom.volumes(3, series=name)[0] for name in ("axial", "sagittal", "coronal")}
    return scans, *boxes_from_the_side(scans)


def corners(scan):
    ends = [(-0.5, n - 0.5) for n in scan.shape]
    return apply_affine(scan.affine, np.stack(np.meshgrid(*ends), -1).reshape(-1, 3))


def test_each_outline_reaches_as_far_as_the_scan_and_no_farther(drawn):
    scans, figure, _ = drawn
    outlines = [p.get_xy() for p in figure.axes[0].patches if isinstance(p, Polygon)]
    assert len(outlines) == 3
    for scan, outline in zip(scans.values(), outlines, strict=True):
        seen = corners(scan)[:, 1:]
        np.testing.assert_allclose(outline.min(axis=0), seen.min(axis=0))
        np.testing.assert_allclose(outline.max(axis=0), seen.max(axis=0))


def test_the_grey_region_lies_in_the_bounds_of_all_and_the_text_says_how_large_it_is(drawn):
    scans, figure, text = drawn
    (grey,) = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    every = np.array([corners(scan)[:, 1:] for scan in scans.values()])
    lower, upper = every.min(axis=1).max(axis=0), every.max(axis=1).min(axis=0)
    np.testing.assert_allclose(grey.get_xy(), lower)
    np.testing.assert_allclose([grey.get_width(), grey.get_height()], upper - lower)
    wide, high = upper - lower
    assert f"{wide:.0f} mm from back to front and {high:.0f} mm in height" in text
