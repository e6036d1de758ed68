"""Functions of single samples against numpy: arithmetic, comparison, logic, bits, casts, expressions."""
import numpy as np
import pytest

from evaluator import GraphError, evaluate
from graph_data import band, check, either, float_of, one, rng  # noqa: F401


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


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_powers_remainders_and_angles(rng, dtype):
    a, b = band(rng, dtype, -20, 20), band(rng, dtype, -3, 3)
    x, y = a.data.astype(float), b.data.astype(float)
    load = 'Image.load("a"), Image.load("b")'
    with np.errstate(all="ignore"):
        expected = {"hypot": np.hypot(x, y), "atan2": np.arctan2(x, y), "pow": np.power(x, y),
                    "mod": np.where(y == 0, 0, np.fmod(x, np.where(y == 0, 1, y)))}
    for name, values in expected.items():
        got = one(f"Image.{name}({load})", a={"x": a}, b={"x": b})
        wrong = np.isnan(values)
        check(got, np.ma.array(np.where(wrong, 0, values), mask=either(a, b) | wrong), exact=False)


def test_bitwise_not_is_of_two_complement(rng):
    a = band(rng, np.int16)
    check(one('Image.bitwiseNot(Image.load("a"))', a={"x": a}), np.ma.array(~a.data.astype(np.int32), mask=a.mask))


@pytest.mark.parametrize("names, dtype", [
    (("byte", "uint8", "toByte", "toUint8"), np.uint8), (("int8", "toInt8"), np.int8),
    (("short", "int16", "toShort", "toInt16"), np.int16), (("uint16", "toUint16"), np.uint16),
    (("int", "int32", "toInt", "toInt32"), np.int32), (("uint32", "toUint32"), np.uint32),
    (("float", "toFloat"), np.float32), (("double", "toDouble"), np.float64)])
def test_casts_have_short_and_long_names(rng, names, dtype):
    a = band(rng, np.float64, -300, 300)
    expected = a.data.astype(dtype) if np.issubdtype(dtype, np.floating) else np.trunc(
        a.data.clip(np.iinfo(dtype).min, np.iinfo(dtype).max)).astype(dtype)
    for name in names:
        got = one(f'Image.{name}(Image.load("a"))', a={"x": a})
        assert got.dtype == dtype
        check(got, np.ma.array(expected, mask=a.mask))


def test_long_holds_whole_numbers_beyond_32_bits(rng):
    a = band(rng, np.float64, -1e12, 1e12)
    for name in ("long", "toLong"):
        check(one(f'Image.{name}(Image.load("a"))', a={"x": a}), np.ma.array(np.trunc(a.data), mask=a.mask))


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
