"""Datasets with asyncio: the same names as in `datatake`, with `await` before each call.

Completions come through the engine's descriptor into the running loop, in batches, without threads; a task that is
cancelled ends its transfer. What changes a source runs in a thread, since the engine's writers block.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from ._engine import run_async
from ._imagery import COMPARE, GET, ImageCalls, spelled_out, worded
from ._nouns import ClientCalls, CollectionCalls, DatasetCalls
from ._options import FileOptions
from ._ways import Awaiting
from .progress import ShowProgress

if TYPE_CHECKING:
    from .comparing import Comparison
    from .images import FilesComing
    from .raster import AsyncRaster

__all__ = ["Client", "Collection", "Dataset", "compare", "open"]


class Collection(Awaiting, CollectionCalls):
    """A collection of datapoints."""

    def __repr__(self) -> str:
        return repr(self._info) if self._info is not None else f"Collection {self.name}"


class Dataset(Awaiting, DatasetCalls[Collection]):
    """A dataset: one schema, and collections of datapoints."""

    _made = Collection


class Client(Awaiting, ImageCalls, ClientCalls[Dataset]):
    """One source of datasets.

    Without arguments the embedded catalogue (DATATAKE_SOURCE, else the user's own); else the path of a catalogue file, or
    the address of a server that speaks the Tilebox API ("http://127.0.0.1:8080", "https://api.tilebox.com"). `token` is
    its key; without one TILEBOX_API_KEY's.
    """

    _made = Dataset

    @spelled_out(FileOptions)
    @worded(GET.format(how="`files = await client.get(...)`, or `async for file in client.get(...)` as they finish; "
                           "a task that is cancelled,\nor a loop that is left, ends the transfers."))
    def get(self, items: Any = None, *, out: str | os.PathLike[str] = ".", show_progress: ShowProgress = False,
            on_error: str = "raise", **options: Unpack[FileOptions]) -> FilesComing:
        from .images import FilesComing

        return FilesComing(self._core, items, {**options, "out": out}, show_progress, on_error)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.close()


async def open(href: str | os.PathLike[str]) -> AsyncRaster:
    """A raster by its path or address: reads the header only. Raises NotFoundError, NetworkError, DataError, LocalError."""
    from .raster import AsyncRaster, Opening

    return await run_async(Opening(AsyncRaster).steps(href))


@spelled_out(FileOptions)
@worded(COMPARE)
async def compare(items: Any, *, out: str | os.PathLike[str], modes: Iterable[str] = ("sequential", "async", "processes"),
            show_progress: ShowProgress = False, **options: Unpack[FileOptions]) -> Comparison:
    from .comparing import compare as steps_of_compare

    return await run_async(steps_of_compare(None, items, {**options, "out": out}, modes, show_progress))
