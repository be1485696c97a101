"""What stands in an answer's cell before anything is written: how it is known again.

`nbgrader_config.py` has nbgrader put `raise NotImplementedError("not attempted")` there. Earlier
releases had no words in it.
"""

import ast
from collections.abc import Iterator
from types import CodeType

WORDS = "not attempted"
_LINES = ("NotImplementedError", "NotImplementedError()", f"NotImplementedError('{WORDS}')")


def raised_by_stub(error: BaseException) -> bool:
    """Whether an error comes of a stub; libraries say what they have not implemented.

    >>> raised_by_stub(NotImplementedError("not attempted"))
    True
    >>> raised_by_stub(NotImplementedError("no such kernel"))
    False
    """
    return isinstance(error, NotImplementedError) and error.args in {(), (WORDS,)}


def is_stub(node: ast.AST) -> bool:
    """Whether a statement is the stub's line."""
    return isinstance(node, ast.Raise) and node.exc is not None and ast.unparse(node.exc) in _LINES


def is_unwritten(answer: object) -> bool:
    """Whether a function, or a method of a class, still holds the stub's line.

    >>> def softmax(logits, dim):
    ...     raise NotImplementedError("not attempted")
    >>> is_unwritten(softmax), is_unwritten(lambda logits, dim: logits)
    (True, False)
    """
    return any("NotImplementedError" in code.co_names for code in _codes(answer))


def _codes(answer: object) -> Iterator[CodeType]:
    members = vars(answer).values() if isinstance(answer, type) else [answer]
    rest = [getattr(member, "__code__", None) for member in members]
    while rest:
        code = rest.pop()
        if isinstance(code, CodeType):
            yield code
            rest += code.co_consts
