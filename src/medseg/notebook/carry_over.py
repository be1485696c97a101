"""Bring a finished exercise from one unit's notebook into a later one."""

from pathlib import Path
from typing import Any

from medseg import checks, stand_ins
from medseg.checks.exercises import exercise_data
from medseg.errors import InputError
from medseg.notebook.definitions import definitions
from medseg.units import notebook_name, unit_names


def carry_over(unit: str, name: str) -> Any:
    """Your own `name` from the notebook of `unit`, or MONAI's counterpart if it is not done yet.

    `carry_over("06_unet", "UNet")` reads `../06_unet/unet.ipynb`, takes the imports, functions,
    classes and constants of its code cells (nothing else is run), and checks the result as
    `check` does. It prints whose code is used. Raises InputError for an unknown unit or exercise.

    >>> from medseg import carry_over
    >>> dice_from_iou = carry_over("04_iou", "dice_from_iou")
    dice_from_iou: MONAI's F1 score stands in, because there is no ../04_iou/iou.ipynb ...
    """
    if not stand_ins.exists(unit, name):
        exercise_data(f"{unit}.{name}")
    path = Path("..") / unit / notebook_name(unit)
    try:
        mine = definitions(path).get(name)
        if mine is None or stand_ins.is_one(mine):
            raise InputError(f"{path.name} does not define it")
        if unit not in unit_names():
            raise InputError("the installed package does not know that unit, see medseg doctor")
        verdict = checks.examine(f"{unit}.{name}", mine)
    except (OSError, ValueError, SyntaxError, TypeError) as error:
        reason = _reason(error, path, unit)
    else:
        if verdict.outcome == checks.RIGHT:
            print(f"{name}: yours, from unit {unit}.")
            return mine
        reason = {
            checks.NOT_ATTEMPTED: "yours is not written yet",
            checks.RAISED: "yours raises an error in its check",
            checks.WRONG: "yours does not pass its check yet",
        }[verdict.outcome]
    source = stand_ins.source(unit, name)
    print(f"{name}: {source} stands in, because {reason} (unit {unit}).")
    return stand_ins.stand_in(unit, name)


def _reason(error: Exception, path: Path, unit: str) -> str:
    if isinstance(error, FileNotFoundError):
        if unit not in unit_names():
            return "it was not handed out"
        return f"there is no {path.as_posix()}"
    return str(error)
