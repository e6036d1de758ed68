"""What users give, as it was meant; what makes no sense is a TypeError or ValueError that names the argument."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any


def text(value: Any, what: str, expected: str = "text") -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what}: {expected} is expected, not {value!r}")
    if "\0" in value or not is_unicode(value):
        raise ValueError(f"{what}: {value!r} has characters that no text may have")
    return value


def text_or_none(value: Any, what: str, expected: str = "text") -> str | None:
    return None if value is None else text(value, what, expected)


def is_unicode(value: str) -> bool:
    """Without halves of surrogate pairs."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def flag(value: Any, what: str) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # numpy's
        return bool(value)
    raise TypeError(f"{what}: True or False is expected, not {value!r}")


def whole(value: Any, what: str, expected: str, least: int, most: int = 2**63 - 1) -> int:
    """A whole number of Python's or numpy's."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{what}: {expected} is expected, not {value!r}")
    if number < least:
        raise ValueError(f"{what}: {expected}, at least {least}, is expected, not {value!r}")
    if number > most:
        raise ValueError(f"{what}: {expected}, at most {most}, is expected, not {value!r}")
    return number


def several(value: Any, what: str, expected: str) -> list[Any]:
    """The items of whatever has some, but of texts."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"{what}: {expected} is expected, not {value!r}")
    return list(value)


def name_of(value: Any, what: str, expected: str) -> str:
    """A name, or what has one."""
    return text(value if isinstance(value, str) else getattr(value, "name", value), what, expected)
