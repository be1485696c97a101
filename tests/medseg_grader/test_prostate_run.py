"""Unit 07 as a batch job: on phantoms written as files, on bad input, and on real scans."""

import csv
import io
import os
import sys
from pathlib import Path

import nbformat
import pytest
from helpers import layouts

from medseg import phantom, training
from medseg_grader import prostate_run

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("MEDSEG_REAL_DATA", ROOT.parent / "shared/data/promise12_subset"))


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def run_a_few_steps(data, output):
    executed = prostate_run.run(str(data), output, {"SLICES_IN_ALL": 1}, progress=False)
    for cell in nbformat.read(executed, as_version=4).cells:
        for part in cell.get("outputs", []):
            assert part.get("name") != "stderr", part["text"]
    assert (output / "held_out.png").stat().st_size > 10_000
    with (output / "iou.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "classes"),
    [(layouts.write_task05, {"PZ", "TZ"}), (layouts.write_promise12, {"prostate"})],
)
def test_scans_in_files_go_through_the_same_notebook(tmp_path, write, classes):
    rows = run_a_few_steps(write(tmp_path / "data"), tmp_path / "out")
    assert list(rows[0]) == ["patient", "class", "iou", "dice"]
    assert {row["class"] for row in rows} == classes
    summary = prostate_run.summary(tmp_path / "out" / "iou.csv")
    assert all(name in summary for name in classes)


@pytest.mark.slow
@pytest.mark.skipif(
    not (REAL / "dataset.json").is_file(),
    reason="no real data: set MEDSEG_REAL_DATA to a folder in the Decathlon's layout",
)
def test_real_patients_go_through_the_same_notebook(tmp_path):
    rows = run_a_few_steps(REAL, tmp_path)
    assert len({row["patient"] for row in rows}) >= 5


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_bars_and_what_the_training_promises_are_passed_on_as_they_come(size):
    promise = training.on_phantoms(4000)
    fits = "16 slices take 0.3 s here: 4806 slices, 9 epochs, fit into about 90 s."
    bar = "\rtraining:   0%|  | 0/9\rtraining:  11%|1 | 1/9, mean IoU 0.5"
    text = f"a table\nof two lines\n{fits}\n{promise}\n{bar}\nthe end\n"
    screen = io.StringIO()
    narrator = prostate_run.Narrator(screen)
    for start in range(0, len(text), size):
        narrator.write(text[start : start + size])
    assert screen.getvalue() == f"{fits}\n{promise}\n{bar}\n"


@pytest.mark.parametrize("name", ["nothing_here", "empty"])
def test_unusable_data_is_one_sentence(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert prostate_run.main([str(tmp_path / name), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert "folder" in said.out
    assert said.err == ""


@pytest.mark.slow
def test_too_few_patients_are_one_sentence(tmp_path, capsys):
    data = phantom.write(tmp_path / "data", 2)
    assert prostate_run.main([str(data), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "2 patients cannot be divided into 3 parts" in said.out
    assert "Traceback" not in said.out + said.err


def test_missing_simpleitk_is_one_sentence(tmp_path, capsys, monkeypatch):
    data = layouts.write_promise12(tmp_path / "data", 1)
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    assert prostate_run.main([str(data), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert "pip install simpleitk" in said.out
