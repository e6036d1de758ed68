"""The makers of the demo's data: scenes with items that tell the truth, a year of metadata; the same bytes twice."""
import hashlib
import json
import subprocess

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray

from conftest import ROOT, SLOW


@pytest.fixture
def make(program):
    beside = program.parent / "make_scenes"
    maker = beside if beside.exists() else ROOT / "build/release/make_scenes"

    def call(folder, count="2", status=0):
        done = subprocess.run([maker, folder, count], capture_output=True, text=True, timeout=60 * SLOW)
        assert done.returncode == status, done.stderr
        return done.stderr
    return call


@pytest.fixture(scope="session")
def landsat(program, tmp_path_factory):
    """The year of Landsat-like metadata, its counts those of the documented example."""
    path = tmp_path_factory.mktemp("landsat") / "landsat.csv"
    subprocess.run([program.parent / "make_landsat", path], check=True, timeout=60 * SLOW)
    return path


def sums(folder):
    return dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())


@pytest.mark.slow
def test_two_runs_make_the_same_bytes(make, tmp_path):
    make(tmp_path / "a")
    make(tmp_path / "b")
    listed = sums(tmp_path / "a")
    assert listed == sums(tmp_path / "b") and len(listed) == 2 * 6
    for name, digest in listed.items():
        assert hashlib.sha256((tmp_path / "b" / name).read_bytes()).hexdigest() == digest


def test_all_scenes_take_less_than_400_megabytes(demo_scenes):
    """By the first eight, which are a twentieth smaller than the mean of all."""
    sizes = [f.stat().st_size for f in demo_scenes.rglob("*.tif")]
    assert len(sizes) == 8 * 5
    assert sum(sizes) / 8 * 45 * 1.05 < 400e6


@pytest.mark.slow
def test_what_is_complete_is_left_alone(make, tmp_path):
    make(tmp_path)
    before = sums(tmp_path)
    assert "0 made" in make(tmp_path)
    next(tmp_path.glob("*/B08.tif")).unlink()
    (sorted(tmp_path.glob("*/B02.tif"))[-1]).write_bytes(b"cut short")
    made = make(tmp_path)
    assert "2 made" in made or "1 made" in made
    assert sums(tmp_path) == before and "0 made" in make(tmp_path)


def test_an_item_describes_its_files(make, tmp_path):
    make(tmp_path, "1")
    (path,) = tmp_path.glob("*/*.json")
    item = json.loads(path.read_text())
    assert item["type"] == "Feature" and item["stac_version"] == "1.0.0" and item["id"] == path.stem == path.parent.name
    assert item["properties"]["datetime"] == "2024-01-01T15:59:00Z" and item["properties"]["eo:cloud_cover"] == 12.31
    west, south, east, north = item["bbox"]
    assert west < -82.48 and south < 8.35 and east > -82.39 and north > 8.44
    assert item["geometry"]["coordinates"][0][0] == item["geometry"]["coordinates"][0][-1]
    assert list(item["assets"]) == ["B02", "B03", "B04", "B08", "SCL"]
    for key, asset in item["assets"].items():
        file = path.parent / asset["href"]
        assert file.stat().st_size == asset["file:size"], key
        assert asset["file:checksum"] == "1220" + hashlib.sha256(file.read_bytes()).hexdigest(), key
    assert item["assets"]["B08"]["eo:bands"] == [{"name": "B08", "common_name": "nir"}]


def test_bad_arguments_and_places_are_one_line(make, tmp_path):
    assert make(tmp_path, "0", status=2).startswith("usage: make_scenes OUT_DIR")
    assert make(tmp_path, "46", status=2).startswith("usage: make_scenes OUT_DIR")
    (tmp_path / "file").write_text("")
    said = make(tmp_path / "file" / "x", status=5)
    assert said.startswith("make_scenes: ") and said.count("\n") == 1 and str(tmp_path / "file") in said


LANDSAT = ["open_data.copernicus.landsat8_oli_tirs", "--schema", ROOT / "demo/landsat-schema.json", "--collection-from",
           "collection"]


@pytest.mark.slow
def test_a_year_of_landsat_has_the_documented_counts_and_true_places(landsat, run):
    run("ingest", landsat, "-d", *LANDSAT)
    found = {c["name"]: c for c in run("collections", LANDSAT[0]).lines()}
    assert {n: c["datapoints"] for n, c in found.items()} == {"L1GT": 19624, "L1T": 1281, "L1TP": 65313, "L2SP": 25375}
    assert all(c["start"] >= "2020-01-01T00:00:00Z" and c["end"] < "2021-01-01T00:00:00Z" for c in found.values())
    assert run("search", LANDSAT[0], "--count").out == "111593\n"  # names are unique
    # Path 183, row 67 is in Angola, where the real index has it too; the satellite comes before noon.
    (row, *_) = run("load", LANDSAT[0], "--filter", "path = 183 AND row = 67", "-n", "1", "--of", "ndjson").lines()
    assert row["center"] == pytest.approx([-10.1, 12.0], abs=0.5) and 20 < row["sun_azimuth"] < 160
    assert row["processing_level"] in ("PROCESSING_LEVEL_L1", "PROCESSING_LEVEL_L2") and row["snow_cover"] is None
    west, south, east, north = run("search", LANDSAT[0], "--ids", row["granule_name"]).lines()[0]["bbox"]
    assert west < row["center"][1] < east and south < row["center"][0] < north and 1.5 < north - south < 2.2


@pytest.mark.slow
def test_the_year_of_landsat_is_the_same_each_time(landsat, program, tmp_path):
    subprocess.run([program.parent / "make_landsat", tmp_path / "again.csv"], check=True, timeout=60 * SLOW)
    assert (tmp_path / "again.csv").read_bytes() == landsat.read_bytes()
    assert sorted(tmp_path.iterdir()) == [tmp_path / "again.csv"]
    refused = subprocess.run([program.parent / "make_landsat", tmp_path / "none" / "x.csv"], capture_output=True, text=True)
    assert refused.returncode == 8 and "none/x.csv" in refused.stderr


@pytest.mark.slow
def test_the_year_in_xarray_is_the_file_value_by_value(landsat, run, tmp_path):
    run("ingest", landsat, "-d", *LANDSAT)
    run("load", LANDSAT[0], "-o", "year.nc")
    schema = {f["name"]: f for f in json.loads((ROOT / "demo/landsat-schema.json").read_text())["fields"]}
    rows = pd.read_csv(landsat, keep_default_na=False).set_index("granule_name")
    with xarray.open_dataset(tmp_path / "year.nc") as year:
        assert year.sizes["time"] == 111593 and year.indexes["time"].is_monotonic_increasing
        assert set(year.variables) == set(schema) | {"collection"}
        rows = rows.loc[year["granule_name"].values]
        times = {"time", "stop_time", "published", "updated"}
        for name, field in schema.items():
            found = year[name].values
            if name in ("id", "granule_name"):
                assert len(np.unique(found)) == len(rows), name
            elif name == "ingestion_time":
                assert (found > np.datetime64("2020")).all()
            elif name not in rows:  # what Landsat has no values of
                empty = {"string": "", "int64": 0, "enum": 0}.get(field["type"])
                assert np.isnan(found).all() if empty is None else (found == empty).all(), name
            elif name in times:
                assert (found == pd.to_datetime(rows[name]).dt.tz_localize(None).values).all(), name
            elif field["type"] == "enum":
                names = dict(zip(year[name].attrs["flag_meanings"].split(), year[name].attrs["flag_values"]))
                assert names == field["values"] and (found == rows[name].map(names).values).all(), name
            elif name == "geometry":
                some = slice(None, None, 97)
                assert (shapely.from_wkt(found[some]) == shapely.from_wkt(rows[name].values[some])).all()
            elif name == "center":
                assert (found == np.array([json.loads(v) for v in rows[name]])).all()
            else:
                assert (found == rows[name].values).all(), name
        assert (year["collection"].values == rows["collection"].values).all()
        assert year.sel(time="2020-03").sizes["time"] == sum(str(t).startswith("2020-03") for t in rows["time"])
