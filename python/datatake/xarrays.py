"""Datapoints as the xarray.Dataset that Tilebox's users know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import ref

import numpy as np
import xarray as xr

from .arrays import Column
from ._late import late
from .tables import Table

COLLECTION_ROLE = 6  # a column of results: which collection the datapoint is of
_VECTORS = {("", 2): ("latlon", ("latitude", "longitude")), ("", 3): ("vec3", ("x", "y", "z")),
            ("", 4): ("quaternion", ("q1", "q2", "q3", "q4")), ("lat_lon", 2): ("latlon", ("latitude", "longitude")),
            ("lat_lon_alt", 3): ("lat_lon_alt", ("latitude", "longitude", "altitude"))}


def dataset_of(table: Table, *, only_set: bool = False, single: bool = False) -> xr.Dataset:
    """`only_set`: without fields of which no row has a value. `single`: the one datapoint, without the dimension `time`."""
    if len(table) == 0:
        return _with_table(xr.Dataset(), table)
    columns = [column for column in table._columns() if _is_shown(column, only_set)]
    lists = {f"n_{column.name}": column.shape[1] for column in columns if column.field[3]}
    dims_of_lists = _share_dimensions(lists) if lists else {}
    variables: dict[str, xr.Variable] = {}
    vectors: dict[str, tuple[str, ...]] = {}
    sizes: dict[Any, int] = {}
    for column in columns:
        name = column.name
        dims: tuple[str, ...] = ("time", dims_of_lists[f"n_{name}"]) if column.field[3] else ("time",)
        if column.kind == "vector":
            dim, names = _VECTORS.get((column.field[6], column.field[4]), (f"n_{name}", ()))
            dims = (*dims, dim)
            if names:
                vectors.setdefault(dim, names)
        if len(dims) > 1:
            sizes.update(zip(dims[1:], column.shape[1:]))
        variables[name] = _variable(column, dims, single)
    return _with_table(_assemble(variables, vectors, sizes, single), table)


def _is_shown(column: Column, only_set: bool) -> bool:
    if column.field[2] == COLLECTION_ROLE:
        return False
    return column.shape[1] > 0 if column.field[3] else column.has_any or not only_set


def _variable(column: Column, dims: tuple[str, ...], single: bool) -> xr.Variable:
    if single:
        return xr.Variable(dims[1:], column.array()[0, ...], fastpath=True)
    if not column.costs:
        return xr.Variable(dims, column.array(), fastpath=True)
    return xr.Variable(dims, late(column), fastpath=True)


_empty: dict[tuple[str, ...], xr.Dataset] = {}  # with nothing but the names of vectors, by their dimensions


def _assemble(variables: dict[str, xr.Variable], vectors: dict[str, tuple[str, ...]], sizes: dict[Any, int],
              single: bool) -> xr.Dataset:
    """`sizes`: of the dimensions beside time."""
    key = tuple(vectors)
    if key not in _empty:
        _empty[key] = xr.Dataset(coords={dim: np.array(names) for dim, names in vectors.items()})
    named = _empty[key]
    if not single or not hasattr(xr.Dataset, "_construct_direct"):
        coords: dict[Any, Any] = {"time": variables.pop("time")} if "time" in variables else {}
        return xr.Dataset(variables, {**coords, **{dim: named.variables[dim] for dim in key}})
    # Most of the time of a find would go into alignment and copies, of which one datapoint needs none.
    coord_names: set[Any] = {*key, "time"} & {*key, *variables}
    return xr.Dataset._construct_direct({**variables, **{dim: named.variables[dim] for dim in key}}, coord_names=coord_names,
                                        dims=sizes, indexes=dict(named._indexes))


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
