"""The stub in an answer's cell is known again, whatever release put it there."""

import ast
from pathlib import Path

import pytest

from medseg.units.stubs import WORDS, is_stub, is_unwritten, raised_by_stub

CONFIG = Path(__file__).parents[3] / "nbgrader_config.py"


def test_nbgrader_puts_the_stub_there_that_is_known_again():
    assert f"raise NotImplementedError('{WORDS}')" in CONFIG.read_text(encoding="utf-8")
    assert is_stub(ast.parse(f"raise NotImplementedError('{WORDS}')").body[0])


@pytest.mark.parametrize(
    ("line", "stub"),
    [
        ("raise NotImplementedError()", True),
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('only 2D')", False),
    ],
)
def test_stubs_of_earlier_releases_are_stubs_and_other_words_are_not(line, stub):
    assert is_stub(ast.parse(line).body[0]) is stub


def test_an_error_of_a_library_is_no_stub():
    assert raised_by_stub(NotImplementedError())
    assert not raised_by_stub(NotImplementedError("bilinear mode needs 4D input"))
    assert not raised_by_stub(ValueError(WORDS))


def test_a_stub_within_a_method_or_an_inner_function_is_seen():
    def outer():
        def inner():
            raise NotImplementedError(WORDS)

        return inner

    class Network:
        def forward(self, x):
            raise NotImplementedError(WORDS)

    assert is_unwritten(outer)
    assert is_unwritten(Network)
    assert not is_unwritten(len)
