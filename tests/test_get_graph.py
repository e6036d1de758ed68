"""Expressions, cloud masks, outlines and paint on the command line, with GDAL and numpy beside it."""
import json

import numpy as np
import pytest
from osgeo import gdal

gdal.UseExceptions()
BOX = "15.5,45.4,15.59,45.49"


def read(path):
    data = gdal.Open(str(path))
    bands = [data.GetRasterBand(i + 1) for i in range(data.RasterCount)]
    arrays = [np.ma.array(b.ReadAsArray(), mask=b.GetMaskBand().ReadAsArray() == 0) for b in bands]
    return arrays, [b.GetDescription() for b in bands]


@pytest.fixture
def scenes(shared):
    return shared / "data/imagery/sentinel2-l2a-33TWL-5dates"


SCENE = "S2A_33TWL_20230818_0_L2A"


def get(run, scenes, out, *options):
    run("get", scenes / SCENE, "--bbox=" + BOX, "-o", out, *options)
    return read(out / f"{SCENE}.tif")


def test_an_index_is_computed_of_the_bands_it_names_and_clouds_are_masked(run, scenes, tmp_path):
    (nir, red, scl), _ = get(run, scenes, tmp_path / "a", "--bands", "B08,B04,SCL")
    (ndvi, ratio), names = get(run, scenes, tmp_path / "b", "--mask-clouds", "--expression",
                               "ndvi=(B08-B04)/(B08+B04); ratio = B08 / B04")
    x, y = nir.data.astype(float), red.data.astype(float)
    masked = nir.mask | red.mask | scl.mask | np.isin(scl.data, [3, 8, 9, 10])
    assert names == ["ndvi", "ratio"] and ndvi.dtype == np.float32
    assert masked.any() and not masked.all() and np.array_equal(ndvi.mask, masked)
    assert np.array_equal(ndvi.data[~masked], ((x - y) / (x + y)).astype(np.float32)[~masked])
    assert np.array_equal(ratio.data[~masked], (x / y).astype(np.float32)[~masked])


def test_the_outline_lies_over_the_very_same_picture(run, scenes, tmp_path):
    show = ["--bands", "B08,B04,B03", "--unmask=-1", "--visualize", "min=0,max=5000,gamma=1.35", "--scale", "20"]
    plain, _ = get(run, scenes, tmp_path / "a", *show)
    drawn, names = get(run, scenes, tmp_path / "b", *show, "--outline", "blue,2")
    assert names == ["vis-red", "vis-green", "vis-blue"]
    line = (drawn[0].data == 0) & (drawn[1].data == 0) & (drawn[2].data == 255)
    for a, b in zip(plain, drawn):
        assert np.array_equal(a.data[~line], b.data[~line])
    # it touches all four sides, and no row or column of the frame is without it
    down, across = line.shape[0] // 2, line.shape[1] // 2
    assert line[2:-2, :across].any(1).all() and line[2:-2, across:].any(1).all()
    assert line[:down, 2:-2].any(0).all() and line[down:, 2:-2].any(0).all()
    assert line.mean() < 0.02


def test_paint_writes_numbers_and_a_property_that_is_not_there_paints_nothing(run, scenes, tmp_path):
    area = tmp_path / "area.json"
    area.write_text(json.dumps({"type": "Feature", "properties": {"class": 7}, "geometry": {
        "type": "Polygon", "coordinates": [[[15.52, 45.42], [15.56, 45.42], [15.56, 45.46], [15.52, 45.46], [15.52, 45.42]]]}}))
    plain, _ = get(run, scenes, tmp_path / "a", "--bands", "B04")
    filled, _ = get(run, scenes, tmp_path / "b", "--bands", "B04", "--paint", f"{area},color=class")
    inside = filled[0].data != plain[0].data
    assert np.unique(filled[0].data[inside]).tolist() == [7] and inside[inside.any(1)][:, inside.any(0)].mean() > 0.9
    nothing, _ = get(run, scenes, tmp_path / "c", "--bands", "B04", "--paint", f"{area},color=0000ffff,width=2")
    assert np.array_equal(nothing[0].data, plain[0].data)


def test_a_job_in_processes_and_its_receipts_know_of_it(run, scenes, tmp_path):
    options = ["--bbox=" + BOX, "--mask-clouds", "--expression", "ndvi=(B08-B04)/(B08+B04)"]
    for mode in ("async", "processes"):
        run("get", scenes, *options, "--mode", mode, "-o", tmp_path / mode)
    for path in (tmp_path / "async").iterdir():
        assert path.read_bytes() == (tmp_path / "processes" / path.name).read_bytes()
    assert "skipped" in run("get", scenes, *options, "-o", tmp_path / "async").out
    run("get", scenes, *options[:2], "--expression", "ndvi=(B08-B04)/(B08+B04+1)", "-o", tmp_path / "async",
        status=1)


@pytest.mark.parametrize("options, message", [
    (["--expression", "ndvi=(B08-"], "expression"), (["--expression", "x=B99"], "B99"),
    (["--bands", "B04", "--outline", "blue,wide"], "--outline blue,wide"),
    (["--bands", "B04", "--outline", "notacolour"], "notacolour"),
    (["--bands", "B04", "--paint", "nowhere.json"], "nowhere.json"),
])
def test_mistakes_are_told_before_anything_is_written(run, scenes, tmp_path, options, message):
    result = run("get", scenes / SCENE, "--bbox=" + BOX, "-o", tmp_path / "out", *options, status=None)
    assert result.status != 0 and message in result.out + result.err
    assert not list(tmp_path.rglob("*.tif"))


# --- composites ---

DATES = ["S2B_33TWL_20230810_0_L2A", "S2B_33TWL_20230813_0_L2A", "S2A_33TWL_20230815_0_L2A", "S2A_33TWL_20230818_0_L2A",
         "S2B_33TWL_20230820_0_L2A"]


@pytest.fixture
def seen(run, scenes, tmp_path):
    """What single dates look like, clouds masked: (dates, rows, columns) of two bands."""
    run("get", scenes, "--bbox=" + BOX, "--bands", "B08,B04", "--mask-clouds", "-o", tmp_path / "single")
    both = [read(tmp_path / "single" / f"{date}.tif")[0] for date in DATES]
    return np.ma.stack([b[0] for b in both]), np.ma.stack([b[1] for b in both])


def composite(run, scenes, out, *options):
    run("composite", scenes, "--bbox=" + BOX, "--mask-clouds", "-o", out, *options)
    return read(out / "composite.tif")


def test_a_median_is_that_of_what_was_seen(run, scenes, tmp_path, seen):
    (nir, red), names = composite(run, scenes, tmp_path / "out", "--bands", "B08,B04")
    assert names == ["B08", "B04"]
    for got, stack in ((nir, seen[0]), (red, seen[1])):
        assert np.array_equal(got.mask, stack.mask.all(0)) and not got.mask.all()
        assert np.array_equal(got.compressed(), np.ma.median(stack.astype(float), 0).astype(np.float32).compressed())


def test_count_mosaic_and_quality_mosaic(run, scenes, tmp_path, seen):
    nir, red = seen
    (count,), _ = composite(run, scenes, tmp_path / "a", "--bands", "B04", "--method", "count")
    assert np.array_equal(count.filled(0), red.count(0))
    (top,), _ = composite(run, scenes, tmp_path / "b", "--bands", "B04", "--method", "mosaic")
    last = np.argmin(red.mask[::-1], 0)[None]
    assert np.array_equal(top.compressed(), np.ma.array(np.take_along_axis(red.data[::-1], last, 0)[0],
                                                        mask=red.mask.all(0)).compressed())
    out, names = composite(run, scenes, tmp_path / "c", "--method", "quality", "--quality", "ndvi", "--expression",
                           "ndvi=(B08-B04)/(B08+B04); red=B04")
    x, y = nir.astype(float), red.astype(float)
    ndvi = ((x - y) / (x + y)).astype(np.float32)
    best = np.argmax(ndvi.filled(-9), 0)[None]
    assert names == ["ndvi", "red"]
    assert np.array_equal(out[0].compressed(), ndvi.max(0).compressed())
    assert np.array_equal(out[1].compressed(), np.ma.array(np.take_along_axis(red.data, best, 0)[0],
                                                           mask=ndvi.mask.all(0)).compressed())


def test_one_a_month_and_nothing_is_made_twice(run, scenes, tmp_path):
    options = ["composite", scenes, "--bbox=" + BOX, "--bands", "B04", "--by", "month", "-o", tmp_path / "out"]
    run(*options)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["2023-08.tif"]
    assert "skipped" in run(*options).out
    assert "--quality" in run("composite", scenes, "--bands", "B04", "--method", "quality", "-o", tmp_path, status=2).err
