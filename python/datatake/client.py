"""Datasets without asyncio: every call waits for its answer, with the interpreter lock released."""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from ._engine import run
from ._imagery import COMPARE, GET, ImageCalls, spelled_out, worded
from ._nouns import ClientCalls, CollectionCalls, DatasetCalls
from ._options import FileOptions
from ._ways import Blocking
from .progress import ShowProgress

if TYPE_CHECKING:
    from .comparing import Comparison
    from .images import Files
    from .raster import Raster

__all__ = ["Client", "Collection", "Dataset", "compare", "open"]


class Collection(Blocking, CollectionCalls):
    """A collection of datapoints."""

    def __repr__(self) -> str:
        return repr(self.info())

    def _repr_html_(self) -> str | None:
        self.info()
        return super()._repr_html_()


class Dataset(Blocking, DatasetCalls[Collection]):
    """A dataset: one schema, and collections of datapoints."""

    _made = Collection


class Client(Blocking, ImageCalls, ClientCalls[Dataset]):
    """One source of datasets.

    Without arguments the embedded catalogue (DATATAKE_SOURCE, else the user's own); else the path of a catalogue file, or
    the address of a server that speaks the Tilebox API ("http://127.0.0.1:8080", "https://api.tilebox.com"). `token` is
    its key; without one TILEBOX_API_KEY's. "ee://PROJECT" is Earth Engine.
    """

    _made = Dataset

    @spelled_out(FileOptions)
    @worded(GET.format(how="Waits until all are through; returns the finished files in the order in which they finished."))
    def get(self, items: Any = None, *, out: str | os.PathLike[str] = ".", show_progress: ShowProgress = False,
            on_error: str = "raise", **options: Unpack[FileOptions]) -> Files:
        from . import images

        return run(images.get(self._core, items, {**options, "out": out}, show_progress, on_error))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def open(href: str | os.PathLike[str]) -> Raster:
    """A raster by its path or address: reads the header only. Raises NotFoundError, NetworkError, DataError, LocalError."""
    from .raster import Opening, Raster

    return run(Opening(Raster).steps(href))


@spelled_out(FileOptions)
@worded(COMPARE)
def compare(items: Any, *, out: str | os.PathLike[str], modes: Iterable[str] = ("sequential", "async", "processes"),
            show_progress: ShowProgress = False, **options: Unpack[FileOptions]) -> Comparison:
    from .comparing import compare as steps_of_compare

    return run(steps_of_compare(None, items, {**options, "out": out}, modes, show_progress))
