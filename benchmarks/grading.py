"""How fast a class is graded: `medseg grade` against stock `nbgrader autograde`, and by itself.

`python benchmarks/grading.py class [--students 12] [--solved 4]` grades the same submissions of
units 04 to 06 by both, first as they were handed out, where starting kernels is nearly all, then
solved, where the students' own calculations are; it prints seconds, ratios, and what remains
beyond the cells' own run time.

`python benchmarks/grading.py line [--sizes 10 100 1000]` grades classes of tiny submissions and
prints seconds against a straight line, the memory of the grader's own process, the time to record
one submission, and the seconds of the report on all, which the line does not hold.

`python benchmarks/grading.py start [--repeats 20]` times the sandbox and a warm kernel in it.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import nbformat
import numpy as np
from jupyter_client.manager import AsyncKernelManager
from tqdm import tqdm

from medseg.units import notebook_name
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.stock_nbgrader import run, scratch_course
from medseg_grader.course.units import find_unit, load_unit
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.grading.workers import worker_pool
from medseg_grader.records import gradebook
from medseg_grader.report.write import report_on_course
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.fork_servers import shared_fork_server
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT
from medseg_grader.sandbox.provisioner import SandboxProvisioner

ROOT = Path(__file__).parents[1]
NUMBERS = ("04", "05", "06")
sys.path.append(str(ROOT / "tests"))


def compare_class(untouched: int, solved: int) -> None:
    """Both graders on the same class, as handed out and solved."""
    header = f"{'class':<22}{'submissions':>12}{'stock s':>9}{'ours s':>8}{'ratio':>7}"
    lines = [f"{header}{'own s':>8}{'beyond':>8}"]
    for what, students in (("as handed out", untouched), ("solved", solved)):
        if students:
            lines.append(_compare(what, students))
    cores = len(os.sched_getaffinity(0))
    print("\n".join(lines))
    print(
        f"stock: nbgrader autograde, one at a time. ours: medseg grade in the sandbox, {cores} at "
        "a time, gradebook included. own: what the cells themselves took, divided by the cores. "
        "beyond: the share of our time that is not the cells' own."
    )


def _compare(what: str, students: int) -> str:
    units = [find_unit(number) for number in NUMBERS]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        api = scratch_course(root, units)
        submitted = root / "grading/submitted"
        for unit in units:
            released = root / "notebooks" / unit / notebook_name(unit)
            notebook = nbformat.read(released, as_version=4)
            if what == "solved":
                notebook = solution_notebook(load_unit(unit))
            for number in range(students):
                target = submitted / f"student_{number:02d}" / unit / notebook_name(unit)
                target.parent.mkdir(parents=True)
                nbformat.write(notebook, target)
        begin = time.monotonic()
        for student in tqdm(sorted(path.name for path in submitted.iterdir()), f"stock, {what}"):
            for unit in units:
                run(api, "autograde", unit, student, force=True, create=True)
        stock = time.monotonic() - begin
        shutil.rmtree(root / "grading/autograded")
        ours, own, _ = _graded(root / "ours", submitted, units)
    cores = len(os.sched_getaffinity(0))
    own /= cores
    row = f"{what:<22}{students * len(units):>12}{stock:>9.1f}{ours:>8.1f}{stock / ours:>7.1f}"
    return f"{row}{own:>8.1f}{1 - own / ours:>8.0%}"


def _graded(root: Path, submitted: Path, units: list[str]) -> tuple[float, float, list[float]]:
    """Seconds in all, seconds of all cells together, and those of each record step."""
    recorded: list[float] = []
    record = gradebook.Recorder.record

    def timed(self: gradebook.Recorder, result: object) -> None:
        start = time.perf_counter()
        record(self, result)  # type: ignore[arg-type]
        recorded.append(time.perf_counter() - start)

    gradebook.Recorder.record = timed  # type: ignore[method-assign,assignment]
    begin = time.monotonic()
    submissions = collect(submitted, units).submissions
    with worker_pool() as workers, shared_fork_server(STRICT):
        outcome = grade_class(submissions, workers, Limits(), root=root)
    seconds = time.monotonic() - begin
    if outcome.code:
        raise RuntimeError(f"grading failed: {outcome.line()} {outcome.failures[:1]}")
    return seconds, sum(result.seconds for result in outcome.graded), recorded


def draw_line(sizes: list[int]) -> None:
    """Classes of tiny submissions, each size graded by a process of its own."""
    rows = []
    for size in sizes:
        command = [sys.executable, __file__, "one", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    seconds = np.array([row["seconds"] for row in rows])
    slope, start = np.polyfit(sizes, seconds, 1, w=1 / seconds)
    print(
        f"{'submissions':>12}{'seconds':>9}{'line':>8}{'off':>7}{'parent MB':>11}{'record ms':>11}"
        f"{'report s':>10}"
    )
    for size, row in zip(sizes, rows, strict=True):
        line = start + slope * size
        numbers = f"{row['seconds']:>9.1f}{line:>8.1f}{row['seconds'] / line - 1:>+7.0%}"
        numbers += f"{row['megabytes']:>11.0f}{row['record_ms']:>11.1f}{row['report']:>10.1f}"
        print(f"{size:>12}{numbers}")
    print(f"line: {start:.1f} s to start and {1000 * slope:.0f} ms for each submission")


def grade_tiny(size: int) -> None:
    """Grade one class of tiny submissions and print what it cost, as JSON."""
    from helpers.tiny_course import RIGHT, UNIT, answered, hand_in, make_course

    from medseg_grader.course.template import make_template

    with tempfile.TemporaryDirectory() as folder:
        root = make_course(Path(folder))
        os.chdir(root)
        notebook = answered(make_template(load_unit(UNIT)), **RIGHT)
        for number in range(size):
            hand_in(root / "handed_in", f"student_{number:04d}", notebook)
        seconds, _, recorded = _graded(root, root / "handed_in", [UNIT])
        begin = time.monotonic()
        page, trouble = report_on_course(root=root)
        if page is None:
            raise RuntimeError(trouble)
        report = time.monotonic() - begin
        os.chdir(ROOT)
    cost = {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "record_ms": 1000 * statistics.median(recorded),
        "report": report,
    }
    print(json.dumps(cost))


def time_starts(repeats: int) -> None:
    """The outer wall with nothing in it, and a kernel that is ready in a fork server."""
    walls = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            words = bubblewrap.command(
                STRICT, bubblewrap.own_folder(Path(folder)), ["/usr/bin/true"]
            )
            start = time.perf_counter()
            subprocess.run(words, check=True)
            walls.append(time.perf_counter() - start)
    with shared_fork_server(STRICT) as parent:
        parent.fork().close()
        kernels = [asyncio.run(_seconds_to_ready()) for _ in range(repeats)]
    for what, times in (("sandbox", walls), ("warm kernel ready", kernels)):
        print(f"{what:<20} median {statistics.median(times):.3f} s, longest {max(times):.3f} s")


async def _seconds_to_ready() -> float:
    manager = AsyncKernelManager(kernel_name="python3")
    manager.kernel_id = uuid.uuid4().hex
    manager.provisioner = SandboxProvisioner(
        kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager
    )
    start = time.perf_counter()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    seconds = time.perf_counter() - start
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return seconds


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    options = what.add_parser("class")
    options.add_argument("--students", type=int, default=12)
    options.add_argument("--solved", type=int, default=4)
    options = what.add_parser("line")
    options.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    options = what.add_parser("one")
    options.add_argument("size", type=int)
    options = what.add_parser("start")
    options.add_argument("--repeats", type=int, default=20)
    chosen = parser.parse_args()
    if chosen.what == "class":
        compare_class(chosen.students, chosen.solved)
    elif chosen.what == "line":
        draw_line(chosen.sizes)
    elif chosen.what == "one":
        grade_tiny(chosen.size)
    else:
        time_starts(chosen.repeats)


if __name__ == "__main__":
    main()
