"""Datapoints as the xarray.Dataset that Tilebox's users know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import ref

import numpy as np
import xarray as xr

from . import _core
from .arrays import Column
from ._late import LateVariables, late
from .tables import Table

COLLECTION_ROLE = 6  # a column of results: which collection the datapoint is of
_VECTORS = {("", 2): ("latlon", ("latitude", "longitude")), ("", 3): ("vec3", ("x", "y", "z")),
            ("", 4): ("quaternion", ("q1", "q2", "q3", "q4")), ("lat_lon", 2): ("latlon", ("latitude", "longitude")),
            ("lat_lon_alt", 3): ("lat_lon_alt", ("latitude", "longitude", "altitude"))}


def dataset_of(table: Table, *, only_set: bool = False) -> xr.Dataset:
    """`only_set`: without fields of which no row has a value."""
    if len(table) == 0:
        return _with_table(xr.Dataset(), table)
    columns = [column for column in table._columns() if _is_shown(column, only_set)]
    layout = _Layout(columns)
    variables = {column.name: _variable(column, ("time", *layout.dims[column.name])) for column in columns}
    coords: dict[Any, Any] = {"time": variables.pop("time")} if "time" in variables else {}
    return _with_table(xr.Dataset(variables, {**coords, **layout.named.variables}), table)


def one_of(table: Table) -> xr.Dataset:
    """The one datapoint, without the dimension `time`. Its variables are made when they are first looked at: all of them take
    longer than to ask for it."""
    layout = _layout_of_one(table)
    made = LateVariables(layout.late, table._batches)
    if not hasattr(xr.Dataset, "_construct_direct"):
        return _with_table(xr.Dataset(dict(made), coords={name: made[name] for name in layout.coords}), table)
    # Of alignment and copies one datapoint needs none.
    return _with_table(xr.Dataset._construct_direct(made, coord_names=set(layout.coords), dims=dict(layout.sizes),
                                                    indexes=dict(layout.named._indexes)), table)


def _is_shown(column: Column, only_set: bool) -> bool:
    if column.field[2] == COLLECTION_ROLE:
        return False
    return column.shape[1] > 0 if column.field[3] else column.has_any or not only_set


def _variable(column: Column, dims: tuple[str, ...]) -> xr.Variable:
    return xr.Variable(dims, late(column) if column.costs else column.array(), fastpath=True)


class _Layout:
    """Dimensions beside time, of the fields of datapoints."""

    __slots__ = ("coords", "dims", "late", "named", "sizes")

    def __init__(self, columns: list[Column]) -> None:
        self.dims: dict[str, tuple[str, ...]] = {}
        self.sizes: dict[Any, int] = {}
        lists = {f"n_{column.name}": column.shape[1] for column in columns if column.field[3]}
        shared = _share_dimensions(lists)
        vectors: dict[str, tuple[str, ...]] = {}
        for column in columns:
            dims: tuple[str, ...] = (shared[f"n_{column.name}"],) if column.field[3] else ()
            if column.kind == "vector":
                dim, names = _VECTORS.get((column.field[6], column.field[4]), (f"n_{column.name}", ()))
                dims = (*dims, dim)
                if names:
                    vectors.setdefault(dim, names)
            self.dims[column.name] = dims
            self.sizes.update(zip(dims, column.shape[1:]))
        self.named: xr.Dataset = _named(vectors)
        # of one datapoint: variables, or how they are made
        self.late: dict[Any, Any] = {column.name: (column.at, column.field, self.dims[column.name]) for column in columns}
        self.late.update(self.named.variables)
        self.coords: set[Any] = {*vectors, "time"} & self.late.keys()


_empty: dict[tuple[str, ...], xr.Dataset] = {}


def _named(vectors: dict[str, tuple[str, ...]]) -> xr.Dataset:
    """A Dataset with nothing but the names of vectors, by their dimensions."""
    key = tuple(vectors)
    if key not in _empty:
        _empty[key] = xr.Dataset(coords={dim: np.array(names) for dim, names in vectors.items()})
    return _empty[key]


class _Known:
    """Layouts of single datapoints of one schema, by the lengths of their lists."""

    __slots__ = ("layouts", "lists", "schema")

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.lists: list[int] = [at for at, field in enumerate(schema.fields) if field[3]]
        self.layouts: dict[tuple[int, ...], _Layout] = {}


_known: _Known | None = None  # of what was found last: most finds are of one dataset


def _layout_of_one(table: Table) -> _Layout:
    global _known
    known = _known
    if known is None or known.schema is not table._schema:
        known = _known = _Known(table._schema)
    lengths = tuple([_core.column_shape(table._batches, at)[0] for at in known.lists])
    layout = known.layouts.get(lengths)
    if layout is None:
        layout = _Layout([column for column in table._columns() if _is_shown(column, False)])
        if len(known.layouts) < 100:
            known.layouts[lengths] = layout
    return layout


def _share_dimensions(sizes: dict[str, int]) -> dict[str, str]:
    """Lists of one length whose names begin alike share a dimension: int_metrics and int_metrics_count."""
    names = {}
    for name, size in sizes.items():
        names[name] = name
        for other, other_size in sizes.items():
            if other != name and size == other_size and name.startswith(other[:-1]):
                names[name] = other
    return names


# --- dataset.table: the Arrow table behind a Dataset ---

_tables: dict[int, tuple[Any, Table]] = {}


def _with_table(dataset: xr.Dataset, table: Table) -> xr.Dataset:
    key = id(dataset)
    _tables[key] = ref(dataset, lambda _: _tables.pop(key, None)), table
    return dataset


def _table_of(dataset: xr.Dataset) -> Table:
    found = _tables.get(id(dataset))
    if found is None or found[0]() is not dataset:
        raise ValueError("table: only a Dataset as query, load and find return it has the Arrow table behind it")
    return found[1]


if not hasattr(xr.Dataset, "table"):
    xr.register_dataset_accessor("table")(_table_of)  # type: ignore[no-untyped-call]


def tables_kept() -> Iterator[Table]:
    """For tests of leaks."""
    return (table for _, table in _tables.values())
