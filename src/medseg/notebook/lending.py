"""Nobody is stuck: where an answer is not written yet, ours stands in for the cells that follow."""

from collections.abc import Callable
from typing import Any

from medseg import stand_ins
from medseg.runtime import graded
from medseg.units.stubs import is_unwritten


def yours_or_ours(answer: Callable) -> Any:
    """Your function or class as it is; while it is not written, a counterpart from a library.

    So the pictures after an exercise can be seen without it. Whose is used is printed, if it is
    ours. It earns no points: tests and `check` say "not attempted", and while the notebook is
    graded nothing is lent.

    >>> from medseg import yours_or_ours
    >>> def decode_panoptic(panoptic):
    ...     raise NotImplementedError("not attempted")
    >>> decode_panoptic = yours_or_ours(decode_panoptic)
    decode_panoptic is not written yet. Below, ours is used: numpy's divmod.
    """
    name = answer.__name__
    exercise = stand_ins.named(name)
    if exercise is None or not is_unwritten(answer) or graded():
        return answer
    print(f"{name} is not written yet. Below, ours is used: {stand_ins.source(*exercise)}.")
    return stand_ins.stand_in(*exercise)
