"""Many samples to one in numpy: of bands, of images, of neighbours."""
import numpy as np

from graph_bands import INF, INT, Band, each, join, named, real, result, whole


def ordered(v, valid):
    return np.sort(np.where(valid, v, INF), axis=0)


def percentile(v, valid, percent):
    ranks, n = ordered(v, valid), valid.sum(0)
    at = percent / 100 * (np.maximum(n, 1) - 1)
    below = np.floor(at).astype(int)
    low = np.take_along_axis(ranks, below[None], 0)[0]
    above = np.take_along_axis(ranks, np.minimum(below + 1, len(v) - 1)[None], 0)[0]
    with np.errstate(all="ignore"):
        return np.where(at == below, low, low + (above - low) * (at - below))


def mode(v, valid):
    best, most = np.zeros(v.shape[1:]), np.zeros(v.shape[1:], int)
    for candidate in v:
        count = ((v == candidate) & valid).sum(0)
        better = (count > most) | ((count == most) & (count > 0) & (candidate < best))
        best, most = np.where(better, candidate, best), np.where(better, count, most)
    return best


def summed(v, valid):
    total = np.zeros(v.shape[1:])
    with np.errstate(all="ignore"):
        for x, ok in zip(v, valid):
            total = np.where(ok, total + x, total)
    return total


def variance(v, valid):
    n = np.maximum(valid.sum(0), 1)
    with np.errstate(all="ignore"):
        off = v - summed(v, valid) / n
        return summed(off * off, valid) / n


def first_of(v, valid):
    return np.take_along_axis(v, np.argmax(valid, 0)[None], 0)[0]


REDUCE = {
    "min": lambda v, ok: np.where(ok, v, INF).min(0), "max": lambda v, ok: np.where(ok, v, -INF).max(0),
    "sum": summed, "mean": lambda v, ok: summed(v, ok) / np.maximum(ok.sum(0), 1), "count": lambda v, ok: ok.sum(0),
    "variance": variance, "stdDev": lambda v, ok: np.sqrt(variance(v, ok)),
    "first": first_of, "last": lambda v, ok: first_of(v[::-1], ok[::-1]),
    "all": lambda v, ok: (~ok | (v != 0)).all(0), "any": lambda v, ok: (ok & (v != 0)).any(0), "mode": mode,
}


def reduced_kind(name, kinds):
    kind, n = kinds[0], len(kinds)
    for more in kinds[1:]:
        kind = join(kind, more)
    if name in ("min", "max", "first", "last", "mode"):
        return join(kind, whole(0, 0))
    if name == "sum":
        return whole(min(kind[1] * n, 0), max(kind[2] * n, 0)) if kind[0] == INT else kind
    if name == "count":
        return whole(0, n)
    return whole(0, 1) if name in ("all", "any") else real(kind)


def reduced(output, bands):
    """output: (what, percent, name)."""
    what, percent, _ = output
    v, valid = np.stack([b.v for b in bands]), np.stack([b.m != 0 for b in bands])
    any_valid = valid.any(0)
    with np.errstate(all="ignore"):
        got = percentile(v, valid, percent) if what == "percentile" else REDUCE[what](v, valid)
    return result(np.where(any_valid, got, 0), np.where(any_valid, 255, 0), reduced_kind(what, [b.kind for b in bands]),
                  bands)


def reduce_bands(image, outputs):
    return [(output[2], reduced(output, [band for _, band in image])) for output in outputs]


def reduce_images(images, outputs, with_names=True):
    return [(f"{name}_{output[2]}" if with_names else name, reduced(output, [named(image, name) for image in images]))
            for name, _ in images[0] for output in outputs]


def quality_mosaic(images, quality):
    q = [named(image, quality) for image in images]
    v, valid = np.stack([b.v for b in q]), np.stack([b.m != 0 for b in q])
    best, at, found = np.zeros(v.shape[1:]), np.zeros(v.shape[1:], int), np.zeros(v.shape[1:], bool)
    for i in range(len(images)):
        better = valid[i] & (~found | (v[i] > best))
        best, at, found = np.where(better, v[i], best), np.where(better, i, at), found | better
    out = []
    for name, _ in images[0]:
        bands = [named(image, name) for image in images]
        kind = bands[0].kind
        for band in bands[1:]:
            kind = join(kind, band.kind)
        v = np.take_along_axis(np.stack([b.v for b in bands]), at[None], 0)[0]
        m = np.take_along_axis(np.stack([b.m for b in bands]), at[None], 0)[0]
        out.append((name, result(np.where(found, v, 0), np.where(found, m, 0), join(kind, whole(0, 0)), q + bands)))
    return out


# --- neighbours ---

SHAPES = {"circle": lambda c, r, radius: c * c + r * r <= radius * radius, "square": lambda c, r, radius: True,
          "cross": lambda c, r, radius: abs(c) == abs(r), "plus": lambda c, r, radius: c == 0 or r == 0,
          "diamond": lambda c, r, radius: abs(c) + abs(r) <= radius}


def moved(a, col, row):
    out = np.zeros_like(a)
    h, w = a.shape
    out[max(-row, 0):min(h, h - row), max(-col, 0):min(w, w - col)] = \
        a[max(row, 0):min(h, h + row), max(col, 0):min(w, w + col)]
    return out


def focal(name, image, radius, shape, iterations=1):
    reach = int(np.floor(radius))
    around = [(c, r) for r in range(-reach, reach + 1) for c in range(-reach, reach + 1) if SHAPES[shape](c, r, radius)]
    output = ("percentile", 50, "") if name == "median" else (name, 0, "")

    def run(x):
        for _ in range(iterations):
            stack = [Band(moved(x.v, c, r), moved(x.m, c, r), x.kind) for c, r in around]
            got = reduced(output, stack)
            x = Band(got.v, got.m, got.kind, x.inside)
        return x
    return each(image, run)
