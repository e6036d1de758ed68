"""Images to files: `client.get`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, SupportsIndex

from . import _core, _html, errors
from ._engine import TICK_S, Step, Steps, run_async, runtime
from ._items import settings_of
from ._options import FileOptions
from .progress import ShowProgress, close_bar

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["File", "Files"]


class File:
    """One image that is finished: `path`, or `error`.

    id: of its item; asset: with raw and per_band; path: None when nothing was written; sha256: of the file; bytes: of the file;
    wire_bytes, requests, retries: what was fetched for it; width, height: pixels; seconds: from its start to its end; skipped:
    the file was there already, or there is nothing of the area in the image; href: of its first source; error: why it failed;
    again: of one that failed, a STAC Item that tries it again.
    """

    __slots__ = ("again", "asset", "bytes", "error", "height", "href", "id", "path", "requests", "retries", "seconds",
                 "sha256", "skipped", "width", "wire_bytes")

    def __init__(self, found: tuple[Any, ...]) -> None:
        self.id: str
        self.asset: str
        self.sha256: str
        self.href: str
        self.again: str
        self.skipped: bool
        self.bytes: int
        self.wire_bytes: int
        self.requests: int
        self.retries: int
        self.width: int
        self.height: int
        self.seconds: float
        (self.id, self.asset, path, self.sha256, message, self.href, self.again, number, name, self.skipped, self.bytes,
         self.wire_bytes, self.requests, self.retries, self.width, self.height, self.seconds) = found
        from pathlib import Path  # some milliseconds of an import

        self.path: Path | None = Path(path) if path else None
        self.error: errors.Error | None = None
        if number != 0 and not self.skipped:
            self.error = errors.from_status(number, name, message)

    def __fspath__(self) -> str:
        if self.path is None:
            raise self.error or errors.NotFoundError(f"{self.id}: no file was written")
        return str(self.path)

    def __repr__(self) -> str:
        if self.error is not None:
            return f"<File {self.id}: {self.error}>"
        if self.skipped:
            return f"<File {self.path or self.id}: skipped>"
        return f"<File {self.path}, {self.width} x {self.height}, {self.bytes:,} bytes, {self.seconds:.2f} s>"

    def _repr_html_(self) -> str:
        return _html.of_file(self)


class Files(list[File]):
    """Finished files, in the order in which they finished."""

    @property
    def paths(self) -> list[Path]:
        """Of those that were written or are there already."""
        return [file.path for file in self if file.path is not None]

    @property
    def failed(self) -> list[File]:
        """Those with an error."""
        return [file for file in self if file.error is not None]

    @property
    def skipped(self) -> list[File]:
        """Those that were there already, or have nothing of the area."""
        return [file for file in self if file.skipped]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self)

    def __repr__(self) -> str:
        lines = [f"{len(self.paths)} files, {self.bytes:,} bytes, {len(self.failed)} failed"]
        lines += [f"  {file!r}" for file in self[:20]]
        return "\n".join(lines + ([f"  (+{len(self) - 20})"] if len(self) > 20 else []))

    def _repr_html_(self) -> str:
        return _html.of_files(self)

    def __add__(self, other: Iterable[File]) -> Files:  # type: ignore[override]
        return Files([*self, *other])

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        return Files(super().__getitem__(at)) if isinstance(at, slice) else super().__getitem__(at)


# --- progress ---


class Quiet:
    """Shows nothing."""

    tick: Callable[[], None] | None = None

    def update(self) -> None:
        """More is there."""

    def end(self) -> None:
        """Nothing more comes."""


class Called(Quiet):
    """Calls with the part of the images that is through, 1.0 at the end."""

    def __init__(self, job: _core.Job, call: Callable[[float], Any]) -> None:
        self._job, self._call, self._at = job, call, -1.0

    def update(self) -> None:
        finished, known, total, done, failed, skipped, *_ = self._job.progress()
        fraction = 1.0 if finished else (done + failed + skipped) / total if known and total else 0.0
        if fraction > self._at:
            self._at = fraction
            self._call(fraction)


class Bar(Quiet):
    """Bytes on the wire, of a total that grows while headers arrive."""

    def __init__(self, job: _core.Job, what: str) -> None:
        from tqdm.auto import tqdm

        self._job = job
        self.tick: Callable[[], None] | None = self.update
        self._bar = tqdm(desc=what, unit="B", unit_scale=True, unit_divisor=1024, total=None)
        self._shown_s = 0.0

    def update(self) -> None:
        now_s = monotonic()
        finished, known, total, done, failed, skipped, size, size_total, retries, *_ = self._job.progress()
        if not finished and now_s - self._shown_s < TICK_S:
            return
        self._shown_s = now_s
        through = done + failed + skipped
        words = f"{through}/{total if known else '?'} images"
        for count, word in ((failed, "failed"), (skipped, "skipped"), (retries, "retried")):
            words += f", {count} {word}" if count else ""
        if size_total:
            self._bar.total = max(size_total, size) if not finished else size
        self._bar.set_postfix_str(words, refresh=False)
        self._bar.update(max(0, size - self._bar.n))
        self._bar.refresh()

    def end(self) -> None:
        close_bar(self._bar)


def begin(job: _core.Job, show: ShowProgress, what: str) -> Quiet:
    """A bar, a caller or nothing."""
    if callable(show):
        return Called(job, show)
    return Bar(job, what) if show else Quiet()


# --- get ---


class Getting:
    """A job under way, result by result."""

    def __init__(self, job: _core.Job, show: ShowProgress, what: str) -> None:
        self.job: _core.Job = job
        self.at: int = 0
        self._bar = begin(job, show, what)

    def next(self) -> Steps[tuple[Any, ...] | None]:
        """The next result; None behind the last."""
        while True:
            finished = self.job.finished()
            found = self.job.result(self.at)
            if found is not None:
                self.at += 1
                self._bar.update()
                return found
            if finished:
                self._bar.update()
                return None
            yield Step(lambda queue: self.job.notify(self.at, queue), self._bar.tick)

    def check(self, files: Files | None, on_error: str) -> None:
        """Raises what the job ended with."""
        number, name, message = self.job.status()
        if number == 0 or (on_error == "return" and self.at > 0 and name != "DTAKE_E_CANCELLED"):
            return
        error = errors.from_status(number, name, message)
        if isinstance(error, errors.PartialError):
            error.files = list(files or [])
        raise error

    def end(self) -> None:
        """Cancels it if it still runs."""
        self._bar.end()
        self.job.cancel()
        self.job.close()


def check_on_error(on_error: str) -> None:
    if on_error not in ("raise", "return"):
        raise ValueError(f"on_error: 'raise' or 'return' is expected, not {on_error!r}")


def start(client: _core.Client | None, items: Any, options: Mapping[str, Any], show: ShowProgress) -> Steps[Getting]:
    settings = yield from settings_of(client, items, options, FileOptions)
    settings.setdefault("out_dir", ".")
    return Getting(_core.Job(runtime(), settings, False), show, "get")


def get(client: _core.Client | None, items: Any, options: Mapping[str, Any], show: ShowProgress,
        on_error: str) -> Steps[Files]:
    """To the end."""
    check_on_error(on_error)
    getting = yield from start(client, items, options, show)
    files = Files()
    try:
        while (found := (yield from getting.next())) is not None:
            files.append(File(found))
        getting.check(files, on_error)
    finally:
        getting.end()
    return files


class FilesComing:
    """`await` it for all files, or `async for` file after file as they finish. Whoever stops early ends the transfers."""

    def __init__(self, client: _core.Client | None, items: Any, options: Mapping[str, Any], show: ShowProgress,
                 on_error: str) -> None:
        check_on_error(on_error)
        self._given = (client, items, options, show)
        self._on_error = on_error
        self._getting: Getting | None = None

    def __await__(self) -> Generator[Any, None, Files]:
        return run_async(get(*self._given, self._on_error)).__await__()

    def __aiter__(self) -> FilesComing:
        return FilesComing(*self._given, self._on_error)

    async def __anext__(self) -> File:
        if self._getting is None:
            self._getting = await run_async(start(*self._given))
        try:
            found = await run_async(self._getting.next())
            if found is not None:
                return File(found)
            self._getting.check(None, self._on_error)
        except BaseException:
            self._getting.end()
            raise
        self._getting.end()
        raise StopAsyncIteration

    def __del__(self) -> None:
        if self._getting is not None:
            self._getting.end()
