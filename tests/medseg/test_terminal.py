"""Codes for a terminal go, and every other character stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters import strip_ansi

from medseg.terminal import without_colours

CODES = ["\x1b[m", "\x1b[0m", "\x1b[1;31m", "\x1b[38;5;196m", "\x1b[2J", "\x1b[?25l", "\x1b[1 q"]


@pytest.mark.parametrize("code", CODES)
def test_a_code_goes_wherever_it_stands(code):
    assert without_colours(f"{code}Key{code}Error{code}") == "KeyError"


@given(st.text())
def test_text_without_codes_stays_as_it_is(text):
    assert without_colours(text.replace("\x1b", "")) == text.replace("\x1b", "")


@given(st.lists(st.sampled_from([*CODES, "KeyError", " ", "\n", "[1m", "€"])))
def test_it_agrees_with_nbconvert(parts):
    assert without_colours("".join(parts)) == strip_ansi("".join(parts))


def test_long_hostile_texts_take_no_time():
    began = time.perf_counter()
    for piece in ("\x1b[", "\x1b[1;", "\x1b[" + "1;" * 50, "\x1b[ "):
        without_colours(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 2
