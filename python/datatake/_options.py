"""What is said of images: the command line's words as arguments, checked and handed to the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _core
from .queries import _box
from .times import interval_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypedDict
else:

    class TypedDict:  # the real one compiles each annotation, which took a tenth of the import
        def __init_subclass__(cls, total=True):
            """Keys and types are in __annotations__, as they are written."""


Numbers = Sequence[float]


class ImageOptions(TypedDict, total=False):
    """Which images, which pixels, on which grid. docs/cli.md, `get`, has the same words.

    Which images:
        items: STAC Items (pystac, dicts), paths or URLs of items, of folders or of rasters, or a Table of datapoints.
        dataset, collections, filter, ids: instead of items, images of the client's own source.
        datetime: "2024-06" or "2024-06-01/2024-06-30" (a bare date counts whole), or an interval as loads take it.
        bbox: (west, south, east, north) in degrees; west > east crosses the antimeridian.
        intersects: an area (shapely, GeoJSON, WKT, a file's path): selects images, masks pixels outside.
        cloud: only images with a cloud cover of less than this, percent. limit: at most so many.
    Which pixels, in this order:
        bands: "B8,B4", ["B8", "B4"], or numbers of a raster's bands, from 1.
        mask_clouds; expression: "ndvi=(B8-B4)/(B8+B4)", a dict of them, or an image of datatake.graph
        (graph: the same, its text or its file); composite: "median",
        "mean", "count", "mosaic", "quality" (of `quality`), by_month; unmask: value of masked pixels; visualize: text or a
        dict (min, max, gamma, gain, bias, palette, opacity); palette; paint; outline: "blue,2"; type: dtype of samples.
    On which grid:
        crs: "EPSG:n", a number, WKT, PROJ text, "utm"; scale: metres a pixel; res: units of the CRS a pixel, or (x, y);
        extent: (x_min, y_min, x_max, y_max) in units of the CRS; size: (width, height); align; resampling: "nearest",
        "bilinear", "cubic", "average", "lanczos", "mode"; max_pixels: of one image.
    """

    dataset: str
    collections: Any
    filter: Any
    ids: Iterable[str]
    datetime: Any
    bbox: Any
    intersects: Any
    cloud: float | None
    limit: int | None
    bands: Any
    mask_clouds: bool
    expression: Any
    graph: Any
    composite: str | None
    by_month: bool
    quality: str | None
    unmask: float | None
    visualize: Any
    palette: Any
    paint: Any
    outline: Any
    type: Any
    crs: Any
    scale: float | None
    res: float | tuple[float, float] | None
    extent: Numbers | None
    size: tuple[int, int] | None
    align: bool
    resampling: str | None
    max_pixels: int | None
    cache: bool


class FileOptions(ImageOptions, total=False):
    """The same, and where files go.

    out: folder of the files, made if missing. template: "{id}.{ext}". format: "geotiff", "cog", "png", "jpeg", "npy".
    jpeg_quality: 1 to 100. per_band: a file for each band. quicklook: pixels of a small picture beside each file. overwrite,
    skip_existing, resume (False: make every file from the start). sheet: path of a contact sheet. raw: store `assets` as they
    are. mode: "async", "sequential" or "processes" (so many `processes`).
    """

    template: str | None
    format: str | None
    jpeg_quality: int | None
    per_band: bool
    quicklook: int | None
    overwrite: bool
    skip_existing: bool
    resume: bool
    sheet: str | os.PathLike[str] | None
    raw: bool
    assets: Any
    mode: str
    processes: int


MODES = {"async": 0, "sequential": 1, "processes": 2}
FORMATS = {"geotiff": 0, "gtiff": 0, "tif": 0, "cog": 1, "png": 2, "jpeg": 3, "jpg": 3, "npy": 4}
Settings = dict[str, Any]


def _names(value: Any, what: str) -> list[str]:
    if isinstance(value, str):
        value = value.split(",")
    elif isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if not isinstance(value, Iterable) or isinstance(value, (bytes, Mapping)):
        raise TypeError(f"{what}: names are expected, such as 'B8,B4' or ['B8', 'B4'], not {value!r}")
    names = list(value)
    for name in names:
        if isinstance(name, bool) or not isinstance(name, (str, int)):
            raise TypeError(f"{what}: names are expected, not {name!r}")
    return [str(name).strip() for name in names]


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what}: text is expected, not {value!r}")
    return value


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or isinstance(value, str):
        raise TypeError(f"{what}: a number is expected, not {value!r}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what}: a number is expected, not {value!r}") from None


def _count(value: Any, what: str) -> int:
    try:
        number = value.__index__()
    except AttributeError:
        raise TypeError(f"{what}: a whole number is expected, not {value!r}") from None
    if isinstance(value, bool):
        raise TypeError(f"{what}: a whole number is expected, not {value!r}")
    if number < 0:
        raise ValueError(f"{what}: {value} is negative")
    return int(number)


def _numbers(value: Any, what: str, count: int, names: str) -> list[float]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{what}: {names} are expected, not {value!r}")
    numbers = [_number(v, what) for v in value]
    if len(numbers) != count:
        raise ValueError(f"{what}: {names} are expected, not {len(numbers)} values")
    return numbers


def _flag(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{what}: True or False is expected, not {value!r}")
    return value


def _path(value: Any, what: str) -> str:
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{what}: a path is expected, not {value!r}")
    return os.fsdecode(value)


def _one_of(value: Any, what: str, known: Iterable[str]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what}: text is expected, not {value!r}")
    if value.lower() not in known:
        raise ValueError(f"{what}: {value!r} is none of {', '.join(known)}")
    return value.lower()


def geojson(value: Any, what: str) -> str:
    """GeoJSON text of whatever has a shape."""
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{"):
            return text
        if os.path.exists(value):
            return _file(value).read_text(encoding="utf-8")
        if "(" in text:
            import shapely

            try:
                return str(shapely.to_geojson(shapely.from_wkt(text)))
            except shapely.errors.GEOSException as error:
                raise ValueError(f"{what}: {text[:80]!r} is no WKT: {error}") from None
        raise ValueError(f"{what}: there is no file {value!r}, and it is neither GeoJSON nor WKT")
    if isinstance(value, os.PathLike):
        return _file(value).read_text(encoding="utf-8")
    if hasattr(value, "to_crs") and hasattr(value, "to_json"):  # geopandas
        return str((value.to_crs("OGC:CRS84") if value.crs is not None else value).to_json())
    if hasattr(value, "__geo_interface__"):
        value = value.__geo_interface__
    if isinstance(value, Mapping):
        import json

        return json.dumps(value)
    raise TypeError(f"{what}: a shapely geometry, GeoJSON, WKT or a file's path is expected, not {type(value).__name__}")


def box_of(value: Any) -> tuple[float, float, float, float]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    elif hasattr(value, "bounds"):
        value = value.bounds
    return _box(value)


def datetime_of(value: Any) -> tuple[int, int, bool, bool] | None:
    """Text is read as the command line reads it: both ends included, a bare date counts whole."""
    return _core.parse_interval(value) if isinstance(value, str) else interval_of(value, "datetime")


def _visualize(value: Any) -> Settings:
    if value is False:
        return {}
    if isinstance(value, str):
        return {"visualize": value}
    if not isinstance(value, Mapping):
        raise TypeError(f"visualize: a dict such as {{'min': 0, 'max': 5000}} is expected, not {value!r}")
    known = ("min", "max", "gain", "bias", "gamma", "opacity", "palette", "bands")
    out: Settings = {}
    parts = []
    for key, given in value.items():
        if key not in known:
            raise ValueError(f"visualize: {key!r} is none of {', '.join(known)}")
        if given is None:
            continue
        if key == "palette":
            out.update(_palette(given))
        elif key == "bands":
            out["bands"] = _names(given, "visualize: bands")
        else:
            several = [given] if not isinstance(given, Iterable) or isinstance(given, str) else list(given)
            parts.append(f"{key}=" + ":".join(repr(_number(v, f"visualize: {key}")) for v in several))
    if parts:
        out["visualize"] = ",".join(parts)
    return out


def _palette(value: Any) -> Settings:
    if isinstance(value, str):
        return {"palette": value.replace(",", ":")}
    if not isinstance(value, Iterable):
        raise TypeError(f"palette: a name or colours are expected, not {value!r}")
    return {"palette": ":".join(_text(color, "palette").removeprefix("#") for color in value)}


def _paint(value: Any) -> Settings:
    """A shape, or {"area": shape, "color": 1, "width": 2}, or the command line's "FILE,color=1"."""
    style: list[str] = []
    if isinstance(value, Mapping) and "area" in value:
        unknown = set(value) - {"area", "color", "width"}
        if unknown:
            raise ValueError(f"paint: {unknown.pop()!r} is none of area, color, width")
        style = [f"{key}={value[key]}" for key in ("color", "width") if value.get(key) is not None]
        value = value["area"]
    elif isinstance(value, str) and not value.strip().startswith("{") and not os.path.exists(value):
        path, *style = value.split(",")
        value = _file(path)
    out = {"paint": geojson(value, "paint")}
    return {**out, "paint_style": ",".join(style)} if style else out


def _outline(value: Any) -> Settings:
    if isinstance(value, str):
        return {"outline": value}
    if isinstance(value, Sequence) and len(value) == 2:
        return {"outline": f"{_text(value[0], 'outline')},{_number(value[1], 'outline'):g}"}
    raise TypeError(f"outline: 'blue,2' or ('blue', 2) is expected, not {value!r}")


def _expression(value: Any) -> Settings:
    if hasattr(value, "_settings"):  # datatake.graph.Image
        found: Settings = value._settings()
        return found
    if isinstance(value, str):
        return {"expression": value}
    if isinstance(value, Mapping):
        if value and all(hasattr(one, "_settings") for one in value.values()):
            from .graph import call

            return _expression(call("Image.cat", [one.rename(str(name)) for name, one in value.items()]))
        return {"expression": ";".join(f"{name}={_text(one, 'expression')}" for name, one in value.items())}
    if isinstance(value, Iterable):
        return {"expression": ";".join(_text(one, "expression") for one in value)}
    raise TypeError(f"expression: text, a dict or an image of datatake.graph is expected, not {value!r}")


def _graph(value: Any) -> Settings:
    """An image of datatake.graph, the text of one, or a file of it."""
    if hasattr(value, "_settings"):
        return _expression(value)
    if isinstance(value, os.PathLike) or (isinstance(value, str) and "(" not in value):
        try:
            return {"graph": _file(value).read_text(encoding="utf-8")}
        except FileNotFoundError:
            raise ValueError(f"graph: there is no file {os.fspath(value)!r}, and it is no graph's text") from None
    return {"graph": _text(value, "graph")}


def _crs(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"EPSG:{value}"
    if isinstance(value, str):
        return value
    if hasattr(value, "to_wkt"):
        code = value.to_epsg() if hasattr(value, "to_epsg") else None
        return f"EPSG:{code}" if code else str(value.to_wkt())
    raise TypeError(f"crs: 'EPSG:n', a number, WKT or 'utm' is expected, not {value!r}")


def _res(value: Any) -> Settings:
    x, y = _numbers(value, "res", 2, "(x, y)") if isinstance(value, Iterable) else (_number(value, "res"),) * 2
    if not (x > 0 and y > 0):
        raise ValueError(f"res: {value!r}: pixels are more than 0 units wide and high")
    return {"res_x": x, "res_y": y}


def _scale(value: Any) -> Settings:
    scale = _number(value, "scale")
    if not scale > 0:
        raise ValueError(f"scale: {value!r}: metres a pixel are more than 0")
    return {"scale_m": scale}


def _extent(value: Any) -> Settings:
    edges = _numbers(value, "extent", 4, "(x_min, y_min, x_max, y_max)")
    return {"has_extent": True, **dict(zip(("x_min", "y_min", "x_max", "y_max"), edges, strict=True))}


def _size(value: Any) -> Settings:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise TypeError(f"size: (width, height) is expected, not {value!r}")
    return {"size_width": _count(value[0], "size"), "size_height": _count(value[1], "size")}


def _type(value: Any) -> Settings:
    if isinstance(value, str):
        return {"sample_type": value}
    import numpy as np

    try:
        return {"sample_type": np.dtype(value).name}
    except TypeError:
        raise TypeError(f"type: a dtype is expected, not {value!r}") from None


def _file(text: str | os.PathLike[str]) -> Path:
    from pathlib import Path  # some milliseconds of an import

    return Path(text)


def program() -> str:
    """The program `datatake` of this package, for jobs in several processes."""
    beside = [_file(__file__).with_name("bin") / "datatake", _file(_core.__file__).resolve().parents[2] / "datatake",
              _file(sys.executable).parent / "datatake"]
    for path in beside:
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    import shutil

    return shutil.which("datatake") or "datatake"


def _simple(key: str, check: Callable[[Any, str], Any], name: str) -> Callable[[Any], Settings]:
    return lambda value: {key: check(value, name)}


READERS: dict[str, Callable[[Any], Settings]] = {
    "datetime": lambda v: {} if (found := datetime_of(v)) is None else {"datetime": found},
    "bbox": lambda v: {"bbox": ",".join(map(repr, box_of(v)))},
    "intersects": lambda v: {"intersects": geojson(v, "intersects")},
    "cloud": lambda v: {"has_cloud": True, "cloud_max_pct": _number(v, "cloud")},
    "limit": _simple("max_items", _count, "limit"),
    "bands": _simple("bands", _names, "bands"),
    "mask_clouds": _simple("mask_clouds", _flag, "mask_clouds"),
    "expression": _expression, "graph": _graph,
    "composite": _simple("composite", _text, "composite"),
    "by_month": _simple("by_month", _flag, "by_month"),
    "quality": _simple("quality", _text, "quality"),
    "unmask": lambda v: {"has_unmask": True, "unmask": _number(v, "unmask")},
    "visualize": _visualize, "palette": _palette, "paint": _paint, "outline": _outline, "type": _type,
    "crs": lambda v: {"crs": _crs(v)},
    "scale": _scale, "res": _res, "extent": _extent, "size": _size,
    "align": _simple("align", _flag, "align"),
    "resampling": _simple("resampling", _text, "resampling"),
    "max_pixels": _simple("max_pixels", _count, "max_pixels"),
    "cache": lambda v: {"no_cache": not _flag(v, "cache")},
    "template": _simple("path_template", _text, "template"),
    "format": lambda v: {"format": FORMATS[_one_of(v, "format", FORMATS)]},
    "jpeg_quality": _simple("jpeg_quality", _count, "jpeg_quality"),
    "per_band": _simple("per_band", _flag, "per_band"),
    "quicklook": _simple("quicklook_px", _count, "quicklook"),
    "overwrite": _simple("overwrite", _flag, "overwrite"),
    "skip_existing": _simple("skip_existing", _flag, "skip_existing"),
    "resume": lambda v: {"no_resume": not _flag(v, "resume")},
    "sheet": _simple("sheet_path", _path, "sheet"),
    "raw": _simple("raw", _flag, "raw"),
    "assets": _simple("assets", _names, "assets"),
    "mode": lambda v: {"mode": MODES[_one_of(v, "mode", MODES)]},
    "processes": _simple("processes", _count, "processes"),
    "out": _simple("out_dir", _path, "out"),
}
# of the client's own source; see _items.py
SOURCE_OPTIONS = ("dataset", "collections", "filter", "ids")


def kinds_of(known: type) -> dict[str, str]:
    """The options by name, in their order, with their types as they are written."""
    return {name: kind for base in reversed(known.__mro__) for name, kind in vars(base).get("__annotations__", {}).items()}


def read_options(given: Mapping[str, Any], known: type) -> Settings:
    """For the engine. TypeError and ValueError name the argument."""
    names = set(kinds_of(known))
    settings: Settings = {}
    for name, value in given.items():
        if name not in names and name != "out":
            import difflib

            near = difflib.get_close_matches(name, names, 1)
            raise TypeError(f"{name}: there is no such argument" + (f"; {near[0]} is meant?" if near else ""))
        if value is None or name in SOURCE_OPTIONS:
            continue
        for key, setting in READERS[name](value).items():
            if key == "bands" and "bands" in settings and name == "visualize":
                continue
            settings[key] = setting
    if "palette" in settings:  # behind `visualize`, which it becomes a part of
        settings["palette"] = settings.pop("palette")
    if settings.get("mode") == MODES["processes"]:
        settings["program"] = program()
    return settings
