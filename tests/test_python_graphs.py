"""The Python package's graphs: operators, Earth Engine's names, and functions over collections, as pixels and as text."""
import numpy as np
import pytest
from python_images import REAL, client, real  # noqa: F401

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")


def test_operators_make_the_same_pixels_as_an_expression(client, real, tmp_path):
    from datatake.graph import bands

    b8, b4 = bands("B8", "B4")
    ndvi = ((b8 - b4) / (b8 + b4)).rename("ndvi")
    text = client.read(real, expression="ndvi=(B8-B4)/(B8+B4)", bbox=REAL)
    assert client.read(real, expression=ndvi, bbox=REAL).identical(text)
    assert client.read(real, graph=str(ndvi), bbox=REAL).identical(text)
    two = client.read(real, expression={"ndvi": ndvi, "sum": b8 + b4}, bbox=REAL, limit=1)
    plain = client.read(real, expression="sum=B8+B4", bbox=REAL, limit=1)["sum"].values
    assert list(two.data_vars) == ["ndvi", "sum"] and plain.dtype == "uint32"
    assert (np.nan_to_num(two["sum"].values) == plain).all()  # masked: NaN beside a band of floats, else 0
    files = client.get(real, expression=ndvi.visualize(min=-1, max=1, palette=["brown", "green"]), bbox=REAL, out=tmp_path, limit=2)
    assert len(files.paths) == 2 and datatake.open(files[0]).shape[0] in (3, 4)


def test_a_graph_is_written_as_the_engine_reads_it():
    from datatake import graph
    from datatake.graph import area, band, image

    b8 = band("B8")
    assert str(1 - b8 * 2) == 'Image.subtract(1, Image.multiply(Image.select(image, "B8"), 2))'
    assert str(b8.clip()) == 'Image.clip(Image.select(image, "B8"), area)'
    assert str((b8 > 3) & ~(b8 < 9)) == ('v1 = Image.select(image, "B8");\n'
                                         'Image.and(Image.gt(v1, 3), Image.not(Image.lt(v1, 9)))')
    assert str(image.normalizedDifference(["B8", "B4"])) == 'Image.normalizedDifference(image, ["B8", "B4"])'
    assert str(graph.call("Reducer.mean")) == "Reducer.mean()" and "normalizedDifference" in dir(image) and str(area) == "area"
    deep = b8
    for _ in range(5000):
        deep = deep + 1
    assert str(deep).count("Image.add") == 5000
    for wrong, words in ((lambda: b8 + "1", "Image.add: an image or a number"), (lambda: image.clip(5, 6), "takes"),
                         (lambda: image.reproject(), "crs: missing; Image.reproject\\(image, crs"), (lambda: bool(b8), "neither true nor false"),
                         (lambda: graph.call("Image.normalisedDifference"), "Image.normalizedDifference is meant"),
                         (lambda: image.clip(geometri=1), "geometri|takes")):
        with pytest.raises(TypeError, match=words):
            wrong()
    with pytest.raises(AttributeError, match="Image has no function 'blur'"):
        image.blur(2)


def test_a_wrong_graph_is_an_argument_error(client, real):
    with pytest.raises(ValueError, match="Image.blur|blur"):
        client.read(real, graph="Image.blur(image)", bbox=REAL)
    with pytest.raises(ValueError, match="graph: there is no file"):
        client.read(real, graph="ndvi.graph", bbox=REAL)


# --- collections ---


def test_a_python_function_is_mapped_over_a_collection(client, real):
    from datatake.graph import bands, collection

    b8, b4, b3 = bands("B8", "B4", "B3")
    both = collection([b8.rename("v"), b4.rename("v")])
    plain = client.read(real, bands="B8,B4,B3", bbox=REAL, limit=1)
    valid = (plain.to_array() > 0).all("variable").values  # what is masked in one has no result
    b8_values, b4_values, b3_values = (plain[name].values[valid].astype("int64") for name in ("B8", "B4", "B3"))
    assert len(b8_values) > 30000

    def read(image):
        found = client.read(real, graph=image, bbox=REAL, limit=1)
        return next(iter(found.data_vars.values())).values[valid]

    called = []

    def more(one):
        called.append(one)
        return one * 2 + b3

    assert (read(both.map(more).max()) == np.maximum(b8_values, b4_values) * 2 + b3_values).all()
    assert len(called) == 1 and type(called[0]) is type(b8)
    assert (read(both.map(more).map(lambda one: one + 1).first()) == b8_values * 2 + b3_values + 1).all()
    nested = both.map(lambda one: collection([one, b3.rename("v")]).map(lambda two: two + one).max()).min()
    assert (read(nested) == np.minimum(np.maximum(2 * b8_values, b3_values + b8_values), np.maximum(2 * b4_values, b3_values + b4_values))).all()
    assert (read(both.iterate(lambda one, sum: sum + one, b3 * 0)) == b8_values + b4_values).all()


def test_functions_of_a_graph_are_written_with_names_of_their_own():
    from datatake.graph import band, call, cast, collection

    b4 = band("B4")
    made = collection([b4, b4 + 1]).map(lambda one: (sum := one + b4) * sum).mosaic()
    text = ('v1 = Image.select(image, "B4");\n'
            "ImageCollection.mosaic(Collection.map(ImageCollection.fromImages([v1, Image.add(v1, 1)]), "
            'fn(x2) { v3 = Image.add(x2, Image.select(image, "B4")); Image.multiply(v3, v3) }))')
    assert str(made) == text == str(made) and made._kind == "Image"
    numbers = call("List.map", [1, 2], lambda one: cast(one, "Number").add(1))
    assert str(numbers) == "List.map([1, 2], fn(x1) { Number.add(x1, 1) })"
    assert collection([b4]).filter(call("Filter.equals", "a", 1)).map(lambda one: one.set("a", 2))._kind in ("ImageCollection", "FeatureCollection")
    kept = []
    collection([b4]).map(lambda one: kept.append(one) or one)
    for wrong, error, words in ((lambda: collection([b4]).map(5), TypeError, "Collection.map: a function is expected, not 5"),
                                (lambda: collection([b4]).map(lambda one: None), TypeError, "the function gives nothing"),
                                (lambda: collection([b4]).map(lambda one: object()), TypeError, "what the function gives: a value of a graph"),
                                (lambda: collection([b4]).map(lambda: b4), TypeError, "positional argument"),
                                (lambda: str(kept[0] + 1), ValueError, "a parameter of a function is used outside of it"),
                                (lambda: cast(b4, "Nothing"), ValueError, "kind: 'Nothing' has no functions"),
                                (lambda: cast(5, "Number"), TypeError, "value: a value of a graph is expected")):
        with pytest.raises(error, match=words):
            wrong()
