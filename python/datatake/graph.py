"""Pixels as a graph of functions, with operators and Earth Engine's names:

    from datatake.graph import bands, image

    b8, b4 = bands("B8", "B4")
    ndvi = ((b8 - b4) / (b8 + b4)).rename("ndvi")
    client.read(items, expression=ndvi, bbox=...)
    client.get(items, expression=ndvi.visualize(min=0, max=1, palette=["brown", "green"]), out="out")

`image` is the image at hand, `area` what it is cut to. Every function of docs/graph.md is a method of its first argument
(`ndvi.focal_median(2)`), or `call("Image.focal_median", ndvi, 2)`. Numbers stand for constant images, shapely's and
GeoJSON's shapes for geometries, a Python function for one of the graph: `collection([b8, b4]).map(lambda one: one + 1).max()`;
it is called once, with what stands for its arguments. Nothing is computed before `get` or `read`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from . import _core

__all__ = ["Function", "Image", "Value", "area", "band", "bands", "call", "cast", "collection", "image"]

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

    __slots__ = ("_arguments", "_function", "_kind", "_same")

    def __init__(self, kind: str, function: str, arguments: Mapping[str, Any]) -> None:
        self._kind = kind
        self._function = function  # or the name of a variable, without arguments; "": a parameter
        self._arguments = dict(arguments)
        self._same: Value | None = None  # of which it is a cast

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
        from ._graph_text import to_text

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
        return {"graph": str(self)}


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
    kinds = {p[0]: p[1] for p in parameters}
    kept = {key: _function(name, value, arguments) if kinds[key] == "Algorithm" else _argument(value, f"{name}: {key}")
            for key, value in arguments.items() if value is not None}
    return _made(_kind_of_result(name, returns, kept), name, kept)


def _made(kind: str, function: str, arguments: Mapping[str, Any]) -> Any:
    return (Image if kind == "Image" else Value)(kind, function, arguments)


def cast(value: Value, kind: str) -> Any:
    """What is known to be of that kind ("Number", "Image" ...), where the graph only knows an Object: its methods, no conversion."""
    if not isinstance(value, Value):
        raise TypeError(f"value: a value of a graph is expected, not {value!r}")
    if kind not in _FAMILIES and not any(name.startswith(f"{kind}.") for name in functions()):
        raise ValueError(f"kind: {kind!r} has no functions")
    made = _made(kind, value._function, value._arguments)
    made._same = value._same or value
    return made


def collection(images: Iterable[Any]) -> Value:
    """An ImageCollection of images."""
    found: Value = call("ImageCollection.fromImages", list(images))
    return found


# --- functions of the graph ---


class Function:
    """`fn(x) { ... }` of the graph's text: made by a Python function, which is called once."""

    __slots__ = ("body", "parameters")

    def __init__(self, kinds: Iterable[str], body: Callable[..., Any], what: str) -> None:
        self.parameters: list[Value] = [_made(kind, "", {}) for kind in kinds]
        self.body: Any = _argument(body(*self.parameters), f"{what}: what the function gives")
        if self.body is None:
            raise TypeError(f"{what}: the function gives nothing")


_ELEMENTS = {"ImageCollection": "Image", "FeatureCollection": "Feature"}
_SAME_ELEMENTS = {"Collection.filter", "Collection.limit", "Collection.distinct", "Collection.randomColumn"}


def _kind(value: Any) -> str:
    if isinstance(value, Value):
        return value._kind
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "Number"
    return "String" if isinstance(value, str) else "List" if isinstance(value, (list, tuple)) else "Object"


def _function(name: str, value: Any, arguments: Mapping[str, Any]) -> Function:
    if not callable(value):
        raise TypeError(f"{name}: a function is expected, not {value!r}")
    of = next(iter(arguments.values()), None)
    element = _ELEMENTS.get(_kind(of), "Object")
    if name.endswith(".iterate"):
        return Function((element, _kind(arguments.get("first"))), value, name)
    return Function(("String", "Object") if name == "Dictionary.map" else (element,), value, name)


def _kind_of_result(name: str, returns: str, arguments: Mapping[str, Any]) -> str:
    """Functions of any collection are known as ones of features."""
    of = _kind(next(iter(arguments.values()), None))
    if name == "Collection.map":
        element = _kind(arguments["baseAlgorithm"].body)
        return "ImageCollection" if element == "Image" else "FeatureCollection" if element == "Feature" else of
    if name == "Collection.first":
        return _ELEMENTS.get(of, returns)
    if name.endswith(".iterate"):
        return _kind(arguments["function"].body)
    return of if name in _SAME_ELEMENTS and of in _ELEMENTS else returns


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
