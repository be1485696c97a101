"""Errors that can be found: refusals of input by a type of their own, and one log with stacks.

A reader gets one sentence. Whoever mends the course gets the stack behind it: in the log that a
command keeps (`grading/grade.log`), or on the screen where the variable MEDSEG_TRACEBACK is set.
"""

import difflib
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

TRACEBACK = "MEDSEG_TRACEBACK"
LOGGER = logging.getLogger("medseg")
# or Python itself would print what nobody handles
LOGGER.addHandler(logging.NullHandler())

# A control sequence as in ECMA-48: parameters, intermediate bytes and the one that ends it.
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class InputError(ValueError):
    """What a user gave is refused: one sentence with what came, what was expected, what to do.

    Every other exception that leaves a command is a fault of the course's own.
    """


def printable(text: str) -> str:
    """A text of a user's as part of a sentence: line ends and control characters are written out.

    >>> from medseg.errors import printable
    >>> print(printable("a\\nb"))
    a\\nb
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def note(error: BaseException, sentence: str = "") -> None:
    """Keep the stack of an exception of which a reader sees a sentence at most."""
    LOGGER.error(sentence or f"{type(error).__name__}: {error}", exc_info=error)


@contextmanager
def logging_to(path: Path | None) -> Iterator[None]:
    """Where notes go for as long as the context lasts: a file, the screen if that is asked for.

    Args:
        path: the file; None for none. Its folder is not made: where there is none, nothing of the
            course is there either.
    """
    handlers: list[logging.Handler] = []
    if os.environ.get(TRACEBACK):
        handlers.append(logging.StreamHandler(sys.stderr))
    if path is not None:
        handlers.append(_FileInExistingFolder(path, encoding="utf-8", delay=True))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        LOGGER.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            LOGGER.removeHandler(handler)
            handler.close()


class _FileInExistingFolder(logging.FileHandler):
    def emit(self, record: logging.LogRecord) -> None:
        if Path(self.baseFilename).parent.is_dir():
            super().emit(record)


def did_you_mean(text: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """A question with the known name that is nearest, after a blank; empty where none is near.

    >>> from medseg.errors import did_you_mean
    >>> did_you_mean("grad", ["grade", "report"])
    " Did you mean 'grade'?"
    """
    close = difflib.get_close_matches(text, list(known), n=1, cutoff=cutoff)
    return f" Did you mean {close[0]!r}?" if close else ""


def without_colours(text: str) -> str:
    """A text without the codes that colour it or move the cursor in a terminal.

    >>> without_colours("\\x1b[31mred\\x1b[0m")
    'red'
    """
    return _SEQUENCE.sub("", text)
