"""Expressions that want more than a server has: of each the JSON, and the words it must be refused with."""
import json


def invoke(name, **arguments):
    return {"functionInvocationValue": {"functionName": name, "arguments": {
        key: value if isinstance(value, dict) else constant(value) for key, value in arguments.items()}}}


def constant(value):
    return {"constantValue": value}


def reference(key):
    return {"valueReference": key}


def argument(name):
    return {"argumentReference": name}


def alone(node):
    return {"result": "0", "values": {"0": node}}


def nested(count, wrap, inner):
    """`count` calls within one another, each an entry of `values`."""
    return {"result": "0", "values": {**{str(i): wrap(reference(str(i + 1))) for i in range(count)}, str(count): inner}}


def function(values, key, names, body):
    values[key] = body
    return {"functionDefinitionValue": {"argumentNames": names, "body": key}}


def maps_within_maps(depth):
    """Each needs what the one around it is at, so that none is known already."""
    values, body = {}, argument("x0")
    for level in range(depth):
        many = invoke("List.sequence", start=1, end=invoke("Number.add", left=argument(f"x{level + 1}"), right=1000) if level + 1 < depth else 1000)
        mapped = invoke("List.map", list=many, baseAlgorithm=function(values, f"b{level}", [f"x{level}"], body))
        body = invoke("List.size", list=mapped)
    return {"result": "0", "values": {**values, "0": mapped}}


def collections_within_collections(depth):
    values = features(1000)
    body = argument("f0")
    for level in range(depth):
        mapped = invoke("Collection.map", collection=reference("0"), baseAlgorithm=function(values, f"b{level}", [f"f{level}"], body))
        body = invoke("Element.set", object=argument(f"f{level + 1}"), key="n", value=invoke(
            "AggregateFeatureCollection.count", collection=invoke("Collection.merge", collection1=mapped, collection2=invoke(
                "Collection", features={"arrayValue": {"values": [argument(f"f{level + 1}")]}})), property="n"))
    values["r"] = mapped
    return {"result": "r", "values": values}


def iterated(step, first, times=100_000):
    """`first` by way of `step`, so many times."""
    values = {"b": step}
    values["0"] = invoke("List.iterate", list=invoke("List.sequence", start=1, end=times), first=first,
                         function={"functionDefinitionValue": {"argumentNames": ["x", "so_far"], "body": "b"}})
    return {"result": "0", "values": values}


def features(count):
    """A collection that is short to say and long to walk through."""
    values = {}
    point = invoke("Feature", geometry=invoke("GeometryConstructors.Point", coordinates=[1, 2]))
    made = function(values, "b", ["n"], point)
    values["0"] = invoke("Collection", features=invoke("List.map", list=invoke("List.sequence", start=1, end=count), baseAlgorithm=made))
    return values


def comb(teeth, turned=False):
    """A polygon of so many teeth across a square."""
    points = [[0, 0]] + [p for i in range(teeth) for p in ([i / teeth, 1], [(i + .5) / teeth, 1], [(i + .5) / teeth, 0.01], [(i + 1) / teeth, 0.01])] + [[1, 0]]
    return invoke("GeometryConstructors.Polygon", coordinates=[[p[::-1] for p in points] if turned else points], geodesic=False)


def joined(count):
    values = features(count)
    values["j"] = invoke("Collection.size", collection=invoke(
        "Join.apply", join=invoke("Join.inner"), primary=reference("0"), secondary=reference("0"),
        condition=invoke("Filter.equals", leftField="a", rightField="b")))
    return {"result": "j", "values": values}


WIDE = invoke("Image.constant", value=invoke("List.repeat", value=1, count=4000))
SQUARE = invoke("GeometryConstructors.Rectangle", coordinates=[0, 0, 1, 1], geodesic=False)
FINE = invoke("Image.reproject", image=invoke("Image.pixelLonLat"), crs="EPSG:4326", crsTransform=[1e-7, 0, 0, 0, -1e-7, 1])

LIMIT = "more than|at most|out of range|memory limit|goes? on for ever|deep|itself|levels|steps|too (long|large|many)|limit"

VALUES = {
    "a million numbers": lambda: alone(constant(list(range(1_000_000)))),
    "a million entries": lambda: '{"result":"0","values":{"0":{"constantValue":1}' + "".join(f',"{i:x}":{{}}' for i in range(700_000)) + "}}",
    "a reference a hundred thousand times over": lambda: {"result": "0", "values": {
        "0": {"arrayValue": {"values": [reference("1")] * 300_000}}, "1": invoke("List.sequence", start=1, end=1_000_000)}},
    "a chain of calls": lambda: nested(20_000, lambda v: invoke("Image.abs", value=v), constant(1)),
    "a cycle": lambda: {"result": "0", "values": {"0": reference("1"), "1": invoke("Image.abs", value=reference("0"))}},
    "a function within itself": lambda: alone({"functionDefinitionValue": {"argumentNames": ["x"], "body": "0"}}),
    "a function that calls itself": lambda: {"result": "0", "values": {
        "0": {"functionInvocationValue": {"functionReference": "f", "arguments": {"f": reference("f")}}},
        "f": {"functionDefinitionValue": {"argumentNames": ["f"], "body": "b"}},
        "b": {"functionInvocationValue": {"functionReference": "a", "arguments": {"f": argument("f")}}}, "a": argument("f")}},
    "a long list": lambda: alone(invoke("List.sequence", start=0, end=1e9)),
    "a list of one thing": lambda: alone(invoke("List.repeat", value=1, count=1e9)),
    "lists of lists": lambda: nested(30, lambda v: invoke("List.cat", list=v, other=v), constant([1])),
    "lists that hold one another": lambda: nested(60, lambda v: {"arrayValue": {"values": [v, v]}}, constant(1)),
    "texts of texts": lambda: nested(60, lambda v: invoke("String.cat", string1=v, string2=v), constant("x")),
    "equal lists that hold one another": lambda: {"result": "r", "values": {
        "r": invoke("List.contains", list={"arrayValue": {"values": [reference("a0")] * 1000}}, element=reference("b0")),
        **{f"{k}{i}": {"arrayValue": {"values": [reference(f"{k}{i + 1}")] * 2}} for k in "ab" for i in range(60)},
        "a60": constant(1), "b60": invoke("Number.add", left=0, right=1)}},
    "a geometry of lists that hold one another": lambda: {"result": "r", "values": {
        "r": invoke("Geometry.area", geometry={"dictionaryValue": {"values": {"type": constant("Polygon"), "coordinates": reference("a0")}}}),
        **{f"a{i}": {"arrayValue": {"values": [reference(f"a{i + 1}")] * 2}} for i in range(60)}, "a60": constant([])}},
    "empty lists that hold one another, made flat": lambda: {"result": "r", "values": {
        "r": invoke("List.flatten", list=reference("a0")), **{f"a{i}": {"arrayValue": {"values": [reference(f"a{i + 1}")] * 2}} for i in range(60)}, "a60": constant([])}},
    "empty lists that hold one another, as an image": lambda: {"result": "r", "values": {
        "r": invoke("Image.cat", images=reference("a0")), **{f"a{i}": {"arrayValue": {"values": [reference(f"a{i + 1}")] * 2}} for i in range(60)}, "a60": constant([])}},
    "collections that hold one another": lambda: nested(30, lambda v: invoke("Collection", features={"arrayValue": {"values": [v, v]}}),
                                                        invoke("Collection", features=[])),
    "collections that hold one another, as a geometry": lambda: {"result": "r", "values": {
        **nested(60, lambda v: invoke("Collection", features={"arrayValue": {"values": [v, v]}}), invoke("Collection", features=[]))["values"],
        "r": invoke("Collection.geometry", collection=reference("0"))}},
    "a ring that crosses itself everywhere": lambda: alone(invoke("Geometry.buffer", distance=10, geometry=invoke(
        "GeometryConstructors.Polygon", geodesic=False, coordinates=[[[i * 7919 % 997 / 100, i * 104729 % 1009 / 100] for i in range(5000)]]))),
    "combs that cross": lambda: alone(invoke("Geometry.area", geometry=invoke("Geometry.intersection", left=comb(3000), right=comb(3000, turned=True)))),
    "filters that hold one another": lambda: {"result": "r", "values": {
        "r": invoke("Collection.size", collection=invoke("Collection.filter", collection=reference("0"), filter=reference("f0"))), **features(1000),
        **{f"f{i}": invoke("Filter.and", filters={"arrayValue": {"values": [reference(f"f{i + 1}")] * 2}}) for i in range(60)},
        "f60": invoke("Filter.not", filter=invoke("Filter.equals", leftField="a", rightValue=1))}},
    "a list without another of a million": lambda: {"result": "r", "values": {
        "r": invoke("List.removeAll", list=reference("l"), other=invoke("List.map", list=reference("l"), baseAlgorithm={
            "functionDefinitionValue": {"argumentNames": ["x"], "body": "h"}})),
        "l": invoke("List.sequence", start=1, end=300_000), "h": invoke("Number.add", left=argument("x"), right=0.5)}},
    "maps within maps": lambda: maps_within_maps(3),
    "maps within maps, a hundred deep": lambda: maps_within_maps(100),
    "collections within collections": lambda: collections_within_collections(3),
    "a list that doubles at each step": lambda: iterated(invoke("List.cat", list=argument("so_far"), other=argument("so_far")), [1]),
    "a text that doubles at each step": lambda: iterated(invoke("String.cat", string1=argument("so_far"), string2=argument("so_far")), "x"),
    "an image that grows at each step": lambda: iterated(invoke("Image.addBands", dstImg=argument("so_far"), srcImg=argument("so_far")), 1),
    "an image of many bands, many times over": lambda: iterated(invoke("Image.abs", value=argument("so_far")), WIDE),
    "an expression that grows at each step": lambda: iterated(
        invoke("Image.add", image1=invoke("Image.cos", value=argument("so_far")), image2=invoke("Image.sin", value=argument("so_far"))), invoke("Image.pixelArea")),
    "a list that is searched again and again": lambda: {"result": "r", "values": {**iterated(
        invoke("Number.add", left=argument("so_far"), right=invoke("List.indexOf", list=reference("long"), element=invoke("Number.add", left=argument("x"), right=0.5))), 0)["values"],
        "long": invoke("List.sequence", start=1, end=1_000_000), "r": reference("0")}},
    "a geometry that is widened again and again": lambda: iterated(
        invoke("Geometry.buffer", geometry=argument("so_far"), distance=10), SQUARE),
    "everything with everything": lambda: joined(20_000),
    "a repeated repetition": lambda: alone(invoke("String.match", input="a", regex="((a{99}){99}){99}")),
    "a region of ten thousand million pixels": lambda: alone(invoke(
        "Image.reduceRegion", image=FINE, reducer=invoke("Reducer.mean"), geometry=SQUARE, scale=0.01, maxPixels=1e13)),
    "samples of ten thousand million pixels": lambda: alone(invoke("Image.sample", image=FINE, region=SQUARE, scale=0.01)),
    "values nested as deep as JSON goes": lambda: '{"result":"0","values":{"0":{"constantValue":' + "[" * 5000 + "]" * 5000 + "}}}",
}

PIXELS = {
    "ten thousand million pixels": (lambda: FINE, {"dimensions": {"width": 100_000, "height": 100_000}, "crsCode": "EPSG:4326",
                                                  "affineTransform": {"scaleX": 1e-5, "translateX": 0, "scaleY": -1e-5, "translateY": 1}}),
    "the most of each side": (lambda: FINE, {"dimensions": {"width": 32768, "height": 32768}, "crsCode": "EPSG:4326",
                                             "affineTransform": {"scaleX": 1e-5, "translateX": 0, "scaleY": -1e-5, "translateY": 1}}),
    "a grid of its own": (lambda: invoke("Image.clip", input=FINE, geometry=SQUARE), None),
    "no bounds": (lambda: FINE, None),
    "all of a fine grid under one pixel": (
        lambda: invoke("Image.reduceResolution", image=FINE, reducer=invoke("Reducer.mean"), maxPixels=65536),
        {"dimensions": {"width": 10, "height": 10}, "crsCode": "EPSG:4326",
         "affineTransform": {"scaleX": 1, "translateX": 0, "scaleY": -1, "translateY": 1}}),
    "neighbours on a fine grid": (
        lambda: invoke("Image.reproject", image=invoke("Image.focal_median", image=FINE, radius=256), crs="EPSG:4326", crsTransform=[1e-7, 0, 0, 0, -1e-7, 1]),
        {"dimensions": {"width": 1000, "height": 1000}, "crsCode": "EPSG:4326",
         "affineTransform": {"scaleX": 1e-3, "translateX": 0, "scaleY": -1e-3, "translateY": 1}}),
}


def text(made):
    return made if isinstance(made, str) else json.dumps(made, separators=(",", ":"))
