"""Small changes of a solution, made by rule: each should lose points, or change nothing.

Python's own `ast` makes them. The tools that do so for whole projects (mutmut, cosmic-ray) run
their tests by pytest and bring twenty packages; what a solution needs is a list of sources.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
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
# Names whose attributes are functions, not methods.
MODULES = {"F", "nn", "ndimage", "np", "torch"}


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
    skipped = {id(node) for node in _left_alone(tree)}
    numbered = list(ast.walk(tree))
    statement = _statements(tree)
    for number, node in enumerate(numbered):
        if id(node) in skipped:
            continue
        for change in CHANGES:
            for variant in range(len(change(node))):
                other = copy.deepcopy(tree)
                nodes = list(ast.walk(other))
                new = change(nodes[number])[variant]
                whole = ast.fix_missing_locations(_Replaced(nodes[number], new).visit(other))
                place = statement[number]
                after = new if place == number else nodes[place]
                before = ast.unparse(numbered[place])
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


def _left_alone(tree: ast.Module) -> Iterator[ast.AST]:
    """What nobody grades: docstrings, the texts of errors, and keywords that are only cautious."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in CAUTIOUS:
            yield from ast.walk(node)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for part in node.exc.args:
                yield from ast.walk(part)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            head = node.body[0]
            if isinstance(head, ast.Expr) and isinstance(head.value, ast.Constant):
                yield from ast.walk(head)


def _head(text: str) -> str:
    """The first line of a statement."""
    return text.split("\n", maxsplit=1)[0]


def _comparison(node: ast.AST) -> list[ast.AST]:
    if not isinstance(node, ast.Compare):
        return []
    return [
        ast.Compare(node.left, [*node.ops[:k], kind(), *node.ops[k + 1 :]], node.comparators)
        for k, operator in enumerate(node.ops)
        for kind in COMPARED.get(type(operator), ())
    ]


def _calculation(node: ast.AST) -> list[ast.AST]:
    if not isinstance(node, ast.BinOp | ast.AugAssign):
        return []
    kinds = CALCULATED.get(type(node.op), ())
    if isinstance(node, ast.AugAssign):
        other = [ast.AugAssign(node.target, kind(), node.value) for kind in kinds]
        return [*other, ast.Assign([node.target], node.value)]
    return [*(ast.BinOp(node.left, kind(), node.right) for kind in kinds), node.left, node.right]


def _constant(node: ast.AST) -> list[ast.AST]:
    if not isinstance(node, ast.Constant):
        return []
    value = node.value
    if isinstance(value, bool):
        return [ast.Constant(not value)]
    if isinstance(value, int):
        return [ast.Constant(value + 1), ast.Constant(value - 1)]
    if isinstance(value, float):
        return [ast.Constant(value + 1), ast.Constant(value / 2)]
    return []


def _logic(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return [ast.BoolOp(other, node.values), *node.values]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return []


def _call(node: ast.AST) -> list[ast.AST]:
    """Two arguments swapped, a keyword left out, a method not called."""
    if not isinstance(node, ast.Call):
        return []
    options: list[ast.AST] = []
    starred = any(isinstance(a, ast.Starred) for a in node.args[:2])
    called = ast.unparse(node.func).split(".")[-1]
    if len(node.args) > 1 and not starred and called not in SYMMETRIC:
        swapped = [node.args[1], node.args[0], *node.args[2:]]
        options.append(ast.Call(node.func, swapped, node.keywords))
    for k, keyword in enumerate(node.keywords):
        if keyword.arg not in CAUTIOUS:
            kept = [*node.keywords[:k], *node.keywords[k + 1 :]]
            options.append(ast.Call(node.func, node.args, kept))
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in MODULES:
        options.append(node.func.value)
    return options


def _word(node: ast.AST) -> list[ast.AST]:
    if not isinstance(node, ast.Attribute) or node.attr not in MISTAKEN:
        return []
    return [ast.Attribute(node.value, MISTAKEN[node.attr], node.ctx)]


def _slice(node: ast.AST) -> list[ast.AST]:
    """A slice with an end left out."""
    if not isinstance(node, ast.Slice):
        return []
    options: list[ast.AST] = []
    if node.lower is not None:
        options.append(ast.Slice(None, node.upper, node.step))
    if node.upper is not None:
        options.append(ast.Slice(node.lower, None, node.step))
    return options


def _dropped(node: ast.AST) -> list[ast.AST]:
    """A statement left out that the rest can do without, as far as one sees."""
    loose = isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.If | ast.For)
    into = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    return [ast.Pass()] if loose or into else []


def _early(node: ast.AST) -> list[ast.AST]:
    """A loop that ends after its first round."""
    if not isinstance(node, ast.For):
        return []
    return [ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse)]


# Each gives the nodes that can stand in the place of one.
CHANGES: tuple[Callable[[ast.AST], list[ast.AST]], ...] = (
    _comparison,
    _calculation,
    _constant,
    _logic,
    _call,
    _word,
    _slice,
    _dropped,
    _early,
)
