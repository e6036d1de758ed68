"""Conditions on fields: `field("cloud_cover") < 20`, joined by &, |, ~."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, NoReturn

from .times import to_ns

__all__ = ["Expression", "Field", "field"]


class Expression:
    """One condition or several, as CQL2 JSON has them."""

    __slots__ = ("node",)

    def __init__(self, node: dict[str, Any]) -> None:
        self.node: dict[str, Any] = node

    def __and__(self, other: Expression) -> Expression:
        return _join("and", self, other)

    def __or__(self, other: Expression) -> Expression:
        return _join("or", self, other)

    def __invert__(self) -> Expression:
        return Expression({"op": "not", "args": [self.node]})

    def __bool__(self) -> NoReturn:
        raise TypeError("conditions are joined by & and | and turned by ~, with brackets around each; "
                        "`and`, `or`, `not` and chained comparisons do not work on them")

    def __repr__(self) -> str:
        return f"Expression({self.to_json()})"

    def to_json(self) -> str:
        """CQL2 JSON."""
        import json

        return json.dumps(self.node)


class Field:
    """A field of a dataset, to be compared."""

    __slots__ = ("name",)
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name: str = name

    def __eq__(self, value: object) -> Expression:  # type: ignore[override]
        return self._compare("=", value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override]
        return self._compare("<>", value)

    def __lt__(self, value: Any) -> Expression:
        return self._compare("<", value)

    def __le__(self, value: Any) -> Expression:
        return self._compare("<=", value)

    def __gt__(self, value: Any) -> Expression:
        return self._compare(">", value)

    def __ge__(self, value: Any) -> Expression:
        return self._compare(">=", value)

    def is_null(self) -> Expression:
        """The datapoint has no value there."""
        return Expression({"op": "isNull", "args": [{"property": self.name}]})

    def is_not_null(self) -> Expression:
        """The datapoint has a value there."""
        return ~self.is_null()

    def is_in(self, values: Any) -> Expression:
        """One of these values."""
        return Expression({"op": "in", "args": [{"property": self.name}, [_literal(v) for v in values]]})

    def like(self, pattern: str) -> Expression:
        """Text with % for any characters and _ for one."""
        return Expression({"op": "like", "args": [{"property": self.name}, pattern]})

    def _compare(self, op: str, value: object) -> Expression:
        if value is None:
            raise ValueError(f"field {self.name}: None is not compared with {op}; use is_null() or is_not_null()")
        return Expression({"op": op, "args": [{"property": self.name}, _literal(value)]})

    def __repr__(self) -> str:
        return f"field({self.name!r})"


def field(name: str) -> Field:
    """A field of a dataset, to be compared: `field("cloud_cover") < 20`."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"field: the name of a field is expected, not {name!r}")
    return Field(name)


def _join(op: str, left: Expression, right: object) -> Expression:
    if not isinstance(right, Expression):
        raise TypeError(f"a condition is expected beside {'&' if op == 'and' else '|'}, not {right!r}")
    args: list[Any] = []
    for node in (left.node, right.node):
        args += node["args"] if node["op"] == op else [node]
    return Expression({"op": op, "args": args})


def _literal(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (datetime, date)) or getattr(getattr(value, "dtype", None), "kind", "") == "M":
        return {"timestamp": _time_text(to_ns(value, "a time in a filter"))}
    if isinstance(value, timedelta):
        return value / timedelta(seconds=1)
    from uuid import UUID

    if isinstance(value, bytes) and len(value) == 16:
        value = UUID(bytes=value)
    if isinstance(value, UUID):
        return str(value)
    if getattr(getattr(value, "dtype", None), "kind", "") == "m":
        return int(value.astype("timedelta64[ns]").astype("int64")) / 1e9
    if hasattr(value, "item"):  # numpy's numbers
        return _literal(value.item())
    raise TypeError(f"a filter compares with numbers, texts, times, durations and ids, not with {value!r}")


def _time_text(ns: int) -> str:
    seconds, rest = divmod(ns, 10**9)
    return f"{(datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat()}.{rest:09}Z"
