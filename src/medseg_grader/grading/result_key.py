"""When graded work must be done again: a key over all that a result depends on."""

import hashlib
import json
import platform
import sys
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import medseg
import medseg_grader
from medseg_grader.course.template import Template
from medseg_grader.grading.collect import Submission
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import Policy


def result_key(
    submission: Submission,
    template: Template,
    limits: Limits,
    policy: Policy | None,
    environment: str,
) -> str:
    """SHA-256 over the submission's bytes, the unit's tests, limits and environment.

    `environment` is what `environment_digest` gives on the machine that grades.
    """
    digest = hashlib.sha256()
    parts = {
        "student": submission.student,
        "tests": template.digest,
        "environment": environment,
        "limits": asdict(limits),
        "policy": asdict(policy) if policy else None,
        "findings": submission.findings,
    }
    digest.update(json.dumps(parts, sort_keys=True).encode())
    if submission.notebook is not None:
        try:
            for chunk in submission.notebook.chunks():
                digest.update(chunk)
        except OSError as error:
            digest.update(f"unreadable: {error}".encode())
    return digest.hexdigest()


@lru_cache
def environment_digest() -> str:
    """SHA-256 over Python, all installed distributions, this course's code and the devices."""
    # the name of such a folder holds the distribution's name and version
    installed = {path.name for folder in sys.path for path in Path(folder).glob("*.dist-info")}
    parts = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "installed": sorted(installed),
        "code": [_digest_of_package(Path(package.__path__[0])) for package in _PACKAGES],
        "devices": _devices(),
    }
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


_PACKAGES = (medseg, medseg_grader)


def _digest_of_package(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("hints/*.jsonl")]):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _devices() -> list[str]:
    """NVIDIA's models, as its driver names them; empty on a machine without."""
    information = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    return [line for path in information for line in path.read_text().splitlines()[:1]]
