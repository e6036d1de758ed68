"""Functions of the graph that move pixels from one grid to another, and those that gather many, against numpy and
GDAL."""
import numpy as np
import pytest
from osgeo import gdal, osr

from evaluator import UTM, GraphError, evaluate
from graph_data import SHAPE, band, check, one, rng  # noqa: F401

LOAD = 'Image.load("a")'
osr.UseExceptions()


def system(name):
    out = osr.SpatialReference()
    out.SetFromUserInput(name)
    out.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return out


def transform(source, target, x, y):
    there = osr.CoordinateTransformation(system(source), system(target))
    return np.array(there.TransformPoints(np.column_stack([x, y])))[:, :2].T


def raster(array, grid):
    out = gdal.GetDriverByName("MEM").Create("", array.shape[1], array.shape[0], 1, gdal.GDT_Float32)
    out.SetProjection(system(grid[0]).ExportToWkt())
    out.SetGeoTransform(grid[1])
    out.GetRasterBand(1).WriteArray(array)
    return out


def finer(metres, cols=0, rows=0):
    """The images' grid with other pixels, its corner moved."""
    return "EPSG:32633", (500000.0 + cols, metres, 0.0, 5000000.0 - rows, 0.0, -metres)


def centres(grid, shape):
    _, (x0, col_x, _, y0, _, row_y) = grid
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    return x0 + cols * col_x, y0 + rows * row_y


def picked(a, x, y):
    """The pixels of `a`, on UTM, at these places."""
    cols, rows = np.floor((x - 500000) / 10).astype(int), np.floor((5000000 - y) / 10).astype(int)
    inside = (cols >= 0) & (rows >= 0) & (cols < a.shape[1]) & (rows < a.shape[0])
    cols, rows = np.where(inside, cols, 0), np.where(inside, rows, 0)
    return np.ma.array(np.ma.getdata(a)[rows, cols], mask=np.ma.getmaskarray(a)[rows, cols] | ~inside)


def test_a_reprojection_to_the_grid_that_is_asked_for_changes_nothing(rng):
    a = band(rng, np.uint16)
    got = one(f'Image.reproject({LOAD}, "EPSG:32633", [10, 0, 500000, 0, -10, 5000000])', a={"x": a})
    assert got.dtype == np.uint16
    check(got, a)


@pytest.mark.parametrize("scale", [30, 25, 7])
def test_reproject_computes_on_its_own_grid(rng, scale):
    a = band(rng, np.int16)
    got = one(f'Image.reproject({LOAD}, "EPSG:32633", scale={scale})', a={"x": a})
    x, y = centres(UTM, SHAPE)
    check(got, picked(a, (np.floor(x / scale) + 0.5) * scale, (np.floor(y / scale) + 0.5) * scale))


def test_what_is_computed_before_a_reprojection_is_computed_on_its_grid(rng):
    a = band(rng, np.uint8)
    got = one(f'Image.reproject(Image.focal_max({LOAD}, radius=1, kernelType="square"), "EPSG:32633", scale=50)',
              a={"x": a})
    coarse = finer(50)
    at = picked(a, *centres(coarse, (13, 17)))
    filled = np.pad(at.filled(0).astype(int), 1)
    valid = np.pad(~at.mask, 1)
    most = np.max([np.where(valid, filled, -1)[r : r + 13, c : c + 17] for r in range(3) for c in range(3)], axis=0)
    expected = np.repeat(np.repeat(most, 5, 0), 5, 1)[: SHAPE[0], : SHAPE[1]]
    check(got, np.ma.array(expected, mask=expected < 0))


@pytest.mark.parametrize("crs, step", [("EPSG:4326", 0.0002), ("EPSG:3857", 30), ("EPSG:3035", 23),
                                       ("EPSG:32661", 40)])
def test_reproject_to_another_crs(rng, crs, step):
    a = band(rng, np.uint16, masked=0)
    got = one(f'Image.reproject({LOAD}, Projection("{crs}", [{step}, 0, 0, 0, {-step}, 0]))', a={"x": a})
    x, y = centres(UTM, SHAPE)
    there = transform("EPSG:32633", crs, x.ravel(), y.ravel())
    back = transform(crs, "EPSG:32633", *((np.floor(there / step) + 0.5) * step))
    expected = picked(a, back[0].reshape(SHAPE), back[1].reshape(SHAPE))
    wrong = (np.ma.getmaskarray(got) != expected.mask) | (np.ma.getdata(got) != np.ma.getdata(expected)) & ~expected.mask
    assert wrong.mean() < 0.001


def test_a_reprojection_across_the_antimeridian_is_one_piece(rng):
    zone = ("EPSG:32601", (189000.0, 1000.0, 0.0, 5000000.0, 0.0, -1000.0))
    a = band(rng, np.uint16, masked=0)
    graph = f'Image.reproject({LOAD}, Projection("EPSG:4326", [0.02, 0, 0, 0, -0.02, 0]))'
    got = evaluate(graph, {"a": {"x": a}}, grid=zone)["x"]
    x, y = centres(zone, SHAPE)
    lon, lat = transform("EPSG:32601", "EPSG:4326", x.ravel(), y.ravel())
    assert lon.min() < -179.9 and lon.max() > 179.9
    there = (np.floor(np.array([lon, lat]) / 0.02) + 0.5) * 0.02
    back = transform("EPSG:4326", "EPSG:32601", *there)
    cols, rows = np.floor((back[0] - 189000) / 1000).astype(int), np.floor((5000000 - back[1]) / 1000).astype(int)
    inside = ((cols >= 0) & (rows >= 0) & (cols < SHAPE[1]) & (rows < SHAPE[0])).reshape(SHAPE)
    expected = a.data[rows.clip(0, SHAPE[0] - 1), cols.clip(0, SHAPE[1] - 1)].reshape(SHAPE)
    wrong = (np.ma.getmaskarray(got) == inside) | (got.data != expected) & inside
    assert wrong.mean() < 0.001


def bilinear(a, x, y):
    at_x, at_y = (x - 500000) / 10 - 0.5, (5000000 - y) / 10 - 0.5
    col, row = np.floor(at_x).astype(int), np.floor(at_y).astype(int)
    total, weights = np.zeros(x.shape), np.zeros(x.shape)
    for dr, dc in ((0, 0), (0, 1), (1, 0), (1, 1)):
        r, c = row + dr, col + dc
        weight = np.abs(1 - dr - (at_y - row)) * np.abs(1 - dc - (at_x - col))
        inside = (r >= 0) & (c >= 0) & (r < a.shape[0]) & (c < a.shape[1])
        r, c = r.clip(0, a.shape[0] - 1), c.clip(0, a.shape[1] - 1)
        weight = np.where(inside & ~np.ma.getmaskarray(a)[r, c], weight, 0)
        total += weight * np.ma.getdata(a)[r, c]
        weights += weight
    with np.errstate(all="ignore"):
        return np.ma.array((total / weights).astype(np.float32), mask=np.ma.getmaskarray(picked(a, x, y)))


@pytest.mark.parametrize("metres, shape", [(5, (122, 166)), (7, (87, 118)), (13, (46, 63))])
def test_resample_is_bilinear_between_the_images_own_pixels(rng, metres, shape):
    a, grid = band(rng, np.uint16), finer(metres, 3, 4)
    got = evaluate(f"Image.resample({LOAD})", {"a": {"x": a}}, shape=shape, grid=grid, images_on=UTM)["x"]
    assert got.dtype == np.float32
    check(got, bilinear(a, *centres(grid, shape)), exact=False)


def test_resample_changes_nothing_on_the_images_own_grid(rng):
    a = band(rng, np.uint16)
    for mode in ("bilinear", "bicubic"):
        check(one(f'Image.resample({LOAD}, "{mode}")', a={"x": a}), a)


def test_resample_bicubic_is_gdals(rng):
    a, grid, shape = band(rng, np.float32, masked=0), finer(7, 3, 4), (87, 118)
    got = evaluate(f'Image.resample({LOAD}, "bicubic")', {"a": {"x": a}}, shape=shape, grid=grid, images_on=UTM)["x"]
    target = raster(np.zeros(shape), grid)
    gdal.Warp(target, raster(a.data, UTM), resampleAlg="cubic", errorThreshold=0)
    expected = target.ReadAsArray()
    inner = (slice(3, -5), slice(3, -5))
    assert np.allclose(got.data[inner], expected[inner], atol=1e-3)


def test_resample_before_a_reprojection_decides_how_pixels_get_there(rng):
    a = band(rng, np.uint16, masked=0)
    got = one(f'Image.reproject(Image.resample({LOAD}), "EPSG:32633", scale=15)', a={"x": a})
    x, y = centres(UTM, SHAPE)
    check(got, bilinear(a, (np.floor(x / 15) + 0.5) * 15, (np.floor(y / 15) + 0.5) * 15), exact=False)


def under(a, metres, shape, offset):
    """Of each pixel of the grid finer(metres, *offset): values and weights of what lies under it."""
    scale = metres / 10
    for row in range(shape[0]):
        for col in range(shape[1]):
            left, top = col * scale + offset[0] / 10, row * scale + offset[1] / 10
            found = []
            for r in range(int(np.floor(top)), int(np.ceil(top + scale))):
                for c in range(int(np.floor(left)), int(np.ceil(left + scale))):
                    if 0 <= r < a.shape[0] and 0 <= c < a.shape[1] and not np.ma.getmaskarray(a)[r, c]:
                        share = ((min(r + 1, top + scale) - max(r, top)) * (min(c + 1, left + scale) - max(c, left)))
                        centre = left <= c + 0.5 < left + scale and top <= r + 0.5 < top + scale
                        found.append((float(a.data[r, c]), share, centre))
            yield row, col, np.array(found, float).reshape(-1, 3)


def mode(values, weights):
    choices = np.unique(values)
    sums = np.array([weights[values == v].sum() for v in choices])
    return choices[np.flatnonzero(sums >= sums.max() - 1e-9)[0]]


REDUCERS = {  # of values and weights; of values whose centre is inside
    "mean": ("weights", lambda v, w: (v * w).sum() / w.sum()), "sum": ("weights", lambda v, w: (v * w).sum()),
    "variance": ("weights", lambda v, w: np.average((v - np.average(v, weights=w)) ** 2, weights=w)),
    "stdDev": ("weights", lambda v, w: np.sqrt(np.average((v - np.average(v, weights=w)) ** 2, weights=w))),
    "mode": ("weights", mode), "min": ("centres", np.min), "max": ("centres", np.max),
    "median": ("centres", np.median), "count": ("centres", len), "first": ("centres", lambda v: v[0]),
    "last": ("centres", lambda v: v[-1]), "allNonZero": ("centres", lambda v: np.all(v != 0)),
    "anyNonZero": ("centres", lambda v: np.any(v != 0)),
}


def reduced(name, found):
    """None: nothing counts."""
    by, function = REDUCERS[name]
    if by == "weights":
        found = found[found[:, 1] >= 0.005]
        return function(found[:, 0], found[:, 1]) if len(found) else None
    found = found[found[:, 2] > 0]
    return function(found[:, 0]) if len(found) or name == "count" else None


@pytest.mark.parametrize("name", REDUCERS)
@pytest.mark.parametrize("metres, shape, offset", [(40, (15, 20), (0, 0)), (25, (25, 33), (3, 7))])
def test_reduce_resolution_takes_all_pixels_under_one(rng, name, metres, shape, offset):
    a = band(rng, np.int16, 0, 5, masked=0.5)
    graph = f"Image.reduceResolution({LOAD}, Reducer.{name}())"
    got = evaluate(graph, {"a": {"x": a}}, shape=shape, grid=finer(metres, *offset), images_on=UTM)["x"]
    expected = np.ma.masked_all(shape)
    for row, col, found in under(a, metres, shape, offset):
        value = reduced(name, found)
        if value is not None:
            expected[row, col] = value
    check(got, expected, exact=False)


def test_reduce_resolution_with_several_outputs_names_them(rng):
    a = band(rng, np.uint8, masked=0)
    graph = f'Image.reduceResolution({LOAD}, Reducer.percentile([0, 50, 100]))'
    got = evaluate(graph, {"a": {"x": a}}, shape=(15, 20), grid=finer(40), images_on=UTM)
    assert list(got) == ["x_p0", "x_p50", "x_p100"]
    blocks = a.data[:60, :80].reshape(15, 4, 20, 4).transpose(0, 2, 1, 3).reshape(15, 20, 16)
    for name, percent in zip(got, (0, 50, 100)):
        check(got[name], np.percentile(blocks, percent, axis=2), exact=False)


def test_more_pixels_than_max_pixels_are_refused_or_halved_first(rng):
    a = band(rng, np.uint8, masked=0)
    grid, shape = finer(100), (6, 8)
    with pytest.raises(GraphError, match=r"Image.reduceResolution.*100 pixels under one.*maxPixels is 64|100 pixels"):
        evaluate(f"Image.reduceResolution({LOAD}, Reducer.mean())", {"a": {"x": a}}, shape=shape, grid=grid,
                 images_on=UTM)
    more = evaluate(f"Image.reduceResolution({LOAD}, Reducer.mean(), maxPixels=100)", {"a": {"x": a}}, shape=shape,
                    grid=grid, images_on=UTM)["x"]
    check(more, a.data[:60, :80].reshape(6, 10, 8, 10).mean((1, 3)), exact=False)
    fewer = evaluate(f"Image.reduceResolution({LOAD}, Reducer.mean(), bestEffort=true)", {"a": {"x": a}}, shape=shape,
                     grid=grid, images_on=UTM)["x"]
    half = a.data[1:60:2, 1:80:2]  # of a centre on a pixel's corner the pixel to the right and below
    check(fewer, half.reshape(6, 5, 8, 5).mean((1, 3)), exact=False)


def test_set_default_projection_says_where_pixels_lie_and_moves_none(rng):
    a = band(rng, np.uint16)
    graph = f'Image.setDefaultProjection({LOAD}, "EPSG:32633", [40, 0, 500000, 0, -40, 5000000])'
    check(one(graph, a={"x": a}), a)
    check(one(f"Image.constant(Projection.nominalScale(Image.projection({graph})))", a={"x": a}),
          np.full(SHAPE, 40))
    check(one(f"Image.constant(Projection.nominalScale(Projection.atScale(Image.projection({graph}), 25)))",
              a={"x": a}), np.full(SHAPE, 25))


def test_bands_of_different_projections_have_none_together(rng):
    a = band(rng, np.uint16)
    graph = (f'Image.projection(Image.addBands({LOAD}, Image.setDefaultProjection(Image.rename({LOAD}, "y"), '
             '"EPSG:32633", scale=20)))')
    with pytest.raises(GraphError, match="x and y have different projections"):
        one(f"Image.constant(Projection.nominalScale({graph}))", a={"x": a})


# --- regions ---

def region(west, south, east, north):
    return (f'GeometryConstructors.Polygon([[[{west}, {south}], [{east}, {south}], [{east}, {north}], '
            f'[{west}, {north}]]], "EPSG:32633", false)')


def region_value(graph_of, a, key="x"):
    return float(one(f'Image.constant(Dictionary.get({graph_of}, "{key}"))', a={"x": a}).data[0, 0])


@pytest.mark.parametrize("name", REDUCERS)
def test_reduce_region_weighs_pixels_by_what_lies_inside(rng, name):
    a = band(rng, np.int16, 0, 5, masked=0.3)
    # 12.5 % of a pixel more to the west, half of one more to the south
    where = region(500000 + 98.75, 5000000 - 405, 500000 + 500, 5000000 - 200)
    got = region_value(f"Image.reduceRegion({LOAD}, Reducer.{name}(), {where})", a)
    found = []
    for r in range(20, 41):
        for c in range(9, 50):
            if not a.mask[r, c]:
                weight = (0.5 if r == 40 else 1) * (0.125 if c == 9 else 1)
                found.append((a.data[r, c], weight, c > 9 and r < 40))
    assert got == pytest.approx(float(reduced(name, np.array(found, float))), rel=1e-6)


def test_reduce_region_of_all_the_image(rng):
    a = band(rng, np.uint16)
    assert region_value(f"Image.reduceRegion({LOAD}, Reducer.mean())", a) == pytest.approx(float(a.mean()), rel=1e-6)
    assert region_value(f"Image.reduceRegion({LOAD}, Reducer.count())", a) == a.count()


def test_reduce_region_at_another_scale_takes_the_pixels_there(rng):
    a = band(rng, np.uint16)
    where = region(500000, 5000000 - 600, 500000 + 800, 5000000)
    got = region_value(f"Image.reduceRegion({LOAD}, Reducer.sum(), {where}, scale=50)", a)
    assert got == pytest.approx(float(a[2:60:5, 2:80:5].sum()))


def test_reduce_region_names_what_it_returns(rng):
    a, b = band(rng, np.uint8, masked=0), band(rng, np.uint8, masked=0)
    graph = f'Dictionary.toImage(Image.reduceRegion({LOAD}, Reducer.minMax()))'
    got = evaluate(graph, {"a": {"x": a, "y": b}})
    assert list(got) == ["x_min", "x_max", "y_min", "y_max"]
    assert [int(got[k].data[0, 0]) for k in got] == [a.min(), a.max(), b.min(), b.max()]


def test_a_region_without_a_valid_pixel_is_null(rng):
    a = np.ma.masked_all(SHAPE, np.uint8)
    got = one(f"Dictionary.toImage(Image.reduceRegion({LOAD}, Reducer.mean()))", a={"x": a})
    assert np.ma.getmaskarray(got).all()
    with pytest.raises(GraphError, match="null"):
        region_value(f"Image.reduceRegion({LOAD}, Reducer.mean())", a)


def test_a_region_of_more_than_max_pixels_is_refused_or_made_coarser(rng):
    a = band(rng, np.uint8, masked=0)
    where = region(500000, 5000000 - 600, 500000 + 800, 5000000)
    with pytest.raises(GraphError, match="Image.reduceRegion.*4800 pixels, maxPixels is 1000"):
        region_value(f"Image.reduceRegion({LOAD}, Reducer.mean(), {where}, maxPixels=1000)", a)
    count = region_value(f"Image.reduceRegion({LOAD}, Reducer.count(), {where}, maxPixels=1200, bestEffort=true)", a)
    assert count == 1200


# --- however it is computed ---

GRAPHS = [
    f'Image.reproject(Image.focal_mean({LOAD}), "EPSG:3035", scale=23)',
    f'Image.resample({LOAD}, "bicubic")',
    f'Image.reduceResolution({LOAD}, Reducer.mean())',
    f'Image.focal_median(Image.reproject(Image.resample({LOAD}), "EPSG:4326", scale=35), 2)',
    f'Image.where({LOAD}, Image.gt(Image.reproject({LOAD}, "EPSG:3857", scale=90), 100), Image.reduceResolution('
    f'Image.resample({LOAD}), Reducer.max()))',
]


@pytest.mark.parametrize("graph", GRAPHS)
def test_blocks_and_threads_change_no_bit(rng, graph):
    a, shape, grid = band(rng, np.uint16), (150, 210), finer(17, 5, 5)
    a = band(rng, np.uint16, shape=(270, 370))
    whole = evaluate(graph, {"a": {"x": a}}, shape=shape, grid=grid, images_on=UTM, block=1000)["x"]
    for block, threads in ((64, 1), (64, 2), (31, 2)):
        part = evaluate(graph, {"a": {"x": a}}, shape=shape, grid=grid, images_on=UTM, block=block, threads=threads)["x"]
        assert part.tobytes() == whole.tobytes() and np.array_equal(part.opacity, whole.opacity)


@pytest.mark.parametrize("graph, words", [
    (f'Image.reproject({LOAD}, "EPSG:999999")', "Image.reproject"),
    (f'Image.reproject({LOAD}, "EPSG:32633", [10, 0, 0, 0, 0, 0])', "no area"),
    (f'Image.reproject({LOAD}, "EPSG:32633", [10, 0, 0, 0, -10, 0], 20)', "exclude one another"),
    (f'Image.reproject({LOAD}, "EPSG:32633", scale=0)', "more than 0"),
    (f'Image.resample({LOAD}, "lanczos")', "neither bilinear nor bicubic"),
    (f"Image.reduceResolution({LOAD}, Reducer.mean(), maxPixels=0)", "maxPixels 0"),
    (f"Image.constant(Dictionary.get(Image.reduceRegion({LOAD}, Reducer.mean()), \"z\"))", "no key 'z'"),
    ("Dictionary.toImage(Image.reduceRegion(Image.constant(1), Reducer.mean()))", "crs and scale"),
])
def test_mistakes_are_one_line_that_names_the_function(rng, graph, words):
    with pytest.raises(GraphError) as caught:
        one(graph, a={"x": band(rng, np.uint8)})
    message = str(caught.value)
    assert words in message and "\n" not in message
