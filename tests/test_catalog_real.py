"""Real metadata, whole: what a catalogue says of it is what pandas and geopandas read in the files."""
import gzip
import io
import json

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from library import Catalog, Library, Query

RNG = np.random.default_rng(20261122)


@pytest.fixture
def files(shared):
    folder = shared / "data/metadata"
    if not folder.is_dir():
        pytest.skip("the real metadata (../shared/data/metadata) is not here")
    return folder


@pytest.fixture
def source(tmp_path):
    return tmp_path / "real.db"


@pytest.fixture
def ingest(run, source):
    """ingest(path, dataset, options ...) must take every record."""
    def call(path, dataset, *options, added, replaced=0, same=0):
        told = run("ingest", path, "-d", dataset, "--source", source, "--json", *options, timeout_s=600).json()
        assert {k: told[k] for k in ("added", "replaced", "same", "failed")} == \
            {"added": added, "replaced": replaced, "same": same, "failed": 0}
    return call


def whole(source, dataset):
    """All datapoints as a frame; geometries as shapes."""
    with Catalog(Library(), source) as catalog:
        table = catalog.search(Query(dataset))
    shapes = shapely.from_wkb([None if v is None else bytes(getattr(v, "value", v)) for v in table["geometry"].to_pylist()])
    frame = table.drop_columns(["geometry"]).to_pandas()
    return frame.assign(geometry=shapes)


def check_collections(run, source, dataset, expected):
    """`expected`: a frame with collection, time and geometry, a row a datapoint. Counts, availability and boxes."""
    told = {c["name"]: c for c in run("collections", dataset, "--source", source).lines()}
    groups = dict(list(expected.groupby("collection")))
    assert {name: c["datapoints"] for name, c in told.items()} == {name: len(rows) for name, rows in groups.items()}
    for name, rows in groups.items():
        assert (pd.Timestamp(told[name]["start"]), pd.Timestamp(told[name]["end"])) == (rows["time"].min(), rows["time"].max())
        box, bounds = np.array(told[name]["bbox"]), shapely.total_bounds(rows["geometry"].to_numpy())
        if bounds[0] < -180 or bounds[2] > 180:
            bounds[[0, 2]] = -180, 180
        if box[0] <= box[2]:  # great circles between the corners reach a little further to the poles
            assert (box[:2] <= bounds[:2]).all() and (bounds[2:] <= box[2:]).all()
            np.testing.assert_allclose(box, bounds, atol=0.3)
    (dataset_told,) = [d for d in run("datasets", "--source", source).lines() if d["dataset"] == dataset]
    assert dataset_told["datapoints"] == len(expected)


def check_random_days(run, source, dataset, times, count=5):
    """Days, some on the edges, counted by the program and by pandas."""
    days = pd.Series(times).dt.strftime("%Y-%m-%d")
    for day in [days.iloc[0], days.iloc[-1], *RNG.choice(days.unique(), count)]:
        told = run("search", dataset, "--source", source, "--datetime", day, "--count")
        assert int(told.out) == (days == day).sum(), day


def items_of(path):
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def item_frame(items, default="default"):
    """As geopandas reads the features."""
    frame = geopandas.GeoDataFrame.from_features(items)
    times = [i["properties"].get("datetime") or i["properties"]["start_datetime"] for i in items]
    return frame.assign(name=[i["id"] for i in items], collection=[i.get("collection", default) for i in items],
                        time=pd.to_datetime(times, format="ISO8601", utc=True))


def check_items_come_back(run, source, dataset, items, count=25):
    by_id = {i["id"]: i for i in items}
    chosen = RNG.choice(list(by_id), count, replace=False)
    assert [i for i in run("find", dataset, *chosen, "--source", source).lines()] == [by_id[name] for name in chosen]


# --- CSV ---

@pytest.mark.long
def test_a_million_cloud_tiles(run, ingest, source, files):
    """1,014,701 rows; boxes in Swiss metres, the hour of the overpass only in scene_id."""
    path = files / "swisseo-s2-cloud-tiles.csv.gz"
    ingest(path, "clouds", "--time", "strptime(scene_id, '%Y-%m-%dt%H%M%S')", "--geometry", "box(min_x, min_y, max_x, max_y)",
           "--crs", "EPSG:2056", added=1014701)
    rows = pd.read_csv(path)
    rows["time"] = pd.to_datetime(rows["scene_id"], format="%Y-%m-%dt%H%M%S", utc=True)
    keys = ["scene_id", "tile_row", "tile_col"]
    ours = whole(source, "clouds")
    assert not rows.duplicated(keys).any() and len(ours) == len(rows) == 1014701
    assert ours["time"].is_monotonic_increasing
    both = rows.merge(ours, on=keys, suffixes=("", "_ours"), validate="one_to_one")
    assert len(both) == len(rows)
    for name in ("date", "min_x", "min_y", "max_x", "max_y", "cloud_pct", "valid_pixel_pct", "time"):
        there = both[name + "_ours"]
        there = there.dt.strftime("%Y-%m-%d") if name == "date" and there.dtype != object else there
        assert (there == both[name]).all(), name
    some = both.sample(20000, random_state=1)
    true = geopandas.GeoSeries(shapely.box(*(some[c].to_numpy(float) for c in ("min_x", "min_y", "max_x", "max_y"))),
                               crs="EPSG:2056").segmentize(50).to_crs("EPSG:4326").to_numpy()
    far = shapely.hausdorff_distance(some["geometry"].to_numpy(), true)
    assert far.max() < 2e-5, far.max()
    check_collections(run, source, "clouds", ours.assign(collection="default"))
    check_random_days(run, source, "clouds", rows["time"])
    for low in (0, 12.5, 99.99):
        told = run("search", "clouds", "--source", source, "--filter", f"cloud_pct > {low} AND valid_pixel_pct < 50", "--count")
        assert int(told.out) == ((rows["cloud_pct"] > low) & (rows["valid_pixel_pct"] < 50)).sum()
    area = shapely.buffer(shapely.Point(8.5, 47.3), 0.2)
    told = run("search", "clouds", "--source", source, "--intersects", area.wkt, "--count")
    assert int(told.out) == shapely.intersects(area, ours["geometry"].to_numpy()).sum() > 0


@pytest.mark.long
def test_every_landsat_scene(run, ingest, source, files):
    path = files / "landsat8-c1-scene-index.csv.gz"
    ingest(path, "landsat", "--name", "product_id", "--collection-from", "level", added=167994)
    rows = pd.read_csv(path, parse_dates=["acquisition_date"])
    rows = rows.assign(time=rows["acquisition_date"].dt.tz_localize("UTC"), collection=rows["level"],
                       geometry=shapely.box(*(rows[c].to_numpy() for c in ("min_lon", "min_lat", "max_lon", "max_lat"))))
    ours = whole(source, "landsat")
    assert len(ours) == len(rows)
    both = rows.merge(ours, on="product_id", suffixes=("", "_ours"), validate="one_to_one")
    assert len(both) == len(rows)
    for name in ("collection", "time", "wrs_path", "wrs_row", "tier"):
        assert (both[name + "_ours"] == both[name]).all(), name
    np.testing.assert_array_equal(shapely.bounds(both["geometry_ours"].to_numpy()), shapely.bounds(both["geometry"].to_numpy()))
    check_collections(run, source, "landsat", rows)
    check_random_days(run, source, "landsat", rows["time"])
    frame = geopandas.GeoDataFrame(rows, crs="EPSG:4326")
    for w, s, e, n in ((10, 45, 12, 47), (-180, -20, -170, 0), (150, -40, 180, 10)):
        told = run("search", "landsat", "--source", source, f"--bbox={w},{s},{e},{n}", "--count")
        assert int(told.out) == len(frame.sindex.query(shapely.box(w, s, e, n), predicate="intersects"))


# --- items and features ---

@pytest.mark.slow
def test_every_tile_of_the_elevation_model(run, ingest, source, files):
    path = files / "copernicus-dem-30m-stac-items.ndjson.gz"
    ingest(path, "dem", added=26450)
    items = items_of(path)
    frame, ours = item_frame(items), whole(source, "dem")
    assert len(ours) == len(items) == frame["name"].nunique()
    both = frame.merge(ours, on="name", suffixes=("", "_ours"), validate="one_to_one")
    assert len(both) == len(items)
    assert shapely.equals_identical(both["geometry"].to_numpy(), both["geometry_ours"].to_numpy()).all()
    assert (both["time"] == both["time_ours"]).all() and (both["proj:epsg_ours"] == both["proj:epsg"]).all()
    check_collections(run, source, "dem", frame)
    check_items_come_back(run, source, "dem", items)
    told = run("search", "dem", "--source", source, "--bbox=5.9,45.8,10.5,47.8", "--count")
    assert int(told.out) == frame.intersects(shapely.box(5.9, 45.8, 10.5, 47.8)).sum()


def test_umbra_with_its_repeated_ids_and_heights(run, ingest, source, files):
    """2,309 items; the eleven that come again are equal to the first."""
    path = files / "umbra-open-data-stac-items.ndjson.gz"
    items = items_of(path)
    last = {(i["collection"], i["id"]): i for i in items}
    assert len(items) == 2309 and all(items[at] == before for at, before in repeated(items))
    ingest(path, "umbra", added=2298, same=11)
    frame, ours = item_frame(list(last.values())), whole(source, "umbra")
    assert len(ours) == len(last) == 2298
    both = frame.merge(ours, on=["name", "collection"], suffixes=("", "_ours"), validate="one_to_one")
    assert len(both) == 2298 and (both["time"] == both["time_ours"]).all()
    assert shapely.has_z(both["geometry_ours"].to_numpy()).all()
    assert shapely.equals_identical(both["geometry"].to_numpy(), both["geometry_ours"].to_numpy()).all()
    check_collections(run, source, "umbra", frame)
    check_random_days(run, source, "umbra", frame["time"])
    assert {(i["collection"], i["id"]): i for i in run("search", "umbra", "--source", source).lines()} == last


def repeated(items):
    """(position, the item of the same name before it) of each that comes again"""
    seen = {}
    for i, item in enumerate(items):
        key = (item["collection"], item["id"])
        if key in seen:
            yield i, seen[key]
        seen[key] = item


def test_answers_of_asf(run, ingest, source, files):
    folder = files / "asf-sentinel1-slc"
    frames = []
    for path in sorted(folder.glob("*.json.gz")):
        features = json.load(gzip.open(path))
        text = json.dumps({"type": "FeatureCollection", "features": features if isinstance(features, list) else features["features"]})
        frames.append(geopandas.read_file(io.StringIO(text)))
    rows = pd.concat(frames, ignore_index=True)
    rows = rows.assign(time=pd.to_datetime(rows["startTime"], format="ISO8601", utc=True), collection="default")
    last = rows.drop_duplicates("fileID", keep="last")
    assert len(rows) == 782
    ingest(folder, "asf", added=len(last), same=len(rows) - len(last))
    both = last.merge(whole(source, "asf"), on="fileID", suffixes=("", "_ours"), validate="one_to_one")
    assert len(both) == len(last)
    for name in ("orbit", "pathNumber", "frameNumber", "bytes", "md5sum", "polarization", "time"):
        assert (both[name + "_ours"] == both[name]).all(), name
    assert shapely.equals_identical(both["geometry"].to_numpy(), both["geometry_ours"].to_numpy()).all()
    check_collections(run, source, "asf", last)
    check_random_days(run, source, "asf", last["time"])
