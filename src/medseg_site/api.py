"""Pages on what the notebooks import, made of its docstrings and their examples."""

import inspect
from importlib import import_module
from importlib.util import find_spec

import medseg


def pages() -> dict[str, str]:
    """For each module that a notebook may import from, its page as reStructuredText.

    >>> from medseg_site import api
    >>> print(api.pages()["medseg.volumes"])
    medseg.volumes
    ==============
    <BLANKLINE>
    .. automodule:: medseg.volumes
    ...
    """
    doors = {name for name in medseg.PUBLIC if name != "medseg"}
    inside = {f"medseg.{n}" for n in medseg.PUBLIC["medseg"] if find_spec(f"medseg.{n}")}
    return {name: _page(name) for name in ["medseg", *sorted(doors | inside)]}


def _page(name: str) -> str:
    lines = [name, "=" * len(name), "", f".. automodule:: {name}", ""]
    module = import_module(name)
    for member in names_of(name):
        thing = getattr(module, member, None)
        if thing is None or inspect.ismodule(thing):
            continue
        # the docstring of a tuple or a dictionary is that of its type
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        lines += [f".. {kind if callable(thing) else 'py:data'}:: {name}.{member}", ""]
    return "\n".join(lines)


def names_of(name: str) -> list[str]:
    """What a module offers: what it lists, or notebooks import of it, or else what it defines."""
    module = import_module(name)
    if hasattr(module, "__all__"):
        return list(module.__all__)
    if name in medseg.PUBLIC:
        return list(medseg.PUBLIC[name])
    return [
        member
        for member, thing in vars(module).items()
        if not member.startswith("_") and getattr(thing, "__module__", None) == name
    ]
