"""Units are handed out as they are due: each bundle holds its own, and none takes a student's."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from medseg.units import notebook_name
from medseg.units.labels import grade_id
from medseg_grader.course.units import unit_names
from medseg_grader.release.bundle import write_bundle

ROOT = Path(__file__).parents[3]
HOME = "unets-by-hand"
SUBSETS = [["01_segmentation_types"], ["06_unet"], ["07_prostate", "08_scaling_up"]]
ANSWER = "def dice_from_iou(iou):\n    return 2 * iou / (1 + iou)"

pytestmark = pytest.mark.xdist_group("bundle")


@pytest.fixture
def bundle_of(tmp_path, monkeypatch):
    """Unpack a bundle of these units over the student's folder, which is given back."""
    monkeypatch.chdir(ROOT)

    def unpacked(*units):
        path = write_bundle(tmp_path / "course.zip", units)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "student")
        return tmp_path / "student" / HOME

    return unpacked


def medseg(home, *words):
    """A command of the student's, with the package that the bundle holds."""
    return in_python(home, "-m", "medseg.cli", *words)


def in_python(home, *words):
    done = subprocess.run(
        [sys.executable, *words],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT.joinpath(home, "src"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def lines_of(name, text):
    """The lines of a file, as who opens it reads them."""
    if name.endswith(".ipynb"):
        text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
    if name.endswith(".jsonl"):
        text = "\n".join(str(json.loads(line).get("hint", line)) for line in text.splitlines())
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 40}


def data_of(unit):
    """The lines of what a bundle holds for a unit."""
    paths = [
        ROOT / "notebooks" / unit / notebook_name(unit),
        ROOT / f"src/medseg/checks/hints/{unit}.jsonl",
        ROOT / f"src/medseg/units/{unit}.jsonl",
    ]
    return set().union(*(lines_of(path.name, path.read_text(encoding="utf-8")) for path in paths))


@pytest.mark.parametrize("units", SUBSETS, ids=lambda units: "+".join(u[:2] for u in units))
def test_a_bundle_of_some_units_holds_nothing_of_the_others(units, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(write_bundle(tmp_path / "some.zip", units)) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name).decode("utf-8") for name in names}
    held = set().union(*(lines_of(name, text) for name, text in texts.items()))
    # what the package says itself, and what units share
    ours = (ROOT / "src/medseg").rglob("*.py")
    public = set().union(*(lines_of("", p.read_text(encoding="utf-8")) for p in ours))
    public = public.union(*map(data_of, units))
    for other in set(unit_names()) - set(units):
        assert not [name for name in names if other in name or notebook_name(other) in name]
        assert other not in texts[f"{HOME}/README.md"]
        telling = data_of(other) - public
        assert len(telling) > 100
        assert telling & held == set()
