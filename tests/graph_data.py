"""What the tests of the graph share: random bands with random masks, and how results are compared."""
import numpy as np
import pytest

from evaluator import evaluate

SHAPE = (61, 83)


def band(rng, dtype, low=None, high=None, masked=0.2, shape=SHAPE):
    if np.issubdtype(dtype, np.floating):
        data = rng.uniform(-100 if low is None else low, 100 if high is None else high, shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = rng.integers(info.min if low is None else low, info.max if high is None else high, shape, dtype,
                            endpoint=True)
    return np.ma.array(data, mask=rng.random(shape) < masked)


@pytest.fixture
def rng():
    return np.random.default_rng(20260101)


def check(got, expected, exact=True):
    expected = np.ma.asarray(expected)
    assert np.array_equal(np.ma.getmaskarray(got), np.ma.getmaskarray(expected))
    valid = ~np.ma.getmaskarray(expected)
    a, b = np.ma.getdata(got)[valid].astype(float), np.ma.getdata(expected)[valid].astype(float)
    if exact:
        assert np.array_equal(a, b)
    else:
        assert np.allclose(a, b, rtol=1e-6, atol=1e-7)


def one(graph, **images):
    out = evaluate(graph, images)
    assert len(out) == 1
    return next(iter(out.values()))


def float_of(a):
    """What is computed of whole numbers of up to 24 bits is float32, else float64."""
    return np.float64 if a.dtype in (np.dtype("u4"), np.dtype("i4"), np.dtype("f8")) else np.float32


def either(a, b):
    return np.ma.getmaskarray(a) | np.ma.getmaskarray(b)


def corner(col, row):
    return [500000 + 10 * col, 5000000 - 10 * row]


def polygon(*rings):
    coordinates = [[corner(*p) for p in ring] for ring in rings]
    return f'GeometryConstructors.Polygon({coordinates}, Projection("EPSG:32633"), false)'
