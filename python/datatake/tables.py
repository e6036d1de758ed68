"""Datapoints as Arrow columns, and as the xarray.Dataset that Tilebox's users know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core
from ._later import Later
from .arrays import Column, shapes_of

if TYPE_CHECKING:
    import geopandas
    import pandas as pd
    import polars
    import pyarrow
    import xarray as xr

    from . import _html
else:
    _html = Later("datatake._html")

__all__ = ["Table"]


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
        from .xarrays import dataset_of

        return dataset_of(self)

    def _columns(self) -> list[Column]:
        rows = len(self)
        return [Column(self._batches, at, field, rows) for at, field in enumerate(self._schema.fields)]

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

        arrays = {column.name: column.array(shapes=False) for column in self._columns()}
        return pd.DataFrame({name: values if values.ndim == 1 else list(values) for name, values in arrays.items()})

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """One row a datapoint, with its geometry (longitude and latitude)."""
        import geopandas

        names = [f[0] for f in self._schema.fields if f[1] == "geometry" and not f[3]]
        if not names:
            raise ValueError("to_geopandas: the datapoints have no geometry")
        frame = self.to_pandas()
        for name in names:
            frame[name] = geopandas.GeoSeries(shapes_of(frame[name].to_numpy()), crs="OGC:CRS84")
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
        columns = Table(self._schema, self._batches[:1])._columns()
        geometry = next((c for c in columns if c.kind == "geometry" and not c.field[3]), None)
        shown = [c for c in columns if c is not geometry]
        found = list(shapes_of(geometry.array(shapes=False)[:shapes])) if geometry is not None else []
        return [c.name for c in shown], list(zip(*(c.array(shapes=False)[:rows] for c in shown))), found
