"""Reducers over bands, stacks of images and neighbours against numpy; mosaics."""
import numpy as np
import pytest

from evaluator import GraphError, evaluate
from graph_data import band, check, one, rng  # noqa: F401


def nanless(stack, ours):
    """ours over the valid samples of each pixel."""
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ours(np.ma.filled(stack.astype(np.float64), np.nan))


def mode_of(stack):
    out = np.zeros(stack.shape[1:])
    for at in np.ndindex(out.shape):
        values, counts = np.unique(stack[(slice(None),) + at].compressed(), return_counts=True)
        out[at] = values[np.argmax(counts)] if len(values) else 0
    return out


REDUCERS = {
    "min": lambda s: nanless(s, lambda x: np.nanmin(x, 0)), "max": lambda s: nanless(s, lambda x: np.nanmax(x, 0)),
    "sum": lambda s: s.astype(np.float64).sum(0), "count": lambda s: s.count(0),
    "mean": lambda s: nanless(s, lambda x: np.nanmean(x, 0)), "median": lambda s: nanless(s, lambda x: np.nanmedian(x, 0)),
    "variance": lambda s: nanless(s, lambda x: np.nanvar(x, 0)), "stdDev": lambda s: nanless(s, lambda x: np.nanstd(x, 0)),
    "mode": mode_of, "allNonZero": lambda s: s.filled(1).astype(bool).all(0),
    "anyNonZero": lambda s: s.filled(0).astype(bool).any(0),
    "first": lambda s: np.take_along_axis(s.data, np.argmin(s.mask, 0)[None], 0)[0],
    "last": lambda s: np.take_along_axis(s.data[::-1], np.argmin(s.mask[::-1], 0)[None], 0)[0],
}


def stack_of(rng, dtype, count, low, high):
    return np.ma.stack([band(rng, dtype, low, high, masked=0.4) for _ in range(count)])


@pytest.mark.parametrize("name", REDUCERS)
@pytest.mark.parametrize("dtype, count", [(np.uint8, 1), (np.int16, 7), (np.uint16, 40), (np.float32, 12)])
def test_reducers_over_a_stack_of_images(rng, name, dtype, count):
    s = stack_of(rng, dtype, count, 0 if name.endswith("NonZero") or name == "mode" else None,
                 1 if name.endswith("NonZero") else 6 if name == "mode" else None)
    graph = f'ImageCollection.reduce([{", ".join(chr(34) + str(i) + chr(34) for i in range(count))}], Reducer.{name}())'
    out = evaluate(graph, {str(i): {"x": s[i]} for i in range(count)})
    got = out[f"x_{ {'allNonZero': 'all', 'anyNonZero': 'any'}.get(name, name)}"]
    expected = np.ma.array(REDUCERS[name](s), mask=s.mask.all(0))
    if got.dtype == np.float32:
        expected = expected.astype(np.float32)
    check(got, expected, exact=name not in ("mean", "variance", "stdDev", "sum"))


def test_reducers_over_bands_and_percentiles(rng):
    s = stack_of(rng, np.uint16, 9, 0, 1000)
    a = {f"B{i}": s[i] for i in range(9)}
    out = evaluate('Image.reduce(Image.load("a"), Reducer.percentile([10, 50, 90]))', {"a": a})
    assert list(out) == ["p10", "p50", "p90"]
    for name, got in out.items():
        expected = nanless(s, lambda x: np.nanpercentile(x, int(name[1:]), 0)).astype(np.float32)
        check(got, np.ma.array(expected, mask=s.mask.all(0)), exact=False)
    out = evaluate('Image.reduce(Image.load("a"), Reducer.combine(Reducer.minMax(), Reducer.mean(), "", true))', {"a": a})
    assert list(out) == ["min", "max", "mean"]


def test_a_mosaic_has_the_last_image_on_top(rng):
    s = stack_of(rng, np.int16, 4, None, None)
    got = one('ImageCollection.mosaic(["0", "1", "2", "3"])', **{str(i): {"x": s[i]} for i in range(4)})
    check(got, np.ma.array(REDUCERS["last"](s), mask=s.mask.all(0)))


def test_a_quality_mosaic_takes_all_bands_of_the_best_image(rng):
    s, q = stack_of(rng, np.int16, 5, None, None), stack_of(rng, np.uint8, 5, 0, 9)
    images = {str(i): {"x": s[i], "q": q[i]} for i in range(5)}
    out = evaluate('ImageCollection.qualityMosaic(["0", "1", "2", "3", "4"], "q")', images)
    best = np.argmax(q.filled(0).astype(int) - 100 * q.mask, 0)[None]
    check(out["x"], np.ma.array(np.take_along_axis(s.data, best, 0)[0],
                                mask=np.take_along_axis(s.mask, best, 0)[0] | q.mask.all(0)))
    check(out["q"], q.max(0))


def test_a_band_that_one_image_lacks_is_named(rng):
    a, b = band(rng, np.uint8), band(rng, np.uint8)
    with pytest.raises(GraphError, match=r"reduce.median \(line 1, column 1\): image 2 of 2: no band 'x' in b; there is y"):
        evaluate('reduce.median(["a", "b"])', {"a": {"x": a}, "b": {"y": b}})


def test_composites_are_the_same_in_blocks(rng):
    s = stack_of(rng, np.uint16, 11, None, None)
    images = {str(i): {"x": s[i]} for i in range(11)}
    graph = 'reduce.median([' + ", ".join(f'"{i}"' for i in range(11)) + '])'
    whole = one(graph, **images)
    for block, threads in ((33, 2), (64, 1)):
        part = evaluate(graph, images, block=block, threads=threads)["x"]
        assert whole.data.tobytes() == part.data.tobytes() and whole.opacity.tobytes() == part.opacity.tobytes()


# --- neighbours ---

def focal(a, ours, offsets):
    pad = 3
    data = np.ma.masked_all((a.shape[0] + 2 * pad, a.shape[1] + 2 * pad), float)
    data[pad:-pad, pad:-pad] = a
    stack = np.ma.stack([data[pad + r:pad + r + a.shape[0], pad + c:pad + c + a.shape[1]] for c, r in offsets])
    return np.ma.array(nanless(stack, ours), mask=np.ma.getmaskarray(stack).all(0))


def least_of_the_most(stack):
    choices = np.arange(-3, 4)
    return choices[np.argmax([(stack == v).sum(0) for v in choices], axis=0)].astype(float)


AROUND = {"circle": (2, lambda c, r: c * c + r * r <= 4), "square": (2, lambda c, r: True),
          "plus": (3, lambda c, r: c == 0 or r == 0), "diamond": (2, lambda c, r: abs(c) + abs(r) <= 2)}


@pytest.mark.parametrize("name, ours", [("min", np.nanmin), ("max", np.nanmax), ("mean", np.nanmean),
                                        ("median", np.nanmedian), ("mode", None)])
@pytest.mark.parametrize("shape", AROUND)
def test_neighbourhoods(rng, name, ours, shape):
    mode = ours is None
    a = band(rng, np.int16, -3 if mode else -900, 3 if mode else 900, masked=0.5)
    radius, inside = AROUND[shape]
    offsets = [(c, r) for r in range(-radius, radius + 1) for c in range(-radius, radius + 1) if inside(c, r)]
    graph = f'Image.focal_{name}(Image.load("a"), {radius}, "{shape}")'
    got = one(graph, a={"x": a})
    expected = focal(a, least_of_the_most if mode else lambda s: ours(s, 0), offsets)
    if got.dtype == np.float32:
        expected = expected.astype(np.float32)
    check(got, expected, exact=name != "mean")
    for block, threads in ((17, 2), (64, 1)):
        part = evaluate(graph, {"a": {"x": a}}, block=block, threads=threads)["x"]
        assert part.data.tobytes() == got.data.tobytes() and part.opacity.tobytes() == got.opacity.tobytes()
