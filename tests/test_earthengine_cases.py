"""Graphs of Earth Engine's real clients against `datatake serve`: each function of tiers 0 and 1, made by the Python client and by the
JavaScript one, gives what numpy, shapely, pyproj or GDAL make of the same files; the shared golden graphs are computed.

The Python client of the test environment makes its graphs here; those of the JavaScript client are kept in earthengine_graphs.json, and
the long test has npm's client make them again. To record them anew: python tests/test_earthengine_cases.py URL (of any `datatake serve --catalog`).
"""
import io
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import shapely

import earthengine_cases
import earthengine_cases_2
import earthengine_world
from conftest import ROOT, SLOW, start_server
from earthengine_cases import NAMES, OWN, TIER_0, TIER_1, in_python, javascript
from earthengine_cases_2 import TIER_2
from earthengine_releases import javascript as npm_client
from earthengine_world import CRS, NORTH, WEST

ee = pytest.importorskip("ee", reason="earthengine-api is not installed")
CASES = earthengine_cases.CASES + earthengine_cases_2.CASES
RECORDED = Path(__file__).resolve().parent / "earthengine_graphs.json"
pytestmark = pytest.mark.xdist_group("earthengine_cases")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "scenes"
    earthengine_world.make(folder)
    return earthengine_world.World(folder), folder


@pytest.fixture(scope="module")
def url(world, program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    done = subprocess.run([program, "ingest", world[1], "-d", "small.s2", "--source", folder / "c.db"], capture_output=True, text=True, timeout=60 * SLOW)
    assert done.returncode == 0, done.stderr
    server = start_server(program, folder, folder / "access.log", "--catalog", folder / "c.db")
    yield server.url.rstrip("/")
    assert server.stop() in (0, 143)


@pytest.fixture(scope="module")
def graphs(url):
    """Of the Python client, in the order of the cases."""
    patch = pytest.MonkeyPatch()
    patch.setattr(ee.deprecation, "InitializeDeprecatedAssets", lambda: None)  # asks a host on the web
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        patch.delenv(name, raising=False)
    ee.Initialize(None, url=url, project="my-project")
    made = [json.loads(ee.serializer.toJSON(in_python(ee, case.program), for_cloud_api=True)) for case in CASES]
    ee.Reset()
    patch.undo()
    return made


def post(url, method, body):
    request = urllib.request.Request(f"{url}/v1/projects/p/{method}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60 * SLOW) as answer:
            return answer.read()
    except urllib.error.HTTPError as refused:
        raise AssertionError(json.loads(refused.read())["error"]["message"]) from None


def value(url, graph):
    return json.loads(post(url, "value:compute", {"expression": graph}))["result"]


def pixels(url, graph, grid):
    """{band: array} on the grid."""
    body = {"expression": graph, "fileFormat": "NPY"}
    if grid != OWN:
        metres, size = grid
        body["grid"] = {"dimensions": {"width": size, "height": size}, "crsCode": CRS,
                        "affineTransform": {"scaleX": metres, "translateX": WEST, "scaleY": -metres, "translateY": NORTH}}
    array = np.load(io.BytesIO(post(url, "image:computePixels", body)))
    return {name: array[name] for name in array.dtype.names}


def masks(graph):
    """The graph of the image's mask."""
    return {"result": "masks", "values": {**graph["values"], "masks": {"functionInvocationValue": {
        "functionName": "Image.mask", "arguments": {"image": {"valueReference": graph["result"]}}}}}}


def called(graph):
    return set(re.findall(r'"functionName": "([^"]+)"', json.dumps(graph)))


def hold(url, world, case, graph):
    """What the server makes of the graph is what is expected."""
    missing = set(case.functions) - called(graph)
    assert not missing, f"{case.program} does not call {missing}"
    expected = case.expected(world)
    if not (isinstance(expected, dict) and all(isinstance(v, np.ndarray) for v in expected.values())):
        earthengine_cases.equals(value(url, graph), expected, case.program)
        return
    got, valid = pixels(url, graph, case.grid), pixels(url, masks(graph), case.grid)
    assert list(got) == list(expected), case.program
    for name, wanted in expected.items():
        mask = np.ma.getmaskarray(wanted)
        assert got[name].shape == wanted.shape and np.array_equal(valid[name] == 0, mask), (case.program, name, "mask")
        a, b = got[name][~mask].astype(float), np.ma.getdata(wanted)[~mask].astype(float)
        assert b.size and np.allclose(a, b, rtol=1e-6, atol=1e-6), (case.program, name, np.abs(a - b).max())


NUMBERS = [pytest.param(i, id=f"{i}-{case.functions[0]}") for i, case in enumerate(CASES)]


def listed(url):
    with urllib.request.urlopen(f"{url}/v1/projects/p/algorithms", timeout=60 * SLOW) as answer:
        return {a["name"].removeprefix("algorithms/") for a in json.load(answer)["algorithms"]}


def test_each_function_of_the_tiers_is_listed_and_has_a_case(url, tell):
    wanted = {*TIER_0, *TIER_1, *TIER_2}
    version = json.loads(RECORDED.read_text())["version"]
    tell(f"{len(CASES)} graphs of {len(wanted)} functions of tiers 0 to 2, by earthengine-api {ee.__version__} and @google/earthengine {version}")
    assert wanted <= listed(url)
    assert wanted == {name for case in CASES for name in case.functions} & wanted, wanted - {n for c in CASES for n in c.functions}


def test_the_tiers_are_those_of_the_specification():
    path = ROOT.parent / "shared/spec/earthengine-api.md"
    if not path.exists():
        pytest.skip("the shared specification is not here")
    sections = re.split(r"^### ", path.read_text(), flags=re.MULTILINE)
    for number, tier in (("2.2", TIER_0), ("2.3", TIER_1)):
        section = next(s for s in sections if s.startswith(number))
        assert set(re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE)) == set(tier)


@pytest.mark.parametrize("number", NUMBERS)
def test_python_and_numpy_agree(number, graphs, url, world):
    hold(url, world[0], CASES[number], graphs[number])


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())["graphs"]


@pytest.mark.parametrize("number", NUMBERS)
def test_javascript_and_numpy_agree(number, recorded, url, world):
    case = CASES[number]
    assert case.program in recorded, "no graph of the JavaScript client: record them anew"
    hold(url, world[0], case, recorded[case.program])


GOLDEN = sorted((ROOT.parent / "shared/spec/ee-golden").glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN or [None], ids=lambda path: path.stem if path else "none")
def test_every_golden_graph_is_computed_or_refused_by_name(path, url, tell):
    if path is None:
        pytest.skip("the shared golden graphs are not here")
    graph = json.loads(path.read_text())
    try:
        got = value(url, graph)
    except AssertionError as refused:
        tell(f"golden graph {path.stem}: refused: {refused}")
        assert any(name in str(refused) for name in called(graph)), refused
        return
    if not (isinstance(got, dict) and got.get("type") == "Image"):
        assert got == [earthengine_world.INDEX[0], earthengine_world.INDEX[2]]
        return
    out = pixels(url, graph, earthengine_cases.GRID)
    assert list(out) == [b["id"] for b in got["bands"]] and all(a.any() for a in out.values())


def of_javascript(folder, url):
    """{"version", "graphs": {program: graph}}"""
    done = subprocess.run(["node", ROOT / "tests/earthengine_graphs.js", folder, url], capture_output=True, text=True, timeout=180 * SLOW, input=json.dumps(
        {"names": {name: javascript(text) for name, text in NAMES.items()}, "programs": [javascript(c.program) for c in CASES]}))
    assert done.returncode == 0 and not done.stderr, done.stderr[-3000:]
    made = json.loads(done.stdout)
    return {"version": made["version"], "graphs": {case.program: graph for case, graph in zip(CASES, made["graphs"])}}


@pytest.mark.long
def test_the_recorded_graphs_are_those_of_npms_client(url, recorded, tell):
    folder, why = npm_client()
    assert folder, f"@google/earthengine cannot be installed: {why}"
    made = of_javascript(folder, url)
    tell(f"graphs of @google/earthengine {made['version']}: {len(made['graphs'])}")
    assert made["graphs"] == recorded


if __name__ == "__main__":
    made = of_javascript(npm_client()[0], sys.argv[1])
    lines = ",\n".join(f"{json.dumps(program)}: {json.dumps(graph, separators=(',', ':'))}" for program, graph in made["graphs"].items())
    RECORDED.write_text(f'{{"version": "{made["version"]}", "graphs": {{\n{lines}\n}}}}\n')
