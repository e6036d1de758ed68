"""Images to arrays: `client.read`, an xarray.Dataset of (time, y, x)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _core, errors
from ._engine import Steps, run, runtime
from ._items import settings_of
from ._options import ImageOptions, Settings
from .images import Getting, check_on_error
from .progress import ShowProgress

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    Array = np.ndarray[Any, Any]

NOT_A_TIME = -(2**63)


class Grid(NamedTuple):
    """Where pixels are: outer corner of the first one, steps in units of the CRS, how many."""

    crs: str
    x0: float
    y0: float
    step_x: float
    step_y: float
    width: int
    height: int

    def place_of(self, other: Grid) -> tuple[int, int]:
        """Column and row of the other's first pixel in this one. ValueError: pixels do not lie on one another."""
        why = None
        if other.crs != self.crs:
            why = f"one is in {self.crs or 'no CRS'}, another in {other.crs or 'no CRS'}"
        elif abs(other.step_x - self.step_x) > 1e-9 * abs(self.step_x) or abs(other.step_y - self.step_y) > 1e-9 * abs(self.step_y):
            why = f"pixels of one are {self.step_x:g} x {-self.step_y:g}, of another {other.step_x:g} x {-other.step_y:g}"
        else:
            col, row = (other.x0 - self.x0) / self.step_x, (other.y0 - self.y0) / self.step_y
            if abs(col - round(col)) < 1e-3 and abs(row - round(row)) < 1e-3:
                return round(col), round(row)
            why = "their pixels lie between one another"
        raise ValueError(f"crs: the images have no grid in common ({why}): give crs= with res= or scale=, and bbox=")

    def united(self, other: Grid) -> Grid:
        """The smallest that holds both."""
        col, row = self.place_of(other)
        left, top = min(col, 0), min(row, 0)
        return self._replace(x0=self.x0 + left * self.step_x, y0=self.y0 + top * self.step_y,
                             width=max(self.width, col + other.width) - left, height=max(self.height, row + other.height) - top)

    def cut(self, col: int, row: int, width: int, height: int) -> Grid:
        return self._replace(x0=self.x0 + col * self.step_x, y0=self.y0 + row * self.step_y, width=width, height=height)

    def common(self, other: Grid) -> tuple[int, int, int, int] | None:
        """Columns and rows of this one that the other has too: (col, row, width, height)."""
        col, row = self.place_of(other)
        left, top = max(col, 0), max(row, 0)
        right, bottom = min(col + other.width, self.width), min(row + other.height, self.height)
        return (left, top, right - left, bottom - top) if right > left and bottom > top else None


class Picture:
    """One image: its grid, names and, unless it is only planned, its pixels (band, y, x)."""

    __slots__ = ("count", "dtype", "geographic", "grid", "id", "item", "names", "nodata", "pixels", "place", "time_ns", "wkt")

    def __init__(self, name: str, found: tuple[Any, ...]) -> None:
        import numpy as np

        (self.place, self.time_ns, crs, self.wkt, self.geographic, transform, self.nodata, names, self.item,
         (data, _, self.count, _, height, width, dtype)) = found
        self.id = name
        self.dtype = np.dtype(dtype)
        if transform is not None and (transform[2] != 0 or transform[4] != 0):
            raise ValueError(f"crs: {name} is turned against its CRS's axes: give crs= and res= for a grid that is not")
        x0, step_x, _, y0, _, step_y = transform or (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
        self.grid = Grid(crs, x0, y0, step_x, step_y, width, height)
        self.names = _different(names)
        self.pixels: Array | None = None
        if data is not None:
            self.pixels = np.frombuffer(data, self.dtype).reshape(self.count, height, width)


def _different(names: list[str]) -> list[str]:
    out: list[str] = []
    for at, given in enumerate(names):
        name = given or f"band_{at + 1}"
        out.append(name if name not in out else f"{name}_{at + 1}")
    return out


class Stack:
    """Arrays (time, y, x) that images are put into as they come."""

    def __init__(self) -> None:
        self.first: Picture | None = None
        self.grid: Grid
        self.arrays: list[Array] = []
        self.times: dict[int, tuple[int, str]] = {}

    def add(self, picture: Picture, count: int) -> None:
        import numpy as np

        first = self.first
        if first is None:
            self.first = first = picture
            self.grid = picture.grid
            shape = (count, picture.grid.height, picture.grid.width)
            self.arrays = [np.empty(shape, picture.dtype) for _ in picture.names]
        elif picture.names != first.names:
            raise ValueError(f"bands: {first.id} has {', '.join(first.names)}, {picture.id} has {', '.join(picture.names)}")
        self._widen(picture)
        col, row = self.grid.place_of(picture.grid)
        covers = (picture.grid.width, picture.grid.height) == (self.grid.width, self.grid.height)
        assert picture.pixels is not None
        for array, band in zip(self.arrays, picture.pixels, strict=True):
            to = array[picture.place]
            if not covers:
                to[:] = self.fill
            to[row:row + picture.grid.height, col:col + picture.grid.width] = band
        self.times[picture.place] = (picture.time_ns, picture.id)

    @property
    def fill(self) -> float:
        """What stands where nothing is."""
        assert self.first is not None
        return 0 if self.first.nodata is None else self.first.nodata

    def _widen(self, picture: Picture) -> None:
        """The first image may have been smaller, or of a narrower type."""
        import numpy as np

        grid = self.grid.united(picture.grid)
        dtype = np.result_type(self.arrays[0].dtype, picture.dtype)
        if grid == self.grid and dtype == self.arrays[0].dtype:
            return
        col, row = grid.place_of(self.grid)
        for at, old in enumerate(self.arrays):
            new = np.full((old.shape[0], grid.height, grid.width), self.fill, dtype)
            for place in self.times:
                new[place, row:row + self.grid.height, col:col + self.grid.width] = old[place]
            self.arrays[at] = new
        self.grid = grid

    def finish(self) -> xr.Dataset:
        if self.first is None:
            raise errors.NotFoundError("nothing was read: every image was left out")
        places = sorted(self.times)
        arrays = self.arrays
        if len(places) != arrays[0].shape[0]:  # some failed, or have nothing of the area
            arrays = [array[places] for array in arrays]
        return dataset_of(self.first, self.grid, [self.times[p] for p in places], arrays)


def dataset_of(first: Picture, grid: Grid, times: list[tuple[int, str]], arrays: list[Any]) -> xr.Dataset:
    """With coordinates, `spatial_ref` and attributes as CF and rioxarray have them."""
    import numpy as np
    import xarray as xr

    x = grid.x0 + (np.arange(grid.width) + 0.5) * grid.step_x
    y = grid.y0 + (np.arange(grid.height) + 0.5) * grid.step_y
    kind = ("degrees_east", "degrees_north") if first.geographic else ("metre", "metre")
    names = ("longitude", "latitude") if first.geographic else ("projection_x_coordinate", "projection_y_coordinate")
    when = np.array([t for t, _ in times], "int64").view("datetime64[ns]")
    edges = f"{grid.x0!r} {grid.step_x!r} 0.0 {grid.y0!r} 0.0 {grid.step_y!r}"
    reference = {"crs_wkt": first.wkt, "spatial_ref": first.wkt, "GeoTransform": edges} if first.wkt else {"GeoTransform": edges}
    coords = {
        "time": ("time", when, {"standard_name": "time"}),
        "y": ("y", y, {"axis": "Y", "standard_name": names[1], "units": kind[1]}),
        "x": ("x", x, {"axis": "X", "standard_name": names[0], "units": kind[0]}),
        "id": ("time", np.array([name for _, name in times], object)),
        "spatial_ref": ((), np.int64(0), reference)}
    variables = {}
    for name, array in zip(first.names, arrays, strict=True):
        attrs: dict[str, Any] = {"grid_mapping": "spatial_ref"}
        if first.nodata is not None:
            value = array.dtype.type(first.nodata)
            attrs.update(nodata=value, _FillValue=value)
        variables[name] = (("time", "y", "x"), array, attrs)
    return xr.Dataset(variables, coords)


def read(client: _core.Client | None, items: Any, options: Mapping[str, Any], chunks: Mapping[str, int] | None,
         show: ShowProgress, on_error: str) -> Steps[xr.Dataset]:
    check_on_error(on_error)
    settings = yield from settings_of(client, items, options, ImageOptions)
    if chunks is not None:
        return (yield from _read_lazily(settings, _chunks(chunks), show, on_error))
    stack = Stack()
    getting = Getting(_core.Job(runtime(), settings, True), show, "read")
    try:
        import xarray  # noqa: F401  (takes long the first time: meanwhile the first pixels come)

        while (found := (yield from getting.next())) is not None:
            if found[7] == 0 and not found[9]:
                stack.add(Picture(found[0], getting.job.picture(getting.at - 1)), getting.job.progress()[2])
        getting.check(None, on_error)
    finally:
        getting.end()
    return stack.finish()


# --- lazily ---


def _chunks(chunks: Any) -> dict[str, int]:
    if not isinstance(chunks, Mapping):
        raise TypeError(f"chunks: a dict such as {{'time': 1, 'y': 1024, 'x': 1024}} is expected, not {chunks!r}")
    for name, size in chunks.items():
        if name not in ("time", "y", "x"):
            raise ValueError(f"chunks: {name!r} is none of time, y, x")
        if isinstance(size, bool) or not isinstance(size, int) or (size < 1 and size != -1):
            raise ValueError(f"chunks: {name}: {size!r} is no number of pixels (or -1, all)")
    return {"time": 1, "y": 2048, "x": 2048, **chunks}


def _read_lazily(settings: Settings, chunks: dict[str, int], show: ShowProgress, on_error: str) -> Steps[xr.Dataset]:
    """Headers now, pixels when they are asked for."""
    import importlib

    import numpy as np

    dask_array: Any = importlib.import_module("dask.array")  # whose types depend on its release

    if settings.get("composite"):
        raise ValueError("chunks: a composite is read at once; leave chunks= out")
    planned: list[Picture] = []
    getting = Getting(_core.Job(runtime(), {**settings, "explain_only": True}, True), show, "plan")
    try:
        while (found := (yield from getting.next())) is not None:
            if found[7] == 0 and not found[9]:
                planned.append(Picture(found[0], getting.job.picture(getting.at - 1)))
        getting.check(None, on_error)
    finally:
        getting.end()
    if not planned:
        raise errors.NotFoundError("nothing was read: every image was left out")
    planned.sort(key=lambda p: p.place)
    first, grid = planned[0], planned[0].grid
    if not grid.crs:
        raise ValueError("chunks: images without a CRS are read at once; leave chunks= out")
    for picture in planned[1:]:
        if picture.names != first.names:
            raise ValueError(f"bands: {first.id} has {', '.join(first.names)}, {picture.id} has {', '.join(picture.names)}")
        grid = grid.united(picture.grid)
    dtype = np.result_type(*(p.dtype for p in planned))
    sizes = {"time": len(planned), "y": grid.height, "x": grid.width}
    lengths = {name: _split(total, chunks[name]) for name, total in sizes.items()}
    plain = not any(key in settings for key in ("expression", "visualize", "palette", "outline", "paint", "graph"))
    apart = plain and len(settings.get("bands", ())) == len(first.names) > 1
    for key in ("bbox", "datetime", "has_cloud", "cloud_max_pct", "max_items", "inputs", "items_json", "scale_m", "res_x", "res_y",
                "align", "has_extent"):
        if key != "bbox" or "outline" not in settings:
            settings.pop(key, None)
    groups = [[name] for name in settings["bands"]] if apart else [settings.get("bands")]
    arrays: list[Any] = []
    for bands in groups:
        count = 1 if apart else len(first.names)
        given = {**settings, "crs": grid.crs, **({"bands": bands} if bands else {})}
        fill = 0 if first.nodata is None else first.nodata
        graph = {}
        name = "datatake-read-" + _token(given, planned, grid, chunks)
        for at_t, t0, t in _spans(lengths["time"]):
            for at_y, y0, height in _spans(lengths["y"]):
                for at_x, x0, width in _spans(lengths["x"]):
                    part = grid.cut(x0, y0, width, height)
                    images = [(p.item, p.grid) for p in planned[t0:t0 + t]]
                    graph[(name, 0, at_t, at_y, at_x)] = (read_chunk, given, images, part, count, dtype.str, fill)
        whole = dask_array.Array(graph, name, ((count,), lengths["time"], lengths["y"], lengths["x"]), dtype=dtype)
        arrays += [whole[i] for i in range(count)]
    return dataset_of(first, grid, [(p.time_ns, p.id) for p in planned], arrays)


def _split(total: int, size: int) -> tuple[int, ...]:
    size = total if size == -1 else min(size, total)
    return tuple(min(size, total - at) for at in range(0, total, size))


def _spans(lengths: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    at = 0
    for number, length in enumerate(lengths):
        yield number, at, length
        at += length


def _token(*what: Any) -> str:
    import hashlib

    text = json.dumps(what, default=lambda v: [getattr(v, "item", repr(v)), repr(getattr(v, "grid", ""))])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def read_chunk(settings: Settings, images: list[tuple[str, Grid]], part: Grid, count: int, dtype: str, fill: float) -> Array:
    """(band, time, y, x) of one chunk; in any process."""
    import numpy as np

    out = np.full((count, len(images), part.height, part.width), fill, dtype)
    for at, (item, grid) in enumerate(images):
        window = part.common(grid)
        if window is None:
            continue
        col, row, width, height = window
        first = grid.place_of(part.cut(*window))
        x, y = (grid.x0, grid.x0 + grid.width * grid.step_x), (grid.y0, grid.y0 + grid.height * grid.step_y)
        picture = run(_read_one({  # of the image's whole grid, by which kernels and overviews are chosen
            **settings, "items_json": item.encode(), "has_extent": True, "x_min": min(x), "x_max": max(x), "y_min": min(y),
            "y_max": max(y), "size_width": grid.width, "size_height": grid.height, "part_col": first[0], "part_row": first[1],
            "part_width": width, "part_height": height}))
        if picture is not None and picture.pixels is not None:
            out[:, at, row:row + height, col:col + width] = picture.pixels
    return out


def _read_one(settings: Settings) -> Steps[Picture | None]:
    getting = Getting(_core.Job(runtime(), settings, True), False, "read")
    try:
        found = yield from getting.next()
        while (yield from getting.next()) is not None:
            pass
        getting.check(None, "raise")
        return None if found is None or found[9] else Picture(found[0], getting.job.picture(0))
    finally:
        getting.end()
