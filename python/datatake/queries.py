"""From what users write to a query of the engine; what makes no sense is a TypeError or ValueError that names it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from . import _core
from .filters import Expression
from .times import interval_of

KEYS = ("time", "id", "ingestion_time")  # what every datapoint has: all that skip_data leaves
_MODES = {"intersects": 0, "filter_contains_geometry": 1, "contains": 1, "within": 1, "geometry_contains_filter": 2}
_EDGES = {"cartesian": 0, "planar": 0, "spherical": 1}


def make_query(
    dataset: str, collections: Iterable[str], temporal_extent: Any = None, *, spatial_extent: Any = None, filter: Any = None,
    bbox: Any = None, fields: Any = None, limit: int | None = None, skip_data: bool = False, order: str | None = None,
    ids: Iterable[str] = (), what: str = "temporal_extent", more: Mapping[str, Any] | None = None,
) -> _core.Query:
    if spatial_extent is not None and bbox is not None:
        raise ValueError("bbox: give either spatial_extent or bbox")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
        raise TypeError(f"limit: a number of datapoints is expected, not {limit!r}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit: {limit} is negative")
    given: dict[str, Any] = {
        "collections": list(collections), "interval": interval_of(temporal_extent, what), "limit": limit or 0,
        "fields": ",".join(KEYS) if skip_data else _fields(fields), "order": order, "ids": list(ids),
        **_filter(filter), **_area(spatial_extent), **(more or {})}
    if bbox is not None:
        given["box"] = _box(bbox)
    return _core.Query(dataset, **given)


def collection_names(collections: Iterable[Any] | None) -> list[str]:
    if isinstance(collections, str):
        raise TypeError(f"collections: a list of names is expected, not {collections!r}")
    return [c if isinstance(c, str) else c.name for c in collections or ()]


def _fields(fields: Any) -> str | None:
    if fields is None or isinstance(fields, str):
        return fields
    names = list(fields)
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(f"fields: names of fields are expected, not {fields!r}")
    return ",".join(names)


def _filter(filter: Any) -> dict[str, Any]:
    if filter is None:
        return {}
    if isinstance(filter, Expression):
        return {"json_filters": [filter.to_json()]}
    if isinstance(filter, dict):
        return {"json_filters": [json.dumps(filter)]}
    if isinstance(filter, str):
        return {"filters": [filter]}
    raise TypeError("filter: a condition such as field('cloud_cover') < 20, or CQL2 as text or dict, is expected, "
                    f"not {type(filter).__name__}")


def _box(bbox: Any) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = map(float, bbox)
    except (TypeError, ValueError):
        raise ValueError(f"bbox: (west, south, east, north) in degrees is expected, not {bbox!r}") from None
    return west, south, east, north


def _area(extent: Any) -> dict[str, Any]:
    if extent is None:
        return {}
    if isinstance(extent, dict) and "geometry" in extent and extent.get("type") != "Feature":
        return {**_geometry(extent["geometry"]), "mode": _choose(extent, "mode", _MODES),
                "edges": _choose(extent, "coordinate_system", _EDGES)}
    return _geometry(extent)


def _choose(extent: dict[str, Any], key: str, known: dict[str, int]) -> int:
    value = extent.get(key)
    if value is None:
        return 0
    name = str(getattr(value, "name", value)).lower()
    if name not in known:
        raise ValueError(f"spatial_extent: {key} {value!r} is none of {', '.join(known)}")
    return known[name]


def _geometry(value: Any) -> dict[str, Any]:
    if isinstance(value, (tuple, list)) and len(value) == 4:
        return {"box": _box(value)}
    if hasattr(value, "wkb_hex"):  # shapely
        return {"area": value.wkb_hex}
    if isinstance(value, str):
        return {"area": value}
    if hasattr(value, "__geo_interface__"):
        value = value.__geo_interface__
    if isinstance(value, dict):
        return {"area": json.dumps(value)}
    raise TypeError("spatial_extent: a shapely geometry, (west, south, east, north), GeoJSON or WKT is expected, "
                    f"not {type(value).__name__}")
