"""`get --graph`: the pixels by a graph of functions, with numpy and GDAL beside it."""
import json
import resource

import numpy as np
import pytest
from osgeo import gdal, osr

from conftest import SLOW
from test_graph_bad import BAD

gdal.UseExceptions()
COLS, ROWS, STEP, X, Y = 240, 200, 10, 500000, 5000000


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """(path, masked array) of one band: 10 m in UTM 33."""
    path = tmp_path_factory.mktemp("graph") / "scene.tif"
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    rng = np.random.default_rng(11)
    values = rng.integers(1, 10000, (ROWS, COLS), np.uint16)
    values[rng.random((ROWS, COLS)) < 0.2] = 0
    data = gdal.GetDriverByName("GTiff").Create(str(path), COLS, ROWS, 1, gdal.GDT_UInt16,
                                                ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"])
    data.SetGeoTransform((X, STEP, 0, Y, 0, -STEP))
    data.SetProjection(system.ExportToWkt())
    data.GetRasterBand(1).WriteArray(values)
    data.GetRasterBand(1).SetNoDataValue(0)
    data.GetRasterBand(1).SetDescription("red")
    del data
    return path, np.ma.masked_equal(values, 0)


def get(run, scene, out, graph, *options):
    run("get", scene[0], "--graph", graph, "-q", "-o", out, *options)
    data = gdal.Open(str(out / "scene.tif"))
    bands = [data.GetRasterBand(i + 1) for i in range(data.RasterCount)]
    return ([np.ma.array(b.ReadAsArray(), mask=b.GetMaskBand().ReadAsArray() == 0) for b in bands],
            [b.GetDescription() for b in bands])


def same(got, expected, exact=True):
    assert np.array_equal(np.ma.getmaskarray(got), np.ma.getmaskarray(expected))
    a, b = got.compressed().astype(float), np.ma.asarray(expected).compressed().astype(float)
    assert np.array_equal(a, b) if exact else np.allclose(a, b, rtol=1e-6)


def test_a_graph_from_a_file_is_what_the_expression_is(run, scene, tmp_path):
    text = tmp_path / "index.graph"
    text.write_text("# twice the band, less a number\nred = Image.select(image, \"red\");\n"
                    "Image.rename(Image.subtract(Image.multiply(red, 2), 100), \"index\")\n")
    (by_graph,), names = get(run, scene, tmp_path / "a", text)
    run("get", scene[0], "--expression", "index=red*2-100", "-q", "-o", tmp_path / "b")
    expression = gdal.Open(str(tmp_path / "b/scene.tif")).ReadAsArray()
    assert names == ["index"] and by_graph.dtype == expression.dtype
    same(by_graph, scene[1].astype(np.int32) * 2 - 100)
    assert np.array_equal(by_graph.data, expression)


def test_what_comes_after_the_graph_goes_to_work_on_its_result(run, scene, tmp_path):
    (picture, *_), names = get(run, scene, tmp_path, "Image.divide(image, 100)", "--unmask", "0", "--visualize", "max=50",
                               "--palette", "000:fff")
    assert names == ["vis-red", "vis-green", "vis-blue"]
    at = np.clip(scene[1].filled(0) / 100 / 50, 0, 1)
    assert np.abs(picture.data - np.floor(255 * at + 0.5)).max() <= 1 and not picture.mask.any()


def test_reduce_resolution_takes_the_files_own_pixels(run, scene, tmp_path):
    (mean, count), names = get(run, scene, tmp_path, "Image.reduceResolution(image, Reducer.combine(Reducer.mean(), "
                               "Reducer.count(), \"\", true))", "--scale", "40")
    assert names == ["red_mean", "red_count"]
    blocks = scene[1].astype(float).reshape(ROWS // 4, 4, COLS // 4, 4)
    same(mean, blocks.mean((1, 3)).astype(np.float32), exact=False)
    same(count, blocks.count((1, 3)))


def test_resample_is_the_bilinear_kernel(run, scene, tmp_path):
    (got,), _ = get(run, scene, tmp_path / "a", "Image.resample(image)", "--scale", "7")
    run("get", scene[0], "--resampling", "bilinear", "--scale", "7", "-q", "-o", tmp_path / "b")
    kernel = np.ma.masked_equal(gdal.Open(str(tmp_path / "b/scene.tif")).ReadAsArray(), 0)
    assert np.array_equal(got.mask, kernel.mask) and np.abs(got - kernel).max() <= 0.51


def test_reproject_is_computed_on_its_own_grid(run, scene, tmp_path):
    (got,), _ = get(run, scene, tmp_path, "Image.reproject(Image.focal_max(image, 1, \"square\"), \"EPSG:32633\", "
                    "[50, 0, 500000, 0, -50, 5000000])")
    at = scene[1][2::5, 2::5].filled(0)
    around = np.pad(at, 1)
    most = np.max([around[r:r + at.shape[0], c:c + at.shape[1]] for r in range(3) for c in range(3)], axis=0)
    same(got, np.ma.masked_equal(np.repeat(np.repeat(most, 5, 0), 5, 1), 0))


def test_a_number_made_of_all_pixels(run, scene, tmp_path):
    (got,), _ = get(run, scene, tmp_path, "Image.subtract(image, Dictionary.toImage(Image.reduceRegion(image, Reducer.mean())))")
    expected = scene[1].astype(float) - scene[1].mean()
    assert np.array_equal(got.mask, expected.mask) and np.abs(got - expected).max() < 1e-6


def test_the_area_has_a_name(run, scene, tmp_path):
    # a corner of the scene: clipped inside of what is written, counted over what lies in it
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    degrees = osr.SpatialReference()
    degrees.ImportFromEPSG(4326)
    degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    there = osr.CoordinateTransformation(system, degrees)
    ring = [list(there.TransformPoint(X + c * STEP, Y - r * STEP)[:2]) for c, r in
            ((20.2, 30.3), (120.2, 30.3), (120.2, 90.3), (20.2, 90.3), (20.2, 30.3))]
    area = json.dumps({"type": "Polygon", "coordinates": [ring]})
    (mine, count), names = get(run, scene, tmp_path, "Image.addBands(Image.clip(image, area), Image.constant(Dictionary.get("
                               "Image.reduceRegion(image, Reducer.count(), area), \"red\")))", "--intersects", area)
    inside = scene[1][30:90, 20:120]
    assert mine.shape == inside.shape and names == ["red", "constant"]
    same(mine, inside)
    assert count.max() == inside.count()


def test_the_modes_and_redo_make_the_same_file(run, scene, tmp_path):
    graph = "Image.subtract(Image.resample(image), Dictionary.toImage(Image.reduceRegion(image, Reducer.minMax())))"
    graph = "Image.subtract(Image.resample(image), Dictionary.get(Image.reduceRegion(image, Reducer.max()), \"red\"))"
    made = []
    for mode in ("async", "sequential", "processes"):
        get(run, scene, tmp_path / mode, graph, "--mode", mode, "--scale", "7")
        made.append((tmp_path / mode / "scene.tif").read_bytes())
    assert made[0] == made[1] == made[2]
    run("redo", tmp_path / "async/scene.tif", "-o", tmp_path / "again.tif")
    assert (tmp_path / "again.tif").read_bytes() == made[0]
    assert "skipped" in run("get", scene[0], "--graph", graph, "--scale", "7", "-o", tmp_path / "async").out


def test_explain_reads_no_pixels(run, scene, tmp_path):
    done = run("get", scene[0], "--graph", "Image.reproject(image, \"EPSG:3857\", scale=90)", "--explain", "-o", tmp_path / "x")
    assert done.status == 0 and not (tmp_path / "x").exists()


def test_bands_of_items_are_those_that_the_graph_selects(run, tmp_path, scene):
    rows = {"type": "Feature", "stac_version": "1.0.0", "id": "one", "properties": {"datetime": "2024-01-01T00:00:00Z"},
            "geometry": None, "bbox": None, "links": [],
            "assets": {key: {"href": str(scene[0]), "type": "image/tiff; application=geotiff", "roles": ["data"]}
                       for key in ("B4", "B8", "B11")}}
    (tmp_path / "one.json").write_text(json.dumps(rows))
    graphs = {'Image.add(Image.select(image, "B4"), Image.select(image, ["B8"]))': "B4",
              'Image.normalizedDifference(image, ["B8", "B4"])': "nd",
              'Image.parseExpression("B8 * 2 + b(\'B4\')", "image", ["image"], true)(image=image)': "B8"}
    for at, (graph, name) in enumerate(graphs.items()):
        run("get", "one.json", "--graph", graph, "-q", "-o", tmp_path / str(at), cwd=tmp_path)
        assert gdal.Open(str(tmp_path / str(at) / "one.tif")).GetRasterBand(1).GetDescription() == name
    missing = run("get", "one.json", "--graph", "Image.clip(image, area)", "--bbox", "14,45,16,46", "-o", tmp_path / "no",
                  cwd=tmp_path, status=None)
    assert missing.status == 2 and "--bands" in missing.err


@pytest.mark.parametrize("what", BAD)
def test_bad_graphs_end_before_anything_is_read(run, scene, tmp_path, what):
    graph, words = BAD[what]
    if what == "a band that one image lacks":
        pytest.skip("there is one image")
    text = tmp_path / "bad.graph"
    text.write_text(graph.replace('Image.load("a")', "image"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run("get", scene[0], "--graph", text, "-o", tmp_path / "out", status=2)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = done.err.splitlines()
    if what == "a wrong type":  # which only the image can tell: it is told with its name, beside the job's own lines
        lines = [line for line in lines if line.startswith("datatake: scene: ")]
    assert len(lines) == 1 and len(lines[0]) < 600
    assert lines[0].startswith("datatake: --graph") or what == "a wrong type"
    column = [w for w in words if "column" not in w]  # `image` is shorter than Image.load("a")
    assert all(word in done.err.replace(",", "") or word in done.err for word in column), done.err
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3 * SLOW  # test_graph_bad.py: 1
    assert not list(tmp_path.rglob("*.tif"))


@pytest.mark.parametrize("options, words", [
    (["--graph", "image"], "read the graph"), (["--graph", "Image.add(image, 1)", "--expression", "red*2"], "exclude"),
    (["--graph", "Image.add(image, 1)", "--raw", "--assets", "x"], "--raw"),
    (["--graph", "Image.clip(image, area)"], "'area' is not defined"),
    (["--graph", "Image.select(image, \"blue\")"], "blue"),
    (["--graph", "Image.reproject(image, \"EPSG:1\")"], "Image.reproject"),
    (["--graph", "Image.reduceRegion(image, Reducer.mean())"], "Dictionary"),
    (["--graph", "Image.constant(Dictionary.get(Image.reduceRegion(image, Reducer.mean()), \"z\"))"], "no key 'z'"),
    (["--graph", "Image.resample(image, \"best\")"], "Image.resample"),
])
def test_mistakes_are_told(run, scene, tmp_path, options, words):
    done = run("get", scene[0], "-o", tmp_path / "out", *options, status=None)
    assert done.status != 0 and words in done.err
    assert not list(tmp_path.rglob("*.tif"))
