"""Tables against the programs that read them: pyarrow, polars, geopandas through Arrow's C stream; pandas, geopandas
and xarray through the files that are written."""
import ctypes
import json
import uuid
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import shapely
import xarray

ROOT = Path(__file__).resolve().parent.parent
CSV, NDJSON, GEOJSON, NETCDF = range(4)


class Stream(ctypes.Structure):
    """struct ArrowArrayStream"""
    _fields_ = [(name, ctypes.c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")]


@pytest.fixture(scope="module")
def peer():
    for build in ("release", "dev"):
        path = ROOT / f"build/{build}/tests/libtable_peer.so"
        if path.is_file():
            return ctypes.CDLL(str(path))
    pytest.fail("build/*/tests/libtable_peer.so is not built")


class Refused(Exception):
    """With the words of the library."""


def call(function, table, *arguments):
    stream, message = Stream(), ctypes.create_string_buffer(512)
    reader = table if isinstance(table, pa.RecordBatchReader) else pa.RecordBatchReader.from_stream(table)
    reader._export_to_c(ctypes.addressof(stream))
    if function(ctypes.byref(stream), *arguments, message) != 0:
        raise Refused(message.value.decode())


def passed(peer, table):
    """The table after it has been ours."""
    out = Stream()
    call(peer.peer_pass, table, ctypes.byref(out))
    return pa.RecordBatchReader._import_from_c(ctypes.addressof(out)).read_all()


def written(peer, table, path, kind):
    call(peer.peer_write, table, str(path).encode(), kind)
    return path


def hinted(table, *fields):
    """With our own schema as metadata: how a table of ours says what Arrow's types do not."""
    return table.replace_schema_metadata({"datatake:schema": json.dumps({"fields": list(fields)})})


TIMES = pd.to_datetime(["2020-01-01T00:00:00.000000001Z", "2020-01-01T00:00:00.5Z", "1969-12-31T23:59:59Z"],
                       format="ISO8601")
IDS = [uuid.UUID(int=i * 0x0197a4911520102f48f4f087d6ef8603 % 2**128) for i in (1, 2, 3)]
POINTS = ["POINT (8.5 47)", None, "POLYGON ((0 0, 1 0, 1 1, 0 0))"]


def sample():
    """Three rows with every type; the second is null where it may be."""
    wkb = [None if p is None else shapely.to_wkb(shapely.from_wkt(p)) for p in POINTS]
    columns = {
        "time": pa.array(TIMES, pa.timestamp("ns", "UTC")),
        "id": pa.array([i.bytes for i in IDS], pa.binary(16)),
        "geometry": pa.array(wkb, pa.binary()),
        "name": pa.array(["a,b", "", 'Zürich "x"\ny']),
        "cloudy": pa.array([True, None, False]),
        "orbit": pa.array([2**62, None, -5], pa.int64()),
        "bytes": pa.array([2**64 - 1, None, 0], pa.uint64()),
        "cloud_cover": pa.array([0.1, None, 1e300]),
        "checksum": pa.array([b"\0\xff", None, b""]),
        "exposure": pa.array([1500000007, None, -1], pa.duration("ns")),
        "direction": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), ["ASCENDING", "DESCENDING"]),
        "position": pa.array([[1, 2.5, 3], None, [0, 0, -1]], pa.list_(pa.float64(), 3)),
        "properties": pa.array(['{"a": [1, null]}', None, "{}"]),
        "instruments": pa.array([["oli", "tirs"], None, []], pa.list_(pa.string())),
        "counts": pa.array([[1, 2, 3], None, [4]], pa.list_(pa.int64())),
    }
    fields = {"time": {"type": "timestamp", "role": "time"}, "id": {"type": "uuid", "role": "id"},
              "geometry": {"type": "geometry", "role": "geometry"}, "name": {"type": "string", "role": "name"},
              "cloudy": {"type": "bool"}, "orbit": {"type": "int64"}, "bytes": {"type": "uint64"},
              "cloud_cover": {"type": "float64", "unit": "percent", "description": "share of clouds"},
              "checksum": {"type": "bytes"}, "exposure": {"type": "duration"},
              "direction": {"type": "enum", "values": {"UNKNOWN": 0, "ASCENDING": 1, "DESCENDING": 2}},
              "position": {"type": "vector", "width": 3}, "properties": {"type": "json"},
              "instruments": {"type": "string", "repeated": True}, "counts": {"type": "int64", "repeated": True}}
    return hinted(pa.table(columns), *({"name": name, **field} for name, field in fields.items()))


# --- Arrow ---

def storage(column):
    """The values of a column without its extension type."""
    return [getattr(v, "bytes", v) for v in column.to_pylist()]


def test_a_table_of_every_type_passes_with_equal_values(peer):
    table = sample()
    ours = passed(peer, table)
    ours.validate(full=True)
    assert ours.column_names == table.column_names
    for name in table.column_names:
        assert storage(ours[name]) == storage(table[name]), name
        assert ours[name].null_count == table[name].null_count, name
    types = {name: ours.schema.field(name).type for name in ours.column_names}
    assert types["time"] == pa.timestamp("ns", "UTC")
    assert isinstance(types["id"], pa.UuidType)
    assert types["direction"] == pa.dictionary(pa.int32(), pa.string())
    assert ours["direction"].chunk(0).dictionary.to_pylist() == ["UNKNOWN", "ASCENDING", "DESCENDING"]
    assert types["position"] == pa.list_(pa.field("item", pa.float64()), 3)
    assert ours.schema.field("cloud_cover").metadata[b"unit"] == b"percent"
    assert ours.schema.field("time").metadata[b"role"] == b"time"


def test_it_passes_twice_unchanged(peer):
    once = passed(peer, sample())
    twice = passed(peer, once)
    assert twice.schema.equals(once.schema, check_metadata=True)
    assert twice.equals(once)


def test_slices_and_many_batches_pass(peer):
    table = passed(peer, sample())
    many = pa.concat_tables([table, table.slice(1, 2), table.slice(2), table.slice(0, 0), table.slice(1, 1)])
    assert passed(peer, many).equals(many)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "uint8", "uint16", "uint32", "float32"])
def test_smaller_numbers_become_ours(peer, kind):
    column = pa.array([1, None, 100], getattr(pa, kind)())
    ours = passed(peer, pa.table({"x": column}))["x"]
    assert ours.to_pylist() == column.to_pylist()
    assert ours.type == (pa.float64() if kind == "float32" else pa.uint64() if kind[0] == "u" else pa.int64())


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Zurich"])
def test_times_of_every_unit_are_the_same_instants(peer, unit, zone):
    column = pa.array([1577836800, None, -1], pa.timestamp("s")).cast(pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
    ours = passed(peer, pa.table({"x": column}))["x"]
    assert ours.cast(pa.int64()).to_pylist() == [1577836800 * 10**9, None, -10**9]
    assert passed(peer, pa.table({"x": column.cast(pa.int64()).cast(pa.duration(unit))}))["x"].type == pa.duration("ns")


def test_dates_begin_their_day(peer):
    ours = passed(peer, pa.table({"a": pa.array([18262, None], pa.date32()),
                                  "b": pa.array([18262 * 86400000, None], pa.date64())}))
    assert ours["a"].cast(pa.int64()).to_pylist() == [1577836800 * 10**9, None]
    assert ours["b"].equals(ours["a"])


WORDS = ["", "S2A", None, "LC08_L1TP_013032_20180131", "twelve bytes", "thirteen byte"]


@pytest.mark.parametrize("kind", ["large_string", "string_view", "large_binary", "binary_view"])
@pytest.mark.parametrize("start", [0, 2])
def test_other_layouts_of_texts_are_taken(peer, kind, start):
    words = WORDS if "string" in kind else [w if w is None else w.encode() for w in WORDS]
    column = pa.array(words, getattr(pa, kind)()).slice(start)
    assert passed(peer, pa.table({"x": column}))["x"].to_pylist() == words[start:]


def test_dictionaries_lists_and_columns_of_nothing_are_taken(peer):
    table = pa.table({
        "dictionary": pa.array(["a", None, "b", "a"]).dictionary_encode(),
        "large": pa.array([[1], None, [], [2, None]], pa.large_list(pa.int32())),
        "fixed": pa.array([["a", "b"], None, ["c", None], ["d", "e"]], pa.list_(pa.string(), 2)),
        "codes": pa.array([b"abc", None, b"def", b"ghi"], pa.binary(3)),
        "nothing": pa.nulls(4),
    })
    ours = passed(peer, table)
    for name in table.column_names:
        assert ours[name].to_pylist() == table[name].to_pylist(), name


@pytest.mark.parametrize("column", [pa.array([{"a": 1}]), pa.array([1], pa.decimal128(5)), pa.array([[[1]]]),
                                    pa.array([1], pa.time64("ns")), pa.array([1.0], pa.float16())])
def test_what_is_not_ours_is_named(peer, column):
    with pytest.raises(Refused, match='Arrow field odd|Arrow field item'):
        passed(peer, pa.table({"odd": column}))


def test_a_failing_stream_hands_on_its_words(peer):
    def batches():
        yield sample().to_batches()[0]
        raise ValueError("the disk is on fire")
    with pytest.raises((OSError, pa.ArrowException), match="the disk is on fire"):
        passed(peer, pa.RecordBatchReader.from_batches(sample().schema, batches()))


def test_polars_gives_and_takes(peer):
    frame = pl.DataFrame({"time": TIMES.tz_convert(None).to_numpy(), "name": ["a", None, "a long name of a granule"],
                          "kind": pl.Series(["x", "y", "x"], dtype=pl.Categorical), "n": [[1, 2], None, []],
                          "cloud": [0.5, None, 1.5]})
    ours = passed(peer, frame)
    assert ours["name"].to_pylist() == frame["name"].to_list()
    assert ours["kind"].to_pylist() == ["x", "y", "x"]
    assert ours["n"].to_pylist() == frame["n"].to_list()
    back = pl.from_arrow(ours)
    assert back["cloud"].to_list() == frame["cloud"].to_list()
    assert back["time"].dt.replace_time_zone(None).to_list() == frame["time"].to_list()


def test_geopandas_sees_geometries_with_their_crs(peer):
    table = passed(peer, sample())
    frame = geopandas.GeoDataFrame.from_arrow(table.select(["time", "geometry", "name"]))
    assert frame.crs == "OGC:CRS84"
    assert [g and g.wkt for g in frame.geometry] == POINTS
    again = passed(peer, pa.table(frame.to_arrow(index=False)))
    assert storage(again["geometry"]) == storage(table["geometry"])
    swiss = geopandas.GeoDataFrame(geometry=geopandas.GeoSeries.from_wkt(["POINT (2600000 1200000)"]), crs="EPSG:2056")
    with pytest.raises(Refused, match="longitude and latitude"):
        passed(peer, pa.table(swiss.to_arrow(index=False)))
    passed(peer, pa.table(swiss.to_crs("EPSG:4326").to_arrow(index=False)))


# --- files ---

def test_pandas_reads_our_csv(peer, tmp_path):
    frame = pd.read_csv(written(peer, sample(), tmp_path / "a.csv", CSV), dtype={"orbit": "Int64", "bytes": "UInt64"},
                        keep_default_na=False, na_values={"cloud_cover": [""], "orbit": [""], "bytes": [""]})
    assert list(pd.to_datetime(frame["time"], format="ISO8601")) == list(TIMES)
    assert list(frame["id"]) == [str(i) for i in IDS]
    assert list(frame["name"]) == sample()["name"].to_pylist()
    assert list(frame["geometry"]) == [p or "" for p in POINTS[:2]] + ["POLYGON ((0 0,1 0,1 1,0 0))"]
    assert frame["orbit"].tolist() == [2**62, pd.NA, -5]
    assert frame["bytes"].tolist() == [2**64 - 1, pd.NA, 0]
    assert frame["cloud_cover"].dropna().tolist() == [0.1, 1e300]
    assert list(frame["direction"]) == ["DESCENDING", "", "ASCENDING"]
    assert list(frame["exposure"]) == ["1.500000007", "", "-0.000000001"]
    assert json.loads(frame["counts"][0]) == [1, 2, 3] and frame["counts"][1] == ""


def test_ndjson_is_what_the_columns_hold(peer, tmp_path):
    rows = [json.loads(line) for line in written(peer, sample(), tmp_path / "a.ndjson", NDJSON).read_text().splitlines()]
    table = sample()
    for name in ("name", "cloudy", "orbit", "bytes", "cloud_cover", "direction", "position", "instruments", "counts"):
        assert [row[name] for row in rows] == table[name].to_pylist(), name
    assert [row["id"] for row in rows] == [str(i) for i in IDS]
    assert [row["properties"] for row in rows] == [{"a": [1, None]}, None, {}]
    assert rows[0]["geometry"] == {"type": "Point", "coordinates": [8.5, 47]} and rows[1]["geometry"] is None
    assert pd.read_json(tmp_path / "a.ndjson", lines=True).shape == (3, len(table.column_names))


def test_geopandas_reads_our_geojson(peer, tmp_path):
    frame = geopandas.read_file(written(peer, sample(), tmp_path / "a.geojson", GEOJSON))
    assert [g and g.wkt for g in frame.geometry] == POINTS
    assert frame.crs == "EPSG:4326"
    assert list(frame["name"]) == sample()["name"].to_pylist()
    assert frame["cloud_cover"].dropna().tolist() == [0.1, 1e300]


def opened(path):
    return xarray.load_dataset(path, decode_timedelta=True)


def test_xarray_reads_our_netcdf_with_each_type(peer, tmp_path):
    data = opened(written(peer, sample(), tmp_path / "a.nc", NETCDF))
    assert dict(data.sizes)["time"] == 3
    assert list(data.coords) == ["time"]
    assert list(data.indexes["time"]) == list(TIMES.tz_convert(None))
    assert data["id"].values.tolist() == [str(i) for i in IDS]
    assert data["name"].values.tolist() == sample()["name"].to_pylist()
    assert data["orbit"].dtype == "int64" and data["orbit"].values.tolist() == [2**62, 0, -5]
    assert data["bytes"].dtype == "uint64" and data["bytes"].values.tolist() == [2**64 - 1, 0, 0]
    assert data["cloudy"].dtype == bool and data["cloudy"].values.tolist() == [True, False, False]
    assert data["cloud_cover"].dtype == "float64" and data["cloud_cover"].attrs["units"] == "percent"
    assert data["cloud_cover"].values[[0, 2]].tolist() == [0.1, 1e300] and np.isnan(data["cloud_cover"].values[1])
    assert data["exposure"].dtype == "timedelta64[ns]"
    assert data["exposure"].values.tolist()[::2] == [1500000007, -1] and np.isnat(data["exposure"].values[1])
    assert data["direction"].dtype == "uint8" and data["direction"].values.tolist() == [2, 0, 1]
    assert data["direction"].attrs["flag_meanings"] == "UNKNOWN ASCENDING DESCENDING"
    assert data["direction"].attrs["flag_values"].tolist() == [0, 1, 2]
    assert data["position"].dims == ("time", "n_position") and data["position"].values[0].tolist() == [1, 2.5, 3]
    assert np.isnan(data["position"].values[1]).all()
    assert data["geometry"].values.tolist() == ["POINT (8.5 47)", "", "POLYGON ((0 0,1 0,1 1,0 0))"]
    assert data["instruments"].values.tolist() == [["oli", "tirs"], ["", ""], ["", ""]]
    assert data["counts"].dims == ("time", "n_counts")
    assert data["counts"].values.tolist() == [[1, 2, 3], [0, 0, 0], [4, 0, 0]]
    assert data["checksum"].values.tolist() == ["00ff", "", ""]
    assert data.attrs["Conventions"] == "CF-1.8"


def test_times_of_other_fields_are_decoded_with_nat(peer, tmp_path):
    table = hinted(pa.table({"datetime": pa.array(TIMES, pa.timestamp("ns", "UTC")),
                             "ingestion": pa.array([TIMES[0], None, TIMES[2]], pa.timestamp("ns", "UTC")),
                             "passes": pa.array([[TIMES[1]], None, [TIMES[0], TIMES[2]]],
                                                pa.list_(pa.timestamp("ns", "UTC")))}),
                   {"name": "datetime", "type": "timestamp", "role": "time"})
    data = opened(written(peer, table, tmp_path / "a.nc", NETCDF))
    assert data["time"].attrs["field"] == "datetime"
    assert data["ingestion"].dtype == "datetime64[ns]"
    assert data["ingestion"].values[0] == TIMES[0].tz_convert(None).to_datetime64()
    assert np.isnat(data["ingestion"].values[1]) and np.isnat(data["passes"].values[0][1])
    assert data["passes"].values[2][1] == TIMES[2].tz_convert(None).to_datetime64()


def test_no_rows_are_an_empty_dataset(peer, tmp_path):
    data = opened(written(peer, sample().slice(0, 0), tmp_path / "a.nc", NETCDF))
    assert not data and not data.sizes


def test_names_and_units_that_netcdf_or_xarray_would_stumble_over(peer, tmp_path):
    table = hinted(pa.table({"a/b": [1], " a b ": [2], "eo:cloud_cover": [3.0], "time": [4], "-x": [5], "n_l": [6], "l": [[7]],
                             "height": [8.0]}),
                   {"name": "height", "type": "float64", "unit": "seconds"})
    data = opened(written(peer, table, tmp_path / "a.nc", NETCDF))
    assert data["a_b"].attrs["field"] == "a/b"
    assert data["eo:cloud_cover"].values.tolist() == [3]
    assert data["time_"].values.tolist() == [4]
    assert data["height"].dtype == "float64" and data["height"].attrs["units"] == "s"
    assert data["l"].values.tolist() == [[7]]
    assert data["n_l"].values.tolist() == [6]
    assert {v.attrs.get("field", n) for n, v in data.items()} == set(table.column_names)


def test_a_table_too_large_to_wait_grows_as_it_is_written(peer, tmp_path):
    """Texts get wider and lists longer after the first values are in the file."""
    schema = sample().select(["time", "name", "counts", "instruments", "cloud_cover"]).schema
    rows, batches = 12000, []
    for step in range(6):
        n = np.arange(step * rows, (step + 1) * rows)
        width = 1000 + 100 * step
        batches.append(pa.record_batch([
            pa.array(n * 1_000_000_007, pa.timestamp("ns", "UTC")),
            pa.array([f"{i}".rjust(width) for i in n]),
            pa.array([list(range(i % (step + 2))) for i in n], pa.list_(pa.int64())),
            pa.array([[f"i{k}" * (step + 1) for k in range(i % (step + 1))] for i in n], pa.list_(pa.string())),
            pa.array(n / 7),
        ], schema=schema))
    table = pa.Table.from_batches(batches, schema)
    assert table.nbytes > 80_000_000
    data = opened(written(peer, table, tmp_path / "a.nc", NETCDF))
    assert data.sizes["time"] == 6 * rows
    assert (data["time"].values.astype("int64") == np.arange(6 * rows) * 1_000_000_007).all()
    assert (data["cloud_cover"].values == np.arange(6 * rows) / 7).all()
    assert data["name"].values.tolist() == table["name"].to_pylist()
    for name, nothing in (("counts", 0), ("instruments", "")):
        longest = data.sizes[f"n_{name}"]
        expected = [v + [nothing] * (longest - len(v)) for v in table[name].to_pylist()]
        assert longest == max(len(v) for v in table[name].to_pylist())
        assert data[name].values.tolist() == expected, name
