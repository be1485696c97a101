"""Check yourself: says whether a student's function is right and, if not, what is wrong with it.

`check("04_iou.iou_per_class", iou_per_class)` calls the function on a few probe inputs and compares
what comes back with the outcome of the right answer and of the named mistakes, all of them numbers
in `medseg/checks/hints/04_iou.jsonl`. `hint("04_iou.iou_per_class")` gives one more hint each time.
"""

from collections.abc import Callable

from medseg import stand_ins
from medseg.checks.exercises import exercise_data
from medseg.checks.verdicts import NOT_ATTEMPTED, RAISED, RIGHT, WRONG, Verdict, examine, parted
from medseg.errors import InputError
from medseg.runtime import in_notebook

__all__ = [
    "NOT_ATTEMPTED",
    "RAISED",
    "RIGHT",
    "WRONG",
    "Verdict",
    "check",
    "examine",
    "hint",
    "parted",
]


def check(name: str, function: Callable | None = None) -> None:
    """Print what is right or wrong with your `function` for the exercise `name` ("unit.exercise").

    Nothing is graded here, and you may call it as often as you like.

    >>> from medseg import check
    >>> check("04_iou.dice_from_iou", lambda iou: 2 * iou / (1 + iou))
    Right: dice_from_iou gives what it should on all 6 probes.
    >>> check("04_iou.dice_from_iou", lambda iou: 2 * iou)
    Wrong: dice_from_iou(0.5): expected the result to be 0.66667, yours is 1.
    """
    try:
        verdict = examine(name, function)
    except (InputError, TypeError) as error:
        print(error)
        return
    print(f"{verdict.outcome.capitalize()}: {verdict.message}")
    if verdict.pictures is not None and in_notebook():
        from medseg import plots

        figure, alt = plots.target_yours_difference(*verdict.pictures)
        plots.show(figure, alt)


def hint(name: str = "", stage: int | None = None) -> None:
    """Print the next hint for the exercise `name`; `stage` (1, 2, …) picks one.

    >>> from medseg import hint
    >>> hint("04_iou.dice_from_iou")
    Hint 1 of 2: An IoU of 1 must give a Dice of 1, and 0 must give 0.
    """
    if name == "":
        print('Say for which exercise: hint("04_iou.iou_per_class"), for example.')
        return
    try:
        stages = exercise_data(name)["hints"]
    except InputError as error:
        print(error)
        return
    if stage is None:
        stage = min(hints_given.get(name, 0) + 1, len(stages))
    if not 1 <= stage <= len(stages):
        print(f"There is no hint {stage} for {name}: its hints are numbered 1 to {len(stages)}.")
        return
    hints_given[name] = max(stage, hints_given.get(name, 0))
    print(f"Hint {stage} of {len(stages)}: {stages[stage - 1]}")
    if stage == len(stages):
        print(_after_the_last(name))


def _after_the_last(name: str) -> str:
    unit, _, short = name.rpartition(".")
    if not stand_ins.exists(unit, short):
        return "That was the last one. No later cell needs this exercise: go on with the next."
    return (
        f"That was the last one. To go on with the unit all the same, use ours below "
        f"({stand_ins.source(unit, short)}): as long as yours is not written, later cells do so by "
        "themselves; else run these lines in a new cell. It earns no points.\n"
        f'  from medseg import stand_ins\n  {short} = stand_ins.stand_in("{unit}", "{short}")'
    )


hints_given: dict[str, int] = {}
