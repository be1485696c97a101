"""What was done to the labelled cells of a notebook since it was handed out: one comparison."""

from collections.abc import Mapping

from medseg.units import handed_in, handed_out
from medseg.units.handed_out import COMPARED
from medseg.units.remarks import Remark


def changes(
    theirs: handed_in.HandedIn, known: Mapping[str, handed_out.Cell], release: str
) -> list[Remark]:
    """Cells that were copied, deleted, retyped, moved, tests that were edited, labels altered.

    Of several cells with one name the last one counts, and is the one that is compared. What an
    instructor changed between two releases is no student's doing: of a notebook of another release
    it is told that it is one, and what it lacks; its cells are as they should be where they are as
    some release had them.

    Args:
        theirs: what was handed in.
        known: the labelled cells that were handed out, by name, in order.
        release: which release these are, see `medseg.units.handed_out.HandedOut`.
    """
    places: dict[str, list[int]] = {}
    for index, cell in enumerate(theirs.cells):
        if cell.grade_id:
            places.setdefault(cell.grade_id, []).append(index)
    found = [
        Remark("copied", name, tuple(where))
        for name, where in places.items()
        if name in known and len(where) > 1
    ]
    is_other = theirs.release not in {"", release}
    older = False
    for name, where in places.items():
        if name in known:
            cell = theirs.cells[where[-1]]
            own = _of_cell(name, where[-1], cell, known[name])
            excused = theirs.release != release and cell.is_as_released
            older |= bool(own) and excused
            found += [] if excused else own
    lacking = [name for name in known if name not in places]
    if is_other or older:
        found.insert(0, Remark("release", detail=tuple(lacking)))
    if is_other:
        return found
    found += [Remark("missing", name, detail=known[name].is_solution) for name in lacking]
    found += _moved({name: where[-1] for name, where in places.items()}, known)
    unknown = {name: where[0] for name, where in places.items() if name not in known}
    if unknown:
        found.append(Remark("unknown", places=tuple(unknown.values()), detail=tuple(unknown)))
    return found


def _of_cell(name: str, place: int, cell: handed_in.Cell, ours: handed_out.Cell) -> list[Remark]:
    found = []
    if cell.type != ours.type:
        found.append(Remark("retyped", name, (place,), cell.type))
    if not ours.is_solution and not ours.holds(cell.source):
        found.append(Remark("edited", name, (place,)))
    claims = {
        key: cell.label.get(key) for key in COMPARED if cell.label.get(key) != ours.label.get(key)
    }
    if claims:
        found.append(Remark("relabelled", name, (place,), claims))
    return found


def _moved(places: Mapping[str, int], known: Mapping[str, handed_out.Cell]) -> list[Remark]:
    """The first cell that stands before one that it should stand behind."""
    order = sorted((name for name in places if name in known), key=lambda name: places[name])
    due = [name for name in known if name in places]
    for name, expected in zip(order, due, strict=True):
        if name != expected:
            return [Remark("moved", expected, (places[expected],), name)]
    return []
