"""The course's deck: its minutes, questions and titles; and decks that do not fit the format."""

import ast
from pathlib import Path

import jupytext
import numpy as np
import pytest

from medseg.errors import InputError
from medseg_lecture import deck, figures

# The titles of the lecture that the course was made for.
TITLES = (
    "Motivation",
    "What is Segmentation?",
    "Segmentation Types",
    "Image segmentation in robotics",
    "Autonomous Driving – Laser segmentation",
    "Medical Image segmentation",
    "A transversal prostate image and its expert segmentation",
    "The U-Net architecture",
    "The U-Net structure",
    "UNet – Prostate segmentation",
    "Loss function and Evaluation metric",
    "The focal loss for segmentation problems",
    "Intersection over union",
    "IoU",
)
SLIDE = '# %% [markdown] slideshow={"slide_type": "slide"}\n'
NOTES = '# %% [markdown] slideshow={"slide_type": "notes"}\n'


@pytest.fixture(scope="module")
def slides():
    root = Path(__file__).parents[2]
    return deck.slides(deck.read(root / "lectures/unets_by_hand.py"))


def kind(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def test_the_lecture_takes_45_minutes_give_or_take_five(slides):
    assert sum(slide.minutes for slide in slides) == pytest.approx(45, abs=5)


def test_every_slide_has_notes(slides):
    for slide in slides:
        assert any(kind(cell) == "notes" for cell in slide.cells), slide.title


def test_each_section_asks_two_questions(slides):
    sections = []
    for slide in slides:
        if slide.opens_section:
            sections.append([slide.title, 0])
        sections[-1][1] += slide.questions
    assert len(sections) > 5
    assert [title for title, questions in sections if questions != 2] == []


def test_each_question_is_answered_on_the_next_key(slides):
    for slide in slides:
        for cell, following in zip(slide.cells, slide.cells[1:], strict=False):
            if deck.QUESTION in cell.source:
                assert kind(following) == "fragment", slide.title
        assert deck.QUESTION not in slide.cells[-1].source, slide.title


@pytest.mark.parametrize("title", TITLES)
def test_a_title_of_the_lecture_has_its_slide(slides, title):
    assert any(title in slide.title for slide in slides)


def test_every_figure_is_shown_with_its_description(slides):
    code = [cell.source for slide in slides for cell in slide.cells if cell.cell_type == "code"]
    assert len(code) > 15
    for source in code:
        last = ast.unparse(ast.parse(source).body[-1])
        assert last.startswith(("figures.show(*", "demos.")), source


def test_every_demo_has_a_slide_and_notes_that_say_what_to_do_if_it_fails(slides):
    shown = set()
    for slide in slides:
        for cell in slide.cells:
            if cell.source.startswith("demos."):
                shown.add(cell.source)
                assert "*If it fails*" in slide.cells[-1].source, slide.title
    assert len(shown) == 7


def test_what_a_slide_says_of_drawing_nothing_is_so(slides):
    label = figures.case().label
    shares = [f"{(label == k).mean():.1%}".replace("%", " %") for k in range(5)]
    (lies,) = (slide for slide in slides if slide.title == "Why pixel accuracy lies")
    said = "\n".join(cell.source for cell in lies.cells)
    assert f"| share of the voxels | {' | '.join(shares)} |" in said
    assert f"{np.mean([(label == 0).mean(), 0, 0, 0, 0]):.2f}" in said


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (SLIDE + "# no heading\n", "a slide begins with its heading, not with 'no heading'"),
        (
            '# %% [markdown] slideshow={"slide_type": "subslide"}\n# # A\n',
            "'# A' is a 'subslide'; a cell is one of slide, fragment, notes, -, skip",
        ),
        (
            SLIDE + "# # A\n\n" + NOTES + "# Say hello.\n",
            "the notes of 'A' begin with their minutes, as **2 min.**, not with 'Say hello.'",
        ),
        ("# %% [markdown]\n# early\n", "'early' stands before the first slide"),
    ],
    ids=["no heading", "unknown kind", "no minutes", "before the first slide"],
)
def test_a_faulty_deck_is_refused_in_one_sentence(script, says):
    with pytest.raises(InputError) as refused:
        deck.slides(jupytext.reads(script, fmt="py:percent"))
    assert str(refused.value) == says


def test_a_deck_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"there is no deck .*none\.py"):
        deck.read(tmp_path / "none.py")
