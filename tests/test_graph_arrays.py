"""Pixels that are arrays, beside numpy."""
import numpy as np
import pytest

from evaluator import GraphError, answer, evaluate
from graph_data import SHAPE, band, rng  # noqa: F401

A = 'Image.load("a")'
COLUMN = f"Image.toArray(Image.toArray({A}), 1)"
MATRIX = f"Image.arrayCat({COLUMN}, Image.multiply({COLUMN}, 2), 1)"  # 3 x 2


@pytest.fixture
def scene(rng):  # noqa: F811
    return {name: band(rng, np.int16, -500, 500) for name in "xyz"}


@pytest.fixture
def stack(scene):
    """Rows, columns, 3; masked where one is."""
    mask = np.ma.getmaskarray(np.ma.stack(list(scene.values()))).any(0)
    data = np.stack([np.ma.getdata(a) for a in scene.values()], -1).astype(float)
    return np.ma.array(data, mask=np.repeat(mask[..., None], 3, -1))


def flat(graph, scene, *labels, block=256):
    """All elements as bands, one behind the other."""
    lists = ", ".join("[" + ", ".join(f'"{name}"' for name in axis) + "]" for axis in labels)
    out = evaluate(f"Image.arrayFlatten({graph}, [{lists}])", {"a": scene}, block=block)
    return list(out), np.ma.stack([a.astype(float) for a in out.values()], -1)


def same(got, expected):
    got = got.reshape(expected.shape)
    assert np.array_equal(np.ma.getmaskarray(got), np.ma.getmaskarray(expected))
    assert np.allclose(got.filled(0), expected.filled(0), rtol=1e-12)


@pytest.mark.parametrize("block", [23, 256])
def test_bands_to_arrays_and_back(scene, stack, block):
    """Image.toArray( Image.arrayFlatten("""
    names, got = flat(f"Image.toArray({A})", scene, "pqr", block=block)
    assert names == ["p", "q", "r"]
    same(got, stack)


def test_rows_and_columns(scene, stack):
    """Image.arrayCat( Image.arrayTranspose( Image.matrixTranspose( Image.arrayProject("""
    matrix = np.ma.stack([stack, 2 * stack], -1)
    names, got = flat(MATRIX, scene, "pqr", "st")
    assert names == ["p_s", "p_t", "q_s", "q_t", "r_s", "r_t"]
    same(got, matrix)
    for name in ("arrayTranspose", "matrixTranspose"):
        same(flat(f"Image.{name}({MATRIX})", scene, "st", "pqr")[1], matrix.swapaxes(-1, -2))
    same(flat(f"Image.arrayProject({COLUMN}, [0])", scene, "pqr")[1], stack)
    same(flat(f"Image.arrayProject(Image.arrayTranspose({COLUMN}), [1])", scene, "pqr")[1], stack)
    same(flat(f"Image.arrayProject({MATRIX}, [1, 0])", scene, "st", "pqr")[1], matrix.swapaxes(-1, -2))
    same(flat(f"Image.arrayCat(Image.toArray({A}), Image.toArray({A}), 0)", scene, "pqrstu")[1], np.ma.concatenate([stack, stack], -1))


@pytest.mark.parametrize("bounds, part", [("0, 1", np.s_[1:]), ("0, -2, -1", np.s_[-2:-1]), ("0, 0, 3, 2", np.s_[::2]), ("0, null, 2", np.s_[:2])])
def test_parts_of_arrays(scene, stack, bounds, part):
    """Image.arraySlice( Image.arrayGet("""
    expected = stack[..., part]
    same(flat(f"Image.arraySlice(Image.toArray({A}), {bounds})", scene, "pqr"[part])[1], expected)
    assert np.ma.allequal(evaluate(f"Image.arrayGet(Image.toArray({A}), 1)", {"a": scene})["array"], stack[..., 1])
    assert np.ma.allequal(evaluate(f"Image.arrayGet({MATRIX}, Image.constant([2, 1]))", {"a": scene})["array"], 2 * stack[..., 2])


def test_tasseled_cap(scene, stack):
    """Image.matrixMultiply( Array("""
    weights = [[0.3029, 0.2786, 0.4733], [-0.2941, -0.243, -0.5424]]
    names, got = flat(f"Image.arrayProject(Image.matrixMultiply(Image.constant(Array({weights})), {COLUMN}), [0])", scene, ["bright", "green"])
    assert names == ["bright", "green"]
    same(got, np.ma.array(np.ma.getdata(stack) @ np.array(weights).T, mask=np.ma.getmaskarray(stack)[..., :2]))


def test_each_element_is_computed_by_itself(scene, stack):
    same(flat(f"Image.add(Image.toArray({A}), 5)", scene, "pqr")[1], stack + 5)
    same(flat(f"Image.multiply(Image.toArray({A}), Image.constant(Array([1, 2, 3])))", scene, "pqr")[1], stack * [1, 2, 3])
    same(flat(f"Image.abs(Image.toArray({A}))", scene, "pqr")[1], abs(stack))
    masked = evaluate(f'Image.arrayGet(Image.updateMask(Image.toArray({A}), Image.gt(Image.select({A}, ["y"]), 0)), 0)', {"a": scene})["array"]
    hidden = np.ma.getmaskarray(stack)[..., 0] | ~(np.ma.getdata(scene["y"]) > 0)
    assert np.array_equal(np.ma.getmaskarray(masked), hidden)


@pytest.mark.parametrize("reducer, numpy", [("sum", np.ma.sum), ("mean", np.ma.mean), ("max", np.ma.max), ("median", np.ma.median)])
def test_reduced_arrays(scene, stack, reducer, numpy):
    """Image.arrayReduce( Image.arrayArgmax("""
    matrix = np.ma.stack([stack, 2 * stack], -1)
    got = flat(f"Image.arrayReduce({MATRIX}, Reducer.{reducer}(), [0])", scene, "p", "st")[1]
    assert np.ma.allclose(got, numpy(matrix, axis=-2), rtol=1e-6)
    got = flat(f"Image.arrayReduce({MATRIX}, Reducer.{reducer}(), [0, 1])", scene, "p", "s")[1]
    assert np.ma.allclose(got[..., 0], numpy(matrix.reshape(*SHAPE, 6), axis=-1), rtol=1e-6)
    most = evaluate(f"Image.arrayGet(Image.arrayArgmax(Image.toArray({A})), 0)", {"a": scene})["array"]
    assert np.array_equal(most.compressed(), np.argmax(stack.data, -1)[~np.ma.getmaskarray(stack)[..., 0]])


def test_what_is_told_of_arrays(scene):
    got = answer(f"Image.toArray({A})", {"a": scene}).value["bands"]
    assert [(b["id"], b["data_type"]["dimensions"]) for b in got] == [("array", 1)]
    assert answer(f"Image.constant(Array([[1, 2]]))").value["bands"][0]["data_type"]["dimensions"] == 2
    assert answer("Array([[1, 2], [3, 4]])").value == [[1, 2], [3, 4]]


@pytest.mark.parametrize("graph, message", [
    (f"Image.toArray({A})", "a band's pixels are arrays: Image.arrayFlatten makes bands of them"),
    (f"Image.focal_max(Image.reproject(Image.toArray({A}), \"EPSG:32633\", scale=10))", "pixels that are arrays are not taken here"),
    (f"Image.arrayFlatten(Image.toArray({A}), [[\"p\", \"q\"]])", "axis 0 has 3 elements, and as many labels are needed"),
    (f"Image.arrayFlatten({A}, [[\"p\"]])", "one band of arrays is needed, not 3 bands"),
    (f"Image.add(Image.toArray({A}), {COLUMN})", "do not match"),
    (f"Image.matrixMultiply({COLUMN}, {COLUMN})", "matrices of 3 x 1 and 3 x 1 cannot be multiplied"),
    (f"Image.arrayProject({MATRIX}, [0])", "axis 1 has 2 elements: only one of length 1 can go"),
    (f"Image.arrayGet(Image.toArray({A}), Image.select({A}, [0]))", "the position must be a whole number that is the same for all pixels"),
    (f"Image.toArray({A}, 1)", "arrays of 0 dimensions have no axis 1"),
    ("Image.constant(Array([[1, 2], [3]]))", "an array's rows must be lists of one length"),
    ("Array([[[1]]])", "no more than 2 dimensions"),
    ("Image.toArray(Image.constant(List.sequence(1, 4097)))", "at most 4096"),
    ("Image.constant(Array(List.sequence(1, 5000)))", "an array of 5000 elements a pixel: 1 to 4096 are allowed"),
])
def test_what_is_refused(scene, graph, message):
    with pytest.raises(GraphError, match=message.replace("(", r"\(")):
        evaluate(graph, {"a": scene})
