"""What each function of the graph does to samples, written down once more in numpy, from docs/graph.md: values, mask
bytes, and the type that says what is rounded. An image is a list of (name, Band)."""
import numpy as np

from graph_bands import (DOUBLE, EXACT, FLOAT, INF, INT, RANGES, U8, Band, both_inside, each, join, kind_of,  # noqa: F401
                         kind_of_number, least, named, pairs, partner, real, result, storage, unique, whole)
from graph_reduce import SHAPES, focal, quality_mosaic, reduce_bands, reduce_images  # noqa: F401


# --- sample by sample ---

def bits(x):
    return np.clip(x, -EXACT, EXACT).astype(np.int64)


def truth(a, b):
    return whole(0, 1)


def corners(a, b, f):
    if a[0] != INT or b[0] != INT:
        return real(a, b)
    ends = [f(x, y) for x in a[1:] for y in b[1:]]
    return whole(min(ends), max(ends))


def bit_kind(a, b):
    low, high = min(a[1], b[1]), max(a[2], b[2])
    most, reach = max(abs(low), abs(high)), 1.0
    while reach <= most and reach < 2.0 ** 52:
        reach *= 2
    if a[0] != INT or b[0] != INT:  # beyond 2^52 too
        return whole(-EXACT, EXACT)
    return whole(-reach if low < 0 else 0, reach - 1)


def shifted(x, by):
    """To the left; to the right where `by` is negative. Fractions are cut off first, the rest goes down."""
    with np.errstate(all="ignore"):
        return np.floor(np.ldexp(np.trunc(x), np.clip(np.trunc(by), -2000, 2000).astype(np.int64)))


def shift_kind(a, least_by, most_by):
    if a[0] != INT or not np.isfinite(least_by) or not np.isfinite(most_by) or most_by > 60:
        return (DOUBLE, -INF, INF)
    ends = [float(shifted(x, by)) for x in a[1:] for by in (least_by, most_by)]
    return whole(min(ends), max(ends))


def precise(f, *args):
    """As long double, which glibc has one version of."""
    return f(*[a.astype(np.longdouble) for a in args]).astype(np.float64)


def quotient(x, y):
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


BINARY = {
    "add": (lambda x, y: x + y, lambda a, b: corners(a, b, lambda x, y: x + y)),
    "subtract": (lambda x, y: x - y, lambda a, b: corners(a, b, lambda x, y: x - y)),
    "multiply": (lambda x, y: x * y, lambda a, b: corners(a, b, lambda x, y: x * y)),
    "divide": (quotient, real),
    "mod": (lambda x, y: np.where(y == 0, 0, np.fmod(x, np.where(y == 0, 1, y))),
            lambda a, b: whole(min(a[1], 0), max(a[2], 0)) if a[0] == b[0] == INT else real(a, b)),
    "pow": (lambda x, y: precise(np.power, x, y), real),
    "min": (np.minimum, join), "max": (np.maximum, join),
    "atan2": (lambda x, y: precise(np.arctan2, x, y), real),
    "hypot": (lambda x, y: np.sqrt(x * x + y * y), real),
    "lt": (np.less, truth), "lte": (np.less_equal, truth), "gt": (np.greater, truth), "gte": (np.greater_equal, truth),
    "eq": (np.equal, truth), "neq": (np.not_equal, truth),
    "and": (lambda x, y: (x != 0) & (y != 0), truth), "or": (lambda x, y: (x != 0) | (y != 0), truth),
    "bitwiseAnd": (lambda x, y: bits(x) & bits(y), bit_kind), "bitwiseOr": (lambda x, y: bits(x) | bits(y), bit_kind),
    "bitwiseXor": (lambda x, y: bits(x) ^ bits(y), bit_kind),
    "leftShift": (shifted, lambda a, b: shift_kind(a, b[1], b[2])),
    "rightShift": (lambda x, y: shifted(x, -y), lambda a, b: shift_kind(a, -b[2], -b[1])),
}


def same(a):
    return a


UNARY = {
    "abs": (np.abs, lambda a: whole(max(a[1], 0), max(abs(a[1]), abs(a[2]))) if a[0] == INT else a),
    "not": (lambda x: x == 0, lambda a: whole(0, 1)),
    "signum": (np.sign, lambda a: whole(-1, 1) if a[0] == INT else a),
    "floor": (np.floor, same), "ceil": (np.ceil, same), "round": (lambda x: np.floor(x + 0.5), same),
    "sqrt": (np.sqrt, real), "exp": (lambda x: precise(np.exp, x), real), "log": (lambda x: precise(np.log, x), real),
    "log10": (lambda x: precise(np.log10, x), real), "sin": (lambda x: precise(np.sin, x), real),
    "cos": (lambda x: precise(np.cos, x), real), "tan": (lambda x: precise(np.tan, x), real),
    "asin": (lambda x: precise(np.arcsin, x), real), "acos": (lambda x: precise(np.arccos, x), real),
    "atan": (lambda x: precise(np.arctan, x), real),
    "bitwiseNot": (lambda x: ~bits(x), lambda a: whole(-EXACT, EXACT) if a[0] != INT
                   else whole(max(-a[2] - 1, -EXACT), min(-a[1] - 1, EXACT))),
}

CASTS = {"byte": "uint8", "short": "int16", "int": "int32", "long": "int64", "float": "float32", "double": "float64",
         **{name: name for name in RANGES}}
CASTS.update({f"to{name[0].upper()}{name[1:]}": of for name, of in list(CASTS.items())})


def binary(name):
    f, kind = BINARY[name]

    def run(x, y):
        with np.errstate(all="ignore"):
            return result(f(x.v, y.v), least(x, y), kind(x.kind, y.kind), (x, y), both_inside(x, y))
    return lambda a, b: pairs(a, b, run)


def unary(name):
    f, kind = UNARY[name]

    def run(x):
        with np.errstate(all="ignore"):
            return result(f(x.v), x.m, kind(x.kind), (x,), x.inside)
    return lambda a: each(a, run)


def cast(name):
    to = CASTS[name]
    kind = whole(-EXACT, EXACT) if to == "int64" else kind_of(to)

    def run(x):
        v = np.trunc(np.clip(x.v, kind[1], kind[2])) if kind[0] == INT else x.v
        return result(v, x.m, kind, (x,), x.inside)
    return lambda a: each(a, run)


def where(image, test, value):
    out = []
    for i, (name, x) in enumerate(image):
        t, y = partner(image, i, test), partner(image, i, value)
        taken = (t.v != 0) & (t.m != 0) & (y.m != 0)
        out.append((name, result(np.where(taken, y.v, x.v), x.m, join(x.kind, y.kind), (x, t, y), x.inside)))
    return out


def remap(image, before, after, otherwise=None):
    x = image[0][1]
    v, known = np.zeros(x.v.shape), np.zeros(x.v.shape, bool)
    for a, b in zip(before, after):
        at = ~known & (x.v == a)
        v[at], known[at] = b, True
    kind = kind_of_number(after[0])
    for number in [*after[1:], *([] if otherwise is None else [otherwise])]:
        kind = join(kind, kind_of_number(number))
    m = x.m if otherwise is not None else np.where(known, x.m, 0)
    return [("remapped", result(np.where(known, v, 0 if otherwise is None else otherwise), m, kind, (x,), x.inside))]


def clamp(image, low, high):
    more = join(kind_of_number(low), kind_of_number(high))
    return each(image, lambda x: result(np.clip(x.v, low, high), x.m, join(x.kind, more), (x,), x.inside))


def unit_scale(image, low, high):
    def run(x):
        with np.errstate(all="ignore"):
            return result((x.v - low) / (high - low), x.m, real(x.kind), (x,), x.inside)
    return each(image, run)


def normalized_difference(image, names):
    x, y = (named(image, name) for name in names)
    with np.errstate(all="ignore"):
        v = quotient(x.v - y.v, x.v + y.v)
    m = np.where((x.v < 0) | (y.v < 0), 0, least(x, y))
    return [("nd", result(v, m, (FLOAT, -INF, INF), (x, y), both_inside(x, y)))]


# --- masks ---

def opacity_of(x):
    return np.where(x > 0, np.where(x >= 1, 255, np.floor(np.clip(x, 0, 1) * 255 + 0.5)), 0).astype(U8)


def mask_of(image):
    return each(image, lambda x: result(x.m / 255.0, np.full(x.m.shape, 255, U8), (FLOAT, -INF, INF), (x,), x.inside))


def masked_by(x, by, update):
    m = np.where(by.m == 0, 0, opacity_of(by.v))
    return result(x.v, np.where(x.m == 0, 0, m) if update else m, x.kind, (x, by), x.inside)


def mask(image, by):
    if len(by) > len(image):
        return [(name, masked_by(image[0][1], band, False)) for name, band in by]
    return [(name, masked_by(x, partner(image, i, by), False)) for i, (name, x) in enumerate(image)]


def update_mask(image, by):
    return [(name, masked_by(x, partner(image, i, by), True)) for i, (name, x) in enumerate(image)]


def self_mask(image):
    return update_mask(image, image)


def unmask_kind(a, y):
    """The smallest that holds the data and the value: of a fraction beside up to 24 bits float32."""
    x = float(y.v.flat[0])
    if not y.constant or not y.m.all():
        return join(a, y.kind)
    if x == np.floor(x) and abs(x) <= EXACT:
        if a[0] == FLOAT:
            return a if float(np.float32(x)) == x else (DOUBLE, -INF, INF)
        return a if a[0] == DOUBLE else join(a, whole(x, x))
    if a[0] == INT:
        return (FLOAT if storage(a) in ("uint8", "int8", "uint16", "int16") else DOUBLE, -INF, INF)
    return a


def unmask(image, value=None, same_footprint=True):
    out = []
    value = constant(image, 0) if value is None else value
    for i, (name, x) in enumerate(image):
        y, masked = partner(image, i, value), x.m == 0
        m = np.where(masked, y.m, x.m)
        if same_footprint and x.inside is not None:
            m = np.where(masked & ~x.inside, 0, m)
        inputs = (x, y) if not same_footprint or x.inside is None else ()
        out.append((name, result(np.where(masked, y.v, x.v), m, unmask_kind(x.kind, y), inputs, x.inside)))
    return out


# --- areas ---

def clip(image, inside):
    return each(image, lambda x: result(x.v, np.where(inside, x.m, 0), x.kind, (),
                                        inside if x.inside is None else x.inside & inside))


def paint(image, places):
    """places: (where, number)."""
    for inside, number in places:
        out = []
        for name, x in image:
            to = storage(x.kind)
            low, high = RANGES.get(to, (-EXACT, EXACT))
            fit = (float(np.trunc(np.clip(number, low, high))) if x.kind[0] == INT else float(np.dtype(to).type(number)))
            kind = join(x.kind, whole(fit, fit)) if x.kind[0] == INT else x.kind
            out.append((name, result(np.where(inside, fit, x.v), np.where(inside, 255, x.m), kind, (), x.inside)))
        image = out
    return image


def lay(top, a, bottom, b, rounded):
    over = a / 255.0
    under = b / 255.0 * (1 - over)
    total = over + under
    with np.errstate(all="ignore"):
        mixed = (top * over + bottom * under) / np.where(total == 0, 1, total)
    mixed = np.floor(mixed + 0.5) if rounded else mixed
    opaque, clear = (a == 255) | (b == 0), a == 0
    v = np.where(opaque, top, np.where(clear, bottom, mixed))
    return v, np.where(opaque, a, np.where(clear, b, np.floor(total * 255 + 0.5))).astype(U8)


def blend(bottom, top):
    out, longer = [], bottom if len(bottom) >= len(top) else top
    for i, (name, _) in enumerate(longer):
        x, y = bottom[0 if len(bottom) == 1 else i][1], top[0 if len(top) == 1 else i][1]
        kind = join(x.kind, y.kind)
        v, m = lay(y.v, y.m, x.v, x.m, kind[0] == INT)
        out.append((name, result(v, m, kind, (x, y))))
    return out


def style(layers, shape):
    """layers: (where, (red, green, blue), opacity)."""
    out = []
    for channel, name in enumerate(("vis-red", "vis-green", "vis-blue")):
        v, m = np.zeros(shape), np.zeros(shape, U8)
        for inside, color, opacity in layers:
            v, m = lay(float(color[channel]), np.where(inside, opacity, 0).astype(U8), v, m, True)
        kind = whole(0, 255) if layers else whole(0, 0)
        out.append((name, Band(v, m, kind, None, not layers)))
    return out


# --- pictures ---

def stretched(x, low, high, gamma, gray):
    with np.errstate(all="ignore"):
        t = (np.where(x - low > 0, 1.0, 0.0) if low == high else (x - low) / (high - low))
        t = np.clip(t, 0, 1)
        return t if gamma == 1 else np.where((t > 0) & (t < 1), precise(np.power, t, np.full(t.shape, 1 / gamma)), t)


def visualize(image, names, low, high, gamma, palette=None, opacity=None):
    bands = [named(image, name) for name in names]
    m, out = least(*bands), []
    for i in range(3 if palette or len(bands) == 3 else 1):
        x = bands[i if len(bands) == 3 else 0]
        at = stretched(x.v, low, high, gamma, palette is None)
        if palette is None:
            v = np.floor(at * 255 + 0.5)
        else:
            colors = np.array(palette, float)[:, i]
            place = at * (len(palette) - 1)
            first = np.minimum(np.floor(place).astype(int), len(palette) - 1)
            after = np.minimum(first + 1, len(palette) - 1)
            v = np.floor((colors[after] - colors[first]) * (place - first) + colors[first] + 0.5)
        band = result(v, m, whole(0, 255), bands, x.inside)
        if opacity is not None and opacity < 1:
            band = result(band.v, np.floor(band.m * opacity + 0.5), whole(0, 255), (band,), x.inside)
        out.append((("vis-red", "vis-green", "vis-blue")[i] if palette or len(bands) == 3 else "vis-gray", band))
    return out


def constant(like, numbers):
    shape = like[0][1].v.shape
    numbers = numbers if isinstance(numbers, list) else [numbers]
    return [("constant" if len(numbers) == 1 else f"constant_{i}",
             Band(np.full(shape, float(x)), np.full(shape, 255, U8), kind_of_number(float(x)), None, True))
            for i, x in enumerate(numbers)]
