"""What a client does, once for both ways of waiting: generators of steps (`_engine.run`, `_engine.run_async`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from . import _core, _html
from ._engine import Step, Steps
from .errors import ArgumentError, NotFoundError
from .progress import ShowProgress, begin
from .tables import Filling, Table, dataset_of
from .times import TimeInterval

if TYPE_CHECKING:
    import xarray as xr

KINDS = {1: "Temporal", 2: "Spatiotemporal"}


class DatasetInfo:
    """What a dataset is."""

    __slots__ = ("aliases", "collections", "count", "description", "id", "kind", "name", "schema", "slug")

    def __init__(self, found: dict[str, Any]) -> None:
        self.slug: str = found["slug"]
        self.name: str = found["name"]
        self.description: str = found["description"]
        self.kind: str = KINDS.get(found["kind"], "")
        self.id: UUID = UUID(bytes=found["id"])
        self.schema: _core.Schema | None = found["schema"]
        self.count: int = found["datapoints"]
        self.collections: int = found["collections"]
        self.aliases: list[str] = found["aliases"]

    @property
    def summary(self) -> str:
        """The first paragraph of the description."""
        return self.description.split("\n\n")[0].strip()

    def __repr__(self) -> str:
        return f"{self.name} [{self.kind} Dataset]: {self.summary}"

    def _repr_html_(self) -> str:
        return _html.of_dataset(self)


class CollectionInfo:
    """What a collection holds: `availability`, the times of its first and last datapoint, and `count`."""

    __slots__ = ("availability", "bbox", "count", "description", "id", "name")

    def __init__(self, found: dict[str, Any]) -> None:
        self.name: str = found["name"]
        self.description: str = found["description"]
        self.id: UUID = UUID(bytes=found["id"])
        self.count: int = found["datapoints"]
        self.bbox: tuple[float, float, float, float] | None = found["box"]
        self.availability: TimeInterval = (TimeInterval(found["start_ns"], found["end_ns"], end_inclusive=True) if self.count
                             else TimeInterval(0, 0, start_exclusive=True))

    def __str__(self) -> str:
        return f"{self.name}: {self.availability} ({self.count} data points)"

    def __repr__(self) -> str:
        return f"Collection {self!s}"

    def _repr_html_(self) -> str:
        return _html.of_collection(self)


def list_datasets(client: _core.Client) -> Steps[list[DatasetInfo]]:
    op = yield Step(client.datasets)
    return [DatasetInfo(found) for found in op.result()]


def find_dataset(client: _core.Client, slug: str) -> Steps[DatasetInfo]:
    if not isinstance(slug, str):
        raise TypeError(f"slug: the name of a dataset is expected, not {slug!r}")
    infos = yield from list_datasets(client)
    for info in infos:
        if slug == info.slug or slug in info.aliases or info.slug == f"local.{slug}":
            return info
    # whose words name near ones
    op = yield Step(lambda queue: client.collections(slug, queue))
    try:
        op.result()
    except NotFoundError as error:
        raise NotFoundError(f"no such dataset: {error}") from None
    raise NotFoundError(f"no such dataset: {slug}")


def list_collections(client: _core.Client, dataset: str) -> Steps[list[CollectionInfo]]:
    op = yield Step(lambda queue: client.collections(dataset, queue))
    return [CollectionInfo(found) for found in op.result()]


def find_collection(client: _core.Client, dataset: str, name: str) -> Steps[CollectionInfo]:
    infos = yield from list_collections(client, dataset)
    for info in infos:
        if info.name == name:
            return info
    raise NotFoundError(f"No such collection {name}")


def batches_of(client: _core.Client, query: _core.Query, show: ShowProgress, what: str,
               seen: Callable[[_core.Batch], None]) -> Steps[tuple[list[_core.Batch], _core.Schema | None]]:
    """All batches of a load, each seen when it comes, and what they are batches of."""
    under_way = client.load(query)
    bar = begin(under_way, show, what)
    batches: list[_core.Batch] = []
    finished = False
    try:
        while True:
            yield Step(under_way.notify, bar.tick)
            batch = under_way.take()
            if batch is None:
                break
            seen(batch)
            batches.append(batch)
            bar.update()
        schema = batches[0].schema if batches else under_way.schema()
        finished = True
    finally:
        bar.end(finished)
        under_way.cancel()
        under_way.close()
    return batches, schema


def load(client: _core.Client, query: _core.Query, show: ShowProgress, what: str, only_set: bool) -> Steps[xr.Dataset]:
    """Columns are filled while later batches are still on their way."""
    filling: Filling | None = None

    def fill(batch: _core.Batch) -> None:
        nonlocal filling
        if filling is None:
            filling = Filling(batch.schema)
        filling.add(batch)

    batches, schema = yield from batches_of(client, query, show, what, fill)
    if schema is None:
        schema = _core.Schema([("time", "timestamp", 1, False, 0, None, "", "", "")])
    return dataset_of(schema, filling or Filling(schema), batches, only_set=only_set)


def load_table(client: _core.Client, query: _core.Query, show: ShowProgress, what: str) -> Steps[Table]:
    batches, schema = yield from batches_of(client, query, show, what, lambda batch: None)
    assert schema is not None
    return Table(schema, batches)


def find(client: _core.Client, dataset: str, collection: str | None, datapoint: Any, skip_data: bool) -> Steps[xr.Dataset]:
    identity = as_id(datapoint)
    op = yield Step(lambda queue: client.find(dataset, collection, identity, queue))
    try:
        batch = op.result()
    except NotFoundError:
        raise NotFoundError(f"No such datapoint {datapoint}") from None
    filling = Filling(batch.schema)
    filling.add(batch)
    made = dataset_of(batch.schema, filling, [batch], single=True)
    return made[[n for n in ("id", "ingestion_time", "geometry") if n in made]] if skip_data else made


def as_id(datapoint: Any) -> str:
    """The text of a UUID."""
    try:
        return str(datapoint if isinstance(datapoint, UUID) else UUID(str(datapoint)))
    except ValueError:
        raise ArgumentError(f"Invalid datapoint id: {datapoint} is not a valid UUID") from None


def count(client: _core.Client, query: _core.Query) -> Steps[int]:
    op = yield Step(lambda queue: client.count(query, queue))
    return int(op.result())


def delete(client: _core.Client, counted: _core.Query, wanted: int) -> Steps[int]:
    """All or nothing."""
    known = yield from count(client, counted)
    if known < wanted:
        raise NotFoundError(f"No such datapoint: {wanted - known} of {wanted} are not in the collection; nothing was deleted")
    op = yield Step(lambda queue: client.delete(counted, queue))
    return int(op.result())
