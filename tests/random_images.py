"""Random images, and areas on them."""
import numpy as np

import graph_model as model
from graph_data import corner

PAD = 12  # pixels around the output that neighbourhoods may reach


# --- images ---

def random_images(rng):
    """{id: {band: masked array}}, all of one shape."""
    shape = (int(rng.integers(1, 34)), int(rng.integers(1, 40)))
    return {name: {f"b{i}": random_band(rng, shape) for i in range(int(rng.integers(1, 4)))} for name in "abc"}


def random_band(rng, shape):
    dtype = rng.choice([np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])
    few = rng.random() < 0.4
    if np.issubdtype(dtype, np.floating):
        data = (rng.integers(-6, 7, shape) / 2 if few else rng.uniform(-1000, 1000, shape)).astype(dtype)
        for odd in (np.nan, np.inf, -np.inf, 0):
            if rng.random() < 0.15:
                data[rng.random(shape) < 0.1] = odd
    else:
        info = np.iinfo(dtype)
        data = rng.integers(max(info.min, -4), 5, shape, dtype) if few else rng.integers(
            info.min, info.max, shape, dtype, endpoint=True)
    return np.ma.array(data, mask=rng.random(shape) < rng.choice([0, 0.1, 0.5, 0.9, 1], p=[0.3, 0.3, 0.25, 0.1, 0.05]))


def padded(images):
    """As the model takes them: masked around, and where a sample is no number."""
    out = {}
    for name, bands in images.items():
        out[name] = []
        for band, array in bands.items():
            data = np.ma.getdata(array).astype(np.float64)
            valid = ~np.ma.getmaskarray(array) & ~np.isnan(data)
            v, m = np.pad(np.where(np.isnan(data), 0, data), PAD), np.pad(np.where(valid, 255, 0).astype(np.uint8), PAD)
            out[name].append((band, model.Band(v, m, model.kind_of(array.dtype))))
    return out


# --- areas: in pixels ---

class Area:
    def __init__(self, rng, shape):
        at = lambda: (float(rng.uniform(-3, shape[1] + 3)), float(rng.uniform(-3, shape[0] + 3)))  # noqa: E731
        self.parts = [[[at() for _ in range(int(rng.integers(3, 7)))] for _ in range(1 + (rng.random() < 0.3))]
                      for _ in range(1 + (rng.random() < 0.2))]

    def rings(self):
        return [ring for part in self.parts for ring in part]

    def text(self):
        parts = [[[corner(*p) for p in ring] for ring in part] for part in self.parts]
        name, coordinates = ("MultiPolygon", parts) if len(parts) > 1 else ("Polygon", parts[0])
        return f'GeometryConstructors.{name}({coordinates}, Projection("EPSG:32633"), false)'

    def inside(self, env):
        x, y = centres(env)
        out = np.zeros(x.shape, bool)
        for ring in self.rings():
            for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1]):
                if y0 != y1:
                    out ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
        return out

    def along(self, env, width):
        x, y = centres(env)
        nearest = np.full(x.shape, np.inf)
        for ring in self.rings():
            for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1]):
                dx, dy = x1 - x0, y1 - y0
                t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
                nearest = np.minimum(nearest, np.hypot(x - x0 - t * dx, y - y0 - t * dy))
        return nearest < width / 2


def centres(env):
    h, w = env["a"][0][1].v.shape
    return np.meshgrid(np.arange(w) - PAD + 0.5, np.arange(h) - PAD + 0.5)
