"""The Python package: what goes wrong is named, and raises what Tilebox's users catch."""
import uuid

import pytest
from python_rows import SLUG, YEAR, first, path  # noqa: F401

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import errors, field  # noqa: E402


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
