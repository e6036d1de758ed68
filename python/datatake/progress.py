"""Progress of loads: bars by tqdm.auto, side by side, or a call with the fraction that is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

from . import _core

__all__ = ["ProgressCallback", "ShowProgress"]

ProgressCallback = Callable[[float], Any]
ShowProgress = Union[bool, ProgressCallback]


class Quiet:
    """Shows nothing."""

    tick: Callable[[], None] | None = None

    def __init__(self, load: _core.Load) -> None:
        self._load = load

    def update(self) -> None:
        """More is there."""

    def end(self, finished: bool) -> None:
        """Nothing more comes."""


class Called(Quiet):
    """Calls with fractions that never fall, 1.0 at the end."""

    def __init__(self, load: _core.Load, call: ProgressCallback) -> None:
        super().__init__(load)
        self.tick: Callable[[], None] | None = self.update
        self._call = call
        self._at = -1.0

    def update(self) -> None:
        fraction = min(self._load.progress()[3], 1.0)
        if fraction > self._at:
            self._at = fraction
            self._call(fraction)

    def end(self, finished: bool) -> None:
        if finished and self._at < 1.0:
            self._call(1.0)


class Bar(Quiet):
    """A bar over the time interval, as Tilebox's."""

    def __init__(self, load: _core.Load, what: str) -> None:
        from tqdm.auto import tqdm

        super().__init__(load)
        self.tick: Callable[[], None] | None = self.update
        self._total = 1.0
        self._bar = tqdm(bar_format="{l_bar}{bar}[{elapsed}<{remaining}{postfix}]", total=self._total, desc=f"Fetching {what}")
        self._scaled = False

    def update(self) -> None:
        start, end, _, fraction, rows, size, seconds = self._load.progress()
        if not self._scaled and 0 < end - start < 2**62:
            self._bar.total = self._total = (end - start) // 10**9 or 1
            self._scaled = True
        self._bar.set_postfix_str(f"{rows} datapoints, {size / 2**20 / (seconds or 1e-9):.2f} MB/s", refresh=False)
        done = min(int(self._total * fraction) if self._scaled else fraction, self._total)
        self._bar.update(max(0, done - self._bar.n))
        self._bar.refresh()

    def end(self, finished: bool) -> None:
        if finished:
            self.update()
            self._bar.update(self._total - self._bar.n)
        close_bar(self._bar)


def close_bar(bar: Any) -> None:
    """Leaves what it said at the end: a line above the bars that still move, or text in a notebook, which has no widgets any more
    when it is opened again."""
    if bar.disable:  # by TQDM_DISABLE, or closed
        return
    in_notebook = hasattr(bar, "container")
    said, line = bar.format_dict, str(bar)
    bar.leave = False
    bar.close()
    if not in_notebook:
        bar.write(f"\r{line}", file=bar.fp)  # from the beginning of the line, where close() need not be
        return
    from IPython import display

    from ._html import clip

    shown: Any = display
    share = said["n"] / said["total"] if said["total"] else 1.0
    amount = f"{bar.format_sizeof(said['n'], said['unit'], said['unit_divisor'])}, " if said["unit_scale"] else ""
    words = f"{share:.0%} in {bar.format_interval(said['elapsed'])}, {amount}{said['postfix']}"
    shown.display(shown.HTML(f"<div><progress value='{share:.3f}'></progress> {clip(bar.desc, 200)}: {clip(words, 200)}</div>"))


def check_progress(show: ShowProgress) -> None:
    if not callable(show) and not isinstance(show, bool):
        raise TypeError(f"show_progress: True, False or a function of the fraction done is expected, not {show!r}")


def begin(load: _core.Load, show: ShowProgress, what: str) -> Quiet:
    """A bar, a caller or nothing."""
    if callable(show):
        return Called(load, show)
    return Bar(load, what) if show else Quiet(load)
