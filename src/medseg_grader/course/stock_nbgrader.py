"""nbgrader's API on this course, or on a scratch copy of it in another folder."""

import logging
import os
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from medseg.errors import InputError
from medseg_grader.course.notebooks import write_solution_notebook
from medseg_grader.course.units import load_unit

CONFIG_FILE = Path("nbgrader_config.py")
_OWN_DATABASE = "sqlite:///grading/"


def nbgrader_api(root: Path = Path()) -> NbGraderAPI:
    """nbgrader's API with the course's own configuration and `root` as course folder.

    The current folder must be the course's repository, else InputError.
    """
    config = nbgrader_config()
    _put_own_programs_on_path()
    root = root.resolve()
    config.CourseDirectory.root = str(root)
    if config.CourseDirectory.db_url.startswith(_OWN_DATABASE):
        name = config.CourseDirectory.db_url.removeprefix(_OWN_DATABASE)
        config.CourseDirectory.db_url = f"sqlite:///{root.as_posix()}/grading/{name}"
    (root / "grading").mkdir(parents=True, exist_ok=True)
    return NbGraderAPI(config=config)


def nbgrader_config() -> Config:
    """The course's own configuration of nbgrader, from the current folder; else InputError."""
    if not CONFIG_FILE.is_file():
        raise InputError(
            f"There is no {CONFIG_FILE} in {Path.cwd()}: "
            "run this command in the root of the course's repository."
        )
    return Config(PyFileConfigLoader(str(CONFIG_FILE.resolve())).load_config())


def _put_own_programs_on_path() -> None:
    """nbgrader starts `alembic` by its bare name, also where no environment was activated."""
    scripts = sysconfig.get_path("scripts")
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if folders[0] != scripts:
        os.environ["PATH"] = os.pathsep.join([scripts, *folders])


def scratch_course(root: Path, units: Iterable[str]) -> NbGraderAPI:
    """A course of its own in `root` with the given units released, for demos and proofs.

    Each is built from its script. Nothing is shared with the instructor's gradebook.
    """
    for unit in units:
        write_solution_notebook(load_unit(unit), root)
    api = nbgrader_api(root)
    for unit in units:
        run(api, "generate_assignment", unit, force=True)
    return api


def run(api: NbGraderAPI, step: str, *args: object, **options: object) -> None:
    """One step of nbgrader (`generate_assignment`, `autograde`, …) without its chatter.

    Raises InputError with nbgrader's own log if the step fails.
    """
    with quiet_log() as lines, warnings.catch_warnings():
        # nbgrader's gradebook reads its objects before it adds them, which SQLAlchemy remarks on.
        warnings.simplefilter("ignore", SAWarning)
        result = getattr(api, step)(*args, **options)
    if not result["success"]:
        log = "\n".join([*lines, result.get("log") or "", result.get("error") or ""])
        raise InputError(f"nbgrader {step} {' '.join(map(str, args))} failed:\n{log}")


@contextmanager
def quiet_log() -> Iterator[list[str]]:
    """Collect what nbgrader logs instead of printing it."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("traitlets")
    propagate, kept = logger.propagate, logger.handlers[:]
    logger.handlers = [handler]
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.handlers, logger.propagate = kept, propagate
