"""Pages: self-contained, formulas as MathML, notes in the handout, a failing cell by its slide."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from medseg.errors import InputError
from medseg_lecture import pages

DECK = r"""# %% [markdown] slideshow={"slide_type": "slide"}
# # A tiny deck
#
# With $\sigma_s(o) \cdot x^2$ and a [link](https://example.org).

# %% [markdown] slideshow={"slide_type": "notes"}
# **2 min.** Only for the speaker.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A figure

# %%
from matplotlib.figure import Figure

from medseg import plots

plots.show(Figure(figsize=(1, 1)), "An empty square.")
"""


class Elements(HTMLParser):
    """All elements of a page: (tag, attributes)."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(notebook, slides, handout) of a deck of two slides, as text."""
    root = tmp_path_factory.mktemp("deck")
    (root / "tiny.py").write_text(DECK, encoding="utf-8")
    paths = list(pages.write(root / "tiny.py", root / "out", pdf=False))
    assert [path.name for path in paths] == ["tiny.ipynb", "tiny.html", "tiny_handout.html"]
    return [path.read_text(encoding="utf-8") for path in paths]


@pytest.mark.parametrize("which", [1, 2], ids=["slides", "handout"])
def test_nothing_is_loaded_from_elsewhere(made, which):
    for tag, attributes in Elements(made[which]).found:
        if tag != "a":
            for name in ("src", "href"):
                assert "http" not in (attributes.get(name) or "")[:8], (tag, attributes)
    assert "@import" not in made[which]
    assert "url(http" not in made[which]


@pytest.mark.parametrize("which", [1, 2], ids=["slides", "handout"])
def test_formulas_are_mathml(made, which):
    assert len(Elements(made[which]).of("math")) == 1
    assert "$" not in made[which].partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("which", [1, 2], ids=["slides", "handout"])
def test_pictures_carry_their_description_and_no_code_is_seen(made, which):
    (picture,) = Elements(made[which]).of("img")
    assert picture["alt"] == "An empty square."
    assert "plots.show" not in made[which]


def test_each_slide_is_named_by_its_heading(made):
    for page in made[1:]:
        labels = [section["aria-label"] for section in Elements(page).of("section")]
        assert labels == ["A tiny deck", "A figure"]


def test_the_notebook_has_no_outputs_so_that_it_is_run_live(made):
    assert '"outputs": []' in made[0]
    assert "An empty square" in made[0]
    assert "image/png" not in made[0]


def test_only_the_notebook_where_only_that_is_wanted(tmp_path):
    (tmp_path / "tiny.py").write_text(DECK, encoding="utf-8")
    (path,) = pages.write(tmp_path / "tiny.py", tmp_path / "out", only_notebook=True)
    assert path.name == "tiny.ipynb"


def test_a_failing_cell_is_one_sentence_that_names_its_slide(tmp_path):
    script = '# %% [markdown] slideshow={"slide_type": "slide"}\n# # Broken\n\n# %%\n1 / 0\n'
    (tmp_path / "broken.py").write_text(script, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        list(pages.write(tmp_path / "broken.py", tmp_path / "out", pdf=False))
    says = "the slide 'Broken' fails: ZeroDivisionError: division by zero"
    assert str(refused.value) == says


def test_fewer_colours_make_a_picture_smaller_and_hardly_change_it():
    rows, columns = np.mgrid[:64, :64]
    # not so smooth that PNG makes nothing of it
    noise = np.random.default_rng(0).integers(0, 4, (64, 64, 1))
    picture = np.stack([rows * 3, columns * 3, (rows + columns) * 2], -1) + noise
    picture = picture.astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    mark = "data:image/png;base64,"
    full = base64.b64encode(buffer.getvalue()).decode()
    page = pages.with_fewer_colours(f'<img src="{mark}{full}">')
    less = page.partition(mark)[2].partition('"')[0]
    with Image.open(io.BytesIO(base64.b64decode(less))) as image:
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - picture).mean() < 10
    assert len(less) < len(full)
