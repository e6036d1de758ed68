"""Every function of the graph against numpy, on random data with random masks; and what is the same however it is
computed."""
import numpy as np
import pytest

from evaluator import GraphError, evaluate, functions

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


WIDE = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}
TYPES = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64]


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("dtype", TYPES)
def test_arithmetic_of_whole_numbers_does_not_overflow(rng, name, dtype):
    a, b = band(rng, dtype), band(rng, dtype)
    got = one(f'Image.{name}(Image.load("a"), Image.load("b"))', a={"x": a}, b={"x": b})
    wide = WIDE[name](a.data.astype(np.float64), b.data.astype(np.float64))
    if dtype == np.float32:
        wide = wide.astype(np.float32)
    check(got, np.ma.array(wide, mask=either(a, b)))
    if dtype == np.uint16 and name in ("add", "multiply"):
        assert got.dtype == np.uint32
    if dtype == np.uint16 and name == "subtract":
        assert got.dtype == np.int32


@pytest.mark.parametrize("dtype", TYPES)
def test_a_quotient_by_zero_is_zero(rng, dtype):
    a, b = band(rng, dtype), band(rng, dtype)
    b.data[::3] = 0
    got = one('Image.divide(Image.load("a"), Image.load("b"))', a={"x": a}, b={"x": b})
    x, y = a.data.astype(np.float64), b.data.astype(np.float64)
    with np.errstate(all="ignore"):
        expected = np.where(y == 0, 0, x / y).astype(float_of(a))
    assert got.dtype == float_of(a)
    check(got, np.ma.array(expected, mask=either(a, b)))


COMPARISONS = {"lt": np.less, "lte": np.less_equal, "gt": np.greater, "gte": np.greater_equal, "eq": np.equal,
               "neq": np.not_equal, "and": np.logical_and, "or": np.logical_or}


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_and_logic_are_0_or_1(rng, name):
    a, b = band(rng, np.int16, -3, 3), band(rng, np.uint8, 0, 3)
    got = one(f'Image.{name}(Image.load("a"), Image.load("b"))', a={"x": a}, b={"x": b})
    assert got.dtype == np.uint8
    check(got, np.ma.array(COMPARISONS[name](a.data, b.data), mask=either(a, b)))


@pytest.mark.parametrize("name, ours", [("bitwiseAnd", np.bitwise_and), ("bitwiseOr", np.bitwise_or),
                                        ("bitwiseXor", np.bitwise_xor)])
@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_bits(rng, name, ours, dtype):
    a, b = band(rng, dtype), band(rng, dtype)
    got = one(f'Image.{name}(Image.load("a"), Image.load("b"))', a={"x": a}, b={"x": b})
    check(got, np.ma.array(ours(a.data, b.data), mask=either(a, b)))


def test_shifts(rng):
    a = band(rng, np.uint16)
    check(one('Image.leftShift(Image.load("a"), 5)', a={"x": a}), np.ma.array(a.data.astype(np.int64) << 5, mask=a.mask))
    check(one('Image.rightShift(Image.load("a"), 3)', a={"x": a}), np.ma.array(a.data >> 3, mask=a.mask))


UNARY = {"abs": np.abs, "floor": np.floor, "ceil": np.ceil, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
         "log10": np.log10, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
         "atan": np.arctan, "signum": np.sign, "round": lambda x: np.floor(x + 0.5), "not": lambda x: x == 0}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_functions_of_one_sample(rng, name, dtype):
    low, high = (-1.5, 1.5) if name in ("asin", "acos") and dtype != np.int16 else (-20, 20)
    a = band(rng, dtype, low, high)
    got = one(f'Image.{name}(Image.load("a"))', a={"x": a})
    with np.errstate(all="ignore"):
        expected = UNARY[name](a.data.astype(np.float64))
    if got.dtype == np.float32:
        expected = expected.astype(np.float32)
    check(got, np.ma.array(expected, mask=a.mask | np.isnan(expected)), exact=name in ("abs", "floor", "ceil", "sqrt"))


@pytest.mark.parametrize("name, dtype", [("toUint8", np.uint8), ("toInt8", np.int8), ("toUint16", np.uint16),
                                         ("toInt16", np.int16), ("toUint32", np.uint32), ("toInt32", np.int32),
                                         ("toByte", np.uint8), ("toFloat", np.float32), ("toDouble", np.float64)])
def test_casts_keep_to_the_range_and_cut_off(rng, name, dtype):
    a = band(rng, np.float64, -70000, 70000)
    got = one(f'Image.{name}(Image.load("a"))', a={"x": a})
    assert got.dtype == dtype
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        check(got, np.ma.array(np.trunc(np.clip(a.data, info.min, info.max)), mask=a.mask))
    else:
        check(got, np.ma.array(a.data.astype(dtype), mask=a.mask))


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


def test_where_keeps_the_input_where_test_or_value_is_masked(rng):
    a, t, v = band(rng, np.int16), band(rng, np.uint8, 0, 1), band(rng, np.int16)
    got = one('Image.where(Image.load("a"), Image.load("t"), Image.load("v"))', a={"x": a}, t={"x": t}, v={"x": v})
    expected = np.where((t.data != 0) & ~t.mask & ~v.mask, v.data, a.data)
    check(got, np.ma.array(expected, mask=a.mask))


def test_remap_clamp_and_unit_scale(rng):
    a = band(rng, np.uint8, 0, 9)
    got = one('Image.remap(Image.load("a"), [3, 1, 7], [300, -1, 5])', a={"x": a})
    table = {3: 300, 1: -1, 7: 5}
    expected = np.vectorize(lambda v: table.get(v, 0))(a.data)
    check(got, np.ma.array(expected, mask=a.mask | ~np.isin(a.data, list(table))))
    got = one('Image.remap(Image.load("a"), [3, 1, 7], [300, -1, 5], 9)', a={"x": a})
    check(got, np.ma.array(np.vectorize(lambda v: table.get(v, 9))(a.data), mask=a.mask))
    check(one('Image.clamp(Image.load("a"), 2, 6)', a={"x": a}), np.ma.array(np.clip(a.data, 2, 6), mask=a.mask))
    check(one('Image.unitScale(Image.load("a"), 2, 6)', a={"x": a}),
          np.ma.array(((a.data - 2.0) / 4).astype(np.float32), mask=a.mask))


def test_normalized_difference_masks_what_is_negative(rng):
    a, b = band(rng, np.int16, -50, 5000), band(rng, np.int16, 0, 5000)
    got = one('Image.normalizedDifference(Image.load("a"), ["x", "y"])', a={"x": a, "y": b})
    x, y = a.data.astype(float), b.data.astype(float)
    with np.errstate(all="ignore"):
        expected = np.where(x + y == 0, 0, (x - y) / (x + y)).astype(np.float32)
    check(got, np.ma.array(expected, mask=either(a, b) | (x < 0) | (y < 0)))


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


# --- geometries: a grid of 10 m pixels from (500000, 5000000) on ---

def corner(col, row):
    return [500000 + 10 * col, 5000000 - 10 * row]


def polygon(*rings):
    coordinates = [[corner(*p) for p in ring] for ring in rings]
    return f'GeometryConstructors.Polygon({coordinates}, Projection("EPSG:32633"), false)'


def test_clip_keeps_the_pixels_whose_centre_is_inside(rng):
    a = band(rng, np.uint8)
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)], [(20, 15), (25, 15), (25, 20), (20, 20)])
    inside = np.zeros(SHAPE, bool)
    inside[10:30, 10:40] = True
    inside[15:20, 20:25] = False
    check(one(f'Image.clip(Image.load("a"), {area})', a={"x": a}), np.ma.array(a.data, mask=a.mask | ~inside))
    # what is masked within the footprint is filled, what is outside stays masked
    got = one(f'Image.unmask(Image.clip(Image.load("a"), {area}), 7)', a={"x": a})
    check(got, np.ma.array(a.filled(7), mask=~inside))
    got = one(f'Image.unmask(Image.clip(Image.load("a"), {area}), 7, false)', a={"x": a})
    check(got, np.ma.array(np.where(inside, a.filled(7), 7), mask=False))


def test_several_polygons_and_geojson_clip_too(rng):
    a = band(rng, np.uint8)
    parts = [[[corner(*p) for p in ring]] for ring in ([(0, 0), (9, 0), (9, 9), (0, 9)],
                                                       [(50, 50), (59, 50), (59, 59), (50, 59)])]
    got = evaluate('Image.clip(Image.load("a"), {"type": "Polygon", "coordinates": [[[14, 44], [16, 44], [16, 46], '
                   '[14, 46], [14, 44]]]})', {"a": {"x": a}})["x"]
    check(got, a)  # all of the grid lies in there
    with pytest.raises(GraphError, match="several geometries, and not all in longitude and latitude"):
        evaluate(f'Image.clip(Image.load("a"), GeometryConstructors.MultiPolygon({parts}, Projection("EPSG:32633"), '
                 'false))', {"a": {"x": a}})


def test_paint_fills_and_outlines(rng):
    a = band(rng, np.uint8)
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)])
    inside = np.zeros(SHAPE, bool)
    inside[10:30, 10:40] = True
    got = one(f'Image.paint(Image.load("a"), {area}, 9)', a={"x": a})
    check(got, np.ma.array(np.where(inside, 9, a.data), mask=a.mask & ~inside))
    # an outline of 2 pixels along edges of pixels: one on each side
    ring = np.zeros(SHAPE, bool)
    ring[9:31, 9:41] = True
    ring[11:29, 11:39] = False
    ring[9, [9, 40]] = ring[30, [9, 40]] = True
    got = one(f'Image.paint(Image.load("a"), {area}, 9, 2)', a={"x": a})
    check(got, np.ma.array(np.where(ring, 9, a.data), mask=a.mask & ~ring))


def test_paint_with_the_name_of_a_property_that_is_not_there_paints_nothing(rng):
    a = band(rng, np.uint8)
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)])
    check(one(f'Image.paint(Image.load("a"), {area}, "0000ffff", 2)', a={"x": a}), a)
    inside = np.zeros(SHAPE, bool)
    inside[10:30, 10:40] = True
    got = one(f'Image.paint(Image.load("a"), Feature({area}, {{"class": 4}}), "class")', a={"x": a})
    check(got, np.ma.array(np.where(inside, 4, a.data), mask=a.mask & ~inside))


def test_style_and_blend_draw_a_blue_outline(rng):
    a = {name: band(rng, np.uint8, masked=0) for name in ("vis-red", "vis-green", "vis-blue")}
    area = polygon([(10, 10), (40, 10), (40, 30), (10, 30)])
    out = evaluate(f'Image.blend(Image.load("a"), Collection.style({area}, color="0000ff", width=2, '
                   'fillColor="00000000"))', {"a": a})
    ring = np.zeros(SHAPE, bool)
    ring[9:31, 9:41] = True
    ring[11:29, 11:39] = False
    for name, value in (("vis-red", 0), ("vis-green", 0), ("vis-blue", 255)):
        check(out[name], np.where(ring, value, a[name].data))
    # the default fill is the colour at 0.66
    out = evaluate(f'Image.blend(Image.load("a"), Collection.style({area}, color="ff0000"))', {"a": a})
    opacity = round(255 * 0.66) / 255
    blue = np.floor(a["vis-blue"].data * (1 - opacity) + 0.5)
    inside = np.zeros(SHAPE, bool)
    inside[12:28, 12:38] = True
    assert np.array_equal(out["vis-blue"].data[inside], blue[inside])


# --- the same however it is computed ---

EXPRESSIONS = [
    'Image.normalizedDifference(Image.load("a"), ["x", "y"])',
    'Image.visualize(Image.unmask(Image.load("a"), -1), bands=["x"], max=5000, gamma=1.35, palette="000,f00,fff")',
    'a = Image.load("a"); Image.where(Image.sqrt(Image.abs(a)), Image.gt(a, 100), Image.multiply(a, 0.0001))',
    'p = ' + polygon([(3, 3), (70, 11), (44, 58)]) + '; i = Image.clip(Image.load("a"), p); '
    'Image.blend(Image.visualize(i, bands=["x"], max=9, forceRgbOutput=true), Collection.style(p, width=3.5))',
]


@pytest.mark.parametrize("graph", EXPRESSIONS)
def test_blocks_and_threads_change_no_bit(rng, graph):
    images = {"a": {"x": band(rng, np.int16), "y": band(rng, np.float32)}}
    whole = evaluate(graph, images, block=1000)
    for block, threads in ((1, 1), (17, 2), (64, 1), (256, 2), (64, 2)):
        if block == 1 and len(graph) > 200:
            continue
        part = evaluate(graph, images, block=block, threads=threads)
        for name in whole:
            assert whole[name].data.tobytes() == part[name].data.tobytes()
            assert whole[name].opacity.tobytes() == part[name].opacity.tobytes()


def test_functions_are_listed_in_order():
    names = functions()
    assert names == sorted(names, key=str.encode) and len(set(names)) == len(names)


def test_functions_of_ones_own_see_the_arguments_around_them(rng):
    a = band(rng, np.int16, 0, 100)
    got = one('f = fn(x) { Image.add(x, 1) }; g = fn(x) { Image.multiply(f(x=x), x) }; '
              'Collection.first(Collection.map([Image.load("a")], g))', a={"x": a})
    check(got, np.ma.array((a.data.astype(int) + 1) * a.data, mask=a.mask))


@pytest.mark.parametrize("graph, message", [
    ('f = fn(f) { f(f=f) }; f(f=f)', "functions call one another more than 200 deep"),
    ('Image.load("b")', "Image.load (line 1, column 1): there is no image 'b'"),
    ('Image.add(Image.load("a"), Image.select(Image.load("a"), [0, 0, 0]))',
     "Image.add (line 1, column 1): images of 2 and 3 bands do not match: as many, or one, are needed"),
    ('fn(x) { x }', "a value is of kind Algorithm and must be Image"),
    ('d = fn(x) { [x, x] }; ' + "".join(f"d{i} = fn(x) {{ y = {'d' if i == 0 else f'd{i-1}'}(x=x); "
                                        f"{'d' if i == 0 else f'd{i-1}'}(x=y) }}; " for i in range(30)) + "d29(x=1)",
     "more than"),
])
def test_bad_graphs_end_in_one_line(rng, graph, message):
    with pytest.raises(GraphError) as failure:
        evaluate(graph, {"a": {"x": band(rng, np.uint8), "y": band(rng, np.uint8)}})
    assert message in str(failure.value) and "\n" not in str(failure.value)


# --- expressions ---

def expression(text, free="true"):
    return f'Image.parseExpression("{text}", "image", ["image"], {free})(image=Image.load("a"))'


@pytest.mark.parametrize("text, ours", [
    ("(B8 - B4) / (B8 + B4)", lambda x, y: np.where(x + y == 0, 0, (x - y) / np.where(x + y == 0, 1, x + y)).astype("f4")),
    ("2 * B8 - -B4 ** 2", lambda x, y: 2 * x + y ** 2),
    ("b('B8') > 50 && B4 <= 20 || !B4", lambda x, y: (x > 50) & (y <= 20) | (y == 0)),
    ("B8 > B4 ? B8 : B4 == 3 ? 7 : 1", lambda x, y: np.where(x > y, x, np.where(y == 3, 7, 1))),
    ("image.B8 & 12 | B4 << 2 ^ 1", lambda x, y: (x & 12) | ((y << 2) ^ 1)),
    ("b(0) % 7 + max(b(1), 5) - abs(3 - B4)", lambda x, y: x % 7 + np.maximum(y, 5) - np.abs(3 - y)),
    ("focal_max(B8, 0) + clamp(B4, 2, 5)", lambda x, y: x + np.clip(y, 2, 5)),
    ("B8 >= 1 == B4 != 3", lambda x, y: ((x >= 1) == y) != 3),
])
def test_expressions_are_what_they_look_like(rng, text, ours):
    a = {"B8": band(rng, np.uint8, 0, 100), "B4": band(rng, np.uint8, 0, 100)}
    got = one(expression(text), a=a)
    expected = ours(a["B8"].data.astype(np.int64), a["B4"].data.astype(np.int64))
    check(got, np.ma.array(expected, mask=either(a["B8"], a["B4"])), exact="**" not in text)


@pytest.mark.parametrize("text, message", [
    ("B8 +", "character 5: a name is expected here"),
    ("(B8", "character 4: ')' is missing"),
    ("B8 B4", "character 4: an operator is expected here"),
    ("foo(B8)", "there is no function foo"),
    ("max(B8)", "too few arguments of max"),
    ("B9 * 2", "no band 'B9' in a; there is B8"),
    ("b(5)", "there is no band 5 among 1"),
    ("B8 ? 1", "':' is missing"),
    ("x.B8", "there is no variable x"),
    ("(" * 300 + "B8", "nest too deep"),
    ("-" * 300 + "B8", "nest too deep"),
])
def test_mistakes_in_expressions_are_told_with_their_place(rng, text, message):
    with pytest.raises(GraphError) as failure:
        evaluate(expression(text), {"a": {"B8": band(rng, np.uint8)}})
    assert message in str(failure.value) and "line 1, column" in str(failure.value)


# --- reducers ---

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


AROUND = {"circle": (2, lambda c, r: c * c + r * r <= 4), "square": (2, lambda c, r: True),
          "plus": (3, lambda c, r: c == 0 or r == 0), "diamond": (2, lambda c, r: abs(c) + abs(r) <= 2)}


@pytest.mark.parametrize("name, ours", [("min", np.nanmin), ("max", np.nanmax), ("mean", np.nanmean),
                                        ("median", np.nanmedian)])
@pytest.mark.parametrize("shape", AROUND)
def test_neighbourhoods(rng, name, ours, shape):
    a = band(rng, np.int16, -900, 900, masked=0.5)
    radius, inside = AROUND[shape]
    offsets = [(c, r) for r in range(-radius, radius + 1) for c in range(-radius, radius + 1) if inside(c, r)]
    graph = f'Image.focal_{name}(Image.load("a"), {radius}, "{shape}")'
    got = one(graph, a={"x": a})
    expected = focal(a, lambda s: ours(s, 0), offsets)
    if got.dtype == np.float32:
        expected = expected.astype(np.float32)
    check(got, expected, exact=name != "mean")
    for block, threads in ((17, 2), (64, 1)):
        part = evaluate(graph, {"a": {"x": a}}, block=block, threads=threads)["x"]
        assert part.data.tobytes() == got.data.tobytes() and part.opacity.tobytes() == got.opacity.tobytes()
