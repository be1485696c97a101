"""One zip file with all that a student needs, and nothing of ours: `medseg release --zip`.

Its notebooks lie in `handed_out/`, and `medseg start` puts them where students work: a later
bundle, unpacked over the first, so finds nothing of theirs to write over.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from string import Template

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from medseg.errors import InputError
from medseg.files import replacing
from medseg.units import notebook_name
from medseg_grader.course.config import Course, read_course
from medseg_grader.release.handed_out import HANDED_OUT

ROOT_FILES = [
    "pyproject.toml",
    "environment.yml",
    "postBuild",
    "data_download.py",
    "scripts/train.slurm",
    "LICENSE",
    "LICENSE-CONTENT",
]
PACKAGE_FILES = {".py", ".jsonl", ".css", ".js", ".html", ".pt"}
README = Path("docs/student-bundle.md")
VALIDATE_CONFIG = Path("docs/student_nbgrader_config.py")
LOCK = Path("requirements.lock")
# A fixed date, so that the same course gives the same bytes.
DATE = (2020, 1, 1, 0, 0, 0)


def write_bundle(path: Path, units: Sequence[str]) -> Path:
    """Write the students' zip for the given, released units.

    It holds their notebooks and hints and nothing of other units, the package `medseg`, the script
    that fetches data, and a requirements.txt with the exact versions of the course, restricted to
    what a student needs. Raises InputError where a notebook has not been released.
    """
    course = read_course()
    entries = dict(_entries(units, course))
    with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(f"{course.short}/{name}", DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, entries[name])
    return path


def _entries(units: Sequence[str], course: Course) -> Iterator[tuple[str, bytes]]:
    for name in ROOT_FILES:
        yield name, Path(name).read_bytes()
    heads = [_head(unit) for unit in units]
    yield "README.md", _readme(heads, course).encode()
    yield "nbgrader_config.py", VALIDATE_CONFIG.read_bytes()
    yield "requirements.txt", student_requirements().encode()
    for unit in units:
        name = f"{unit}/{notebook_name(unit)}"
        yield f"handed_out/{name}", Path("notebooks", name).read_bytes()
    package = Path("src/medseg")
    for source in sorted(p for p in package.rglob("*") if p.suffix in PACKAGE_FILES):
        if source.suffix != ".jsonl" or source.stem in units:
            yield source.as_posix(), source.read_bytes()


def _head(unit: str) -> dict:
    """What the release noted down of a unit: its name, title, points."""
    noted = HANDED_OUT / f"{unit}.jsonl"
    if not all(p.is_file() for p in (noted, Path("notebooks", unit, notebook_name(unit)))):
        raise InputError(f"Unit {unit} has no notebook yet: run medseg release first.")
    return json.loads(noted.read_text(encoding="utf-8").partition("\n")[0])


def _readme(heads: Sequence[dict], course: Course) -> str:
    """How to begin with these units; examples are of the first of them."""
    rows = [f"- {head['title']} (`notebooks/{head['unit']}`)" for head in heads]
    contact = f"Questions: {course.contact}" if course.contact else ""
    held = " · ".join(part for part in (course.institution, contact) if part)
    return Template(README.read_text(encoding="utf-8")).substitute(
        course=course.name,
        held=f"{held}\n\n" if held else "",
        units="\n".join(rows),
        folder=course.short,
        unit=heads[0]["unit"],
        number=heads[0]["unit"].partition("_")[0],
    )


def student_requirements() -> str:
    """The lines of requirements.lock that the package `medseg` needs, directly or not."""
    pinned: dict[str, str] = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==", line)
        if match:
            pinned[canonicalize_name(match[1])] = line.strip()
    needed: set[tuple[str, str]] = set()
    todo = [("unets-by-hand", "")]
    while todo:
        entry = todo.pop()
        if entry in needed:
            continue
        needed.add(entry)
        for requirement in _requirements(*entry):
            name = canonicalize_name(requirement.name)
            todo += [(name, extra) for extra in ("", *requirement.extras)]
    names = {name for name, _ in needed}
    return "\n".join(pinned[name] for name in sorted(names) if name in pinned) + "\n"


def _requirements(name: str, extra: str) -> list[Requirement]:
    """What an installed distribution asks for, with one of its extras or with none."""
    try:
        found = [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:
        return []
    return [r for r in found if not r.marker or r.marker.evaluate({"extra": extra})]
