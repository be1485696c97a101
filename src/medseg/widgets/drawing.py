"""What a widget shows: a figure, its description, and what is said when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawing(NamedTuple):
    """A figure, its description, and the one sentence that is read aloud when it changes."""

    figure: Figure
    alt: str
    says: str
