"""The Python package: what is stored and deleted."""
import uuid
from datetime import datetime

import pytest
import xarray as xr
from python_rows import YEAR, first, path  # noqa: F401

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import errors  # noqa: E402


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
