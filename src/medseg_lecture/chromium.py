"""Chromium: where the program is."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def program() -> str | None:
    """The path of the system's Chromium or Chrome; None where neither is on the PATH."""
    return next(filter(None, map(shutil.which, NAMES)), None)
