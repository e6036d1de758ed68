"""Modules that are imported when something of them is asked for first: who imports the package waits for few of them."""

from __future__ import annotations

import sys
from typing import Any


class Later:
    """Stands for a module."""

    __slots__ = ("_module",)

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        __import__(self._module)
        return getattr(sys.modules[self._module], name)
