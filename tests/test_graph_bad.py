"""Bad graphs end in one clear line that names the node, within a second of the processor, in bounded memory. Each is
evaluated in a process of its own, so that its memory is its own."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import json, resource, sys, time
sys.path.insert(0, {tests!r})
import numpy as np
from evaluator import GraphError, evaluate
graph = sys.stdin.read()
images = {{"a": {{"x": np.zeros((8, 8), np.uint8), "y": np.zeros((8, 8), np.uint8)}},
           "b": {{"x": np.zeros((8, 8), np.uint8)}}}}
evaluate("1", images)
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    evaluate(graph, images)
    message = ""
except GraphError as failure:
    message = str(failure)
print(json.dumps({{"message": message, "seconds": time.process_time() - began,
                   "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}}))
"""


def evaluate_apart(graph):
    child = CHILD.format(tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", child], input=graph, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def chain(nodes):
    """One node on top of the other, without sharing: x = x + 1, again and again."""
    return 'x0 = Image.load("a");' + "".join(f"x{i + 1}=Image.add(x{i},{i});" for i in range(nodes)) + f"x{nodes}"


def wide(nodes):
    """As many nodes side by side."""
    return 'a = Image.load("a");Image.cat([' + ",".join(f"Image.add(a,{i})" for i in range(nodes)) + "])"


def doubling(depth):
    """2^depth calls out of `depth` functions."""
    first = "d0 = fn(x) { Image.add(x, x) };"
    return first + "".join(f"d{i + 1} = fn(x) {{ y = d{i}(x=x); d{i}(x=y) }};" for i in range(depth)) + f"d{depth}(x=1)"


BAD = {
    "an unknown function": ('Image.ad(Image.load("a"), 1)', ["line 1, column 1", "Image.ad", "Image.add"]),
    "an unknown argument": ('Image.add(Image.load("a"), imag2=1)', ["line 1, column 1", "Image.add has no argument 'imag2'"]),
    "an argument too few": ("Image.clip(Image.load(\"a\"))", ["Image.clip", "geometry"]),
    "a wrong type": ('Image.clip(Image.load("a"), 7)', ["Image.clip (line 1, column 1)", "Number", "Geometry"]),
    "a wrong type far below": ('x = Image.load("a");\n y = Image.select(x, "x");\n Image.add(y, Reducer.mean())',
                               ["line 3, column 2: Image.add: argument 'image2'", "Reducer", "Image"]),
    "a cycle": ("x = Image.add(y, 1); y = Image.add(x, 1); y", ["line 1, column 15", "y"]),
    "a cycle with itself": ("x = Image.add(x, 1); x", ["line 1, column 15", "x"]),
    "a band that one image lacks": ('reduce.mean([Image.load("a"), Image.load("b")])',
                                    ["reduce.mean (line 1, column 1)", "image 2 of 2", "no band 'y' in b", "there is x"]),
    "an image that is not there": ('Image.add(Image.load("c"), 1)', ["Image.load (line 1, column 11)", "'c'"]),
    "endless recursion": ("f = fn(f) { f(f=f) }; f(f=f)", ["200 deep"]),
    "endless recursion through a list": ("f = fn(f, n) { List.map([1, 2], fn(x) { f(f=f, n=x) }) }; f(f=f, n=1)",
                                         ["200 deep"]),
    "more calls than anybody waits for": (doubling(40), ["more than"]),
    "a million nodes": (wide(1000000), ["Image.add is node 100001: at most 100000 are allowed"]),
    "a million nodes on top of one another": (chain(1000000), ["column 24649: Image.add lies 1001 levels deep"]),
    "a million calls": ("Image.not(" * 1000000 + "1" + ")" * 1000000, ["column 4001: brackets nest more than 400 deep"]),
    "a million brackets": ("[" * 1000000, ["column 401: brackets nest more than 400 deep"]),
    "a list of a million numbers": ("[" + "1," * 1000000 + "1]", ["a list of 1000001: at most 4096 bands are allowed"]),
    "a text that is no graph": ("\x00\x01 garbage", ["line 1, column"]),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_graphs_are_told_soon_in_little_memory(what):
    graph, words = BAD[what]
    ended = evaluate_apart(graph)
    message = ended["message"]
    assert message and "\n" not in message and len(message) < 500
    assert all(word in message.replace(",", "") or word in message for word in words), message
    assert ended["seconds"] < 1, ended
    assert ended["megabytes"] < 700, ended
