"""U-Nets by hand: what the notebooks of the course import.

`check` and `hint` tell a student what is wrong with an exercise, `where_you_stand` which exercises
of a unit pass; `carry_over` brings a finished exercise from one unit into a later one, and
`yours_or_ours` lends what is not written yet to the cells that follow. Everything else lives in its
own module, so that `import medseg` stays fast and never imports torch.
"""

from importlib import import_module
from typing import Any

__version__ = "0.7.0"
# What a notebook of the course may import; the rest of the package may change at any time.
PUBLIC = {
    "medseg": (
        "carry_over", "check", "hint", "palette", "phantom", "plots", "probes", "scenes",
        "stand_ins", "training", "where_you_stand", "widgets", "yours_or_ours",
    ),
    "medseg.cases": (
        "PROSTATE_CLASSES", "Case", "load_cases", "phantom_cases", "slice_size", "slices",
        "to_native",
    ),
    "medseg.data_parallel": ("gradients",),
    "medseg.phantom": ("volumes",),
    "medseg.plots": ("Stage", "draw_u", "scene_plots"),
    "medseg.scenes": ("formats",),
    "medseg.scenes.microscope": ("apart", "cells"),
    "medseg.stand_ins": ("first_network",),
    "medseg.volumes": ("Volume",),
}  # fmt: skip
__all__ = ["carry_over", "check", "hint", "where_you_stand", "yours_or_ours"]

_HOMES = {
    "carry_over": "medseg.notebook.carry_over",
    "check": "medseg.checks",
    "hint": "medseg.checks",
    "where_you_stand": "medseg.notebook.card",
    "yours_or_ours": "medseg.notebook.lending",
}


def __getattr__(name: str) -> Any:
    """Import the names of the notebooks' front door on first use (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'medseg' has no attribute {name!r}")
