"""What clients do with images, for `datatake` and `datatake.aio` alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from . import _core
from ._engine import Steps
from ._later import Later
from ._options import FileOptions, ImageOptions, kinds_of
from ._ways import call
from .progress import ShowProgress

if TYPE_CHECKING:
    import xarray as xr

    from . import _stacks
else:
    _stacks = Later("datatake._stacks")

F = TypeVar("F", bound=Callable[..., Any])


class _Words:
    """A type as it is written, for signatures."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class _Spelled:
    """Stands behind a function as what it wraps, and has its signature with all options when someone asks: help(), Tab in a
    notebook. Made at once it would be a fifth of the package's import."""

    def __init__(self, function: Callable[..., Any], options: type) -> None:
        self._function, self._options = function, options
        self.__module__, self.__name__, self.__qualname__ = function.__module__, function.__name__, function.__qualname__

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._function(*given, **named)

    @property
    def __signature__(self) -> Any:
        import inspect

        signature = inspect.signature(self._function, follow_wrapped=False)
        fixed = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None,
                                  annotation=_Words(kind)) for name, kind in kinds_of(self._options).items()]
        return signature.replace(parameters=fixed + more)


def _words(thing: Any) -> str:
    first, *rest = (thing.__doc__ or "").split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return "\n".join([first.strip(), *(line[margin:].rstrip() for line in rest)]).strip()


def spelled_out(options: type) -> Callable[[F], F]:
    """Shows what **options may be."""

    def decorate(function: F) -> F:
        function.__wrapped__ = _Spelled(function, options)  # type: ignore[attr-defined]
        words = _words(options)
        if options is FileOptions:
            words = _words(ImageOptions) + "\n" + words.partition("\n\n")[2]
        function.__doc__ = _words(function) + "\n\n" + words
        return function

    return decorate


def worded(text: str) -> Callable[[F], F]:
    """For a text that two functions share."""

    def decorate(function: F) -> F:
        function.__doc__ = text
        return function

    return decorate


class ImageCalls:
    _core: _core.Client

    @call
    @spelled_out(ImageOptions)
    def read(self, items: Any = None, *, chunks: Mapping[str, int] | None = None, show_progress: ShowProgress = False,
             on_error: str = "raise", **options: Unpack[ImageOptions]) -> Steps[xr.Dataset]:
        """Images as an xarray.Dataset of (time, y, x): one variable a band (or expression), in the files' own dtype.

        `x` and `y` are the centres of pixels in units of the CRS, y falls; `time` has nanoseconds, `id` the items' ids;
        `spatial_ref` has the CRS as WKT and GDAL's GeoTransform, so that rioxarray and odc-geo know it. Masked pixels are the
        files' nodata value (attributes `nodata`, `_FillValue`), NaN in floating point, and 0 where the files name none.
        Images lie on one grid: the first one's, widened, or what crs=, res= ... say.

        chunks: None, all pixels now; a dict such as {"time": 1, "y": 2048, "x": 2048} (-1: all): only headers now, pixels as a
        lazy dask array whose chunks each read their window.
        show_progress: True for a bar, or a function that is called with the part that is done.
        on_error: "raise", when all are through: PartialError when some failed, what they have in common when all did;
        "return", the others.

        Raises TypeError and ValueError for arguments that make no sense, NotFoundError when no image is left, NetworkError.
        """
        return (yield from _stacks.read(self._core, items, options, chunks, show_progress, on_error))


GET = """Images cut, computed, coloured and written, as `datatake get` does it: the same files, byte for byte.

{how}

out: folder of the files, made if missing. show_progress: True for a bar, or a function that is called with the part of the
images that is through. on_error: "raise", when all images were tried: PartialError (with `.files`) when some failed, what they
have in common when all did; "return": all files, those that failed with their `error`.
A file that is there already and is what would be made is left (`skipped`).

Raises TypeError and ValueError for arguments that make no sense, NotFoundError when no image is left, NetworkError,
AuthenticationError, LocalError.
"""

COMPARE = """The same `get` in several modes, each from nothing in a process of its own: what each takes, as `datatake compare` does it.

Files go to OUT/sequential, OUT/async and OUT/processes. Returns a Comparison: a Mode each with seconds, speedup (against the
first), bytes, requests and files; print() shows the table, `.plot("modes.svg")` draws it. modes: which, in this order.
show_progress: True for a bar, or a function that is called with the part of a mode that is done.

Raises what `get` raises; DataError when the modes do not write the same files.
"""
