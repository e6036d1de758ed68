"""The table of earthengine_cases.py goes on: functions that users' scripts call most beside tiers 0 and 1, most of them first."""
import colorsys
import math
from datetime import datetime

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import box

from earthengine_cases import CLOUD, FIELD, OWN, POINTS, SIZE, SQUARE, Near, case, either, in_square, inside, later, millis, date
from earthengine_world import INDEX, NORTH, WEST, footprint, to_degrees

TIER_2 = """GeometryConstructors.Point Image.add reduce.mean Image.divide Image.gt Filter.greaterThan Image.subtract List.sequence
Image.normalizedDifference ImageCollection.reduce GeometryConstructors.LineString Geometry.buffer Date.format GeometryConstructors.MultiPolygon
Image.parseExpression Element.geometry Number.add reduce.max Collection.style Image.pow List.cat String.cat Image.geometry Filter.calendarRange
Dictionary.keys Geometry.centroid reduce.min Filter.listContains Join.saveAll List.size GeometryConstructors.BBox Image.selfMask Image.float
Geometry.area Collection.randomColumn Image.toByte Image.remap Image.cat Reducer.median Collection.distinct Geometry.coordinates Reducer.count
Filter.and Geometry.intersects Geometry.union Image.sampleRegions Element.copyProperties ImageCollection.toBands Image.byte Image.pixelArea
Collection.merge Image.reduceRegions Image.clipToCollection Reducer.max Filter.maxDifference Geometry.simplify Image.pixelLonLat Image.int
Image.where Image.sample Filter.or Join.apply Date.get List.filter Geometry.intersection Reducer.min Reducer.stdDev Reducer.first String.replace
Kernel.square Date.advance Filter.notNull Image.rgbToHsv Image.hsvToRgb String.split Image.connectedPixelCount Image.convolve Dictionary.combine
Number.toInt Reducer.combine Collection.flatten List.iterate Dictionary.fromLists Image.abs""".split()


def areas(w):
    """Of each pixel on the ellipsoid."""
    edges = np.arange(SIZE + 1) * 10.0
    x, y = np.meshgrid(WEST + edges, NORTH - edges)
    lon, lat = to_degrees(x, y)
    ellipsoid = Geod(ellps="WGS84")
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    return np.ma.array([[abs(ellipsoid.polygon_area_perimeter([lon[r + i, c + j] for i, j in corners], [lat[r + i, c + j] for i, j in corners])[0])
                         for c in range(SIZE)] for r in range(SIZE)])


def hue(w):
    """Of B8, B4 and B3 as red, green and blue between 0 and 1."""
    bands = [w[0][b] / 6000 for b in ("B8", "B4", "B3")]
    values = np.array([colorsys.rgb_to_hsv(*rgb) for rgb in zip(*(np.ma.getdata(b).ravel() for b in bands))]).reshape(SIZE, SIZE, 3)
    return {name: np.ma.array(values[..., i], mask=either(*bands)) for i, name in enumerate(("hue", "saturation", "value"))}


def window_mean(a):
    """Of three by three, masked neighbours as 0; masked where the pixel is."""
    padded = np.pad(np.ma.filled(a, 0).astype(float), 1)
    total = sum(padded[r:r + SIZE, c:c + SIZE] for r in range(3) for c in range(3))
    return np.ma.array(total / 9, mask=np.ma.getmaskarray(a))


def patches(a, most):
    """How many equal pixels hang together, over edges and corners."""
    out, seen = np.zeros(a.shape), np.zeros(a.shape, bool)
    for start in np.ndindex(a.shape):
        if seen[start]:
            continue
        patch, todo = [], [start]
        seen[start] = True
        while todo:
            r, c = todo.pop()
            patch.append((r, c))
            for at in ((y, x) for y in range(max(0, r - 1), min(SIZE, r + 2)) for x in range(max(0, c - 1), min(SIZE, c + 2))):
                if not seen[at] and a[at] == a[start]:
                    seen[at] = True
                    todo.append(at)
        for at in patch:
            out[at] = min(len(patch), most)
    return np.ma.array(out)


A, B = "ee.Geometry.Rectangle([0, 0, 2, 2], None, False)", "ee.Geometry.Rectangle([1, 1, 3, 3], None, False)"
HSV = "image.select(['B8', 'B4', 'B3']).divide(6000).rgbToHsv()"

CASES = [
    # Which images, and what tables join.
    case("Filter.greaterThan", "images.filter(ee.Filter.gt('CLOUDY_PIXEL_PERCENTAGE', 30.5)).aggregate_array('system:index')", lambda w: INDEX[1:2]),
    case("Filter.calendarRange", "images.filter(ee.Filter.calendarRange(11, 20, 'day_of_month')).aggregate_array('system:index')", lambda w: INDEX[1:2]),
    case("Filter.listContains", "images.filter(ee.Filter.inList('CLOUDY_PIXEL_PERCENTAGE', [5, 30.5])).aggregate_array('CLOUDY_PIXEL_PERCENTAGE')",
         lambda w: [c for c in CLOUD if c in (5, 30.5)]),
    case("Filter.and", "images.filter(ee.Filter.And(ee.Filter.gt('CLOUDY_PIXEL_PERCENTAGE', 10), ee.Filter.lt('CLOUDY_PIXEL_PERCENTAGE', 90))).size()",
         lambda w: sum(10 < c < 90 for c in CLOUD)),
    case("Filter.or", "images.filter(ee.Filter.Or(ee.Filter.gt('CLOUDY_PIXEL_PERCENTAGE', 90), ee.Filter.lt('CLOUDY_PIXEL_PERCENTAGE', 10))).size()",
         lambda w: sum(c > 90 or c < 10 for c in CLOUD)),
    case("Filter.notNull", "table.filter(ee.Filter.notNull(['k'])).aggregate_array('n')", lambda w: [1, 5]),
    case("Join.saveAll Join.apply Filter.maxDifference", "ee.FeatureCollection(ee.Join.saveAll('near').apply(table, table, ee.Filter.maxDifference(3, 'n', None, 'n')))"
         ".map(lambda f: f.set('count', ee.List(f.get('near')).size())).aggregate_array('count')",
         lambda w: [sum(abs(a - b) <= 3 for b in (1, 5, 2)) for a in (1, 5, 2)]),
    case("Collection.distinct", "images.distinct('MGRS_TILE').aggregate_array('system:index')", lambda w: INDEX[:1]),
    case("Collection.merge", "table.merge(table).aggregate_array('n')", lambda w: [1, 5, 2, 1, 5, 2]),
    case("Collection.flatten", "ee.FeatureCollection([table, table.limit(1)]).flatten().aggregate_array('n')", lambda w: [1, 5, 2, 1]),
    case("Collection.flatten", "images.map(lambda i: i.select('SCL').sample(whole, 40)).flatten().size()",
         lambda w: sum((~np.ma.getmaskarray(w[n]["SCL"])[2::4, 2::4]).sum() for n in range(3))),
    case("Collection.randomColumn", "table.randomColumn('r', 7).filter(ee.Filter.And(ee.Filter.gte('r', 0), ee.Filter.lt('r', 1))).size()", lambda w: 3),
    case("ImageCollection.toBands", "images.select(['B4', 'SCL']).toBands()",
         lambda w: {f"{i}_{b}": w[n][b] for n, i in enumerate(INDEX) for b in ("B4", "SCL")}),
    case("Element.copyProperties", "ee.Feature(None, {'a': 1}).copyProperties(ee.Feature(None, {'b': 2, 'c': 3}), ['b']).toDictionary()",
         lambda w: {"a": 1, "b": 2}),
    case("Element.copyProperties", "ee.Feature(None, {'a': 1}).copyProperties(ee.Feature(None, {'b': 2, 'c': 3}), None, ['b']).toDictionary()",
         lambda w: {"a": 1, "c": 3}),

    # Values.
    case("List.sequence", "ee.List.sequence(1, 10, 3)", lambda w: list(range(1, 11, 3))),
    case("List.sequence", "ee.List.sequence(0, 1, None, 5)", lambda w: np.linspace(0, 1, 5).tolist()),
    case("List.cat", "ee.List([1, 2]).cat(['a'])", lambda w: [1, 2, "a"]),
    case("List.size", "ee.List([1, [2, 3], 'a']).size()", lambda w: 3),
    case("List.filter", "ee.List([1, 5, 2]).filter(ee.Filter.gt('item', 1))", lambda w: [5, 2]),
    case("List.iterate Number.add", "ee.List([1, 5, 2]).iterate(lambda x, sum: ee.Number(x).add(ee.Number(sum)), 10)", lambda w: 10 + sum((1, 5, 2))),
    case("Dictionary.keys", "ee.Dictionary({'b': 1, 'a': 2}).keys()", lambda w: ["a", "b"]),
    case("Dictionary.combine", "ee.Dictionary({'a': 1, 'b': 2}).combine({'b': 3, 'c': 4})", lambda w: {**{"a": 1, "b": 2}, **{"b": 3, "c": 4}}),
    case("Dictionary.combine", "ee.Dictionary({'a': 1, 'b': 2}).combine({'b': 3, 'c': 4}, False)", lambda w: {"a": 1, "b": 2, "c": 4}),
    case("Dictionary.fromLists", "ee.Dictionary.fromLists(['a', 'b'], [1, 'x'])", lambda w: {"a": 1, "b": "x"}),
    case("Number.add", "ee.Number(1.5).add(2)", lambda w: 1.5 + 2),
    case("Number.toInt", "ee.List([2.9, -2.9]).map(lambda x: ee.Number(x).toInt())", lambda w: [int(2.9), int(-2.9)]),
    case("String.cat", "ee.String('a').cat('b')", lambda w: "a" + "b"),
    case("String.replace", "ee.String('a1b22c').replace('[0-9]+', '-')", lambda w: "a-b22c"),
    case("String.replace", "ee.String('a1b22c').replace('([0-9]+)', '<$1>', 'g')", lambda w: "a<1>b<22>c"),
    case("String.split", "ee.String('a, b,c').split(', *')", lambda w: ["a", "b", "c"]),
    case("Date.format", "ee.Date('2024-02-29T12:30:15').format('YYYY-MM-dd HH:mm:ss')", lambda w: f"{datetime(2024, 2, 29, 12, 30, 15):%Y-%m-%d %H:%M:%S}"),
    case("Date.format", "ee.Date('2024-02-29T12:30:15').format()", lambda w: datetime(2024, 2, 29, 12, 30, 15).isoformat()),
    case("Date.format", "ee.Date('2024-02-09').format('D MMM d EEE yy')", lambda w: f"{datetime(2024, 2, 9):%-j %b %-d %a %y}"),
    case("Date.get", "ee.List(['year', 'month', 'day', 'hour', 'minute']).map(lambda unit: ee.Date('2024-02-29T12:30:15').get(unit))",
         lambda w: [2024, 2, 29, 12, 30]),
    case("Date.advance", "ee.Date('2024-01-31').advance(1, 'month')", lambda w: date(millis(2024, 2, 29))),
    case("Date.advance", "ee.Date('2024-01-31').advance(-36, 'hour')", lambda w: date(millis(2024, 1, 29, 12))),
    case("Reducer.median", "ee.List([3, 1, 7.5, 4]).reduce(ee.Reducer.median())", lambda w: np.median([3, 1, 7.5, 4])),
    case("Reducer.count", "ee.List([3, None, 7.5]).reduce(ee.Reducer.count())", lambda w: 2),
    case("Reducer.max", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.max())", lambda w: 7.5),
    case("Reducer.min", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.min())", lambda w: 1),
    case("Reducer.stdDev", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.stdDev())", lambda w: np.std([3, 1, 7.5])),
    case("Reducer.first", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.first())", lambda w: 3),
    case("Reducer.combine", "ee.List([3, 1, 7.5]).reduce(ee.Reducer.mean().combine(ee.Reducer.minMax(), '', True))",
         lambda w: {"mean": np.mean([3, 1, 7.5]), "min": 1, "max": 7.5}),

    # Geometries.
    case("GeometryConstructors.Point", "ee.Geometry.Point([2.5, 48])", lambda w: shapely.Point(2.5, 48)),
    case("GeometryConstructors.LineString", "ee.Geometry.LineString([[2, 48], [3, 49], [3, 50]])", lambda w: shapely.LineString([(2, 48), (3, 49), (3, 50)])),
    case("GeometryConstructors.LineString", "ee.Geometry.LineString([[2, 48], [2.01, 48.01]]).length(1)",
         lambda w: Geod(ellps="WGS84").line_length([2, 2.01], [48, 48.01])),
    case("GeometryConstructors.MultiPolygon", "ee.Geometry.MultiPolygon([[[[0, 0], [1, 0], [1, 1], [0, 0]]], [[[2, 2], [3, 2], [3, 3], [2, 2]]]])",
         lambda w: shapely.MultiPolygon([([(0, 0), (1, 0), (1, 1)],), ([(2, 2), (3, 2), (3, 3)],)])),
    case("GeometryConstructors.BBox", "call('GeometryConstructors.BBox', 2, 48, 3, 49)", lambda w: box(2, 48, 3, 49)),
    case("Element.geometry", "call('Element.geometry', ee.Feature(field, {}))", lambda w: FIELD),
    case("Image.geometry", "other.geometry()", lambda w: shapely.Polygon(footprint(1))),
    case("Geometry.area", "field.area(1)", lambda w: Near(abs(Geod(ellps="WGS84").geometry_area_perimeter(FIELD)[0]), 1e-6)),
    case("Geometry.buffer Geometry.area", "ee.Geometry.Point([2.3, 48.85]).buffer(1000).area(1)", lambda w: Near(math.pi * 1000 * 1000, 0.01)),
    case("Geometry.centroid Geometry.coordinates", "field.centroid(1).coordinates()", lambda w: [Near(x, 1e-7) for x in FIELD.centroid.coords[0]]),
    case("Geometry.coordinates", "ee.Geometry.Polygon([[[2, 48], [3, 48], [3, 49], [2, 48]]], None, False).coordinates()",
         lambda w: [[[2, 48], [3, 48], [3, 49], [2, 48]]]),
    case("Geometry.union", f"{A}.union({B}, 0.001)", lambda w: box(0, 0, 2, 2) | box(1, 1, 3, 3)),
    case("Geometry.intersection", f"{A}.intersection({B}, 0.001)", lambda w: box(0, 0, 2, 2) & box(1, 1, 3, 3)),
    case("Geometry.intersects", f"{A}.intersects({B}, 0.001)", lambda w: True),
    case("Geometry.intersects", f"{A}.intersects(ee.Geometry.Point([2.5, 2.5]), 0.001)", lambda w: False),
    case("Geometry.simplify", "ee.Geometry.LineString([[2, 48], [2.5, 48.0000001], [3, 48]], None, False).simplify(5000)",
         lambda w: shapely.LineString([(2, 48), (3, 48)])),

    # Samples.
    case("Image.add", "image.select('B4').add(image.select('B8'))", lambda w: {"B4": w[0]["B4"].astype(float) + w[0]["B8"]}),
    case("Image.subtract", "image.select('B4').subtract(image.select('B8'))", lambda w: {"B4": w[0]["B4"].astype(float) - w[0]["B8"]}),
    case("Image.divide", "image.select('B4').divide(image.select('B8'))", lambda w: {"B4": w[0]["B4"] / w[0]["B8"]}),
    case("Image.pow", "image.select('B4').pow(2)", lambda w: {"B4": w[0]["B4"].astype(float) ** 2}),
    case("Image.abs Image.subtract", "image.select('B4').subtract(3000).abs()", lambda w: {"B4": abs(w[0]["B4"].astype(float) - 3000)}),
    case("Image.gt", "image.select('B4').gt(other.select('B4'))", lambda w: {"B4": w[0]["B4"] > w[1]["B4"]}),
    case("Image.normalizedDifference", "image.normalizedDifference(['B8', 'B4'])",
         lambda w: {"nd": (w[0]["B8"].astype(float) - w[0]["B4"]) / (w[0]["B8"].astype(float) + w[0]["B4"])}),
    case("Image.parseExpression", "image.expression('(n + r) / 10 + (n > r ? 1 : 2) * b(\"B2\")', {'n': image.select('B8'), 'r': image.select('B4')}).rename('x')",
         lambda w: {"x": (w[0]["B8"].astype(float) + w[0]["B4"]) / 10 + np.ma.where(w[0]["B8"] > w[0]["B4"], 1, 2) * w[0]["B2"]}),
    case("Image.float", "image.select('B4').multiply(0.1).float()", lambda w: {"B4": (w[0]["B4"] * 0.1).astype(np.float32)}),
    case("Image.int", "image.select('B4').multiply(-0.3).int()", lambda w: {"B4": np.ma.ceil(w[0]["B4"] * -0.3)}),
    case("Image.byte", "image.select('B4').byte()", lambda w: {"B4": np.ma.clip(w[0]["B4"], 0, 255)}),
    case("Image.toByte", "image.select('SCL').subtract(5).toByte()", lambda w: {"SCL": np.ma.array(np.clip(w[0]["SCL"].astype(int) - 5, 0, 255))}),
    case("Image.remap", "image.select('SCL').remap([1, 2, 3], [10, 20, 30], 7)",
         lambda w: {"remapped": np.ma.array(np.where(w[0]["SCL"] <= 3, w[0]["SCL"].astype(int) * 10, 7))}),
    case("Image.remap", "image.select('SCL').remap([1, 2, 3], [10, 20, 30])",
         lambda w: {"remapped": np.ma.array(w[0]["SCL"].astype(int) * 10, mask=w[0]["SCL"] > 3)}),
    case("Image.where", "image.select('B4').where(image.select('B8').gt(3000), 0)",
         lambda w: {"B4": np.ma.array(np.where(np.ma.filled(w[0]["B8"] > 3000, False), 0, w[0]["B4"].data), mask=w[0]["B4"].mask)}),
    case("Image.selfMask", "image.select('B4').gte(3000).selfMask()", lambda w: {"B4": np.ma.array(np.ones((SIZE, SIZE)), mask=~np.ma.filled(w[0]["B4"] >= 3000, False))}),
    case("Image.cat", "call('Image.cat', [image.select('B4'), image.select('B8'), image.select('B4')])",
         lambda w: {"B4": w[0]["B4"], "B8": w[0]["B8"], "B4_1": w[0]["B4"]}),
    case("Image.rgbToHsv", HSV, hue),
    case("Image.hsvToRgb", HSV + ".hsvToRgb()",
         lambda w: {name: np.ma.array(w[0][b].data / 6000, mask=either(*(w[0][x] for x in ("B8", "B4", "B3"))))
                    for name, b in (("red", "B8"), ("green", "B4"), ("blue", "B3"))}),
    case("Image.pixelLonLat", "ee.Image.pixelLonLat()", lambda w: {"longitude": np.ma.array(w.lon), "latitude": np.ma.array(w.lat)}),
    case("Image.pixelArea", "ee.Image.pixelArea()", lambda w: {"area": areas(w)}),
    case("Image.clipToCollection", "image.select('B4').clipToCollection(ee.FeatureCollection([ee.Feature(field)]))",
         lambda w: {"B4": np.ma.array(w[0]["B4"].data, mask=w[0]["B4"].mask | ~inside(w, FIELD))}),
    case("Collection.style", "ee.FeatureCollection([ee.Feature(square)]).style('ff0000', 3, 'circle', 0, '00ff00').select([0, 1, 2])",
         lambda w: {name: in_square(np.ma.array(np.full((SIZE, SIZE), v))) for name, v in (("vis-red", 0), ("vis-green", 255), ("vis-blue", 0))}),
    case("Image.convolve Kernel.square", "image.select('B4').convolve(ee.Kernel.square(1))", lambda w: {"B4": window_mean(w[0]["B4"])}),
    case("Image.connectedPixelCount", "image.select('SCL').gte(6).connectedPixelCount(20)", lambda w: {"SCL": patches(w[0]["SCL"] >= 6, 20)}),

    # Many images, and regions.
    case("reduce.mean", "images.select('B4').mean()", lambda w: {"B4": w.stack("B4").mean(0)}),
    case("reduce.max", "images.select(['B4', 'B8']).max()", lambda w: {b: w.stack(b).max(0) for b in ("B4", "B8")}),
    case("reduce.min", "images.select('B4').min()", lambda w: {"B4": w.stack("B4").min(0)}),
    case("ImageCollection.reduce Reducer.median", "images.select('B4').reduce(ee.Reducer.median())", lambda w: {"B4_median": np.ma.median(w.stack("B4"), axis=0)}),
    case("ImageCollection.reduce Reducer.stdDev", "images.select('B4').reduce(ee.Reducer.stdDev())", lambda w: {"B4_stdDev": w.stack("B4").std(0)}),
    case("ImageCollection.reduce Reducer.count", "images.select('B4').reduce(ee.Reducer.count())",
         lambda w: {"B4_count": np.ma.masked_equal(w.stack("B4").count(0), 0)}),
    case("ImageCollection.reduce Reducer.first", "images.select('B4').reduce(ee.Reducer.first())",
         lambda w: {"B4_first": later(w[2]["B4"], later(w[1]["B4"], w[0]["B4"]))}),
    case("Image.sample", "image.select('B4').sample(square, 10).aggregate_array('B4').sort()", lambda w: sorted(w[0]["B4"][SQUARE].compressed().tolist())),
    case("Image.sampleRegions", "image.select(['B4', 'SCL']).sampleRegions(ee.FeatureCollection([ee.Feature(square, {'id': 7})]), ['id'], 10)"
         ".reduceColumns(ee.Reducer.sum().repeat(3), ['id', 'B4', 'SCL']).get('sum')",
         lambda w: (lambda ok: [7 * ok.sum(), w[0]["B4"][SQUARE].astype(float).sum(), w[0]["SCL"][SQUARE].astype(float)[ok].sum()])(~w[0]["B4"].mask[SQUARE])),
    case("Image.reduceRegions Reducer.combine", "image.select('B4').reduceRegions(ee.FeatureCollection([ee.Feature(square, {'id': 7})]), "
         "ee.Reducer.max().combine(ee.Reducer.min(), '', True), 10).first().toDictionary(['id', 'max', 'min'])",
         lambda w: {"id": 7, "max": w[0]["B4"][SQUARE].max(), "min": w[0]["B4"][SQUARE].min()}),
]
