"""Questions made from a seed, and which rows are their answers. Conditions have three values: true, false, not known."""
import json
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import geometry as g

from brute_force import in_plane
from library import CLOSED, CONTAINS, HALF_OPEN, INTERSECTS, PLANAR, SPHERICAL, Query
from random_rows import DATASET, DAY, PLATFORMS, across, cap, grid_cell, iso, odd_shape, place, ring_around


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
