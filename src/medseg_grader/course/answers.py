"""The answers of a unit, right or with a named mistake made."""

from collections.abc import Callable
from typing import Any

from medseg.errors import InputError
from medseg.notebook.definitions import run_definitions
from medseg.units.labels import grade_id, is_graded, is_solution
from medseg_grader.course.units import Unit


def solution_of(unit: Unit, exercise: str, mistake: str | None = None) -> Callable:
    """The exercise's function from the unit's script, with one mistake made where one is named."""
    namespace = namespace_of(unit, exercise if mistake else None, mistake)
    if exercise not in namespace:
        made = f" with the mistake {mistake}" if mistake else ""
        raise InputError(f"{unit.name} does not define {exercise}{made}: does its cell run?")
    return namespace[exercise]


def answer_of(unit: Unit, exercise: str, source: str) -> Callable:
    """The exercise's function as another source of its cell defines it, among the unit's others."""
    namespace = namespace_of(unit, None, None)
    run_definitions(source, f"{unit.name} {exercise}", namespace)
    return namespace[exercise]


def namespace_of(unit: Unit, exercise: str | None, mistake: str | None) -> dict[str, Any]:
    """All definitions of the unit's script; only definitions are run, no calculations."""
    namespace: dict[str, Any] = {"__name__": unit.name}
    for index, (cell, source) in enumerate(sources(unit, exercise, mistake)):
        if cell.cell_type == "code" and not is_graded(cell):
            run_definitions(source, f"{unit.name} cell {index + 1}", namespace)
    return namespace


def sources(unit: Unit, exercise: str | None, mistake: str | None) -> list[tuple[Any, str]]:
    """All cells with their source; one exercise's solution cell carries the mistake."""
    result = []
    for cell in unit.cells:
        source = cell.source
        if exercise and mistake and is_solution(cell) and grade_id(cell) == exercise:
            wrong = next(m for m in unit.exercises[exercise].mistakes if m.name == mistake)
            source = wrong.apply(source)
        result.append((cell, source))
    return result
