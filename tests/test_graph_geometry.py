"""Clip, paint and style: geometries on a grid of 10 m pixels from (500000, 5000000) on."""
import json

import numpy as np
from osgeo import ogr, osr

from evaluator import evaluate
from graph_data import SHAPE, band, check, corner, one, polygon, rng  # noqa: F401


def system(code):
    out = osr.SpatialReference()
    out.ImportFromEPSG(code)
    out.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return out


TO_DEGREES = osr.CoordinateTransformation(system(32633), system(4326))


def test_clip_keeps_the_pixels_whose_centre_is_inside(rng):
    a = band(rng, np.uint8)
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)], [(20, 15), (25, 15), (25, 20), (20, 20)])
    inside = np.zeros(SHAPE, bool)
    inside[10:30, 10:40] = True
    inside[15:20, 20:25] = False
    check(one(f'Image.clip(Image.load("a"), {area})', a={"x": a}), np.ma.array(a.data, mask=a.mask | ~inside))
    # what is masked within the footprint is filled, what is outside stays masked
    got = one(f'Image.unmask(Image.clip(Image.load("a"), {area}), 7)', a={"x": a})
    check(got, np.ma.array(a.filled(7), mask=~inside))
    got = one(f'Image.unmask(Image.clip(Image.load("a"), {area}), 7, false)', a={"x": a})
    check(got, np.ma.array(np.where(inside, a.filled(7), 7), mask=False))


def test_several_polygons_and_geojson_clip_too(rng):
    a = band(rng, np.uint8)
    parts = [[[corner(*p) for p in ring]] for ring in ([(0, 0), (9, 0), (9, 9), (0, 9)],
                                                       [(50, 50), (59, 50), (59, 59), (50, 59)])]
    got = evaluate('Image.clip(Image.load("a"), {"type": "Polygon", "coordinates": [[[14, 44], [16, 44], [16, 46], '
                   '[14, 46], [14, 44]]]})', {"a": {"x": a}})["x"]
    check(got, a)  # all of the grid lies in there
    inside = np.zeros(SHAPE, bool)
    inside[:9, :9] = inside[50:59, 50:59] = True
    several = f'GeometryConstructors.MultiPolygon({parts}, Projection("EPSG:32633"), false)'
    check(one(f'Image.clip(Image.load("a"), {several})', a={"x": a}), np.ma.array(a.data, mask=a.mask | ~inside))


def lonlat(col, row):
    x, y = corner(col, row)
    return list(TO_DEGREES.TransformPoint(x, y))[:2]


def covered(shape):
    """The pixels whose centre is in the geometry of longitudes and latitudes, by OGR."""
    area, out = ogr.CreateGeometryFromJson(shape), np.zeros(SHAPE, bool)
    for row, col in np.ndindex(SHAPE):
        point = ogr.Geometry(ogr.wkbPoint)
        point.AddPoint_2D(*lonlat(col + 0.5, row + 0.5))
        out[row, col] = area.Contains(point)
    return out


def test_holes_and_several_polygons_of_degrees_clip_like_ogr(rng):
    a = band(rng, np.uint8, masked=0.2)
    first = [[lonlat(3.1, 4), lonlat(33.2, 2.3), lonlat(30, 41.1), lonlat(5, 37)],
             [lonlat(10.2, 10.1), lonlat(19, 12), lonlat(17, 22.3), lonlat(9, 20)]]
    second = [[lonlat(41.2, 7.1), lonlat(79, 20), lonlat(60, 58.3), lonlat(44, 50.1)],
              [lonlat(50.1, 20.2), lonlat(62, 21.1), lonlat(60, 41)]]
    closed = [[ring + ring[:1] for ring in part] for part in (first, second)]
    shape = json.dumps({"type": "MultiPolygon", "coordinates": closed})
    expected = np.ma.array(a.data, mask=a.mask | ~covered(shape))
    check(one(f'Image.clip(Image.load("a"), {shape})', a={"x": a}), expected)
    planar = f"GeometryConstructors.MultiPolygon({closed}, null, false)"
    check(one(f'Image.clip(Image.load("a"), {planar})', a={"x": a}), expected)
    features = ", ".join(f"Feature(GeometryConstructors.Polygon({part}, null, false))" for part in closed)
    check(one(f'Image.clipToCollection(Image.load("a"), Collection([{features}]))', a={"x": a}), expected)


def test_boxes_and_rectangles_are_polygons(rng):
    a = band(rng, np.uint8)
    west, south, east, north = 15.001, 45.147, 15.007, 45.1515
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    expected = np.ma.array(a.data, mask=a.mask | ~covered(json.dumps({"type": "Polygon", "coordinates": [ring]})))
    assert 0 < expected.count() < a.count()
    for area in (f"GeometryConstructors.BBox({west}, {south}, {east}, {north})",
                 f"GeometryConstructors.Rectangle([{west}, {south}, {east}, {north}], null, false)",
                 f"Collection.geometry(GeometryConstructors.BBox({west}, {south}, {east}, {north}))"):
        check(one(f'Image.clip(Image.load("a"), {area})', a={"x": a}), expected)


def test_points_and_lines_are_painted_as_wide_as_is_said(rng):
    a = band(rng, np.uint8)
    place = 'Projection("EPSG:32633")'
    line = f"GeometryConstructors.LineString({[corner(10, 20), corner(30, 20)]}, {place}, false)"
    inside = np.zeros(SHAPE, bool)
    inside[19:21, 10:30] = True
    inside[19:21, [9, 30]] = True  # round ends
    got = one(f'Image.paint(Image.load("a"), {line}, 9, 2)', a={"x": a})
    check(got, np.ma.array(np.where(inside, 9, a.data), mask=a.mask & ~inside))
    point = f"GeometryConstructors.Point({corner(40.5, 30.5)}, {place})"
    rows, cols = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    inside = np.hypot(rows - 30, cols - 40) < 1.5
    got = one(f'Image.paint(Image.load("a"), {point}, 9, 3)', a={"x": a})
    check(got, np.ma.array(np.where(inside, 9, a.data), mask=a.mask & ~inside))


def test_paint_fills_and_outlines(rng):
    a = band(rng, np.uint8)
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)])
    inside = np.zeros(SHAPE, bool)
    inside[10:30, 10:40] = True
    got = one(f'Image.paint(Image.load("a"), {area}, 9)', a={"x": a})
    check(got, np.ma.array(np.where(inside, 9, a.data), mask=a.mask & ~inside))
    # an outline of 2 pixels along edges of pixels: one on each side
    ring = np.zeros(SHAPE, bool)
    ring[9:31, 9:41] = True
    ring[11:29, 11:39] = False
    ring[9, [9, 40]] = ring[30, [9, 40]] = True
    got = one(f'Image.paint(Image.load("a"), {area}, 9, 2)', a={"x": a})
    check(got, np.ma.array(np.where(ring, 9, a.data), mask=a.mask & ~ring))


def test_paint_with_the_name_of_a_property_that_is_not_there_paints_nothing(rng):
    a = band(rng, np.uint8)
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)])
    check(one(f'Image.paint(Image.load("a"), {area}, "0000ffff", 2)', a={"x": a}), a)
    inside = np.zeros(SHAPE, bool)
    inside[10:30, 10:40] = True
    got = one(f'Image.paint(Image.load("a"), Feature({area}, {{"class": 4}}), "class")', a={"x": a})
    check(got, np.ma.array(np.where(inside, 4, a.data), mask=a.mask & ~inside))


def test_style_and_blend_draw_a_blue_outline(rng):
    a = {name: band(rng, np.uint8, masked=0) for name in ("vis-red", "vis-green", "vis-blue")}
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)])
    out = evaluate(f'Image.blend(Image.load("a"), Collection.style({area}, color="0000ff", width=2, '
                   'fillColor="00000000"))', {"a": a})
    ring = np.zeros(SHAPE, bool)
    ring[9:31, 9:41] = True
    ring[11:29, 11:39] = False
    for name, value in (("vis-red", 0), ("vis-green", 0), ("vis-blue", 255)):
        check(out[name], np.where(ring, value, a[name].data))
    # the default fill is the colour at 0.66
    out = evaluate(f'Image.blend(Image.load("a"), Collection.style({area}, color="ff0000"))', {"a": a})
    opacity = round(255 * 0.66) / 255
    blue = np.floor(a["vis-blue"].data * (1 - opacity) + 0.5)
    inside = np.zeros(SHAPE, bool)
    inside[12:28, 12:38] = True
    assert np.array_equal(out["vis-blue"].data[inside], blue[inside])


# --- the same however it is computed ---
