"""The card at the end of each notebook: which of your exercises pass their check, and what next."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medseg import checks, palette
from medseg.checks.exercises import unit_data
from medseg.errors import InputError
from medseg.runtime import graded, in_notebook
from medseg.units import find_unit, notebook_name, unit_names
from medseg.units.handed_out import HandedOut, handed_out

if TYPE_CHECKING:
    import jinja2

NOT_RUN = "not run"
# The words carry the meaning; the colours only repeat it.
COLOURS = {
    checks.RIGHT: palette.BLUE,
    checks.NOT_ATTEMPTED: palette.GREY,
    checks.RAISED: palette.VERMILION,
    checks.WRONG: palette.VERMILION,
    NOT_RUN: palette.GREY,
}
NOTE = (
    "A check tries your code on a few inputs. The tests that give points look further, "
    "so this card counts checks, not points."
)


def _program() -> str:
    """How to call `medseg` in the course's folder, also where no environment is active."""
    program = Path(sys.executable).with_name("medseg")
    course = Path.cwd().parent.parent
    return str(program.relative_to(course)) if program.is_relative_to(course) else "medseg"


class Part(NamedTuple):
    """A piece of a sentence: plain words, something to type, or a link."""

    text: str
    code: bool = False
    href: str = ""


def where_you_stand(unit: str, namespace: Mapping[str, Any] | None = None) -> None:
    """Show which exercises of `unit` pass their check, judged as they are in memory now.

    `namespace` maps names to your functions; left out, it is that of the notebook. While the
    notebook is graded or validated, nothing is run and nothing shown.

    >>> from medseg import where_you_stand
    >>> where_you_stand("04_iou", {"dice_from_iou": lambda iou: 2 * iou / (1 + iou)})
    Unit 4: Intersection over union: 1 of 6 checks pass
      not run       confusion_matrix  worth 3 points
      ...
      right         dice_from_iou     worth 1 point
      ...
    Next: run the cell of confusion_matrix, then this one again. ...
    """
    if graded():
        return
    try:
        release = handed_out(find_unit(unit))
    except InputError as error:
        print(error)
        return
    if namespace is None:
        namespace = _of_the_notebook()
    outcomes = judge(release.unit, namespace)
    text = as_text(release, outcomes)
    if in_notebook():
        from IPython.display import display

        display({"text/html": as_html(release, outcomes), "text/plain": text}, raw=True)
    else:
        print(text)


def _of_the_notebook() -> Mapping[str, Any]:
    if not in_notebook():
        return {}
    from IPython import get_ipython

    return get_ipython().user_ns


def judge(unit: str, namespace: Mapping[str, Any]) -> dict[str, str]:
    """{exercise: outcome of its check}; what a student's code prints or draws is dropped."""
    from IPython.utils.capture import capture_output

    outcomes = {}
    for exercise in unit_data(unit):
        if exercise not in namespace:
            outcomes[exercise] = NOT_RUN
            continue
        try:
            with capture_output():
                outcomes[exercise] = checks.examine(
                    f"{unit}.{exercise}", namespace[exercise]
                ).outcome
        except TypeError:  # the name holds something that cannot be called
            outcomes[exercise] = checks.WRONG
    return outcomes


def as_text(release: HandedOut, outcomes: Mapping[str, str]) -> str:
    """The card in plain text."""
    width = max(map(len, outcomes))
    rows = [
        f"  {outcome:<14}{name:<{width}}  {_worth(release, name)}"
        for name, outcome in outcomes.items()
    ]
    sentences = "".join(part.text for part in _next(release, outcomes))
    return "\n".join([_heading(release, outcomes), *rows, sentences, NOTE])


def as_html(release: HandedOut, outcomes: Mapping[str, str]) -> str:
    """The card as HTML that takes text and background from the page, light or dark."""
    rows = [
        {
            "exercise": name,
            "outcome": outcome,
            "colour": COLOURS[outcome],
            "right": outcome == checks.RIGHT,
            "worth": _worth(release, name),
        }
        for name, outcome in outcomes.items()
    ]
    return _template().render(
        palette=palette,
        heading=_heading(release, outcomes),
        rows=rows,
        next=_next(release, outcomes),
        note=NOTE,
    )


def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("card.html")


def _heading(release: HandedOut, outcomes: Mapping[str, str]) -> str:
    right = sum(outcome == checks.RIGHT for outcome in outcomes.values())
    return f"{release.title}: {right} of {len(outcomes)} checks pass"


def _worth(release: HandedOut, exercise: str) -> str:
    points = release.points[exercise]
    return f"worth {points:g} point{'' if points == 1 else 's'}"


def _next(release: HandedOut, outcomes: Mapping[str, str]) -> list[Part]:
    """One or two sentences: what to do now."""
    open_ones = {name: outcome for name, outcome in outcomes.items() if outcome != checks.RIGHT}
    for name, outcome in open_ones.items():
        exercise = Part(name, code=True)
        if outcome == checks.NOT_ATTEMPTED:
            return [Part("Next: write "), exercise, Part(", then run its check.")]
        if outcome == NOT_RUN:
            rest = Part(", then this one again.")
            return [Part("Next: run the cell of "), exercise, rest]
        return [
            Part("Next: "),
            exercise,
            Part(". Its check says what is wrong, and "),
            Part(f'hint("{release.unit}.{name}")', code=True),
            Part(" helps further."),
        ]
    path = f"notebooks/{release.unit}/{notebook_name(release.unit)}"
    hand_in = [
        Part("Next: save the notebook; in a terminal in the course's folder, "),
        Part(f"{_program()} submit-check {path}", code=True),
        Part(" says whether it is ready to hand in."),
    ]
    later = next((unit for unit in unit_names() if unit > release.unit), None)
    if later is None:
        return [*hand_in, Part(" This was the last unit that was handed out.")]
    link = Part(handed_out(later).title, href=f"../{later}/{notebook_name(later)}")
    return [*hand_in, Part(" Then go on with "), link, Part(".")]
