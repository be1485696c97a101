"""A feedback page says what counts and why, hides hidden tests, and disarms whatever is in it."""

import nbformat
import pytest
from helpers.pages import EVIL, HOSTILE, Elements, assert_harmless, display, png, stdout, with_cell
from helpers.report_class import UNIT, executed, result_of

from medseg_grader.course.units import HIDDEN, load_unit
from medseg_grader.records.marks import Mark
from medseg_grader.report.clean import MOST_TEXT, Cleaner, hidden_lines
from medseg_grader.report.feedback import NOT_ANSWERED, exercise_titles, feedback_page, title

unit = load_unit(UNIT)


def mark_of(result, **more):
    return Mark({cell.grade_id: cell.points for cell in result.cells}, **more)


def page_of(result, notebook=None, mark=None):
    return feedback_page(unit, result, mark or mark_of(result), notebook or executed(result))


def test_each_exercise_has_its_points_and_a_reason():
    result = result_of("ada", 0.55, unanswered=["panoptic_quality"])
    text = Elements(page_of(result)).text
    assert f"{result.points:g} of {result.max_points:g} points" in text
    for name, heading in exercise_titles(unit).items():
        own = [cell for cell in result.cells if cell.exercise == name]
        reached, most = sum(c.points for c in own), sum(c.max_points for c in own)
        assert f"{heading}: {reached:g} of {most:g}" in text
    assert "Hidden test (0 of 0.5): AssertionError: the mean is 1, expected 2." in text
    assert NOT_ANSWERED in text
    assert "All tests passed." in text


def test_titles_come_from_the_unit_and_are_all_different():
    titles = exercise_titles(unit)
    assert title(unit) == "Unit 4: Intersection over union"
    assert titles["iou_per_class"] == "4.2 IoU of each class"
    assert len(set(titles.values())) == len(titles)


def test_points_and_comments_given_by_hand_take_the_place_of_the_tests():
    result = result_of("ada", 0.0)
    mark = mark_of(result, comments={"mean_iou": "Good <idea>."}, penalty=0.5)
    mark.points["test_mean_iou"] = 1.0
    mark.by_hand.add("test_mean_iou")
    text = Elements(page_of(result, mark=mark)).text
    assert "0.5 of 12 points" in text
    assert "Your instructor gave these points by hand." in text
    assert "Your instructor writes Good <idea>." in text
    assert "0.5 points were taken off" in text


def test_the_hint_of_a_recognised_mistake_is_given_where_points_are_missing():
    mistake = unit.exercises["mean_iou"].mistakes[0]
    wrong = result_of("ada", 0.0, diagnosis={"mean_iou": mistake.name, "dice_from_iou": "wrong"})
    assert f"What it looks like: {mistake.hint}" in Elements(page_of(wrong)).text
    right = result_of("ada", 1.0, diagnosis={"mean_iou": mistake.name, "dice_from_iou": "<b>"})
    assert "What it looks like" not in page_of(right)


def test_hidden_tests_stay_hidden_and_their_first_comment_and_error_do_not():
    text = Elements(page_of(result_of("ada", 0.0))).text
    blocks = [block for cell in unit.cells for block in HIDDEN.findall(cell.source)]
    assert len(blocks) == len(unit.exercises)
    for line in hidden_lines(cell.source for cell in unit.cells):
        assert line not in text
    assert "# Random counts, compared with torchmetrics; large counts; the device." in text
    visible = "probes.assert_raises_value_error(confusion_matrix,torch.tensor([0,4])"
    assert visible in text.replace(" ", ""), "visible tests are shown"


@pytest.mark.parametrize(
    "output",
    [
        lambda line: stdout(f"In[7] = {line}\n"),
        lambda line: display(text_plain=line),
        lambda line: display(text_html=f"<p>{line}</p>"),
        lambda line: nbformat.v4.new_output("error", ename="E", evalue="", traceback=[line]),
    ],
)
def test_outputs_that_repeat_hidden_tests_are_withheld(output):
    line = 'probes.assert_close(probes.call(mean_iou, huge), torch.tensor(0.625), "huge'
    assert any(line in cell.source for cell in unit.cells)
    whole = next(found for found in hidden_lines(c.source for c in unit.cells) if line in found)
    page = page_of(result_of("ada"), with_cell(output(whole)))
    assert "repeats hidden tests" in page
    assert line not in Elements(page).text


def test_a_reason_that_repeats_hidden_tests_is_withheld():
    whole = max(hidden_lines(cell.source for cell in unit.cells), key=len)
    result = result_of("ada", 0.0)
    object.__setattr__(result.cells[1], "reason", f"ValueError: {whole}")
    assert whole not in Elements(page_of(result)).text


@pytest.mark.parametrize("notebook", HOSTILE.values(), ids=HOSTILE)
def test_hostile_content_is_harmless(notebook):
    assert_harmless(page_of(result_of("ada"), notebook))


def test_hostile_names_and_findings_are_text():
    result = result_of(EVIL, 0.0, findings=[EVIL])
    page = page_of(result)
    assert_harmless(page)
    assert EVIL in Elements(page).text


def test_a_page_needs_no_network_and_says_so_to_the_browser():
    page = page_of(result_of("ada"))
    (policy,) = [
        attributes["content"]
        for attributes in Elements(page).all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "http://" not in page
    assert "https://" not in page


def test_tables_of_numbers_and_pictures_of_the_student_are_kept():
    frame = "<table><thead><tr><th>IoU</th></tr></thead><tbody><tr><td>0.75</td></tr></tbody>"
    picture = nbformat.v4.new_output(
        "display_data", data={"image/png": png()}, metadata={"image/png": {"alt": "A curve."}}
    )
    elements = Elements(page_of(result_of("ada"), with_cell(display(text_html=frame), picture)))
    assert "IoU 0.75" in elements.text
    (image,) = elements.all("img")
    assert image["alt"] == "A curve."


def test_huge_outputs_are_cut_and_a_page_has_an_end():
    flood = [stdout("x" * 3_000_000) for _ in range(5)]
    big = [display(text_html="<b>" * 100_000)] * 5
    page = page_of(result_of("ada"), with_cell(*flood, *big))
    assert len(page) < 10 * (MOST_TEXT + 500) + 200_000
    assert "characters are left out here" in page
    cleaner = Cleaner()
    shown = [cleaner.text("y" * MOST_TEXT) for _ in range(1500)]
    assert "This page is full" in shown[-1]
    assert sum(map(len, shown)) < 9_000_000


def test_a_picture_that_would_fill_the_memory_is_not_shown():
    page = page_of(result_of("ada"), with_cell(display(image_png=png((9000, 9000)))))
    assert "9000 × 9000 pixels is not shown" in page
    assert not Elements(page).all("img")


def test_without_a_notebook_the_points_are_there():
    result = result_of("ada", 0.0)
    page = feedback_page(unit, result, mark_of(result), None)
    assert "There is no executed notebook to show." in page
    assert "0 of 12 points" in page


def test_headings_tables_and_scrolling_parts_work_with_keyboard_and_screen_reader():
    elements = Elements(page_of(result_of("ada", 0.5)))
    (root,) = elements.all("html")
    assert root["lang"] == "en-GB"
    assert len(elements.all("h1")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in elements.all(
        "meta"
    )
    assert len(elements.all("table")) == len(elements.all("caption"))
    assert all(head["scope"] in {"row", "col"} for head in elements.all("th"))
    assert all(block.get("tabindex") == "0" for block in elements.all("pre"))
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for section in elements.all("section"):
        assert section["aria-labelledby"] in ids
    for anchor in elements.all("a"):
        assert anchor["href"].removeprefix("#") in ids
