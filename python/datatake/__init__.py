"""Datatake: finds, loads and downloads satellite data as fast as the link and the cores allow.

```python
from datatake import Client            # from datatake.aio import Client, and `await` before each call

client = Client()                      # the embedded catalogue, or Client("http://…")
collection = client.datasets().open_data.copernicus.landsat8_oli_tirs.collections()["L1T"]
data = collection.load(("2020-01-01", "2021-01-01"), show_progress=True)   # xarray.Dataset
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors, graph
    from ._core import version as __version__
    from .client import Client, Collection, Dataset, compare, open
    from .comparing import Comparison, Mode
    from .errors import (
        ArgumentError,
        AuthenticationError,
        Error,
        InternalServerError,
        NetworkError,
        NetworkTimeoutError,
        NotFoundError,
    )
    from .filters import Expression, Field, field
    from .groups import Group
    from .images import File, Files
    from .raster import Band, Raster, Window
    from .tables import Table
    from .times import TimeInterval

__all__ = [
    "ArgumentError", "AuthenticationError", "Band", "Client", "Collection", "Comparison", "Dataset", "Error",
    "Expression", "Field", "File", "Files", "Group", "InternalServerError", "Mode", "NetworkError",
    "NetworkTimeoutError", "NotFoundError", "Raster", "Table", "TimeInterval", "Window", "__version__", "compare",
    "errors", "field", "graph", "open",
]

_MODULES = {
    "client": ("Client", "Collection", "Dataset", "compare", "open"), "comparing": ("Comparison", "Mode"),
    "errors": ("ArgumentError", "AuthenticationError", "Error", "InternalServerError", "NetworkError", "NetworkTimeoutError",
               "NotFoundError"),
    "filters": ("Expression", "Field", "field"), "groups": ("Group",), "images": ("File", "Files"),
    "raster": ("Band", "Raster", "Window"), "tables": ("Table",), "times": ("TimeInterval",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """What is asked for first is imported then."""
    from importlib import import_module

    if name in ("errors", "graph"):
        return import_module(f"datatake.{name}")
    if name == "__version__":
        from ._core import version as found
    elif name in _HOMES:
        found = getattr(import_module(f"datatake.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'datatake' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
