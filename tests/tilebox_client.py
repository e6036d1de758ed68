"""What an unmodified tilebox-datasets client sees. Run by the interpreter that has the release; compares by value.

    python tilebox_client.py RELEASE URL ROWS.json KEY [grpc|http1]

ROWS.json holds the datapoints that the server's catalogue was made of. Prints a line for each thing that was seen to be
right and ends with status 0, or with the first difference.
"""
import asyncio
import json
import os
import sys
import traceback
import warnings
from datetime import datetime, timedelta, timezone
from uuid import UUID

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from tilebox.datasets import Client
from tilebox.datasets.aio import Client as AsyncClient

warnings.simplefilter("ignore")
RELEASE = tuple(map(int, sys.argv[1].split(".")[:2]))
URL, ROWS = sys.argv[2], json.load(open(sys.argv[3]))
KEY = sys.argv[4]
HOW = {"transport": sys.argv[5]} if len(sys.argv) > 5 and sys.argv[5] != "grpc" else {}
OF_2024 = RELEASE < (0, 33)
COLLECTIONS = ["S1A_EW_RAW__0S", "S1A_IW_RAW__0S", "S1B_EW_RAW__0S", "S1B_IW_RAW__0S"]
MAY = ("2022-05-01", "2022-06-01")
# Every field of the rows but geometry and time, which are compared in their own way.
FIELDS = ["granule_name", "processing_level", "orbit_number", "cloud_cover", "online", "stop_time", "exposure",
          "copernicus_id", "velocity", "polarizations"]


def seen(what):
    print("ok", what, flush=True)


def rows_of(collections, start, end):
    """In order; half-open."""
    low, high = (pd.Timestamp(t, tz="UTC").value for t in (start, end))
    return sorted((r for r in ROWS if r["collection"] in collections and low <= r["time"] < high), key=lambda r: r["time"])


def raises(kind, act):
    try:
        act()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


# --- values ---


def plain(dataset, field, i):
    """One value as the rows have it; what is missing is None (0 for whole numbers, False for bools)."""
    variable = dataset[field]
    value = variable.values[i] if "time" in variable.dims else variable.values
    if field in ("velocity",):
        return None if np.isnan(value).all() else [float(v) for v in value]
    if field == "polarizations":
        return [str(v) for v in value if isinstance(v, str) and v]
    if field == "processing_level" and "names" in variable.attrs:  # numbers until 0.59
        names = variable.attrs["names"]
        names = {v: k for k, v in names.items()} if isinstance(next(iter(names)), str) else names
        return names[int(value)]
    if np.issubdtype(variable.dtype, np.datetime64) or np.issubdtype(variable.dtype, np.timedelta64):
        # clients of 2024 take a time or duration that is missing for 0
        return None if np.isnat(value) or (OF_2024 and int(value) == 0) else int(value)
    if isinstance(value, (np.floating, float)):
        return None if np.isnan(value) else float(value)
    if isinstance(value, np.ndarray):
        value = value.item()
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (np.integer, int)):
        return int(value)
    return None if value is None or str(value) == "" else str(value)


def expected(row, field):
    value = row[field]
    if OF_2024 and field == "exposure" and value == 0:
        return None
    if OF_2024 and value is None and field in ("cloud_cover", "velocity"):
        return 0.0 if field == "cloud_cover" else [0.0] * 3  # proto3 without presence: what is missing is 0
    if value is None and field == "orbit_number":
        return 0
    if value is None and field == "online":
        return False
    if value is None and field == "polarizations":
        return []
    if value is None and field == "processing_level":
        return "UNSPECIFIED"
    return value


def same_shape(row, geometry):
    wanted = shapely.from_wkt(row["geometry"])
    # GeobufData of 2024 has integers of a limited precision
    assert shapely.equals_exact(geometry, wanted, tolerance=1e-6 if OF_2024 else 0), (geometry, wanted)


def same(dataset, rows):
    assert dataset.sizes.get("time", 0) == len(rows), (dataset.sizes, len(rows))
    ids = [str(i) for i in np.atleast_1d(dataset.id.values)] if rows else []
    assert ids == sorted(set(ids)), "ids come in order, each once"
    for i, row in enumerate(rows):
        assert int(dataset.time.values[i].astype("datetime64[ns]").astype("int64")) == row["time"]
        assert UUID(ids[i]).int >> 80 == row["time"] // 1000000
        same_shape(row, dataset.geometry.values[i])
        for field in FIELDS:
            got, wanted = plain(dataset, field, i) if field in dataset else None, expected(row, field)
            if got is None and field not in dataset and wanted in (None, 0, False, [], "UNSPECIFIED"):
                continue  # 2024: what no datapoint has is left out
            if field == "processing_level" and got is None and wanted == "UNSPECIFIED":
                continue
            if field == "polarizations" and got is None:
                got = []
            assert got == wanted, (row["granule_name"], field, got, wanted)


# --- what can be read ---


def listing(datasets):
    dataset = datasets.open_data.copernicus.sentinel1_sar  # as the documents write it
    assert dataset.name == "open_data.copernicus.sentinel1_sar"
    assert datasets.open_data.asf.sentinel1_sar.name == "open_data.copernicus.sentinel1_sar", "an alias"
    assert not hasattr(datasets, "broken") or not hasattr(datasets.broken, "my_set") or not hasattr(
        datasets.broken, "my-set"), "one of two that share a type is left out"
    seen("datasets by attribute, an alias, one that cannot be told beside them")
    return dataset


def check_info(collections):
    assert sorted(collections) == COLLECTIONS + ["empty"], collections
    for name in COLLECTIONS:
        rows = rows_of([name], "1990-01-01", "2100-01-01")
        info = collections[name].info()
        check_availability(info, rows)
    seen("collections(), collections[name], info().availability")


def check_availability(info, rows):
    start, end = (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=rows[i]["time"] // 1000) for i in (0, -1))
    got = info.availability.start, info.availability.end
    assert tuple(t if t.tzinfo else t.replace(tzinfo=timezone.utc) for t in got) == (start, end), (got, start, end)
    assert info.count in (None, len(rows)) and (OF_2024 or info.count == len(rows))


def sync_reads(client):
    dataset = listing(client.datasets())
    collections = dataset.collections()
    check_info(collections)
    raw = collections["S1A_IW_RAW__0S"]
    data = raw.load(MAY, show_progress=True)
    same(data, rows_of(["S1A_IW_RAW__0S"], *MAY))
    seen("load(interval, show_progress=True), every field of every datapoint")
    same(raw.load(("2022-04-01", "2022-08-01")), rows_of(["S1A_IW_RAW__0S"], "2022-04-01", "2022-08-01"))
    assert raw.load(("1999-01-01", "1999-02-01")).sizes.get("time", 0) == 0
    instant = data.time.values[3]
    assert raw.load(str(instant)).id.values.item(0) == data.id.values[3]
    assert collections["empty"].load(MAY).sizes.get("time", 0) == 0
    seen("load over pages, of nothing, of one instant, of an empty collection")

    one = raw.find(str(data.id.values[5]))
    assert str(one.id.values) == str(data.id.values[5])
    assert str(one.granule_name.values) == rows_of(["S1A_IW_RAW__0S"], *MAY)[5]["granule_name"]
    from _tilebox.grpc.error import NotFoundError
    raises(NotFoundError, lambda: raw.find("0181a491-1520-102f-48f4-f087d6ef8603"))
    raises(ValueError, lambda: raw.find("not an id"))
    seen("find(uuid), an id that is not there, what is no id")
    keys = raw.load(MAY, skip_data=True)
    assert list(keys.id.values) == list(data.id.values) 
    assert "orbit_number" not in keys or not keys.orbit_number.values.any()  # older ones keep columns without values
    assert (keys.ingestion_time.values.astype("datetime64[ms]") == data.ingestion_time.values.astype("datetime64[ms]")).all()
    seen("skip_data")
    pages = list(raw._iter_pages(MAY, page_size=7)) if RELEASE > (0, 28) else []
    assert not pages or sum(p.n_datapoints if hasattr(p, "n_datapoints") else len(p.data.value) for p in pages) == data.sizes["time"]
    assert not pages or len(pages) == -(-data.sizes["time"] // 7)
    seen("pages of seven")
    return dataset, data


def not_found(client):
    from _tilebox.grpc.error import NotFoundError
    message = raises(NotFoundError, lambda: client.dataset("open_data.nothing.here"))
    assert "no such dataset" in message, message
    if RELEASE >= (0, 32):
        dataset = client.dataset("open_data.copernicus.sentinel1_sar")
        raises(NotFoundError, lambda: dataset.collection("S9"))
    seen("datasets and collections that are not there")


# --- queries by place and condition ---


def by_place(dataset):
    area = shapely.box(-30.0, -20.0, 40.0, 35.0)
    raw = dataset.collection("S1A_IW_RAW__0S")
    everything = ("2022-04-01", "2022-08-01")
    rows = rows_of(["S1A_IW_RAW__0S"], *everything)
    for mode, relation in (("intersects", lambda g: g.intersects(area)), ("contains", area.contains)):
        got = raw.query(temporal_extent=everything,
                        spatial_extent={"geometry": area, "mode": mode, "coordinate_system": "cartesian"})
        wanted = [r for r in rows if relation(shapely.from_wkt(r["geometry"]))]
        assert 0 < len(wanted) < len(rows)
        same(got, wanted)
    assert 0 < raw.query(temporal_extent=everything, spatial_extent=area).sizes["time"] < len(rows)
    seen("spatial extents, intersects and contains")
    if RELEASE >= (0, 50):
        same(dataset.query(collections=COLLECTIONS[:2], temporal_extent=MAY), rows_of(COLLECTIONS[:2], *MAY))
        same(dataset.query(temporal_extent=MAY), rows_of(COLLECTIONS, *MAY))
        seen("several collections at once, all of a dataset")


def by_condition(dataset):
    if RELEASE < (0, 57):
        return
    from tilebox.datasets import field
    raw, rows = dataset.collection("S1A_IW_RAW__0S"), rows_of(["S1A_IW_RAW__0S"], *MAY)
    cloud = lambda r: r["cloud_cover"]
    cases = [
        (field("cloud_cover") < 30.0, lambda r: cloud(r) is not None and cloud(r) < 30),
        (~(field("cloud_cover") < 30.0), lambda r: cloud(r) is not None and cloud(r) >= 30),
        (field("cloud_cover").is_null(), lambda r: cloud(r) is None),
        ((field("cloud_cover") >= 10) & (field("orbit_number") != 7), lambda r: cloud(r) is not None and cloud(r) >= 10 and
         r["orbit_number"] is not None and r["orbit_number"] != 7),
        ((field("granule_name") == rows[0]["granule_name"]) | (field("granule_name") == rows[2]["granule_name"]),
         lambda r: r in (rows[0], rows[2])),
        (field("stop_time") > np.datetime64("2022-05-15"), lambda r: r["stop_time"] is not None and
         r["stop_time"] > pd.Timestamp("2022-05-15").value),
        (field("exposure") <= timedelta(seconds=2), lambda r: r["exposure"] is not None and r["exposure"] <= 2 * 10**9),
        (field("online") == True, lambda r: r["online"] is True),  # noqa: E712
        (field("copernicus_id") == UUID(rows[1]["copernicus_id"]).bytes, lambda r: r["copernicus_id"] == rows[1]["copernicus_id"]),
    ]
    for expression, wanted in cases:
        same(raw.query(temporal_extent=MAY, filter=expression), [r for r in rows if wanted(r)])
    message = raises(ValueError, lambda: raw.query(temporal_extent=MAY, filter=field("clouds") < 1))
    assert "no field 'clouds'" in message, message
    seen("filter expressions, three-valued")


# --- asyncio ---


async def async_reads():
    client = AsyncClient(url=URL, token=KEY, **HOW)
    dataset = (await client.datasets()).open_data.copernicus.sentinel1_sar
    collections = await dataset.collections()
    one_by_one = [await collections[name].load(MAY) for name in COLLECTIONS]
    at_once = await asyncio.gather(*[collections[name].load(MAY) for name in COLLECTIONS])
    for name, a, b in zip(COLLECTIONS, one_by_one, at_once):
        same(a, rows_of([name], *MAY))
        assert a.equals(b)
    info = await collections["S1A_IW_RAW__0S"].info() if asyncio.iscoroutinefunction(
        collections["S1A_IW_RAW__0S"].info) else collections["S1A_IW_RAW__0S"].info()
    check_availability(info, rows_of(["S1A_IW_RAW__0S"], "1990-01-01", "2100-01-01"))
    found = await collections["S1A_IW_RAW__0S"].find(str(one_by_one[1].id.values[0]))
    assert str(found.granule_name.values) == rows_of(["S1A_IW_RAW__0S"], *MAY)[0]["granule_name"]
    seen("aio: four collections one by one and by asyncio.gather")
    months = [("2022-05-01", "2022-06-01"), ("2022-06-01", "2022-07-01"), ("2022-07-01", "2022-08-01")]
    return await asyncio.gather(*[collections["S1B_IW_RAW__0S"].load(m) for m in months]), months


def async_part():
    data, months = asyncio.run(async_reads())
    for one, month in zip(data, months):
        same(one, rows_of(["S1B_IW_RAW__0S"], *month))
    seen("aio: three months by asyncio.run")


# --- what changes ---


def made_dataset(client):
    """Of this run's own, where the release can make one; 0.28 only reads."""
    if RELEASE < (0, 33):
        return None, None
    if RELEASE < (0, 47):
        return client.dataset("made_before"), "made_before"
    from tilebox.datasets.data.datasets import DatasetKind
    name = f"made_{RELEASE[0]}_{RELEASE[1]}_{'http1' if HOW else 'grpc'}"
    fields = [{"name": "label", "type": str, "description": "a word", "example_value": "x"}, {"name": "number", "type": int},
              {"name": "ratio", "type": float}]
    dataset = client.create_or_update_dataset(DatasetKind.SPATIOTEMPORAL, name, fields, name="Made")
    again = client.create_or_update_dataset(DatasetKind.SPATIOTEMPORAL, name, fields + [{"name": "flag", "type": bool}], name="Made again")
    assert again.name == "Made again" and client.dataset(name).name == "Made again"
    seen("create and update of a dataset")
    return again, name


def changes(client):
    from _tilebox.grpc.error import NotFoundError
    dataset, slug = made_dataset(client)
    if dataset is None:
        return
    collection = dataset.get_or_create_collection("first")
    assert dataset.get_or_create_collection("first").info().count == 0
    times = pd.to_datetime(["2024-01-01T00:00:00.123456", "2024-01-02T00:00:00.000000", "2024-01-03T00:00:00.000000"])
    frame = pd.DataFrame({"time": times, "geometry": [shapely.Point(i, 45.5) for i in range(3)],
                          "label": ["a", "", "ä"], "number": [0, 1, -(2**62)], "ratio": [0.0, 1.5, np.nan]})
    ids = collection.ingest(frame)
    assert len(ids) == 3 and collection.info().count == 3
    assert type(ids[0]) is UUID
    load_all = lambda c: c.load(("2024-01-01", "2025-01-01"))
    data = load_all(collection)
    assert [str(i) for i in ids] == list(data.id.values)
    assert list(data.number.values) == [0, 1, -(2**62)] and data.ratio.values[0] == 0.0 and np.isnan(data.ratio.values[2])
    assert data.label.values[0] == "a" and data.label.values[2] == "ä"
    assert (data.time.values == times.values.astype("datetime64[ns]")).all()
    assert [g.wkt for g in data.geometry.values] == [f"POINT ({i} 45.5)" for i in range(3)]
    seen("ingest from pandas")
    assert collection.ingest(frame) == ids and collection.info().count == 3
    raises(Exception, lambda: collection.ingest(frame, allow_existing=False))
    other = dataset.create_collection("second")
    assert len(other.ingest(data)) == 3
    again = load_all(other)
    for name in ("time", "number", "label"):
        assert (again[name].values == data[name].values).all(), name
    seen("ingest from xarray, of what is there already")
    raises(NotFoundError, lambda: collection.delete([ids[0], UUID("0181a491-1520-102f-48f4-f087d6ef8603")]))
    assert collection.info().count == 3
    assert collection.delete([ids[0]]) == 1 and collection.info().count == 2
    assert collection.delete(data.isel(time=[1, 2])) == 2
    seen("delete of datapoints, all or nothing")
    if hasattr(dataset, "delete_collection"):
        dataset.delete_collection("second")
        assert sorted(dataset.collections()) == ["first"]
        raises(NotFoundError, lambda: dataset.collection("second").info())
        seen("delete of a collection")
    one_at_a_time = [{"time": f"2024-02-01T00:00:{i % 60:02}.{i // 60:03}", "number": i} for i in range(9000)]
    frame = pd.DataFrame({"time": pd.to_datetime([r["time"] for r in one_at_a_time]), "number": range(9000),
                          "geometry": [shapely.Point(0, 0)] * 9000})
    if RELEASE < (0, 36):  # does not cut what it sends into calls, and a call carries 8,192
        assert "at most 8192" in raises(ValueError, lambda: collection.ingest(frame))
        ids = collection.ingest(frame[:8192]) + collection.ingest(frame[8192:])
    else:
        ids = collection.ingest(frame)
    assert len(set(ids)) == 9000
    assert sorted(collection.load(("2024-02-01", "2024-03-01")).number.values) == list(range(9000))
    seen("ingest of more than a call carries")
    asyncio.run(async_changes(slug))


async def async_changes(slug):
    client = AsyncClient(url=URL, token=KEY, **HOW)
    collection = await (await client.dataset(slug)).get_or_create_collection("third")
    frames = [pd.DataFrame({"time": pd.to_datetime([f"2024-03-0{day}T12:00:00.5"]), "number": [day], "label": [f"day {day}"],
                            "ratio": [day / 2], "geometry": [shapely.Point(day, -day)]}) for day in (1, 2, 3)]
    ids = [found for [found] in await asyncio.gather(*[collection.ingest(frame) for frame in frames])]
    data = await collection.load(("2024-03-01", "2024-04-01"))
    assert list(data.number.values) == [1, 2, 3] and list(data.label.values) == ["day 1", "day 2", "day 3"]
    assert list(data.id.values) == [str(i) for i in ids]
    assert [g.wkt for g in data.geometry.values] == [f"POINT ({day} {-day})" for day in (1, 2, 3)]
    assert len(await collection.ingest(data)) == 3 and (await collection.load(("2024-03-01", "2024-04-01"))).sizes["time"] == 3
    assert await collection.delete([ids[1]]) == 1
    assert list((await collection.load(("2024-03-01", "2024-04-01"))).number.values) == [1, 3]
    seen("aio: create, ingest, gathered, and delete")


def bad_key():
    from _tilebox.grpc.error import AuthenticationError
    for client in (Client(url=URL, token="dtk_wrong", **HOW),):
        raises(AuthenticationError, lambda: client.datasets())
        raises(AuthenticationError, lambda: client.dataset("open_data.copernicus.sentinel1_sar"))

    async def asynchronously():
        await AsyncClient(url=URL, token="dtk_wrong", **HOW).datasets()
    raises(AuthenticationError, lambda: asyncio.run(asynchronously()))
    seen("a wrong key is refused, sync and aio")


def main():
    client = Client(url=URL, token=KEY, **HOW)
    dataset, _ = sync_reads(client)
    not_found(client)
    bad_key()
    if RELEASE >= (0, 34):
        by_place(dataset)
    by_condition(dataset)
    async_part()
    changes(client)


# A query that the server refuses leaves the client's own thread waiting for pages, which would keep the interpreter here.
status = 1
try:
    main()
    status = 0
except BaseException:
    traceback.print_exc()
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
