"""Other grids than the image's own, against gdalwarp on real scenes."""
import subprocess
from pathlib import Path

import numpy
import pytest
from osgeo import gdal, osr

gdal.UseExceptions()
TILE = "data/imagery/sentinel2-l2a-33TWL-5dates/S2A_33TWL_20230818_0_L2A/B04.tif"  # a slanted edge of nodata
ANTIMERIDIAN = "data/imagery/sentinel2-l2a-antimeridian-jp2/S2A_OPER_MSI_L2A_TL_2APS_20230602T025701_A041483_T01WCQ/B04.jp2"

# CRS, extent, size: pixels about as large as the source's, so that no kernel widens.
GRIDS = {
    "degrees": (TILE, "EPSG:4326", (14.9997, 45.0574, 16.4185, 46.0536), (923, 922)),
    "mercator": (TILE, "EPSG:3857", (1669763.58, 5630529.74, 1827829.68, 5788938.71), (922, 924)),
    "europe": (TILE, "EPSG:3035", (4708067.32, 2452465.98, 4824786.64, 2569424.97), (974, 976)),
    "polar": (TILE, "EPSG:3413", (4329389.38, -2561775.03, 4499026.81, -2392137.59), (1249, 1249)),
    "antimeridian": (ANTIMERIDIAN, "EPSG:4326", (178.4, 66.6, 180.9, 67.55), (903, 1050)),
    "antimeridian_mercator": (ANTIMERIDIAN, "EPSG:3857", (19860000, 10020000, 20130000, 10260000), (900, 800)),
}


def get(run, out, source, crs, extent, size, kernel, **more):
    done = run("get", source, "--crs", crs, "--extent", ",".join(map(repr, extent)), "--size", f"{size[0]}x{size[1]}",
               "--resampling", kernel, "-o", out, "-q", **more)
    return Path(done.json()["path"])


def warp(out, source, crs, extent, size, kernel, scale=1):
    """gdalwarp with PROJ for every pixel; told the factor by which kernels widen, which it would guess chunk by chunk."""
    subprocess.run(["gdalwarp", "-q", "-et", "0", "-t_srs", crs, "-te", *map(repr, extent), "-ts", *map(str, size), "-r",
                    {"nearest": "near"}.get(kernel, kernel), "-wo", f"XSCALE={scale}", "-wo", f"YSCALE={scale}",
                    str(source), str(out)], check=True, timeout=120, stderr=subprocess.DEVNULL)
    return out


def pixels(path):
    dataset = gdal.Open(str(path))
    return dataset.ReadAsArray().astype(numpy.int64)


def away_from_nodata(valid, by=4):
    """Along the array's own border the image may end, too; there GDAL 3.6's average weighs pixels more than once."""
    valid = numpy.pad(valid[1:-1, 1:-1], 1)
    for _ in range(by):
        grown = valid.copy()
        grown[1:] &= valid[:-1]
        grown[:-1] &= valid[1:]
        grown[:, 1:] &= valid[:, :-1]
        grown[:, :-1] &= valid[:, 1:]
        valid = grown
    return valid


@pytest.mark.slow  # gdalwarp with exact coordinates takes its time
@pytest.mark.parametrize("grid", GRIDS)
def test_pixels_are_gdalwarps(run, shared, tmp_path, grid):
    name, crs, extent, size = GRIDS[grid]
    source = shared / name
    for kernel in ("nearest", "bilinear", "cubic", "average"):
        ours = pixels(get(run, tmp_path / kernel, source, crs, extent, size, kernel))
        theirs = pixels(warp(tmp_path / f"{kernel}.tif", source, crs, extent, size, kernel))
        both = (ours != 0) & (theirs != 0)
        assert both.mean() > 0.3, "the grid misses the scene"
        if kernel == "nearest":
            assert (ours != theirs).mean() <= 0.001
            continue
        inside = away_from_nodata(both)
        assert numpy.abs(ours - theirs)[inside].max() <= 1, kernel
        # GDAL 3.6's average also fills pixels that lie beside the image entirely.
        assert ((ours != 0) ^ (theirs != 0)).mean() <= (0.003 if kernel == "average" else 0), kernel


def test_larger_pixels_widen_the_kernel_and_read_the_overview(run, shared, tmp_path):
    source = shared / TILE
    _, crs, extent, size = GRIDS["europe"]
    half = (size[0] // 2, size[1] // 2)
    plain = tmp_path / "plain.tif"  # without overviews: the kernel must do it all
    gdal.Translate(str(plain), str(source), creationOptions=["TILED=YES"])
    for kernel in ("bilinear", "cubic", "average"):
        ours = pixels(get(run, tmp_path / f"a{kernel}", plain, crs, extent, half, kernel))
        theirs = pixels(warp(tmp_path / f"a{kernel}.tif", plain, crs, extent, half, kernel, 0.5))
        assert numpy.abs(ours - theirs)[away_from_nodata((ours != 0) & (theirs != 0))].max() <= 1, kernel
    third = (size[0] // 3, size[1] // 3)
    ours = pixels(get(run, tmp_path / "overview", source, crs, extent, third, "average"))
    theirs = pixels(warp(tmp_path / "overview.tif", source, crs, extent, third, "average"))
    assert numpy.abs(ours - theirs)[away_from_nodata((ours != 0) & (theirs != 0))].max() <= 1


def lanczos_at(source, x, y, scale, fraction):
    """Of three lobes over 1 / scale pixels each, in places of the source's pixels; nan beside nodata."""
    def weights(off):
        at = (offsets - off) * scale
        return numpy.where(numpy.abs(at) < 3, numpy.sinc(at) * numpy.sinc(at / 3), 0)

    reach = int(numpy.ceil(3 / scale))
    offsets = numpy.arange(1 - reach, reach + 1)
    out = []
    for col, row in zip(x - 0.5, y - 0.5):
        first_col, first_row = int(numpy.floor(col)) + offsets[0], int(numpy.floor(row)) + offsets[0]
        window = source[first_row:first_row + 2 * reach, first_col:first_col + 2 * reach].astype(float)
        by = numpy.outer(weights(row % 1 * fraction), weights(col % 1 * fraction))
        out.append((by * window).sum() / by.sum() if window.size == by.size and (window != 0).all() else numpy.nan)
    return numpy.array(out)


def test_a_widened_lanczos_is_centred_where_gdalwarp_leaves_the_fraction_out(run, shared, tmp_path):
    plain = tmp_path / "plain.tif"
    gdal.Translate(str(plain), str(shared / TILE), creationOptions=["TILED=YES"])
    source = gdal.Open(str(plain))
    _, crs, extent, size = GRIDS["europe"]
    size = (size[0] // 2, size[1] // 2)
    ours = pixels(get(run, tmp_path / "ours", plain, crs, extent, size, "lanczos"))
    theirs = pixels(warp(tmp_path / "theirs.tif", plain, crs, extent, size, "lanczos", 0.5))
    rows, cols = numpy.nonzero(away_from_nodata((ours != 0) & (theirs != 0), 8))
    some = numpy.random.default_rng(1).choice(len(rows), 500, replace=False)
    rows, cols = rows[some], cols[some]
    systems = [osr.SpatialReference(), osr.SpatialReference()]
    for system, name in zip(systems, (crs, "EPSG:32633")):
        system.SetFromUserInput(name)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    there = numpy.array(osr.CoordinateTransformation(*systems).TransformPoints(numpy.column_stack(
        [extent[0] + (cols + 0.5) * (extent[2] - extent[0]) / size[0],
         extent[3] - (rows + 0.5) * (extent[3] - extent[1]) / size[1]])))
    x0, col_x, _, y0, _, row_y = source.GetGeoTransform()
    at = source.ReadAsArray(), (there[:, 0] - x0) / col_x, (there[:, 1] - y0) / row_y
    exact, shifted = (lanczos_at(*at, 0.5, fraction).clip(1, 65535) for fraction in (1, 0))  # 0 is nodata
    known = ~numpy.isnan(exact)
    assert known.sum() > 400
    assert numpy.abs(ours[rows, cols] - exact)[known].max() <= 1
    assert numpy.abs(theirs[rows, cols] - shifted)[known].max() <= 1
    assert numpy.abs(theirs[rows, cols] - exact)[known].mean() > 100  # half a pixel off, on average


def test_without_extent_the_grid_is_gdalwarps(run, shared, tmp_path):
    source = shared / TILE
    for crs in ("EPSG:4326", "EPSG:3035", "EPSG:3413"):
        done = run("get", source, "--crs", crs, "-o", tmp_path / crs[5:], "-q")
        ours, theirs = gdal.Open(done.json()["path"]), gdal.Warp("", str(source), format="VRT", dstSRS=crs)
        assert (ours.RasterXSize, ours.RasterYSize) == (theirs.RasterXSize, theirs.RasterYSize)
        assert ours.GetGeoTransform() == pytest.approx(theirs.GetGeoTransform(), rel=1e-9)


def test_blocks_threads_and_vectors_leave_the_same_bytes(run, shared, tmp_path):
    source = shared / TILE
    _, crs, extent, size = GRIDS["europe"]
    files = {get(run, tmp_path / f"{n}", source, crs, extent, size, "bilinear",
                 env={"DATATAKE_WORKERS": str(n)}).read_bytes() for n in (1, 2)}
    assert len(files) == 1


def test_a_box_is_the_same_pixels_for_every_image(run, shared, tmp_path):
    folder = (shared / TILE).parent.parent
    box = ("--bbox", "15.3,45.4,15.6,45.6", "--crs", "utm", "--scale", "100", "--resampling", "cubic", "--bands", "B04")
    done = run("get", folder, *box, "-o", tmp_path / "all", "-q")
    grids = set()
    for line in done.lines():
        dataset = gdal.Open(line["path"])
        grids.add((dataset.GetGeoTransform(), dataset.RasterXSize, dataset.RasterYSize))
        assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32633"
    (transform, width, height), = grids
    assert transform[0] % 100 == 0 and transform[3] % 100 == 0 and transform[1] == 100
    smaller = run("get", folder, "--bbox", "15.4,45.45,15.5,45.5", *box[2:], "-n", "1", "-o", tmp_path / "part", "-q")
    part = gdal.Open(smaller.lines()[0]["path"])
    whole = gdal.Open(str(next(p for p in (tmp_path / "all").iterdir() if p.name == Path(smaller.lines()[0]["path"]).name)))
    col = round((part.GetGeoTransform()[0] - transform[0]) / 100)
    row = round((transform[3] - part.GetGeoTransform()[3]) / 100)
    cut = whole.ReadAsArray(col, row, part.RasterXSize, part.RasterYSize)
    assert (cut == part.ReadAsArray()).all()


def test_what_contradicts_itself_is_told_at_once(run, shared, tmp_path):
    source = shared / TILE
    for words, told in ((["--res", "0"], "--res"), (["--size", "10"], "--size"), (["--extent", "1,2,3"], "--extent"),
                        (["--res", "10", "--scale", "10"], "exclude"), (["--size", "5x5", "--align"], "exclude"),
                        (["--extent", "5,0,4,1"], "XMIN"), (["--resampling", "gauss"], "lanczos")):
        assert told in run("get", source, *words, "-o", tmp_path, status=2).err
    assert "EPSG:1" in run("get", source, "--crs", "EPSG:1", "-o", tmp_path, status=None).err
