"""Datatake: finds, loads and downloads satellite data as fast as the link and the cores allow.

```python
from datatake import Client            # from datatake.aio import Client, and `await` before each call

client = Client()                      # the embedded catalogue, or Client("http://…")
collection = client.datasets().open_data.copernicus.landsat8_oli_tirs.collections()["L1T"]
data = collection.load(("2020-01-01", "2021-01-01"), show_progress=True)   # xarray.Dataset
```
"""

from __future__ import annotations

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
