"""The Python package: what users load, on an embedded catalogue."""
import gc
import pickle
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timezone

import numpy as np
import pandas as pd
import pytest
import python_rows
import xarray as xr
from python_rows import FOLDER, SLUG, YEAR, first, path  # noqa: F401

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import field  # noqa: E402

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


def test_arrays_that_are_made_at_the_first_look_behave_as_all_others(first):
    """Texts, ids and geometries: as if xarray had been given numpy arrays."""
    given = first.load(YEAR)
    made = xr.Dataset({name: (v.dims, v.values.copy()) for name, v in first.load(YEAR).data_vars.items()},
                      {name: (v.dims, v.values.copy()) for name, v in first.load(YEAR).coords.items()})
    assert repr(first.load(YEAR)) == repr(made) and given.nbytes == made.nbytes
    for name in made.variables:
        assert type(first.load(YEAR)[name].values) is type(first.load(YEAR)[name].data) is type(made[name].values)
    for way in (lambda d: d, lambda d: d.copy(), lambda d: d.copy(deep=True), lambda d: d.isel(time=[3, 1]), lambda d: d.load(),
                lambda d: pickle.loads(pickle.dumps(d)), lambda d: d.isel(time=slice(1, 4)), lambda d: d.sortby("number"),
                lambda d: d.sel(time="2024-01-02"), lambda d: xr.concat([d, d], "time"), lambda d: d.where(d.number > 0),
                lambda d: d.transpose(), lambda d: d.drop_duplicates("time"), lambda d: d[["label", "id"]].rename(label="x"),
                lambda d: d.assign(label=d.label.fillna("none"))):
        xr.testing.assert_identical(way(first.load(YEAR)), way(made))
    assert given.isel(time=1).label.item() is None and str(given.id[2].values) == str(made.id[2].values)
    given.label[0] = "changed"
    given.label.values[1] = "too"
    assert given.label.values.tolist()[:2] == given.copy().label.values.tolist()[:2] == ["changed", "too"]
    with ThreadPoolExecutor(4) as pool:
        data = first.load(YEAR)
        assert len({id(array[:0].base) for array in pool.map(lambda _: data.geometry.values, range(40))}) == 1


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
    table = first.load(YEAR).table
    arrow = pa.table(table)
    assert arrow.num_rows == len(table) == 5 and arrow["number"].to_pylist() == [1, 0, None, -4, 2**60]
    assert first.table(YEAR).to_xarray().identical(first.load(YEAR))
    frame = table.to_geopandas()
    assert frame.crs == "OGC:CRS84" and frame.geometry.iloc[0].bounds == (0, 0, 2, 1) and len(frame) == 5
    assert frame["collection"].tolist() == ["first"] * 5
    with pytest.raises(ValueError, match="table"):
        xr.Dataset().table  # noqa: B018


def test_polars_reads_the_table(first):
    if "tsan" in FOLDER.parts:
        pytest.skip("an import of polars ends a process under the thread sanitizer")
    pl = pytest.importorskip("polars")
    assert pl.DataFrame(first.load(YEAR).table)["label"].to_list() == ["a", None, "ä", "", "a" * 100]


def test_the_table_of_a_dataset_goes_with_it(first):
    from datatake import xarrays
    gc.collect()
    before = len(list(xarrays.tables_kept()))
    data = first.load(YEAR)
    assert len(list(xarrays.tables_kept())) == before + 1
    del data
    gc.collect()
    assert len(list(xarrays.tables_kept())) == before
