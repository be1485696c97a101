"""The worked exercise of CONTRIBUTING.md, to the letter: its code blocks are what is run."""

import re
import shlex

import pytest
from helpers.tiny_course import ROOT, copy_package, run_command

from medseg_grader.course.units import load_unit

SECTION = "One exercise, from empty file to proof"
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
(OWN,) = (part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE) if part.startswith(SECTION))
BEGIN, SCRIPT, MISTAKES, PROVE, ENDS = re.findall(r"^```\w*\n(.*?)^```", OWN, re.M | re.DOTALL)


def commands(text):
    """The `medseg` commands of a block, as lists of words."""
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("medseg ")]


@pytest.mark.slow
def test_the_worked_exercise_is_sound_as_it_stands(tmp_path, monkeypatch):
    """In processes of their own, with a package that the release may write to."""
    copy_package(tmp_path)
    (new,) = commands(BEGIN)
    code, said = run_command(tmp_path, new)
    assert code == 0, said
    folder = tmp_path / "solutions/09_outlines"
    (folder / "outlines.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "mistakes.py").write_text(MISTAKES, encoding="utf-8")
    for words in commands(PROVE):
        code, said = run_command(tmp_path, words)
        assert code == 0, said
    assert said.rstrip().endswith(ENDS.strip())
    monkeypatch.chdir(tmp_path)
    seeds = re.findall(r"probes\.rng\((\d+)\)", load_unit("09_outlines").script.read_text())
    assert seeds == ["9101"]
    # and what it says of a probe that is taken away
    (folder / "mistakes.py").write_text(MISTAKES.replace(", Call(CORNER)", ""), encoding="utf-8")
    for words in commands(PROVE):
        code, said = run_command(tmp_path, words)
    assert code == 1
    assert "the mistake edge_of_the_picture gets the wrong hint: none" in said
