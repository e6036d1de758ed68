"""What users call a source, as the engine does."""

from __future__ import annotations

import os

from . import _arguments


def source_of(source: str | os.PathLike[str] | None, url: str | None) -> str | None:
    if source is not None and url is not None:
        raise ValueError("url: give either a source or its url")
    named = source if source is not None else url
    if named is None:
        return None
    what, expected = ("source" if source is not None else "url"), "a path or an address"
    text = _arguments.text(os.fspath(named) if isinstance(named, os.PathLike) else named, what, expected)
    if not text:
        raise ValueError(f"{what}: {expected} is expected, not ''")
    return f"tilebox+{text.rstrip('/')}" if text.startswith(("http://", "https://")) else text
