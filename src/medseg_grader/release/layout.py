"""JSON that reads and diffs well."""

import json
from typing import Any


def dumps(data: Any) -> str:
    """JSON that reads and diffs well: one array of numbers a line, keys in order of writing."""
    return _layout(data, 0) + "\n"


def _layout(data: Any, depth: int) -> str:
    flat = json.dumps(data, ensure_ascii=False)
    if len(flat) + 2 * depth <= 100 or not isinstance(data, dict | list) or _numbers(data):
        return flat
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(data, list):
        items = [_layout(item, depth + 1) for item in data]
        return "[\n" + ",\n".join(pad + item for item in items) + f"\n{end}]"
    items = [f"{json.dumps(key)}: {_layout(item, depth + 1)}" for key, item in data.items()]
    return "{\n" + ",\n".join(pad + item for item in items) + f"\n{end}}}"


def _numbers(data: Any) -> bool:
    if isinstance(data, list):
        return all(_numbers(item) for item in data)
    return isinstance(data, int | float)
