"""Earth Engine's clients, as they come from PyPI and npm, against `datatake serve --catalog`: what they see, and that each
pixel is the one that `datatake get` writes.

In the fixed set it is the earthengine-api of the tests' own environment; geemap, geedim of three generations, xee and the JavaScript
client are in the long one, installed into environments of their own below build/earthengine.
"""
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from conftest import ROOT, SLOW
from earthengine_releases import SETS, environment, javascript, versions
from osgeo import gdal

gdal.UseExceptions()
BOX = (-82.48, 8.35, -82.39, 8.44)
FIRST = "S2A_17PLK_20240101_0_L2A"
TWL = (15.5, 45.4, 15.59, 45.49)


# --- a server, and questions to it ---


@pytest.fixture
def demo(demo_scenes, run, serve, tmp_path):
    """Eight dates of the demo in a catalogue of their own, served; keywords become options."""
    def start(*options, scenes=demo_scenes, dataset="demo.s2"):
        run("ingest", scenes, "-d", dataset, "--source", tmp_path / "c.db")
        return serve(tmp_path, "--catalog", tmp_path / "c.db", *options).url.rstrip("/")
    return start


def ask(url, body=None, **headers):
    """(status, type, bytes)"""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60 * SLOW) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read()


def call(name, **arguments):
    return {"functionInvocationValue": {"functionName": name, "arguments": {
        k: v if isinstance(v, dict) else {"constantValue": v} for k, v in arguments.items()}}}


def graph(node):
    return {"result": "0", "values": {"0": node}}


def ring(box):
    west, south, east, north = box
    return [[[west, north], [west, south], [east, south], [east, north]]]


def picture(image, box):
    """The document's image."""
    area = call("GeometryConstructors.Polygon", coordinates=ring(box), evenOdd=True)
    drawn = call("Image.visualize", image=call("Image.clip", input=call("Image.load", id=image), geometry=area),
                 bands=["B8", "B4", "B3"], min=0, max=5000, gamma=[1.35, 1.35, 1.35])
    features = {"arrayValue": {"values": [call("Feature", geometry=area)]}}
    return call("Image.paint", image=call("Image.clip", input=drawn, geometry=area),
                featureCollection=call("Collection", features=features), color="0000ffff", width=2)


def pixels_of(path):
    """(band, row, column) with masked pixels 0, and where the file lies."""
    file = gdal.Open(str(path))
    array = file.ReadAsArray()
    mask = np.stack([file.GetRasterBand(b + 1).GetMaskBand().ReadAsArray() for b in range(3)])
    return np.where(mask[:3] > 0, array[:3], 0), file.GetGeoTransform()


def ours(run, tmp_path, item, box, scale, bands=("B8", "B4", "B3")):
    """What `datatake get` makes of the same functions."""
    west, south, east, north = box
    text = f"""
        area2 = GeometryConstructors.Polygon([[[{west}, {north}], [{west}, {south}], [{east}, {south}], [{east}, {north}]]]);
        drawn = Image.visualize(Image.clip(image, area2), bands={json.dumps(list(bands))}, min=0, max=5000, gamma=[1.35, 1.35, 1.35]);
        Image.paint(Image.clip(drawn, area2), area2, "0000ffff", 2)
    """
    out = tmp_path / f"ours-{item.stem}"
    run("get", item, f"--bbox={west},{south},{east},{north}", "--scale", scale, "--bands", ",".join(bands),
        "--graph", text, "-o", out)
    return pixels_of(next(out.glob("*.tif")))


# --- the fixed set ---


def test_the_python_client_sees_the_scenes(demo, demo_scenes, quiet_env):
    pytest.importorskip("ee", reason="earthengine-api is not installed")
    print(versions(sys.executable))
    url = demo()
    done = subprocess.run([sys.executable, ROOT / "tests/earthengine_values.py", url, "my-project", "COPERNICUS/S2_SR", FIRST,
                           ",".join(map(str, BOX)), "B8", "100"],
                          capture_output=True, text=True, timeout=180 * SLOW, env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    items = sorted((json.loads(p.read_text()) for p in demo_scenes.glob("*/*.json")), key=lambda i: i["properties"]["datetime"])
    clear = [i["id"] for i in items if i["properties"]["eo:cloud_cover"] < 85]
    assert seen["constant"] == [1, "a"] and seen["ids"] == clear
    assert seen["bands"] == ["B2", "B3", "B4", "B8", "SCL"]
    band = seen["info"]["bands"][0]
    assert band["dimensions"] == [2048, 2048] and band["crs"] == "EPSG:32617"
    assert seen["info"]["properties"]["CLOUDY_PIXEL_PERCENTAGE"] == items[0]["properties"]["eo:cloud_cover"]
    assert [b["id"] for b in seen["picture"]["bands"]] == ["vis-red", "vis-green", "vis-blue"] and "id" not in seen["picture"]
    assert seen["tiff"][:2] == ["image/tiff", b"II*\0".hex()] and seen["thumb"] == ["image/png", b"\x89PNG\r\n\x1a\n".hex()]
    assert seen["zip"] == ["application/zip", ["download.B8.tif", "download.B4.tif"], None]
    file = gdal.Open(str(demo_scenes / FIRST / "B08.tif"))
    assert seen["pixels"] == file.ReadAsArray(10, 20, 5, 3).tolist()
    assert 0 < seen["mean"]["B8"] < 10000
    assert seen["listed"] == [f"COPERNICUS/S2_SR/{i['id']}" for i in items if i["properties"]["eo:cloud_cover"] < 20]
    assert seen["asset"] == "IMAGE_COLLECTION" and "COPERNICUS/S2_SR/nothing' not found" in seen["missing"]
    assert seen["table"].splitlines()[0] == "system:index,a,.geo"
    status, kind, tile = ask(seen["tiles"].format(z=10, x=277, y=487))
    assert status == 200 and kind in ("image/png", "image/jpeg") and len(tile) > 1000


def test_each_pixel_is_the_one_that_get_writes(demo, demo_scenes, run, tmp_path):
    url = demo()
    scaled = call("Image.clipToBoundsAndScale", input=picture(f"COPERNICUS/S2_SR/{FIRST}", BOX), scale=10)
    status, kind, tiff = ask(f"{url}/v1/projects/p/image:computePixels", {"expression": graph(scaled), "fileFormat": "GEO_TIFF"})
    assert (status, kind) == (200, "image/tiff"), tiff[:300]
    (tmp_path / "theirs.tif").write_bytes(tiff)
    theirs, place = pixels_of(tmp_path / "theirs.tif")
    want, at = ours(run, tmp_path, next((demo_scenes / FIRST).glob("*.json")), BOX, 10)
    assert place == at and theirs.shape == want.shape
    assert (theirs == want).all() and 0 < (theirs == 0).all(axis=0).mean() < 0.05


def test_what_is_too_much_is_refused_at_once(demo):
    url = demo()
    grid = {"dimensions": {"width": 100000, "height": 100000}, "crsCode": "EPSG:4326",
            "affineTransform": {"scaleX": 1e-5, "scaleY": -1e-5, "translateX": -82.4, "translateY": 8.4}}
    huge = graph(call("Image.clipToBoundsAndScale", input=call("Image.load", id=f"COPERNICUS/S2_SR/{FIRST}"), scale=0.01))
    began = time.monotonic()
    for body, says in (({"expression": graph(call("Image.constant", value=1)), "fileFormat": "NPY", "grid": grid},
                        "Pixel grid dimensions (100000x100000) must be less than or equal to 32768."),
                       ({"expression": huge, "fileFormat": "GEO_TIFF"}, "must be less than or equal to")):
        status, _, answer = ask(f"{url}/v1/projects/p/image:computePixels", body)
        error = json.loads(answer)["error"]
        assert (status, error["status"]) == (400, "INVALID_ARGUMENT") and says in error["message"]
    assert time.monotonic() - began < 2 * SLOW
    try:
        status, _, answer = ask(f"{url}/v1/projects/p/value:compute", {"expression": {"pad": "x" * (12 << 20)}})
        assert status == 400 and "Request payload size exceeds the limit: 10485760 bytes." in answer.decode()
    except (ConnectionError, urllib.error.URLError):
        pass  # the server has answered and hung up while this was still sending
    status, _, answer = ask(f"{url}/v1/projects/p/value:compute", {"expression": graph({"constantValue": 1})})
    assert (status, json.loads(answer)) == (200, {"result": 1})


def test_keys_open_the_door_and_names_open_pixels(demo, run, tmp_path):
    key = run("keys", "add", "anna", "--keys", tmp_path / "keys").out.split()[-1]
    url = demo("--keys", tmp_path / "keys", "--listen", "0.0.0.0:0").replace("0.0.0.0", "127.0.0.1")
    one = {"expression": graph({"constantValue": 1})}
    status, _, answer = ask(f"{url}/v1/projects/p/value:compute", one)
    assert status == 401 and json.loads(answer)["error"]["status"] == "UNAUTHENTICATED"
    assert ask(f"{url}/v1/projects/p/value:compute", one, Authorization=f"Bearer {key}")[0] == 200
    assert ask(f"{url}/v1/projects/p/value:compute?key={key}", one)[0] == 200
    body = {"expression": graph(picture(f"COPERNICUS/S2_SR/{FIRST}", (-82.45, 8.40, -82.44, 8.41))), "fileFormat": "PNG"}
    status, _, answer = ask(f"{url}/v1/projects/p/thumbnails?key={key}", body)
    assert status == 200, answer
    name = json.loads(answer)["name"]
    assert ask(f"{url}/v1/{name}:getPixels")[:2] == (200, "image/png")
    assert ask(f"{url}/v1/{name[:-1]}x:getPixels")[0] == 404


def test_more_than_its_share_is_refused(demo):
    url = demo("--rate", "1")
    seen = [ask(f"{url}/v1/projects/p/value:compute", {"expression": graph({"constantValue": 1})}) for _ in range(8)]
    refused = [json.loads(answer)["error"]["status"] for status, _, answer in seen if status == 429]
    assert refused and set(refused) == {"RESOURCE_EXHAUSTED"}


def test_a_dataset_goes_by_the_names_that_it_is_given(run, serve, demo_scenes, tmp_path):
    catalog = tmp_path / "c.db"
    rules = {"dataset": "demo.s2", "bands": {"NIR": "nir"}, "properties": {"CLOUD": "eo:cloud_cover"}}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    run("ingest", demo_scenes, "-d", "demo.s2", "--source", catalog)
    run("catalog", "asset", "MY/SCENES", tmp_path / "rules.json", "--source", catalog)
    run("catalog", "repair", "--source", catalog)
    assert {"id": "MY/SCENES", "dataset": "demo.s2", "rules": rules} in run("catalog", "assets", "--source", catalog).lines()
    url = serve(tmp_path, "--catalog", catalog).url.rstrip("/")
    image = call("Image.load", id=f"MY/SCENES/{FIRST}")
    pair = {"arrayValue": {"values": [call("Image.bandNames", image=image), call("Element.get", object=image, property="CLOUD")]}}
    status, _, answer = ask(f"{url}/v1/projects/p/value:compute", {"expression": graph(pair)})
    assert (status, json.loads(answer)) == (200, {"result": [["NIR"], 12.31]})
    run("catalog", "unasset", "MY/SCENES", "--source", catalog)
    assert [line["id"] for line in run("catalog", "assets", "--source", catalog).lines()] == [
        "COPERNICUS/S2_SR", "COPERNICUS/S2_SR_HARMONIZED", "demo/s2"]
    (tmp_path / "rules.json").write_text('{"dataset": "demo.s2", "colour": "red"}')
    assert "'colour' is no rule" in run("catalog", "asset", "A/B", tmp_path / "rules.json", "--source", catalog, status=2).err


# --- the long one ---


def check_script(done, folder, demo_items, run, tmp_path, box, scale, bands):
    """The script's prints, its files, and each pixel of them."""
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    lines = done.stdout.splitlines()
    told = json.loads(lines[-1])
    print("\n".join(line for line in lines[:-1] if line), *told["broken"], sep="\n")
    assert lines[0].startswith("Number of images: ") and any(line.startswith("Speedup: ") for line in lines)
    for index in told["ids"]:
        theirs, place = pixels_of(folder / "sequential" / f"{index}.tif")
        want, at = ours(run, tmp_path, demo_items[index], box, scale, bands)
        cut, rest = common(theirs, place, want, at)
        assert cut.shape == want.shape and (cut == want).all() and (rest == 0).all(), index
    return told


def common(theirs, place, want, at):
    """Theirs cut to ours, and what it has beside that: old geedim asks for the whole scene."""
    assert (place[1], place[5]) == (at[1], at[5])
    col, row = round((at[0] - place[0]) / at[1]), round((at[3] - place[3]) / at[5])
    assert (place[0] + col * at[1], place[3] + row * at[5]) == (at[0], at[3]) and col >= 0 and row >= 0
    height, width = want.shape[1:]
    rest = theirs.copy()
    rest[:, row:row + height, col:col + width] = 0
    return theirs[:, row:row + height, col:col + width], rest


@pytest.mark.long
@pytest.mark.parametrize("releases", SETS)
@pytest.mark.parametrize("place", ["demo", "33TWL"])
def test_the_documents_script(releases, place, demo, demo_scenes, run, quiet_env, tmp_path, request):
    python, why = environment(releases)
    if python is None:
        pytest.skip(f"{releases} cannot be installed: {why}")
    print(versions(python))
    scenes, box, days, scale = demo_scenes, BOX, ("2024-01-01", "2024-07-31"), 10
    if place == "33TWL":
        scenes = request.getfixturevalue("shared") / "data/imagery/sentinel2-l2a-33TWL-5dates"
        box, days, scale = TWL, ("2023-08-01", "2023-09-01"), 60
    url = demo(scenes=scenes)
    done = subprocess.run([python, ROOT / "tests/earthengine_script.py", url, tmp_path / "out", ",".join(map(str, box)), *days,
                           str(scale), "3"], capture_output=True, text=True, timeout=900 * SLOW,
                          env={**quiet_env, "PARALLEL_S": "60"})
    told = check_script(done, tmp_path / "out", {p.stem: p for p in scenes.glob("*/*.json")}, run, tmp_path, box, scale,
                        ("B8", "B4", "B3"))
    assert len(told["ids"]) == 3


@pytest.mark.long
def test_the_javascript_client(demo, quiet_env):
    if shutil.which("npm") is None:
        pytest.skip("no npm here")
    folder, why = javascript()
    assert folder, f"@google/earthengine cannot be installed: {why}"
    url = demo()
    done = subprocess.run(["node", ROOT / "tests/earthengine_client.js", folder, url, FIRST, *map(str, BOX)],
                          capture_output=True, text=True, timeout=180 * SLOW, env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    print("@google/earthengine", seen["version"])
    assert seen["constant"] == [1, "a"] and seen["bands"] == ["B2", "B3", "B4", "B8", "SCL"] and seen["size"] == 8
    assert ask(seen["thumb"])[:2] == (200, "image/png")
    assert ask(seen["download"])[2][:4] == b"II*\0"


@pytest.mark.long
def test_xee_opens_the_collection(demo, demo_scenes, quiet_env):
    python, why = environment("geedim-2")
    assert python, f"xee cannot be installed: {why}"
    print(versions(python))
    url = demo()
    done = subprocess.run([python, ROOT / "tests/earthengine_xee.py", url], capture_output=True, text=True, timeout=300 * SLOW,
                          env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    file = gdal.Open(str(demo_scenes / FIRST / "B08.tif"))
    assert seen["dims"] == {"time": 4, "x": 64, "y": 48}
    assert seen["first"] == file.ReadAsArray(673, 445, 64, 48).tolist()


@pytest.mark.long
def test_tiles_of_a_geemap_map(demo, quiet_env):
    python, why = environment("geedim-2")
    assert python, f"geemap cannot be installed: {why}"
    url = demo()
    code = ("import sys, ee, geemap\n"
            "ee.Initialize(None, url=sys.argv[1], project='p')\n"
            "image = ee.Image('COPERNICUS/S2_SR/" + FIRST + "')\n"
            "print(geemap.ee_tile_layer(image, {'bands': ['B8', 'B4', 'B3'], 'min': 0, 'max': 5000}).url_format)\n")
    done = subprocess.run([python, "-c", code, url], capture_output=True, text=True, timeout=180 * SLOW, env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    status, kind, tile = ask(done.stdout.strip().format(z=10, x=277, y=487))
    assert status == 200 and kind in ("image/png", "image/jpeg") and len(tile) > 1000
