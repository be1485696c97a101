"""Set up `.venv` for the course: standard library only, repeatable, one sentence per failure.

`python scripts/setup.py` creates the environment, installs the exact versions of requirements.lock
and the course itself, and writes a stamp last. As long as neither file changes, the next call ends
at once; a set-up that was interrupted is completed.
"""

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "course-stamp")
OLDEST = (3, 11)


def main():
    """Do what is still to be done; exit code 1 with one sentence if it cannot be done."""
    if sys.version_info < OLDEST:
        return fail(
            "This is Python %d.%d, the course needs Python %d.%d or later: install one and run "
            "`make PYTHON=python3.11 demo`, or whatever yours is called."
            % (sys.version_info[:2] + OLDEST)
        )
    wanted = fingerprint()
    if read(STAMP) == wanted and works():
        return 0
    python = venv_python()
    if not works():
        print("Creating the environment .venv", flush=True)
        if run([sys.executable, "-m", "venv", "--clear", VENV]) != 0 or not works():
            return fail(
                "Python cannot create a virtual environment: its module venv is missing or broken. "
                "On Debian and Ubuntu `sudo apt install python3-venv` adds it."
            )
    print("Installing the course's packages (about a minute, once)", flush=True)
    lock = os.path.join(ROOT, "requirements.lock")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    if run([*pip, "--progress-bar", "on", "-r", lock]) != 0:
        return fail(
            "The packages of requirements.lock could not be installed: this step, and only this "
            "one, needs a network; check the connection (or the mirror that pip is set to) and "
            "run the same command again."
        )
    if run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT]) != 0:
        return fail("The course's own package could not be installed: see pip's message above.")
    with open(STAMP, "w") as file:
        file.write(wanted)
    return 0


def venv_python():
    """The environment's interpreter."""
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, folder, name)


def works():
    """Whether the environment can start pip."""
    try:
        done = subprocess.run([venv_python(), "-m", "pip", "--version"], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def fingerprint():
    """Changes with the lock file, pyproject.toml and the interpreter's version."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.lock", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path):
    """A small file's text, empty if there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def run(command):
    """Exit code of a command whose output goes to the screen."""
    return subprocess.call(command)


def fail(sentence):
    """Say what is wrong and what to do."""
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
