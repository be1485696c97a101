"""`medseg doctor`: looks at Python, packages, device, kernel, data, units and write access."""

import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

DISTRIBUTION = "unets-by-hand"
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do where it is not `ok`."""

    subject: str
    ok: bool
    text: str
    remedy: str = ""


def report() -> int:
    """Print one line per finding and a remedy below each bad one; 1 if there was a bad one."""
    findings = list(examine())
    for finding in findings:
        print(f"{'ok ' if finding.ok else 'BAD'}  {finding.subject:<10} {finding.text}")
        if not finding.ok:
            print(f"{'':16}{finding.remedy}")
    bad = sum(not finding.ok for finding in findings)
    print(f"\n{len(findings) - bad} fine, {bad} to mend")
    return int(bad > 0)


def examine() -> Iterator[Finding]:
    """All findings; one look that fails does not stop the others."""
    looks: list[tuple[str, Callable[[], Finding]]] = [
        ("python", python),
        ("packages", packages),
        ("device", device),
        ("kernel", kernel),
        ("data", data),
        ("units", units),
        ("writing", writing),
        ("sandbox", sandbox),
    ]
    for subject, look in looks:
        try:
            yield look()
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            yield Finding(subject, False, text, "Install the course again, in a new environment.")


def python(found: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The interpreter's version."""
    text = f"{'.'.join(map(str, found))} at {sys.executable}"
    remedy = f"The course needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or later."
    return Finding("python", found >= OLDEST_PYTHON, text, remedy)


def packages() -> Finding:
    """Whether every package is there in a version that the course allows."""
    from packaging.requirements import Requirement

    missing, wrong, count = [], [], 0
    for requirement in map(Requirement, requires(DISTRIBUTION) or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            missing.append(requirement.name)
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} (needs {requirement.specifier})")
    trouble = [f"missing: {', '.join(missing)}"] if missing else []
    trouble += [f"too old or new: {', '.join(wrong)}"] if wrong else []
    text = "; ".join(trouble) or f"all {count} are there"
    remedy = "Run the installation again: `make lab`, or pip as the README says."
    return Finding("packages", not trouble, text, remedy)


def device() -> Finding:
    """Where calculations will run; a CPU is enough for the whole course."""
    import torch

    if torch.cuda.is_available():
        return Finding("device", True, f"CUDA: {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Finding("device", True, "MPS: Apple GPU")
    threads = torch.get_num_threads()
    return Finding("device", True, f"CPU, {threads} threads; enough for every unit")


def kernel() -> Finding:
    """Whether Jupyter's kernel `python3` is this very Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = "Run `python -m ipykernel install --sys-prefix` with the course's Python."
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("kernel", False, "there is no kernel called python3", remedy)
    # jupyter_client puts its own interpreter in the place of a bare `python`.
    starts = sys.executable if command in {"python", "python3"} else command
    same = Path(starts).absolute() == Path(sys.executable).absolute()
    return Finding("kernel", same, f"python3 starts {starts}", remedy)


def data() -> Finding:
    """Whether the embedded phantom can be made."""
    from medseg import phantom

    image, label = phantom.volumes(0)
    zones = sorted({int(value) for value in label.array.flat} - {0})
    text = f"a phantom of {image.shape} voxels with zones {zones}"
    return Finding("data", bool(label.array.any()), text, "Install the course again.")


def units() -> Finding:
    """Whether the package knows what was handed out in the current folder."""
    from medseg.notebook.start import not_installed
    from medseg.units import unit_names

    sentence = not_installed()
    return Finding("units", not sentence, f"knows {', '.join(unit_names())}", sentence)


def writing() -> Finding:
    """Whether notebooks and results can be saved here."""
    remedy = "Copy the course to a folder of your own and start there."
    try:
        with tempfile.TemporaryFile(dir="."):
            pass
    except OSError as error:
        return Finding("writing", False, f"{Path.cwd()}: {error.strerror}", remedy)
    return Finding("writing", True, f"{Path.cwd()} can be written to")


def sandbox() -> Finding:
    """Only instructors need one, so that a missing sandbox is no fault."""
    import shutil

    found = shutil.which("bwrap")
    text = f"bubblewrap at {found}" if found else f"none on this {platform.system()} (grading only)"
    return Finding("sandbox", True, text)
