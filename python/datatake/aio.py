"""Datasets with asyncio: the same names as in `datatake`, with `await` before each call.

Completions come through the engine's descriptor into the running loop, in batches, without threads; a task that is
cancelled ends its transfer. What changes a source runs in a thread, since the engine's writers block.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Unpack

from ._imagery import GET, ImageCalls, spelled_out, worded
from ._nouns import ClientCalls, CollectionCalls, DatasetCalls
from ._options import FileOptions
from ._ways import Awaiting
from .images import FilesComing
from .progress import ShowProgress

__all__ = ["Client", "Collection", "Dataset"]


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
        return FilesComing(self._core, items, {**options, "out": out}, show_progress, on_error)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.close()
