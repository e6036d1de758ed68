"""Images cut into blocks come out byte by byte as those made in one piece, whatever the budget and the threads."""
import json
from pathlib import Path

import numpy
import pytest
from osgeo import gdal, osr

from small_scenes import item

gdal.UseExceptions()
SIDE = 900


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Three dates of two bands, 20 m and 40 m, with nodata that differs."""
    folder = tmp_path_factory.mktemp("blocks")
    system = osr.SpatialReference()
    system.ImportFromEPSG(32617)
    rng = numpy.random.default_rng(7)
    lines = []
    for date in range(3):
        assets = {}
        for band, (name, side) in enumerate((("B4", SIDE), ("B8", SIDE // 2))):
            path = folder / f"{date}_{name}.tif"
            data = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 1, gdal.GDT_UInt16, [
                "TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=64", "COMPRESS=DEFLATE", "PREDICTOR=2"])
            data.SetGeoTransform((335600, 20 * SIDE / side, 0, 934400, 0, -20 * SIDE / side))
            data.SetProjection(system.ExportToWkt())
            values = rng.integers(1, 60000, (side, side), numpy.uint16)
            values[rng.random((side, side)) < 0.1] = 0
            values[300 * date * side // SIDE + 50:, :side // 4] = 0
            data.GetRasterBand(1).WriteArray(values)
            data.GetRasterBand(1).SetNoDataValue(0)
            del data
            assets[name] = path.name
        lines.append({**item(f"date{date}", **assets), "properties": {"datetime": f"2024-01-0{date + 1}T15:59:00Z"}})
    (folder / "items.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "area.json").write_text(json.dumps({"type": "Polygon", "coordinates": [[
        [-82.49, 8.31], [-82.38, 8.33], [-82.41, 8.42], [-82.45, 8.38], [-82.49, 8.31]]]}))
    return folder


TWO = ["--bands", "B4,B8"]
CASES = {
    "bands": ["get", *TWO],
    "unmasked": ["get", *TWO, "--unmask=-1"],
    "a picture": ["get", "--bands", "B4,B8,B4", "--visualize", "min=0,max=50000,gamma=1.35"],
    "png": ["get", "--bands", "B4", "--visualize", "min=0,max=50000,palette=000:0f0:fff", "--format", "png"],
    "a cloud of overviews": ["get", *TWO, "--format", "cog"],
    "an area": ["get", *TWO, "--intersects", "area.json"],
    "finer": ["get", *TWO, "--scale", "11"],
    "coarser": ["get", *TWO, "--scale", "33", "--resampling", "average"],
    "another CRS": ["get", *TWO, "--crs", "EPSG:3857", "--scale", "20", "--resampling", "bilinear"],
    "cubic": ["get", *TWO, "--crs", "EPSG:4326", "--res", "0.0002", "--resampling", "cubic", "--format", "cog"],
    "neighbours": ["get", "--expression", "a=focal_median(B4,3)/3; b=focal_max(B8)-B4; c=sqrt(B4)"],
    "an outline": ["get", "--bands", "B4,B8,B4", "--bbox=-82.48,8.32,-82.39,8.41", "--unmask=-1", "--outline", "blue,2",
                   "--visualize", "min=0,max=50000,gamma=1.35"],
    "a graph": ["get", "--graph", 'Image.focal_median(Image.subtract(Image.select(image, "B8"), Image.select(image, "B4")), 2)'],
    "a graph on its own grids": ["get", *TWO, "--scale", "33", "--graph", 'Image.cat([Image.reduceResolution(image, '
                                 'Reducer.mean(), true), Image.resample(image), Image.focal_max(Image.reproject('
                                 'Image.resample(image, "bicubic"), "EPSG:3857", scale=90))])'],
    "a number of pixels": ["get", *TWO, "--intersects", "area.json", "--graph", "Image.subtract(image, Dictionary.toImage("
                           "Image.reduceRegion(image, Reducer.median(), area, 70)))"],
    "a median of graphs": ["composite", *TWO, "--graph", "Image.reproject(Image.focal_mean(image), \"EPSG:32617\", scale=60)"],
    "median": ["composite", *TWO],
    "median elsewhere": ["composite", *TWO, "--crs", "EPSG:3857", "--scale", "20", "--resampling", "bilinear"],
    "mosaic": ["composite", *TWO, "--method", "mosaic", "--intersects", "area.json"],
    "quality": ["composite", "--expression", "n=(B8-B4)/(B8+B4);r=B4", "--method", "quality", "--quality", "n"],
}


@pytest.mark.parametrize("case", CASES)
def test_blocks_change_no_byte(run, scenes, tmp_path, case):
    command, *options = CASES[case]
    made = {}
    for name, more in (("whole", ["--memory", "1000000000"]), ("small", ["--memory", "1048576", "--workers", "1"]),
                       ("middle", ["--memory", "3000000", "--workers", "3"])):
        out = tmp_path / name
        run(command, "items.ndjson", "-n", 3 if command == "composite" else 1, *options, *more, "-q", "-o", out, cwd=scenes)
        made[name] = {p.name: p.read_bytes() for p in out.iterdir()}
    assert made["whole"] and made["whole"] == made["small"] == made["middle"]


def test_a_block_that_cannot_be_read_fails_the_image_in_one_line(run, scenes, tmp_path):
    broken = tmp_path / "broken.tif"
    whole = (scenes / "0_B4.tif").read_bytes()
    broken.write_bytes(whole[:len(whole) // 2])
    done = run("get", broken, "--bands", "1", "--memory", "1048576", "-q", "-o", tmp_path / "out", status=None)
    assert done.status != 0 and "broken.tif" in done.err and not list(Path(tmp_path / "out").glob("*.tif*"))
