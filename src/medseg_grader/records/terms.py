"""Terms: a finished one is put away, and an empty one begins.

Everything of the current term lies in `grading/`; finished ones lie in `grading/terms/NAME/`, laid
out in the same way.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from medseg.errors import InputError
from medseg.files import write_text
from medseg_grader.records.copies import GRADEBOOK, copy_gradebook, empty_gradebook
from medseg_grader.records.database import exists, sqlite_file
from medseg_grader.records.results import RESULTS

GRADING = Path("grading")
TERMS, NAME = GRADING / "terms", GRADING / "term.txt"
_UNFINISHED = ".unfinished"
# what stays where it is when a term is put away; a log may be open
_KEPT = {TERMS.name, NAME.name, "copies", ".grade.lock", "grade.log"}
_LONGEST = 60


@dataclass(frozen=True)
class Term:
    """A term and what has been graded in it; the current one may have no name."""

    name: str
    folder: Path
    units: tuple[str, ...]
    students: int
    submissions: int


def current_term(root: Path = Path()) -> Term:
    """The term that is going on."""
    path = root / NAME
    name = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return _term(name, root / GRADING)


def finished_terms(root: Path = Path()) -> list[Term]:
    """The terms that were put away, by name."""
    folders = sorted(p for p in (root / TERMS).glob("*") if p.is_dir() and p.name != _UNFINISHED)
    return [_term(path.name, path) for path in folders]


def _term(name: str, folder: Path) -> Term:
    found = sorted((folder / RESULTS.name).glob("*/*.json"))
    units = tuple(sorted({path.parent.name for path in found}))
    return Term(name, folder, units, len({path.stem for path in found}), len(found))


def new_term(name: str, db_url: str, root: Path = Path()) -> Path | None:
    """Put the current term away and begin an empty one, called `name`.

    Gives the folder of the one that was put away, None where there was nothing in it. Where it is
    stopped in between, the same call goes on. Call it while no other run is at work.

    Args:
        name: of the term that begins. One that ends without a name is called after the day.
        db_url: SQLAlchemy URL of the gradebook. What is no file in `grading` is copied to one, and
            emptied.
        root: the course's folder.

    Raises:
        InputError: there can be no term of that name, or there is one.
        GradebookError: the gradebook cannot be read or emptied.
    """
    _check_name(name, root)
    folder, unfinished = root / GRADING, root / TERMS / _UNFINISHED
    inside = [path for path in folder.glob("*") if path.name not in _KEPT]
    book = sqlite_file(db_url)
    elsewhere = exists(db_url) and (book is None or book.resolve().parent != folder.resolve())
    done = None
    if inside or elsewhere or unfinished.is_dir():
        unfinished.mkdir(parents=True, exist_ok=True)
        if elsewhere and not (unfinished / GRADEBOOK).exists():
            copy_gradebook(db_url, unfinished / f"{GRADEBOOK}.part")
            (unfinished / f"{GRADEBOOK}.part").rename(unfinished / GRADEBOOK)
        if elsewhere:
            empty_gradebook(db_url)
        for path in inside:
            path.rename(unfinished / path.name)
        today = f"{datetime.now():%Y-%m-%d}"
        done = free_path(root / TERMS, current_term(root).name or f"until {today}")
        unfinished.rename(done)
    folder.mkdir(exist_ok=True)
    write_text(root / NAME, f"{name}\n")
    return done


def _check_name(name: str, root: Path) -> None:
    fits = all(c.isalnum() or c in " -_." for c in name) and name == name.strip(" .")
    if not name or not fits or len(name) > _LONGEST:
        raise InputError(
            f"A term cannot be called {name!r}: expected at most {_LONGEST} letters, digits, "
            f"spaces, and - _ . within, as '2027 summer'."
        )
    taken = [term.name for term in (*finished_terms(root), current_term(root)) if term.name]
    if name.casefold() in {one.casefold() for one in taken}:
        raise InputError(f"There is a term called {name!r} already; there are: {', '.join(taken)}.")


def free_path(folder: Path, name: str) -> Path:
    """A path of that name in a folder, with a number behind it where there is one."""
    path, number = folder / name, 2
    while path.exists():
        path, number = folder / f"{name} ({number})", number + 1
    return path
