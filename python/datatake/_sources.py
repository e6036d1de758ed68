"""What users call a source, as the engine does."""

from __future__ import annotations

import os


def source_of(source: str | os.PathLike[str] | None, url: str | None) -> str | None:
    if source is not None and url is not None:
        raise ValueError("url: give either a source or its url")
    named = source if source is not None else url
    if named is None:
        return None
    if not isinstance(named, (str, os.PathLike)):
        raise TypeError(f"source: a path or an address is expected, not {named!r}")
    text = os.fspath(named)
    return f"tilebox+{text.rstrip('/')}" if text.startswith(("http://", "https://")) else text
