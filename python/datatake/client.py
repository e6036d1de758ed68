"""Datasets without asyncio: every call waits for its answer, with the interpreter lock released."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from . import _calls, _core, rows
from ._calls import CollectionInfo, DatasetInfo
from ._engine import run, runtime
from ._sources import source_of
from .groups import Group
from .progress import ShowProgress
from .queries import make_query
from .tables import Table
from .times import TimeIntervalLike

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Client", "Collection", "Dataset"]


class Client:
    """One source of datasets.

    Without arguments the embedded catalogue (DATATAKE_SOURCE, else the user's own); else the path of a catalogue file, or
    the address of a server that speaks the Tilebox API ("http://127.0.0.1:8080", "https://api.tilebox.com"). `token` is
    its key; without one TILEBOX_API_KEY's.
    """

    def __init__(self, source: str | None = None, *, url: str | None = None, token: str | None = None,
                 read_only: bool = False, must_exist: bool = False) -> None:
        self._core: _core.Client = _core.Client(runtime(), source_of(source, url), token, read_only, must_exist)

    def close(self) -> None:
        """Ends what is under way. Calls after it raise StateError."""
        self._core.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def datasets(self) -> Group[Dataset]:
        """All datasets, as a tree by their groups."""
        group: Group[Dataset] = Group()
        for info in run(_calls.list_datasets(self._core)):
            for slug in (info.slug, *info.aliases):
                group._add(slug, Dataset(self, info))
        return group

    def dataset(self, slug: str) -> Dataset:
        """One dataset by its slug. Raises NotFoundError."""
        return Dataset(self, run(_calls.find_dataset(self._core, slug)))

    def create_dataset(self, slug: str, fields: Iterable[rows.FieldLike] = (), *, kind: str = "spatiotemporal",
                       name: str | None = None, description: str = "") -> Dataset:
        """Makes a dataset; `fields` as Tilebox takes them ({"name": "label", "type": str}) beside time, id, ingestion
        time and, of kind "spatiotemporal", geometry. One that is there already may get new fields at its end."""
        number, schema = rows.make_schema(kind, fields)
        self._core.create_dataset(slug, name or slug, description, number, schema)
        return self.dataset(slug)

    def create_or_update_dataset(self, kind: Any, code_name: str, fields: Iterable[rows.FieldLike] | None = None, *,
                                 name: str | None = None) -> Dataset:
        """The same, as Tilebox's clients call it."""
        return self.create_dataset(code_name, fields or (), kind=rows.kind_name(kind), name=name)

    def delete_dataset(self, slug: str) -> None:
        """Deletes it with all its datapoints."""
        self._core.delete_dataset(slug, None)


class Dataset:
    """A dataset: one schema, and collections of datapoints."""

    def __init__(self, client: Client, info: DatasetInfo) -> None:
        self._client: Client = client
        self._core: _core.Client = client._core
        self._dataset: DatasetInfo = info
        self.name: str = info.name
        self.slug: str = info.slug

    def __repr__(self) -> str:
        return f"{self.name} [{self._dataset.kind} Dataset]: {self._dataset.summary}"

    def info(self) -> DatasetInfo:
        """Slug, name, description, kind, schema, counts."""
        return self._dataset

    def collections(self) -> dict[str, Collection]:
        """Its collections by name."""
        return {info.name: Collection(self, info) for info in run(_calls.list_collections(self._core, self.slug))}

    def collection(self, name: str) -> Collection:
        """One collection by its name. Raises NotFoundError."""
        return Collection(self, run(_calls.find_collection(self._core, self.slug, name)))

    def create_collection(self, name: str, description: str = "") -> Collection:
        """Makes it, unless it is there."""
        self._core.create_collection(self.slug, name, description)
        return self.collection(name)

    def get_or_create_collection(self, name: str) -> Collection:
        """The same."""
        return self.create_collection(name)

    def delete_collection(self, collection: str | Collection) -> None:
        """Deletes it with its datapoints."""
        self._core.delete_dataset(self.slug, collection if isinstance(collection, str) else collection.name)

    def query(self, *, temporal_extent: TimeIntervalLike = None, collections: Iterable[str | Collection] | None = None,
              filter: Any = None, spatial_extent: Any = None, bbox: Any = None, fields: Any = None, limit: int | None = None,
              skip_data: bool = False, show_progress: ShowProgress = False) -> xr.Dataset:
        """Datapoints of several collections (all, unless some are named); see Collection.query."""
        query = make_query(self.slug, collection_names(collections), temporal_extent, spatial_extent=spatial_extent,
                           filter=filter, bbox=bbox, fields=fields, limit=limit, skip_data=skip_data)
        return run(_calls.load(self._core, query, show_progress, self.name, skip_data))

    def find(self, datapoint_id: str | UUID, skip_data: bool = False) -> xr.Dataset:
        """One datapoint of any collection; see Collection.find."""
        return run(_calls.find(self._core, self.slug, None, datapoint_id, skip_data))


class Collection:
    """A collection of datapoints."""

    def __init__(self, dataset: Dataset, info: CollectionInfo) -> None:
        self._dataset: Dataset = dataset
        self._core: _core.Client = dataset._core
        self._info: CollectionInfo | None = info
        self.name: str = info.name
        self.id: UUID = info.id

    def __repr__(self) -> str:
        return repr(self.info())

    def info(self) -> CollectionInfo:
        """Availability and count."""
        if self._info is None:
            self._info = run(_calls.find_collection(self._core, self._dataset.slug, self.name))
        return self._info

    def load(self, temporal_extent: TimeIntervalLike, *, skip_data: bool = False, show_progress: ShowProgress = False,
             fields: Any = None, filter: Any = None, bbox: Any = None, limit: int | None = None) -> xr.Dataset:
        """All datapoints in a time interval: `query` without a keyword before the interval."""
        return self.query(temporal_extent=temporal_extent, skip_data=skip_data, show_progress=show_progress, fields=fields,
                          filter=filter, bbox=bbox, limit=limit)

    def query(self, *, temporal_extent: TimeIntervalLike = None, filter: Any = None, spatial_extent: Any = None,
              bbox: Any = None, fields: Any = None, limit: int | None = None, skip_data: bool = False,
              show_progress: ShowProgress = False) -> xr.Dataset:
        """Datapoints as an xarray.Dataset, ordered by time, then id; empty when there are none.

        temporal_extent: (start, end), half open; [start, end], closed; one instant; "A/B"; None: all. Times are text,
            datetime, numpy.datetime64 or pandas.Timestamp, UTC unless they have a zone.
        filter: `field("cloud_cover") < 20`, or CQL2 as text or dict.
        spatial_extent: a shapely geometry, GeoJSON, WKT, or {"geometry": ..., "mode": "intersects" |
            "filter_contains_geometry" | "geometry_contains_filter", "coordinate_system": "cartesian" | "spherical"}.
        bbox: (west, south, east, north) in degrees; west > east crosses the antimeridian.
        fields: names of the fields to load. limit: at most so many datapoints. skip_data: ids and times only.
        show_progress: True for a bar, or a function that is called with the fraction done.

        Raises NotFoundError, ArgumentError (a ValueError), NetworkError, AuthenticationError.
        """
        query = self._query(temporal_extent, filter, spatial_extent, bbox, fields, limit, skip_data)
        return run(_calls.load(self._core, query, show_progress, self._dataset.name, skip_data))

    def table(self, temporal_extent: TimeIntervalLike = None, *, filter: Any = None, spatial_extent: Any = None,
              bbox: Any = None, fields: Any = None, limit: int | None = None, skip_data: bool = False,
              show_progress: ShowProgress = False) -> Table:
        """The same as Arrow columns, without numpy or xarray."""
        query = self._query(temporal_extent, filter, spatial_extent, bbox, fields, limit, skip_data)
        return run(_calls.load_table(self._core, query, show_progress, self._dataset.name))

    def count(self, temporal_extent: TimeIntervalLike = None, *, filter: Any = None, spatial_extent: Any = None,
              bbox: Any = None) -> int:
        """How many datapoints there are."""
        return run(_calls.count(self._core, self._query(temporal_extent, filter, spatial_extent, bbox, None, None, False)))

    def _query(self, temporal_extent: Any, filter: Any, spatial_extent: Any, bbox: Any, fields: Any, limit: int | None,
               skip_data: bool) -> _core.Query:
        return make_query(self._dataset.slug, [self.name], temporal_extent, spatial_extent=spatial_extent, filter=filter,
                          bbox=bbox, fields=fields, limit=limit, skip_data=skip_data)

    def find(self, datapoint_id: str | UUID, skip_data: bool = False) -> xr.Dataset:
        """One datapoint by its id. Raises NotFoundError, ValueError when it is no id."""
        return run(_calls.find(self._core, self._dataset.slug, self.name, datapoint_id, skip_data))

    def ingest(self, data: Any, allow_existing: bool = True) -> list[UUID]:
        """Stores datapoints: an xarray.Dataset, a DataFrame of pandas or polars, Arrow, a mapping of columns, or records.

        The same content has the same id. Unless `allow_existing`, StateError when one is there already, and nothing is
        stored. Returns the ids.
        """
        ids = rows.insert(self._core, self._dataset._dataset, self.name, data, allow_existing)
        self._info = None
        return ids

    def delete(self, datapoints: Any) -> int:
        """Deletes by ids: a Dataset, a DataFrame, an array or a list. All or nothing: NotFoundError."""
        ids = rows.ids_of(datapoints)
        if not ids:
            return 0
        query = make_query(self._dataset.slug, [self.name], ids=ids)
        deleted = run(_calls.delete(self._core, query, len(ids)))
        self._info = None
        return deleted


def collection_names(collections: Iterable[Any] | None) -> list[str]:
    if isinstance(collections, str):
        raise TypeError(f"collections: a list of names is expected, not {collections!r}")
    return [c if isinstance(c, str) else c.name for c in collections or ()]
