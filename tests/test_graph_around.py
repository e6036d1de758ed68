"""Functions of neighbours, of places and of spectra, and what joins elements, beside numpy and pyproj."""
import colorsys

import numpy as np
import pytest
from pyproj import Geod, Transformer

from evaluator import GraphError, UTM, answer, evaluate
from graph_data import SHAPE, band, check, one, rng  # noqa: F401
from test_graph_values import ARCHIVE, C, value

A = 'Image.load("a")'


def test_longitude_and_latitude_of_pixels():
    out = evaluate("Image.pixelLonLat()", {}, shape=(7, 9))
    cols, rows = np.meshgrid(np.arange(9) + .5, np.arange(7) + .5)
    lon, lat = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True).transform(500000 + 10 * cols, 5000000 - 10 * rows)
    assert np.abs(out["longitude"] - lon).max() < 1e-9 and np.abs(out["latitude"] - lat).max() < 1e-9


@pytest.mark.parametrize("grid", [UTM, ("EPSG:4326", (15.0, .001, 0, 45.0, 0, -.001))])
def test_areas_of_pixels(grid):
    """Image.pixelArea("""
    out = evaluate("Image.pixelArea()", {}, shape=(4, 5), grid=grid)["area"]
    x0, dx, _, y0, _, dy = grid[1]
    corners = [(x0 + dx * c, y0 + dy * r) for c, r in ((2, 1), (3, 1), (3, 2), (2, 2))]
    lon, lat = Transformer.from_crs(grid[0], "EPSG:4326", always_xy=True).transform(*zip(*corners))
    assert out[1, 2] == pytest.approx(abs(Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)[0]), rel=1e-6)


def test_spectral_distances(rng):  # noqa: F811
    """Image.spectralDistance("""
    images = {k: {n: band(rng, np.float32, 1, 50) for n in "xyz"} for k in "ab"}
    a, b = (np.ma.stack([images[k][n] for n in "xyz"]).astype(float) for k in "ab")
    mask = np.ma.getmaskarray(a).any(0) | np.ma.getmaskarray(b).any(0)
    a, b = a.data, b.data
    p, q = a / a.sum(0), b / b.sum(0)
    for metric, expected in (("sam", np.arccos((a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0)))), ("sed", ((a - b) ** 2).sum(0)),
                             ("sid", (p * np.log(p / q) + q * np.log(q / p)).sum(0)), ("emd", np.abs(np.cumsum(p - q, 0)).sum(0))):
        check(one(f'Image.spectralDistance(Image.load("a"), Image.load("b"), "{metric}")', **images), np.ma.array(expected, mask=mask), exact=False)


def test_colours(rng):  # noqa: F811
    """Image.rgbToHsv( Image.hsvToRgb("""
    images = {"a": {n: band(rng, np.float32, 0, 1) for n in "rgb"}}
    out = evaluate(f"Image.rgbToHsv({A})", images)
    back = evaluate(f"Image.hsvToRgb(Image.rgbToHsv({A}))", images)
    mask = np.ma.getmaskarray(np.ma.stack(list(images["a"].values()))).any(0)
    hsv = np.array([colorsys.rgb_to_hsv(*(float(images["a"][n].data[i]) for n in "rgb")) for i in np.ndindex(SHAPE)]).reshape(*SHAPE, 3)
    for k, name in enumerate(("hue", "saturation", "value")):
        check(out[name], np.ma.array(hsv[..., k], mask=mask), exact=False)
    for n, name in zip("rgb", ("red", "green", "blue")):
        assert np.abs(back[name] - np.ma.array(images["a"][n].data, mask=mask)).max() < 1e-5


@pytest.mark.parametrize("block", [17, 256])
def test_distance_to_the_next_set_pixel(rng, block):  # noqa: F811
    """Image.fastDistanceTransform("""
    a = np.ma.array((rng.random(SHAPE) < .004).astype(np.uint8), mask=rng.random(SHAPE) < .3)
    out = evaluate(f"Image.fastDistanceTransform({A}, 15)", {"a": {"x": a}}, block=block)["distance"]
    at = np.argwhere(np.ma.filled(a, 0) != 0)
    rows, cols = np.indices(SHAPE)
    expected = np.min([(rows - r) ** 2 + (cols - c) ** 2 for r, c in at], axis=0)
    check(out, np.ma.array(np.minimum(expected, 225)))


@pytest.mark.parametrize("angle, step", [(0, (0, 1)), (90, (-1, 0)), (180, (0, -1)), (-90, (1, 0)), (45, (-1, 1))])
def test_distance_in_one_direction(rng, angle, step):  # noqa: F811
    """Image.directionalDistanceTransform("""
    a = (rng.random(SHAPE) < .02).astype(np.uint8)
    out = evaluate(f"Image.directionalDistanceTransform({A}, {angle}, 12)", {"a": {"x": np.ma.array(a)}}, block=19)["distance"]
    length, expected = np.hypot(*step), np.full(SHAPE, np.inf)
    for k in range(int(12 / length), -1, -1):
        seen = np.zeros(SHAPE, bool)
        r, c = k * step[0], k * step[1]
        inside = np.s_[max(0, -r):SHAPE[0] - max(0, r), max(0, -c):SHAPE[1] - max(0, c)]
        seen[inside] = a[max(0, r):SHAPE[0] + min(0, r), max(0, c):SHAPE[1] + min(0, c)] != 0
        expected[seen] = k * length
    check(out, np.ma.masked_invalid(expected), exact=False)


KERNELS = [
    ("Kernel.square(1)", np.full((3, 3), 1 / 9)), ("Kernel.square(2, normalize=false, magnitude=2)", np.full((5, 5), 2.)),
    ("Kernel.circle(1)", np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) / 5), ("Kernel.plus(1)", np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) / 5),
    ("Kernel.cross(1)", np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]) / 5), ("Kernel.diamond(1)", np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) / 5),
    ("Kernel.laplacian4()", np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])), ("Kernel.laplacian8()", np.array([[1, 1, 1], [1, -8, 1], [1, 1, 1]])),
    ("Kernel.sobel()", np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])), ("Kernel.prewitt()", np.array([[1, 0, -1]] * 3)),
    ("Kernel.fixed(weights=[[1, 2, 3]])", np.array([[1, 2, 3]])),
    ("Kernel.gaussian(2, 1.5)", (lambda g: g / g.sum())(np.exp(-(np.add.outer(np.arange(-2, 3) ** 2, np.arange(-2, 3) ** 2)) / 4.5))),
]


@pytest.mark.parametrize("kernel, weights", KERNELS)
def test_convolution(rng, kernel, weights):  # noqa: F811
    """Image.convolve("""
    a = band(rng, np.int16)
    out = evaluate(f"Image.convolve({A}, {kernel})", {"a": {"x": a}}, block=23)["x"]
    h, w = weights.shape
    padded = np.pad(np.ma.filled(a, 0).astype(float), ((h // 2, h // 2), (w // 2, w // 2)))
    expected = sum(weights[r, c] * padded[r:r + SHAPE[0], c:c + SHAPE[1]] for r in range(h) for c in range(w))
    assert np.array_equal(np.ma.getmaskarray(out), np.ma.getmaskarray(a))
    assert np.allclose(out.compressed(), expected[~np.ma.getmaskarray(a)], rtol=1e-6, atol=0.01)


@pytest.mark.parametrize("eight", [True, False])
@pytest.mark.parametrize("block", [13, 256])
def test_patches_of_equal_pixels(rng, eight, block):  # noqa: F811
    """Image.connectedPixelCount("""
    a = band(rng, np.uint8, 0, 1, masked=.1)
    out = evaluate(f"Image.connectedPixelCount({A}, 9, {str(eight).lower()})", {"a": {"x": a}}, block=block)["x"]
    mask, seen, expected = np.ma.getmaskarray(a), np.zeros(SHAPE, bool), np.zeros(SHAPE)
    steps = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r or c) and (eight or not (r and c))]
    for start in np.ndindex(SHAPE):
        if mask[start] or seen[start]:
            continue
        patch, todo = [], [start]
        seen[start] = True
        while todo:
            r, c = todo.pop()
            patch.append((r, c))
            for y, x in ((r + i, c + j) for i, j in steps):
                if 0 <= y < SHAPE[0] and 0 <= x < SHAPE[1] and not mask[y, x] and not seen[y, x] and a.data[y, x] == a.data[start]:
                    seen[y, x] = True
                    todo.append((y, x))
        for at in patch:
            expected[at] = min(len(patch), 9)
    check(out, np.ma.array(expected, mask=mask))


def test_numbers_of_regions(rng):  # noqa: F811
    """Image.reduceRegions("""
    a = band(rng, np.uint16)
    box = "GeometryConstructors.Rectangle([{}, {}, {}, {}], \"EPSG:32633\", false)"
    regions = [(500000, 4999900, 500100, 5000000), (500200, 4999800, 500400, 4999900)]
    features = ", ".join(f'Feature({box.format(*r)}, {{"n": {i}}})' for i, r in enumerate(regions))
    got = answer(f"Image.reduceRegions({A}, Collection([{features}]), Reducer.minMax(), 10)", {"a": {"x": a}}).value["features"]
    for feature, (w, s, e, n) in zip(got, regions):
        part = a[(5000000 - n) // 10:(5000000 - s) // 10, (w - 500000) // 10:(e - 500000) // 10].compressed()
        assert feature["properties"] == {"n": regions.index((w, s, e, n)), "min": int(part.min()), "max": int(part.max())}


def test_bands_of_all_images(rng):  # noqa: F811
    """ImageCollection.toBands("""
    images = {"a": {"x": band(rng, np.uint8)}}
    out = evaluate(f'ImageCollection.toBands(Collection.limit({C}, 2))', images, archive=ARCHIVE)
    assert list(out) == ["p1_x", "q2_x"]
    check(out["q2_x"], images["a"]["x"])


# --- joins and random numbers ---

SAME = 'Filter.equals("tile", null, "tile")'


def indices(graph):
    return value(f'AggregateFeatureCollection.array({graph}, "system:index")')


def test_joins():
    """Join.apply( Join.simple( Join.inverted( Join.inner( Join.saveAll( Join.saveFirst("""
    few = f'Collection.filter({C}, Filter.lessThan("cloud", 15))'
    assert indices(f"Join.apply(Join.simple(), {C}, {few}, {SAME})") == ["p1", "p3"]
    assert indices(f"Join.apply(Join.inverted(), {C}, {few}, {SAME})") == ["q2", "q4"]
    every = f'Join.apply(Join.saveAll("m", "cloud", false), {few}, {C}, {SAME})'
    assert value(f'List.map(Element.get(Collection.first({every}), "m"), fn(i) {{ Element.get(i, "cloud") }})') == [90, 10]
    assert value(f'Element.get(Element.get(Collection.first(Join.apply(Join.saveFirst("m"), {few}, {C}, {SAME})), "m"), "cloud")') == 10
    assert value(f"Collection.size(Join.apply(Join.inner(), {C}, {C}, {SAME}))") == 8
    with pytest.raises(GraphError, match="Join.apply"):
        value(f'Join.apply(Join.simple(), {C}, {C}, Filter.intersects("tile", null, "tile"))')


def test_random_numbers_are_the_same_each_time():
    """Collection.randomColumn("""
    first = value(f'AggregateFeatureCollection.array(Collection.randomColumn({C}), "random")')
    assert first == value(f'AggregateFeatureCollection.array(Collection.randomColumn({C}), "random")') and len(set(first)) == 4
    assert first != value(f'AggregateFeatureCollection.array(Collection.randomColumn({C}, seed=5), "random")')
    many = "Collection(List.map(List.sequence(1, 3000), fn(n) { Feature(null, {\"system:index\": Number.format(n)}) }))"
    got = value(f'AggregateFeatureCollection.array(Collection.randomColumn({many}), "random")')
    assert 0 <= min(got) and max(got) < 1 and np.mean(got) == pytest.approx(.5, abs=.03) and np.std(got) == pytest.approx(12 ** -.5, abs=.02)
    got = value(f'AggregateFeatureCollection.array(Collection.randomColumn({many}, "r", 1, "normal"), "r")')
    assert np.mean(got) == pytest.approx(0, abs=.06) and np.std(got) == pytest.approx(1, abs=.06)


def test_pixels_as_features(rng):  # noqa: F811
    """Image.sample( Image.sampleRegions("""
    images = {"a": {"x": band(rng, np.uint16), "y": band(rng, np.int16)}}
    x, y = images["a"]["x"], images["a"]["y"]
    region = 'GeometryConstructors.Rectangle([500100, 4999900, 500300, 4999950], "EPSG:32633", false)'
    got = answer(f"Image.sample({A}, {region}, 10, geometries=true)", images).value["features"]
    rows, cols = np.mgrid[5:10, 10:30]
    valid = [(r, c) for r, c in zip(rows.ravel(), cols.ravel()) if not (np.ma.getmaskarray(x)[r, c] or np.ma.getmaskarray(y)[r, c])]
    assert [(f["properties"]["x"], f["properties"]["y"]) for f in got] == [(int(x[at]), int(y[at])) for at in valid]
    lon, lat = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True).transform(500005 + 10 * valid[0][1], 4999995 - 10 * valid[0][0])
    assert got[0]["geometry"]["coordinates"] == pytest.approx([lon, lat], abs=1e-9)
    some = answer(f"Collection.size(Image.sample({A}, numPixels=500, dropNulls=false))", images).value
    assert 400 < some < 600
    (r, c), point = valid[3], 'GeometryConstructors.Point([{}, {}], "EPSG:32633")'
    feature = f'Feature({point.format(500000 + 10 * c + 3, 5000000 - 10 * r - 8)}, {{"n": 7, "system:index": "q"}})'
    got = answer(f"Image.sampleRegions({A}, Collection([{feature}]))", images).value["features"]
    assert [f["properties"] for f in got] == [{"n": 7, "x": int(x[r, c]), "y": int(y[r, c])}]
    with pytest.raises(GraphError, match="at most 8000000"):
        answer(f"Image.sample({A}, scale=0.01)", images)
