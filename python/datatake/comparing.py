"""The same images one after another, asynchronously and in several processes: what each takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from . import _core
from ._engine import Steps, Work
from ._items import settings_of
from ._options import MODES, FileOptions, Settings, program
from .progress import ShowProgress

__all__ = ["Comparison", "Mode"]

_NAMES = {number: name for name, number in MODES.items()}


class Mode(NamedTuple):
    """What one mode took: seconds from the start to the end of its process, bytes and requests of the network, files."""

    mode: str
    seconds: float
    speedup: float  # the first mode's seconds by these
    bytes: int
    requests: int
    files: int
    peak_rss_bytes: int


class Comparison(list[Mode]):
    """A Mode each. `identical`: every file is the same, byte for byte, in all modes. print() shows a table."""

    def __init__(self, core: _core.Comparison, rows: list[tuple[Any, ...]], identical: bool) -> None:
        super().__init__(Mode(_NAMES[mode], seconds, speedup, size, requests, files, rss)
                         for mode, _, _, seconds, size, requests, rss, files, speedup, _ in rows)
        self._core = core
        self.identical: bool = identical

    def __repr__(self) -> str:
        lines = [f"{'mode':<12}{'seconds':>10}{'speedup':>10}{'files':>8}{'MB read':>10}{'requests':>10}{'peak MB':>10}"]
        lines += [f"{m.mode:<12}{m.seconds:>10.2f}{m.speedup:>9.2f}x{m.files:>8}{m.bytes / 1e6:>10.1f}{m.requests:>10}"
                  f"{m.peak_rss_bytes / 1e6:>10.0f}" for m in self]
        return "\n".join([*lines, "all files are the same" if self.identical else "the files differ"])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("mode", "seconds", "speedup", "files", "MB read", "requests"))
        rows = "".join(f"<tr><td>{m.mode}</td><td>{m.seconds:.2f}</td><td>{m.speedup:.2f}x</td><td>{m.files}</td>"
                       f"<td>{m.bytes / 1e6:.1f}</td><td>{m.requests}</td></tr>" for m in self)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def plot(self, path: str | os.PathLike[str], title: str = "") -> None:
        """Bars; the ending of the path chooses SVG or PNG."""
        self._core.plot(title, os.fsdecode(path))


class Shown:
    """A bar of images that starts again with each mode."""

    def __init__(self, show: ShowProgress) -> None:
        self._call: Callable[[float], Any] | None = show if callable(show) else None
        self._bar: Any = None
        self._mode = -1
        if show and self._call is None:
            from tqdm.auto import tqdm

            self._bar = tqdm(unit=" images")

    def __call__(self, mode: int, done: int, total: int, size: int) -> None:
        if self._call is not None:
            self._call(done / total if total else 0.0)
        if self._bar is not None:
            if mode != self._mode:
                self._mode = mode
                self._bar.reset(total or None)
                self._bar.set_description(_NAMES[mode])
            self._bar.total = total or None
            self._bar.update(max(0, done - self._bar.n))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _modes(modes: Iterable[str]) -> list[int]:
    if isinstance(modes, str):
        modes = modes.split(",")
    names = list(modes)
    for name in names:
        if name not in MODES:
            raise ValueError(f"modes: {name!r} is none of {', '.join(MODES)}")
    if not 1 <= len(names) <= 3 or len(set(names)) != len(names):
        raise ValueError("modes: one to three different ones are expected")
    return [MODES[name] for name in names]


def compare(client: _core.Client | None, items: Any, options: Mapping[str, Any], modes: Iterable[str],
            show: ShowProgress) -> Steps[Comparison]:
    numbers = _modes(modes)
    settings: Settings = yield from settings_of(client, items, options, FileOptions)
    settings.setdefault("out_dir", ".")
    settings["program"] = program()
    core = _core.Comparison()
    shown = Shown(show)
    try:
        rows, identical, _ = yield Work(lambda: core.run(settings, numbers, shown if show else None))
    finally:
        core.cancel()  # of a task that was cancelled: the thread goes on without it
        shown.close()
    return Comparison(core, rows, identical)
