"""Units are handed out as they are due: each bundle holds its own, and none takes a student's."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from medseg.notebook import start
from medseg.units import notebook_name
from medseg.units.labels import grade_id
from medseg_grader.course.config import Course
from medseg_grader.course.units import unit_names
from medseg_grader.release import bundle
from medseg_grader.release.bundle import write_bundle

ROOT = Path(__file__).parents[3]
HOME = "unets-by-hand"
SUBSETS = [["01_segmentation_types"], ["06_unet"], ["07_prostate", "08_scaling_up"]]
ANSWER = "def dice_from_iou(iou):\n    return 2 * iou / (1 + iou)"

pytestmark = pytest.mark.xdist_group("bundle")


@pytest.fixture
def bundle_of(tmp_path, monkeypatch):
    """Unpack a bundle of these units over the student's folder, which is given back."""

    def unpacked(*units):
        monkeypatch.chdir(ROOT)
        path = write_bundle(tmp_path / "course.zip", units)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "student")
        return tmp_path / "student" / HOME

    return unpacked


def in_bundle(home, *words):
    """Python in a folder, with the package that the bundle holds."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home / "src")},
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
        names = [name for name in archive.namelist() if not name.endswith(".pt")]
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


def answer(home, unit, name, source):
    path = home / "notebooks" / unit / notebook_name(unit)
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if grade_id(cell) == name).source = source
    nbformat.write(notebook, path)
    return path


def test_a_bundle_over_a_bundle_keeps_what_students_have_written(bundle_of, monkeypatch, capsys):
    home = bundle_of("04_iou")
    monkeypatch.chdir(home)
    assert start.show() == 0
    path = answer(home, "04_iou", "dice_from_iou", ANSWER)
    before = path.read_bytes()
    # the unit itself is in the second as well, as where all are handed out each time
    for units in (["04_iou", "05_focal_loss"], ["06_unet"], ["04_iou"]):
        assert bundle_of(*units) == home
        assert path.read_bytes() == before
        capsys.readouterr()
        monkeypatch.chdir(home)
        assert start.show() == 0
        assert path.read_bytes() == before
        assert "04_iou: yours, kept\n" in capsys.readouterr().out
    assert sorted(p.name for p in (home / "notebooks").iterdir()) == [
        "04_iou", "05_focal_loss", "06_unet"
    ]  # fmt: skip
    noted = [p.stem for p in (home / "src/medseg/checks/hints").glob("*.jsonl")]
    assert sorted(noted) == ["04_iou", "05_focal_loss", "06_unet"]


@pytest.mark.slow
def test_where_an_earlier_unit_was_not_handed_out_a_stand_in_says_so(bundle_of):
    home = bundle_of("07_prostate", "08_scaling_up")
    assert in_bundle(home, "-m", "medseg.cli", "start").returncode == 0
    code = (
        "from medseg import carry_over, where_you_stand;"
        "carry_over('04_iou', 'confusion_matrix');"
        "where_you_stand('08', {}); where_you_stand('04_iou', {})"
    )
    said = in_bundle(home, "-c", f"import os; os.chdir('notebooks/07_prostate'); {code}").stdout
    assert "stands in, because it was not handed out (unit 04_iou)." in said
    assert "Unit 8: Scaling up: 0 of 3 checks pass" in said
    assert "There is no unit called '04_iou'. There are: 07_prostate, 08_scaling_up." in said


def test_the_readme_names_the_units_that_are_there_and_the_course(bundle_of, monkeypatch):
    course = Course(name="Ours", short=HOME, institution="A place", contact="ask@a.place")
    monkeypatch.setattr(bundle, "read_course", lambda: course)
    text = (bundle_of("06_unet") / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Ours: the notebooks\n\nA place · Questions: ask@a.place\n\n- Unit 6:")
    assert set(re.findall(r"\d\d_\w+", text)) == {"06_unet"}
    assert "$" not in text


def test_the_folder_in_the_bundle_is_called_as_the_course(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(bundle, "read_course", lambda: Course(short="ours"))
    with zipfile.ZipFile(write_bundle(tmp_path / "x.zip", ["04_iou"])) as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {"ours"}
