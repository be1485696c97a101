"""What programs write for a terminal, made fit for a page or a sentence."""

import re

# A control sequence as in ECMA-48: parameters, intermediate bytes and the one that ends it.
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def without_colours(text: str) -> str:
    """A text without the codes that colour it or move the cursor in a terminal.

    >>> without_colours("\\x1b[31mred\\x1b[0m")
    'red'
    """
    return _SEQUENCE.sub("", text)
