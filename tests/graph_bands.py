"""What images are to the model of the graph in numpy: lists of (name, Band), and the types that say what is rounded."""
import numpy as np

U8, INT, FLOAT, DOUBLE = np.uint8, 0, 1, 2
INF, EXACT, WHOLE_FLOAT = float("inf"), 2.0 ** 53, 2.0 ** 24
RANGES = {"uint8": (0, 255), "int8": (-128, 127), "uint16": (0, 65535), "int16": (-32768, 32767),
          "uint32": (0, 2 ** 32 - 1), "int32": (-2 ** 31, 2 ** 31 - 1)}


class Band:
    """v: float64, m: opacity, kind: (precision, least, most), inside: where the footprint is (None: everywhere)."""

    def __init__(self, v, m, kind, inside=None, constant=False):
        self.v, self.m, self.kind, self.inside, self.constant = v, m, kind, inside, constant


# --- types ---

def whole(low, high):
    return (INT, float(low), float(high)) if low >= -EXACT and high <= EXACT else (DOUBLE, -INF, INF)


def kind_of(dtype):
    name = np.dtype(dtype).name
    return whole(*RANGES[name]) if name in RANGES else (FLOAT if name == "float32" else DOUBLE, -INF, INF)


def kind_of_number(x):
    return whole(x, x) if np.isfinite(x) and x == np.floor(x) else (DOUBLE, x, x)


def join(a, b):
    low, high = min(a[1], b[1]), max(a[2], b[2])
    if a[0] == b[0] == INT:
        return whole(low, high)
    precision = max(a[0], b[0])
    if any(k[0] == INT and (k[1] < -WHOLE_FLOAT or k[2] > WHOLE_FLOAT) for k in (a, b)):
        precision = DOUBLE
    return (precision, low, high)


def real(kind, other=None):
    kind = join(kind, other) if other is not None else kind
    return (join(kind, (FLOAT, -INF, INF))[0], -INF, INF)


def storage(kind):
    if kind[0] == FLOAT:
        return "float32"
    for name, (low, high) in RANGES.items():
        if kind[0] == INT and low <= kind[1] and kind[2] <= high:
            return name
    return "float64"


def result(v, m, kind, inputs, inside=None):
    """Rounded as its type is; what is no number is masked; what is made of constants is one."""
    with np.errstate(all="ignore"):
        v = np.asarray(v, np.float64)
        v = v.astype(np.float32).astype(np.float64) if kind[0] == FLOAT else v
    wrong = np.isnan(v)
    v, m = np.where(wrong, 0.0, v) + 0.0, np.where(wrong, 0, m).astype(U8)
    constant = len(inputs) > 0 and all(b.constant for b in inputs)
    if constant:
        x = float(v.flat[0])
        kind = (kind[0], x, x) if kind[0] != INT or x == np.floor(x) and abs(x) <= EXACT else (DOUBLE, x, x)
    return Band(v, m, kind, inside, constant)


def least(*bands):
    out = bands[0].m
    for band in bands[1:]:
        out = np.minimum(out, band.m)
    return out


def both_inside(a, b):
    return b.inside if a.inside is None else a.inside if b.inside is None else a.inside & b.inside


# --- bands ---

def named(image, name):
    return next((band for n, band in image if n == name), None)


def partner(a, i, b):
    if len(b) == 1:
        return b[0][1]
    same = len(a) == len(b) and all(named(b, name) is not None for name, _ in a)
    return named(b, a[i][0]) if same else b[i][1]


def each(image, f):
    return [(name, f(band)) for name, band in image]


def unique(images):
    out = []
    for image in images:
        for name, band in image:
            number, free = 0, name
            while named(out, free) is not None:
                number += 1
                free = f"{name}_{number}"
            out.append((free, band))
    return out


def pairs(a, b, f):
    if len(b) > len(a):
        return [(name, f(a[0][1], y)) for name, y in b]
    return [(name, f(x, partner(a, i, b))) for i, (name, x) in enumerate(a)]
