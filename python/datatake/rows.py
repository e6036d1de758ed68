"""From users' tables to rows of a dataset: xarray, pandas, Arrow (polars, pyarrow), mappings of columns, records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin
from uuid import UUID

from . import _arguments, _core

if TYPE_CHECKING:
    import numpy as np

    from ._calls import DatasetInfo

__all__ = ["FieldLike"]

# {"name": "label", "type": str, "description": "...", "example_value": "..."}, ("label", str) or a tuple of the engine's
FieldLike = Union[Mapping[str, Any], "tuple[str, Any]"]

A_LIST_OF_FIELDS = 'a list of fields, ("name", type) or {"name": ..., "type": ...},'
ROLES = {"time": 1, "id": 2, "ingestion_time": 3, "geometry": 4, "name": 5, "collection": 6}
_KINDS = {"temporal": 1, "spatiotemporal": 2}
_TYPES: dict[Any, str] = {str: "string", bytes: "bytes", bool: "bool", int: "int64", float: "float64", timedelta: "duration",
                          datetime: "timestamp", UUID: "uuid"}
_NAMED = {"bool", "int64", "uint64", "float64", "string", "bytes", "timestamp", "duration", "uuid", "geometry", "enum",
          "vector", "json", "assets"}


# --- schemas ---


def kind_name(kind: Any) -> str:
    """Of Tilebox's enum, a number or a text."""
    name = str(getattr(kind, "name", kind)).lower()
    return {"1": "temporal", "2": "spatiotemporal"}.get(name, name)


def make_schema(kind: str, fields: Iterable[FieldLike]) -> tuple[int, _core.Schema]:
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"kind: 'temporal' or 'spatiotemporal' is expected, not {kind!r}")
    made = [_core_field("time", "timestamp", 1), _core_field("id", "uuid", 2), _core_field("ingestion_time", "timestamp", 3)]
    if kind == "spatiotemporal":
        made.append(_core_field("geometry", "geometry", 4))
    known = {f[0] for f in made}
    made += [f for f in map(_field_of, _arguments.several(fields, "fields", A_LIST_OF_FIELDS)) if f[0] not in known]
    return _KINDS[kind], _core.Schema(made)


def _core_field(name: str, kind: str, role: int = 0, repeated: bool = False, width: int = 0, values: Any = None,
                unit: str = "", description: str = "", example: str = "") -> _core.FieldTuple:
    return (name, kind, role, repeated, width, values, unit, description, example)


def _field_of(field: FieldLike) -> _core.FieldTuple:
    if isinstance(field, tuple) and len(field) == 2:
        field = {"name": field[0], "type": field[1]}
    if not isinstance(field, Mapping):
        raise TypeError(f"fields: {A_LIST_OF_FIELDS} is expected, not {field!r} in it")
    given: Mapping[str, Any] = field
    name, kind = given.get("name"), given.get("type")
    if not isinstance(name, str) or kind is None:
        raise TypeError(f"fields: a name and a type are expected, not {field!r}")
    repeated = _arguments.flag(given.get("repeated", False), f"field {name}, repeated")
    if get_origin(kind) is list:
        repeated, kind = True, get_args(kind)[0]
    elif kind is list:
        raise TypeError(f"field {name}: list of what? Write list[str]")
    role = given.get("role") or ""
    if role not in ("", *ROLES):
        raise ValueError(f"field {name}: role {role!r} is none of {', '.join(ROLES)}")
    width = _arguments.whole(given.get("width", 0), f"field {name}, width", "how many numbers a vector has", 0, 64)
    unit, description = (_arguments.text(given.get(word, ""), f"field {name}, {word}") for word in ("unit", "description"))
    return _core_field(_arguments.text(name, "fields"), _type_name(name, kind), ROLES.get(role, 0), repeated, width,
                       _enum_values(name, given.get("values")), unit, description, str(given.get("example_value", "")))


def _enum_values(name: str, values: Any) -> dict[str, int] | None:
    if values is None:
        return None
    if isinstance(values, (list, tuple)):
        values = {text: number for number, text in enumerate(values)}
    if not isinstance(values, Mapping):
        raise TypeError(f"field {name}, values: names, or names with their numbers, are expected, not {values!r}")
    what = f"field {name}, values"
    return {_arguments.text(text, what, "a name"): _arguments.whole(number, what, "a number", -2**31, 2**31 - 1)
            for text, number in values.items()}


def _type_name(name: str, kind: Any) -> str:
    if isinstance(kind, str) and kind in _NAMED:
        return kind
    if isinstance(kind, type) and kind in _TYPES:
        return _TYPES[kind]
    text = getattr(kind, "__name__", str(kind))
    if text == "uint64":
        return "uint64"
    if "geometry" in text.lower() or getattr(kind, "__module__", "").startswith("shapely"):
        return "geometry"
    if text in ("datetime64", "timedelta64"):
        return "timestamp" if text == "datetime64" else "duration"
    raise TypeError(f"field {name}: no type for {kind!r}; there are {', '.join(sorted(_NAMED))}, and str, int, float, bool, "
                    "bytes, datetime, timedelta, UUID, shapely's Geometry and lists of them")


# --- rows ---


def insert(client: _core.Client, info: DatasetInfo, collection: str, data: Any, allow_existing: bool) -> list[UUID]:
    ids: list[UUID] = []
    for batch in batches_of(info, data):
        found, _ = client.insert(info.slug, collection, batch, bool(allow_existing))
        ids += [UUID(bytes=found[i:i + 16]) for i in range(0, len(found), 16)]
    return ids


def batches_of(info: DatasetInfo, data: Any) -> list[_core.Batch]:
    assert info.schema is not None
    if hasattr(data, "__arrow_c_stream__") and not hasattr(data, "itertuples"):
        return _core.arrow_read(data.__arrow_c_stream__(None))[1]
    columns = _columns(data)
    fields = [f for f in info.schema.fields if f[2] not in (ROLES["id"], ROLES["ingestion_time"], ROLES["collection"])]
    known = {f[0]: f for f in fields}
    ignored = {f[0] for f in info.schema.fields} - set(known)
    for name in columns:
        if name not in known and name not in ignored and name != "collection":
            raise ValueError(f"{name} is not a field of {info.slug}; there are {', '.join(known)}")
    time = next(f[0] for f in fields if f[2] == ROLES["time"])
    if time not in columns:
        raise ValueError(f"Missing required field(s): {time}")
    given = [f for f in fields if f[0] in columns]
    rows = _rows(columns, [f[0] for f in given])
    made = []
    for field in given:
        try:
            made.append(_column(field, columns[field[0]], rows))
        except (TypeError, ValueError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"Field {field[0]!r}: {_first_sentence(error)}") from error
    return [_core.make_batch(_core.Schema(given), rows, made)]


def _first_sentence(error: Exception) -> str:
    """Without pandas' advice on arguments of its own."""
    return (str(error).splitlines() or [""])[0].split(". You might")[0]


def _columns(data: Any) -> Mapping[str, Any]:
    if hasattr(data, "data_vars"):  # xarray.Dataset
        if "time" in data.coords and data.coords["time"].ndim == 0:
            data = data.expand_dims("time")
        names = [*data.data_vars, *(["time"] if "time" in data.coords else [])]
        return {str(name): data[name].to_numpy() for name in names}
    if hasattr(data, "itertuples"):  # pandas
        return {str(name): data[name] for name in data.columns}
    if isinstance(data, Mapping):
        return data
    if isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        raise TypeError(f"data: an xarray.Dataset, a DataFrame, Arrow, a mapping of columns or records are expected, not "
                        f"{type(data).__name__}")
    records = list(data)
    names_seen: dict[str, None] = {}
    for index, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise TypeError(f"data: record {index} is no mapping but {type(record).__name__}")
        names_seen.update(dict.fromkeys(record))
    return {name: [record.get(name) for record in records] for name in names_seen}


def _rows(columns: Mapping[str, Any], names: Sequence[str]) -> int:
    lengths: dict[int, list[str]] = {}
    for name in names:
        if isinstance(columns[name], (str, bytes)) or not hasattr(columns[name], "__len__"):
            raise TypeError(f"Field {name!r}: a column of values is expected, not {columns[name]!r}")
        lengths.setdefault(len(columns[name]), []).append(name)
    if len(lengths) > 1:
        raise ValueError("Inconsistent number of datapoints: " +
                         "; ".join(f"{length} of {', '.join(names)}" for length, names in lengths.items()))
    return next(iter(lengths))


Column = tuple[Any, Any, Any]


def _column(field: _core.FieldTuple, values: Any, rows: int) -> Column:
    import numpy as np

    _, kind, _, repeated, width, *_ = field
    if not repeated:
        valid, payload = _values(field, values)
        return (None if valid.all() else valid.astype(np.uint8).tobytes()), payload, None
    lists = [_trimmed(kind, row) for row in values]
    lengths = np.fromiter((len(row) for row in lists), np.int32, rows)
    there = np.fromiter((row is not None and len(row) > 0 for row in lists), bool, rows)
    valid, payload = _values(field, [item for row in lists for item in row])
    if not valid.all():
        raise ValueError("a list has an item without a value")
    return (None if there.all() else there.astype(np.uint8).tobytes()), payload, lengths.tobytes()


def _trimmed(kind: str, row: Any) -> Sequence[Any]:
    """Without what pads the lists of an xarray.Dataset to one length."""
    if row is None or (isinstance(row, float) and row != row):
        return ()
    if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
        raise TypeError(f"a list of values is expected, not {row!r}")
    items: list[Any] = list(row)
    if kind in ("vector", "bool"):
        return items
    while items and _is_fill(kind, items[-1]):
        items.pop()
    return items


def _is_fill(kind: str, value: Any) -> bool:
    if value is None or (isinstance(value, str) and value == ""):
        return True
    return bool(value == 0) if kind in ("int64", "uint64") else _is_nan(value)


def _present(values: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    # NaN and NaT are not equal to themselves; pandas.NA does not tell
    return np.fromiter((v is not None and type(v).__name__ != "NAType" and not _is_nan(v) for v in values),
                       bool, len(values))


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def _values(field: _core.FieldTuple, values: Any) -> tuple[np.ndarray[Any, Any], Any]:
    """Which rows have a value, and the values as the engine takes them."""
    import numpy as np

    _, kind, _, _, width, names, *_ = field
    if kind in ("string", "json", "assets", "bytes"):
        return _texts(kind, values)
    if kind == "geometry":
        return _geometry(values)
    if kind == "uuid":
        valid = _present(values) & np.fromiter((v != "" for v in values), bool, len(values))
        return valid, b"".join(_uuid(v) if ok else bytes(16) for v, ok in zip(values, valid))
    if kind == "enum":
        return _enum(names or {}, values)
    if kind in ("timestamp", "duration"):
        return _times(kind, values)
    if kind == "vector":
        matrix = np.array([[np.nan] * width if v is None else v for v in values], dtype=np.float64)
        if matrix.shape != (len(values), width):
            raise ValueError(f"{width} numbers in each are expected")
        return np.asarray(~np.isnan(matrix).all(axis=1)), np.ascontiguousarray(matrix)
    return _numbers(kind, values)


_NUMPY = {"bool": "bool", "int64": "int64", "uint64": "uint64", "float64": "float64"}


def _numbers(kind: str, values: Any) -> tuple[np.ndarray[Any, Any], Any]:
    import numpy as np

    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.dtype.kind in "biuf" and not (array.dtype.kind == "f" and kind != "float64"):
        valid = ~np.isnan(array) if array.dtype.kind == "f" else np.ones(len(array), bool)
        made = array.astype(_NUMPY[kind], casting="same_kind" if kind == "float64" else "unsafe")
        if kind != "float64" and not (made == array).all():
            raise ValueError(f"a number does not fit {kind}")
        return valid, np.ascontiguousarray(made)
    valid = _present(array)
    filled = [v if ok else 0 for v, ok in zip(array.tolist(), valid)]
    for value, ok in zip(filled, valid):
        if ok and isinstance(value, (str, bytes)):
            raise TypeError(f"a value of type {kind} is expected, not {value!r}")
        if ok and kind in ("int64", "uint64") and value != int(value):
            raise ValueError(f"{value!r} is no whole number")
        if ok and kind == "bool" and value not in (0, 1):
            raise ValueError(f"a value of type bool is expected, not {value!r}")
    try:
        return valid, np.array(filled, dtype=_NUMPY[kind])
    except OverflowError:
        raise ValueError(f"a number does not fit {kind}") from None


def _texts(kind: str, values: Any) -> tuple[np.ndarray[Any, Any], list[Any]]:
    import json

    valid = _present(values)
    made: list[Any] = []
    for value, ok in zip(values, valid):
        if ok and kind in ("json", "assets") and not isinstance(value, str):
            value = json.dumps(value)
        if ok and not isinstance(value, bytes if kind == "bytes" else str):
            raise TypeError(f"{'bytes' if kind == 'bytes' else 'text'} is expected, not {value!r}")
        if ok and isinstance(value, str) and not value.isascii() and not _arguments.is_unicode(value):
            raise ValueError(f"{value!r} has characters that no text may have")
        made.append(value if ok else None)
    return valid, made


def _geometry(values: Any) -> tuple[np.ndarray[Any, Any], list[Any]]:
    import numpy as np
    import shapely

    valid = _present(values)
    found: np.ndarray[Any, Any] = np.empty(len(values), dtype=object)
    try:
        for i, (value, ok) in enumerate(zip(values, valid)):
            if ok:
                found[i] = _shape(value)
    except shapely.errors.ShapelyError as error:
        raise ValueError(str(error)) from error
    return valid, shapely.to_wkb(found, flavor="iso").tolist()


def _shape(value: Any) -> Any:
    import json

    import shapely

    if isinstance(value, shapely.Geometry):
        return value
    if isinstance(value, bytes):
        return shapely.from_wkb(value)
    if isinstance(value, str):
        return shapely.from_wkt(value)
    if isinstance(value, Mapping):
        return shapely.from_geojson(json.dumps(value))
    raise TypeError(f"a shapely geometry, WKB, WKT or GeoJSON is expected, not {value!r}")


def _uuid(value: Any) -> bytes:
    if isinstance(value, bytes) and len(value) == 16:
        return value
    try:
        return value.bytes if isinstance(value, UUID) else UUID(str(value)).bytes
    except ValueError:
        raise ValueError(f"{value!r} is no UUID") from None


def _enum(names: Mapping[str, int], values: Any) -> tuple[np.ndarray[Any, Any], Any]:
    import numpy as np

    places: dict[Any, int] = {}
    for place, (name, number) in enumerate(names.items()):
        places[name] = places[number] = place
    valid = _present(values)
    made = np.zeros(len(values), dtype=np.int32)
    for i, (value, ok) in enumerate(zip(values, valid)):
        if ok:
            key = getattr(value, "name", value)
            key = key if isinstance(key, str) else int(key)
            if key not in places:
                raise ValueError(f"{value!r} is none of {', '.join(names)}")
            made[i] = places[key]
    return valid, made


def _times(kind: str, values: Any) -> tuple[np.ndarray[Any, Any], Any]:
    import numpy as np
    import pandas as pd

    unit = "datetime64[ns]" if kind == "timestamp" else "timedelta64[ns]"
    array = values if isinstance(values, np.ndarray) else np.asarray(values, dtype=getattr(values, "dtype", object))
    if array.dtype.kind == ("M" if kind == "timestamp" else "m"):
        made = array.astype(unit)
    elif kind == "timestamp":
        made = pd.to_datetime(pd.Series(array), utc=True, format=None if _uniform(array) else "ISO8601").to_numpy(unit)
    else:
        made = pd.to_timedelta(pd.Series(array)).to_numpy(unit)
    return ~np.isnat(made), np.ascontiguousarray(made.astype("int64"))


def _uniform(values: Any) -> bool:
    return not any(isinstance(v, str) for v in values) or any(isinstance(v, (datetime, date)) for v in values)


def ids_of(datapoints: Any) -> list[str]:
    """The distinct ids of a Dataset, a DataFrame, an array or a list."""
    from ._calls import as_id

    if hasattr(datapoints, "data_vars") or hasattr(datapoints, "itertuples"):
        if "id" not in datapoints:
            raise ValueError("datapoints: there is no id in it")
        datapoints = datapoints["id"]
    if hasattr(datapoints, "to_numpy"):
        datapoints = datapoints.to_numpy()
    if isinstance(datapoints, (str, UUID)):
        datapoints = [datapoints]
    found = getattr(datapoints, "ravel", lambda: datapoints)()
    return list(dict.fromkeys(as_id(value) for value in _arguments.several(found, "datapoints", "a Dataset, a DataFrame or ids")))
