"""What comes of looking at every single row: shapely in the plane, spherely (S2) on the sphere, order and limit by hand."""
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
import spherely
from shapely import geometry as g

from library import CONTAINS, INTERSECTS


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
    """Not wider than 150 degrees and away from the poles: S2 has its smaller side. A flat box is a line of its own."""
    w, s, e, n = box
    east = e + 360 if w > e else e
    if w == e or s == n:
        return spherely.create_point(w, s) if w == e and s == n else spherely.create_linestring(
            [(w, s), (w, n)] if w == e else parallel(w, east, s))
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
