"""Datapoints made from a seed: footprints, points, cells of a grid that touch, what lies across the antimeridian or around a
pole, what crosses itself, and nothing.

Longitudes that meet the antimeridian are multiples of 1/64, so that turning them by 360 degrees changes no digit.
"""
import math

import numpy as np
import pandas as pd
import shapely
from shapely import affinity, geometry as g

DATASET = "oracle.rows"
START = pd.Timestamp("2024-01-01T00:00:00Z").value
DAY = 86400 * 10**9


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
