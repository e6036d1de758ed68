"""The engine of this process, and the two ways to wait for it: a thread that blocks, or an event loop.

What a call does is written once, as a generator that yields what it waits for (`Step`) and returns its result; `run`
and `run_async` drive it.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary, ref

from . import _core, errors

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
Queue = _core.Queue
Start = Callable[["_core.Queue | None"], _core.Op]


class Step:
    """`start(queue)` begins it; `tick`, if any, is called about ten times a second meanwhile."""

    __slots__ = ("start", "tick")

    def __init__(self, start: Start, tick: Callable[[], None] | None = None) -> None:
        self.start = start
        self.tick = tick


class Work:
    """What blocks: called in this thread, or in one of the loop's own."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call


Steps = Generator["Step | Work", Any, T]  # Step: its Op comes back; Work: what it returned

TICK_S = 0.1

_core.set_error_factory(errors.from_status)
_lock = threading.Lock()
_runtime: _core.Runtime | None = None
_runtime_pid = 0


def runtime() -> _core.Runtime:
    """The engine that clients share; a child process after a fork gets its own."""
    global _runtime, _runtime_pid
    with _lock:
        if _runtime is None or _runtime_pid != os.getpid():
            _runtime = _core.Runtime(user_agent=f"datatake-python/{_core.version}")
            _runtime_pid = os.getpid()
        return _runtime


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # another thread may have held it


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_core.shut)


def run(steps: Steps[T]) -> T:
    """Drives to the end in this thread, which needs no event loop and may be inside a running one. Ctrl-C ends it."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Work):
                step = steps.send(step.call())
                continue
            op = step.start(None)
            if step.tick is None:
                op.wait()
            else:
                while not op.wait(TICK_S):
                    step.tick()
            step = steps.send(op)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        steps.close()


# --- asyncio ---


class _Reactor:
    """One event loop's queue of calls that are done; its descriptor wakes the loop, which takes them in batches."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)
        self._queue = _core.Queue()
        loop.add_reader(self._queue.fileno(), self._drain)

    def __del__(self) -> None:
        self._queue.close()

    def _drain(self) -> None:
        done = self._queue.drain()
        for op in done:
            future = op.future
            op.future = None
            if future is not None and not future.done():
                future.set_result(op)

    def start(self, step: Step) -> tuple[_core.Op, asyncio.Future[_core.Op]]:
        loop = self._loop()
        assert loop is not None
        op = step.start(self._queue)
        future: asyncio.Future[_core.Op] = loop.create_future()
        op.future = future
        return op, future


_reactors: WeakKeyDictionary[asyncio.AbstractEventLoop, _Reactor] = WeakKeyDictionary()


async def run_async(steps: Steps[T]) -> T:
    """Drives to the end in the running event loop. A task that is cancelled ends its transfer."""
    import asyncio

    loop = asyncio.get_running_loop()
    reactor = _reactors.get(loop)
    if reactor is None:
        reactor = _reactors[loop] = _Reactor(loop)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Work):
                step = steps.send(await asyncio.to_thread(step.call))
                continue
            op, future = reactor.start(step)
            try:
                if step.tick is None:
                    await future
                else:
                    while not future.done():
                        step.tick()
                        await asyncio.wait((future,), timeout=TICK_S)
            except BaseException:  # the task is cancelled
                op.cancel()
                raise
            step = steps.send(op)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        steps.close()
