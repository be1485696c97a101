"""What graded test cells use says nothing of its own on stderr, which costs points in nbgrader."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("variable", "said"), [("", True), ("autograde", False)])
def test_warnings_are_silent_only_where_nbgrader_grades(variable, said):
    env = {k: v for k, v in os.environ.items() if k not in {"NBGRADER_EXECUTION", "PYTHONWARNINGS"}}
    env |= {"NBGRADER_EXECUTION": variable} if variable else {}
    code = "import warnings, medseg.probes; warnings.warn('from a library')"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert ("from a library" in done.stderr) is said


def test_facts_without_a_judgement_are_no_pass():
    from medseg.probes import assert_facts

    assert_facts({"it moves": True, "its dtype": "uint8"})
    with pytest.raises(AssertionError, match="its dtype is float64"):
        assert_facts({"its dtype": "float64"})
    with pytest.raises(AssertionError, match="it moves"):
        assert_facts({"its dtype": "float64"}, "it moves")
