"""Random graphs over random images with random types and masks: what they come to in blocks, on threads, and, but for
those on other grids, in numpy (tests/graph_model.py). A failure prints the seed and a graph made as small as it fails."""
import re
from pathlib import Path

import numpy as np
import pytest

import graph_model as model
from evaluator import GraphError, evaluate, functions
from graph_data import band, check, one, polygon, rng  # noqa: F401
from graph_tree import is_modelled, shrink, text_of, uses, value_of
from random_graphs import Generator
from random_images import PAD, random_images

FIXED, FIXED_SPATIAL = 600, 80


def differs_in_blocks(graph, images, whole, rng):
    for _ in range(2):
        block, threads = int(rng.choice([2, 3, 7, 16, 29])), int(rng.integers(1, 3))
        part = evaluate(graph, images, block=block, threads=threads)
        for name in whole:
            if whole[name].data.tobytes() != part[name].data.tobytes() or \
                    whole[name].opacity.tobytes() != part[name].opacity.tobytes():
                return f"{name} differs in blocks of {block} with {threads} threads"
    return None


def differs_from_numpy(root, env, got):
    crop = (slice(PAD, -PAD), slice(PAD, -PAD))
    for name, band in value_of(root, env):
        v, m = band.v[crop], band.m[crop]
        wrong = got[name].opacity != m
        if wrong.any():
            at = tuple(np.argwhere(wrong)[0])
            return f"{name} at {at}: opacity {got[name].opacity[at]}, numpy has {m[at]}"
        with np.errstate(all="ignore"):  # float32 of what is too large for it is infinite
            expected = np.where(m > 0, v, 0).astype(got[name].dtype).astype(np.float64)
        wrong = (got[name].data.astype(np.float64) != expected) | (expected != np.where(m > 0, v, 0))
        if wrong.any():
            at = tuple(np.argwhere(wrong)[0])
            return f"{name} at {at}: {got[name].data[at]!r} ({got[name].dtype}), numpy has {v[at]!r} ({model.storage(band.kind)})"
    return None


def trouble(root, generator, seed):
    """What is wrong with it; None: nothing."""
    rng = np.random.default_rng(seed)
    graph = text_of(root)
    try:
        whole = evaluate(graph, generator.images, block=1000)
        found = differs_in_blocks(graph, generator.images, whole, rng)
        return found or (differs_from_numpy(root, generator.env, whole) if is_modelled(root) else None)
    except GraphError as failure:
        return str(failure)


def kind_of(problem):
    """So that what is made smaller does not come to fail for another reason."""
    return problem and next((word for word in ("blocks", "opacity", "numpy") if word in problem), "refused")


def made(seed, spatial=False):
    rng = np.random.default_rng(seed)
    generator = Generator(rng, random_images(rng))
    return generator, generator.graph(spatial)


def hold(seed, spatial=False):
    generator, root = made(seed, spatial)
    problem = trouble(root, generator, seed)
    if problem is not None:
        root = shrink(root, lambda candidate: kind_of(trouble(candidate, generator, seed)) == kind_of(problem))
        types = {f"{i}.{b}": array.dtype.name for i, bands in generator.images.items() for b, array in bands.items()}
        pytest.fail(f"seed {seed}: {trouble(root, generator, seed)}\n{text_of(root)}\n"
                    f"images of {generator.shape}: {types}")
    return root


@pytest.mark.parametrize("part", range(6))
def test_a_random_graph_is_the_same_in_blocks_and_in_numpy(part):
    for seed in range(part, FIXED, 6):
        hold(seed)


@pytest.mark.parametrize("part", range(2))
def test_a_random_graph_on_other_grids_is_the_same_in_blocks(part):
    for seed in range(part, FIXED_SPATIAL, 2):
        hold(seed, spatial=True)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_twenty_thousand_random_graphs_more(part):
    for seed in range(1000 + 1800 * part, 1000 + 1800 * (part + 1)):
        hold(seed)
    for seed in range(1000 + 200 * part, 1000 + 200 * (part + 1)):
        hold(seed, spatial=True)


def test_every_function_is_compared_with_something():
    """By random graphs with numpy; else there is a test that evaluates it by name."""
    compared = set()
    for seed in range(FIXED):
        compared |= uses(made(seed)[1])
    told = "".join(text for path in Path(__file__).parent.glob("test_*.py")
                   if "from evaluator import" in (text := path.read_text()))
    missing = [name for name in functions() if name not in compared and not re.search(rf"[^.\w]{re.escape(name)}\(", told)]
    assert not missing, "no comparison with numpy: add it to tests/graph_model.py and random_graphs.py, or a test"
    assert len(compared) >= 120


# --- what random graphs found ---

INFINITE = np.ma.array(np.array([[np.inf, -np.inf, 0, 1, np.nan]], np.float32))


@pytest.mark.parametrize("graph, expected", [
    ("Image.subtract(a, a)", [None, None, 0, 0, None]),
    ("Image.multiply(a, 0)", [None, None, 0, 0, None]),
    ("Image.divide(a, a)", [None, None, 0, 1, None]),
    ("Image.reduce(Image.cat([a, Image.multiply(a, -1)]), Reducer.mean())", [None, None, 0, 0, None]),
    ("Image.reduce(Image.cat([a, a]), Reducer.percentile([25]))", [None, None, 0, 1, None]),
    ('Image.focal_max(Image.select(a, 0), 1, "square")', [np.inf, np.inf, 1, 1, 1]),
    ('Image.focal_mean(a, 1, "plus")', [None, None, -np.inf, 0.5, 1]),
])
def test_what_is_no_number_is_masked_wherever_it_comes_from(graph, expected):
    got = one(f'a = Image.load("a"); {graph}', a={"x": INFINITE})
    check(got, np.ma.array([[0 if v is None else v for v in expected]], mask=[[v is None for v in expected]]))


def test_a_shift_the_other_way_is_one_back(rng):
    a = band(rng, np.int16)
    for graph in ("Image.leftShift(x, -3)", "Image.rightShift(x, 3)"):
        check(one(f'x = Image.load("a"); {graph}', a={"x": a}), np.ma.array(a.data >> 3, mask=a.mask))
    for graph in ("Image.rightShift(x, -9)", "Image.leftShift(x, 9)"):
        check(one(f'x = Image.load("a"); {graph}', a={"x": a}), np.ma.array(a.data.astype(np.int64) << 9, mask=a.mask))
    check(one('Image.leftShift(0, Image.load("a"))', a={"x": a}), np.ma.array(np.zeros(a.shape), mask=a.mask))


def test_the_value_of_unmask_counts_in_what_comes_next(rng):
    a, b = band(rng, np.int16), band(rng, np.int16)
    truth = 'Image.unmask(Image.gt(Image.load("a"), Image.load("b")), 7)'
    both = np.ma.getmaskarray(a) | np.ma.getmaskarray(b)
    filled = np.where(both, 7, a.data > b.data)
    check(one(f"Image.multiply({truth}, 40000)", a={"x": a}, b={"x": b}), filled * 40000)
    wide = band(rng, np.uint32)
    check(one('Image.floor(Image.unmask(Image.multiply(Image.load("a"), 4), 0.5))', a={"x": wide}),
          np.where(wide.mask, 0, wide.data.astype(float) * 4))
    real = band(rng, np.float32)
    check(one('Image.eq(Image.unmask(Image.load("a"), 0.1), Image.float(0.1))', a={"x": real}),
          np.where(real.mask, 1, real.data == np.float32(0.1)))


def test_paint_keeps_wide_whole_numbers_whole(rng):
    wide = band(rng, np.uint32, masked=0)
    everywhere = polygon([(-1, -1), (100, -1), (100, 100), (-1, 100)])
    got = one(f'Image.paint(Image.multiply(Image.load("a"), 4), {everywhere}, 2.5)', a={"x": wide})
    check(got, np.full(wide.shape, 2))
