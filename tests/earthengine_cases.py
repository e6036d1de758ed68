"""What graphs of Earth Engine's clients come to: a table of programs that Python and JavaScript both read, and what numpy, shapely, pyproj or
GDAL make of the same.

A row: the functions it is about, the program, and what is expected of a World (tests/earthengine_world.py): an array or bands by name, a shape of
shapely, or a value. A program is Python; javascript() makes of it what the other client runs.
"""
import math
import re
from collections import namedtuple
from datetime import datetime, timezone

import numpy as np
import shapely
from osgeo import gdal
from pyproj import Geod
from shapely.geometry import box, shape

from earthengine_world import CLOUD, CRS, INDEX, MILLIS, NORTH, SIZE, WEST, footprint, to_degrees, to_metres

# What a script of the kind in the documents needs with any geedim, and the rest of geedim 2 and xee: ../shared/spec/earthengine-api.md.
TIER_0 = """ImageCollection.load Collection.filter Filter.dateRangeContains DateRange Filter.intersects Feature GeometryConstructors.Polygon
GeometryConstructors.Rectangle Filter.lessThan Collection.map Image.unmask Image.constant AggregateFeatureCollection.array Image.load Image.clip
Image.visualize Collection Image.paint Image.toUint8 Image.clipToBoundsAndScale Image.slice Projection Image.reproject Image.projection
Image.setDefaultProjection Image.select Image.bandNames String List.map Projection.nominalScale""".split()
TIER_1 = """Collection.first Collection.iterate Collection.limit Collection.reduceColumns Date Date.difference Dictionary.get Dictionary.map
Dictionary.remove Dictionary.values Element.get Element.propertyNames Element.set Filter.equals Filter.not If Image.addBands Image.and
Image.bitwiseAnd Image.clamp Image.date Image.directionalDistanceTransform Image.eq Image.fastDistanceTransform Image.focal_max Image.focal_min
Image.gte Image.lt Image.lte Image.mask Image.multiply Image.neq Image.not Image.or Image.reduce Image.reduceRegion Image.reduceResolution
Image.rename Image.resample Image.spectralDistance Image.sqrt Image.toFloat Image.toUint16 Image.updateMask ImageCollection.fromImages
ImageCollection.mosaic ImageCollection.qualityMosaic List.add List.contains List.get List.reduce List.remove List.sort Number.divide Number.gt
Number.lt Number.multiply Number.or Number.round Number.subtract Reducer.allNonZero Reducer.firstNonNull Reducer.mean Reducer.minMax Reducer.sum
reduce.median reduce.sum Collection.size Element.toDictionary Reducer.toList Reducer.repeat Collection.toList List.slice Geometry.bounds
Geometry.transform Collection.geometry""".split()

Case = namedtuple("Case", "functions program expected grid")
Near = namedtuple("Near", "value relative")  # a number that the two sides come to in different ways
OWN = "own"  # no grid in the request
GRID = (10, SIZE)


def case(functions, program, expected, grid=GRID):
    return Case(functions.split(), program, expected, grid)


# --- programs in two languages ---

NAMES = {
    "ids": "'COPERNICUS/S2_SR'",
    "square": "ee.Geometry.Rectangle([448100, 5411700, 448400, 5411900], 'EPSG:32631', False)",  # columns 10 to 40, rows 10 to 30
    "whole": "ee.Geometry.Rectangle([448000, 5411360, 448640, 5412000], 'EPSG:32631', False)",
    "field": "ee.Geometry.Polygon([[[2.2925, 48.8575], [2.2981, 48.8562], [2.2967, 48.8541], [2.2925, 48.8575]]], None, False)",
    "images": "ee.ImageCollection('COPERNICUS/S2_SR')",
    "image": f"ee.Image('COPERNICUS/S2_SR/{INDEX[0]}')",
    "other": f"ee.Image('COPERNICUS/S2_SR/{INDEX[1]}')",
    "table": "ee.FeatureCollection([ee.Feature(ee.Geometry.Point([2, 48]), {'n': 1, 'k': 'a'}), "
             "ee.Feature(ee.Geometry.Point([3, 49]), {'n': 5, 'k': 'b'}), ee.Feature(None, {'n': 2})])",
}


def javascript(program):
    """The same program in the other language."""
    program = re.sub(r"lambda ([\w, ]+):", r"(\1) =>", program)
    return re.sub(r"\.(And|Or|Not)\(", lambda found: f".{found[1].lower()}(", program)


def in_python(ee, program):
    names = {"ee": ee, "call": ee.ApiFunction.call_}
    for name, text in NAMES.items():
        names[name] = eval(text, names)
    return eval(program, names)


# --- what numpy knows ---

def either(*arrays):
    return np.any([np.ma.getmaskarray(a) for a in arrays], axis=0)


def inside(w, geometry):
    """Pixels whose centre lies in the shape, of degrees."""
    shapely.prepare(geometry)
    return shapely.contains_xy(geometry, w.lon, w.lat)


FIELD = shapely.Polygon([[2.2925, 48.8575], [2.2981, 48.8562], [2.2967, 48.8541]])
SQUARE = np.s_[10:30, 10:40]


def in_square(a):
    out = np.ma.masked_all(a.shape, a.dtype)
    out[SQUARE] = a[SQUARE]
    return out


def geodesic(ring):
    """Its edges as great circles."""
    out = []
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1]):
        out += [(x0, y0), *Geod(ellps="sphere").npts(x0, y0, x1, y1, 500)]
    return shapely.Polygon(out)


def in_degrees(west, south, east, north):
    """A box of the grid's own metres, its edges cut small."""
    return shapely.transform(shapely.segmentize(box(west, south, east, north), 1), lambda p: np.column_stack(to_degrees(*p.T)))


def coloured(w, low, high, gamma):
    """Bands of the picture: the samples stretched and rounded half up, masked where any is."""
    bands = [w[0][name] for name in ("B8", "B4", "B3")]
    out = {}
    for name, a in zip(("vis-red", "vis-green", "vis-blue"), bands):
        t = np.clip((np.ma.getdata(a) - float(low)) / (high - low), 0, 1) ** (1 / gamma)
        out[name] = np.ma.array(np.floor(255 * t + 0.5), mask=either(*bands))
    return out


def around(a, radius, pick):
    """Of the valid neighbours within the radius."""
    reach = int(radius)
    sign = 1 if pick is np.max else -1
    padded = np.pad(np.where(np.ma.getmaskarray(a), -np.inf, sign * np.ma.getdata(a).astype(float)), reach, constant_values=-np.inf)
    best = np.max([padded[reach + r:reach + r + SIZE, reach + c:reach + c + SIZE] for r in range(-reach, reach + 1)
                   for c in range(-reach, reach + 1) if r * r + c * c <= radius * radius], axis=0)
    return np.ma.array(np.where(np.isinf(best), 0, sign * best), mask=np.isinf(best))


def to_next(a, most):
    """Squared distance to the next set pixel."""
    rows, cols = np.indices(a.shape)
    at = np.argwhere(np.ma.filled(a, False))
    return np.minimum(np.min([(rows - r) ** 2 + (cols - c) ** 2 for r, c in at], axis=0), most * most)


def to_the_east(a, most):
    out = np.full(a.shape, np.inf)
    for k in range(most, -1, -1):
        seen = np.zeros(a.shape, bool)
        seen[:, :SIZE - k] = np.ma.filled(a, False)[:, k:]
        out[seen] = k
    return np.ma.masked_invalid(out)


def warped(array, metres, size, how):
    """The scene's grid taken to another by GDAL."""
    def raster(values, pixel):
        out = gdal.GetDriverByName("MEM").Create("", values.shape[1], values.shape[0], 1, gdal.GDT_Float32)
        out.SetGeoTransform((WEST, pixel, 0, NORTH, 0, -pixel))
        out.GetRasterBand(1).WriteArray(values)
        return out
    target = raster(np.zeros((size, size), np.float32), metres)
    gdal.Warp(target, raster(array.astype(np.float32), SIZE * 10 // array.shape[0]), resampleAlg=how, errorThreshold=0)
    return np.ma.array(target.ReadAsArray())


def by_fours(a):
    """Means of two by two valid pixels."""
    blocks = a.astype(float).reshape(SIZE // 2, 2, SIZE // 2, 2).transpose(0, 2, 1, 3).reshape(SIZE // 2, SIZE // 2, 4)
    return blocks.mean(axis=2)


def angle(pairs):
    a, b = np.array([np.ma.getdata(p).astype(float) for p, _ in pairs]), np.array([np.ma.getdata(q).astype(float) for _, q in pairs])
    cosine = (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))
    return np.ma.array(np.arccos(np.clip(cosine, -1, 1)), mask=either(*(x for pair in pairs for x in pair)))


def later(a, b):
    """b, and a where b is masked."""
    return np.ma.array(np.where(np.ma.getmaskarray(b), np.ma.getdata(a), np.ma.getdata(b)), mask=np.ma.getmaskarray(a) & np.ma.getmaskarray(b))


def best(w, quality, name):
    """Of each pixel the scene with the highest quality, the first of equal ones."""
    q = w.stack(quality).filled(-1)
    rows, cols = np.indices(q.shape[1:])
    return np.ma.array(w.stack(name)[q.argmax(0), rows, cols], mask=q.max(0) < 0)


def millis(*when):
    return int(datetime(*when, tzinfo=timezone.utc).timestamp() * 1000)


def date(value):
    return {"type": "Date", "value": value}


PLACE = {"type": "Projection", "crs": CRS, "transform": [10, 0, WEST, 0, -10, NORTH]}
POINTS = [(2, 48), (3, 49)]

# --- the table ---

CASES = [
    # Which images.
    case("ImageCollection.load AggregateFeatureCollection.array", "images.aggregate_array('system:index')", lambda w: INDEX),
    case("ImageCollection.load Collection.size", "images.size()", lambda w: 3),
    case("Collection.filter Filter.lessThan", "images.filter(ee.Filter.lt('CLOUDY_PIXEL_PERCENTAGE', 85)).aggregate_array('system:index')",
         lambda w: w.those(lambda p: p["CLOUDY_PIXEL_PERCENTAGE"] < 85)),
    case("Filter.lessThan Filter.not", "images.filter(ee.Filter.gte('CLOUDY_PIXEL_PERCENTAGE', 30.5)).aggregate_array('system:index')",
         lambda w: w.those(lambda p: p["CLOUDY_PIXEL_PERCENTAGE"] >= 30.5)),
    case("Filter.equals", "images.filter(ee.Filter.eq('CLOUDY_PIXEL_PERCENTAGE', 95)).aggregate_array('system:index')",
         lambda w: w.those(lambda p: p["CLOUDY_PIXEL_PERCENTAGE"] == 95)),
    case("Filter.equals", "images.filter(ee.Filter.eq('MGRS_TILE', '31UDQ')).size()", lambda w: 3),
    case("Filter.not Filter.equals", "images.filter(ee.Filter.neq('CLOUDY_PIXEL_PERCENTAGE', 95)).aggregate_array('system:index')",
         lambda w: w.those(lambda p: p["CLOUDY_PIXEL_PERCENTAGE"] != 95)),
    case("Filter.dateRangeContains DateRange Collection.filter", "images.filterDate('2024-01-11', '2024-01-22').aggregate_array('system:index')",
         lambda w: w.those(lambda p: millis(2024, 1, 11) <= p["system:time_start"] < millis(2024, 1, 22))),
    case("DateRange Filter.dateRangeContains", "images.filterDate('2024-01-11T10:54:41').aggregate_array('system:index')", lambda w: INDEX[1:2]),
    case("DateRange", "ee.DateRange('2024-01-01', '2024-02-01')",
         lambda w: {"type": "DateRange", "dates": [millis(2024, 1, 1), millis(2024, 2, 1)]}),
    case("Filter.intersects Feature", "images.filterBounds(ee.Geometry.Rectangle([448700, 5411500, 448800, 5411600], 'EPSG:32631', False))"
         ".aggregate_array('system:index')",
         lambda w: [i for n, i in enumerate(INDEX) if shapely.Polygon(footprint(n)).intersects(
             in_degrees(448700, 5411500, 448800, 5411600))]),
    case("Filter.intersects", "images.filterBounds(ee.Geometry.Point([2.3, 48.0])).size()", lambda w: 0),
    case("Collection.map", "images.map(lambda i: i.set('twice', ee.Number(i.get('CLOUDY_PIXEL_PERCENTAGE')).multiply(2))).aggregate_array('twice')",
         lambda w: [2 * c for c in CLOUD]),
    case("Collection.first Element.get", "images.first().get('system:index')", lambda w: INDEX[0]),
    case("Collection.limit", "images.limit(2, 'CLOUDY_PIXEL_PERCENTAGE').aggregate_array('CLOUDY_PIXEL_PERCENTAGE')", lambda w: sorted(CLOUD)[:2]),
    case("Collection.limit", "images.sort('CLOUDY_PIXEL_PERCENTAGE', False).aggregate_array('CLOUDY_PIXEL_PERCENTAGE')",
         lambda w: sorted(CLOUD, reverse=True)),
    case("Collection.toList List.map Element.get", "images.toList(2, 1).map(lambda i: ee.Image(i).get('system:index'))", lambda w: INDEX[1:]),
    case("Collection.iterate", "images.iterate(lambda i, n: ee.Number(n).add(ee.Number(i.get('CLOUDY_PIXEL_PERCENTAGE'))), 1)",
         lambda w: 1 + sum(CLOUD)),
    case("Collection.reduceColumns Reducer.toList Reducer.repeat",
         "images.reduceColumns(ee.Reducer.toList().repeat(2), ['system:index', 'system:time_start']).get('list')", lambda w: [INDEX, MILLIS]),
    case("Collection.reduceColumns Reducer.mean", "images.reduceColumns(ee.Reducer.mean(), ['CLOUDY_PIXEL_PERCENTAGE'])",
         lambda w: {"mean": np.mean(CLOUD)}),
    case("Reducer.toList", "ee.List([1, 2, 3, 4]).reduce(ee.Reducer.toList())", lambda w: [1, 2, 3, 4]),
    case("Reducer.toList", "images.reduceColumns(ee.Reducer.toList(2), ['system:time_start', 'CLOUDY_PIXEL_PERCENTAGE']).get('list')",
         lambda w: [[t, c] for t, c in zip(MILLIS, CLOUD)]),
    case("Collection", "table.size()", lambda w: 3),
    case("Collection Feature", "table.aggregate_array('n')", lambda w: [1, 5, 2]),
    case("AggregateFeatureCollection.array", "table.aggregate_array('k')", lambda w: ["a", "b"]),
    case("Collection.size", "table.filter(ee.Filter.lt('n', 3)).size()", lambda w: 2),
    case("Collection.geometry", "table.limit(2).geometry()", lambda w: shapely.MultiPoint(POINTS)),
    case("Collection.geometry", "ee.FeatureCollection([ee.Geometry.Rectangle([1, 1, 3, 3], None, False), "
         "ee.Geometry.Rectangle([2, 2, 4, 4], None, False)]).geometry(0.001)", lambda w: box(1, 1, 3, 3).union(box(2, 2, 4, 4))),
    case("Collection.geometry Image.clip", "ee.Image(1).clip(ee.FeatureCollection([field, "
         "ee.Geometry.Rectangle([2.2930, 48.8545, 2.2960, 48.8570], None, False)]).geometry(0.001))",
         lambda w: {"constant": np.ma.array(np.ones((SIZE, SIZE)), mask=~inside(w, FIELD.union(box(2.2930, 48.8545, 2.2960, 48.8570))))}),
    case("ImageCollection.fromImages", "ee.ImageCollection.fromImages([image, other]).aggregate_array('system:index')", lambda w: INDEX[:2]),
    case("ImageCollection.fromImages", "ee.ImageCollection([image.select('B4'), image.select('B8').rename('B4')]).mosaic()",
         lambda w: {"B4": later(w[0]["B4"], w[0]["B8"])}),

    # Elements and values.
    case("Feature", "ee.Feature(ee.Geometry.Point([2.5, 48]), {'a': 1, 'b': 'x'})",
         lambda w: {"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.5, 48]}, "properties": {"a": 1, "b": "x"}}),
    case("Element.get", "ee.Feature(None, {'a': 1}).get('a')", lambda w: 1),
    case("Element.set", "ee.Feature(None, {'a': 1}).set('a', 2).set('b', 'x').toDictionary()", lambda w: {"a": 2, "b": "x"}),
    case("Element.propertyNames List.sort", "ee.Feature(None, {'b': 1, 'a': 2}).propertyNames().remove('system:index').sort()", lambda w: ["a", "b"]),
    case("Element.propertyNames List.contains", "image.propertyNames().contains('CLOUDY_PIXEL_PERCENTAGE')", lambda w: True),
    case("Element.toDictionary", "image.toDictionary(['system:index', 'MGRS_TILE'])", lambda w: {"system:index": INDEX[0], "MGRS_TILE": "31UDQ"}),
    case("Image.load Element.get", "image.get('system:time_start')", lambda w: MILLIS[0]),
    case("Image.date", "other.date()", lambda w: date(MILLIS[1])),
    case("Date", "ee.Date('2024-02-29T12:30:15')", lambda w: date(millis(2024, 2, 29, 12, 30, 15))),
    case("Date", "ee.Date(1704067200000)", lambda w: date(1704067200000)),
    case("Date.difference Date", "ee.Date('2024-03-01').difference(ee.Date('2024-02-01'), 'day')",
         lambda w: (datetime(2024, 3, 1) - datetime(2024, 2, 1)).days),
    case("Date.difference Image.date", "other.date().difference(image.date(), 'hour')", lambda w: (MILLIS[1] - MILLIS[0]) / 3600000),
    case("Dictionary.get", "ee.Dictionary({'a': 1, 'b': [2, 3]}).get('b')", lambda w: [2, 3]),
    case("Dictionary.get", "ee.Dictionary({'a': 1}).get('z', 'none')", lambda w: "none"),
    case("Dictionary.map Number.multiply", "ee.Dictionary({'a': 1, 'b': 2}).map(lambda k, v: ee.Number(v).multiply(2.5))", lambda w: {"a": 2.5, "b": 5}),
    case("Dictionary.remove", "ee.Dictionary({'a': 1, 'b': 2, 'c': 3}).remove(['a', 'c'])", lambda w: {"b": 2}),
    case("Dictionary.remove", "ee.Dictionary({'a': 1}).remove(['z'], True)", lambda w: {"a": 1}),
    case("Dictionary.values", "ee.Dictionary({'b': 1, 'a': 2}).values(['b', 'a'])", lambda w: [1, 2]),
    case("Dictionary.values", "ee.Dictionary({'b': 1, 'a': 2}).values()", lambda w: [2, 1]),
    case("If Number.gt", "ee.Algorithms.If(ee.Number(2).gt(1), 'yes', 'no')", lambda w: "yes"),
    case("If Number.lt", "ee.Algorithms.If(ee.Number(2).lt(1), 'yes', 'no')", lambda w: "no"),
    case("String", "ee.List(['a', 'b']).map(lambda s: ee.String(s).cat('!'))", lambda w: ["a!", "b!"]),
    case("List.map", "ee.List([1, 2, 3]).map(lambda x: ee.Number(x).multiply(x))", lambda w: [1, 4, 9]),
    case("List.map", "ee.List([1, 2]).map(lambda x: ee.List([10, 20]).map(lambda y: ee.Number(x).subtract(y)))",
         lambda w: np.subtract.outer([1, 2], [10, 20]).tolist()),
    case("List.add", "ee.List([3, 1]).add('x')", lambda w: [3, 1, "x"]),
    case("List.contains", "ee.List([3, 'a']).contains('a')", lambda w: True),
    case("List.contains", "ee.List([3, 'a']).contains(4)", lambda w: False),
    case("List.get", "ee.List([3, 1, 2]).get(-1)", lambda w: 2),
    case("List.reduce Reducer.mean", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.mean())", lambda w: np.mean([3, 1, 7.5])),
    case("List.reduce Reducer.sum", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.sum())", lambda w: np.sum([3, 1, 7.5])),
    case("List.reduce Reducer.minMax", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.minMax())", lambda w: {"min": 1, "max": 7.5}),
    case("List.reduce Reducer.allNonZero", "ee.List([3, 0, 7]).reduce(ee.Reducer.allNonZero())", lambda w: np.all([3, 0, 7])),
    case("List.remove", "ee.List([3, 1, 3, 2]).remove(3)", lambda w: [1, 3, 2]),
    case("List.slice", "ee.List([0, 1, 2, 3, 4, 5]).slice(1, -1, 2)", lambda w: list(range(6))[1:-1:2]),
    case("List.slice", "ee.List([0, 1, 2, 3]).slice(-2)", lambda w: list(range(4))[-2:]),
    case("List.sort", "ee.List([3, 1, 2]).sort()", lambda w: sorted([3, 1, 2])),
    case("List.sort", "ee.List(['c', 'a', 'b']).sort([2, 3, 1])", lambda w: ["b", "c", "a"]),
    case("Number.divide", "ee.Number(7).divide(2)", lambda w: 7 / 2),
    case("Number.gt", "ee.Number(2).gt(2)", lambda w: 0),
    case("Number.lt", "ee.Number(-2).lt(2)", lambda w: 1),
    case("Number.multiply", "ee.Number(1.5).multiply(-3)", lambda w: 1.5 * -3),
    case("Number.or", "ee.Number(0).Or(ee.Number(3))", lambda w: 1),
    case("Number.or", "ee.Number(0).Or(0)", lambda w: 0),
    case("Number.round", "ee.List([2.5, -2.4, 7.49]).map(lambda x: ee.Number(x).round())", lambda w: [math.floor(x + 0.5) for x in (2.5, -2.4, 7.49)]),
    case("Number.subtract", "ee.Number(1).subtract(2.25)", lambda w: 1 - 2.25),

    # Geometries and projections.
    case("GeometryConstructors.Polygon", "ee.Geometry.Polygon([[[2, 48], [3, 48], [3, 49], [2, 48]], [[2.6, 48.2], [2.8, 48.2], [2.8, 48.4], [2.6, 48.2]]])",
         lambda w: shapely.Polygon([(2, 48), (3, 48), (3, 49)], [[(2.6, 48.2), (2.8, 48.2), (2.8, 48.4)]])),
    case("GeometryConstructors.Polygon", "ee.Geometry.Rectangle([2, 48, 3, 49])", lambda w: box(2, 48, 3, 49)),
    case("GeometryConstructors.Polygon", "ee.Geometry.Polygon([[[2, 48], [2.01, 48], [2.01, 48.01], [2, 48]]]).area(1)",
         lambda w: abs(Geod(ellps="WGS84").polygon_area_perimeter([2, 2.01, 2.01], [48, 48, 48.01])[0])),
    case("GeometryConstructors.Rectangle Image.clip", "image.select('B4').clip(square)", lambda w: {"B4": in_square(w[0]["B4"])}),
    case("GeometryConstructors.Rectangle Geometry.transform", "square.transform('EPSG:4326', 0.001)",
         lambda w: in_degrees(448100, 5411700, 448400, 5411900)),
    case("Geometry.bounds", "field.bounds()", lambda w: box(*FIELD.bounds)),
    case("Geometry.transform", "ee.Geometry.Point([2.3, 48.85]).transform('EPSG:32631', 0.001).coordinates()", lambda w: list(to_metres(2.3, 48.85))),
    case("Projection", "ee.Projection('EPSG:32631', [10, 0, 448000, 0, -10, 5412000])", lambda w: PLACE),
    case("Projection Projection.nominalScale", "ee.Projection('EPSG:32631', [25, 0, 0, 0, -25, 0]).nominalScale()", lambda w: 25),
    case("Projection.nominalScale Image.projection", "image.select('SCL').projection().nominalScale()", lambda w: 20),
    case("Image.projection", "image.select('B4').projection()", lambda w: PLACE),
    case("Image.setDefaultProjection", "ee.Image(1).setDefaultProjection('EPSG:32631', [30, 0, 448000, 0, -30, 5412000]).projection()",
         lambda w: {**PLACE, "transform": [30, 0, WEST, 0, -30, NORTH]}),
    case("Image.setDefaultProjection Image.reduceResolution Reducer.mean",
         "image.select('B4').setDefaultProjection('EPSG:32631', [10, 0, 448000, 0, -10, 5412000]).reduceResolution(ee.Reducer.mean())",
         lambda w: {"B4": by_fours(w[0]["B4"])}, (20, SIZE // 2)),

    # Bands.
    case("Image.load", "image.select('B4')", lambda w: {"B4": w[0]["B4"]}),
    case("Image.load", "other.select('SCL')", lambda w: {"SCL": w[1]["SCL"]}),
    case("Image.bandNames", "image.bandNames()", lambda w: ["B2", "B3", "B4", "B8", "SCL"]),
    case("Image.select", "image.select(['B8', 'B2'], ['a', 'b'])", lambda w: {"a": w[0]["B8"], "b": w[0]["B2"]}),
    case("Image.select Image.bandNames", "image.select('B.*').bandNames()", lambda w: ["B2", "B3", "B4", "B8"]),
    case("Image.select", "image.select([3, 0]).bandNames()", lambda w: ["B8", "B2"]),
    case("Image.slice", "image.slice(1, 3)", lambda w: {"B3": w[0]["B3"], "B4": w[0]["B4"]}),
    case("Image.slice", "image.slice(-2).bandNames()", lambda w: ["B8", "SCL"]),
    case("Image.rename", "image.select(['B4', 'B8']).rename(['red', 'nir'])", lambda w: {"red": w[0]["B4"], "nir": w[0]["B8"]}),
    case("Image.addBands", "image.select('B4').addBands(image.select(['B8', 'B4']))",
         lambda w: {"B4": w[0]["B4"], "B8": w[0]["B8"], "B4_1": w[0]["B4"]}),
    case("Image.addBands", "image.select('B4').addBands(image.select('B8').rename('B4'), None, True)", lambda w: {"B4": w[0]["B8"]}),
    case("Image.constant", "ee.Image(5)", lambda w: {"constant": np.ma.array(np.full((SIZE, SIZE), 5))}),
    case("Image.constant", "ee.Image.constant([1, 2.5])",
         lambda w: {f"constant_{i}": np.ma.array(np.full((SIZE, SIZE), v)) for i, v in enumerate((1, 2.5))}),

    # Samples.
    case("Image.multiply", "image.select('B4').multiply(image.select('B8'))", lambda w: {"B4": w[0]["B4"].astype(float) * w[0]["B8"]}),
    case("Image.multiply", "image.select('B4').multiply(0.0001)", lambda w: {"B4": w[0]["B4"] * 0.0001}),
    case("Image.and", "image.select('B4').subtract(100).And(other.select('B4'))",
         lambda w: {"B4": np.ma.array((w[0]["B4"].data != 100) & (w[1]["B4"].data != 0), mask=either(w[0]["B4"], w[1]["B4"]))}),
    case("Image.and Image.gte Image.lt", "image.select('B4').gte(1000).And(image.select('B4').lt(2000))",
         lambda w: {"B4": (w[0]["B4"] >= 1000) & (w[0]["B4"] < 2000)}),
    case("Image.or Image.eq", "image.select('SCL').eq(3).Or(image.select('SCL').eq(8))", lambda w: {"SCL": np.ma.array(np.isin(w[0]["SCL"], (3, 8)))}),
    case("Image.not", "image.select('B4').gte(3000).Not()", lambda w: {"B4": ~(w[0]["B4"] >= 3000)}),
    case("Image.bitwiseAnd", "image.select('B4').bitwiseAnd(1 << 10)", lambda w: {"B4": np.ma.bitwise_and(w[0]["B4"], 1 << 10)}),
    case("Image.clamp", "image.select('B4').clamp(500, 900)", lambda w: {"B4": np.ma.clip(w[0]["B4"], 500, 900)}),
    case("Image.eq", "image.select('SCL').eq(4)", lambda w: {"SCL": w[0]["SCL"] == 4}),
    case("Image.neq", "image.select('SCL').neq(other.select('SCL'))", lambda w: {"SCL": w[0]["SCL"] != w[1]["SCL"]}),
    case("Image.gte", "image.select('B4').gte(image.select('B8'))", lambda w: {"B4": w[0]["B4"] >= w[0]["B8"]}),
    case("Image.lt", "image.select('B4').lt(image.select('B8'))", lambda w: {"B4": w[0]["B4"] < w[0]["B8"]}),
    case("Image.lte", "image.select('B4').lte(2345)", lambda w: {"B4": w[0]["B4"] <= 2345}),
    case("Image.sqrt", "image.select('B4').sqrt()", lambda w: {"B4": np.ma.sqrt(w[0]["B4"].astype(float))}),
    case("Image.toFloat Image.multiply", "image.select('B4').multiply(0.1).toFloat()", lambda w: {"B4": (w[0]["B4"] * 0.1).astype(np.float32)}),
    case("Image.toUint8", "image.select('B4').toUint8()", lambda w: {"B4": np.ma.clip(w[0]["B4"], 0, 255)}),
    case("Image.toUint8 Image.multiply", "image.select('B4').multiply(0.03).toUint8()",
         lambda w: {"B4": np.ma.floor(w[0]["B4"] * 0.03).clip(0, 255)}),
    case("Image.toUint16", "image.select('B4').subtract(2000).toUint16()", lambda w: {"B4": np.ma.clip(w[0]["B4"].astype(float) - 2000, 0, 65535)}),
    case("Image.spectralDistance", "image.select(['B2', 'B3', 'B4']).spectralDistance(other.select(['B2', 'B3', 'B4']))",
         lambda w: {"distance": angle([(w[0][b], w[1][b]) for b in ("B2", "B3", "B4")])}),
    case("Image.reduce Reducer.sum", "image.select(['B4', 'B8']).reduce(ee.Reducer.sum())",
         lambda w: {"sum": np.ma.stack([w[0]["B4"], w[0]["B8"]]).astype(float).sum(0)}),
    case("Image.reduce Reducer.mean", "image.select(['B3', 'B4', 'B8']).reduce(ee.Reducer.mean())",
         lambda w: {"mean": np.ma.stack([w[0][b] for b in ("B3", "B4", "B8")]).astype(float).mean(0)}),
    case("Image.reduce Reducer.minMax", "image.select(['B3', 'B4', 'B8']).reduce(ee.Reducer.minMax())",
         lambda w: {"min": np.ma.stack([w[0][b] for b in ("B3", "B4", "B8")]).min(0), "max": np.ma.stack([w[0][b] for b in ("B3", "B4", "B8")]).max(0)}),
    case("Image.reduce Reducer.allNonZero", "image.select(['SCL', 'B4']).gte(4).reduce(ee.Reducer.allNonZero())",
         lambda w: {"all": np.ma.stack([w[0]["SCL"] >= 4, w[0]["B4"] >= 4]).all(0)}),
    case("Image.reduce Reducer.firstNonNull", "image.select(['B4', 'B8']).reduce(ee.Reducer.firstNonNull())",
         lambda w: {"first": later(w[0]["B8"], w[0]["B4"])}),

    # Masks and shapes.
    case("Image.mask", "image.select('B4').mask()", lambda w: {"B4": np.ma.array(~np.ma.getmaskarray(w[0]["B4"]))}),
    case("Image.mask", "image.select('SCL').mask(image.select('B4').gte(3000))",
         lambda w: {"SCL": np.ma.array(w[0]["SCL"].data, mask=~np.ma.filled(w[0]["B4"] >= 3000, False))}),
    case("Image.updateMask", "image.select('B8').updateMask(image.select('B4').gte(3000))",
         lambda w: {"B8": np.ma.array(w[0]["B8"].data, mask=w[0]["B8"].mask | ~np.ma.filled(w[0]["B4"] >= 3000, False))}),
    case("Image.unmask", "image.select('B4').unmask(-1)", lambda w: {"B4": np.ma.array(w[0]["B4"].astype(int).filled(-1))}),
    case("Image.unmask", "other.select('B4').unmask(7, False)", lambda w: {"B4": np.ma.array(w[1]["B4"].filled(7))}),
    case("Image.clip GeometryConstructors.Polygon", "image.select('B4').clip(field)",
         lambda w: {"B4": np.ma.array(w[0]["B4"].data, mask=w[0]["B4"].mask | ~inside(w, FIELD))}),
    case("Image.clip GeometryConstructors.Polygon", "ee.Image(1).clip(ee.Geometry.Polygon([[[0.3, 48.8558], [4.3, 48.8558], [2.3, 48.5]]]))",
         lambda w: {"constant": np.ma.array(np.ones((SIZE, SIZE)), mask=~inside(w, geodesic([(0.3, 48.8558), (4.3, 48.8558), (2.3, 48.5)])))}),
    case("Image.paint Collection", "image.select('SCL').paint(field, 99)", lambda w: {"SCL": np.ma.array(np.where(inside(w, FIELD), 99, w[0]["SCL"].data))}),
    case("Image.paint Image.mask", "ee.Image().byte().paint(square, 3)", lambda w: {"constant": in_square(np.ma.array(np.full((SIZE, SIZE), 3)))}),
    case("Image.paint", "ee.Image(0).paint(ee.FeatureCollection([ee.Feature(square, {'n': 4})]), 'n', 2)",
         lambda w: {"constant": np.ma.array(frame(w, 448100, 5411700, 448400, 5411900, 10) * 4)}),
    case("Image.paint Image.visualize", "image.visualize(['B8', 'B4', 'B3'], None, None, 0, 5000, 1.35).paint(square, '0000ffff', 2)",
         lambda w: coloured(w, 0, 5000, 1.35)),
    case("Image.visualize", "image.visualize(['B8', 'B4', 'B3'], None, None, 0, 5000, [1.35, 1.35, 1.35])", lambda w: coloured(w, 0, 5000, 1.35)),
    case("Image.visualize", "image.visualize(['SCL'], None, None, 0, 10, None, None, ['000000', 'ff0000', 'ffffff'])",
         lambda w: palette(w[0]["SCL"] / 10, [(0, 0, 0), (255, 0, 0), (255, 255, 255)])),
    case("Image.focal_max", "image.select('B4').focal_max()", lambda w: {"B4": around(w[0]["B4"], 1.5, np.max)}),
    case("Image.focal_min", "image.select('B4').focal_min(2)", lambda w: {"B4": around(w[0]["B4"], 2, np.min)}),
    case("Image.fastDistanceTransform", "image.select('SCL').eq(3).fastDistanceTransform(15)",
         lambda w: {"distance": np.ma.array(to_next(w[0]["SCL"] == 3, 15))}),
    case("Image.directionalDistanceTransform", "image.select('SCL').eq(3).directionalDistanceTransform(0, 12).select('distance')",
         lambda w: {"distance": to_the_east(w[0]["SCL"] == 3, 12)}),

    # Many images, other grids, regions.
    case("reduce.median", "images.select('B4').median()", lambda w: {"B4": np.ma.median(w.stack("B4"), axis=0)}),
    case("reduce.sum", "images.select('B4').sum()", lambda w: {"B4": w.stack("B4").sum(0)}),
    case("ImageCollection.mosaic", "images.select(['B4', 'SCL']).mosaic()",
         lambda w: {b: later(later(w[0][b], w[1][b]), w[2][b]) for b in ("B4", "SCL")}),
    case("ImageCollection.qualityMosaic", "images.select(['B4', 'B8']).qualityMosaic('B8')", lambda w: {b: best(w, "B8", b) for b in ("B4", "B8")}),
    case("Image.reproject", "image.select('B4').reproject('EPSG:32631', [30, 0, 448000, 0, -30, 5412000])",
         lambda w: {"B4": every_third(w[0]["B4"])}),
    case("Image.reproject Image.resample", "image.select('SCL').resample('bilinear').reproject('EPSG:32631', [10, 0, 448000, 0, -10, 5412000])",
         lambda w: {"SCL": warped(w.own[0]["SCL"], 10, SIZE, "bilinear")}),
    case("Image.resample", "image.select('SCL').resample()", lambda w: {"SCL": warped(w.own[0]["SCL"], 10, SIZE, "bilinear")}),
    case("Image.reduceResolution Reducer.mean", "image.select('B8').reduceResolution(ee.Reducer.mean())",
         lambda w: {"B8": by_fours(w[0]["B8"])}, (20, SIZE // 2)),
    case("Image.reduceResolution Reducer.sum", "image.select('SCL').reduceResolution(ee.Reducer.sum(), False, 256)",
         lambda w: {"SCL": np.ma.array(w.own[0]["SCL"].astype(float).reshape(16, 2, 16, 2).sum((1, 3)))}, (40, SIZE // 4)),
    case("Image.clipToBoundsAndScale GeometryConstructors.Rectangle", "call('Image.clipToBoundsAndScale', image.select('B4'), square, None, None, None, 2)",
         lambda w: {"B4": np.repeat(np.repeat(w[0]["B4"][SQUARE], 5, 0), 5, 1)}, OWN),
    case("Image.clipToBoundsAndScale", "call('Image.clipToBoundsAndScale', image.select('SCL'), square)", lambda w: {"SCL": w.own[0]["SCL"][5:15, 5:20]}, OWN),
    case("Image.reduceRegion Reducer.minMax", "image.select('B4').reduceRegion(ee.Reducer.minMax(), square, 10)",
         lambda w: {"B4_min": w[0]["B4"][SQUARE].min(), "B4_max": w[0]["B4"][SQUARE].max()}),
    case("Image.reduceRegion Reducer.mean", "image.select(['B4', 'B8']).reduceRegion(ee.Reducer.mean(), square, 10)",
         lambda w: {b: w[0][b][SQUARE].astype(float).mean() for b in ("B4", "B8")}),
    case("Image.reduceRegion Reducer.sum", "image.select('SCL').reduceRegion(ee.Reducer.sum(), whole, 20)", lambda w: {"SCL": w.own[0]["SCL"].astype(float).sum()}),
    case("Image.reduceRegion Reducer.firstNonNull", "image.select('SCL').reduceRegion(ee.Reducer.firstNonNull(), square, 20)",
         lambda w: {"SCL": w.own[0]["SCL"][5, 5]}),
    case("Image.reduceRegion Reducer.allNonZero", "image.select('B4').gte(6000).Not().reduceRegion(ee.Reducer.allNonZero(), square, 10)",
         lambda w: {"B4": 1}),
]


def every_third(a):
    """The pixel in the middle of each three by three."""
    at = np.arange(SIZE) // 3 * 3 + 1
    out = np.ma.masked_all(a.shape, a.dtype)
    known = at < SIZE
    out[np.ix_(known, known)] = a[np.ix_(at[known], at[known])]
    return out


def frame(w, west, south, east, north, width):
    """Pixels whose centre is nearer to the outline than half of the width."""
    line = box(west, south, east, north).exterior
    return shapely.distance(shapely.points(w.x, w.y), line) < width


def palette(t, colours):
    stops = np.linspace(0, 1, len(colours))
    return {name: np.ma.array(np.floor(np.interp(np.clip(t, 0, 1), stops, [c[i] for c in colours]) + 0.5))
            for i, name in enumerate(("vis-red", "vis-green", "vis-blue"))}


def equals(got, expected, what):
    """A value of JSON; shapes as sets of points."""
    if isinstance(expected, shapely.Geometry):
        got = shapely.unary_union(shape(got))
        assert got.symmetric_difference(expected).area < 1e-12 and got.hausdorff_distance(expected) < 1e-8, (what, got)
    elif isinstance(expected, Near):
        assert abs(got - expected.value) <= expected.relative * abs(expected.value), (what, got, expected)
    elif isinstance(expected, dict):
        assert isinstance(got, dict) and set(got) == set(expected), (what, got)
        for key in expected:
            equals(got[key], expected[key], what)
    elif isinstance(expected, (list, tuple)):
        assert isinstance(got, list) and len(got) == len(expected), (what, got)
        for one, other in zip(got, expected):
            equals(one, other, what)
    elif isinstance(expected, str):
        assert got == expected, (what, got, expected)
    else:
        assert abs(got - expected) <= 1e-9 * max(1, abs(expected)), (what, got, expected)
