"""Widgets answer to mouse and keyboard in JupyterLab."""

import io
import re
import time

import numpy as np
import pytest
from browser.lab import KERNEL, Notebook, shot
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.slow
GRID = "import numpy as np\nimage = np.random.default_rng(0).normal(size=(128, 128))\n"
STREET = "from medseg import scenes\npicture = scenes.picture(scenes.street(0))\n"
SCAN = "from medseg.cases import phantom_cases\n[case] = phantom_cases(1, seed=1, progress=False)\n"
UNET = 'from medseg.stand_ins import stand_in\nunet = stand_in("06_unet", "UNet")\n'
# The solution's own `fit` on a network of one layer, which nobody would wait for to the end.
TRAINING = """
import torch
from pathlib import Path
from medseg.notebook.definitions import definitions
unit = definitions(Path({path!r}))
network = torch.nn.Conv2d(1, 2, 1)
image = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
batches = [(image, (image[:, 0] > 0.5).long())]
stepper = torch.optim.SGD(network.parameters(), 0.1)
cost = torch.nn.functional.cross_entropy
history = unit["fit"](
    network, batches, batches, cost, stepper, 2, 100_000, torch.device("cpu"), Path("best.pt")
)
counts = unit["evaluate"](network, batches, 2, torch.device("cpu")).double()
iou = counts.diagonal() / (counts.sum(0) + counts.sum(1) - counts.diagonal())
best = max(epoch["mean_iou"] for epoch in history)
print("all epochs:", len(history) == 100_000, "best kept:", abs(float(iou.mean()) - best) < 1e-6)
"""


@pytest.fixture
def shown(new_page, server, course):
    """A function that runs a cell of code in a notebook of its own: (notebook, its live widget)."""

    def show(code, **options):
        path = course.write("from medseg import widgets\n" + code)
        notebook = Notebook(new_page(**options), server, path).open()
        notebook.command("notebook:run-cell")
        live = notebook.cell(0).locator(".medseg-live")
        expect(live).to_be_visible(timeout=KERNEL)
        expect(notebook.cell(0).locator(".medseg-still")).to_be_hidden()
        return notebook, live

    return show


def slider(live, name):
    """The slider that stands beside a text."""
    return live.locator(".widget-slider").filter(has_text=name)


def greys(locator):
    """How many different brightnesses an element shows."""
    return len(np.unique(Image.open(io.BytesIO(locator.screenshot())).convert("L")))


def wait_until(page, true, seconds=60):
    """Look again and again until something is true of what the screen shows."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(200)


@pytest.mark.browser
def test_a_toggle_shows_another_answer_for_the_street(shown):
    _, live = shown(STREET + "widgets.segmentation_types(picture)")
    picture = live.locator(".medseg-picture img")
    before = picture.get_attribute("src")
    live.get_by_role("button", name="instance").click()
    expect(picture).to_have_attribute("alt", re.compile("which one is which"))
    expect(live.get_by_role("status")).to_contain_text("things, each with its number")
    assert picture.get_attribute("src") != before
    shot(live, "widget-segmentation-types")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.browser)])
def test_a_slider_moves_the_focal_loss_by_arrow_keys(shown, scheme):
    notebook, live = shown("widgets.focal_curves()", color_scheme=scheme)
    picture = live.locator(".medseg-picture img")
    before = picture.get_attribute("src")
    expect(slider(live, "γ").locator(".widget-readout")).to_have_text("2.00")
    slider(live, "γ").locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(slider(live, "γ").locator(".widget-readout")).to_have_text("2.25")
    expect(picture).to_have_attribute("alt", re.compile(r"γ = 2\.25"))
    assert picture.get_attribute("src") != before
    shot(live, f"widget-focal-{scheme}")


@pytest.mark.browser
def test_boxes_are_dragged_by_the_mouse_and_moved_by_arrow_keys(shown):
    notebook, live = shown("widgets.two_boxes()")
    says = live.get_by_role("status")
    box = live.locator("rect.prediction")
    before = says.inner_text()
    box.focus()
    notebook.page.keyboard.press("ArrowLeft")
    expect(box).to_have_attribute("x", "39")
    expect(says).not_to_have_text(before)
    between, mouse = says.inner_text(), notebook.page.mouse
    place = box.bounding_box()
    mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    mouse.down()
    mouse.move(place["x"] + place["width"], place["y"] + place["height"], steps=4)
    mouse.up()
    expect(says).not_to_have_text(between)
    expect(slider(live, "column").locator(".widget-readout")).not_to_have_text("39")
    shot(live, "widget-boxes")


@pytest.mark.browser
def test_the_shape_calculator_says_which_level_does_not_fit(shown):
    notebook, live = shown(UNET + "widgets.u_shapes(unet, size=572)")
    live.locator("select").select_option("without padding, as in 2015")
    picture = live.locator(".medseg-picture img")
    expect(picture).to_have_attribute("alt", re.compile("388"))
    slider(live, "image size").locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(picture).to_have_attribute("alt", re.compile("573"))
    expect(picture).to_have_attribute("alt", re.compile("odd"))
    shot(live, "widget-u-shapes")


@pytest.mark.browser
def test_the_receptive_field_grows_with_depth(shown):
    notebook, live = shown(GRID + "widgets.receptive_fields(image)")
    says = live.get_by_role("status")
    before = says.inner_text()
    slider(live, "depth").locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(says).not_to_have_text(before)
    shot(live, "widget-receptive-field")


@pytest.mark.browser
def test_the_volume_viewer_shows_a_scan_and_its_zones(shown):
    notebook, live = shown(SCAN + "widgets.volume_viewer(case)")
    live.get_by_role("button", name="Open the volume viewer").click()
    canvas = live.locator("canvas").first
    expect(canvas).to_be_visible()
    wait_until(notebook.page, lambda: greys(canvas) > 50)
    with_zones = canvas.screenshot()
    shot(live, "widget-volume")
    slider(live, "expert").locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowLeft")
    wait_until(notebook.page, lambda: canvas.screenshot() != with_zones)
    live.locator("select").select_option("in space")
    wait_until(notebook.page, lambda: greys(canvas) > 20)
    shot(live, "widget-volume-in-space")


@pytest.mark.browser
def test_the_stop_button_ends_a_training_and_keeps_its_best(shown, course):
    notebook, live = shown(
        TRAINING.format(path=str(course.notebooks / course.solved("07_prostate")))
    )
    live.get_by_role("button", name="Stop and keep the best").click()
    expect(live.get_by_role("button", name="Training has ended")).to_be_visible(timeout=KERNEL)
    expect(live.get_by_role("status")).to_contain_text("Stopped on request")
    expect(notebook.cell(0)).to_contain_text("all epochs: False best kept: True", timeout=KERNEL)
    shot(live, "widget-training-stopped")
