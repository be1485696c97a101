"""Small changes of a solution, made by rule: each should lose points, or change nothing.

Python's own `ast` makes them. The tools that do so for whole projects (mutmut, cosmic-ray) run
their tests by pytest and bring twenty packages; what a solution needs is a list of sources.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
CALCULATED = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
# Words of numpy and torch that one takes for each other.
MISTAKEN = {
    "amax": "amin",
    "argmax": "argmin",
    "argmin": "argmax",
    "ceil": "floor",
    "cos": "sin",
    "exp": "log",
    "float64": "float32",
    "floor": "ceil",
    "int64": "int32",
    "log": "exp",
    "long": "int",
    "max": "min",
    "maximum": "minimum",
    "mean": "sum",
    "min": "max",
    "minimum": "maximum",
    "nanmean": "mean",
    "ones": "zeros",
    "rint": "floor",
    "sin": "cos",
    "sum": "mean",
    "train": "eval",
    "zeros": "ones",
}
# Functions whose first two arguments may change places, and keywords that only look out for faults.
SYMMETRIC = {"max", "maximum", "min", "minimum"}
CAUTIOUS = {"strict"}


@dataclass(frozen=True)
class Mutant:
    """A changed solution.

    Attributes:
        exercise: whose.
        change: the statement before and after, as `x < 3  ->  x <= 3`.
        source: the whole cell.
    """

    exercise: str
    change: str
    source: str


def mutants(exercise: str, source: str) -> list[Mutant]:
    """All mutants of a solution cell that differ from it and from each other."""
    tree = ast.parse(source)
    original = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for change, mutated in _mutated(tree):
        text = ast.unparse(mutated)
        if text != original and text not in found:
            found[text] = Mutant(exercise, change, text)
    return list(found.values())


def _mutated(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Each change, as a text, with the whole cell so changed."""
    messages = {id(node) for node in _in_messages(tree)}
    numbered = list(ast.walk(tree))
    statement = _statements(tree)
    for number, node in enumerate(numbered):
        if id(node) in messages or _is_docstring(node, tree):
            continue
        for change in (*EXPRESSIONS, *STATEMENTS):
            # as many variants as the change has for this node
            for variant in count():
                if change(node, variant) is None:
                    break
                other = copy.deepcopy(tree)
                nodes = list(ast.walk(other))
                new = change(nodes[number], variant)
                assert new is not None
                whole = _Replaced(nodes[number], new).visit(other)
                ast.fix_missing_locations(whole)
                place = statement.get(number, number)
                before = ast.unparse(numbered[place])
                after = new if place == number else nodes[place]
                yield f"{_head(before)}  ->  {_head(ast.unparse(after))}", whole


class _Replaced(ast.NodeTransformer):
    """Puts one node in the place of another, without a look into it."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def _statements(tree: ast.Module) -> dict[int, int]:
    """The number of the innermost statement around each node, by numbers of `ast.walk`."""
    number = {id(node): k for k, node in enumerate(ast.walk(tree))}
    found: dict[int, int] = {}

    def go(node: ast.AST, around: int) -> None:
        own = number[id(node)] if isinstance(node, ast.stmt) else around
        found[number[id(node)]] = own
        for child in ast.iter_child_nodes(node):
            go(child, own)

    go(tree, 0)
    return found


def _in_messages(tree: ast.Module) -> Iterator[ast.AST]:
    """What stands in the text of an error, which nobody grades, and what is only cautious."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in CAUTIOUS:
            yield from ast.walk(node)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for part in node.exc.args:
                yield from ast.walk(part)


def _is_docstring(node: ast.AST, tree: ast.Module) -> bool:
    documented = (ast.FunctionDef, ast.ClassDef)
    heads = [part.body[0] for part in ast.walk(tree) if isinstance(part, documented)]
    return any(
        node is head or (isinstance(head, ast.Expr) and node is head.value)
        for head in heads
        if isinstance(head, ast.Expr) and isinstance(head.value, ast.Constant)
    )


def _head(text: str) -> str:
    """The first line of a statement."""
    return text.split("\n", maxsplit=1)[0]


def _nth(options: list[ast.AST], variant: int) -> ast.AST | None:
    return options[variant] if variant < len(options) else None


def _comparison(node: ast.AST, variant: int) -> ast.AST | None:
    if not isinstance(node, ast.Compare):
        return None
    options: list[ast.AST] = [
        ast.Compare(node.left, [*node.ops[:k], kind(), *node.ops[k + 1 :]], node.comparators)
        for k, operator in enumerate(node.ops)
        for kind in COMPARED.get(type(operator), ())
    ]
    return _nth(options, variant)


def _calculation(node: ast.AST, variant: int) -> ast.AST | None:
    if not isinstance(node, ast.BinOp | ast.AugAssign):
        return None
    kinds = CALCULATED.get(type(node.op), ())
    if isinstance(node, ast.BinOp):
        options: list[ast.AST] = [ast.BinOp(node.left, kind(), node.right) for kind in kinds]
        return _nth([*options, node.left, node.right], variant)
    return _nth([ast.AugAssign(node.target, kind(), node.value) for kind in kinds], variant)


def _constant(node: ast.AST, variant: int) -> ast.AST | None:
    if not isinstance(node, ast.Constant) or isinstance(node.value, str | bytes | type(None)):
        return None
    value = node.value
    if isinstance(value, bool):
        values: list[bool | int | float] = [not value]
    elif isinstance(value, int):
        values = [value + 1, value - 1]
    elif isinstance(value, float):
        values = [value + 1, value / 2]
    else:
        return None
    return _nth([ast.Constant(new) for new in values], variant)


def _logic(node: ast.AST, variant: int) -> ast.AST | None:
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return _nth([ast.BoolOp(other, node.values), *node.values], variant)
    if isinstance(node, ast.UnaryOp):
        return _nth([node.operand], variant)
    if isinstance(node, ast.IfExp):
        return _nth([node.body, node.orelse], variant)
    return None


def _call(node: ast.AST, variant: int) -> ast.AST | None:
    """Two arguments swapped, a keyword left out, a method not called."""
    if not isinstance(node, ast.Call):
        return None
    options: list[ast.AST] = []
    starred = any(isinstance(a, ast.Starred) for a in node.args[:2])
    if len(node.args) > 1 and not starred and _called(node) not in SYMMETRIC:
        swapped = [node.args[1], node.args[0], *node.args[2:]]
        options.append(ast.Call(node.func, swapped, node.keywords))
    for k, keyword in enumerate(node.keywords):
        if keyword.arg in CAUTIOUS:
            continue
        kept = [*node.keywords[:k], *node.keywords[k + 1 :]]
        options.append(ast.Call(node.func, node.args, kept))
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        options.append(node.func.value)
    return _nth(options, variant)


def _called(node: ast.Call) -> str:
    """The last name of what is called."""
    return ast.unparse(node.func).split(".")[-1]


def _is_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in {"np", "torch", "F", "nn", "ndimage"}


def _word(node: ast.AST, variant: int) -> ast.AST | None:
    if variant or not isinstance(node, ast.Attribute) or node.attr not in MISTAKEN:
        return None
    return ast.Attribute(node.value, MISTAKEN[node.attr], node.ctx)


def _slice(node: ast.AST, variant: int) -> ast.AST | None:
    """A slice with an end left out."""
    if not isinstance(node, ast.Slice):
        return None
    options: list[ast.AST] = []
    if node.lower is not None:
        options.append(ast.Slice(None, node.upper, node.step))
    if node.upper is not None:
        options.append(ast.Slice(node.lower, None, node.step))
    return _nth(options, variant)


def _dropped(node: ast.AST, variant: int) -> ast.AST | None:
    """A statement left out that the rest can do without, as far as one sees."""
    loose = (ast.Expr, ast.AugAssign, ast.Raise, ast.If, ast.For)
    if variant or not isinstance(node, loose):
        # x[…] = value, and x.y = value
        bound = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        return ast.Pass() if bound and not variant else None
    return ast.Pass()


def _early(node: ast.AST, variant: int) -> ast.AST | None:
    """A loop that ends after its first round."""
    if variant or not isinstance(node, ast.For):
        return None
    return ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse)


Change = Callable[[ast.AST, int], ast.AST | None]
EXPRESSIONS: tuple[Change, ...] = (
    _comparison,
    _calculation,
    _constant,
    _logic,
    _call,
    _word,
    _slice,
)
STATEMENTS: tuple[Change, ...] = (_dropped, _early)
