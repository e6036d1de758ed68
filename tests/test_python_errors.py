"""The Python package: what goes wrong is named, and raises what Tilebox's users catch."""
import asyncio
import uuid

import numpy as np
import pandas as pd
import pytest
import python_rows
import xarray as xr
from python_rows import SLUG, YEAR, path  # noqa: F401
from tilebox_service import Refusal, Service, made_dataset

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors, field  # noqa: E402


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """For all that is refused: it stays as it is."""
    path = tmp_path_factory.mktemp("errors") / "catalog.db"
    python_rows.make(path)[0].close()
    return str(path)


@pytest.fixture(scope="module")
def collection(catalog):
    with datatake.Client(catalog) as client:
        yield client.dataset(SLUG).collection("first")


@pytest.mark.parametrize("call, kind, words", [
    (lambda c: c.find("nothing"), ValueError, "nothing is not a valid UUID"),
    (lambda c: c.find(uuid.UUID(int=5)), KeyError, "No such datapoint 00000000-0000-0000-0000-000000000005"),
    (lambda c: c._dataset.collection("S9"), KeyError, "No such collection S9"),
    (lambda c: c._dataset._client.dataset("open_data.test.evry_type"), KeyError, "did you mean 'open_data.test.every_type'"),
    (lambda c: c.load(("2024-01-01", "soon")), ValueError, "temporal_extent, end: 'soon' is no time"),
    (lambda c: c.load(("2025-01-01", "2024-01-01")), ValueError, "temporal_extent: the end"),
    (lambda c: c.load(3.5), TypeError, "temporal_extent: a time is expected"),
    (lambda c: c.load(YEAR, limit="5"), TypeError, "limit: a number of datapoints"),
    (lambda c: c.load(YEAR, limit=-5), ValueError, "limit: a number of datapoints, at least 1, is expected, not -5"),
    (lambda c: c.load(YEAR, limit=2**70), ValueError, "limit: .* at most"),
    (lambda c: c.load(YEAR, limit=True), TypeError, "limit: a number of datapoints is expected, not True"),
    (lambda c: c.load([]), ValueError, "temporal_extent: .start, end. is expected"),
    (lambda c: c.load(pd.NaT), ValueError, "temporal_extent: NaT is no time"),
    (lambda c: c.load(np.array([], "datetime64[ns]")), ValueError, "temporal_extent: an array of no times"),
    (lambda c: c.load(YEAR, skip_data="yes"), TypeError, "skip_data: True or False is expected, not 'yes'"),
    (lambda c: c.load(YEAR, show_progress=7), TypeError, "show_progress: True, False or a function"),
    (lambda c: c.load(YEAR, bbox=(1, 5, 2, 3)), ValueError, "bbox 1,5,2,3: south is greater than north"),
    (lambda c: c.load(YEAR, fields=7), TypeError, "fields: a list of names"),
    (lambda c: c.load(YEAR, fields=[]), ValueError, "fields: at least one name"),
    (lambda c: c.load(YEAR, fields=["nmber"]), ValueError, "fields: no field 'nmber'"),
    (lambda c: c.load(YEAR, filter={"op": object()}), TypeError, "filter: CQL2 as a dict is JSON"),
    (lambda c: c.load(YEAR, filter=field("number") < object()), TypeError, "a filter compares with numbers, texts"),
    (lambda c: c.query(spatial_extent="POLYGN"), ValueError, "spatial_extent: WKT"),
    (lambda c: c.query(spatial_extent={"geometry": "POINT (1 1)", "mod": 1}), ValueError, "spatial_extent: geometry, mode and"),
    (lambda c: c.query(spatial_extent="POINT (1 1)", bbox=(1, 1, 2, 2)), ValueError, "bbox: give either"),
    (lambda c: c.count(7.5), TypeError, "temporal_extent: a time is expected"),
    (lambda c: c.table("soon"), ValueError, "temporal_extent: 'soon' is no time"),
    (lambda c: c.find(uuid.UUID(int=5), skip_data=1), TypeError, "skip_data: True or False"),
    (lambda c: c._dataset.find(7), ValueError, "7 is not a valid UUID"),
    (lambda c: c._dataset.query(collections="first"), TypeError, "collections: a list of names"),
    (lambda c: c._dataset.query(collections=[7]), TypeError, "collections: the name of a collection is expected, not 7"),
    (lambda c: c._dataset.query(collections=["third"]), KeyError, "no collection 'third'"),
    (lambda c: c._dataset.collection(7), TypeError, "name: the name of a collection"),
    (lambda c: c._dataset.create_collection("x", 7), TypeError, "description: text is expected"),
    (lambda c: c._dataset.get_or_create_collection(""), ValueError, "collection '': a name has"),
    (lambda c: c._dataset.delete_collection(None), TypeError, "collection: the name of a collection"),
    (lambda c: c._dataset._client.dataset(7), TypeError, "slug: the name of a dataset"),
    (lambda c: c._dataset._client.dataset("a\0b"), ValueError, "slug: .* has characters"),
    (lambda c: c._dataset._client.datasets()[7], TypeError, "slug: the name of a dataset"),
    (lambda c: c._dataset._client.delete_dataset(None), TypeError, "slug: the name of a dataset"),
    (lambda c: c._dataset._client.delete_dataset("no.such"), KeyError, "dataset 'no.such' not found"),
    (lambda c: c.load(YEAR, bbox=(1, 2, 3)), ValueError, "bbox: .west, south, east, north"),
    (lambda c: c.load(YEAR, fields=[3]), TypeError, "fields: the name of a field is expected, not 3"),
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
    (lambda c: c.ingest({"time": ["soon"]}), ValueError, "Field 'time': Time data soon"),
    (lambda c: c.ingest({"time": "2024-01-01"}), TypeError, "Field 'time': a column of values"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "number": [2**70]}), ValueError, "Field 'number': a number does not fit int64"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "flag": [7]}), ValueError, "Field 'flag'"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "label": ["\ud800"]}), ValueError, "Field 'label': .* has characters"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "words": [7]}), TypeError, "Field 'words': a list of values"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "velocity": [[1, 2]]}), ValueError, "Field 'velocity': 3 numbers"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "uid": ["x"]}), ValueError, "Field 'uid': 'x' is no UUID"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "geometry": ["POLYGN"]}), ValueError, "Field 'geometry': ParseException"),
    (lambda c: c.ingest({"time": ["2024-01-01"], "geometry": [b"xx"]}), ValueError, "Field 'geometry': ParseException"),
    (lambda c: c.ingest({"time": ["2024-01-01"]}, allow_existing=None), TypeError, "allow_existing: True or False"),
    (lambda c: c.ingest("rows.csv"), TypeError, "data: an xarray.Dataset"),
    (lambda c: c._dataset._client.create_dataset("a.b", [("x", complex)]), TypeError, "field x: no type for"),
    (lambda c: c.delete(7), TypeError, "datapoints: a Dataset, a DataFrame or ids"),
    (lambda c: c.delete(xr.Dataset()), ValueError, "datapoints: there is no id"),
    (lambda c: c.delete(["x"]), ValueError, "x is not a valid UUID"),
    (lambda c: c._dataset._client.create_dataset(7), TypeError, "slug: the name of a dataset"),
    (lambda c: c._dataset._client.create_dataset("a.b", "abc"), TypeError, "fields: a list of fields"),
    (lambda c: c._dataset._client.create_dataset("a.b", [("x",)]), TypeError, "fields: a list of fields"),
    (lambda c: c._dataset._client.create_dataset("a.b", kind="spatial"), ValueError, "kind: 'temporal' or 'spatiotemporal'"),
    (lambda c: c._dataset._client.create_dataset("a.b", name=7), TypeError, "name: text is expected"),
    (lambda c: c._dataset._client.create_dataset("a.b", [{"name": "x", "type": "vector", "width": "3"}]), TypeError, "field x, width"),
    (lambda c: c._dataset._client.create_dataset("a.b", [{"name": "x", "type": "enum", "values": 7}]), TypeError, "field x, values"),
    (lambda c: c._dataset._client.create_dataset("a.b", [{"name": "x", "type": str, "role": "y"}]), ValueError, "field x: role 'y'"),
    (lambda c: datatake.Client(""), ValueError, "source: a path or an address"),
    (lambda c: datatake.Client(url=7), TypeError, "url: a path or an address"),
    (lambda c: datatake.Client("a", url="b"), ValueError, "url: give either"),
    (lambda c: datatake.Client(token=7), TypeError, "token: a key is expected"),
    (lambda c: datatake.Client(read_only="x"), TypeError, "read_only: True or False"),
    (lambda c: datatake.Client(7), TypeError, "source: a path or an address"),
    (lambda c: datatake.Client("ftp://x"), errors.UnsupportedError, "source ftp://x"),
])
def test_what_makes_no_sense_is_named(collection, call, kind, words):
    with pytest.raises(kind, match=words):
        call(collection)
    assert collection.count() == 5


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


# --- what a server says ---


@pytest.mark.parametrize("status, code, kind", [
    (401, "unauthenticated", errors.AuthenticationError), (403, "permission_denied", errors.AuthenticationError),
    (404, "not_found", errors.NotFoundError), (400, "invalid_argument", errors.ArgumentError),
    (409, "aborted", errors.NetworkError), (501, "unimplemented", errors.InvalidRequestError),
])
def test_a_server_that_refuses_in_the_middle_of_a_load_has_the_last_word(status, code, kind):
    with Service(made_dataset(counts=(("only", 5000),)), faults={n: Refusal(status, code, "the dog ate it") for n in range(2, 60)}) as s:
        with datatake.Client(s.source) as client, pytest.raises(kind, match="the dog ate it") as caught:
            client.dataset("made.rows").collection("only").load(None)
        assert f"127.0.0.1:{s.port}" in str(caught.value) and isinstance(caught.value, datatake.Error)


@pytest.mark.slow
@pytest.mark.parametrize("fault, kind, words", [
    (Refusal(503, "unavailable", "going down"), errors.NetworkError, "going down .unavailable, tried again in vain"),
    (Refusal(429, "resource_exhausted", "no more today"), errors.SubscriptionLimitExceededError, "no more today"),
    ("reset", errors.NetworkError, "after 6 attempts"),
])
def test_a_server_that_is_lost_in_the_middle_of_a_load_is_asked_again_and_then_named(fault, kind, words):
    with Service(made_dataset(counts=(("only", 5000),)), faults={n: fault for n in range(2, 100)}) as s:
        with datatake.Client(s.source) as client, pytest.raises(kind, match=words) as caught:
            client.dataset("made.rows").collection("only").load(None)
        assert f"127.0.0.1:{s.port}" in str(caught.value)


def test_a_wrong_key_and_a_missing_dataset_are_told_by_the_server_with_either_client():
    async def awaited(source, token):
        async with aio.Client(source, token=token) as client:
            return await client.dataset("made.rowz")

    with Service(made_dataset(), key="right") as s:
        for ask in (lambda token: datatake.Client(s.source, token=token).dataset("made.rowz"),
                    lambda token: asyncio.run(awaited(s.source, token))):
            with pytest.raises(IOError, match="the key is not known .unauthenticated"):
                ask("wrong")
            with pytest.raises(KeyError, match="no such dataset: .*made.rowz"):
                ask("right")


@pytest.mark.parametrize("call, kind, words", [
    (lambda c: c.load("soon"), ValueError, "temporal_extent: 'soon' is no time"),
    (lambda c: c.load(YEAR, limit=0), ValueError, "limit: a number of datapoints, at least 1"),
    (lambda c: c.find("nothing"), ValueError, "nothing is not a valid UUID"),
    (lambda c: c.find(uuid.UUID(int=5)), KeyError, "No such datapoint"),
    (lambda c: c.ingest({"number": [1]}), ValueError, "Missing required field"),
    (lambda c: c.delete(7), TypeError, "datapoints: a Dataset"),
])
def test_what_makes_no_sense_is_named_when_it_is_awaited(catalog, call, kind, words):
    async def main():
        async with aio.Client(catalog) as client:
            await call(await (await client.dataset(SLUG)).collection("first"))

    with pytest.raises(kind, match=words):
        asyncio.run(main())


def test_a_closed_client_says_so(path):
    with datatake.Client(path) as client:
        first = client.dataset(SLUG).collection("first")
    with pytest.raises(errors.StateError, match="the client is closed"):
        first.load(YEAR)
