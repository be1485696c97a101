"""The card at the end of each notebook: which of your exercises pass their check, and what next."""

import html
from collections.abc import Mapping
from typing import Any

from medseg import checks
from medseg.checks.exercises import unit_data
from medseg.errors import InputError
from medseg.palette import BLUE, GREY, VERMILION
from medseg.runtime import graded, in_notebook
from medseg.units import find_unit, notebook_name, unit_names
from medseg.units.handed_out import HandedOut, handed_out

NOT_RUN = "not run"
# The words carry the meaning; the colours only repeat it.
COLOURS = {
    checks.RIGHT: BLUE,
    checks.NOT_ATTEMPTED: GREY,
    checks.RAISED: VERMILION,
    checks.WRONG: VERMILION,
    NOT_RUN: GREY,
}
NOTE = (
    "A check tries your code on a few inputs. The tests that give points look further, "
    "so this card counts checks, not points."
)


def where_you_stand(unit: str, namespace: Mapping[str, Any] | None = None) -> None:
    """Show which exercises of `unit` pass their check, judged as they are in memory now.

    `namespace` maps names to your functions; left out, it is that of the notebook. While the
    notebook is graded or validated, nothing is run and nothing shown.
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
    return "\n".join([_heading(release, outcomes), *rows, _next(release, outcomes), NOTE])


def as_html(release: HandedOut, outcomes: Mapping[str, str]) -> str:
    """The card as HTML that takes text and background from the page, light or dark."""
    left = "text-align: left; padding: 0.25em 1.2em 0.25em 0.6em; background: transparent;"
    rows = "".join(
        f'<tr><th scope="row" style="{left} font-weight: normal; '
        f'border-left: 0.4em solid {COLOURS[outcome]};"><code>{name}</code></th>'
        f'<td style="{left} font-weight: {"bold" if outcome == checks.RIGHT else "normal"};">'
        f'{outcome}</td><td style="{left}">{_worth(release, name)}</td></tr>'
        for name, outcome in outcomes.items()
    )
    head = "".join(
        f'<th scope="col" style="{left} font-weight: bold;">{title}</th>'
        for title in ("exercise", "check", "in the grading")
    )
    caption = "text-align: left; font-weight: bold; padding: 0.3em 0; color: inherit;"
    return (
        '<div style="border: 1px solid #888888; border-radius: 4px; padding: 0.6em 1em; '
        'max-width: 46em;">'
        '<table style="margin: 0; border-collapse: collapse; table-layout: auto;">'
        f'<caption style="{caption} caption-side: top; white-space: nowrap;">'
        f"{html.escape(_heading(release, outcomes))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p style="margin: 0.7em 0 0.4em 0;">{_next(release, outcomes, as_page=True)}</p>'
        f'<p style="margin: 0; font-size: 90%;">{html.escape(NOTE)}</p></div>'
    )


def _heading(release: HandedOut, outcomes: Mapping[str, str]) -> str:
    right = sum(outcome == checks.RIGHT for outcome in outcomes.values())
    return f"{release.title}: {right} of {len(outcomes)} checks pass"


def _worth(release: HandedOut, exercise: str) -> str:
    points = release.points[exercise]
    return f"worth {points:g} point{'' if points == 1 else 's'}"


def _next(release: HandedOut, outcomes: Mapping[str, str], as_page: bool = False) -> str:
    """One or two sentences: what to do now."""

    def code(text: str) -> str:
        return f"<code>{html.escape(text, quote=False)}</code>" if as_page else text

    open_ones = {name: outcome for name, outcome in outcomes.items() if outcome != checks.RIGHT}
    for name, outcome in open_ones.items():
        if outcome == checks.NOT_ATTEMPTED:
            return f"Next: write {code(name)}, then run its check."
        if outcome == NOT_RUN:
            return f"Next: run the cell of {code(name)}, then this one again."
        help_call = code(f'hint("{release.unit}.{name}")')
        return f"Next: {code(name)}. Its check says what is wrong, and {help_call} helps further."
    path = f"notebooks/{release.unit}/{notebook_name(release.unit)}"
    hand_in = (
        "Next: save the notebook; in a terminal in the course's folder, "
        f"{code(f'medseg submit-check {path}')} says whether it is ready to hand in."
    )
    later = [unit for unit in unit_names() if unit > release.unit]
    if not later:
        return f"{hand_in} This was the last unit."
    title = handed_out(later[0]).title
    if as_page:
        link = f"../{later[0]}/{notebook_name(later[0])}"
        title = f'<a href="{link}">{html.escape(title)}</a>'
    return f"{hand_in} Then go on with {title}."
