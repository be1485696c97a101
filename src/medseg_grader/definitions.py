"""Of a cell's source, what defines names; what calculates is left out."""

import ast

from medseg.carry import is_definition


def definitions_only(source: str) -> str:
    """The imports, functions, classes and literal constants of a cell, in order.

    Empty for a cell that does not parse.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(ast.unparse(node) for node in tree.body if is_definition(node))
