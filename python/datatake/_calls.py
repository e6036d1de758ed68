"""What a client does, once for both ways of waiting: generators of steps (`_engine.run`, `_engine.run_async`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _arguments, _core
from ._engine import Step, Steps
from ._later import Later
from .errors import ArgumentError, NotFoundError
from .progress import ShowProgress, begin, check_progress
from .tables import Table
from .times import TimeInterval

if TYPE_CHECKING:
    from uuid import UUID

    import xarray as xr

    from . import _html
else:
    _html = Later("datatake._html")

A_DATASET = "the name of a dataset"
KINDS = {1: "Temporal", 2: "Spatiotemporal"}


class DatasetInfo:
    """What a dataset is."""

    __slots__ = ("aliases", "collections", "count", "description", "id", "kind", "name", "schema", "slug")

    def __init__(self, found: dict[str, Any]) -> None:
        from uuid import UUID

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
        from uuid import UUID

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


def datasets_named(client: _core.Client, slug: str) -> Steps[list[DatasetInfo]]:
    """Others may be among them, as may it not be."""
    op = yield Step(lambda queue: client.datasets_named(slug, queue))
    return [DatasetInfo(found) for found in op.result()]


def find_dataset(client: _core.Client, slug: str) -> Steps[DatasetInfo]:
    _arguments.text(slug, "slug", A_DATASET)
    infos = yield from datasets_named(client, slug)
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


def load_table(client: _core.Client, query: _core.Query, show: ShowProgress, what: str) -> Steps[Table]:
    check_progress(show)
    return (yield from collect(client.load(query), show, what))


def load(client: _core.Client, query: _core.Query, show: ShowProgress, what: str, only_set: bool) -> Steps[xr.Dataset]:
    check_progress(show)
    under_way = client.load(query)
    from .xarrays import dataset_of  # with xarray, which takes long the first time: meanwhile the first pages come

    return dataset_of((yield from collect(under_way, show, what)), only_set=only_set)


def collect(under_way: _core.Load, show: ShowProgress, what: str) -> Steps[Table]:
    """All datapoints of a load that has begun."""
    bar = begin(under_way, show, what)
    finished = False
    try:
        op = yield Step(under_way.collect, bar.tick)
        op.result()
        batches = under_way.batches()
        schema = batches[0].schema if batches else under_way.schema()
        assert schema is not None  # a source that has answered has said it
        finished = True
    finally:
        bar.end(finished)
        under_way.close()
    return Table(schema, batches)


def find(client: _core.Client, dataset: str, collection: str | None, datapoint: Any, skip_data: bool) -> Steps[xr.Dataset]:
    from .xarrays import one_of

    identity = as_id(datapoint)
    _arguments.flag(skip_data, "skip_data")
    op = yield Step(lambda queue: client.find(dataset, collection, identity, queue))
    try:
        batch = op.result()
    except NotFoundError:
        raise NotFoundError(f"No such datapoint {datapoint}") from None
    made = one_of(Table(batch.schema, [batch]))
    return made[[n for n in ("id", "ingestion_time", "geometry") if n in made]] if skip_data else made


def as_id(datapoint: Any) -> str:
    """The text of a UUID."""
    from uuid import UUID

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
