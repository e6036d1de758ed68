"""Functions whose values are no pixels: each by name, with what Python, shapely or pyproj say."""
import json
import math
from datetime import datetime, timezone

import numpy as np
import pytest
import shapely
from pyproj import Geod

from evaluator import GraphError, answer
from graph_data import band, check, rng  # noqa: F401

MS = 86_400_000


def ms(*args):
    return int(datetime(*args, tzinfo=timezone.utc).timestamp() * 1000)


def image(index, cloud, time_ms, west=15.0, name="a"):
    ring = [[west, 45], [west + 0.1, 45], [west + 0.1, 45.2], [west, 45.2], [west, 45]]
    return {"image": name, "properties": {"system:index": index, "system:time_start": time_ms, "cloud": cloud, "tile": "33T" + index[0],
                                          "system:footprint": {"type": "Polygon", "coordinates": [ring]}}}


ARCHIVE = {"C": [image("p1", 10, ms(2024, 1, 5)), image("q2", 30, ms(2024, 2, 10), 15.05), image("p3", 90, ms(2024, 3, 1)),
                 image("q4", 20.5, ms(2024, 12, 31), 20)]}
C = 'ImageCollection.load("C")'


def arrays(rng):  # noqa: F811
    return {"a": {"x": band(rng, np.uint16), "y": band(rng, np.uint8)}}


def value(graph):
    return answer(graph, {"a": {"x": np.ma.array(np.ones((4, 5), np.uint16)), "y": np.ma.array(np.ones((4, 5), np.uint8))}},
                  ARCHIVE).value


def ids(collection):
    return value(f'AggregateFeatureCollection.array({collection}, "system:index")')


VALUES = [
    # strings
    ('String("a")', "a"), ("String(5)", "5"), ("String(2.5)", "2.5"), ("String([1, \"b\"])", '[1,"b"]'),
    ('String.cat("ab", "cd")', "abcd"), ('String.length("Zürich")', 6), ('String.slice("abcdef", 1, 3)', "bc"),
    ('String.slice("abcdef", -2)', "ef"), ('String.slice("Zürich", 1, 2)', "ü"), ('String.toLowerCase("AbC")', "abc"),
    ('String.toUpperCase("AbC")', "ABC"), ('String.trim("  a b ")', "a b"), ('String.index("abcabc", "c")', 2),
    ('String.index("abc", "x")', -1), ('String.rindex("abcabc", "c")', 5), ('String.compareTo("a", "b")', -1),
    ('String.equals("a", "a")', True), ('String.replace("a1b22", "[0-9]+", "#")', "a#b22"),
    ('String.replace("a1b22", "\\\\d+", "<$0>", "g")', "a<1>b<22>"), ('String.split("a,b;c", "[,;]")', ["a", "b", "c"]),
    ('String.match("20240105T10_T33TWL", "_T(\\\\d+)([A-Z]+)")', ["_T33TWL", "33", "TWL"]), ('String.match("abc", "x")', []),
    # numbers
    ("Number(3)", 3), ("Number.add(2, 3)", 5), ("Number.subtract(2, 3)", -1), ("Number.multiply(2, 3.5)", 7),
    ("Number.divide(7, 2)", 3.5), ("Number.divide(7, 0)", 0), ("Number.mod(7, 3)", 1), ("Number.pow(2, 10)", 1024),
    ("Number.min(2, 3)", 2), ("Number.max(2, 3)", 3), ("Number.hypot(3, 4)", 5), ("Number.atan2(1, 0)", 0), ("Number.eq(2, 2)", 1),
    ("Number.neq(2, 2)", 0), ("Number.lt(2, 3)", 1), ("Number.lte(3, 3)", 1), ("Number.gt(2, 3)", 0), ("Number.gte(3, 3)", 1),
    ("Number.and(2, 0)", 0), ("Number.or(2, 0)", 1), ("Number.not(0)", 1), ("Number.first(2, 3)", 2), ("Number.firstNonZero(0, 3)", 3),
    ("Number.bitwiseAnd(12, 10)", 8), ("Number.bitwiseOr(12, 10)", 14), ("Number.bitwiseXor(12, 10)", 6), ("Number.bitwiseNot(5)", -6),
    ("Number.leftShift(3, 2)", 12), ("Number.rightShift(13, 2)", 3), ("Number.abs(-2)", 2), ("Number.ceil(2.1)", 3),
    ("Number.floor(-2.1)", -3), ("Number.round(2.5)", 3), ("Number.signum(-4)", -1), ("Number.sqrt(9)", 3), ("Number.cbrt(27)", 3.0),
    ("Number.exp(1)", math.e), ("Number.log(2)", math.log(2)), ("Number.log10(1000)", 3), ("Number.sin(1)", math.sin(1)),
    ("Number.cos(1)", math.cos(1)), ("Number.tan(1)", math.tan(1)), ("Number.asin(0.5)", math.asin(.5)), ("Number.acos(0.5)", math.acos(.5)),
    ("Number.atan(2)", math.atan(2)), ("Number.sinh(1)", math.sinh(1)), ("Number.cosh(1)", math.cosh(1)), ("Number.tanh(1)", math.tanh(1)),
    *((f"Number.{n}(300.7)", 255) for n in ("toByte", "toUint8", "byte", "uint8")),
    *((f"Number.{n}(-300.7)", -128) for n in ("toInt8", "int8")),
    *((f"Number.{n}(70000.2)", 65535) for n in ("toUint16", "uint16")),
    *((f"Number.{n}(-70000.2)", -32768) for n in ("toInt16", "int16", "toShort", "short")),
    *((f"Number.{n}(5e9)", 4294967295) for n in ("toUint32", "uint32")),
    *((f"Number.{n}(-2.7)", -2) for n in ("toInt32", "int32", "toInt", "int", "toInt64", "int64", "toLong", "long")),
    *((f"Number.{n}(2.5)", 2.5) for n in ("toFloat", "float", "toDouble", "double")),
    ("Number.clamp(5, 1, 3)", 3), ("Number.unitScale(5, 0, 10)", 0.5), ('Number.parse("12.5")', 12.5), ('Number.parse("ff", 16)', 255),
    ('Number.format(3.14159, "%.2f")', "3.14"), ('Number.format(7, "%03d")', "007"),
    ("If(1, 2, 3)", 2), ("If(0, 2, 3)", 3), ('If(null, "a", "b")', "b"), ('If("x", [1], [])', [1]),
    # lists
    ("List.sequence(1, 4)", [1, 2, 3, 4]), ("List.sequence(0, 1, 0.25)", [0, .25, .5, .75, 1]), ("List.sequence(0, null, 2, 3)", [0, 2, 4]),
    ("List.sequence(0, 10, null, 3)", [0, 5, 10]), ('List.repeat("a", 3)', ["a", "a", "a"]), ("List.add([1], 2)", [1, 2]),
    ("List.cat([1], [2, 3])", [1, 2, 3]), ("List.contains([1, 2], 2)", True), ("List.contains([1, [2]], [2])", True),
    ("List.indexOf([5, 6], 6)", 1), ("List.indexOf([5, 6], 7)", -1), ("List.remove([1, 2, 1], 1)", [2, 1]),
    ("List.removeAll([1, 2, 1, 3], [1, 3])", [2]), ("List.distinct([1, 2, 1])", [1, 2]), ("List.reverse([1, 2])", [2, 1]),
    ("List.slice([1, 2, 3, 4], 1, 3)", [2, 3]), ("List.slice([1, 2, 3, 4], -3, null, 2)", [2, 4]), ("List.get([1, 2], -1)", 2),
    ("List.set([1, 2], 0, 9)", [9, 2]), ("List.sort([3, \"b\", 1, \"a\"])", [1, 3, "a", "b"]),
    ('List.sort(["x", "y", "z"], [3, 1, 2])', ["y", "z", "x"]), ("List.flatten([1, [2, [3]]])", [1, 2, 3]),
    ("List.zip([1, 2], [3, 4])", [[1, 3], [2, 4]]), ('List.join([1, "b"], "-")', "1-b"), ("List.size([1, 2])", 2),
    ("List.map([1, 2], fn(x) { Number.add(x, 1) })", [2, 3]),
    ("List.iterate([1, 2, 3], fn(x, acc) { Number.add(x, acc) }, 0)", 6), ("List.map([1, 0], fn(x) { If(x, x, null) }, true)", [1]),
    ('List.filter([1, 5, 3], Filter.greaterThan("item", 2))', [5, 3]),
    ("List.reduce([1, 2, 3], Reducer.mean())", 2), ("List.reduce([1, 2, 3], Reducer.minMax())", {"min": 1, "max": 3}),
    ("List.reduce([1, 2, 3], Reducer.toList())", [1, 2, 3]),
    ('List.reduce([1, 4], Reducer.setOutputs(Reducer.minMax(), ["lo", "hi"]))', {"lo": 1, "hi": 4}),
    # dictionaries
    ('Dictionary({"b": 1, "a": 2})', {"a": 2, "b": 1}), ('Dictionary(["a", 1, "b", 2])', {"a": 1, "b": 2}),
    ('Dictionary.keys({"b": 1, "a": 2})', ["a", "b"]), ('Dictionary.values({"b": 1, "a": 2})', [2, 1]),
    ('Dictionary.values({"b": 1, "a": 2}, ["b"])', [1]), ('Dictionary.size({"b": 1})', 1), ('Dictionary.get({"b": 1}, "x", 7)', 7),
    ('Dictionary.getNumber({"b": 1}, "b")', 1), ('Dictionary.getString({"b": "s"}, "b")', "s"), ('Dictionary.contains({"b": 1}, "b")', True),
    ('Dictionary.map({"a": 1}, fn(k, v) { String.cat(k, String(v)) })', {"a": "a1"}),
    ('Dictionary.remove({"a": 1, "b": 2}, ["a"])', {"b": 2}), ('Dictionary.select({"a": 1, "b": 2}, ["a", "z"], true)', {"a": 1}),
    ('Dictionary.set({"a": 1}, "b", 2)', {"a": 1, "b": 2}), ('Dictionary.combine({"a": 1, "b": 1}, {"b": 2})', {"a": 1, "b": 2}),
    ('Dictionary.combine({"b": 1}, {"b": 2}, false)', {"b": 1}), ('Dictionary.fromLists(["x"], [5])', {"x": 5}),
    ('Dictionary.rename({"a": 1}, ["a"], ["z"])', {"z": 1}),
    # dates
    ('Date("2024-02-29")', {"type": "Date", "value": ms(2024, 2, 29)}), ("Date(5)", {"type": "Date", "value": 5}),
    ('Date.millis(Date("2024-02-29T10:20:30.250"))', ms(2024, 2, 29, 10, 20, 30) + 250),
    ('Date.millis(Date("2024-02-29T10:20", "+02:00"))', ms(2024, 2, 29, 8, 20)),
    ("Date.millis(Date.fromYMD(2023, 12, 31))", ms(2023, 12, 31)), ('Date.millis(Date.advance(Date("2024-01-31"), 1, "month"))', ms(2024, 2, 29)),
    ('Date.millis(Date.advance(Date("2024-02-29"), -1, "year"))', ms(2023, 2, 28)),
    ('Date.millis(Date.advance(Date("2024-02-29"), 1.5, "days"))', ms(2024, 3, 1, 12)),
    ('Date.difference(Date("2024-03-01"), Date("2024-02-01"), "day")', 29), ('Date.get(Date("2024-12-30"), "week")', 1),
    ('Date.get(Date("2024-12-30T05:06:07"), "hour")', 5), ('Date.get(Date("2024-12-30"), "year")', 2024),
    ('Date.getFraction(Date("2024-07-01T12:00"), "day")', 0.5), ('Date.getRelative(Date("2024-03-01"), "day", "year")', 60),
    ('Date.millis(Date.update(Date("2024-03-01"), 2020, null, 9))', ms(2020, 3, 9)),
    ('Date.format(Date("2024-03-01T04:05:06"))', "2024-03-01T04:05:06"), ('Date.format(Date("2024-03-01"), "YYYY_MM")', "2024_03"),
    ('Date.format(Date("2024-03-01T16:05"), "EEE d MMM yy, hh:mm a")', "Fri 1 Mar 24, 04:05 PM"),
    ('Date.format(Date("2024-03-01"), "D", "Etc/GMT-3")', "61"),
    ('DateRange("2024-01-01", "2024-02-01")', {"type": "DateRange", "dates": [ms(2024, 1, 1), ms(2024, 2, 1)]}),
    ('Date.millis(DateRange.start(DateRange("2024-01-01")))', ms(2024, 1, 1)),
    ('Date.millis(DateRange.end(DateRange("2024-01-01")))', ms(2024, 1, 1) + 1),
    ('DateRange.contains(DateRange("2024-01-01", "2024-02-01"), Date("2024-02-01"))', False),
    ('Date.getRange(Date("2024-02-10"), "month")', {"type": "DateRange", "dates": [ms(2024, 2, 1), ms(2024, 3, 1)]}),
    # elements
    (f'Element.get(Collection.first({C}), "cloud")', 10), (f'Element.getNumber(Collection.first({C}), "cloud")', 10),
    (f'Element.getString(Collection.first({C}), "cloud")', "10"), (f'Element.get(Collection.first({C}), "nothing")', None),
    (f'Element.get(Element.set(Collection.first({C}), "n", [1]), "n")', [1]),
    (f'Element.toDictionary(Element.setMulti(Collection.first({C}), {{"n": 1, "cloud": 2}}))', {"cloud": 2, "n": 1, "tile": "33Tp"}),
    (f'Element.toDictionary(Collection.first({C}), ["cloud"])', {"cloud": 10}),
    (f'Element.toDictionary(Element.copyProperties(Feature(null, {{"z": 1}}), Collection.first({C}), null, ["tile"]))', {"z": 1, "cloud": 10}),
    (f'Element.get(Element.copyProperties(Feature(null), Collection.first({C}), ["system:time_start"]), "system:time_start")', ms(2024, 1, 5)),
    (f"Element.propertyNames(Collection.first({C}))",
     ["cloud", "system:band_names", "system:bands", "system:footprint", "system:id", "system:index", "system:time_start", "system:version", "tile"]),
    (f"Element.id(Collection.first({C}))", "C/p1"), ('Image.id(Image.load("C/q2"))', "C/q2"), ('Feature.id(Feature(null, {"system:index": "7"}))', "7"),
    ('Date.millis(Image.date(Image.load("C/q2")))', ms(2024, 2, 10)),
    ("Geometry.type(Element.geometry(Image.load(\"C/q2\")))", "Polygon"), ("Geometry.type(Image.geometry(Image.load(\"C/q2\")))", "Polygon"),
    ("Geometry.type(Feature.geometry(Feature(GeometryConstructors.Point([1, 2]))))", "Point"),
    ("Geometry.coordinates(Feature.geometry(Feature.setGeometry(Feature(null), GeometryConstructors.Point([1, 2]))))", [1, 2]),
    # collections
    (f"Collection.size({C})", 4), (f"Collection.size(Collection.limit({C}, 2))", 2), (f"List.size(Collection.toList({C}, 3, 2))", 2),
    (f"Collection.size(Collection.merge({C}, {C}))", 8), (f"Collection.size(ImageCollection.merge({C}, {C}))", 8),
    (f'Element.get(Collection.first(Collection.merge({C}, {C})), "system:index")', "1_p1"),
    (f'Collection.size(Collection.distinct({C}, "tile"))', 2),
    ("Collection.size(Collection.flatten(Collection([Feature(null), Feature(null)])))", 2),
    (f'AggregateFeatureCollection.array({C}, "cloud")', [10, 30, 90, 20.5]), (f'AggregateFeatureCollection.max({C}, "cloud")', 90),
    (f'AggregateFeatureCollection.min({C}, "cloud")', 10), (f'AggregateFeatureCollection.sum({C}, "cloud")', 150.5),
    (f'AggregateFeatureCollection.mean({C}, "cloud")', 37.625), (f'AggregateFeatureCollection.product({C}, "cloud")', 553500),
    (f'AggregateFeatureCollection.count({C}, "cloud")', 4), (f'AggregateFeatureCollection.first({C}, "tile")', "33Tp"),
    (f'AggregateFeatureCollection.count_distinct({C}, "tile")', 2), (f'AggregateFeatureCollection.histogram({C}, "tile")', {"33Tp": 2, "33Tq": 2}),
    (f'AggregateFeatureCollection.total_sd({C}, "cloud")', float(np.std([10, 30, 90, 20.5]))),
    (f'AggregateFeatureCollection.total_var({C}, "cloud")', float(np.var([10, 30, 90, 20.5]))),
    (f'AggregateFeatureCollection.sample_sd({C}, "cloud")', float(np.std([10, 30, 90, 20.5], ddof=1))),
    (f'AggregateFeatureCollection.sample_var({C}, "cloud")', float(np.var([10, 30, 90, 20.5], ddof=1))),
    (f'Dictionary.get(AggregateFeatureCollection.stats({C}, "cloud"), "mean")', 37.625),
    (f'Collection.reduceColumns({C}, Reducer.mean(), ["cloud"])', {"mean": 37.625}),
    (f'Collection.reduceColumns({C}, Reducer.repeat(Reducer.toList(), 2), ["tile", "cloud"])',
     {"list": [["33Tp", "33Tq", "33Tp", "33Tq"], [10, 30, 90, 20.5]]}),
    (f'Collection.reduceColumns(Collection.limit({C}, 2), Reducer.toList(2), ["tile", "cloud"])', {"list": [["33Tp", 10], ["33Tq", 30]]}),
    ('ErrorMargin(5)', 5),
]


@pytest.mark.parametrize("graph, expected", VALUES)
def test_values(graph, expected):
    """Casts of numbers are made of their names:
    Number.toByte( Number.toUint8( Number.byte( Number.uint8( Number.toInt8( Number.int8( Number.toUint16(
    Number.uint16( Number.toInt16( Number.int16( Number.toShort( Number.short( Number.toUint32( Number.uint32(
    Number.toInt32( Number.int32( Number.toInt( Number.int( Number.toInt64( Number.int64( Number.toLong(
    Number.long( Number.toFloat( Number.float( Number.toDouble( Number.double(
    """
    got = value(graph)
    assert got == (pytest.approx(expected, rel=1e-12) if isinstance(expected, float) else expected)


FILTERS = [
    ('Filter.lessThan("cloud", 30)', "p1 q4"), ('Filter.greaterThan("cloud", 20.5)', "q2 p3"), ('Filter.equals("tile", "33Tp")', "p1 p3"),
    ('Filter.not(Filter.equals("tile", "33Tp"))', "q2 q4"), ('Filter.not(Filter.lessThan("cloud", 30))', "q2 p3"),
    ('Filter.not(Filter.equals("nothing", 1))', "p1 q2 p3 q4"), ('Filter.lessThan("nothing", 1)', ""), ('Filter.lessThan("tile", 30)', ""),
    ('Filter.and([Filter.lessThan("cloud", 50), Filter.equals("tile", "33Tq")])', "q2 q4"),
    ('Filter.or([Filter.equals("cloud", 10), Filter.equals("cloud", 90)])', "p1 p3"),
    ('[Filter.lessThan("cloud", 50), Filter.equals("tile", "33Tq")]', "q2 q4"),
    ('Filter.stringStartsWith("system:index", "p")', "p1 p3"), ('Filter.stringEndsWith("system:index", "2")', "q2"),
    ('Filter.stringContains("tile", "3T")', "p1 q2 p3 q4"), ('Filter.listContains(leftValue=["p1", "q4"], rightField="system:index")', "p1 q4"),
    ('Filter.rangeContains("cloud", 20.5, 30)', "q2 q4"), ('Filter.notNull(["cloud", "tile"])', "p1 q2 p3 q4"), ('Filter.notNull(["nothing"])', ""),
    ('Filter.dateRangeContains(leftValue=DateRange("2024-02-10", "2024-03-01"), rightField="system:time_start")', "q2"),
    ('Filter.calendarRange(2, 3, "month")', "q2 p3"), ('Filter.calendarRange(12, 1, "month")', "p1 q4"), ("Filter.calendarRange(60, 61)", "p3"),
    ('Filter.maxDifference(10, "cloud", 20)', "p1 q2 q4"),
    ('Filter.intersects(".all", Feature(GeometryConstructors.Rectangle([15.11, 45.1, 15.12, 45.3], null, false)))', "q2"),
    ('Filter.intersects(".geo", GeometryConstructors.Point([15.07, 45.1]))', "p1 q2 p3"),
    ('Filter.contains(".geo", GeometryConstructors.Point([15.07, 45.1]))', "p1 q2 p3"),
    ('Filter.isContained(".geo", GeometryConstructors.Rectangle([14, 44, 15.12, 46], null, false))', "p1 p3"),
    ('Filter.disjoint(".geo", GeometryConstructors.Point([15.07, 45.1]))', "q4"),
    ('Filter.withinDistance(2000, ".geo", GeometryConstructors.Point([15.16, 45.1]))', "q2"),
]


@pytest.mark.parametrize("graph, expected", FILTERS)
def test_filters_of_what_is_loaded_and_of_what_is_there(graph, expected):
    assert ids(f"Collection.filter({C}, {graph})") == expected.split()
    assert ids(f"Collection.filter(Collection.map({C}, fn(i) {{ i }}), {graph})") == expected.split()


def test_order_and_limit():
    assert ids(f'Collection.limit({C}, null, "cloud")') == ["p1", "q4", "q2", "p3"]
    assert ids(f'Collection.limit({C}, 2, "cloud", false)') == ["p3", "q2"]
    assert ids(f'Collection.limit(Collection.filter({C}, Filter.greaterThan("cloud", 15)), 1)') == ["q2"]


def test_bands_are_made_only_when_they_are_asked_for():
    images = {"a": {"x": np.ma.array(np.ones((4, 5), np.uint16))}}
    mapped = f"Collection.map({C}, fn(i) {{ Image.multiply(Image.unmask(i, -1), 2) }})"
    got = answer(f'AggregateFeatureCollection.array({mapped}, "system:index")', images, ARCHIVE)
    assert (got.value, got.bands_made) == (["p1", "q2", "p3", "q4"], 0)
    got = answer(f"Image.bandNames(Collection.first({mapped}))", images, ARCHIVE)
    assert (got.value, got.bands_made) == (["x"], 1)


# --- geometries ---

SQUARE = [[15, 45], [16, 45], [16, 46], [15, 46], [15, 45]]
P = f"GeometryConstructors.Polygon([{SQUARE}], null, false)"
Q = "GeometryConstructors.Rectangle([15.5, 45.5, 17, 47], null, false)"
L = "GeometryConstructors.LineString([[15, 45], [16, 46]])"
shape_p, shape_q = shapely.Polygon(SQUARE), shapely.box(15.5, 45.5, 17, 47)
geod = Geod(ellps="WGS84")


def shape(graph):
    return shapely.from_geojson(json.dumps(value(graph)))


@pytest.mark.parametrize("name", ["union", "intersection", "difference", "symmetricDifference"])
def test_two_geometries_as_one(name):
    """Geometry.union( Geometry.intersection( Geometry.difference( Geometry.symmetricDifference("""
    expected = getattr(shape_p, {"symmetricDifference": "symmetric_difference"}.get(name, name))(shape_q)
    assert shape(f"Geometry.{name}({P}, {Q})").symmetric_difference(expected).area < 1e-12


def test_relations_of_geometries():
    for graph, expected in ((f"Geometry.intersects({P}, {Q})", True), (f"Geometry.disjoint({P}, {Q})", False),
                            (f"Geometry.contains({P}, GeometryConstructors.Point([15.2, 45.2]))", True),
                            (f"Geometry.containedIn({P}, {Q})", False),
                            (f"Geometry.withinDistance({P}, GeometryConstructors.Point([16.01, 45.5]), 1000)", True),
                            (f"Geometry.withinDistance({P}, GeometryConstructors.Point([16.01, 45.5]), 100)", False)):
        assert value(graph) is expected, graph


def test_measures_are_those_of_the_ellipsoid():
    area, perimeter = geod.polygon_area_perimeter(*zip(*SQUARE))
    geodesic = P.replace(", null, false", "")
    assert value(f"Geometry.area({geodesic})") == pytest.approx(abs(area), rel=2e-5)  # its edges are chords of great circles
    assert value(f"Geometry.perimeter({P})") == pytest.approx(perimeter, rel=1e-5)
    assert value(f"Geometry.length({L})") == pytest.approx(geod.line_length([15, 16], [45, 46]), rel=1e-6)
    assert value(f"Geometry.area({L})") == 0
    far = geod.inv(15, 45, 15.01, 45.02)[2]
    assert value("Geometry.distance(GeometryConstructors.Point([15, 45]), GeometryConstructors.Point([15.01, 45.02]))") == pytest.approx(far, rel=1e-6)
    hole = "[[15.2, 45.2], [15.4, 45.2], [15.4, 45.4], [15.2, 45.4]]"
    without = abs(geod.polygon_area_perimeter([15.2, 15.4, 15.4, 15.2], [45.2, 45.2, 45.4, 45.4])[0])
    assert value(f"Geometry.area(GeometryConstructors.Polygon([{SQUARE}, {hole}]))") == pytest.approx(abs(area) - without, rel=2e-5)


def test_shapes_of_shapes():
    assert shape(f"Geometry.bounds({L})").bounds == (15, 45, 16, 46)
    around = shape("Geometry.buffer(GeometryConstructors.Point([15, 45]), 1000)")
    for lon, lat in around.exterior.coords:
        assert geod.inv(15, 45, lon, lat)[2] == pytest.approx(1000, rel=1e-4)
    middle = value(f"Geometry.centroid({P})")
    assert middle["type"] == "Point" and middle["coordinates"] == pytest.approx([15.5, 45.5], abs=0.005)
    assert shape(f"Geometry.convexHull(GeometryConstructors.LineString([[0, 0], [1, 0], [0.5, 0.1], [0, 1]], null, false))").area == pytest.approx(.5, rel=1e-3)
    wavy = "GeometryConstructors.LineString([[15, 45], [15.001, 45.00001], [15.002, 45]], null, false)"
    assert len(shape(f"Geometry.simplify({wavy}, 10)").coords) == 2 and len(shape(f"Geometry.simplify({wavy}, 0.1)").coords) == 3
    moved = value(f'Geometry.transform(GeometryConstructors.Point([15, 45]), "EPSG:32633")')
    assert moved["crs"]["properties"]["name"] == "EPSG:32633" and moved["coordinates"] == pytest.approx([500000, 4982950.4], abs=1)
    assert value("Geometry.coordinates(Geometry.transform(Geometry.transform(GeometryConstructors.Point([15, 45]), \"EPSG:32633\")))") == pytest.approx([15, 45])


def test_geometries_come_back_as_they_were_given():
    """Geometry.geodesic( Geometry.edgesAreGeodesics( Geometry.isUnbounded( Geometry.projection( GeometryConstructors.MultiPolygon("""
    assert value("GeometryConstructors.Polygon([[[15, 45], [16, 45], [16, 46]]])") == {"type": "Polygon", "coordinates": [[[15, 45], [16, 45], [16, 46], [15, 45]]]}
    assert value(P) == {"type": "Polygon", "geodesic": False, "coordinates": [SQUARE]}
    assert value("GeometryConstructors.Point([1, 2])") == {"type": "Point", "coordinates": [1, 2]}
    assert value(L) == {"type": "LineString", "coordinates": [[15, 45], [16, 46]]}
    two = f"[[{SQUARE}], [[[0, 0], [1, 0], [1, 1], [0, 0]]]]"
    assert value(f"GeometryConstructors.MultiPolygon({two})")["coordinates"] == json.loads(two)
    assert value(f"Geometry.coordinates({P})") == [SQUARE]
    assert value(f"Geometry.geodesic({P})") is False and value(f"Geometry.edgesAreGeodesics({L})") is True
    assert value(f"Geometry.isUnbounded({P})") is False
    assert value(f"Geometry.projection({P})") == {"type": "Projection", "crs": "EPSG:4326", "transform": [1, 0, 0, 0, 1, 0]}


# --- what is refused ---

@pytest.mark.parametrize("graph, says", [
    ("List.sequence(0, 1000000000)", "at most 1000000"), ("List.repeat(1, 1e12)", "1000000"), ("List.get([1], 3)", "no item 3"),
    ('Dictionary.get({"a": 1}, "b")', "no key 'b'"), ('Date("yesterday")', "Unable to parse date"), ('DateRange("2024-02-01", "2024-01-01")', "Empty date range"),
    ('ImageCollection.load("NOTHING")', "NOTHING"), ('String.match("a", "(a{200}){200}")', "repetitions"), ('String.match("a", "(a")', "no regular expression"),
    ('Date.advance(Date("2024-01-01"), 1e20, "years")', "leads to no date"), ('Date("2024-01-01", "Mars/Base")', "Mars/Base"),
    ("Image.reduce(Image.constant(1), Reducer.toList())", "columns"), ('Collection.loadTable("T")', "no table"),
    (f"Collection.map({C}, fn(i) {{ 5 }})", "must give an Image or a Feature"), ("Collection.first(Collection([]))", "empty"),
    ("Geometry.buffer(GeometryConstructors.Point([0, 0]), 1e30)", "metres"), ('Number.format(1, "%n")', "no pattern"), ('Number.format(1, "%99999d")', "no pattern"),
])
def test_what_cannot_be_is_refused_in_a_line(graph, says):
    with pytest.raises(GraphError, match=says) as failure:
        value(graph)
    assert "\n" not in str(failure.value)


def test_a_collection_of_more_than_5000_is_not_answered():
    archive = {"C": [image(f"p{i}", i, i) for i in range(5001)]}
    with pytest.raises(GraphError, match="Collection query aborted after accumulating over 5000 elements."):
        answer(C, {}, archive)
    assert len(answer(f'AggregateFeatureCollection.array({C}, "cloud")', {}, archive).value) == 5001


def test_clip_to_bounds_and_scale(rng):  # noqa: F811
    """Image.clipToBoundsAndScale("""
    images = {"a": {"x": band(rng, np.uint16)}}
    info = answer('Image.clipToBoundsAndScale(Image.load("a"), null, 20, 10)', images).value["bands"][0]
    assert info["dimensions"] == [20, 10] and info["crs_transform"][0] == pytest.approx(83 * 10 / 20)
    info = answer('Image.clipToBoundsAndScale(Image.load("a"), maxDimension=40)', images).value["bands"][0]
    assert info["dimensions"] == [40, 29]
    check(np.ma.array([info["crs_transform"][2]]), np.ma.array([500000.0]))
