"""Intervals of time, as Tilebox's users and the documents write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Any, Union

__all__ = ["TimeInterval", "TimeIntervalLike"]

_FINER = r"\.\d{6}(\d{1,3})(?!\d)"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_OPEN_START, _OPEN_END = -(2**63), 2**63 - 1


class TimeInterval:
    """From `start_ns` to `end_ns`, nanoseconds since 1970 UTC; each end belongs to it or does not."""

    __slots__ = ("end_inclusive", "end_ns", "start_exclusive", "start_ns")

    def __init__(self, start: Any, end: Any, start_exclusive: bool = False, end_inclusive: bool = False) -> None:
        self.start_ns: int = to_ns(start, "the start of the interval")
        self.end_ns: int = to_ns(end, "the end of the interval")
        self.start_exclusive: bool = start_exclusive
        self.end_inclusive: bool = end_inclusive

    @property
    def start(self) -> datetime:
        """To the microsecond, in UTC."""
        return _EPOCH + timedelta(microseconds=self.start_ns // 1000)

    @property
    def end(self) -> datetime:
        """To the microsecond, in UTC."""
        return _EPOCH + timedelta(microseconds=self.end_ns // 1000)

    def _half_open(self) -> tuple[int, int]:
        return self.start_ns + self.start_exclusive, self.end_ns + self.end_inclusive

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeInterval) and self._half_open() == other._half_open()

    def __hash__(self) -> int:
        return hash(self._half_open())

    def __repr__(self) -> str:
        if self.start_ns == self.end_ns and self.start_exclusive and not self.end_inclusive:
            return "<empty>"
        start, end = (t.isoformat(timespec="milliseconds").replace("+00:00", " UTC") for t in (self.start, self.end))
        return f"{'(' if self.start_exclusive else '['}{start}, {end}{']' if self.end_inclusive else ')'}"

    @classmethod
    def parse(cls, value: TimeIntervalLike) -> TimeInterval:
        """Raises TypeError or ValueError that says what was expected."""
        found = interval_of(value, "temporal_extent")
        if found is None:
            return cls(_OPEN_START, _OPEN_END)
        return cls(found[0], found[1], found[2], not found[3])


Interval = tuple[int, int, bool, bool]  # start_ns, end_ns, start_exclusive, end_exclusive


# A pair (start, end): half open; a list of two: closed; one instant; "A/B"; None: all; also pandas, numpy, xarray.
TimeIntervalLike = Union[TimeInterval, str, int, date, datetime, tuple[Any, Any], list[Any], slice, None, Any]


def to_ns(value: Any, what: str) -> int:
    """Nanoseconds since 1970 of whatever names an instant; UTC where no zone is given."""
    if isinstance(value, datetime):
        if value != value:
            raise ValueError(f"{what}: NaT is no time")
        exact = getattr(value, "value", None)  # pandas.Timestamp counts nanoseconds
        if isinstance(exact, int) and getattr(value, "unit", "ns") == "ns":
            return exact
        when = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        return (when - _EPOCH) // timedelta(microseconds=1) * 1000
    if isinstance(value, str):
        return _text_to_ns(value, what)
    if isinstance(value, bool):
        raise TypeError(f"{what}: a time is expected, not {value!r}")
    if isinstance(value, int):
        return value
    if isinstance(value, date):
        return to_ns(datetime(value.year, value.month, value.day), what)
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(value, "size", 1) == 1 and getattr(dtype, "kind", "") in "Mi":
        import numpy as np

        instant = np.asarray(value).reshape(()).astype("datetime64[ns]")
        if np.isnat(instant):
            raise ValueError(f"{what}: NaT is no time")
        return int(instant.astype("int64"))
    raise TypeError(f"{what}: a time is expected (text, datetime, numpy.datetime64, pandas.Timestamp), not {value!r}")


def _text_to_ns(text: str, what: str) -> int:
    plain, finer = text.strip().removesuffix(" UTC"), 0
    found_digits = re.search(_FINER, plain)
    if found_digits:  # datetime counts microseconds
        finer = int(found_digits[1].ljust(3, "0"))
        plain = plain[:found_digits.start(1)] + plain[found_digits.end(1):]
    try:
        return to_ns(datetime.fromisoformat(plain), what) + finer
    except ValueError:
        pass
    try:
        import pandas as pd

        found = pd.to_datetime(text, utc=True)
    except (ImportError, ValueError):
        found = None
    if found is None or found != found:
        raise ValueError(f"{what}: {text!r} is no time such as '2024-07-31' or '2024-07-31T12:00:00Z'")
    return int(found.as_unit("ns").value)


def interval_of(value: Any, what: str) -> Interval | None:
    """None: no bounds. What no datapoint can have, such as the year 9999, is as far as times go."""
    found = _interval_of(value, what)
    if found is None:
        return None
    return min(max(found[0], _OPEN_START), _OPEN_END), min(max(found[1], _OPEN_START), _OPEN_END), found[2], found[3]


def _interval_of(value: Any, what: str) -> Interval | None:
    if value is None:
        return None
    if isinstance(value, TimeInterval):
        return value.start_ns, value.end_ns, value.start_exclusive, not value.end_inclusive
    if isinstance(value, slice):
        return _pair(value.start, value.stop, True, what)
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"{what}: (start, end) is expected, not {len(value)} values")
        return _pair(value[0], value[1], isinstance(value, tuple), what)
    if isinstance(value, str) and "/" in value:
        start, _, end = value.partition("/")
        return _pair(start, end, True, what)
    if hasattr(value, "coords") and not hasattr(value, "ndim") and "time" in value.coords:  # xarray.Dataset
        value = value.coords["time"]
    if getattr(value, "ndim", 0) == 1:  # its first and last instants
        if value.size == 0:
            raise ValueError(f"{what}: an array of no times is no interval")
        values = getattr(value, "values", value)
        return to_ns(values[0], what), to_ns(values[-1], what), False, False
    instant = to_ns(value, what)
    return instant, instant, False, False


def _is_open(end: Any) -> bool:
    return end is None or (isinstance(end, str) and end in ("", ".."))


def _pair(start: Any, end: Any, end_exclusive: bool, what: str) -> Interval:
    start_ns = _OPEN_START if _is_open(start) else to_ns(start, f"{what}, start")
    end_ns = _OPEN_END if _is_open(end) else to_ns(end, f"{what}, end")
    if start_ns > end_ns:
        raise ValueError(f"{what}: the end {end!r} is before the start {start!r}")
    return start_ns, end_ns, False, end_exclusive
