"""Clients, datasets and collections: what is asked of them, for `datatake` and `datatake.aio` alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _arguments, _calls, _core
from ._calls import CollectionInfo, DatasetInfo
from ._engine import Steps, Work, runtime
from ._later import Later
from ._sources import source_of
from ._ways import call
from .groups import Collections, Group
from .progress import ShowProgress
from .queries import collection_names, make_query
from .tables import Table
from .times import TimeIntervalLike

if TYPE_CHECKING:
    from uuid import UUID

    import xarray as xr

    from . import _html, rows
else:
    _html, rows = Later("datatake._html"), Later("datatake.rows")

A_COLLECTION = "the name of a collection"
D = TypeVar("D", bound="DatasetCalls[Any]")
C = TypeVar("C", bound="CollectionCalls")


class ClientCalls(Generic[D]):
    _made: type[D]

    def __init__(self, source: str | None = None, *, url: str | None = None, token: str | None = None,
                 read_only: bool = False, must_exist: bool = False) -> None:
        self._core: _core.Client = _core.Client(
            runtime(), source_of(source, url), _arguments.text_or_none(token, "token", "a key"),
            _arguments.flag(read_only, "read_only"), _arguments.flag(must_exist, "must_exist"))

    def close(self) -> None:
        """Ends what is under way. Calls after it raise StateError."""
        self._core.close()

    @call
    def datasets(self) -> Steps[Group[D]]:
        """All datasets, as a tree by their groups."""
        group: Group[D] = Group()
        for info in (yield from _calls.list_datasets(self._core)):
            for slug in (info.slug, *info.aliases):
                group._add(slug, self._made(self, info))
        return group

    @call
    def dataset(self, slug: str) -> Steps[D]:
        """One dataset by its slug. Raises NotFoundError."""
        return (yield from self._find(slug))

    def _find(self, slug: str) -> Steps[D]:
        return self._made(self, (yield from _calls.find_dataset(self._core, slug)))

    @call
    def create_dataset(self, slug: str, fields: Iterable[rows.FieldLike] = (), *, kind: str = "spatiotemporal",
                       name: str | None = None, description: str = "") -> Steps[D]:
        """Makes a dataset; `fields` as Tilebox takes them ({"name": "label", "type": str}) beside time, id, ingestion
        time and, of kind "spatiotemporal", geometry. One that is there already may get new fields at its end."""
        return (yield from self._create(slug, fields, kind, name, description))

    @call
    def create_or_update_dataset(self, kind: Any, code_name: str, fields: Iterable[rows.FieldLike] | None = None, *,
                                 name: str | None = None) -> Steps[D]:
        """The same, as Tilebox's clients call it."""
        return (yield from self._create(code_name, fields or (), rows.kind_name(kind), name, ""))

    def _create(self, slug: str, fields: Iterable[rows.FieldLike], kind: str, name: str | None,
                description: str) -> Steps[D]:
        _arguments.text(slug, "slug", _calls.A_DATASET)
        label = _arguments.text_or_none(name, "name") or slug
        _arguments.text(description, "description")
        number, schema = rows.make_schema(kind, fields)
        yield Work(lambda: self._core.create_dataset(slug, label, description, number, schema))
        return (yield from self._find(slug))

    @call
    def delete_dataset(self, slug: str) -> Steps[None]:
        """Deletes it with all its datapoints."""
        _arguments.text(slug, "slug", _calls.A_DATASET)
        yield Work(lambda: self._core.delete_dataset(slug, None))


class DatasetCalls(Generic[C]):
    _made: type[C]

    def __init__(self, client: ClientCalls[Any], info: DatasetInfo) -> None:
        self._client: ClientCalls[Any] = client
        self._core: _core.Client = client._core
        self._dataset: DatasetInfo = info
        self.name: str = info.name
        self.slug: str = info.slug

    def __repr__(self) -> str:
        return repr(self._dataset)

    def _repr_html_(self) -> str:
        return _html.of_dataset(self._dataset)

    @call
    def info(self) -> Steps[DatasetInfo]:
        """Slug, name, description, kind, schema, counts."""
        yield from ()
        return self._dataset

    @call
    def collections(self) -> Steps[Collections[C]]:
        """Its collections by name, a dict."""
        found: Collections[C] = Collections()
        for info in (yield from _calls.list_collections(self._core, self.slug)):
            found[info.name] = self._made(self, info)
        return found

    @call
    def collection(self, name: str) -> Steps[C]:
        """One collection by its name. Raises NotFoundError."""
        return (yield from self._find(name))

    def _find(self, name: str) -> Steps[C]:
        _arguments.text(name, "name", A_COLLECTION)
        return self._made(self, (yield from _calls.find_collection(self._core, self.slug, name)))

    @call
    def create_collection(self, name: str, description: str = "") -> Steps[C]:
        """Makes it, unless it is there."""
        return (yield from self._create(name, description))

    @call
    def get_or_create_collection(self, name: str) -> Steps[C]:
        """The same."""
        return (yield from self._create(name, ""))

    def _create(self, name: str, description: str) -> Steps[C]:
        _arguments.text(name, "name", A_COLLECTION)
        _arguments.text(description, "description")
        yield Work(lambda: self._core.create_collection(self.slug, name, description))
        return (yield from self._find(name))

    @call
    def delete_collection(self, collection: str | C) -> Steps[None]:
        """Deletes it with its datapoints."""
        name = _arguments.name_of(collection, "collection", A_COLLECTION)
        yield Work(lambda: self._core.delete_dataset(self.slug, name))

    @call
    def query(self, *, temporal_extent: TimeIntervalLike = None, collections: Iterable[str | C] | None = None,
              filter: Any = None, spatial_extent: Any = None, bbox: Any = None, fields: Any = None, limit: int | None = None,
              skip_data: bool = False, show_progress: ShowProgress = False) -> Steps[xr.Dataset]:
        """Datapoints of several collections (all, unless some are named); see Collection.query."""
        query = make_query(self.slug, collection_names(collections), temporal_extent, spatial_extent=spatial_extent,
                           filter=filter, bbox=bbox, fields=fields, limit=limit, skip_data=skip_data)
        return (yield from _calls.load(self._core, query, show_progress, self.name, skip_data))

    @call
    def find(self, datapoint_id: str | UUID, skip_data: bool = False) -> Steps[xr.Dataset]:
        """One datapoint of any collection; see Collection.find."""
        return (yield from _calls.find(self._core, self.slug, None, datapoint_id, skip_data))


class CollectionCalls:
    def __init__(self, dataset: DatasetCalls[Any], info: CollectionInfo) -> None:
        self._dataset: DatasetCalls[Any] = dataset
        self._core: _core.Client = dataset._core
        self._info: CollectionInfo | None = info
        self.name: str = info.name
        self.id: UUID = info.id

    def _repr_html_(self) -> str | None:
        return _html.of_collection(self._info) if self._info is not None else None

    @call
    def info(self) -> Steps[CollectionInfo]:
        """Availability and count."""
        if self._info is None:
            self._info = yield from _calls.find_collection(self._core, self._dataset.slug, self.name)
        return self._info

    @call
    def load(self, temporal_extent: TimeIntervalLike, *, skip_data: bool = False, show_progress: ShowProgress = False,
             fields: Any = None, filter: Any = None, bbox: Any = None, limit: int | None = None) -> Steps[xr.Dataset]:
        """All datapoints in a time interval: `query` without a keyword before the interval."""
        query = self._query(temporal_extent, filter, None, bbox, fields, limit, skip_data)
        return (yield from _calls.load(self._core, query, show_progress, self._dataset.name, skip_data))

    @call
    def query(self, *, temporal_extent: TimeIntervalLike = None, filter: Any = None, spatial_extent: Any = None,
              bbox: Any = None, fields: Any = None, limit: int | None = None, skip_data: bool = False,
              show_progress: ShowProgress = False) -> Steps[xr.Dataset]:
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
        return (yield from _calls.load(self._core, query, show_progress, self._dataset.name, skip_data))

    @call
    def table(self, temporal_extent: TimeIntervalLike = None, *, filter: Any = None, spatial_extent: Any = None,
              bbox: Any = None, fields: Any = None, limit: int | None = None, skip_data: bool = False,
              show_progress: ShowProgress = False) -> Steps[Table]:
        """The same as Arrow columns, without numpy or xarray."""
        query = self._query(temporal_extent, filter, spatial_extent, bbox, fields, limit, skip_data)
        return (yield from _calls.load_table(self._core, query, show_progress, self._dataset.name))

    @call
    def count(self, temporal_extent: TimeIntervalLike = None, *, filter: Any = None, spatial_extent: Any = None,
              bbox: Any = None) -> Steps[int]:
        """How many datapoints there are."""
        query = self._query(temporal_extent, filter, spatial_extent, bbox, None, None, False)
        return (yield from _calls.count(self._core, query))

    def _query(self, temporal_extent: Any, filter: Any, spatial_extent: Any, bbox: Any, fields: Any, limit: int | None,
               skip_data: bool) -> _core.Query:
        return make_query(self._dataset.slug, [self.name], temporal_extent, spatial_extent=spatial_extent, filter=filter,
                          bbox=bbox, fields=fields, limit=limit, skip_data=skip_data)

    @call
    def find(self, datapoint_id: str | UUID, skip_data: bool = False) -> Steps[xr.Dataset]:
        """One datapoint by its id. Raises NotFoundError, ValueError when it is no id."""
        return (yield from _calls.find(self._core, self._dataset.slug, self.name, datapoint_id, skip_data))

    @call
    def ingest(self, data: Any, allow_existing: bool = True) -> Steps[list[UUID]]:
        """Stores datapoints: an xarray.Dataset, a DataFrame of pandas or polars, Arrow, a mapping of columns, or records.

        The same content has the same id. Unless `allow_existing`, StateError when one is there already, and nothing is
        stored. Returns the ids.
        """
        existing = _arguments.flag(allow_existing, "allow_existing")
        ids: list[UUID] = yield Work(
            lambda: rows.insert(self._core, self._dataset._dataset, self.name, data, existing))
        self._info = None
        return ids

    @call
    def delete(self, datapoints: Any) -> Steps[int]:
        """Deletes by ids: a Dataset, a DataFrame, an array or a list. All or nothing: NotFoundError."""
        ids = rows.ids_of(datapoints)
        if not ids:
            return 0
        query = make_query(self._dataset.slug, [self.name], ids=ids)
        deleted = yield from _calls.delete(self._core, query, len(ids))
        self._info = None
        return deleted
