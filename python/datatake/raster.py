"""One raster: what its header says, and windows of it as numpy arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from . import _core
from ._engine import Step, Steps, runtime
from ._options import box_of
from ._ways import Awaiting, Blocking, call

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    MaskedArray = np.ma.MaskedArray[Any, Any]

__all__ = ["AsyncRaster", "Band", "Raster", "Window"]

R = TypeVar("R", bound="RasterCalls")


class Band(NamedTuple):
    """One band: physical value = stored * scale + offset."""

    name: str
    color: str
    scale: float
    offset: float


class Window(NamedTuple):
    """Pixels from the left and top, counted from 0."""

    col: int
    row: int
    width: int
    height: int


class RasterCalls:
    """A GeoTIFF by path or address, or whatever GDAL reads when GDAL is installed. All of it but pixels is known at once.

    shape: (bands, height, width); dtype: of the samples; crs: "EPSG:32633", else WKT, "" without; epsg: the code or None;
    transform: (a, b, c, d, e, f) in the order of affine.Affine and rasterio: x = a * col + b * row + c, y = d * col + e * row + f;
    bounds: (left, bottom, right, top) in units of the CRS; res: units a pixel; nodata: or None; has_mask; bands: a Band each;
    overviews: (height, width) of each, largest first; driver, compression, layout, interleave; tile: (height, width);
    file_bytes.
    """

    def __init__(self, raster: _core.Raster) -> None:
        self._core: _core.Raster = raster
        self.href: str
        self.driver: str
        self.width: int
        self.height: int
        self.count: int
        self.dtype_name: str
        self.compression: str
        self.layout: str
        self.interleave: str
        self.crs: str
        self.nodata: float | None
        self.has_mask: bool
        self.overviews: list[tuple[int, int]]
        self.file_bytes: int
        (self.href, self.driver, self.width, self.height, self.count, self.dtype_name, tile_width, tile_height, self.compression,
         self.layout, self.interleave, epsg, self.crs, transform, self.nodata, self.has_mask, bands, self.overviews,
         self.file_bytes) = raster.info()
        self.epsg: int | None = epsg or None
        self.tile: tuple[int, int] = (tile_height, tile_width)
        self.bands: list[Band] = [Band(*one) for one in bands]
        x0, col_x, row_x, y0, col_y, row_y = transform or (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
        self.has_transform: bool = transform is not None
        self.transform: tuple[float, float, float, float, float, float] = (col_x, row_x, x0, col_y, row_y, y0)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(bands, height, width)"""
        return self.count, self.height, self.width

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the samples."""
        import numpy as np

        return np.dtype(self.dtype_name)

    @property
    def res(self) -> tuple[float, float]:
        """Width and height of a pixel in units of the CRS."""
        a, b, _, d, e, _ = self.transform
        return (a * a + d * d) ** 0.5, (b * b + e * e) ** 0.5

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) in units of the CRS."""
        a, b, c, d, e, f = self.transform
        corners = [(a * col + b * row + c, d * col + e * row + f) for col in (0, self.width) for row in (0, self.height)]
        return (min(x for x, _ in corners), min(y for _, y in corners), max(x for x, _ in corners), max(y for _, y in corners))

    def window(self, bbox: Any) -> Window:
        """The pixels whose centre lies in (west, south, east, north), degrees. NotFoundError: there are none."""
        return Window(*self._core.window(box_of(bbox)))

    @call
    def read(self, bands: int | Sequence[int] | None = None, *, window: Sequence[int] | None = None, bbox: Any = None,
             overview: int = 0, masked: bool = False) -> Steps[Array | MaskedArray]:
        """Pixels as an array (band, row, column), (row, column) when `bands` is one number; in the file's dtype.

        bands: numbers from 1; None: all. window: (col, row, width, height) in pixels of the overview; it may reach past the
        edge, where pixels are nodata, or 0. bbox: instead, (west, south, east, north) in degrees. overview: 0, full
        resolution; n, `overviews[n - 1]`. masked: a numpy.ma.MaskedArray by nodata, mask or alpha.

        Raises TypeError, ValueError (no such band or overview, an empty window), NotFoundError (bbox beside the raster),
        NetworkError, DataError.
        """
        given = self._window(window, bbox, overview)
        numbers = _bands(bands)
        op = yield Step(lambda queue: self._core.read(given, numbers, overview, masked, queue))
        data, mask, count, mask_count, height, width, dtype = op.result()
        import numpy as np

        array = np.frombuffer(data, dtype).reshape(count, height, width)
        if masked:
            hidden: Any = np.ma.nomask
            if mask is not None:
                hidden = np.broadcast_to(np.frombuffer(mask, "uint8").reshape(mask_count, height, width) == 0, array.shape)
            found: MaskedArray = np.ma.array(array, mask=hidden, fill_value=self.nodata)  # type: ignore[no-untyped-call]
            return found[0] if isinstance(bands, int) else found
        return array[0] if isinstance(bands, int) else array

    def _window(self, window: Any, bbox: Any, overview: Any) -> tuple[int, int, int, int]:
        if isinstance(overview, bool) or not isinstance(overview, int):
            raise TypeError(f"overview: a number is expected, not {overview!r}")
        if not 0 <= overview <= len(self.overviews):
            raise ValueError(f"overview: {overview}: there are {len(self.overviews)}")
        height, width = self.overviews[overview - 1] if overview else (self.height, self.width)
        if window is not None and bbox is not None:
            raise ValueError("bbox: give either a window or a bbox")
        if bbox is not None:
            col, row, wide, high = self.window(bbox)
            left, top = col * width // self.width, row * height // self.height
            right, bottom = -(-(col + wide) * width // self.width), -(-(row + high) * height // self.height)
            return left, top, right - left, bottom - top
        if window is None:
            return 0, 0, width, height
        try:
            numbers = [value.__index__() for value in window]
        except (TypeError, AttributeError):
            raise TypeError(f"window: (col, row, width, height) in pixels is expected, not {window!r}") from None
        if len(numbers) != 4 or numbers[2] < 1 or numbers[3] < 1:
            raise ValueError(f"window: (col, row, width, height) in pixels is expected, not {window!r}")
        return numbers[0], numbers[1], numbers[2], numbers[3]

    def __repr__(self) -> str:
        return f"<Raster {self.href}: {self.dtype_name} {self.shape}, {self.crs[:40] or 'no CRS'}, {len(self.overviews)} overviews>"


def _bands(bands: Any) -> list[int] | None:
    if bands is None:
        return None
    several = [bands] if isinstance(bands, int) else bands
    if not isinstance(several, Iterable) or isinstance(several, (str, bytes)):
        raise TypeError(f"bands: numbers from 1 are expected, not {bands!r}")
    numbers = list(several)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"bands: numbers from 1 are expected, not {bands!r}")
    if not numbers:
        raise ValueError("bands: there are none")
    return numbers


class Raster(Blocking, RasterCalls):
    __doc__ = RasterCalls.__doc__


class AsyncRaster(Awaiting, RasterCalls):
    __doc__ = RasterCalls.__doc__


class Opening(Generic[R]):
    """How a raster is opened, whichever way its reads wait."""

    def __init__(self, made: type[R]) -> None:
        self._made = made

    def steps(self, href: str | os.PathLike[str]) -> Steps[R]:
        if not isinstance(href, (str, os.PathLike)):
            raise TypeError(f"href: a path or an address is expected, not {href!r}")
        text = os.fsdecode(href)
        op = yield Step(lambda queue: _core.open_raster(runtime(), text, queue))
        return self._made(op.result())
