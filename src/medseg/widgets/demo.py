"""Demo: controls beside a figure that follows them, and the still picture that stands in for both.

A notebook's output holds two things, the live widget and a still picture of its first state. Style
rules of JupyterLab's page show one of the two: the widget where it is alive, else the picture. So
a notebook that is read without a kernel, or was made into a page, shows the picture.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from medseg.plots.display import mime_bundle, show
from medseg.runtime import interactive
from medseg.widgets.drawing import Drawing

if TYPE_CHECKING:
    import ipywidgets
    from matplotlib.figure import Figure

# JupyterLab puts each output of a cell into a .jp-OutputArea-child of its own; .jp-NotebookPanel
# is there in JupyterLab only, and not on a page that nbconvert made.
_STYLE = """<style>
.jp-OutputArea-child:not(:has(.medseg-live)):has(+ .jp-OutputArea-child .medseg-still),
body.jp-Notebook .jp-OutputArea-child:has(+ .jp-OutputArea-child .medseg-still),
.jp-NotebookPanel .jp-OutputArea-child:has(.medseg-live)
  + .jp-OutputArea-child:has(.medseg-still) { display: none; }
</style>"""


class Demo:
    """A figure that follows its controls.

    Args:
        draw: called with the value of every control by name, gives a `Drawing`.
        values: what the controls start with, by name; the still picture shows these.
        controls: called when the widget is first needed, gives the controls by name, each with a
            `value` and a description. They are given `values` to start from.
    """

    def __init__(
        self,
        draw: Callable[..., Drawing],
        values: Mapping[str, Any],
        controls: Callable[[], Mapping[str, ipywidgets.Widget]],
    ) -> None:
        self._draw, self._first, self._make = draw, dict(values), controls

    @cached_property
    def controls(self) -> dict[str, ipywidgets.Widget]:
        """The controls by name; setting the `value` of one moves the figure."""
        made = dict(self._make())
        for name, control in made.items():
            control.value = self._first[name]
            control.observe(self._follow, "value")
        return made

    @cached_property
    def picture(self) -> Any:
        """The figure on the screen: a widget with `source`, `alt` and `says`."""
        from medseg.widgets.picture import Picture

        return Picture().showing(self._draw(**self._first))

    @cached_property
    def view(self) -> ipywidgets.Widget:
        """The whole widget."""
        return self.opened()

    def opened(self) -> ipywidgets.VBox:
        """The controls above the figure."""
        import ipywidgets

        row = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        return ipywidgets.VBox(
            [ipywidgets.HBox(list(self.controls.values()), layout=row), self.picture]
        ).add_class("medseg-live")

    @property
    def values(self) -> dict[str, Any]:
        """What the controls stand at."""
        return {name: control.value for name, control in self.controls.items()}

    def still(self) -> Drawing:
        """The picture that stands in for the widget: what it shows at first."""
        return self._draw(**self._first)

    def _follow(self, _: object) -> None:
        self.picture.showing(self._draw(**self.values))

    def _ipython_display_(self) -> None:
        figure, alt, _ = self.still()
        if not interactive():
            show(figure, alt)
            return
        show_live(self.view)
        show_still(figure, alt)


def sliders(**ranges: tuple[str, float, float, float]) -> dict[str, ipywidgets.Widget]:
    """Sliders by name, each from (description, lowest, highest, step); whole numbers stay whole."""
    import ipywidgets

    made = {}
    for name, (description, low, high, step) in ranges.items():
        kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
        made[name] = kind(description=description, min=low, max=high, step=step)
    return made


def show_live(view: ipywidgets.Widget) -> None:
    """Display a widget of class medseg-live; `show_still` must follow in the same cell."""
    from IPython.display import display

    # A reader that knows no widgets gets nothing here, as the still picture follows.
    data = {**view._repr_mimebundle_(), "text/html": "<span></span>", "text/plain": ""}
    display(data, raw=True)


def show_still(
    figure: Figure, alt: str, *, display_id: str | None = None, update: bool = False
) -> None:
    """Display the picture that stands in for the widget before it, where that is not alive."""
    from IPython.display import display

    data, metadata = mime_bundle(figure, alt)
    data["text/html"] = f'{_STYLE}<div class="medseg-still">{data["text/html"]}</div>'
    display(data, metadata=metadata, raw=True, display_id=display_id, update=update)


def show_words(words: str, *, display_id: str) -> None:
    """As `show_still`, where there is nothing yet to be seen."""
    from IPython.display import display

    page = f'{_STYLE}<div class="medseg-still">{html.escape(words)}</div>'
    display({"text/html": page, "text/plain": words}, raw=True, display_id=display_id)
