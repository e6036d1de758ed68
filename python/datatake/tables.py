"""Datapoints as Arrow columns, and as the xarray.Dataset that Tilebox's users know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import ref

from . import _core, _html

if TYPE_CHECKING:
    import geopandas
    import numpy as np
    import pandas as pd
    import polars
    import pyarrow
    import xarray as xr

__all__ = ["Table"]

COLLECTION_ROLE = 6  # a column of results: which collection the datapoint is of
_DTYPES = {"bool": "bool", "int64": "int64", "uint64": "uint64", "float64": "float64", "timestamp": "datetime64[ns]",
           "duration": "timedelta64[ns]", "uuid": "<U36", "vector": "float64"}
_VECTORS = {("", 2): ("latlon", ("latitude", "longitude")), ("", 3): ("vec3", ("x", "y", "z")),
            ("", 4): ("quaternion", ("q1", "q2", "q3", "q4")), ("lat_lon", 2): ("latlon", ("latitude", "longitude")),
            ("lat_lon_alt", 3): ("lat_lon_alt", ("latitude", "longitude", "altitude"))}


class Table:
    """Datapoints as Arrow columns in batches, in the order in which the source gave them.

    pyarrow, polars, pandas, geopandas and DuckDB read it by `__arrow_c_stream__` without copying numbers.
    """

    __slots__ = ("__weakref__", "_batches", "_schema")

    def __init__(self, schema: _core.Schema, batches: list[_core.Batch]) -> None:
        self._schema: _core.Schema = schema
        self._batches: list[_core.Batch] = batches

    def __len__(self) -> int:
        return sum(batch.rows for batch in self._batches)

    @property
    def num_rows(self) -> int:
        """How many datapoints."""
        return len(self)

    @property
    def column_names(self) -> list[str]:
        """The names of the fields; `collection` says which collection a datapoint is of."""
        return [field[0] for field in self._schema.fields]

    def __arrow_c_schema__(self) -> object:
        return _core.arrow_schema(self._schema)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _core.arrow_stream(self._schema, self._batches)

    def to_xarray(self) -> xr.Dataset:
        """As `collection.query` gives it: one variable a field, along `time`."""
        return dataset_of(self._schema, _fill(self._schema, self._batches), self._batches)

    def to_arrow(self) -> pyarrow.Table:
        """As a pyarrow.Table."""
        import pyarrow as pa

        return pa.RecordBatchReader.from_stream(self).read_all()

    def to_polars(self) -> polars.DataFrame:
        """As a polars.DataFrame."""
        import polars as pl

        return pl.DataFrame(self)

    def to_pandas(self) -> pd.DataFrame:
        """One row a datapoint; ids are text, geometries WKB."""
        import pandas as pd

        names = self.column_names
        frame = {}
        for name, (values, _) in _fill(self._schema, self._batches, shapes=False).finish().items():
            frame[name] = values if values.ndim == 1 else list(values)
        return pd.DataFrame(frame, columns=[n for n in names if n in frame])

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """One row a datapoint, with its geometry (longitude and latitude)."""
        import geopandas

        names = [f[0] for f in self._schema.fields if f[1] == "geometry" and not f[3]]
        if not names:
            raise ValueError("to_geopandas: the datapoints have no geometry")
        frame = self.to_pandas()
        for name in names:
            frame[name] = geopandas.GeoSeries(_geometries(frame[name].to_numpy()), crs="OGC:CRS84")
        active = "geometry" if "geometry" in names else names[0]
        return geopandas.GeoDataFrame(frame, geometry=active, crs="OGC:CRS84")

    def __repr__(self) -> str:
        fields = ", ".join(f"{f[0]}: {f[1]}{'[]' if f[3] else ''}" for f in self._schema.fields)
        return f"<datatake.Table of {len(self)} datapoints: {fields}>"

    def _repr_html_(self) -> str:
        return _html.of_table(self)

    def _preview(self, rows: int, shapes: int) -> tuple[list[str], list[tuple[Any, ...]], list[Any]]:
        """Names, the first rows without geometries, and the first geometries, for people to look at."""
        if not self._batches:
            return self.column_names, [], []
        columns = _fill(self._schema, self._batches[:1], shapes=False).finish()
        geometry = next((f[0] for f in self._schema.fields if f[1] == "geometry" and not f[3]), None)
        names = [name for name in self.column_names if name in columns and name != geometry]
        found = list(_geometries(columns[geometry][0][:shapes])) if geometry in columns else []
        return names, list(zip(*(columns[name][0][:rows] for name in names))), found


# --- to numpy ---


Arrays = dict[str, "tuple[np.ndarray[Any, Any], bool]"]


class Filling:
    """Arrays that grow batch by batch, so that most of the work is done while others are still on their way."""

    def __init__(self, schema: _core.Schema, shapes: bool = True) -> None:
        self.fields: list[_core.FieldTuple] = schema.fields
        self._columns = _core.Columns(schema)
        self._shapes = shapes
        # geometries are made of each batch's WKB at once
        self._geometries: dict[int, list[np.ndarray[Any, Any]]] = {
            at: [] for at, f in enumerate(self.fields) if shapes and f[1] == "geometry" and not f[3]}

    @property
    def rows(self) -> int:
        return self._columns.rows

    def add(self, batch: _core.Batch) -> None:
        import numpy as np

        rows = self._columns.add(batch)
        for at, parts in self._geometries.items():
            wkb = np.empty(rows, dtype=object)
            self._columns.objects_into(at, wkb)
            parts.append(_geometries(wkb))

    def finish(self) -> Arrays:
        """Of each field an array (rows, items of a list, numbers of a vector), and whether any row has a value."""
        import numpy as np

        found: Arrays = {}
        for at, ((name, kind, _, repeated, width, *_), (memory, longest, some)) in enumerate(
                zip(self.fields, self._columns.finish())):
            shape: tuple[int, ...] = (self.rows, longest) if repeated else (self.rows,)
            if kind == "vector":
                shape = (*shape, width)
            parts = self._geometries.get(at)
            if parts is not None:
                values = parts[0] if len(parts) == 1 else np.concatenate(parts)
            elif memory is None:
                values = np.empty(shape, dtype=object)
                self._columns.objects_into(at, values)
                if kind == "geometry" and self._shapes:
                    values = _geometries(values)
            else:
                values = np.frombuffer(memory, dtype=_DTYPES[kind]).reshape(shape)
            found[name] = values, some
        return found


def _fill(schema: _core.Schema, batches: list[_core.Batch], shapes: bool = True) -> Filling:
    filling = Filling(schema, shapes)
    for batch in batches:
        filling.add(batch)
    return filling


def _geometries(wkb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import shapely

    made: np.ndarray[Any, Any] = shapely.from_wkb(wkb)
    return made


# --- to xarray, in Tilebox's shape ---


def dataset_of(schema: _core.Schema, filling: Filling, batches: list[_core.Batch], *, only_set: bool = False,
               single: bool = False) -> xr.Dataset:
    """`only_set`: without fields of which no row has a value. `single`: the one datapoint, without the dimension `time`."""
    import xarray as xr

    if filling.rows == 0:
        return _with_table(xr.Dataset(), schema, batches)
    arrays = filling.finish()
    lists = {f"n_{f[0]}": arrays[f[0]][0].shape[1] for f in filling.fields if f[3]}
    dims_of_lists = _share_dimensions(lists) if lists else {}
    variables: dict[str, xr.Variable] = {}
    vectors: dict[str, tuple[str, ...]] = {}
    for name, kind, role, repeated, width, _, unit, *_ in filling.fields:
        values, some = arrays[name]
        if role == COLLECTION_ROLE or (only_set and not some and not repeated) or (repeated and values.shape[1] == 0):
            continue
        dims: tuple[str, ...] = ("time",)
        if repeated:
            dims = (*dims, dims_of_lists[f"n_{name}"])
        if kind == "vector":
            dim, names = _VECTORS.get((unit, width), (f"n_{name}", ()))
            dims = (*dims, dim)
            if names:
                vectors.setdefault(dim, names)
        if single:
            values, dims = values[0, ...], dims[1:]
        variables[name] = xr.Variable(dims, values, fastpath=True)
    return _with_table(_assemble(variables, vectors, single), schema, batches)


_empty: dict[tuple[str, ...], xr.Dataset] = {}  # with nothing but the names of vectors, by their dimensions


def _assemble(variables: dict[str, xr.Variable], vectors: dict[str, tuple[str, ...]], single: bool) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    key = tuple(vectors)
    if key not in _empty:
        _empty[key] = xr.Dataset(coords={dim: np.array(names) for dim, names in vectors.items()})
    named = _empty[key]
    if not single or not hasattr(xr.Dataset, "_construct_direct"):
        coords: dict[Any, Any] = {"time": variables.pop("time")} if "time" in variables else {}
        return xr.Dataset(variables, {**coords, **{dim: named.variables[dim] for dim in key}})
    # Most of the time of a find would go into alignment and copies, of which one datapoint needs none.
    sizes = {dim: size for variable in variables.values() for dim, size in variable.sizes.items()}
    coord_names: set[Any] = {*key, "time"} & {*key, *variables}
    return xr.Dataset._construct_direct(
        {**variables, **{dim: named.variables[dim] for dim in key}}, coord_names=coord_names, dims={**sizes, **{dim: len(vectors[dim]) for dim in key}},
        indexes=dict(named._indexes))


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
_registered = False


def _with_table(dataset: xr.Dataset, schema: _core.Schema, batches: list[_core.Batch]) -> xr.Dataset:
    global _registered
    if not _registered:
        import xarray as xr

        _registered = True
        if not hasattr(xr.Dataset, "table"):
            xr.register_dataset_accessor("table")(_table_of)  # type: ignore[no-untyped-call]
    key = id(dataset)
    _tables[key] = ref(dataset, lambda _: _tables.pop(key, None)), Table(schema, batches)
    return dataset


def _table_of(dataset: xr.Dataset) -> Table:
    found = _tables.get(id(dataset))
    if found is None or found[0]() is not dataset:
        raise ValueError("table: only a Dataset as query, load and find return it has the Arrow table behind it")
    return found[1]


def tables_kept() -> Iterator[Table]:
    """For tests of leaks."""
    return (table for _, table in _tables.values())
