"""The Python package: what users call, sync and asyncio, on an embedded catalogue."""
import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
import uuid
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
import python_rows
import xarray as xr
from conftest import SLOW
from python_rows import FOLDER, SLUG, YEAR

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors, field  # noqa: E402


@pytest.fixture
def path(tmp_path):
    client, _ = python_rows.make(tmp_path / "catalog.db")
    client.close()
    return str(tmp_path / "catalog.db")


@pytest.fixture
def first(path):
    with datatake.Client(path) as client:
        yield client.dataset(SLUG).collection("first")


def python(code, *arguments, **kwargs):
    """A program of its own."""
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60 * SLOW, env={**os.environ, "PYTHONPATH": str(FOLDER)}, **kwargs)


# --- what a load gives ---


def test_a_load_has_the_shape_and_types_that_tilebox_users_know(first):
    data = first.load(YEAR)
    assert list(data.dims) == ["time", "n_words", "n_numbers", "vec3", "latlon"] and data.sizes["time"] == 5
    assert set(data.coords) == {"time", "vec3", "latlon"} and data.attrs == {}
    assert list(data.data_vars) == ["id", "ingestion_time", "geometry", "label", "number", "ratio", "flag", "seen", "span",
                                    "uid", "raw", "words", "numbers", "level", "velocity", "position"]
    kinds = {name: str(data[name].dtype) for name in data.variables}
    assert kinds == {"time": "datetime64[ns]", "id": "<U36", "ingestion_time": "datetime64[ns]", "geometry": "object",
                     "label": "object", "number": "int64", "ratio": "float64", "flag": "bool", "seen": "datetime64[ns]",
                     "span": "timedelta64[ns]", "uid": "<U36", "raw": "object", "words": "object", "numbers": "int64",
                     "level": "object", "velocity": "float64", "position": "float64", "vec3": "<U1", "latlon": "<U9"}
    assert data.time.values[0] == np.datetime64("2024-01-01T12:00:00.000000123")


def test_missing_values_have_the_fills_of_their_types(first):
    data = first.load(YEAR)
    assert data.label.values.tolist() == ["a", None, "ä", "", "a" * 100]
    assert data.number.values.tolist() == [1, 0, 0, -4, 2**60]
    assert np.array_equal(data.ratio.values, [0, np.nan, 1.5, -2, 3], equal_nan=True)
    assert data.flag.values.tolist() == [True, False, False, True, True]
    assert data.seen.values.astype("datetime64[s]").astype(str).tolist() == ["NaT", "2020-01-01T06:00:00", "1969-12-31T00:00:00",
                                                                            "NaT", "NaT"]
    assert data.span.values.astype("timedelta64[s]").astype("int64").tolist()[:1] == [2] and np.isnat(data.span.values[1])
    assert data.uid.values.tolist() == [str(python_rows.UID), "", str(python_rows.UID), str(python_rows.UID), ""]
    assert data.raw.values.tolist() == [b"\0\1", None, b"", b"x", b"y"]
    assert data.words.values.tolist() == [["x", "y", None], [None] * 3, [None] * 3, ["z", None, None], ["p", "q", "r"]]
    assert data.numbers.values.tolist() == [[1, 0, 0], [2, 3, 0], [4, 5, 6], [0, 0, 0], [0, 0, 0]]
    assert data.level.values.tolist() == ["L0", "L1", None, "L1", "L0"]
    assert data.geometry.values[0].wkt == "POLYGON ((2 0, 2 1, 0 1, 0 0, 2 0))" and data.geometry.values[4] is None
    assert data.velocity.values[0].tolist() == [1, 2, 3] and np.isnan(data.velocity.values[1]).all()
    assert data.label.values.flags.writeable and data.number.values.flags.writeable


def test_what_a_load_can_leave_out(first):
    assert dict(first.load("2030-01-01").sizes) == {} and len(first.load(("1999-01-01", "2000-01-01")).variables) == 0
    keys = first.load(YEAR, skip_data=True)
    assert {"time", "id"} <= set(keys.variables) and "label" not in keys and keys.sizes["time"] == 5
    assert set(first.load(YEAR, fields=["number", "flag"]).data_vars) >= {"number", "flag"}
    assert "label" not in first.load(YEAR, fields=["number"])
    assert first.load(YEAR, limit=2).label.values.tolist() == ["a", None]
    assert first.load(YEAR, bbox=(0.5, 0.2, 0.6, 0.3)).number.values.tolist() == [1]


@pytest.mark.parametrize("interval, rows", [
    (("2024-01-02", "2024-01-04"), 2), (["2024-01-01T12:00:00.000000123Z", "2024-01-03T12:00:00.000000123Z"], 3),
    ((datetime(2024, 1, 2), datetime(2024, 1, 4, tzinfo=timezone.utc)), 2), ((date(2024, 1, 2), None), 4),
    ((np.datetime64("2024-01-02"), pd.Timestamp("2024-01-04")), 2), ("2024-01-02/2024-01-04", 2), ("../2024-01-03", 2),
    (np.datetime64("2024-01-02T12:00:00.000000123"), 1), (pd.Timestamp("2024-01-02T12:00:00.000000123"), 1),
    ("2024-01-02", 0), (None, 5), (slice("2024-01-02", "2024-01-04"), 2),
    (("2024-01-02T01:00:00+01:00", "January 4th 2024"), 2),
    (datatake.TimeInterval("2024-01-01T12:00:00.000000123", "2024-01-05", start_exclusive=True), 3),
])
def test_intervals_are_taken_as_the_documents_write_them(first, interval, rows):
    assert first.load(interval).sizes.get("time", 0) == rows


def test_a_dataset_is_an_interval(first):
    data = first.load(("2024-01-02", "2024-01-04"))
    assert first.load(data).sizes["time"] == first.load(data.time).sizes["time"] == 2


def test_conditions_are_three_valued(first):
    def labels(condition, **more):
        return first.query(temporal_extent=YEAR, filter=condition, **more).label.values.tolist()

    number = field("number")
    assert labels(number > 0) == ["a", "a" * 100]
    assert labels(~(number > 0)) == [None, ""]  # where it is missing, neither
    assert labels((number == 0) | (number == -4)) == [None, ""]
    assert labels((field("flag") == True) & (field("ratio") < 2)) == ["a", ""]  # noqa: E712
    assert labels(number.is_null()) == ["ä"] and labels(field("label").is_null()) == [None]
    assert labels(field("seen") < datetime(1970, 1, 1)) == ["ä"]
    assert labels(field("uid") == python_rows.UID) == ["a", "ä", ""]
    assert labels("number >= 1 AND label = 'a'") == ["a"]
    assert labels(field("label").is_in(["a", ""])) == ["a", ""]
    with pytest.raises(TypeError, match="joined by & and |"):
        bool(number > 0)


def test_one_datapoint_is_found_by_its_id(first):
    data = first.load(YEAR)
    for i in range(5):
        one = first.find(str(data.id.values[i]))
        xr.testing.assert_identical(one.drop_dims("n_numbers", errors="ignore").drop_dims("n_words", errors="ignore")[
            ["label", "number", "velocity"]], data.isel(time=i)[["label", "number", "velocity"]])
        assert one.time.values == data.time.values[i] and one.time.dims == ()
    assert str(first.find(uuid.UUID(str(data.id.values[0]))).label.values) == "a"
    assert set(first.find(str(data.id.values[0]), skip_data=True).data_vars) == {"id", "ingestion_time", "geometry"}


def test_collections_tell_what_they_hold(path):
    with datatake.Client(path) as client:
        datasets = client.datasets()
        dataset = datasets.open_data.test.every_type
        assert "open_data" in dir(datasets) and "every_type" in dir(datasets.open_data.test)
        assert datasets[SLUG].name == dataset.name == SLUG and list(datasets) == [SLUG] and SLUG in datasets
        assert repr(datasets) == "open_data:\n    test:\n        every_type: All types.\n"
        assert repr(dataset) == f"{SLUG} [Spatiotemporal Dataset]: All types."
        collections = dataset.collections()
        assert list(collections) == ["first", "second"]
        assert repr(collections["first"].info()) == ("Collection first: [2024-01-01T12:00:00.000 UTC, 2024-01-05T12:00:00.000 "
                                                     "UTC] (5 data points)")
        assert str(collections["second"].info()) == "second: <empty> (0 data points)"
        info = collections["first"].info()
        assert info.availability.start == datetime(2024, 1, 1, 12, tzinfo=timezone.utc) and info.count == 5
        assert dataset.query(temporal_extent=YEAR).sizes["time"] == 5
        assert dataset.query(collections=["second"]).sizes == {}


# --- the Arrow table behind it ---


def test_the_table_leaves_through_arrow(first):
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    table = first.load(YEAR).table
    arrow = pa.table(table)
    assert arrow.num_rows == len(table) == 5 and arrow["number"].to_pylist() == [1, 0, None, -4, 2**60]
    assert pl.DataFrame(table)["label"].to_list() == ["a", None, "ä", "", "a" * 100]
    assert first.table(YEAR).to_xarray().identical(first.load(YEAR))
    frame = table.to_geopandas()
    assert frame.crs == "OGC:CRS84" and frame.geometry.iloc[0].bounds == (0, 0, 2, 1) and len(frame) == 5
    assert frame["collection"].tolist() == ["first"] * 5
    with pytest.raises(ValueError, match="table"):
        xr.Dataset().table  # noqa: B018


def test_the_table_of_a_dataset_goes_with_it(first):
    from datatake import tables
    gc.collect()
    before = len(list(tables.tables_kept()))
    data = first.load(YEAR)
    assert len(list(tables.tables_kept())) == before + 1
    del data
    gc.collect()
    assert len(list(tables.tables_kept())) == before


# --- changes ---


def same_content(a, b):
    for name in a.variables:
        if name not in ("id", "ingestion_time"):
            xr.testing.assert_identical(a[name].variable, b[name].variable)


def test_what_was_loaded_can_be_ingested_again(first, path):
    data = first.load(YEAR)
    second = first._dataset.collection("second")
    assert len(second.ingest(data)) == 5 and second.info().count == 5
    same_content(data, second.load(YEAR))
    assert second.ingest(data) == [uuid.UUID(i) for i in second.load(YEAR).id.values] and second.info().count == 5
    with pytest.raises(errors.StateError, match="nothing was stored"):
        second.ingest(data, allow_existing=False)
    third = first._dataset.create_collection("third")
    third.ingest(data.table)  # Arrow, with its ids
    assert third.load(YEAR).id.values.tolist() == data.id.values.tolist()
    same_content(data, third.load(YEAR))


def test_columns_and_records_are_ingested(first):
    made = first._dataset.create_collection("made")
    made.ingest({"time": ["2024-03-01", "2024-03-02T00:00:00.5Z"], "number": [1, 2], "geometry": ["POINT (1 2)", None]})
    made.ingest([{"time": datetime(2024, 3, 3), "label": "x"}, {"time": "2024-03-04", "words": ["q"]}])
    made.ingest([{"time": "2024-03-05", "geometry": {"type": "Point", "coordinates": [3, 4]}}])
    data = made.load(None)
    assert data.number.values.tolist() == [1, 2, 0, 0, 0] and data.label.values.tolist() == [None, None, "x", None, None]
    assert data.words.values.tolist()[3] == ["q"] and data.geometry.values[4].wkt == "POINT (3 4)"


def test_deleting_is_all_or_nothing(first):
    ids = first.load(YEAR).id.values
    with pytest.raises(errors.NotFoundError, match="1 of 2"):
        first.delete([ids[0], uuid.UUID(int=77)])
    assert first.info().count == 5
    assert first.delete(first.load(YEAR).isel(time=[0, 1])) == 2 and first.info().count == 3
    assert first.delete([]) == 0
    first._dataset.delete_collection("first")
    assert list(first._dataset.collections()) == ["second"]


# --- what goes wrong ---


@pytest.mark.parametrize("call, kind, words", [
    (lambda c: c.find("nothing"), ValueError, "nothing is not a valid UUID"),
    (lambda c: c.find(uuid.UUID(int=5)), KeyError, "No such datapoint 00000000-0000-0000-0000-000000000005"),
    (lambda c: c._dataset.collection("S9"), KeyError, "No such collection S9"),
    (lambda c: c._dataset._client.dataset("open_data.test.evry_type"), KeyError, "did you mean 'open_data.test.every_type'"),
    (lambda c: c.load(("2024-01-01", "soon")), ValueError, "temporal_extent, end: 'soon' is no time"),
    (lambda c: c.load(("2025-01-01", "2024-01-01")), ValueError, "temporal_extent: the end"),
    (lambda c: c.load(3.5), TypeError, "temporal_extent: a time is expected"),
    (lambda c: c.load(YEAR, limit="5"), TypeError, "limit: a number of datapoints"),
    (lambda c: c.load(YEAR, limit=-5), ValueError, "limit: -5 is negative"),
    (lambda c: c.load(YEAR, bbox=(1, 2, 3)), ValueError, "bbox: .west, south, east, north"),
    (lambda c: c.load(YEAR, fields=[3]), TypeError, "fields: names of fields"),
    (lambda c: c.query(filter=7), TypeError, "filter: a condition such as"),
    (lambda c: c.query(filter="number <"), ValueError, "column 9: expected a value"),
    (lambda c: c.query(filter=field("numbr") < 1), ValueError, "no field 'numbr'"),
    (lambda c: c.query(spatial_extent=7), TypeError, "spatial_extent: a shapely geometry"),
    (lambda c: c.query(spatial_extent={"geometry": "POINT (1 1)", "mode": "near"}), ValueError, "mode 'near' is none of"),
    (lambda c: c.ingest({"number": [1]}), ValueError, "Missing required field.s.: time"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "labl": ["x"]}), ValueError, "labl is not a field"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "number": ["x"]}), TypeError, "Field 'number': a value of type int64"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "number": [1.5]}), ValueError, "Field 'number'"),
    (lambda c: c.ingest({"time": ["2024-01-01", "2024-01-02"], "number": [1]}), ValueError, "Inconsistent number"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "level": ["L7"]}), ValueError, "'L7' is none of L0, L1"),
    (lambda c: c.ingest("rows.csv"), TypeError, "data: an xarray.Dataset"),
    (lambda c: c._dataset._client.create_dataset("a.b", [("x", complex)]), TypeError, "field x: no type for"),
    (lambda c: datatake.Client(7), TypeError, "source: a path or an address"),
    (lambda c: datatake.Client("ftp://x"), errors.UnsupportedError, "source ftp://x"),
])
def test_what_makes_no_sense_is_named(first, call, kind, words):
    with pytest.raises(kind, match=words):
        call(first)


def test_errors_have_the_bases_that_tilebox_users_catch():
    bases = {"NotFoundError": KeyError, "ArgumentError": ValueError, "NetworkError": IOError, "AuthenticationError": IOError,
             "NetworkTimeoutError": TimeoutError, "InternalServerError": KeyError, "SubscriptionLimitExceededError": IOError,
             "InvalidRequestError": IOError}
    for name, base in bases.items():
        assert issubclass(getattr(errors, name), base) and issubclass(getattr(errors, name), datatake.Error)
    assert issubclass(errors.TooManyRequestsError, errors.NetworkError)
    assert str(errors.NotFoundError("no such dataset")) == "no such dataset"
    with pytest.raises(errors.NetworkError, match="127.0.0.1:9"):
        datatake.Client("http://127.0.0.1:9").datasets()


def test_a_closed_client_says_so(path):
    with datatake.Client(path) as client:
        first = client.dataset(SLUG).collection("first")
    with pytest.raises(errors.StateError, match="the client is closed"):
        first.load(YEAR)


# --- asyncio ---


def test_await_gives_the_same(path):
    async def main():
        async with aio.Client(path) as client:
            dataset = (await client.datasets()).open_data.test.every_type
            collections = await dataset.collections()
            one, other = await asyncio.gather(collections["first"].load(YEAR), collections["second"].load(YEAR))
            found = await collections["first"].find(one.id.values[2])
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(collections["first"].find(i)) for i in one.id.values for _ in range(20)]
            assert [str(t.result().id.values) for t in tasks] == [i for i in one.id.values for _ in range(20)]
            assert (await collections["first"].count()) == 5 and (await collections["first"].info()).count == 5
            await collections["second"].ingest(one)
            assert (await collections["second"].info()).count == 5
            assert await collections["second"].delete(await collections["second"].load(None)) == 5
            with pytest.raises(errors.NotFoundError):
                await collections["first"].find(uuid.UUID(int=1))
            return one, other, found

    one, other, found = asyncio.run(main())
    with datatake.Client(path) as client:
        first = client.dataset(SLUG).collection("first")
        assert one.identical(first.load(YEAR)) and other.sizes == {} and found.identical(first.find(one.id.values[2]))


def test_many_loops_in_many_threads(path):
    seen = []

    def work():
        async def main():
            async with aio.Client(path) as client:
                first = await (await client.dataset(SLUG)).collection("first")
                for _ in range(10):
                    seen.append((await first.load(YEAR)).sizes["time"])
        asyncio.run(main())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [5] * 40


def test_sync_calls_work_inside_a_running_loop(path):
    async def main():
        with datatake.Client(path) as client:
            return client.dataset(SLUG).collection("first").load(YEAR).sizes["time"]
    assert asyncio.run(main()) == 5


def test_bars_stand_side_by_side(path, capfd):
    async def main():
        async with aio.Client(path) as client:
            dataset = await client.dataset(SLUG)
            await asyncio.gather(*[(await dataset.collection(n)).load(YEAR, show_progress=True) for n in ("first", "second")])
    asyncio.run(main())
    shown = capfd.readouterr().err
    assert f"Fetching {SLUG}: 100%" in shown and "5 datapoints" in shown and "\x1b[A" in shown


def test_progress_is_told_by_a_function(first):
    seen = []
    first.load(YEAR, show_progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0


# --- life ---


def test_nothing_leaks(path, first):
    """Finds that succeed and fail, loads, loads that are cancelled: what Python holds stays, and nearly all of the rest."""
    ids = first.load(YEAR).id.values

    async def cancelled(times):
        async with aio.Client(path) as client:
            collection = await (await client.dataset(SLUG)).collection("first")
            for _ in range(times):
                task = asyncio.ensure_future(collection.load(YEAR))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    def work(times):
        for i in range(times):
            first.find(ids[i % 5])
            first.load(YEAR)
            with pytest.raises(KeyError):
                first.find(uuid.UUID(int=i))
        asyncio.run(cancelled(times))
        gc.collect()

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    work(100)
    tracemalloc.start()
    try:
        work(20)
        before, pages = tracemalloc.get_traced_memory()[0], resident()
        work(150)
        grown = tracemalloc.get_traced_memory()[0] - before
        assert grown < 60_000, f"Python's memory grew by {grown} bytes in 600 calls"
        assert resident() - pages < 20 << 20
    finally:
        tracemalloc.stop()


class Mute:
    """A server that takes connections and says nothing."""

    def __enter__(self):
        import socket
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self.socket.close()


def test_ctrl_c_ends_a_call_that_waits():
    with Mute() as server:
        process = subprocess.Popen([sys.executable, "-c", "import sys, datatake\nclient = datatake.Client(sys.argv[1])\n"
                                    "print('asking', flush=True)\ntry:\n    client.datasets()\nexcept KeyboardInterrupt:\n"
                                    "    print('interrupted', flush=True)", server.url], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)})
        assert process.stdout.readline() == "asking\n"
        server.socket.settimeout(30 * SLOW)
        connection, _ = server.socket.accept()  # it waits now
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60 * SLOW)
        connection.close()
    assert (process.returncode, out, err) == (0, "interrupted\n", "")


def test_the_interpreter_ends_quietly_in_the_middle_of_a_transfer():
    code = ("import sys, threading, datatake\nclient = datatake.Client(sys.argv[1])\n"
            "threading.Thread(target=client.datasets, daemon=True).start()\n"
            "import socket, time\nprint('begun', flush=True)\nsys.stdin.readline()")
    with Mute() as server:
        process = subprocess.Popen([sys.executable, "-c", code, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)})
        assert process.stdout.readline() == "begun\n"
        server.socket.settimeout(30 * SLOW)
        connection, _ = server.socket.accept()
        out, err = process.communicate("\n", timeout=60 * SLOW)
        connection.close()
    assert (process.returncode, err) == (0, "")


def test_a_client_from_before_a_fork_is_refused_and_a_new_one_works(path):
    done = python("""
import multiprocessing, os, sys, datatake
client = datatake.Client(sys.argv[1])
first = client.dataset(sys.argv[2]).collection("first")
first.load(None)
def again(_):
    with datatake.Client(sys.argv[1]) as other:
        return other.dataset(sys.argv[2]).collection("first").load(None).sizes["time"]
pid = os.fork()
if pid == 0:
    try:
        first.load(None)
    except RuntimeError as error:
        print(error, flush=True)
    print(again(0), flush=True)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
for how in ("fork", "spawn"):
    if how == "fork":
        with multiprocessing.get_context(how).Pool(2) as pool:
            print(pool.map(again, range(3)))
print(first.load(None).sizes["time"])
""", path, SLUG)
    assert done.stderr == "" and done.stdout.splitlines() == [
        "this client was made before a fork: make a new one in the child process", "5", "[5, 5, 5]", "5"], done.stdout + done.stderr


def test_importing_is_quick_and_imports_nothing_big():
    done = python("import sys, datatake\nprint([m for m in ('numpy', 'pandas', 'xarray', 'shapely', 'tqdm', 'asyncio') "
                  "if m in sys.modules])")
    assert done.stdout == "[]\n", done.stderr
