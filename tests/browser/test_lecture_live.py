"""The lecture's notebook as it is shown to an audience: each demo answers, and begins anew at R."""

import re

import pytest
from browser.lab import KERNEL, ROOT
from playwright.sync_api import expect

from medseg_lecture import pages

pytestmark = pytest.mark.browser
FIRST_CELL = "from medseg import plots"


@pytest.fixture
def live(open_notebook, course):
    """A function that runs a demo's cell in the lecture: (the page, the demo in it)."""
    deck = ROOT / "lectures/unets_by_hand.py"
    (path,) = pages.write(deck, course.notebooks, only_notebook=True)

    def run(call):
        notebook = open_notebook(path.name)
        notebook.run(notebook.index(FIRST_CELL))
        number = notebook.index(f"demos.{call}")
        notebook.run(number)
        demo = notebook.cell(number).locator(".medseg-live")
        expect(demo).to_be_visible(timeout=KERNEL)
        return notebook.page, demo

    return run


def press_arrow(page, demo):
    demo.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")


def press_semantic(page, demo):
    demo.get_by_role("button", name="semantic").click()


def drag_the_prediction(page, demo):
    drag(page, demo.locator("rect.prediction").bounding_box(), (0.5, 0.5), (0.9, 0.8))


def draw_a_line(page, demo):
    drag(page, demo.locator("canvas").bounding_box(), (0.4, 0.4), (0.6, 0.5))


def drag(page, box, *places):
    """Press the mouse at the first of some places in a box, and let go at the last."""
    for number, (right, down) in enumerate(places):
        page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"], steps=4)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


@pytest.mark.parametrize(
    ("call", "move"),
    [
        ("boxes()", drag_the_prediction),
        ("street()", press_semantic),
        ("field_of_view(depth=3)", press_arrow),
        ("draw_a_prediction()", draw_a_line),
        ("rare_class()", press_arrow),
    ],
)
def test_a_demo_follows_its_control_and_begins_anew_at_r(live, call, move):
    page, demo = live(call)
    demo.scroll_into_view_if_needed()
    says = demo.get_by_role("status")
    first = says.inner_text()
    assert first
    move(page, demo)
    expect(says).not_to_have_text(first)
    page.keyboard.press("r")
    expect(says).to_have_text(first)


@pytest.mark.parametrize("call", ["train_a_unet()", "train_a_unet(skips=False)"])
def test_a_u_net_learns_when_its_button_is_pressed_until_r_is(live, call):
    page, demo = live(call)
    demo.scroll_into_view_if_needed()
    says, button = demo.get_by_role("status"), demo.get_by_role("button", name="Train for")
    expect(says).to_contain_text(re.compile(r"^0 slices seen"))
    first = says.inner_text()
    button.click()
    expect(says).to_contain_text(re.compile(r"^[1-9]\d* slices seen"), timeout=KERNEL)
    expect(button).to_be_disabled()
    page.keyboard.press("r")
    expect(says).to_have_text(first)
    expect(button).to_be_enabled()
