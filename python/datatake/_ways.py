"""Methods that are written once and called in two ways: `client.load(...)`, and `await client.load(...)`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from ._engine import Steps, run, run_async

P = ParamSpec("P")
T = TypeVar("T")


class call(Generic[P, T]):
    """A method as a generator of steps (`_engine.Step`). A class that is `Blocking` has it as a function that waits, one
    that is `Awaiting` as a coroutine function; both keep its signature and its words."""

    def __init__(self, steps: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        self.steps = steps
        # what users see of it: Collection.load(...) -> xr.Dataset
        steps.__qualname__ = steps.__qualname__.replace("Calls.", ".")
        steps.__annotations__["return"] = steps.__annotations__["return"].removeprefix("Steps[").removesuffix("]")

    if TYPE_CHECKING:

        @overload
        def __get__(self, made: Blocking, owner: Any = None) -> Callable[P, T]: ...
        @overload
        def __get__(self, made: Awaiting, owner: Any = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
        @overload
        def __get__(self, made: None, owner: Any = None) -> Callable[..., Any]: ...
        def __get__(self, made: Any, owner: Any = None) -> Any: ...


def _make(cls: type, way: Callable[[Callable[..., Steps[Any]]], Callable[..., Any]]) -> None:
    for base in cls.__mro__:
        for name, found in vars(base).items():
            if isinstance(found, call) and isinstance(getattr(cls, name), call):
                setattr(cls, name, way(found.steps))


def _blocking(steps: Callable[..., Steps[T]]) -> Callable[..., T]:
    @wraps(steps)
    def method(*given: Any, **named: Any) -> T:
        return run(steps(*given, **named))

    return method


def _awaiting(steps: Callable[..., Steps[T]]) -> Callable[..., Coroutine[Any, Any, T]]:
    @wraps(steps)
    async def method(*given: Any, **named: Any) -> T:
        return await run_async(steps(*given, **named))

    return method


class Blocking:
    """Calls wait for their answers, with the interpreter lock released."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _make(cls, _blocking)


class Awaiting:
    """Calls are awaited."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _make(cls, _awaiting)
