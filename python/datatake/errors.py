"""What goes wrong, under the names and with the bases that Tilebox's users catch.

Every exception of the engine is an `Error` too; its text is one line that says what was attempted, on what, and what came back.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ArgumentError", "AuthenticationError", "CancelledError", "DataError", "Error", "InternalServerError",
    "InvalidRequestError", "LocalError", "NetworkError", "NetworkTimeoutError", "NotFoundError", "OutOfMemoryError",
    "PartialError", "StateError", "SubscriptionLimitExceededError", "TooManyRequestsError", "UnsupportedError",
]


class Error(Exception):
    """What the engine could not do. `status` is its name of the kind of failure: "DTAKE_E_NOT_FOUND"."""

    status: str = "DTAKE_E_OTHER"

    def __str__(self) -> str:  # KeyError would put quotes around it
        return str(self.args[0]) if self.args else ""


class NetworkError(Error, IOError):
    """The service could not be reached, or the connection broke and repeating did not help."""

    status: str = "DTAKE_E_NETWORK"


class TooManyRequestsError(NetworkError):
    """The service wants fewer requests, and still did after waiting as it asked."""


class NetworkTimeoutError(NetworkError, TimeoutError):
    """No answer in time."""

    status: str = "DTAKE_E_TIMEOUT"


class AuthenticationError(Error, IOError):
    """A key is missing, wrong, or may not do this."""

    status: str = "DTAKE_E_AUTH"


class SubscriptionLimitExceededError(Error, IOError):
    """The account's limit for something has been reached."""


class InvalidRequestError(Error, IOError):
    """The service does not know what it was asked."""


class ArgumentError(Error, ValueError):
    """An argument makes no sense; the text names it."""

    status: str = "DTAKE_E_USAGE"


class NotFoundError(Error, KeyError):
    """There is no such dataset, collection or datapoint."""

    status: str = "DTAKE_E_NOT_FOUND"


class InternalServerError(Error, KeyError):
    """The service answered with an error of its own."""

    status: str = "DTAKE_E_REMOTE"


class StateError(Error, RuntimeError):
    """Not possible now: a closed client, a client from before a fork, a dataset that holds datapoints."""

    status: str = "DTAKE_E_STATE"


class CancelledError(StateError):
    """The work was cancelled from elsewhere, for example by closing its client."""

    status: str = "DTAKE_E_CANCELLED"


class UnsupportedError(Error, NotImplementedError):
    """The source, file or type cannot do this."""

    status: str = "DTAKE_E_UNSUPPORTED"


class LocalError(Error, OSError):
    """A file of this machine could not be read or written."""

    status: str = "DTAKE_E_LOCAL_IO"


class DataError(Error, IOError):
    """What came is malformed, over a limit, changed meanwhile, or fails its checksum."""

    status: str = "DTAKE_E_FORMAT"


class PartialError(Error):
    """Some of the items failed. `files`: all that `get` went through, those with an `error` and those without."""

    status: str = "DTAKE_E_PARTIAL"

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.files: list[Any] = []


class OutOfMemoryError(Error, MemoryError):
    """Memory ran out."""

    status: str = "DTAKE_E_NOMEM"


_CLASSES: dict[str, type[Error]] = {
    "DTAKE_E_NOMEM": OutOfMemoryError, "DTAKE_E_FORMAT": DataError, "DTAKE_E_LIMIT": DataError,
    "DTAKE_E_UNSUPPORTED": UnsupportedError, "DTAKE_E_STATE": StateError, "DTAKE_E_USAGE": ArgumentError,
    "DTAKE_E_RANGE": ArgumentError, "DTAKE_E_PARTIAL": PartialError, "DTAKE_E_AUTH": AuthenticationError,
    "DTAKE_E_NOT_FOUND": NotFoundError, "DTAKE_E_EMPTY": NotFoundError, "DTAKE_E_NETWORK": NetworkError,
    "DTAKE_E_TIMEOUT": NetworkTimeoutError, "DTAKE_E_REMOTE": InternalServerError, "DTAKE_E_CHANGED": DataError,
    "DTAKE_E_INTEGRITY": DataError, "DTAKE_E_LOCAL_IO": LocalError, "DTAKE_E_CANCELLED": CancelledError,
}


# What a service answered stands in the engine's line: "Query of http://...: going down (unavailable, tried again in vain)".
_CODE = r"\((unavailable|aborted|resource_exhausted|unimplemented)\b[^()]*\)"
_BY_CODE: dict[str, type[Error]] = {"unavailable": NetworkError, "aborted": NetworkError, "unimplemented": InvalidRequestError,
                                    "resource_exhausted": SubscriptionLimitExceededError}
_TOO_MANY = r"(?i)\b429\b|too many requests"


def from_status(number: int, name: str, message: str) -> Error:
    """The exception for a status of the engine."""
    import re

    found = _CLASSES.get(name, Error)
    code = re.search(_CODE, message)
    if code is not None:
        found = _BY_CODE.get(code[1], found)
    elif found in (NetworkError, InternalServerError) and re.search(_TOO_MANY, message):
        found = TooManyRequestsError
    error = found(message)
    error.status = name
    return error
