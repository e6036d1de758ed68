"""The library itself, through ctypes: catalogues that are filled and asked without starting a program for each question."""
import ctypes
import shlex
from ctypes import POINTER, byref, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_size_t, c_void_p
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
CLOSED, HALF_OPEN = range(2)
INTERSECTS, CONTAINS = range(2)
PLANAR, SPHERICAL = range(2)


class Refused(Exception):
    """With the words of the library."""


class Error(ctypes.Structure):
    _fields_ = [("status", c_int), ("message", c_char * 512)]


class Stream(ctypes.Structure):
    """struct ArrowArrayStream"""
    _fields_ = [(name, c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")]


class ClientOptions(ctypes.Structure):
    _fields_ = [("source", c_char_p), ("read_only", c_bool), ("must_exist", c_bool), ("keep_bytes", c_int64), ("token", c_char_p)]


class RuntimeOptions(ctypes.Structure):
    _fields_ = [("workers", c_int), ("connections_per_host", c_int), ("bytes_in_flight", c_int64), ("retries", c_int),
                *((name, c_int64) for name in ("connect_timeout_ms", "first_byte_ms", "low_speed_ms", "low_speed_bytes_s",
                                               "max_bytes_s")), ("cache_dir", c_char_p), ("user_agent", c_char_p)]


class IngestOptions(ctypes.Structure):
    _fields_ = [("inputs", POINTER(c_char_p)), ("input_count", c_size_t), *((name, c_char_p) for name in (
        "dataset", "name", "description", "collection")), ("format", c_int), *((name, c_char_p) for name in (
            "schema_json", "time", "name_column", "geometry", "crs", "collection_expression")),
        *(pair for name in ("map", "type", "drop") for pair in ((name + "s", POINTER(c_char_p)), (name + "_count", c_size_t))),
        ("all_or_nothing", c_bool), ("failed_path", c_char_p)]


class Box(ctypes.Structure):
    _fields_ = [(name, c_double) for name in ("west", "south", "east", "north")]


def find_library():
    for build in ("release", "dev"):
        path = ROOT / f"build/{build}/libdatatake.so"
        if path.is_file():
            return path
    raise FileNotFoundError("build/*/libdatatake.so is not built")


class Library:
    """Calls that have an error at their end raise Refused with its words."""

    def __init__(self, path=None):
        self.c = ctypes.CDLL(str(path or find_library()))

    def __call__(self, name, *arguments):
        error = Error()
        if getattr(self.c, "dtake_" + name)(*arguments, byref(error)) != 0:
            raise Refused(error.message.decode())

    def end(self, name, handle):
        getattr(self.c, "dtake_" + name)(handle)


@dataclass
class Query:
    """The noun, as Python values; `command` is the same question to the program."""
    dataset: str
    collections: list = field(default_factory=list)
    time: str = None
    reading: int = CLOSED
    box: tuple = None
    area: str = None
    mode: int = INTERSECTS
    edges: int = PLANAR
    filters: list = field(default_factory=list)
    names: list = field(default_factory=list)
    ids: list = field(default_factory=list)
    fields: list = field(default_factory=list)
    order: list = field(default_factory=list)
    limit: int = 0
    offset: int = 0
    after: str = None

    def command(self, source):
        """What the command line cannot say stands behind it."""
        words = ["datatake", "search", self.dataset, "--source", str(source)]
        within = self.mode == CONTAINS
        if self.collections:
            words += ["-c", ",".join(self.collections)]
        if self.time:
            words += ["--datetime", self.time]
        if self.box:
            words += [("--within=" if within else "--bbox=") + ",".join(map(repr, self.box))]
        if self.area:
            words += ["--within" if within else "--intersects", self.area]
        if self.edges == SPHERICAL:
            words += ["--edges", "spherical"]
        words += [word for text in self.filters for word in ("--filter", text)]
        for option, values in (("--ids", self.names or self.ids), ("--fields", self.fields), ("--sortby", self.order)):
            if values:
                words += [option + "=" + ",".join(values)]
        if self.limit:
            words += ["-n", str(self.limit)]
        beside = [f"offset {self.offset}"] if self.offset else []
        beside += [f"after {self.after}"] if self.after else []
        beside += ["time read half-open"] if self.reading == HALF_OPEN and self.time else []
        return shlex.join(words) + ("  # and " + ", ".join(beside) if beside else "")


class Catalog:
    """A client of one catalogue file, and a runtime of its own."""

    def __init__(self, library, path, workers=0):
        self.library, self.path = library, Path(path)
        self.runtime, self.client = c_void_p(), c_void_p()
        library("runtime_open", byref(self.runtime), byref(RuntimeOptions(workers=workers)))
        library("client_open", byref(self.client), self.runtime, byref(ClientOptions(str(path).encode())))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.end("client_close", self.client)
        self.library.end("runtime_close", self.runtime)

    def ingest(self, path, dataset, **options):
        """As `datatake ingest`; options are the members of dtake_ingest_options, lists included."""
        made = IngestOptions(inputs=(c_char_p * 1)(str(path).encode()), input_count=1, dataset=dataset.encode())
        for name, value in options.items():
            if isinstance(value, list):
                setattr(made, name + "_count", len(value))
                name, value = name + "s", (c_char_p * len(value))(*(v.encode() for v in value))
            setattr(made, name, value.encode() if isinstance(value, str) else value)
        handle = c_void_p()
        self.library("ingest_start", byref(handle), self.client, byref(made))
        self.library.c.dtake_ingest_wait(handle, c_int64(-1))
        try:
            self.library("ingest_status", handle)
        finally:
            self.library.end("ingest_free", handle)

    def _query(self, query):
        made, library = c_void_p(), self.library
        library("query_new", byref(made))
        text = lambda name, value: library("query_" + name, made, str(value).encode())  # noqa: E731
        text("dataset", query.dataset)
        for name, values in (("collection", query.collections), ("filter", query.filters), ("name", query.names),
                             ("id", query.ids), ("fields", query.fields)):
            for value in values:
                text(name, value)
        if query.time:
            library("query_time", made, query.time.encode(), c_int(query.reading))
        if query.box:
            library("query_box", made, Box(*query.box))
        if query.area:
            text("area", query.area)
        library.c.dtake_query_area_mode(made, c_int(query.mode), c_int(query.edges))
        if query.order:
            text("order", ",".join(query.order))
        library("query_limit", made, c_int64(query.limit))
        library("query_offset", made, c_int64(query.offset))
        if query.after:
            text("after", query.after)
        return made

    def search(self, query):
        """The results as a pyarrow table."""
        made, load, stream = self._query(query), c_void_p(), Stream()
        try:
            self.library("load_start", byref(load), self.client, made)
        finally:
            self.library.end("query_free", made)
        try:
            self.library("load_to_arrow", load, byref(stream))
        except Refused:
            self.library.end("load_free", load)
            raise
        return pa.RecordBatchReader._import_from_c(ctypes.addressof(stream)).read_all()

    def _number(self, call, query):
        made, out = self._query(query), c_int64()
        try:
            self.library(call, self.client, made, byref(out))
        finally:
            self.library.end("query_free", made)
        return out.value

    def count(self, query):
        return self._number("count", query)

    def delete(self, query):
        return self._number("delete", query)

    def compact(self):
        self.library("catalog_compact", self.client)
