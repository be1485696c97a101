"""What is hostile in a student's text stays out of the page, and costs a bounded amount of work."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output

from medseg_grader.report import clean
from medseg_grader.report.clean import FULL, MOST_SOURCE, Cleaner

PIECES = [
    "<b>",
    "<a>",
    "<b><i>",
    "<div>",
    "<ul><li>",
    "<table><tr><td>",
    "</p>",
    "<x y z ",
    "<svg>",
]


@pytest.mark.parametrize("piece", PIECES)
def test_the_deepest_nesting_that_is_read_comes_out_clean(piece):
    """How long it takes: benchmarks/cleaning.py."""
    text = "<script>1</script>" + piece * ((MOST_SOURCE - 30) // len(piece)) + "the end"
    html = Cleaner().html(text)
    assert "script" not in html
    assert "svg" not in html


def test_a_page_that_takes_too_long_ends_with_a_sentence(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(clean.time, "process_time", lambda: now[0])
    cleaner = Cleaner()
    printed = [new_output("stream", text="words")]
    assert "words" in cleaner.outputs(new_code_cell(outputs=printed))[0]
    now[0] = clean.MOST_SECONDS + 1
    shown = [*cleaner.outputs(new_code_cell(outputs=printed)), cleaner.code("a = 1")]
    assert all(FULL in html for html in [*shown, cleaner.markdown("text")])


PARTS = st.sampled_from(
    ["<", ">", "script", "/", " ", "a href=", "javascript:", "'", '"', "onerror=", "img src=", "x",
     "&#106;", "<!--", "-->", "style", "iframe", "svg", "math", "<b>", "</b>", "\n", "data:"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=30).map("".join))
def test_nothing_that_runs_or_loads_comes_through(text):
    html = str(Cleaner().html(text))
    tags = re.findall(r"<[^>]*>", html)
    assert not re.search(r"<\s*(script|style|iframe|img|svg|math|link|object|embed)", html, re.I)
    assert not any(re.search(r"\son\w+\s*=|javascript:|data:|style=", tag, re.I) for tag in tags)
