"""The command line: one sentence for bad input, tables for good one."""

import argparse
import shutil
from pathlib import Path

import nbformat
import pytest

from medseg import cli
from medseg.notebook import doctor, progress
from medseg.notebook.doctor import Finding
from medseg_grader import commands
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.units import load_unit
from medseg_lecture import commands as lecturers_commands
from medseg_site import commands as sites_commands

ROOT = Path(__file__).parents[2]


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["verify", "--unit", "nothing"], "There is no unit called 'nothing'"),
        (["release", "--unit", "99"], "There is no unit called '99'"),
        (["progress", "no_such_folder"], "there is no no_such_folder"),
        (["phantom", "out", "--cases", "0"], "must be at least 1, not 0"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(arguments, sentence, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert sentence in err
    assert err.strip().count("\n") == 0
    assert out == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grad", "x"], "there is no 'grad'. Did you mean grade? There are: start, doctor"),
        (["term", "nwe"], "there is no 'nwe'. Did you mean new? There are: new, list"),
        (["grade", "x", "--stuent", "a"], "no option --stuent. Did you mean --student? See medseg"),
        (["grade", "x", "y"], "there is no argument y. See medseg grade --help."),
        (["grade", "x", "--who", "a"], "expected NUMBER=ID, as 2001=anna, got 'a'"),
        (["grade", "x", "--json", "nowhere/x.json"], "there is no folder nowhere"),
        (["release", "--zip", "nowhere/x.zip"], "there is no folder nowhere"),
    ],
)
def test_what_was_probably_meant_is_said_and_no_folder_is_made(
    arguments, sentence, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ["grade", "x"], ["report"], ["term", "list"], ["term", "new", "x"],
        ["remove-grades", "--yes"], ["verify"], ["new-exercise", "09_x", "f"],
    ],
)  # fmt: skip
def test_in_the_wrong_folder_a_command_says_so_and_leaves_nothing(
    command, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, *command)
    assert code == 2
    assert "in the root of the course's repository" in err
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_file_names_it_in_a_sentence(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("no folder")
    code, _, err = run(capsys, "phantom", "taken/set", "--cases", "1")
    assert code == 2
    assert err.startswith("medseg phantom: taken/set")
    assert err.endswith(": not a directory.\n")


def test_grade_says_where_report_and_gradebook_lie(capsys):
    with pytest.raises(SystemExit):
        cli.main(["grade", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "The report lies in grading/report/index.html" in said
    assert "the gradebook is grading/gradebook.db" in said


def test_outside_the_repository_release_says_where_to_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "release")
    assert code == 2
    assert "in the root of the course's repository" in err


def test_phantom_writes_the_cases(capsys, tmp_path):
    code, out, _ = run(capsys, "phantom", str(tmp_path / "set"), "--cases", "1", "--seed", "3")
    assert code == 0
    assert "1 cases in" in out
    assert (tmp_path / "set/imagesTr/phantom_0003.nii.gz").is_file()


def test_doctor_finds_this_installation_fine(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, out, _ = run(capsys, "doctor")
    assert code == 0, out
    for subject in ("python", "packages", "device", "kernel", "data", "writing"):
        assert f"ok   {subject}" in out


def test_doctor_names_the_remedy_for_what_is_wrong(capsys, monkeypatch):
    bad = [Finding("kernel", False, "there is none", "Do this."), Finding("python", True, "fine")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(bad))
    assert doctor.report() == 1
    out = capsys.readouterr().out
    assert "BAD  kernel" in out
    assert "Do this." in out
    assert "1 fine, 1 to mend" in out


def test_doctor_sees_an_old_python_and_a_folder_that_cannot_be_written(monkeypatch):
    assert not doctor.python((3, 8, 1)).ok

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    finding = doctor.writing()
    assert not finding.ok
    assert "Permission denied" in finding.text


def test_doctor_sees_missing_and_old_packages(monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda _: ["no-such-package>=1", "numpy>=999"])
    finding = doctor.packages()
    assert not finding.ok
    assert "missing: no-such-package" in finding.text
    assert "numpy" in finding.text


def test_doctor_survives_a_look_that_fails(monkeypatch):
    monkeypatch.setattr(doctor, "kernel", lambda: 1 / 0)
    findings = {finding.subject: finding for finding in doctor.examine()}
    assert not findings["kernel"].ok
    assert "ZeroDivisionError" in findings["kernel"].text
    assert findings["writing"].ok


@pytest.fixture
def notebooks(tmp_path):
    """The released unit 04 with a few answers filled in."""
    folder = tmp_path / "notebooks"
    shutil.copytree(ROOT / "notebooks/04_iou", folder / "04_iou")
    path = folder / "04_iou/iou.ipynb"
    answers = {cell.id: cell.source for cell in solution_notebook(load_unit("04_iou")).cells}
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.id == "confusion-matrix":
            cell.source = answers[cell.id]
        if cell.id == "dice-from-iou":
            cell.source = "def dice_from_iou(iou):\n    return None + 1"
        if cell.id == "iou-from-dice":
            cell.source = "def iou_from_dice(dice):\n    return dice / 2"
        if cell.id == "mean-iou":
            cell.source = "def mean_iou(confusion):\n    while True:\n        pass"
        if cell.id == "iou-per-class":
            cell.source = "def iou_per_class(confusion):\n    import os\n    os._exit(3)"
    nbformat.write(notebook, path)
    return folder


@pytest.mark.slow
def test_progress_tells_right_wrong_unwritten_endless_and_fatal_apart(
    notebooks, capsys, monkeypatch
):
    monkeypatch.setattr(progress, "SECONDS_PER_EXERCISE", 15)
    code, out, _ = run(capsys, "progress", str(notebooks))
    assert code == 0
    lines = {
        line.split()[-1] if "to do" in line else line.split()[1]: line
        for line in out.splitlines()
        if line.startswith("  ") and line.strip()  # the bar leaves a blank line
    }
    assert "right" in lines["confusion_matrix"]
    assert "wrong" in lines["iou_from_dice"]
    assert "TypeError: " in lines["dice_from_iou"]
    assert "to do" in lines["panoptic_quality"]
    assert "the process ended here" in lines["iou_per_class"]
    assert "too long" in lines["mean_iou"]
    assert "1 of 6 exercises are right" in out


def test_progress_takes_a_unit_or_a_notebook_and_runs_nothing_that_is_untouched(
    tmp_path, capsys, monkeypatch
):
    shutil.copytree(ROOT / "notebooks/04_iou", tmp_path / "04_iou")
    monkeypatch.setattr(progress, "run_in_child", lambda *_: pytest.fail("nothing is to be run"))
    for path in (tmp_path, tmp_path / "04_iou", tmp_path / "04_iou/iou.ipynb"):
        code, out, _ = run(capsys, "progress", str(path))
        assert code == 0
        assert out.count("to do") == 6


@pytest.mark.parametrize(
    ("who", "add"),
    [
        ("instructors", commands.add),
        ("lecturers", lecturers_commands.add),
        ("authors", sites_commands.add),
    ],
)
def test_the_commands_of_others_are_those_that_their_package_adds(who, add):
    names = []

    def command(name, run, text, log=None):
        names.append(name)
        return argparse.ArgumentParser()

    add(command)
    assert tuple(names) == cli.THEIRS[who]


def test_without_the_instructors_package_no_list_names_its_commands(capsys, monkeypatch):
    monkeypatch.setattr(cli, "entry_points", lambda **_: [])
    for arguments in (["--help"], ["nothing"]):
        with pytest.raises(SystemExit):
            cli.main(arguments)
        shown = "".join(capsys.readouterr())
        assert "submit-check" in shown
        theirs = {name for names in cli.THEIRS.values() for name in names}
        assert not theirs & set(shown.split())
