"""`datatake get` on the real Sentinel-2 scenes: pixels, colours, requests, and three modes that agree.

The oracles are GDAL (gdal_translate -srcwin) and Earth Engine's formula in numpy.
"""
import hashlib
import json
import shutil

import numpy
import pytest
from osgeo import gdal, osr

from small_scenes import pixels

gdal.UseExceptions()

SCENES = "data/imagery/sentinel2-l2a-33TWL-5dates"
BANDS = ["B08", "B04", "B03"]          # what B8, B4, B3 find
BBOX = (15.3, 45.3, 15.8, 45.7)
VISUALIZE = "min=0,max=5000,gamma=1.35"


@pytest.fixture(scope="session")
def scenes(shared):
    return shared / SCENES


@pytest.fixture(scope="session")
def dates(scenes):
    """The five scenes' folders by item id."""
    found = {f.name: f for f in scenes.iterdir() if f.is_dir()}
    assert len(found) == 5
    return found


def bbox_text(box=BBOX):
    return ",".join(map(str, box))


def read(path):
    dataset = gdal.Open(str(path))
    return dataset.ReadAsArray(), dataset.GetGeoTransform(), dataset.GetProjection()


def window_of(cut_transform, source_transform, shape):
    """Where a cut without scaling lies in its source: (col, row, width, height), whole pixels."""
    assert cut_transform[1] == source_transform[1] and cut_transform[5] == source_transform[5]
    col = (cut_transform[0] - source_transform[0]) / source_transform[1]
    row = (cut_transform[3] - source_transform[3]) / source_transform[5]
    assert abs(col - round(col)) < 1e-6 and abs(row - round(row)) < 1e-6
    return round(col), round(row), shape[-1], shape[-2]


def srcwin(source, window):
    """The pixels that gdal_translate -srcwin writes."""
    cut = gdal.Translate("", gdal.Open(str(source)), format="MEM", srcWin=list(window))
    return cut.ReadAsArray()


def source_band(folder, band):
    return folder / f"{band}.tif"


def centres_inside(source, box):
    """The window of pixels whose centre lies inside the box, found by transforming every pixel's centre."""
    dataset = gdal.Open(str(source))
    x0, dx, _, y0, _, dy = dataset.GetGeoTransform()
    utm, lonlat = osr.SpatialReference(), osr.SpatialReference()
    utm.ImportFromWkt(dataset.GetProjection())
    lonlat.ImportFromEPSG(4326)
    lonlat.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    utm.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    to_lonlat = osr.CoordinateTransformation(utm, lonlat)
    west, south, east, north = box
    cols, rows = set(), set()
    for row in range(dataset.RasterYSize):
        points = [(x0 + dx * (col + 0.5), y0 + dy * (row + 0.5)) for col in range(dataset.RasterXSize)]
        for col, (lon, lat, _) in enumerate(to_lonlat.TransformPoints(points)):
            if west < lon < east and south < lat < north:
                cols.add(col)
                rows.add(row)
    return min(cols), min(rows), max(cols) - min(cols) + 1, max(rows) - min(rows) + 1


def visualised(values, low, high, gamma):
    """Earth Engine's visualize, rounded half up."""
    t = numpy.clip((values.astype(numpy.float64) - low) / (high - low), 0, 1)
    return numpy.floor(255 * t ** (1 / gamma) + 0.5).astype(numpy.uint8)


def sha256_of(folder):
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def test_windows_are_the_pixels_of_gdal_translate(run, scenes, dates, tmp_path):
    run("get", scenes, "--bbox", bbox_text(), "--bands", "B8,B4,B3", "-o", "out")
    outputs = sorted((tmp_path / "out").glob("*.tif"))
    assert [p.stem for p in outputs] == sorted(dates)
    for path in outputs:
        pixels, transform, projection = read(path)
        assert pixels.shape[0] == 3 and pixels.dtype == numpy.uint16
        for i, band in enumerate(BANDS):
            source = source_band(dates[path.stem], band)
            _, source_transform, source_projection = read(source)
            window = window_of(transform, source_transform, pixels.shape)
            assert (pixels[i] == srcwin(source, window)).all(), (path, band)
            assert osr.SpatialReference(projection).IsSame(osr.SpatialReference(source_projection))


def test_the_window_holds_the_pixels_whose_centre_is_inside_the_box(run, scenes, dates, tmp_path):
    run("get", scenes, "--bbox", bbox_text(), "--bands", "B04", "-n", "1", "-o", "out")
    path = next((tmp_path / "out").glob("*.tif"))
    source = source_band(dates[path.stem], "B04")
    pixels, transform, _ = read(path)
    assert window_of(transform, read(source)[1], pixels.shape) == centres_inside(source, BBOX)


def test_visualised_values_are_earth_engines_formula(run, scenes, dates, tmp_path):
    run("get", scenes, "--bbox", bbox_text(), "--bands", "B8,B4,B3", "--visualize", VISUALIZE, "-o", "out")
    outputs = sorted((tmp_path / "out").glob("*.tif"))
    assert len(outputs) == 5
    for path in outputs:
        pixels, transform, _ = read(path)
        assert pixels.dtype == numpy.uint8 and pixels.shape[0] >= 3
        sources = [source_band(dates[path.stem], band) for band in BANDS]
        window = window_of(transform, read(sources[0])[1], pixels.shape)
        values = numpy.stack([srcwin(source, window) for source in sources])
        valid = (values != 0).all(axis=0)     # nodata 0 in any used band masks the pixel
        expected = visualised(values, 0, 5000, 1.35)
        assert (pixels[:3, valid] == expected[:, valid]).all(), path
        assert (pixels[:3, ~valid] == 0).all(), path


def test_nodata_is_masked_in_the_coloured_picture(run, scenes, dates, tmp_path):
    """One of the five dates has a slanted swath edge; its emptiness must be masked, not black ground."""
    run("get", scenes, "--bands", "B8,B4,B3", "--visualize", VISUALIZE, "-o", "out")
    partly = 0
    for path in (tmp_path / "out").glob("*.tif"):
        values = numpy.stack([read(source_band(dates[path.stem], band))[0] for band in BANDS])
        valid = (values != 0).all(axis=0)
        dataset = gdal.Open(str(path))   # kept: a band does not keep its dataset
        mask = dataset.GetRasterBand(1).GetMaskBand().ReadAsArray() != 0
        assert (mask == valid).all(), path
        partly += bool(valid.any() and not valid.all())
    assert partly >= 1


def test_over_http_the_files_are_the_same_with_one_header_request_each(run, serve, scenes, tmp_path):
    arguments = ["--bbox", bbox_text(), "--bands", "B8,B4,B3", "--visualize", VISUALIZE]
    run("get", scenes, *arguments, "-o", "local")
    server = serve(scenes)
    items = [server.href(p.relative_to(scenes).as_posix()) for p in sorted(scenes.glob("*/*.json"))]
    run("get", *items, *arguments, "-o", "remote", timeout_s=120)
    local, remote = ({p.name: pixels(p) for p in (tmp_path / way).iterdir()} for way in ("local", "remote"))
    assert len(local) == 5 and remote == local

    rasters = [r for r in server.requests() if r["path"].endswith(".tif")]
    assert {r["method"] for r in rasters} == {"GET"}
    headers = [r for r in rasters if (r["range"] or "").startswith("bytes=0-")]
    paths = {r["path"] for r in rasters}
    assert len(paths) == 15
    assert len(headers) <= 15


def test_three_modes_give_the_same_files(run, serve, scenes, tmp_path):
    server = serve(scenes)
    items = [server.href(p.relative_to(scenes).as_posix()) for p in sorted(scenes.glob("*/*.json"))]
    arguments = ["--bbox", bbox_text(), "--bands", "B8,B4,B3", "--visualize", VISUALIZE]
    seen = {}
    for mode in ("sequential", "async", "processes"):
        run("get", *items, *arguments, "--mode", mode, "-o", mode, timeout_s=120)
        seen[mode] = sha256_of(tmp_path / mode)
    assert len(seen["async"]) == 5
    assert seen["sequential"] == seen["async"] == seen["processes"]


def test_compare_says_that_the_modes_agree(run, scenes, tmp_path):
    ran = run("compare", scenes, "--bbox", bbox_text(), "--bands", "B8,B4,B3", "--visualize", VISUALIZE,
              "-o", "out", "--json", "--plot", "plot.svg", timeout_s=180)
    report = ran.json()
    assert report["identical"] is True
    assert (tmp_path / "plot.svg").read_text().lstrip().startswith("<")
    folders = [sha256_of(tmp_path / "out" / mode) for mode in ("sequential", "async", "processes")]
    assert len(folders[0]) == 5 and folders[0] == folders[1] == folders[2]


def tile_runs(path, window, tile):
    """Runs of touching tiles that a window needs: what lies without a gap in the file is one request."""
    dataset = gdal.Open(str(path))   # kept: a band does not keep its dataset
    band = dataset.GetRasterBand(1)
    col, row, width, height = window
    spans = []
    for y in range(row // tile, (row + height - 1) // tile + 1):
        for x in range(col // tile, (col + width - 1) // tile + 1):
            start = int(band.GetMetadataItem(f"BLOCK_OFFSET_{x}_{y}", "TIFF"))
            spans.append((start, start + int(band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF"))))
    spans.sort()
    # A COG from GDAL has four bytes before and after each tile; within them two tiles touch.
    return 1 + sum(1 for a, b in zip(spans, spans[1:]) if b[0] - a[1] > 8)


@pytest.fixture(scope="session")
def many_runs(scenes, tmp_path_factory):
    """Sixteen files of 2745 x 2745 px in tiles of 128: a window of 1200 px takes 10 or 11 runs of each, far more
    runs altogether than the 64 connections."""
    folder = tmp_path_factory.mktemp("many")
    source = gdal.Open(str(scenes / "S2A_33TWL_20230815_0_L2A/B04.tif"))
    first = folder / "00.tif"
    gdal.Translate(str(first), source, format="COG", width=2745, height=2745,
                   creationOptions=["BLOCKSIZE=128", "COMPRESS=DEFLATE", "PREDICTOR=2", "NUM_THREADS=ALL_CPUS"])
    for i in range(1, 16):
        shutil.copy(first, folder / f"{i:02}.tif")
    return folder


def test_requests_are_at_most_five_percent_over_the_least(run, serve, many_runs, tmp_path):
    server = serve(many_runs)
    hrefs = [server.href(p.name) for p in sorted(many_runs.glob("*.tif"))]
    run("get", *hrefs, "--bbox", bbox_text((15.2, 45.3, 15.8, 45.7)), "-o", "out", timeout_s=120)
    outputs = sorted((tmp_path / "out").glob("*.tif"))
    assert len(outputs) == 16
    pixels, transform, _ = read(outputs[0])
    source = many_runs / "00.tif"
    window = window_of(transform, read(source)[1], pixels.shape)
    assert (pixels == srcwin(source, window)).all()

    runs = tile_runs(source, window, 128)
    least = 16 * (1 + runs)
    assert 16 * runs > 64, "not more runs than connections: the test shows nothing"
    requests = server.requests()
    assert len(requests) <= 1.05 * least, f"{len(requests)} requests, least {least}"
    headers = [r for r in requests if (r["range"] or "").startswith("bytes=0-")]
    assert len(headers) <= 16


def test_explain_prints_the_plan_and_fetches_no_pixels(run, serve, many_runs, tmp_path):
    server = serve(many_runs)
    ran = run("get", server.href("00.tif"), server.href("01.tif"), "--bbox", bbox_text(), "--explain", "-o", "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert len(server.requests()) == 2, server.requests()
    plan = ran.out + ran.err
    for word in ("round trip", "range", "byte"):
        assert word in plan or word.rstrip("s") in json.dumps(plan), plan
