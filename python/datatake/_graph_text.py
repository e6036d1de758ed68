"""A graph of values as the text that `--graph` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from .graph import Function, Value, functions

_DEEPEST = 50  # functions within one another in one expression


def to_text(root: Value) -> str:
    """What is used more than once has a name."""
    return _Writer().block(root, "\n")


def _within(value: Any) -> Iterator[Value]:
    """Nodes that a node's arguments name directly; those of a function are written inside of it."""
    if isinstance(value, Value):
        yield value._same or value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _within(one)
    elif isinstance(value, list):
        for one in value:
            yield from _within(one)


def _ordered(root: Any) -> list[Value]:
    """Each node once, behind those it is made of; without recursion, for graphs are deep."""
    seen: set[int] = set()
    out: list[Value] = []
    stack: list[tuple[Value | None, Iterator[Value]]] = [(None, _within(root))]
    while stack:
        node, children = stack[-1]
        child = next(children, None)
        if child is None:
            if node is not None:
                out.append(node)
            stack.pop()
        elif id(child) not in seen:
            seen.add(id(child))
            stack.append((child, iter(_within(child._arguments))))
    return out


class _Writer:
    """Names are used once in a text, in functions too."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._parameters: dict[int, str] = {}

    def block(self, root: Any, end: str) -> str:
        """Definitions, each followed by `; ` or a line's end, and the expression of the root, a node or what holds nodes."""
        order = _ordered(root)
        uses: dict[int, int] = {}
        for node in order:
            for child in _within(node._arguments):
                uses[id(child)] = uses.get(id(child), 0) + 1
        for child in _within(root):
            uses[id(child)] = uses.get(id(child), 0) + 1
        texts: dict[int, str] = {}
        lines: list[str] = []
        depth: dict[int, int] = {}
        whole = root._same or root if isinstance(root, Value) else None
        for node in order:
            text = self._one(node, texts)
            deep = 1 + max((depth[id(c)] for c in _within(node._arguments)), default=0)
            if node._arguments and node is not whole and (uses[id(node)] > 1 or deep >= _DEEPEST):
                name = f"v{next(self._numbers)}"
                lines.append(f"{name} = {text};{end}")
                text, deep = name, 0
            texts[id(node)], depth[id(node)] = text, deep
        return "".join(lines) + self._literal(root, texts)

    def _one(self, node: Value, texts: dict[int, str]) -> str:
        if not node._function:
            name = self._parameters.get(id(node))
            if name is None:
                raise ValueError("a parameter of a function is used outside of it")
            return name
        if node._function not in functions():
            return node._function
        places = [p[0] for p in functions()[node._function][2]]
        out = []
        for at, (key, value) in enumerate(node._arguments.items()):
            text = self._literal(value, texts)
            out.append(text if places[at] == key else f"{key}={text}")
        return f"{node._function}({', '.join(out)})"

    def _literal(self, value: Any, texts: dict[int, str]) -> str:
        if isinstance(value, Value):
            return texts[id(value._same or value)]
        if isinstance(value, Function):
            return self._function(value)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(key)}: {self._literal(one, texts)}" for key, one in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self._literal(one, texts) for one in value) + "]"
        return json.dumps(value)

    def _function(self, function: Function) -> str:
        names = [f"x{next(self._numbers)}" for _ in function.parameters]
        inside = dict(zip(map(id, function.parameters), names, strict=True))
        self._parameters.update(inside)
        body = self.block(function.body, " ")
        for parameter in inside:
            del self._parameters[parameter]
        return f"fn({', '.join(names)}) {{ {body} }}"
