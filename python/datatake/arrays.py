"""The fields of datapoints as numpy arrays, in the types that Tilebox's users know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core

if TYPE_CHECKING:
    import numpy as np

_DTYPES = {"bool": "bool", "int64": "int64", "uint64": "uint64", "float64": "float64", "timestamp": "datetime64[ns]",
           "duration": "timedelta64[ns]", "uuid": "<U36", "vector": "float64"}  # of others: object


class Column:
    """One field of the datapoints of all batches."""

    __slots__ = ("_batches", "at", "dtype", "field", "has_any", "kind", "name", "shape")

    def __init__(self, batches: list[_core.Batch], at: int, field: _core.FieldTuple, rows: int) -> None:
        self._batches = batches
        self.at: int = at
        self.field: _core.FieldTuple = field
        self.name: str = field[0]
        self.kind: str = field[1]
        self.dtype: str = _DTYPES.get(self.kind, "object")
        self.has_any: bool = False
        longest = 0
        if batches:
            longest, self.has_any = _core.column_shape(batches, at)
        # rows, items of a list, numbers of a vector
        self.shape: tuple[int, ...] = (rows, longest) if field[3] else (rows,)
        if self.kind == "vector":
            self.shape = (*self.shape, field[4])

    @property
    def costs(self) -> bool:
        """Whether the array is more than a copy of numbers."""
        return self.dtype in ("object", "<U36")

    def array(self, shapes: bool = True) -> np.ndarray[Any, Any]:
        """`shapes`: geometries are shapely's, not WKB."""
        import numpy as np

        is_time = self.kind in ("timestamp", "duration")  # which no buffer tells of
        made: np.ndarray[Any, Any] = np.empty(self.shape, "int64" if is_time else self.dtype)
        if self._batches:
            _core.column_into(self._batches, self.at, made)
        if is_time:
            return made.view(self.dtype)
        return shapes_of(made) if shapes and self.kind == "geometry" else made


def shapes_of(wkb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import shapely

    made: np.ndarray[Any, Any] = shapely.from_wkb(wkb)
    return made
