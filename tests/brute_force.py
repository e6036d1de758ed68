"""Datapoints, and questions about them, made from a seed; and the answers that come of looking at every single row: shapely
in the plane, spherely (S2) on the sphere, three-valued logic by hand.

Longitudes that meet the antimeridian are multiples of 1/64, so that turning them by 360 degrees changes no digit.
"""
import json
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
import spherely
from shapely import affinity, geometry as g

from library import CLOSED, CONTAINS, HALF_OPEN, INTERSECTS, PLANAR, SPHERICAL, Query

DATASET = "oracle.rows"
START = pd.Timestamp("2024-01-01T00:00:00Z").value
DAY = 86400 * 10**9
EARTH_M = 6371010.0


# --- datapoints ---

def ring_around(x, y, radius, corners, rng):
    """A convex outline, narrower towards the poles as footprints are in degrees."""
    turns = np.sort(rng.uniform(0, 2 * math.pi, corners))
    stretch = min(1 / max(math.cos(math.radians(y)), 0.1), 8)
    return [(x + radius * stretch * math.cos(t), max(-90, min(90, y + radius * math.sin(t)))) for t in turns]


def footprint(rng, x, y, radius):
    """A slanted rectangle."""
    half = rng.uniform(0.4, 1) * radius
    shape = affinity.rotate(g.box(x - radius, y - half, x + radius, y + half), rng.uniform(-20, 20))
    return affinity.translate(shape, yoff=min(0, 89 - shape.bounds[3]) + max(0, -89 - shape.bounds[1]))


def grid_cell(rng):
    x, y = int(rng.integers(-180, 180)), int(rng.integers(-90, 90))
    return g.box(x, y, x + 1, y + 1)


def across(rng, cut):
    """Over the antimeridian: in two parts at it, or in one beyond it."""
    west, east = rng.integers(1, 320, 2) / 64
    south = rng.uniform(-85, 80)
    north = south + rng.uniform(0.2, 4)
    if not cut:
        return affinity.translate(g.box(180 - west, south, 180 + east, north), xoff=-360 if rng.random() < 0.3 else 0)
    return g.MultiPolygon([g.box(180 - west, south, 180, north), g.box(-180, south, east - 180, north)])


def bow_tie(x, y, size):
    return g.Polygon([(x, y), (x + size, y + size), (x + size, y), (x, y + size)])


def cap(rng):
    """Around a pole."""
    sign = 1 if rng.random() < 0.5 else -1
    lats = rng.uniform(65, 88, 5) * sign
    return g.Polygon([(x, lat) for x, lat in zip((-170, -100, -30, 50, 120), lats)][::sign])


def odd_shape(rng, x, y):
    kind = rng.integers(0, 7)
    if kind == 0:
        return g.LineString([(x, y), (x + 1.5, y + 0.7), (x + 2, y - 0.9)])
    if kind == 1:
        return g.MultiPoint([(x, y), (x + 1, y), (x, y + 1)])
    if kind == 2:
        return g.Polygon(ring_around(x, y, 3, 12, rng)).convex_hull.difference(g.Point(x, y).buffer(0.5, 4))
    if kind == 3:
        return g.GeometryCollection([g.Point(x, y), g.box(x + 1, y, x + 2, y + 1)])
    if kind == 4:
        return g.Polygon([(x, y, 100), (x + 1, y, 200), (x + 1, y + 1, 300.5)])
    if kind == 5:
        return g.MultiPolygon([footprint(rng, x, y, 0.5), footprint(rng, x + 3, y, 0.5)])
    return bow_tie(x, y, 1)


SPECIAL_POINTS = [(180, 0), (-180, 0), (180, 45.5), (-180, -45.5), (0, 90), (0, -90), (33, 90), (0, 0), (-180, 90)]


def place(rng):
    """Uniform on the sphere, but for a crowd in the Alps."""
    if rng.random() < 0.3:
        return rng.normal(8, 4), rng.normal(46, 2)
    return rng.uniform(-176, 172), math.degrees(math.asin(rng.uniform(-0.99, 0.99)))


def shape(rng):
    dice, (x, y) = rng.random(), place(rng)
    if dice < 0.03:
        return None
    if dice < 0.05:
        return g.Point(SPECIAL_POINTS[rng.integers(len(SPECIAL_POINTS))])
    if dice < 0.15:
        return g.Point(x, y)
    if dice < 0.27:
        return grid_cell(rng)
    if dice < 0.32:
        return across(rng, rng.random() < 0.6)
    if dice < 0.37:
        return odd_shape(rng, x, min(y, 85))
    if dice < 0.39:
        return footprint(rng, x * 0.7, y * 0.5, rng.uniform(10, 30))
    if dice < 0.393:
        return cap(rng)
    if dice < 0.395:
        return g.Polygon()
    return footprint(rng, x, y, rng.uniform(0.05, 1.2))


def some(rng, values, nulls):
    return [None if rng.random() < nulls else v for v in values]


PLATFORMS = ["sentinel-2a", "sentinel-2b", "Landsat_8", "landsat-9", "SÃO%1", ""]


def make_rows(rng, count, first=0, shapes=None):
    """A frame; `shapes` are drawn from when given (a million outlines one by one take minutes)."""
    when = START + rng.integers(0, 730 * 144, count) * 600 * 10**9  # many at the same time
    when[::7] += rng.integers(0, 10**9, len(when[::7]))
    made = [shape(rng) for _ in range(count)] if shapes is None else shapes[rng.integers(0, len(shapes), count)]
    return pd.DataFrame({
        "name": [f"S2A_{first + i:07d}" for i in range(count)],
        "collection": rng.choice(["L1C", "L2A", "rare"], count, p=[0.6, 0.38, 0.02]),
        "time": when,
        "cloud": np.where(rng.random(count) < 0.1, np.nan, rng.integers(0, 1000, count) / 10),
        "orbit": pd.array(rng.integers(-20, 150, count), "Int64"),
        "platform": pd.Series(some(rng, rng.choice(PLATFORMS[:5], count), 0.05), dtype=object),
        "night": pd.array(some(rng, (rng.random(count) < 0.3).tolist(), 0.1), "boolean"),
        "seen": pd.array(some(rng, (when + rng.integers(-3, 30, count) * DAY).tolist(), 0.2), "Int64"),
        "geometry": pd.Series(made, dtype=object)})


def iso(ns):
    return pd.Timestamp(ns, tz="UTC").strftime("%Y-%m-%dT%H:%M:%S") + (f".{ns % 10**9:09d}".rstrip("0") if ns % 10**9 else "") + "Z"


def write_csv(frame, path):
    out = frame.copy()
    out["time"] = [iso(t) for t in frame["time"]]
    out["seen"] = ["" if s is pd.NA else iso(s) for s in frame["seen"]]
    wkb = shapely.to_wkb(np.array(frame["geometry"], object), hex=True, flavor="iso")
    out["geometry"] = ["" if w is None else w for w in wkb]
    out["night"] = ["" if n is pd.NA else str(n).lower() for n in frame["night"]]
    out["cloud"] = ["" if math.isnan(c) else repr(c) for c in frame["cloud"]]
    out.to_csv(path, index=False)


INGEST = dict(name_column="name", time="time", geometry="wkb(geometry)", collection_expression="collection", drop=["collection"],
              type=["cloud=float64", "orbit=int64", "platform=string", "night=bool", "seen=timestamp"])


# --- space ---

def turned(shapes, by):
    return shapely.transform(shapes, lambda xy: xy + [by, 0])


def is_closing(west, east):
    return west < -180 or east > 180 or (west == -180 and east == 180)


def in_plane(query, area, shapes):
    """Which shapes meet, or lie in, an area whose edges are straight in longitude and latitude. What reaches the
    antimeridian on both sides, or goes beyond it, comes round."""
    ask = shapely.contains if query.mode == CONTAINS else shapely.intersects
    bounds = shapely.bounds(shapes)
    beyond = (bounds[:, 0] < -180) | (bounds[:, 2] > 180)
    if query.box and query.box[0] > query.box[2]:
        w, s, e, n = query.box
        area, closes = g.box(w, s, e + 360, n), True
        three = [g.box(w + by, s, e + (by + 360), n) for by in (-360, 0, 360)]
    else:
        area = area if area.is_valid else shapely.make_valid(area)
        closes = is_closing(area.bounds[0], area.bounds[2])
        three = [turned(area, by) for by in (-360, 0, 360)]
    around = shapely.union_all(three)
    settled = shapes.copy()
    with np.errstate(invalid="ignore"):
        shift = np.where(np.isnan(bounds[:, 0]), 0, -360 * np.floor((bounds[:, 0] + 180) / 360))
    for by in np.unique(shift[beyond | closes]):
        if by:
            which = (shift == by) & (beyond | closes)
            settled[which] = turned(shapes[which], by)
    shapely.prepare(area)
    shapely.prepare(around)
    return np.where(beyond | closes, ask(around, settled), ask(area, shapes))


def parallel(west, east, lat, step=0.02):
    """Points near enough to each other that great circles between them are the parallel within centimetres."""
    count = max(2, math.ceil((east - west) / step))
    return [(west + (east - west) * i / count, lat) for i in range(count + 1)]


def on_sphere_box(box):
    """Not wider than 150 degrees and away from the poles: S2 has its smaller side."""
    w, s, e, n = box
    east = e + 360 if w > e else e
    return spherely.create_polygon(parallel(w, east, s) + parallel(w, east, n)[::-1])


def geographies(shapes):
    """For S2; None where there is nothing, or what crosses itself."""
    out = np.full(len(shapes), None, object)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & (shapely.is_valid(shapes))
    for at, wkb in zip(np.flatnonzero(usable), shapely.to_wkb(shapely.force_2d(shapes[usable]))):
        try:
            out[at] = spherely.from_wkb(wkb)
        except RuntimeError:  # crosses itself on the sphere alone
            pass
    return out


def whole_of(query, area):
    return on_sphere_box(query.box) if query.box else spherely.from_wkb(shapely.to_wkb(shapely.force_2d(area)))


def outline(geo):
    """What a point can be near to: the boundary of areas, all of lines and points."""
    return spherely.boundary(geo) if spherely.get_dimension(geo) == 2 else geo


def is_thin(geo, near_m):
    """A part of a geometry that a shift of its edges by so much would take away."""
    if spherely.is_empty(geo):
        return True
    return spherely.get_dimension(geo) < 2 or spherely.area(geo) <= near_m * spherely.perimeter(geo)


def is_near(query, whole, geo, ours, near_m):
    """Would the other answer be right for edges that run a little beside?"""
    if spherely.distance(outline(whole), outline(geo)) > near_m:
        return False
    if query.mode == INTERSECTS:
        return spherely.distance(whole, geo) <= near_m if ours else is_thin(spherely.intersection(whole, geo), near_m)
    return is_thin(spherely.difference(geo, whole), near_m) if ours else True


@dataclass
class OnSphere:
    holds: np.ndarray
    known: np.ndarray  # False: S2 cannot be asked


def on_sphere(query, area, shapes, geos):
    """`geos` are the geographies of the shapes."""
    whole = whole_of(query, area)
    holds = np.zeros(len(shapes), bool)
    there = np.array([x is not None for x in geos], bool)
    if there.any():
        ask = spherely.contains if query.mode == CONTAINS else spherely.intersects
        holds[there] = ask(whole, geos[there])
    nothing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    return OnSphere(holds, there | nothing)


# --- conditions: their text, and what is true and what is known of each row ---

@dataclass
class Truth:
    text: str
    true: np.ndarray
    known: np.ndarray


def of_numbers(rng, rows):
    name = ["cloud", "orbit"][rng.integers(2)]
    column = rows[name].astype(float).to_numpy(float, na_value=np.nan) if name == "orbit" else rows[name].to_numpy()
    known = ~np.isnan(column)
    left = name
    if rng.random() < 0.25:
        factor, add = int(rng.integers(1, 4)), int(rng.integers(-5, 6))
        left, column = f"{name} * {factor} + {add}", column * factor + add
    value = round(float(rng.uniform(-10, 150)), int(rng.integers(0, 2)))
    value = int(value) if value == int(value) else value
    with np.errstate(invalid="ignore"):
        kind = rng.integers(4)
        if kind == 0:
            high = value + int(rng.integers(0, 40))
            return Truth(f"{left} BETWEEN {value} AND {high}", (column >= value) & (column <= high), known)
        if kind == 1 and left == name:
            values = sorted({int(v) for v in rng.integers(-20, 150, 4)})
            return Truth(f"{name} IN ({', '.join(map(str, values))})", np.isin(column, values), known)
        op = ["<", "<=", ">", ">=", "=", "<>"][rng.integers(6)]
        true = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal,
                "<>": np.not_equal}[op](column, value)
    return Truth(f"{left} {op} {value}" if rng.random() < 0.8 else
                 f"{value} {op.translate(str.maketrans('<>', '><')) if op != '<>' else op} {left}", true, known)


def of_texts(rng, rows):
    known = rows["platform"].notna().to_numpy()
    text = rows["platform"].fillna("").to_numpy(str)
    kind = rng.integers(5)
    if kind == 0:
        return Truth("platform LIKE 'sentinel-2_'", np.array([len(t) == 11 and t.startswith("sentinel-2") for t in text]), known)
    if kind == 1:
        return Truth("platform LIKE '%andsat%'", np.array(["andsat" in t for t in text]), known)
    if kind == 2:
        return Truth("CASEI(platform) = CASEI('são%1')", text == "SÃO%1", known)
    if kind == 3:
        return Truth("platform IS NOT NULL" if rng.random() < 0.5 else "NOT platform IS NULL", known, np.ones(len(rows), bool))
    op, ask = [("<", np.less), (">=", np.greater_equal), ("=", np.equal), ("<>", np.not_equal)][rng.integers(4)]
    value = PLATFORMS[rng.integers(5)]
    return Truth(f"platform {op} '{value}'", ask(text, value), known)


def of_truths(rng, rows):
    known = rows["night"].notna().to_numpy()
    value = rows["night"].fillna(False).to_numpy(bool)
    kind = rng.integers(3)
    if kind == 0:
        return Truth("night = TRUE", value, known)
    if kind == 1:
        return Truth("night <> TRUE", ~value, known)
    return Truth("night IS NULL", ~known, np.ones(len(rows), bool))


def of_times(rng, rows):
    name = ["seen", "time"][rng.integers(2)]
    known = rows[name].notna().to_numpy()
    column = rows[name].fillna(0).to_numpy(np.int64)
    at = int(rows["time"].iloc[rng.integers(len(rows))])
    kind = rng.integers(4)
    if kind == 0:
        return Truth(f"T_AFTER({name}, TIMESTAMP('{iso(at)}'))", column > at, known)
    if kind == 1:
        end = at + int(rng.integers(1, 200)) * DAY
        return Truth(f"T_INTERSECTS({name}, INTERVAL('{iso(at)}', '{iso(end)}'))", (column >= at) & (column <= end), known)
    if kind == 2:
        day = at // DAY * DAY
        return Truth(f"{name} <= DATE('{iso(day)[:10]}')", column < day + DAY, known)
    return Truth(f"{name} < TIMESTAMP('{iso(at)}')", column < at, known)


def of_places(rng, rows):
    box = random_box(rng, rows, wide=False)
    negate = rng.random() < 0.3
    known = ~shapely.is_missing(rows["shape"].to_numpy())
    area = None if box[0] > box[2] else g.box(*box)
    true = in_plane(Query(DATASET, box=box), area, rows["shape"].to_numpy())
    text = f"{'S_DISJOINT' if negate else 'S_INTERSECTS'}(geometry, BBOX({', '.join(map(repr, box))}))"
    return Truth(text, ~true if negate else true, known)


def condition(rng, rows, depth=0):
    if depth < 3 and rng.random() < 0.45:
        kind = rng.integers(3)
        a = condition(rng, rows, depth + 1)
        if kind == 2:
            return Truth(f"NOT ({a.text})", ~a.true, a.known)
        b = condition(rng, rows, depth + 1)
        yes_a, yes_b, no_a, no_b = a.true & a.known, b.true & b.known, ~a.true & a.known, ~b.true & b.known
        if kind == 0:
            return Truth(f"({a.text} AND {b.text})", yes_a & yes_b, (yes_a & yes_b) | no_a | no_b)
        return Truth(f"({a.text} OR {b.text})", yes_a | yes_b, yes_a | yes_b | (no_a & no_b))
    makers = [of_numbers] * 4 + [of_texts] * 3 + [of_truths, of_times, of_times, of_places]
    return makers[rng.integers(len(makers))](rng, rows)


# --- questions ---

def random_box(rng, rows, wide=True):
    dice = rng.random()
    if dice < 0.2:  # edges of other boxes
        w, s = int(rng.integers(-180, 170)), int(rng.integers(-90, 80))
        return (float(w), float(s), float(w + rng.integers(1, 10)), float(s + rng.integers(1, 10)))
    if dice < 0.35:  # across
        w, e = 180 - rng.integers(1, 1280) / 64, -180 + rng.integers(0, 1280) / 64
        s = round(rng.uniform(-80, 60), 3)
        one = rows["shape"].iloc[rng.integers(len(rows))]
        if wide and one is not None and one.bounds[0] < 0 < one.bounds[0] + 180:
            w, e = 170, one.bounds[rng.choice([0, 2])] if one.bounds[2] < 160 else e  # the edge of a datapoint
        return (float(w), s, float(e), s + 15.5)
    if dice < 0.4 and wide:
        return (-180.0, float(rng.integers(-90, 0)), 180.0, float(rng.integers(1, 91)))
    if dice < 0.5:  # of a datapoint itself
        there = rows["shape"].to_numpy()
        one = there[rng.integers(len(there))]
        if one is not None and not one.is_empty and one.bounds[0] >= -180 and one.bounds[2] <= 180 and one.area > 0 and \
                one.bounds[0] < one.bounds[2]:
            return tuple(map(float, one.bounds))
    x, y = place(rng)
    half = rng.uniform(0.1, 12)
    return (x - half if x - half > -180 else -180.0, max(-90.0, y - half), min(180.0, x + half), min(90.0, y + half))


def random_area(rng, rows, edges):
    """A shape."""
    dice, (x, y) = rng.random(), place(rng)
    there = rows["shape"].to_numpy()
    if dice < 0.15:
        for one in there[rng.integers(0, len(there), 20)]:
            if one is not None and one.is_valid and one.area > 0 and (edges == PLANAR or "Polygon" in one.geom_type):
                return one
    if dice < 0.27:
        return across(rng, rng.random() < 0.5)
    if dice < 0.37 and edges == PLANAR:
        return shapely.union_all([grid_cell(rng) for _ in range(4)] + [g.box(0, 40, 5, 45)])
    if dice < 0.45 and edges == PLANAR:
        return odd_shape(rng, x, min(y, 85))
    if dice < 0.5 and edges == SPHERICAL:
        return cap(rng)
    if dice < 0.6:
        return g.Polygon(ring_around(x, y, rng.uniform(1, 8), 9, rng)).difference(g.Polygon(ring_around(x, y, 0.5, 4, rng)))
    return g.Polygon(ring_around(x, max(-70, min(70, y)), rng.uniform(0.3, 18), int(rng.integers(3, 20)), rng))


def area_text(rng, area):
    kind = rng.integers(3)
    if kind == 0:
        return json.dumps({"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(area))})
    if kind == 1:
        return shapely.to_wkb(area, hex=True, flavor="iso").lower()
    return shapely.to_wkt(area, rounding_precision=-1)


@dataclass
class Question:
    """A query and, row by row, whether it is an answer before order and limit; `unsure` is for S2 to tell."""
    query: Query
    keep: np.ndarray
    area: object = None


def add_time(rng, rows, q):
    column = rows["time"].to_numpy()
    a = int(column[rng.integers(len(rows))]) + int(rng.integers(-1, 2))
    b = a + int(rng.choice([0, 600 * 10**9, DAY, 20 * DAY, 200 * DAY]))
    q.reading = int(rng.integers(2))
    kind = rng.integers(5)
    if kind == 0:
        day_a, day_b = a // DAY * DAY, b // DAY * DAY
        q.time = f"{iso(day_a)[:10]}/{iso(day_b)[:10]}"
        return (column >= day_a) & (column < day_b + (DAY if q.reading == CLOSED else 0))
    if kind == 1:
        q.time = f"../{iso(b)}"
        return column <= b if q.reading == CLOSED else column < b
    if kind == 2:
        q.time = f"{iso(a)}/.."
        return column >= a
    if kind == 3 and rng.random() < 0.5:
        q.time = iso(a)[:10]
        return column // DAY == a // DAY
    if q.reading == HALF_OPEN and a == b:
        b += DAY
    q.time = f"{iso(a)}/{iso(b)}"
    return (column >= a) & (column <= b if q.reading == CLOSED else column < b)


def add_area(rng, rows, q, spherical):
    """The shape of the area, None for a box; and which rows it leaves, unless spherical."""
    q.mode = CONTAINS if rng.random() < 0.4 else INTERSECTS
    q.edges = SPHERICAL if spherical else PLANAR
    area = None
    if rng.random() < 0.5:
        q.box = random_box(rng, rows, wide=not spherical)
        area = None if q.box[0] > q.box[2] else g.box(*q.box)
        if spherical and (q.box[1] == -90 or q.box[3] == 90):
            q.box = (q.box[0], max(q.box[1], -89.0), q.box[2], min(q.box[3], 89.0))
    else:
        area = random_area(rng, rows, q.edges)
        q.area = area_text(rng, area)
    return area, np.ones(len(rows), bool) if spherical else in_plane(q, area, rows["shape"].to_numpy())


def ask(rng, rows, spherical=False):
    """A question; of a spherical one the area is left for S2."""
    q = Query(DATASET)
    keep, area = np.ones(len(rows), bool), None
    if rng.random() < 0.5:
        q.collections = sorted(rng.choice(["L1C", "L2A", "rare"], int(rng.integers(1, 3)), replace=False).tolist())
        keep &= rows["collection"].isin(q.collections).to_numpy()
    if rng.random() < 0.5:
        keep &= add_time(rng, rows, q)
    if spherical or rng.random() < 0.7:
        area, met = add_area(rng, rows, q, spherical)
        keep &= met
    for _ in range(int(rng.integers(0, 3))):
        truth = condition(rng, rows)
        q.filters.append(truth.text)
        keep &= truth.true & truth.known
    if rng.random() < 0.04:
        q.names = rows["name"].iloc[rng.integers(0, len(rows), 5)].unique().tolist()
        keep &= rows["name"].isin(q.names).to_numpy()
    if rng.random() < 0.04:
        q.ids = rows["id"].iloc[rng.integers(0, len(rows), 5)].unique().tolist()
        keep &= rows["id"].isin(q.ids).to_numpy()
    if rng.random() < 0.45:
        fields = rng.choice(["cloud", "orbit", "platform", "time", "seen", "night", "name"], int(rng.integers(1, 4)), replace=False)
        q.order = [["", "+", "-"][rng.integers(3)] + f for f in fields]
    elif rng.random() < 0.15:
        q.after = rows["id"].iloc[rng.integers(len(rows))]
        keep &= np.arange(len(rows)) > int(np.flatnonzero(rows["id"] == q.after)[0])
    if rng.random() < 0.5:
        q.limit = int(rng.choice([1, 2, 10, 100, 1000]))
    if rng.random() < 0.2:
        q.offset = int(rng.choice([1, 5, 300]))
    if rng.random() < 0.3:
        q.fields = ["name,cloud,seen,geometry"]
    else:
        q.fields = ["name"]
    return Question(q, keep, area)


def answer(rows, q, keep):
    """The rows, as positions, in the order of the query. `rows` are ordered by time, then id."""
    found = np.flatnonzero(keep)
    if q.order == ["-time"]:  # the default order backwards
        return found[::-1][q.offset:][:q.limit or None]
    for name in reversed(q.order):
        column = rows[name.lstrip("+-")].iloc[found]
        missing = column.isna().to_numpy()
        codes = np.full(len(found), len(found))  # nulls come last, either way
        codes[~missing] = pd.factorize(column[~missing], sort=True)[0] * (-1 if name[0] == "-" else 1)
        found = found[np.argsort(codes, kind="stable")]
    return found[q.offset:][:q.limit or None]
