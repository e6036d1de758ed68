"""Which images: items, paths and addresses as users have them, or a query of the client's own source."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from . import _calls, _core
from ._engine import Steps
from ._options import Settings, datetime_of, geojson, read_options
from .errors import NotFoundError
from .queries import collection_names, make_query
from .tables import Table
from .times import TimeInterval

_NAME_ROLE = 5  # of fields: what a datapoint is called, unique in its collection
_CLOUD_FIELDS = ("eo:cloud_cover", "cloud_cover", "cloudCover", "cloud_pct", "CLOUD_COVER", "eo_cloud_cover")


def settings_of(client: _core.Client | None, items: Any, options: Mapping[str, Any], known: type) -> Steps[Settings]:
    """The options of a job, with its images."""
    if client is not None:
        client.check()
    settings = read_options(options, known)
    if items is not None:
        for name in ("dataset", "collections", "filter", "ids"):
            if options.get(name) is not None:
                raise ValueError(f"{name}: items and images of the client's source exclude one another")
        settings.update(inputs_of(items))
        return settings
    if options.get("dataset") is None and options.get("collections") is None:
        raise TypeError("items: items, paths or addresses are expected, or dataset= and collections= of this client's source")
    if client is None:
        raise TypeError("items: without a client items, paths or addresses are expected")
    settings["items_json"] = yield from _query_items(client, options)
    settings.pop("has_cloud", None)  # the source has looked at it, whatever its field is called
    return settings


def inputs_of(items: Any) -> Settings:
    """Paths and addresses as they are, the rest as text of items."""
    if isinstance(items, (str, os.PathLike)):
        return {"inputs": [os.fsdecode(items)]}
    if isinstance(items, bytes):
        return {"items_json": items}
    if isinstance(getattr(items, "table", None), Table):  # the Dataset of a load
        items = items.table
    if isinstance(items, Table):
        return {"items_json": b"".join(_core.batch_to_items(batch, None) for batch in items._batches)}
    one = _dict_of(items)
    if one is None and not isinstance(items, Iterable):
        raise TypeError("items: STAC Items, paths or addresses of items, folders or rasters are expected, "
                        f"not {type(items).__name__}")
    several = [items] if one is not None else list(items)
    if not several:
        raise ValueError("items: there are none")
    if all(isinstance(item, (str, os.PathLike)) for item in several):
        return {"inputs": [os.fsdecode(item) for item in several]}
    lines = []
    for item in several:
        found = _dict_of(item)
        if found is None:
            raise TypeError(f"items: STAC Items, or paths and addresses, are expected, all of one kind, not {type(item).__name__}")
        lines.append(json.dumps(found))
    return {"items_json": "\n".join(lines).encode()}


def _dict_of(item: Any) -> Mapping[str, Any] | None:
    if isinstance(item, Mapping):
        return item
    if hasattr(item, "to_dict") and (hasattr(item, "assets") or hasattr(item, "items")):  # pystac
        found: Mapping[str, Any] = item.to_dict()
        return found
    return None


def _named(options: Mapping[str, Any], paths: bool) -> dict[str, list[str]]:
    """Collections by dataset; none: all of it. `paths`: names with '/' are datasets, each with one collection."""
    dataset, given = options.get("dataset"), options.get("collections")
    if dataset is not None and not isinstance(dataset, str):
        dataset = getattr(dataset, "slug", None)
        if dataset is None:
            raise TypeError(f"dataset: the name of a dataset is expected, not {options['dataset']!r}")
    if isinstance(given, str):
        given = given.split(",")
    elif given is not None and hasattr(given, "name"):
        given = [given]
    found: dict[str, list[str]] = {} if given else {str(dataset): []}
    for one in given or ():
        name = collection_names([one])[0]
        slug, _, rest = name.rpartition("/")
        of = getattr(getattr(one, "_dataset", None), "slug", None)
        if paths:
            found.setdefault(of or "/".join(filter(None, (dataset, name))), [])
            continue
        slug = slug or of or dataset or ""
        if not slug:
            raise ValueError(f"collections: {name!r} is of no dataset: give dataset=, or 'DATASET/COLLECTION'")
        found.setdefault(slug, []).append(rest)
    return found


def _interval(value: Any) -> TimeInterval | None:
    found = datetime_of(value)
    return None if found is None else TimeInterval(found[0], found[1], found[2], not found[3])


def _query_items(client: _core.Client, options: Mapping[str, Any]) -> Steps[bytes]:
    """As the command line asks for them."""
    lines: list[bytes] = []
    cloud, ids = options.get("cloud"), options.get("ids")
    area = options.get("intersects")
    for dataset, collections in _named(options, client.has_paths()).items():
        infos = (yield from _calls.datasets_named(client, dataset)) if cloud is not None or ids is not None else []
        fields = next((i.schema.fields for i in infos if i.schema is not None and dataset in (i.slug, *i.aliases)), [])
        more: dict[str, Any] = {}
        if cloud is not None:
            cover = next((n for n in _CLOUD_FIELDS if any(f[0] == n for f in fields)), None)
            if cover is None:
                raise ValueError(f"cloud: dataset {dataset} has no field eo:cloud_cover or cloud_cover; use filter=")
            more["short_filters"] = [f"{cover}<{float(cloud)!r}"]
        if ids is not None:
            named = any(f[2] == _NAME_ROLE for f in fields)
            more["names" if named else "ids"] = [ids] if isinstance(ids, str) else list(ids)
        query = make_query(
            dataset, collections, _interval(options.get("datetime")), what="datetime",
            spatial_extent=None if area is None else geojson(area, "intersects"), filter=options.get("filter"),
            bbox=None if area is not None else options.get("bbox"), limit=options.get("limit"), more=more)
        found = yield from _calls.load_table(client, query, False, dataset)
        name = collections[0] if len(collections) == 1 else None
        lines += [_core.batch_to_items(batch, name) for batch in found._batches]
    text = b"".join(lines)
    if not text:
        raise NotFoundError("no datapoint of the catalogue passes")
    return text
