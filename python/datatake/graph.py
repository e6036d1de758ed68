"""Pixels as a graph of functions, with operators and Earth Engine's names:

    from datatake.graph import bands, image

    b8, b4 = bands("B8", "B4")
    ndvi = ((b8 - b4) / (b8 + b4)).rename("ndvi")
    client.read(items, expression=ndvi, bbox=...)
    client.get(items, expression=ndvi.visualize(min=0, max=1, palette=["brown", "green"]), out="out")

`image` is the image at hand, `area` what it is cut to. Every function of docs/graph.md is a method of its first argument
(`ndvi.focal_median(2)`), or `call("Image.focal_median", ndvi, 2)`. Numbers stand for constant images, shapely's and
GeoJSON's shapes for geometries. Nothing is computed before `get` or `read`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from . import _core

__all__ = ["Image", "Value", "area", "band", "bands", "call", "image"]

_Function = tuple[str, str, list[tuple[str, str, "str | None"]]]
# beside what it is: what else its methods are found under
_FAMILIES = {"Image": ("Image", "Element"), "ImageCollection": ("ImageCollection", "Collection", "reduce"),
             "FeatureCollection": ("FeatureCollection", "AggregateFeatureCollection", "Collection"),
             "Feature": ("Feature", "Element"), "Float": ("Number",), "Integer": ("Number",)}


@cache
def functions() -> dict[str, _Function]:
    """By name: what it gives, and its arguments (name, kind, default)."""
    return {found[0]: found for found in _core.graph_functions()}


def _find(kind: str, name: str) -> str | None:
    plain = name.removesuffix("_")  # and_, or_, not_
    return next((f"{family}.{plain}" for family in _FAMILIES.get(kind, (kind,)) if f"{family}.{plain}" in functions()), None)


class Value:
    """A node: what a function will give. `str(value)` is the graph's text."""

    __slots__ = ("_arguments", "_function", "_kind")

    def __init__(self, kind: str, function: str, arguments: Mapping[str, Any]) -> None:
        self._kind = kind
        self._function = function  # or the name of a variable, without arguments
        self._arguments = dict(arguments)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found = None if name.startswith("__") else _find(self._kind, name)
        if found is None:
            raise AttributeError(f"{self._kind} has no function {name!r}")

        def method(*given: Any, **named: Any) -> Any:
            return call(found, self, *given, **named)

        method.__name__ = name
        method.__doc__ = describe(found)
        return method

    def __dir__(self) -> list[str]:
        families = _FAMILIES.get(self._kind, (self._kind,))
        return [*super().__dir__(), *(name.partition(".")[2] for name in functions() if name.partition(".")[0] in families)]

    def __str__(self) -> str:
        return to_text(self)

    def __repr__(self) -> str:
        return f"<graph.{type(self).__name__} {self}>"


class Image(Value):
    """An image: arithmetic, comparison and logic are by pixel and band."""

    __slots__ = ()

    def __add__(self, other: Any) -> Image: return _two("add", self, other)
    def __radd__(self, other: Any) -> Image: return _two("add", other, self)
    def __sub__(self, other: Any) -> Image: return _two("subtract", self, other)
    def __rsub__(self, other: Any) -> Image: return _two("subtract", other, self)
    def __mul__(self, other: Any) -> Image: return _two("multiply", self, other)
    def __rmul__(self, other: Any) -> Image: return _two("multiply", other, self)
    def __truediv__(self, other: Any) -> Image: return _two("divide", self, other)
    def __rtruediv__(self, other: Any) -> Image: return _two("divide", other, self)
    def __mod__(self, other: Any) -> Image: return _two("mod", self, other)
    def __pow__(self, other: Any) -> Image: return _two("pow", self, other)
    def __rpow__(self, other: Any) -> Image: return _two("pow", other, self)
    def __lt__(self, other: Any) -> Image: return _two("lt", self, other)
    def __le__(self, other: Any) -> Image: return _two("lte", self, other)
    def __gt__(self, other: Any) -> Image: return _two("gt", self, other)
    def __ge__(self, other: Any) -> Image: return _two("gte", self, other)
    def __eq__(self, other: object) -> Image: return _two("eq", self, other)  # type: ignore[override]
    def __ne__(self, other: object) -> Image: return _two("neq", self, other)  # type: ignore[override]
    def __and__(self, other: Any) -> Image: return _two("and", self, other)
    def __rand__(self, other: Any) -> Image: return _two("and", other, self)
    def __or__(self, other: Any) -> Image: return _two("or", self, other)
    def __ror__(self, other: Any) -> Image: return _two("or", other, self)
    def __invert__(self) -> Image: return _image("Image.not", self)
    def __neg__(self) -> Image: return _two("multiply", self, -1)
    def __abs__(self) -> Image: return _image("Image.abs", self)

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise TypeError("an image of a graph is neither true nor false: combine conditions with & and |")

    def __getitem__(self, selectors: str | int | list[str | int]) -> Image:
        return self.select(selectors)

    def select(self, selectors: Any) -> Image:
        """Bands by name or number (from 0)."""
        return _image("Image.select", self, selectors)

    def rename(self, names: str | list[str]) -> Image:
        """The same bands under other names."""
        return _image("Image.rename", self, names)

    def clip(self, geometry: Any = None) -> Image:
        """Masked outside of it; without an argument outside of what the image is cut to."""
        return _image("Image.clip", self, area if geometry is None else geometry)

    def visualize(self, **options: Any) -> Image:
        """Colours as Earth Engine makes them: bands, min, max, gain, bias, gamma, palette, opacity."""
        return _image("Image.visualize", self, **options)

    def _settings(self) -> dict[str, Any]:
        return {"graph": to_text(self)}


def _image(name: str, *given: Any, **named: Any) -> Image:
    found = call(name, *given, **named)
    assert isinstance(found, Image)
    return found


def _two(name: str, a: Any, b: Any) -> Image:
    for one in (a, b):
        if not isinstance(one, Image) and (isinstance(one, (str, bytes)) or not hasattr(one, "__float__")):
            raise TypeError(f"Image.{name}: an image or a number is expected, not {one!r}")
    return _image("Image." + name, a, b)


image: Image = Image("Image", "image", {})
area: Value = Value("Geometry", "area", {})


def band(name: str | int) -> Image:
    """One band of the image at hand."""
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        raise TypeError(f"band: the name of a band is expected, not {name!r}")
    return image.select(name)


def bands(*names: str | int) -> tuple[Image, ...]:
    """Several: `b8, b4 = bands("B8", "B4")`."""
    return tuple(band(name) for name in names)


def describe(name: str) -> str:
    """"Image.clip(input, geometry) -> Image"."""
    _, returns, parameters = functions()[name]
    words = [p[0] if p[2] is None else f"{p[0]}={p[2]}" for p in parameters]
    return f"{name}({', '.join(words)}) -> {returns}"


def call(name: str, *given: Any, **named: Any) -> Any:
    """A function of the registry by its name, with arguments by place or name. TypeError says what it takes."""
    found = functions().get(name)
    if found is None:
        import difflib

        import difflib

        near = difflib.get_close_matches(str(name), functions(), 1)
        raise TypeError(f"there is no function {name!r}" + (f"; {near[0]} is meant?" if near else ""))
    _, returns, parameters = found
    names = [p[0] for p in parameters]
    if len(given) > len(names):
        raise TypeError(f"{describe(name)} takes {len(names)} arguments, not {len(given)}")
    arguments = dict(zip(names, given, strict=False))
    for key, value in named.items():
        if key not in names or key in arguments:
            raise TypeError(f"{key}: {describe(name)} has no such argument" if key not in names
                            else f"{key}: given twice to {name}")
        arguments[key] = value
    missing = [p[0] for p in parameters if p[2] is None and p[0] not in arguments]
    if missing:
        raise TypeError(f"{missing[0]}: missing; {describe(name)}")
    kept = {key: _argument(value, f"{name}: {key}") for key, value in arguments.items() if value is not None}
    return (Image if returns == "Image" else Value)(returns, name, kept)


def _argument(value: Any, what: str) -> Any:
    """A node, or what JSON has."""
    if isinstance(value, (Value, str, bool)) or value is None:
        return value
    if hasattr(value, "__geo_interface__"):
        value = value.__geo_interface__
    if isinstance(value, Mapping):
        return {str(key): _argument(one, what) for key, one in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_argument(one, what) for one in value]
    if isinstance(value, (int, float)):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"{what}: {value} is no number of a graph")
        return value
    raise TypeError(f"{what}: a value of a graph, number, text, list or geometry is expected, not {value!r}")


# --- as text ---


def _within(value: Any) -> Iterator[Value]:
    """Nodes that a node's arguments name directly."""
    if isinstance(value, Value):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _within(one)
    elif isinstance(value, list):
        for one in value:
            yield from _within(one)


def _ordered(root: Value) -> list[Value]:
    """Each node once, behind those it is made of; without recursion, for graphs are deep."""
    seen: set[int] = set()
    out: list[Value] = []
    stack = [(root, iter(_within(root._arguments)))]
    seen.add(id(root))
    while stack:
        node, children = stack[-1]
        child = next(children, None)
        if child is None:
            out.append(node)
            stack.pop()
        elif id(child) not in seen:
            seen.add(id(child))
            stack.append((child, iter(_within(child._arguments))))
    return out


def to_text(root: Value) -> str:
    """The graph as `--graph` reads it: what is used more than once has a name."""
    order = _ordered(root)
    uses: dict[int, int] = {}
    for node in order:
        for child in _within(node._arguments):
            uses[id(child)] = uses.get(id(child), 0) + 1
    texts: dict[int, str] = {}
    lines: list[str] = []
    depth: dict[int, int] = {}
    for node in order:
        text = _one(node, texts)
        deep = 1 + max((depth[id(c)] for c in _within(node._arguments)), default=0)
        if node._arguments and node is not root and (uses[id(node)] > 1 or deep >= 50):
            name = f"v{len(lines) + 1}"
            lines.append(f"{name} = {text};\n")
            text, deep = name, 0
        texts[id(node)], depth[id(node)] = text, deep
    return "".join(lines) + texts[id(root)]


def _one(node: Value, texts: dict[int, str]) -> str:
    if node._function in ("image", "area"):
        return node._function
    places = [p[0] for p in functions()[node._function][2]]
    out = []
    for at, (key, value) in enumerate(node._arguments.items()):
        text = _literal(value, texts)
        out.append(text if places[at] == key else f"{key}={text}")
    return f"{node._function}({', '.join(out)})"


def _literal(value: Any, texts: dict[int, str]) -> str:
    if isinstance(value, Value):
        return texts[id(value)]
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_literal(one, texts)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one, texts) for one in value) + "]"
    return json.dumps(value)
