"""What is not written is lent; what is written is used, right or wrong."""

import pytest

from medseg import stand_ins, yours_or_ours
from medseg.runtime import EXECUTION


def softmax(logits, dim):
    raise NotImplementedError("not attempted")


def test_what_is_not_written_is_lent_and_said(capsys):
    lent = yours_or_ours(softmax)
    assert lent is stand_ins.stand_in("05_focal_loss", "softmax")
    assert (
        "softmax is not written yet. Below, ours is used: torch's softmax."
        in capsys.readouterr().out
    )


def test_an_answer_is_used_although_it_is_wrong(capsys):
    def softmax(logits, dim):
        return logits

    assert yours_or_ours(softmax) is softmax
    assert capsys.readouterr().out == ""


def test_a_class_with_one_method_unwritten_is_lent():
    class DoubleConv:
        def __init__(self, in_channels, out_channels, dims=2):
            self.layers = []

        def forward(self, x):
            raise NotImplementedError("not attempted")

    assert stand_ins.is_one(yours_or_ours(DoubleConv))


def test_what_is_lent_stays_when_the_cell_runs_again():
    lent = yours_or_ours(softmax)
    assert yours_or_ours(lent) is lent


@pytest.mark.parametrize("run", ["autograde", "validate"])
def test_nothing_is_lent_while_nbgrader_runs(run, monkeypatch):
    monkeypatch.setenv(EXECUTION, run)
    assert yours_or_ours(softmax) is softmax
