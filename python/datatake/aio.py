"""Datasets with asyncio: the same names as in `datatake`, with `await` before each call.

Completions come through the engine's descriptor into the running loop, in batches, without threads; a task that is
cancelled ends its transfer. What changes a source runs in a thread, since the engine's writers block.
"""

from __future__ import annotations

from types import TracebackType

from ._nouns import ClientCalls, CollectionCalls, DatasetCalls
from ._ways import Awaiting

__all__ = ["Client", "Collection", "Dataset"]


class Collection(Awaiting, CollectionCalls):
    """A collection of datapoints."""

    def __repr__(self) -> str:
        return repr(self._info) if self._info is not None else f"Collection {self.name}"


class Dataset(Awaiting, DatasetCalls[Collection]):
    """A dataset: one schema, and collections of datapoints."""

    _made = Collection


class Client(Awaiting, ClientCalls[Dataset]):
    """One source of datasets.

    Without arguments the embedded catalogue (DATATAKE_SOURCE, else the user's own); else the path of a catalogue file, or
    the address of a server that speaks the Tilebox API ("http://127.0.0.1:8080", "https://api.tilebox.com"). `token` is
    its key; without one TILEBOX_API_KEY's.
    """

    _made = Dataset

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.close()
