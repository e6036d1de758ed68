"""From what users write to a query of the engine; what makes no sense is a TypeError or ValueError that names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import _arguments, _core
from .errors import ArgumentError, DataError
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
    given: dict[str, Any] = {
        "collections": list(collections), "interval": interval_of(temporal_extent, what),
        "limit": 0 if limit is None else _arguments.whole(limit, "limit", "a number of datapoints", 1),
        "fields": ",".join(KEYS) if _arguments.flag(skip_data, "skip_data") else _fields(fields), "order": order, "ids": list(ids),
        **_filter(filter), **_area(spatial_extent), **(more or {})}
    if bbox is not None:
        given["box"] = _box(bbox)
    try:
        return _core.Query(dataset, **given)
    except DataError as error:  # of all that is given only geometries have a format of their own
        raise ArgumentError(f"spatial_extent: {error}") from None


def collection_names(collections: Iterable[Any] | None) -> list[str]:
    if collections is None:
        return []
    return [_arguments.name_of(c, "collections", "the name of a collection")
            for c in _arguments.several(collections, "collections", "a list of names")]


def _fields(fields: Any) -> str | None:
    if fields is None:
        return None
    if isinstance(fields, str):
        return _arguments.text(fields, "fields")
    names = _arguments.several(fields, "fields", "a list of names of fields")
    if not names:
        raise ValueError("fields: at least one name of a field is expected")
    return ",".join(_arguments.text(name, "fields", "the name of a field") for name in names)


def _filter(filter: Any) -> dict[str, Any]:
    if filter is None:
        return {}
    if isinstance(filter, Expression):
        return {"json_filters": [filter.to_json()]}
    if isinstance(filter, dict):
        import json

        try:
            return {"json_filters": [json.dumps(filter)]}
        except TypeError as error:
            raise TypeError(f"filter: CQL2 as a dict is JSON: {error}") from None
    if isinstance(filter, str):
        return {"filters": [_arguments.text(filter, "filter")]}
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
        unknown = extent.keys() - {"geometry", "mode", "coordinate_system"}
        if unknown:
            raise ValueError(f"spatial_extent: geometry, mode and coordinate_system are expected, not {sorted(map(str, unknown))}")
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
        return {"area": _arguments.text(value, "spatial_extent")}
    if hasattr(value, "__geo_interface__"):
        value = value.__geo_interface__
    if isinstance(value, dict):
        import json

        try:
            return {"area": json.dumps(value)}
        except TypeError as error:
            raise TypeError(f"spatial_extent: GeoJSON as a dict is JSON: {error}") from None
    raise TypeError("spatial_extent: a shapely geometry, (west, south, east, north), GeoJSON or WKT is expected, "
                    f"not {type(value).__name__}")
