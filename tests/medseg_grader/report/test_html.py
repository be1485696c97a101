"""Templates: escaping is their wall, and what is missing is an error rather than a gap."""

import pytest
from helpers.pages import EVIL, Elements, assert_harmless
from jinja2 import UndefinedError
from markupsafe import Markup

from medseg_grader.report.html import TEMPLATES, render

FINDINGS = {"units": [{"name": EVIL, "students": []}], "remarks": [EVIL, f"\"' {EVIL}"]}


def test_whatever_comes_into_a_page_is_text():
    page = render("findings.html", **FINDINGS)
    assert_harmless(page)
    assert Elements(page).text.count(EVIL) == 3


def test_what_was_cleaned_is_taken_as_it_is():
    page = render("findings.html", units=[], remarks=[Markup("<b>bold</b>")])
    assert "<b>bold</b>" in page


def test_what_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError, match="'remarks' is undefined"):
        render("findings.html", units=[])


def test_no_template_switches_escaping_off():
    sources = [path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")]
    assert len(sources) == 8
    for source in sources:
        assert "autoescape" not in source
        assert "|safe" not in source.replace(" ", "")
