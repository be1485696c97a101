"""What workers do in the tests of crews; imports nothing, so that a new process begins at once."""

import os


def half(number):
    """Half of a number, and the process that calculated it; 13 brings the worker down."""
    if number < 0:
        raise ValueError(f"{number} is negative")
    if number == 13:
        os._exit(1)
    return number / 2, os.getpid()
