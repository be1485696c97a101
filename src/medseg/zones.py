"""Zones: the number, the colour, the line style and the name of each class.

One palette serves every figure of the course, so that a zone looks the same everywhere.
"""

from typing import Any

from medseg.errors import InputError
from medseg.palette import VERMILION, YELLOW

# In the order of their numbers, as in Meyer et al. (2019): 0 is background.
PROSTATE_CLASSES = ("background", "PZ", "TZ", "AFS", "DPU")
BACKGROUND, PZ, TZ, AFS, DPU = range(5)

# Chosen to stay apart, from each other and from mid-grey, for every kind of colour vision; the
# line styles carry the same information without any colour.
ZONE_COLOURS = ("#3D7BFF", YELLOW, "#00E5FF", VERMILION)
ZONE_STYLES = ("solid", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1.2, 1.2)))
ZONE_NAMES = {
    "PZ": "peripheral zone",
    "TZ": "transition zone",
    "AFS": "anterior fibromuscular stroma",
    "DPU": "distal prostatic urethra",
}
# What data sets call the zones, in small letters.
ZONE_OF_NAME = {
    spelling.casefold(): zone for zone, name in ZONE_NAMES.items() for spelling in (zone, name)
}


def zone_colour(class_index: int) -> str:
    """Colour of a class as "#RRGGBB"; class 1 has the first of `ZONE_COLOURS`, they repeat.

    >>> from medseg import plots
    >>> plots.zone_colour(1)
    '#3D7BFF'
    >>> plots.zone_colour(5) == plots.zone_colour(1)
    True
    """
    if class_index < 1:
        raise InputError(f"class {class_index} has no colour; classes 1, 2, … have one")
    return ZONE_COLOURS[(class_index - 1) % len(ZONE_COLOURS)]


def zone_style(class_index: int) -> Any:
    """Line style of a class; colour and style together tell 16 classes apart.

    >>> from medseg import plots
    >>> plots.zone_style(1)
    'solid'
    """
    if class_index < 1:
        raise InputError(f"class {class_index} has no line style; classes 1, 2, … have one")
    lap, place = divmod(class_index - 1, len(ZONE_STYLES))
    return ZONE_STYLES[(place + lap) % len(ZONE_STYLES)]


def zone_name(name: str) -> str:
    """A class name in words: "PZ" is the peripheral zone; other names stay as they are.

    >>> zone_name("TZ"), zone_name("prostate")
    ('transition zone', 'prostate')
    """
    return ZONE_NAMES.get(name, name)
