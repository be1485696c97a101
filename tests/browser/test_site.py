"""The site in a real browser: every page, in two sizes and two themes, with and without a mouse."""

import functools
import http.server
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import AXE, ROOT
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from medseg.widgets.boxes import TARGET, describe_boxes
from medseg.widgets.focal import describe_focal_loss
from medseg_grader.course.units import SOLUTION, load_unit, unit_names
from medseg_site import build

pytestmark = pytest.mark.browser

SIZES = {"desk": (1280, 720), "phone": (375, 667)}
MOST_BYTES = 3_000_000
FOCUSABLE = (
    "a[href], button, input, select, textarea, summary, iframe, [tabindex]:not([tabindex='-1'])"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as `make site` makes it; what was executed is kept with that of `make site`."""
    folder = tmp_path_factory.mktemp("site") / "site"
    build.write(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """All pages, as paths below the site's folder."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [name for name in found if not name.startswith("_static/")]


@pytest.fixture(scope="module")
def address(site):
    """The site's address on a server of its own, with a slash at the end."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def window(new_page):
    """A function that opens a window of a size and a colour scheme."""

    def open_it(size="desk", scheme="light", **options):
        width, height = SIZES[size]
        viewport = {"width": width, "height": height}
        return new_page(viewport=viewport, color_scheme=scheme, **options)

    return open_it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_complains_overflows_asks_elsewhere_or_breaks_a_rule_of_axe(
    window, address, pages, size, scheme
):
    """The listener of the window holds the test to the console and to requests."""
    page, axe, faults = window(size, scheme), Axe(), {}
    for name in pages:
        page.goto(address + name)
        found = axe.run(page, options=AXE[scheme]).response["violations"]
        wrong = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
        if page.evaluate("document.documentElement.scrollWidth") > SIZES[size][0]:
            wrong.append("wider than the window")
        if wrong:
            faults[name] = wrong
    assert faults == {}


def test_a_page_loads_less_than_three_megabytes_and_describes_its_pictures(window, address, pages):
    page, faults = window(), {}
    for name in pages:
        page.goto(address + name, wait_until="networkidle")
        size = page.evaluate(
            """() => [...performance.getEntriesByType('navigation'),
                ...performance.getEntriesByType('resource')]
                .reduce((sum, one) => sum + one.decodedBodySize, 0)"""
        )
        alts = page.locator("img").evaluate_all("all => all.map(picture => picture.alt)")
        if size > MOST_BYTES or any(len(alt) < 20 for alt in alts):
            faults[name] = size, [alt for alt in alts if len(alt) < 20]
    assert faults == {}


def test_no_link_within_the_site_is_broken(site, pages):
    soups = {name: BeautifulSoup((site / name).read_text("utf-8"), "html.parser") for name in pages}
    ids = {name: {one["id"] for one in soup.select("[id]")} for name, soup in soups.items()}
    broken = []
    for name, soup in soups.items():
        for element in soup.select("[href], [src]"):
            link = element.get("href") or element.get("src")
            if re.match(r"[a-z]+:", link):
                continue
            path, place = urldefrag(link)
            path = unquote(path.partition("?")[0])
            target = (site / name).parent / path if path else site / name
            target = target.resolve()
            key = target.relative_to(site.resolve()).as_posix() if target.exists() else ""
            # a browser looks for a place as it is written, then for what that stands for
            known = ids.get(key, {place}) | {""}
            if not target.is_file() or not {place, unquote(place)} & known:
                broken.append((name, link))
    assert broken == []


@pytest.mark.parametrize(
    "name", ["index.html", "figures.html", "units/04_iou.html", "api/medseg.probes.html"]
)
def test_the_tab_key_reaches_everything_that_can_be_used(window, address, name):
    page = window()
    page.goto(address + name)
    page.wait_for_load_state("networkidle")
    wanted = page.evaluate(
        """selector => [...document.querySelectorAll(selector)].filter(one =>
            one.checkVisibility({ visibilityProperty: true }) && !one.disabled
            && (one.type !== 'radio' || one.checked)).length""",
        FOCUSABLE,
    )
    reached = page.evaluate("() => { window.reached = new Set(); return 0; }")
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        reached = page.evaluate(
            """() => { const one = document.activeElement;
                if (one !== document.body && one.checkVisibility()) window.reached.add(one);
                return window.reached.size; }"""
        )
        if reached >= wanted:
            break
    assert reached >= wanted


def test_no_page_holds_a_line_of_a_solution(site, pages):
    """Nor the picture of one: what stands in the student's notebook as well is no secret."""
    shown = {
        name: BeautifulSoup((site / name).read_text("utf-8"), "html.parser").get_text()
        for name in pages
    }
    leaks = []
    for unit in map(load_unit, unit_names()):
        (released,) = Path(ROOT, "notebooks", unit.name).glob("*.ipynb")
        known = "\n".join(c.source for c in nbformat.read(released, as_version=4).cells)
        for cell in unit.cells:
            for solution in SOLUTION.findall(cell.source):
                lines = [line.strip() for line in solution.split("\n")[1:-2]]
                secret = [line for line in lines if len(line) > 25 and line not in known]
                page = shown[f"units/{unit.name}.html"]
                leaks += [(unit.name, line) for line in secret if line in page]
    assert leaks == []
    assert not [name for name in shown if "units/" in name and "### BEGIN" in shown[name]]


def test_the_boxes_say_what_the_notebooks_say_while_the_keys_move_one(window, address):
    page = window()
    page.goto(address + "figures.html")
    said = page.locator("[data-figure=boxes] [role=status]")
    box = page.get_by_role("img", name=re.compile("^prediction"))
    prediction = [40, 22, *TARGET[2:]]
    expect(said).to_have_text(describe_boxes(TARGET, prediction))
    box.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
        prediction[0] -= 10
        expect(said).to_have_text(describe_boxes(TARGET, prediction))


def test_the_focal_loss_follows_its_sliders(window, address):
    page = window("phone")
    page.goto(address + "figures.html")
    said = page.locator("[data-figure=focal] [role=status]")
    expect(said).to_have_text(describe_focal_loss(2.0, 0.25))
    page.get_by_label("focus γ").press("ArrowRight")
    expect(said).to_have_text(describe_focal_loss(2.25, 0.25))
    page.get_by_label("weight α").press("End")
    expect(said).to_have_text(describe_focal_loss(2.25, 1.0))


def test_the_street_shows_the_answer_that_is_chosen(window, address):
    page = window()
    page.goto(address + "units/01_segmentation_types.html")
    street = page.locator("[data-figure=street]")
    street.get_by_label("instance").check()
    expect(street.get_by_role("status")).to_contain_text("road, sky and houses are left out")
    assert street.locator("img").get_attribute("alt").startswith("instance")


def test_the_volume_viewer_opens_on_a_click(window, address):
    page = window()
    page.goto(address + "figures.html")
    page.get_by_role("button", name="Open the volume viewer").click()
    page.get_by_role("slider", name="zones").wait_for()
    expect(page.locator(".medseg-volume canvas")).to_be_visible()
    page.get_by_label("view").select_option("in space")


def test_without_webgl_a_sentence_stands_beside_the_still_picture(window, address):
    page = window()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(address + "figures.html")
    volume = page.locator("[data-figure=volume]")
    expect(volume.get_by_role("status")).to_contain_text("draws no WebGL")
    expect(volume.locator("img")).to_be_visible()


def test_the_moving_picture_can_be_stopped_and_is_still_where_motion_is_not_wanted(window, address):
    page = window()
    page.goto(address + "index.html")
    page.get_by_role("button", name="Stop the picture").click()
    assert page.locator(".medseg-moving").get_attribute("src").endswith("_last.webp")
    quiet = window(reduced_motion="reduce")
    quiet.goto(address + "index.html")
    expect(quiet.get_by_role("button", name="Let the picture move")).to_be_visible()


def test_the_figures_work_from_the_folder_without_a_server(window, listener, site):
    listener.harmless.append(r"^file://")
    page = window()
    page.goto((site / "figures.html").as_uri())
    expect(page.locator("[data-figure=boxes] [role=status]")).to_contain_text("IoU")
    expect(page.locator("[data-figure=street] [role=status]")).to_contain_text("classes")
