"""Set up `.venv` for the course: standard library only, repeatable, one sentence per failure.

`python scripts/setup.py` creates the environment, installs the exact versions of requirements.lock
and the course itself, and writes a stamp last. As long as neither file changes, the next call ends
at once; a set-up that was interrupted is completed. The file must parse on any Python, so that an
old one can say that it is too old.
"""

import glob
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "course-stamp")
LOCK = os.path.join(ROOT, "requirements.lock")
OLDEST = (3, 11)


def main():
    """Do what is still to be done; exit code 1 with one sentence if it cannot be done."""
    if sys.version_info < OLDEST:
        return fail(
            "This is Python %d.%d, the course needs Python %d.%d or later: install one and run "
            "`make PYTHON=python3.11 demo`, or whatever yours is called."
            % (sys.version_info[:2] + OLDEST)
        )
    wanted = fingerprint() + "\n" + VENV
    stamp = read(STAMP)
    moved = "\n" in stamp and stamp.split("\n")[1] != VENV
    usable = works() and not moved
    if usable and stamp == wanted:
        return 0
    if not usable:
        say("Creating the environment .venv\n")
        # Where .venv itself is active, the Python that it was made from.
        creator = getattr(sys, "_base_executable", sys.executable)
        if subprocess.call([creator, "-m", "venv", "--clear", VENV]) != 0 or not works():
            return fail(
                "Python cannot create a virtual environment: its module venv is missing or broken. "
                "On Debian and Ubuntu `sudo apt install python3-venv` adds it."
            )
    say("Installing the course's packages (a minute or a few, once)\n")
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check"]
    if install(pip + ["--progress-bar", "off", "-r", LOCK], count_pins()) != 0:
        return fail(
            "The packages of requirements.lock could not be installed: this step, and only this "
            "one, needs a network; check the connection (or the mirror that pip is set to) and "
            "run the same command again."
        )
    own = ["--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT]
    if subprocess.call(pip + own) != 0:
        return fail("The course's own package could not be installed: see pip's message above.")
    with open(STAMP, "w") as file:
        file.write(wanted)
    return 0


def venv_python():
    """The environment's interpreter."""
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, folder, name)


def works():
    """Whether the environment's Python starts, is new enough, and has pip."""
    code = "import pip, sys; sys.exit(sys.version_info < %r)" % (OLDEST,)
    try:
        done = subprocess.run([venv_python(), "-c", code], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def fingerprint():
    """Changes with the lock file and pyproject.toml."""
    digest = hashlib.sha256()
    for path in (LOCK, os.path.join(ROOT, "pyproject.toml")):
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path):
    """A small file's text, empty if there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def count_pins():
    """How many packages the lock file names."""
    return sum("==" in line for line in read(LOCK).splitlines())


def install(command, total):
    """Run pip, show how far it is, and return its exit code; its errors go to the screen."""
    log = os.path.join(VENV, "pip.log")
    shown, pause = "", 0.5 if sys.stdout.isatty() else 5
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdout=file)
    try:
        while process.returncode is None:
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                shown = show(shown, progress(log, total))
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if process.returncode == 0:
        show(shown, progress(log, total))
    say("\n" if sys.stdout.isatty() else "")
    return process.returncode


def progress(log, total):
    """What pip has found and unpacked so far, from its log and the environment's folders."""
    lines = read(log).splitlines()
    found = sum(line.startswith(("Collecting ", "Requirement already")) for line in lines)
    # The folder is called lib on Unix and Lib on Windows.
    folders = glob.glob(os.path.join(VENV, "[lL]ib", "**", "*.dist-info"), recursive=True)
    return "  %d of %d found, %d installed" % (min(found, total), total, min(len(folders), total))


def show(before, now):
    """Bring a line of progress up to date: in place on a terminal, a new line elsewhere."""
    if now != before:
        say("\r" + now if sys.stdout.isatty() else now + "\n")
    return now


def say(text):
    """Print at once, without a line's end."""
    sys.stdout.write(text)
    sys.stdout.flush()


def fail(sentence):
    """Say what is wrong and what to do."""
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted: run the same command again to go on.\n")
        sys.exit(130)
