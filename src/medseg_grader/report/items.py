"""Item analysis: how each test cell did over a class, as numbers with a remark in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medseg.errors import InputError
from medseg_grader.records.results import Result

# A correlation over fewer submissions says nothing; below FEW it is a hint, no more.
FEWEST = 3
FEW = 20
WEAK = 0.2
HARD = 0.25


@dataclass(frozen=True)
class Item:
    """One test cell over all submissions of a unit.

    Attributes:
        name: its grade_id.
        title: in words.
        exercise: what it tests.
        most: its points.
        passed: the share of submissions with all its points, from 0 to 1.
        share: the mean share of its points, from 0 to 1.
        discrimination: the correlation of its points with the points in all *other* cells of the
            unit (the corrected item-total correlation; for a cell that is passed or not, the
            point-biserial one); None where it is not defined.
        remark: a sentence on what stands out, or why there is no correlation.
    """

    name: str
    title: str
    exercise: str
    most: float
    passed: float
    share: float
    discrimination: float | None
    remark: str


def points_table(results: Sequence[Result]) -> tuple[list[str], np.ndarray]:
    """Names of the test cells, and the points as an array (submissions, cells).

    The cells are those of the newest tests: a result that has other ones is an error, as it would
    have been graded anew. Raises InputError.
    """
    names = [cell.grade_id for cell in results[0].cells]
    for result in results:
        if [cell.grade_id for cell in result.cells] != names:
            raise InputError(
                f"{result.student}'s submission of {result.unit} was graded with other tests than "
                f"{results[0].student}'s: grade the unit again, then write the report."
            )
    points = [[cell.points for cell in result.cells] for result in results]
    return names, np.array(points, float).reshape(len(results), len(names))


def analyse(results: Sequence[Result], titles: Mapping[str, str] | None = None) -> list[Item]:
    """One item for each test cell of a unit, in order; `results` are all of that unit.

    `titles` has the cells in words, by grade_id.
    """
    titles = titles or {}
    if not results:
        return []
    names, points = points_table(results)
    cells = results[0].cells
    items = []
    for column, name in enumerate(names):
        most = cells[column].max_points
        own = points[:, column]
        value, remark = discrimination(own, points.sum(1) - own)
        passed = float((own >= most).mean())
        if value is not None and not remark and passed < HARD:
            remark = "Few pass it: it may be hard, or its text unclear."
        share = float(own.mean() / most) if most else 1.0
        exercise = cells[column].exercise
        title = titles.get(name, name)
        items.append(Item(name, title, exercise, most, passed, share, value, remark))
    return items


def discrimination(own: np.ndarray, rest: np.ndarray) -> tuple[float | None, str]:
    """The correlation of an item's points with all others', and a remark on it."""
    if len(own) < FEWEST:
        return None, f"Too few submissions for a correlation: {len(own)}, at least {FEWEST} needed."
    if np.ptp(own) == 0:
        return None, "Everybody has the same points here, so there is no correlation."
    if np.ptp(rest) == 0:
        return None, "Everybody has the same points in the other tests: no correlation."
    value = float(np.corrcoef(own, rest)[0, 1])
    if value < 0:
        return value, "Submissions that are better otherwise pass it less often: look at the test."
    if value < WEAK:
        return value, "It hardly tells strong submissions from weak ones."
    return value, ""


def seconds_by_exercise(results: Sequence[Result]) -> dict[str, np.ndarray]:
    """How long the tests of each exercise ran, in seconds, one number a submission."""
    names = dict.fromkeys(cell.exercise for result in results for cell in result.cells)
    return {
        name: np.array(
            [sum(c.seconds for c in result.cells if c.exercise == name) for result in results]
        )
        for name in names
    }
