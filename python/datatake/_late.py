"""What of an xarray.Dataset is made when it is first looked at.

Arrays of a load: texts and geometries are objects of Python, which take longer to make than to load, and few users look at all of
them. xarray takes them for arrays in memory, which they are but for the first look: `.values`, `.data`, indexing, arithmetic,
printing, copies and files see a numpy array.

Variables of one datapoint: forty of them take longer to make than to ask for the datapoint.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from xarray.core.indexing import MemoryCachedArray, NumpyIndexingAdapter

from . import _core
from .arrays import Column

_lock = threading.Lock()


class LateArray(NumpyIndexingAdapter):
    """A column that becomes an array."""

    __slots__ = ("_column", "_made")

    def __init__(self, column: Column) -> None:
        self._column: Column | None = column
        self._made: np.ndarray[Any, Any] | None = None

    @property
    def array(self) -> np.ndarray[Any, Any]:  # type: ignore[override]
        """Made once, whoever looks first."""
        column = self._column
        if column is not None:
            made = column.array()
            with _lock:
                if self._made is None:
                    self._made, self._column = made, None
        assert self._made is not None
        return self._made

    @property
    def dtype(self) -> np.dtype[Any]:
        column = self._column
        return np.dtype(column.dtype) if column is not None else self.array.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        column = self._column
        return column.shape if column is not None else self.array.shape

    def __reduce__(self) -> tuple[Any, ...]:
        return NumpyIndexingAdapter, (self.array,)


def late(column: Column) -> Any:
    """For xarray.Variable."""
    return MemoryCachedArray(LateArray(column))  # type: ignore[no-untyped-call]


class LateVariables(dict[Any, Any]):
    """Variables of one datapoint by name: a dict to all who read it, also to those who copy it in C (which ask a dict that
    has an `__iter__` of its own for its keys and items). What is not made yet is a tuple: place, field, dimensions."""

    __slots__ = ("_batches",)

    def __init__(self, late: dict[Any, Any], batches: list[_core.Batch]) -> None:
        super().__init__(late)
        self._batches = batches

    def __getitem__(self, name: Any) -> xr.Variable:
        found: Any = dict.__getitem__(self, name)
        made: xr.Variable = self._make(name) if type(found) is tuple else found
        return made

    def _make(self, name: Any) -> xr.Variable:
        with _lock:
            found: Any = dict.__getitem__(self, name)
            if type(found) is not tuple:
                return found  # type: ignore[no-any-return]
            at, field, dims = found
            made = xr.Variable(dims, Column(self._batches, at, field, 1).array()[0, ...], fastpath=True)
            dict.__setitem__(self, name, made)
        return made

    def _all(self) -> LateVariables:
        for name in self:
            self[name]
        return self

    def __iter__(self) -> Iterator[Any]:
        return dict.__iter__(self)

    def get(self, name: Any, default: Any = None) -> Any:
        return self[name] if name in self else default

    def items(self) -> Any:
        return dict.items(self._all())

    def values(self) -> Any:
        return dict.values(self._all())

    def copy(self) -> dict[Any, Any]:
        return dict(self)

    def pop(self, *given: Any) -> Any:
        return dict.pop(self._all(), *given)

    def popitem(self) -> Any:
        return dict.popitem(self._all())

    def setdefault(self, name: Any, default: Any = None) -> Any:
        return self[name] if name in self else dict.setdefault(self, name, default)

    def __or__(self, other: Any) -> Any:
        return dict(self) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(self)

    def __eq__(self, other: object) -> bool:
        return dict.__eq__(self._all(), other)

    __hash__ = None

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)
