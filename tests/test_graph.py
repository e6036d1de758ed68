"""The graph itself: what is the same however it is computed, functions of one's own, bad graphs."""
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evaluator import GraphError, evaluate, functions
from graph_data import band, check, one, polygon, rng  # noqa: F401


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


@pytest.mark.parametrize("graph", EXPRESSIONS)
def test_large_blocks_and_small_ones_are_the_same(rng, graph):
    shape = (270, 1050)
    images = {"a": {"x": band(rng, np.int16, shape=shape), "y": band(rng, np.float32, shape=shape)}}
    hashes = set()
    for block in (64, 256, 1000):
        for threads in (1, 2):
            out = evaluate(graph, images, block=block, threads=threads)
            hashes.add(tuple((name, out[name].data.tobytes(), out[name].opacity.tobytes()) for name in out))
    assert len(hashes) == 1


TRANSCENDENTAL = """
import hashlib, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from evaluator import evaluate
rng = np.random.default_rng(5)
images = {"a": {"x": np.ma.array(rng.uniform(-3, 3, (300, 700)).astype(sys.argv[2])),
                "y": np.ma.array(rng.uniform(0, 90, (300, 700)).astype(sys.argv[2]))}}
digest = hashlib.sha256()
for f in "exp log log10 sin cos tan asin acos atan".split():
    out = evaluate(f'Image.{f}(Image.load("a"))', images)
    for name in out:
        digest.update(out[name].data.tobytes() + out[name].opacity.tobytes())
for f in "pow", "atan2":
    out = evaluate(f'Image.{f}(Image.select(Image.load("a"), "y"), Image.select(Image.load("a"), "x"))', images)
    digest.update(next(iter(out.values())).data.tobytes())
out = evaluate('Image.visualize(Image.load("a"), bands=["y"], max=90, gamma=1.7, palette="000,f00,fff")', images)
digest.update(out["vis-green"].data.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_last_bit_is_the_same_on_a_processor_without_fma(dtype):
    def digest(tunables):
        return subprocess.run([sys.executable, "-c", TRANSCENDENTAL, str(Path(__file__).parent), dtype], check=True,
                              capture_output=True, env={**os.environ, "GLIBC_TUNABLES": tunables}, timeout=300).stdout
    assert digest("") == digest("glibc.cpu.hwcaps=-AVX2,-AVX,-FMA,-FMA4,-AVX512F")


def test_the_function_that_the_docs_add_compiles_without_a_warning(tmp_path):
    root = Path(__file__).resolve().parent.parent
    code = re.search(r"```c\n(.*?)```", (root / "docs/graph.md").read_text(), re.DOTALL)[1]
    source = tmp_path / "fn_normalized_difference.c"
    source.write_text(code)
    done = subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes",
                           "-Wno-missing-field-initializers", "-Werror", "-fsyntax-only", f"-I{root}/include",
                           f"-I{root}/src", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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
