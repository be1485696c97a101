"""What is proven of one answer to an exercise: by the unit's test cells, and by `check`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medseg import checks
from medseg.units.labels import grade_id, is_solution
from medseg_grader.authoring import Alternative, Slip
from medseg_grader.course.answers import answer_of, solution_of, sources
from medseg_grader.course.units import Unit
from medseg_grader.verify.in_process import Score, lost, score

_LONGEST = 200


@dataclass
class Proof:
    """Whether an answer scores as it should, whether `check` says of it what it should, faults."""

    scored: bool = True
    told: bool = True
    faults: list[str] = field(default_factory=list)


def prove_mistake(unit: Unit, job: tuple[str, str]) -> Proof:
    """A named mistake of an exercise loses points there, nowhere else, and earns its own hint."""
    exercise, mistake = job
    wrong = {
        grade_id(cell): source
        for cell, source in sources(unit, exercise, mistake)
        if is_solution(cell) and grade_id(cell) == exercise
    }
    scores = score(unit, wrong, skip_slow_of_others=True, until_lost=True)
    verdict = checks.examine(f"{unit.name}.{exercise}", solution_of(unit, exercise, mistake))
    accused = verdict.mistake if verdict.outcome in {checks.WRONG, checks.RAISED} else None
    return judge_mistake(unit, exercise, mistake, scores, accused)


def judge_mistake(
    unit: Unit, exercise: str, mistake: str, scores: Mapping[str, Score], accused: str | None
) -> Proof:
    """What follows from the scores with a mistake made, and from the mistake that check names."""
    proof = Proof()
    by_exercise: dict[str, list[Score]] = {}
    for cell in unit.graded_cells():
        if grade_id(cell) in scores:
            by_exercise.setdefault(unit.exercise_of(cell), []).append(scores[grade_id(cell)])
    if not any(s.reached < s.points for s in by_exercise.get(exercise, [])):
        proof.scored = False
        proof.faults.append(f"{exercise}: the mistake {mistake} keeps all points")
    dependants = {e.name for e in unit.exercises.values() if exercise in _all_uses(unit, e.name)}
    for other, cells in by_exercise.items():
        reasons = [s.reason for s in cells if s.reached < s.points]
        if other != exercise and other not in dependants and reasons:
            proof.faults.append(
                f"{exercise}: the mistake {mistake} loses points in {other} too: {reasons[0]}"
            )
    if accused != mistake:
        proof.told = False
        instead = f"that of {accused}" if accused else "none"
        proof.faults.append(f"{exercise}: the mistake {mistake} gets the wrong hint: {instead}")
    return proof


def prove_alternative(unit: Unit, alternative: Alternative) -> Proof:
    """A right answer written otherwise keeps all points of the unit, and check calls it right."""
    proof, exercise = Proof(), alternative.exercise
    named = f"{exercise}: the alternative {alternative.name!r}"
    missing = lost(score(unit, {exercise: alternative.source}, skip_slow_of_others=True))
    proof.scored = not missing
    proof.faults += [f"{named} loses points in {cell}: {why}" for cell, why in missing.items()]
    answer = answer_of(unit, exercise, alternative.source)
    verdict = checks.examine(f"{unit.name}.{exercise}", answer)
    if verdict.outcome != checks.RIGHT:
        proof.told = False
        proof.faults.append(f"{named} is {verdict.outcome} for check: {_short(verdict.message)}")
    return proof


def prove_slip(unit: Unit, slip: Slip) -> Proof:
    """A wrong answer as students write it loses points; check names the mistake, or none, and says
    what is wrong."""
    proof, exercise = Proof(), slip.exercise
    named = f"{exercise}: the slip that should be {slip.mistake or 'told in numbers'}"
    if slip.what:
        named += f" ({slip.what})"
    proof.scored = bool(lost(score(unit, {exercise: slip.source}, only_own=True)))
    answer = answer_of(unit, exercise, slip.source)
    verdict = checks.examine(f"{unit.name}.{exercise}", answer)
    told, hint = checks.parted(verdict.message)
    hints = {"": ""} | {m.name: m.hint for m in unit.exercises[exercise].mistakes}
    faults = []
    if verdict.outcome == checks.RIGHT:
        faults.append(f"{named} is right for check")
    elif (verdict.mistake or "") != slip.mistake:
        instead = verdict.mistake or f"no mistake, but {verdict.outcome}"
        faults.append(f"{named} is {instead} for check: {_short(told)}")
    elif hint != hints[slip.mistake]:
        faults.append(f"{named} gets another hint: {_short(hint)}")
    if slip.says not in told:
        faults.append(f"{named}: check should say {slip.says!r}, and says: {_short(told)}")
    proof.told = not faults
    proof.faults = [*([] if proof.scored else [f"{named} keeps all points"]), *faults]
    return proof


def _all_uses(unit: Unit, name: str) -> set[str]:
    found: set[str] = set()
    todo = list(unit.exercises[name].uses)
    while todo:
        used = todo.pop()
        if used not in found:
            found.add(used)
            todo += unit.exercises[used].uses
    return found


def _short(text: str) -> str:
    """One line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
