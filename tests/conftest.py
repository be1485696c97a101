"""Fixtures that several test modules share."""

import os

import hypothesis
import numpy as np
import pytest
from helpers.orphans import orphans  # noqa: F401
from helpers.turns import waits

from medseg.cases import PROSTATE_CLASSES, Case

# The same examples every time: what one run has not found must not stop the next.
hypothesis.settings.register_profile("course", derandomize=True, print_blob=False)
hypothesis.settings.load_profile("course")


@pytest.fixture
def make_case():
    """A function that makes a case of four nested ellipsoids, tilted by 10°, on any grid."""

    def make(shape=(96, 80, 10), spacing=(1.0, 1.2, 3.0), id="ellipsoids", patient="p1"):
        x, y, z = (
            (np.arange(n) + 0.5) * step - n * step / 2
            for n, step in zip(shape, spacing, strict=True)
        )

        def inside(centre, radii):
            return (
                ((x[:, None, None] - centre[0]) / radii[0]) ** 2
                + ((y[:, None] - centre[1]) / radii[1]) ** 2
                + ((z - centre[2]) / radii[2]) ** 2
            ) < 1

        label = np.zeros(shape, np.uint8)
        label[inside((0, 4, 0), (26, 21, 14))] = 1
        label[inside((0, -1, 0), (20, 15, 12))] = 2
        label[inside((0, -16, 0), (13, 5, 10))] = 3
        label[inside((0, 13, -3), (4, 4, 9))] = 4
        noise = np.random.default_rng(0).normal(0, 10, shape)
        image = np.array([90, 200, 150, 50, 230])[label] + noise
        cos, sin = np.cos(np.radians(10)), np.sin(np.radians(10))
        turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        affine = np.eye(4)
        affine[:3, :3] = turn @ np.diag([-1.0, -1.0, 1.0]) @ np.diag(spacing)
        affine[:3, 3] = (40.0, 30.0, -20.0)
        return Case(image, label, affine, id, patient, PROSTATE_CLASSES)

    return make


def pytest_collection_modifyitems(config, items):
    """With `UNITS="02 07"`, as in `make test`, slow tests of a unit run for these units only."""
    chosen = os.environ.get("UNITS", "").split()
    slow = [
        i for i in items if i.get_closest_marker("slow") and not i.get_closest_marker("browser")
    ]
    waiting = {
        i for i in slow if hasattr(i, "callspec") and waits(i.callspec.params.values(), chosen)
    }
    if waiting:
        config.hook.pytest_deselected(items=list(waiting))
        items[:] = [item for item in items if item not in waiting]


def pytest_terminal_summary(terminalreporter):
    """The table of what each solution notebook cost, where test_budgets.py was run."""
    reports = [r for name in ("passed", "failed") for r in terminalreporter.stats.get(name, [])]
    rows = [
        value
        for report in reports
        if getattr(report, "when", "") == "call"
        for key, value in report.user_properties
        if key == "budget"
    ]
    if not rows:
        return
    terminalreporter.section(
        "notebooks: cost / budget (fails above four times the seconds, twice the memory)"
    )
    line = "{:<24}{:>10}{:>8} / {:<6}{:>10} / {:<6}".format
    terminalreporter.write_line(line("notebook", "seconds", "CPU s", "budget", "peak MB", "budget"))
    for row in sorted(rows, key=lambda row: row["run"]):
        cost, limit = row["cost"], row["budget"]
        numbers = (f"{cost[key]:.0f}" for key in ("seconds", "cpu_seconds", "megabytes"))
        seconds, cpu, memory = numbers
        limits = (limit["cpu_seconds"], limit["megabytes"])
        terminalreporter.write_line(line(row["run"], seconds, cpu, limits[0], memory, limits[1]))
    total = [sum(row["cost"][key] for row in rows) for key in ("seconds", "cpu_seconds")]
    terminalreporter.write_line(f"{'together':<24}{total[0]:>10.0f}{total[1]:>8.0f}")
