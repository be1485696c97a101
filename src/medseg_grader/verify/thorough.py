"""Do the tests see every small change of a solution, and does `check` see what the tests see?

`medseg verify --thorough` makes mutants of each solution (`verify.mutants`) and judges each by the
exercise's test cells and by `check`. A mutant that keeps all points is mended by a better test, or
explained in `solutions/NN/equivalents.py`; one that loses points and is right for `check` wants
another probe.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from tqdm import tqdm

from medseg import checks
from medseg_grader.course.answers import answer_of
from medseg_grader.course.forks import forked_pool
from medseg_grader.course.units import Unit, load_unit
from medseg_grader.verify.in_process import environment, lost, score
from medseg_grader.verify.mutants import Mutant, mutants
from medseg_grader.verify.soundness import warm_up

# Of one test cell, and of one probe: a mutant may never end.
SECONDS = 30


@dataclass(frozen=True)
class Judged:
    """What became of one mutant: whether it lost points, and whether `check` calls it right."""

    mutant: Mutant
    refused: bool
    praised: bool


@dataclass
class Survey:
    """The mutants of one unit.

    Attributes:
        made: how many.
        refused: lost points.
        explained: kept them, as `equivalents.py` says they may.
        survivors: kept them and are not explained.
        praised: lost points and are right for `check`.
        stale: what `equivalents.py` explains, but is refused or not made any more.
    """

    unit: str
    made: int = 0
    refused: int = 0
    explained: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    praised: list[Mutant] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of the mutants that change something, those that lost points."""
        return self.refused / max(1, self.made - self.explained)

    @property
    def sound(self) -> bool:
        """Whether nothing is left to be mended or explained."""
        return not (self.survivors or self.praised or self.stale)


def survey(names: Iterable[str], exercises: Iterable[str] = ()) -> list[Survey]:
    """The mutants of each unit; of some exercises only where they are named."""
    found = []
    with environment(CUDA_VISIBLE_DEVICES=""):
        for name in names:
            unit = load_unit(name)
            warm_up(unit)
            chosen = [e for e in unit.exercises if not exercises or e in set(exercises)]
            made = [m for e in chosen for m in mutants(e, unit.solution_cell(e).source)]
            with forked_pool(tasks_per_child=1) as pool:
                judged = pool.imap(partial(judge, unit), made)
                bar = tqdm(judged, f"mutants of {name}", len(made), file=sys.stdout, leave=False)
                found.append(_counted(unit, chosen, list(bar)))
    return found


def judge(unit: Unit, mutant: Mutant) -> Judged:
    """One mutant, by its exercise's test cells until one refuses it, and by `check`."""
    try:
        answer = answer_of(unit, mutant.exercise, mutant.source)
    except Exception:  # the cell itself does not run, so no test of it can pass
        return Judged(mutant, refused=True, praised=False)
    replaced = {mutant.exercise: mutant.source}
    refused = bool(lost(score(unit, replaced, only_own=True, seconds=SECONDS)))
    verdict = checks.examine(f"{unit.name}.{mutant.exercise}", answer, SECONDS)
    return Judged(mutant, refused, refused and verdict.outcome == checks.RIGHT)


def _counted(unit: Unit, exercises: Iterable[str], judged: list[Judged]) -> Survey:
    explained = [e for e in unit.equivalents if e.exercise in set(exercises)]
    result = Survey(unit.name, made=len(judged))
    used = set()
    for one in judged:
        why = next((e for e in explained if e.covers(one.mutant.exercise, one.mutant.change)), None)
        if one.refused:
            result.refused += 1
        elif why is not None:
            result.explained += 1
            used.add(why)
        else:
            result.survivors.append(one.mutant)
        if one.praised:
            result.praised.append(one.mutant)
    result.stale = [f"{e.exercise}: {e.change}" for e in explained if e not in used]
    return result


def report(surveys: list[Survey]) -> str:
    """The surveys as a table, with what is left to be mended below it."""
    titles = ("made", "refused", "explained", "survivors", "right for check", "share")
    lines = [f"{'unit':<24}" + "".join(f"{title:>{len(title) + 2}}" for title in titles)]
    for one in surveys:
        counts = one.made, one.refused, one.explained, len(one.survivors), len(one.praised)
        cells = [str(count) for count in counts] + [f"{one.share:.1%}"]
        pairs = zip(titles, cells, strict=True)
        lines.append(f"{one.unit:<24}" + "".join(f"{c:>{len(t) + 2}}" for t, c in pairs))
    for one in surveys:
        for what, mutants_of in (
            ("keeps all points", one.survivors),
            ("loses points and is right for check", one.praised),
        ):
            for m in mutants_of:
                lines.append(f"{one.unit}.{m.exercise} {what}: {m.change}")
        lines += [f"{one.unit} equivalents.py, no longer true: {text}" for text in one.stale]
    made, refused, explained = (
        sum(getattr(one, name) for one in surveys) for name in ("made", "refused", "explained")
    )
    total = Survey("all", made, refused, explained)
    praised = sum(len(one.praised) for one in surveys)
    lines.append(
        f"{made} mutants, {explained} of them explained as equivalent; {refused} of the others "
        f"refused ({total.share:.1%}), {praised} of these right for check"
    )
    return "\n".join(lines)
