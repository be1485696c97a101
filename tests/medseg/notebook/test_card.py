"""The card at a notebook's end: what passes, in words; what next; nothing while it is graded."""

import ast
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from medseg import checks, where_you_stand
from medseg.checks.exercises import unit_data
from medseg.notebook import card
from medseg.units import notebook_name
from medseg.units.handed_out import fingerprint, handed_out
from medseg.units.labels import points
from medseg_grader.course.answers import namespace_of
from medseg_grader.course.units import load_unit, unit_names

ROOT = Path(__file__).parents[3]
UNIT = "04_iou"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture(scope="module")
def solved():
    return namespace_of(load_unit(UNIT), None, None)


def unwritten(*_):
    raise NotImplementedError()


def test_it_judges_what_is_in_memory(solved, capsys):
    def loud(iou):
        print("noise")
        return iou

    mine = solved | {"mean_iou": unwritten, "dice_from_iou": loud, "iou_from_dice": 3}
    del mine["panoptic_quality"]
    assert card.judge(UNIT, mine) == {
        "confusion_matrix": checks.RIGHT,
        "iou_per_class": checks.RIGHT,
        "mean_iou": checks.NOT_ATTEMPTED,
        "dice_from_iou": checks.WRONG,
        "iou_from_dice": checks.WRONG,
        "panoptic_quality": card.NOT_RUN,
    }
    assert capsys.readouterr().out == ""


def test_outside_a_notebook_it_is_plain_text(solved, capsys):
    where_you_stand(UNIT, solved)
    out = capsys.readouterr().out
    assert out.startswith("Unit 4: Intersection over union: 6 of 6 checks pass\n")
    assert re.search(r"right +panoptic_quality +worth 3 points", out)


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_while_graded_it_runs_nothing_and_shows_nothing(mode, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    where_you_stand(UNIT, {"confusion_matrix": lambda *_: 1 / 0})
    assert capsys.readouterr() == ("", "")


def all_right(unit):
    return dict.fromkeys(unit_data(unit), checks.RIGHT)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (checks.NOT_ATTEMPTED, "Next: write mean_iou, then run its check."),
        (card.NOT_RUN, "Next: run the cell of mean_iou, then this one again."),
        (checks.WRONG, 'Its check says what is wrong, and hint("04_iou.mean_iou") helps further.'),
        (checks.RAISED, 'Its check says what is wrong, and hint("04_iou.mean_iou") helps further.'),
    ],
)
def test_the_first_open_exercise_is_next(outcome, sentence):
    text = card.as_text(handed_out(UNIT), all_right(UNIT) | {"mean_iou": outcome})
    assert sentence in text


def test_when_all_is_right_the_next_unit_is_next():
    text = card.as_text(handed_out(UNIT), all_right(UNIT))
    assert "medseg submit-check notebooks/04_iou/iou.ipynb" in text
    assert "go on with Unit 5: The focal loss." in text
    page = card.as_html(handed_out(UNIT), all_right(UNIT))
    assert 'href="../05_focal_loss/focal_loss.ipynb"' in page
    last = unit_names()[-1]
    assert "This was the last unit that was handed out." in card.as_text(
        handed_out(last), all_right(last)
    )


class Page(HTMLParser):
    """Tags that were opened and closed, and the text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "


def test_the_page_says_in_words_what_it_shows_in_colours():
    outcomes = all_right(UNIT) | {"mean_iou": checks.WRONG, "iou_from_dice": card.NOT_RUN}
    page = Page(card.as_html(handed_out(UNIT), outcomes))
    assert page.open == []
    for outcome in set(outcomes.values()):
        assert outcome in page.text
    scopes = [attrs["scope"] for tag, attrs in page.seen if tag == "th"]
    assert scopes == ["col"] * 3 + ["row"] * len(outcomes)
    assert "caption" in [tag for tag, _ in page.seen]
    assert not re.search(r"(?<![-\w])color: #", card.as_html(handed_out(UNIT), outcomes))


def test_what_stands_in_the_card_is_text():
    release = replace(handed_out(UNIT), title="Unit 4: <img src=x onerror=alert(1)>")
    page = Page(card.as_html(release, all_right(UNIT)))
    assert release.title in page.text
    assert "img" not in [tag for tag, _ in page.seen]


@pytest.mark.parametrize("unit", unit_names())
def test_every_notebook_ends_with_its_card(unit):
    last = load_unit(unit).cells[-1].source
    call = ast.parse(last).body[-1].value
    assert ast.unparse(call) == f"where_you_stand('{unit}', globals())"


@pytest.mark.parametrize("unit", unit_names())
def test_what_was_released_is_known_without_anything_secret(unit):
    notebook = nbformat.read(ROOT / "notebooks" / unit / notebook_name(unit), as_version=4)
    release = handed_out(unit)
    assert [cell.id for cell in release.cells] == [cell.id for cell in notebook.cells]
    for known, cell in zip(release.cells, notebook.cells, strict=True):
        assert known.fingerprints == (fingerprint(cell.source),)
        label = cell.metadata.get("nbgrader", {})
        assert known.label == {k: v for k, v in label.items() if k not in ("cell_type", "checksum")}
    total = sum(points(cell) for cell in load_unit(unit).graded_cells())
    assert sum(release.points.values()) == total


def test_a_unit_by_its_number_is_enough_and_one_that_is_not_there_is_a_sentence(capsys):
    where_you_stand("04")
    assert "0 of 6 checks pass" in capsys.readouterr().out
    where_you_stand("99", {})
    assert capsys.readouterr().out.startswith("There is no unit called '99'. There are: 01_")


def test_the_card_names_the_program_where_it_lies_in_the_courses_folder(tmp_path, monkeypatch):
    (tmp_path / "notebooks/04_iou").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks/04_iou")
    monkeypatch.setattr("sys.executable", str(tmp_path / ".venv/bin/python"))
    text = card.as_text(handed_out(UNIT), all_right(UNIT))
    assert ".venv/bin/medseg submit-check notebooks/04_iou/iou.ipynb" in text
    monkeypatch.setattr("sys.executable", "/elsewhere/bin/python")
    assert " medseg submit-check notebooks" in card.as_text(handed_out(UNIT), all_right(UNIT))
