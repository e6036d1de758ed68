"""Slopes, aspects and shadings beside GDAL, and beside lengths on the ellipsoid."""
import numpy as np
import pytest
from osgeo import gdal
from pyproj import Geod, Transformer

from evaluator import UTM, GraphError, evaluate

gdal.UseExceptions()
SHAPE = (40, 50)


@pytest.fixture
def hills():
    rows, cols = np.indices(SHAPE)
    z = 800 + 60 * np.sin(cols / 7) * np.cos(rows / 5) + 0.8 * cols + 3 * np.sin(rows * cols / 40)
    return np.ma.array(z.astype(np.float32), mask=(rows - 20) ** 2 + (cols - 10) ** 2 < 6)


def terrain(name, z, grid=UTM, **named):
    return evaluate(f'Terrain.{name}(Image.load("a"))' if "(" not in name else f"Terrain.{name}", {"a": {"z": z}}, grid=grid, **named)


def by_gdal(processing, z, grid=UTM, **options):
    source = gdal.GetDriverByName("MEM").Create("", z.shape[1], z.shape[0], 1, gdal.GDT_Float32)
    source.SetGeoTransform(grid[1])
    source.GetRasterBand(1).SetNoDataValue(-1)
    source.GetRasterBand(1).WriteArray(z.filled(-1))
    out = gdal.DEMProcessing("", source, processing, format="MEM", alg="ZevenbergenThorne", **options)
    return np.ma.masked_equal(out.ReadAsArray(), out.GetRasterBand(1).GetNoDataValue())


def inner(z):
    """Where the pixel and its four neighbours are there."""
    hole = np.pad(np.ma.getmaskarray(z), 1, constant_values=True)
    return ~(hole[1:-1, 1:-1] | hole[:-2, 1:-1] | hole[2:, 1:-1] | hole[1:-1, :-2] | hole[1:-1, 2:])


@pytest.mark.parametrize("block", [13, 256])
def test_slope_and_aspect_are_gdals_with_four_neighbours(hills, block):
    """Terrain.slope( Terrain.aspect("""
    there = inner(hills)
    for name, close in (("slope", 0.02), ("aspect", 0.05)):
        out, expected = terrain(name, hills, block=block)[name], by_gdal(name, hills)
        assert np.array_equal(~np.ma.getmaskarray(out), there)
        both = there & ~np.ma.getmaskarray(expected)  # GDAL wants all eight
        apart = np.abs((out - expected)[both])
        assert both.sum() > 1700 and np.minimum(apart, 360 - apart).max() < close  # the grid's scale is 0.9996 there


@pytest.mark.parametrize("azimuth, height", [(270, 45), (315, 30), (90, 70)])
def test_hillshade_is_gdals_on_a_scale_from_0(hills, azimuth, height):
    """Terrain.hillshade("""
    out = terrain(f'hillshade(Image.load("a"), {azimuth}, {height})', hills)["hillshade"]
    expected = by_gdal("hillshade", hills, azimuth=azimuth, altitude=height)
    assert out.dtype == np.uint8 and out.max() <= 255
    both = inner(hills) & ~np.ma.getmaskarray(expected)
    apart = np.abs(out.astype(float) - (expected.astype(float) - 1) * 255 / 254)[both]
    assert both.sum() > 1700 and apart.max() <= 1.6  # theirs are bytes, too


@pytest.mark.parametrize("grid", [("EPSG:4326", (15.0, .002, 0, 46.0, 0, -.001)), ("EPSG:3857", (1700000., 30., 0, 5800000., 0, -30.))])
def test_distances_are_those_on_the_ground(hills, grid):
    out = terrain("slope", hills, grid)["slope"]
    x0, dx, _, y0, _, dy = grid[1]
    transform, geod = Transformer.from_crs(grid[0], "EPSG:4326", always_xy=True), Geod(ellps="WGS84")
    r, c = 30, 30
    point = lambda row, col: transform.transform(x0 + dx * (col + .5), y0 + dy * (row + .5))  # noqa: E731
    east = (float(hills[r, c + 1]) - float(hills[r, c - 1])) / geod.inv(*point(r, c - 1), *point(r, c + 1))[2]
    south = (float(hills[r + 1, c]) - float(hills[r - 1, c])) / geod.inv(*point(r - 1, c), *point(r + 1, c))[2]
    assert out[r, c] == pytest.approx(np.degrees(np.arctan(np.hypot(east, south))), rel=1e-5)


@pytest.mark.parametrize("towards, degrees", [((0, -1), 0), ((1, 0), 90), ((0, 1), 180), ((-1, 0), 270), ((0, 0), 0)])
def test_aspects_are_where_it_goes_down(towards, degrees):
    rows, cols = np.indices(SHAPE)
    out = terrain("aspect", np.ma.array((500 - towards[0] * cols - towards[1] * rows).astype(np.int16)))["aspect"]
    apart = abs(float(out[20, 25]) - degrees)
    assert min(apart, 360 - apart) < 0.01


def test_products_are_the_image_and_three_bands(hills):
    """Terrain.products("""
    graph = 'Terrain.products(Image.load("a"))'
    out = evaluate(graph, {"a": {"elevation": hills, "other": hills}})
    assert list(out) == ["elevation", "other", "slope", "aspect", "hillshade"]
    for name in ("slope", "aspect", "hillshade"):
        assert np.ma.allequal(out[name], terrain(name, hills)[name])
    with pytest.raises(GraphError, match="no band 'elevation' in a; there is x, y"):
        evaluate(graph, {"a": {"x": hills, "y": hills}})
