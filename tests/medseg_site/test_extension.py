import pytest
from sphinx.cmd.build import build_main

CONF = """
extensions = ["myst_parser", "sphinx.ext.autodoc", "medseg_site.extension"]
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
"""
PAGE = """
# Page

Inline $a_i$, and

$$ x = \\frac{1}{2} $$

| | one |
| --- | --- |
| a | 1 |

```{eval-rst}
.. autofunction:: medseg.probes.call
```
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sphinx")
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(PAGE)
    assert build_main(["-q", "-W", "-b", "html", str(folder), str(folder / "out")]) == 0
    return (folder / "out/index.html").read_text(encoding="utf-8")


def test_formulas_are_mathml_and_wide_ones_take_the_focus(page):
    assert page.count("<math") == 2
    assert '<div class="medseg-formula" tabindex="0"><math' in page
    assert "MathJax" not in page


def test_a_heading_of_a_column_without_words_has_one_for_screen_readers(page):
    assert '<span class="visually-hidden">row</span>' in page


def test_plain_docstrings_show_code_as_code_and_stars_as_stars(page):
    assert '<span class="pre">function(*args,</span>' in page
