"""Bands, masks and pictures of images against numpy."""
import numpy as np
import pytest

from evaluator import GraphError, evaluate
from graph_data import SHAPE, band, check, one, rng  # noqa: F401


def test_select_rename_slice_and_add_bands(rng):
    a = {name: band(rng, np.uint8) for name in ("B2", "B3", "B4", "SCL")}
    out = evaluate('Image.select(Image.load("a"), ["B4", 0, "B[23]"])', {"a": a})
    assert list(out) == ["B4", "B2", "B2", "B3"] or list(out) == ["B4", "B2", "B3"]
    out = evaluate('Image.rename(Image.slice(Image.load("a"), 1, -1), ["x", "y"])', {"a": a})
    assert list(out) == ["x", "y"]
    check(out["y"], a["B4"])
    out = evaluate('Image.addBands(Image.load("a"), Image.select(Image.load("a"), ["B2", "B3"]))', {"a": a})
    assert list(out) == ["B2", "B3", "B4", "SCL", "B2_1", "B3_1"]
    with pytest.raises(GraphError, match=r"Image.select \(line 1, column 1\): no band 'B9' in a; there is B2, B3, B4, SCL"):
        evaluate('Image.select(Image.load("a"), "B9")', {"a": a})


def test_masks_are_images_too(rng):
    a, b = band(rng, np.int16), band(rng, np.uint8, 0, 1)
    check(one('Image.mask(Image.load("a"))', a={"x": a}), np.ma.array((~a.mask).astype(float), mask=False))
    check(one('Image.updateMask(Image.load("a"), Image.load("b"))', a={"x": a}, b={"x": b}),
          np.ma.array(a.data, mask=a.mask | b.mask | (b.data == 0)))
    check(one('Image.mask(Image.load("a"), Image.load("b"))', a={"x": a}, b={"x": b}),
          np.ma.array(a.data, mask=b.mask | (b.data == 0)))
    check(one('Image.selfMask(Image.load("b"))', b={"x": b}), np.ma.array(b.data, mask=b.mask | (b.data == 0)))


def test_unmask_takes_the_smallest_type_that_holds_the_value(rng):
    a = band(rng, np.uint16)
    got = one('Image.unmask(Image.load("a"), -1)', a={"x": a})
    assert got.dtype == np.int32
    check(got, a.astype(np.int32).filled(-1))
    assert one('Image.unmask(Image.load("a"))', a={"x": a}).dtype == np.uint16
    assert one('Image.unmask(Image.load("a"), 0.5)', a={"x": a}).dtype == np.float32


def test_visualize_is_the_formula(rng):
    a = {name: band(rng, np.uint16, 0, 6000) for name in ("B8", "B4", "B3")}
    out = evaluate('Image.visualize(Image.unmask(Image.load("a"), -1), bands=["B8", "B4", "B3"], min=0, max=5000, '
                   'gamma=[1.35, 1.35, 1.35])', {"a": a})
    assert list(out) == ["vis-red", "vis-green", "vis-blue"]
    for got, source in zip(out.values(), a.values()):
        t = np.clip(source.astype(np.int32).filled(-1) / 5000, 0, 1)
        assert got.dtype == np.uint8
        check(got, np.floor(255 * t ** (1 / 1.35) + 0.5))


def test_a_pixel_masked_in_any_band_is_masked_in_the_picture(rng):
    a = {name: band(rng, np.uint16) for name in "xyz"}
    out = evaluate('Image.visualize(Image.load("a"), max=100)', {"a": a})
    masked = a["x"].mask | a["y"].mask | a["z"].mask
    assert all(np.array_equal(b.mask, masked) for b in out.values())


def test_a_palette_runs_from_colour_to_colour():
    a = np.ma.array(np.arange(0, 61 * 83, dtype=np.uint16).reshape(SHAPE) % 101, mask=False)
    out = evaluate('Image.visualize(Image.load("a"), min=0, max=100, palette=["black", "ff0000", "white"])',
                   {"a": {"x": a}})
    at = a.data / 100 * 2
    part = at - np.minimum(at.astype(int), 1)
    check(out["vis-red"], np.where(at < 1, np.floor(255 * part + 0.5), 255))
    check(out["vis-blue"], np.where(at < 1, 0, np.floor(255 * part + 0.5)))


def test_cat_names_bands_that_come_again(rng):
    a = {name: band(rng, np.uint8) for name in ("x", "y")}
    out = evaluate('Image.cat([Image.load("a"), Image.load("a"), 5])', {"a": a})
    assert list(out) == ["x", "y", "x_1", "y_1", "constant"]
    check(out["y_1"], a["y"])
    check(out["constant"], np.full(SHAPE, 5))


def test_lists_of_names_and_images_are_worked_on(rng):
    a = {name: band(rng, np.int16, 0, 50) for name in ("x", "y", "z")}
    names = 'Image.bandNames(Image.load("a"))'
    check(one(f'Image.select(Image.load("a"), List.get({names}, -1))', a=a), a["z"])
    check(one(f"Image.constant(List.size({names}))", a=a), np.full(SHAPE, 3))
    twice = 'twice = fn(name) { Image.multiply(Image.select(Image.load("a"), name), 2) }; '
    out = evaluate(twice + f"Image.cat(List.map({names}, twice))", {"a": a})
    assert list(out) == ["x", "y", "z"]
    check(out["y"], np.ma.array(a["y"].data * 2, mask=a["y"].mask))
    added = "more = fn(item, sum) { Image.add(sum, Image.select(Image.load(\"a\"), item)) }; "
    total = np.ma.array(a["x"].data + a["y"].data + a["z"].data, mask=a["x"].mask | a["y"].mask | a["z"].mask)
    check(one(added + f"List.iterate({names}, more, 0)", a=a), total)


def test_collections_of_images_are_iterated_and_counted(rng):
    a, b = band(rng, np.uint8), band(rng, np.uint8)
    images = 'ImageCollection.fromImages([Image.load("a"), Image.load("b")])'
    check(one(f"Image.constant(Collection.size({images}))", a={"x": a}, b={"x": b}), np.full(SHAPE, 2))
    more = "more = fn(image, sum) { Image.add(sum, image) }; "
    check(one(more + f"Collection.iterate({images}, more, 0)", a={"x": a}, b={"x": b}),
          np.ma.array(a.data.astype(int) + b.data, mask=a.mask | b.mask))
