"""Arrays of an xarray.Dataset that are made when they are first looked at: texts and geometries are objects of Python, which
take longer to make than to load, and few users look at all of them.

xarray takes them for arrays in memory, which they are but for the first look: `.values`, `.data`, indexing, arithmetic, printing,
copies and files see a numpy array.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from xarray.core.indexing import MemoryCachedArray, NumpyIndexingAdapter

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
