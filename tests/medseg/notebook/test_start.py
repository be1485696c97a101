"""What is handed out comes into notebooks/, and nothing of a student's is ever written over."""

import os
import re
from pathlib import Path

import nbformat
import pytest

from medseg import cli
from medseg.notebook import doctor, progress, start, submit_check
from medseg.units.changes import changes
from medseg.units.handed_in import read_notebook
from medseg.units.handed_out import graded_cells_of, handed_out, released_id
from medseg.units.labels import grade_id

ROOT = Path(__file__).parents[3]
IOU = ROOT / "notebooks/04_iou/iou.ipynb"
MINE = Path("notebooks/04_iou/iou.ipynb")
ANSWER = "def dice_from_iou(iou):\n    return 2 * iou / (1 + iou)"


@pytest.fixture(autouse=True)
def bundle(tmp_path, monkeypatch):
    """An unpacked bundle of unit 04 as current folder."""
    monkeypatch.chdir(tmp_path)
    hand_out(nbformat.read(IOU, as_version=4))


def hand_out(notebook, name="04_iou/iou.ipynb"):
    path = start.HANDED_OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def medseg(capsys, *words):
    code = cli.main(["start", *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out + err


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def written_in():
    """Start, answer one exercise, write a cell of one's own below it, and a remark into a text."""
    start.show()
    notebook = nbformat.read(MINE, as_version=4)
    answer = cell_of(notebook, "dice_from_iou")
    answer.source = ANSWER
    own = nbformat.v4.new_code_cell("print(dice_from_iou(0.5))")
    notebook.cells.insert(notebook.cells.index(answer) + 1, own)
    notebook.cells[2].source += "\n\nMy remark."
    nbformat.write(notebook, MINE)
    return notebook


def corrected():
    """The notebook as handed out later: another first text, a better test, an exercise less."""
    notebook = nbformat.read(IOU, as_version=4)
    notebook.metadata["medseg"]["release"] = "0123456789abcdef"
    first = notebook.cells[0]
    first.source = first.source.replace("Unit 4", "Unit four")
    first.id = released_id("markdown", first.source)
    cell_of(notebook, "test_dice_from_iou").source += "\nassert dice_from_iou(0) == 0"
    notebook.cells.remove(cell_of(notebook, "iou_from_dice"))
    return notebook


def test_what_is_new_comes_into_notebooks_as_it_was_handed_out(capsys):
    assert medseg(capsys) == (0, "04_iou: new, in notebooks/04_iou\n")
    assert MINE.read_bytes() == Path("handed_out/04_iou/iou.ipynb").read_bytes()
    assert not list(Path("notebooks").rglob("*.tmp"))


def test_what_is_there_is_kept_whatever_it_is(capsys):
    for content in (b"", b"{", b"\xff\xfe", IOU.read_bytes().replace(b"IoU", b"mine")):
        MINE.parent.mkdir(parents=True, exist_ok=True)
        MINE.write_bytes(content)
        code, told = medseg(capsys)
        assert MINE.read_bytes() == content
        assert code == ("is kept, but cannot be read" in told)
        assert told.startswith("04_iou: yours, kept") or code


def test_a_notebook_that_is_gone_comes_back(capsys):
    written_in()
    MINE.unlink()
    capsys.readouterr()
    assert medseg(capsys) == (0, "04_iou: new, in notebooks/04_iou\n")


def test_a_notebook_that_was_handed_out_anew_is_offered_and_not_touched(capsys):
    written_in()
    before = MINE.read_bytes()
    hand_out(corrected())
    capsys.readouterr()
    _, told = medseg(capsys)
    assert "04_iou: yours, kept. It was handed out anew since: medseg start --renew 04" in told
    assert MINE.read_bytes() == before


def test_a_notebook_of_a_release_without_a_name_is_known_by_a_text_that_changed(capsys):
    notebook = written_in()
    del notebook.metadata["medseg"]
    nbformat.write(notebook, MINE)
    capsys.readouterr()
    assert "04_iou: yours, kept\n" in medseg(capsys)[1]
    again = nbformat.read(IOU, as_version=4)
    again.cells[0] = corrected().cells[0]
    hand_out(again)
    assert "It was handed out anew since" in medseg(capsys)[1]
    assert "new, with 1 answer and 2 cells" in medseg(capsys, "--renew", "04")[1]
    assert nbformat.read(MINE, as_version=4).cells[0].source.startswith("# Unit four")


def test_renewing_keeps_answers_own_cells_and_remarks_and_the_old_notebook(capsys):
    old = written_in()
    before = MINE.read_bytes()
    hand_out(corrected())
    capsys.readouterr()
    _, told = medseg(capsys, "--renew", "4")
    assert "04_iou: new, with 1 answer and 2 cells of yours" in told
    (kept,) = (Path(name) for name in re.findall(r"As it was: (\S+)", told))
    assert re.fullmatch(r"iou_\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d\.ipynb", kept.name)
    assert kept.read_bytes() == before
    made = nbformat.read(MINE, as_version=4)
    nbformat.validate(made)
    sources = [cell.source for cell in made.cells]
    answer = sources.index(ANSWER)
    assert sources[answer + 1] == "print(dice_from_iou(0.5))"
    assert sources[0].startswith("# Unit four")
    assert not [text for text in sources if text.startswith("# Unit 4")], "the old text is gone"
    assert sources[2].endswith("My remark.")
    assert cell_of(made, "test_dice_from_iou").source.endswith("assert dice_from_iou(0) == 0")
    assert len(made.cells) == len(old.cells) - 1
    # what grading would remark on: nothing
    ours = read_notebook(Path("handed_out/04_iou/iou.ipynb").read_bytes())
    theirs = read_notebook(MINE.read_bytes())
    assert changes(theirs, graded_cells_of(ours.cells), ours.release) == []


def test_an_answer_to_an_exercise_that_is_gone_stays_as_a_cell_without_a_label(capsys):
    notebook = written_in()
    cell_of(notebook, "iou_from_dice").source = "def iou_from_dice(dice):\n    return 1"
    nbformat.write(notebook, MINE)
    hand_out(corrected())
    start.show(["04"])
    made = nbformat.read(MINE, as_version=4)
    (kept,) = (cell for cell in made.cells if "iou_from_dice(dice):\n    return 1" in cell.source)
    assert grade_id(kept) == ""


def test_an_untouched_stub_takes_the_new_ones_place_in_nothing(capsys):
    start.show()
    again = corrected()
    stub = cell_of(again, "mean_iou")
    stub.source = stub.source.replace('"""', '"""Better said: ', 1)
    hand_out(again)
    start.show(["iou"])
    made = nbformat.read(MINE, as_version=4)
    assert [cell.source for cell in made.cells] == [cell.source for cell in again.cells]


def test_of_an_answer_that_stands_twice_the_one_that_counts_is_taken_and_both_are_kept():
    notebook = written_in()
    copy = nbformat.from_dict(dict(cell_of(notebook, "dice_from_iou")))
    copy.id, copy.source = "other", ANSWER.replace("2 *", "(1 + 1) *")
    notebook.cells.append(copy)
    nbformat.write(notebook, MINE)
    hand_out(corrected())
    start.show(["04"])
    made = nbformat.read(MINE, as_version=4)
    assert cell_of(made, "dice_from_iou").source == copy.source
    assert ANSWER in [cell.source for cell in made.cells]


def test_renewing_mends_a_notebook_of_the_same_release_and_does_nothing_to_a_sound_one(capsys):
    notebook = written_in()
    capsys.readouterr()
    assert medseg(capsys, "--renew", "04")[1].endswith("apart from your work: nothing to renew\n")
    notebook.cells.remove(cell_of(notebook, "test_dice_from_iou"))
    nbformat.write(notebook, MINE)
    assert "04_iou: new, with 1 answer and 2 cells" in medseg(capsys, "--renew", "04")[1]
    assert cell_of(nbformat.read(MINE, as_version=4), "test_dice_from_iou")


def test_renewing_twice_in_a_second_loses_nothing(monkeypatch):
    monkeypatch.setattr(start.time, "strftime", lambda _: "now")
    for number in range(3):
        notebook = written_in()
        notebook.metadata["medseg"]["release"] = f"other {number}"
        nbformat.write(notebook, MINE)
        start.show(["04"])
    assert {path.name for path in MINE.parent.iterdir()} == {
        "iou.ipynb", "iou_now.ipynb", "iou_now_2.ipynb", "iou_now_3.ipynb"
    }  # fmt: skip


def test_renewing_what_cannot_be_read_leaves_it(capsys):
    MINE.parent.mkdir(parents=True)
    MINE.write_text("{")
    code, told = medseg(capsys, "--renew", "04")
    assert (code, MINE.read_text()) == (1, "{")
    assert "nothing was done. The file is no notebook" in told


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few people make links")
@pytest.mark.parametrize("where", ["notebooks", "notebooks/04_iou", "notebooks/04_iou/iou.ipynb"])
@pytest.mark.parametrize("words", [[], ["--renew", "04"]])
def test_no_link_is_followed(where, words, tmp_path, capsys):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Path(where).parent.mkdir(parents=True, exist_ok=True)
    Path(where).symlink_to(elsewhere)
    code, told = medseg(capsys, *words)
    assert code == 1
    assert "link" in told
    assert list(elsewhere.iterdir()) == []


def test_one_bad_notebook_does_not_stop_the_others(capsys):
    hand_out(nbformat.read(ROOT / "notebooks/06_unet/unet.ipynb", 4), "06_unet/unet.ipynb")
    MINE.parent.mkdir(parents=True)
    MINE.write_text("{")
    code, told = medseg(capsys)
    assert code == 1
    assert "06_unet: new, in notebooks/06_unet" in told


def test_a_damaged_bundle_is_said_and_brings_nothing(capsys):
    Path("handed_out/04_iou/iou.ipynb").write_text("{")
    code, told = medseg(capsys)
    assert code == 2
    assert f"{Path('handed_out/04_iou')} is damaged: unpack the bundle again" in told
    assert not MINE.exists()


def test_a_wrong_folder_is_one_sentence(tmp_path, monkeypatch, capsys):
    for folder, sentence in [
        (ROOT, "start is for the bundle that students get: in the course's repository"),
        (tmp_path / "handed_out", "There is no folder handed_out in"),
    ]:
        monkeypatch.chdir(folder)
        code, told = medseg(capsys)
        assert code == 2
        assert sentence in told
        assert told.count("\n") == 1
    (tmp_path / "empty/handed_out").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty")
    assert "holds no notebook: unpack the bundle again" in medseg(capsys)[1]


def test_a_unit_that_was_not_handed_out_cannot_be_renewed(capsys):
    code, told = medseg(capsys, "--renew", "06")
    assert code == 2
    assert "There is no unit called '06'. There are: 04_iou." in told


def test_a_package_that_does_not_know_what_was_handed_out_says_so_everywhere(capsys, monkeypatch):
    monkeypatch.setattr(progress, "of_notebook", lambda *_: {})
    hand_out(nbformat.read(IOU, 4), "09_mine/mine.ipynb")
    hand_out(corrected())
    sentence = "The installed package does not know 04_iou, 09_mine as handed out"
    code, told = medseg(capsys)
    assert code == 1
    assert sentence in told
    assert "pip install --no-deps -e ." in told
    for show in (progress.show, submit_check.show):
        show(Path("notebooks"))
        assert sentence in capsys.readouterr().out
    assert not doctor.units().ok


def test_before_the_start_commands_say_how_to(capsys):
    assert cli.main(["progress"]) == 2
    assert "there is no notebooks; medseg start makes it" in capsys.readouterr().err


def test_doctor_says_which_units_the_package_knows():
    finding = doctor.units()
    assert finding.ok
    assert "04_iou" in finding.text


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*/*.ipynb")), ids=lambda p: p.stem
)
def test_a_cell_that_was_not_changed_since_any_release_is_known_by_its_id(path):
    """The ids are given by the instructors' package, `course.notebooks`."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if not grade_id(c)]
    assert [c.id for c in cells] == [released_id(c.cell_type, c.source) for c in cells]


def test_what_the_release_noted_down_is_what_the_notebook_holds():
    cells = read_notebook(IOU.read_bytes()).cells
    assert graded_cells_of(cells) == handed_out("04_iou").graded_cells
