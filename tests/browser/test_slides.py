"""The lecture's slides in a real browser: nothing overflows, nothing is loaded from elsewhere."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import AXE, ROOT

from medseg_lecture import pages

pytestmark = pytest.mark.browser

SIZES = {"hall": (1280, 720), "phone": (375, 667)}
# Of the present slide, with all its answers: how far its parts reach beyond it, in its own pixels.
BEYOND = """() => {
  const slide = Reveal.getCurrentSlide(), box = slide.getBoundingClientRect();
  slide.querySelectorAll(".fragment").forEach(part => part.classList.add("visible"));
  const parts = [...slide.querySelectorAll("*")].filter(part => !part.closest(".notes"));
  const boxes = parts.map(part => part.getBoundingClientRect()).filter(b => b.width > 0);
  const scale = box.width / slide.offsetWidth;
  return Math.max(
    ...boxes.map(b => b.bottom - box.bottom), ...boxes.map(b => b.right - box.right)) / scale;
}"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """The address of the course's deck, made as `make slides` makes it."""
    folder = tmp_path_factory.mktemp("slides")
    _, page, _ = pages.write(ROOT / "lectures/unets_by_hand.py", folder, pdf=False)
    return page.as_uri()


@pytest.fixture
def open_slides(new_page, listener, slides):
    """A function that opens the deck in a window of a size and colour scheme."""
    listener.harmless.append(r"^file://")

    def open_it(size="hall", scheme="light"):
        width, height = SIZES[size]
        page = new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto(slides)
        page.wait_for_function("window.Reveal?.isReady()")
        return page

    return open_it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_slide_overflows_with_all_its_answers(open_slides, size, scheme):
    page = open_slides(size, scheme)
    beyond = {}
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number})")
        title = page.evaluate("Reveal.getCurrentSlide().getAttribute('aria-label')")
        beyond[title] = page.evaluate(BEYOND)
        height = page.evaluate("Reveal.getCurrentSlide().getBoundingClientRect().height")
        assert height > SIZES[size][0] / 2, f"{title} is {height:.0f} pixels high"
    assert len(beyond) > 30
    assert {title: far for title, far in beyond.items() if far > 1} == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_slide_breaks_a_rule_of_axe(open_slides, scheme):
    page, axe, faults = open_slides("hall", scheme), Axe(), {}
    page.evaluate("Reveal.configure({ transition: 'none', backgroundTransition: 'none' })")
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number})")
        page.evaluate(BEYOND)  # shows all answers, too
        found = axe.run(page, context="section.present", options=AXE[scheme]).response
        if wrong := [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]:
            faults[number + 1] = wrong
    assert faults == {}


def test_every_picture_has_a_description(open_slides):
    pictures = open_slides().locator("img")
    alts = pictures.evaluate_all("all => all.map(picture => picture.alt)")
    assert len(alts) > 15
    assert all(len(alt) > 20 for alt in alts)


def test_the_arrow_keys_reach_the_last_slide(open_slides):
    page = open_slides()
    for _ in range(200):
        if page.evaluate("Reveal.isLastSlide()"):
            break
        page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getCurrentSlide().getAttribute('aria-label')") == "References"


def test_the_paper_is_dark_where_the_window_asks_for_it(open_slides):
    colours = [
        open_slides("hall", scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]
