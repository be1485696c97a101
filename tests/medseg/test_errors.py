"""Refusals are sentences, stacks are kept, and texts for a terminal are made fit for a page."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters import strip_ansi

from medseg import cli
from medseg.errors import InputError, logging_to, note, without_colours

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


@pytest.mark.parametrize("piece", ["\x1b[", "\x1b[1;", "\x1b[" + "1;" * 50, "\x1b[ "])
def test_long_hostile_texts_come_to_an_end(piece):
    text = piece * (1_000_000 // len(piece))
    assert without_colours(text) == text


def cli_with(monkeypatch, tmp_path, error):
    """`medseg doctor`, which raises an error; a log where an instructor's command keeps one."""
    monkeypatch.chdir(tmp_path)

    def fails():
        raise error

    monkeypatch.setattr("medseg.notebook.doctor.report", fails)
    with logging_to(Path("grading/grade.log")):
        return cli.main(["doctor"])


def test_a_refusal_is_a_sentence_and_its_stack_is_kept(monkeypatch, tmp_path, capsys):
    (tmp_path / "grading").mkdir()
    assert cli_with(monkeypatch, tmp_path, InputError("No such unit.")) == cli.REFUSED
    assert capsys.readouterr().err == "medseg doctor: No such unit.\n"
    log = (tmp_path / "grading/grade.log").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert "InputError: No such unit." in log


def test_a_fault_of_our_own_never_looks_like_bad_input(monkeypatch, tmp_path, capsys):
    assert cli_with(monkeypatch, tmp_path, ValueError("could not broadcast")) == cli.FAULT
    said = capsys.readouterr().err
    assert "a fault of the course's own" in said
    assert "ValueError: could not broadcast" in said
    assert "shown with MEDSEG_TRACEBACK=1" in said
    assert "Traceback" not in said
    assert not (tmp_path / "grading").exists()  # no folder is made for a log


def test_the_stack_is_on_the_screen_where_that_is_asked_for(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MEDSEG_TRACEBACK", "1")
    cli_with(monkeypatch, tmp_path, KeyError("units"))
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_notes_say_nothing_where_nobody_listens(capsys):
    note(ValueError("quiet"))
    assert capsys.readouterr() == ("", "")
