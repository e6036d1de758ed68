"""Earth Engine's clients, as they come from PyPI and npm, against `datatake serve --catalog`: what they see, and that each
pixel is the one that `datatake get` writes.

In the fixed set it is the earthengine-api of the tests' own environment; geemap, geedim of three generations, xee and the JavaScript
client are in the long one, installed into environments of their own below build/earthengine.
"""
import json
import math
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


def document_graph(box):
    """The document's image by functions, for `datatake get --graph`."""
    west, south, east, north = box
    return f"""
        area2 = GeometryConstructors.Polygon([[[{west}, {north}], [{west}, {south}], [{east}, {south}], [{east}, {north}]]]);
        drawn = Image.visualize(Image.clip(image, area2), bands=["B8", "B4", "B3"], min=0, max=5000, gamma=[1.35, 1.35, 1.35]);
        Image.paint(Image.clip(drawn, area2), area2, "0000ffff", 2)
    """


def ours(run, tmp_path, item, box, scale):
    """What `datatake get` makes of the same functions."""
    west, south, east, north = box
    out = tmp_path / f"ours-{item.stem}"
    run("get", item, f"--bbox={west},{south},{east},{north}", "--scale", scale, "--bands", "B8,B4,B3", "--graph", document_graph(box), "-o", out)
    return pixels_of(next(out.glob("*.tif")))


# --- the fixed set ---


def test_the_python_client_sees_the_scenes(demo, demo_scenes, quiet_env, tell):
    pytest.importorskip("ee", reason="earthengine-api is not installed")
    tell(f"the Python client: {versions(sys.executable)}")
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


def test_an_image_on_another_grid_needs_none_in_the_request(demo, demo_scenes):
    moved = call("Image.reproject", image=call("Image.select", input=call("Image.load", id=f"COPERNICUS/S2_SR/{FIRST}"), bandSelectors=["B8"]),
                 crs="EPSG:4326", crsTransform=[0.001, 0, 0, 0, -0.001, 0])
    status, kind, tiff = ask(f"{demo()}/v1/projects/p/image:computePixels", {"expression": graph(moved), "fileFormat": "GEO_TIFF"})
    assert status == 200, tiff
    gdal.FileFromMemBuffer("/vsimem/moved.tif", tiff)
    got, file = gdal.Open("/vsimem/moved.tif"), gdal.Open(str(demo_scenes / FIRST / "B08.tif"))
    around = gdal.Warp("", file, format="MEM", dstSRS="EPSG:4326", xRes=0.001, yRes=0.001, targetAlignedPixels=True)
    assert abs(got.RasterXSize - around.RasterXSize) <= 1 and abs(got.RasterYSize - around.RasterYSize) <= 1
    assert np.abs(np.subtract(got.GetGeoTransform(), around.GetGeoTransform())).max() < 0.0015
    gdal.Unlink("/vsimem/moved.tif")


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


# --- the long ones ---


PLACES = {"demo": (BOX, "2024-01-01", "2024-07-31"), "33TWL": (TWL, "2023-08-01", "2023-09-01")}
SCALE = 2  # the document's own


def all_at_once(run, tmp_path, box, start, end):
    """The same images by one `datatake get` on the catalogue: {id: (pixels, place)} and the seconds it took."""
    west, south, east, north = box
    done = run("get", "-d", "demo.s2", "--source", tmp_path / "c.db", f"--bbox={west},{south},{east},{north}", "--datetime", f"{start}/{end}",
               "--cloud", 85, "-n", 3, "--bands", "B8,B4,B3", "--scale", SCALE, "--graph", document_graph(box), "-o", tmp_path / "ours", timeout_s=600)
    return {path.stem: pixels_of(path) for path in (tmp_path / "ours").glob("*.tif")}, done.seconds


def same(path, want, at):
    """The file has the same pixels at the same place."""
    theirs, place = pixels_of(path)
    assert place == at and theirs.shape == want.shape, (path, place, at, theirs.shape, want.shape)
    assert (theirs == want).all() and theirs.any(), (path, (theirs != want).sum())


@pytest.mark.long
@pytest.mark.parametrize("releases", SETS)
@pytest.mark.parametrize("place", PLACES)
def test_the_documents_script(releases, place, demo, demo_scenes, run, quiet_env, tmp_path, request, tell):
    """Its prints, its files, and each pixel of them; where geedim's parallel half breaks it is by itself, and ours takes all images at once."""
    python, why = environment(releases)
    if python is None:
        pytest.skip(f"{releases} cannot be installed: {why}")
    scenes = demo_scenes if place == "demo" else request.getfixturevalue("shared") / "data/imagery/sentinel2-l2a-33TWL-5dates"
    url = demo(scenes=scenes)
    box, *days = PLACES[place]
    done = subprocess.run([python, ROOT / "tests/earthengine_script.py", url, tmp_path / "out", ",".join(map(str, box)), *days, str(SCALE), "3"],
                          capture_output=True, text=True, timeout=1800 * SLOW, env={**quiet_env, "PARALLEL_S": "600"})
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    *lines, last = done.stdout.splitlines()
    told = json.loads(last)
    wanted, seconds = all_at_once(run, tmp_path, box, *days)
    broken = [f"geedim broke by itself: {why}" for why in told["broken"]]
    ours = f"datatake get, the {len(wanted)} images at once: {seconds:.2f} s"
    tell(f"the document's script, {place}, {SCALE} m: {versions(python)}", *(f"    {line}" for line in (*lines, *broken, ours)))
    assert lines[0].startswith("Number of images: ") and lines[-1].startswith("Speedup: ")
    assert lines[1:4] == [f"Image {k} downloaded" for k in (1, 2, 3)] and lines[4].startswith("Sequential: ")
    assert len(told["ids"]) == 3 and set(told["ids"]) == set(wanted)
    for index in told["ids"]:
        same(tmp_path / "out/sequential" / f"{index}.tif", *wanted[index])
    assert told["broken"] == (["RuntimeError: This event loop is already running"] * len(told["broken"]) if releases == "geedim-2" else [])
    side_by_side = [line for line in lines[5:] if line.startswith("Image ")]
    assert len(side_by_side) == 3 - len(told["broken"]) >= 1
    for line in side_by_side:
        index = told["ids"][int(line.split()[1]) - 1]
        same(tmp_path / "out/parallel" / f"{index}.tif", *wanted[index])


def stretched(arrays):
    """0 to 5000 as 0 to 255, rounded half up."""
    return np.floor(255 * np.clip(np.asarray(arrays, float) / 5000, 0, 1) + 0.5)


@pytest.mark.long
def test_the_javascript_client(demo, demo_scenes, quiet_env, tmp_path, tell):
    if shutil.which("npm") is None:
        pytest.skip("no npm here")
    folder, why = javascript()
    assert folder, f"@google/earthengine cannot be installed: {why}"
    url = demo()
    done = subprocess.run(["node", ROOT / "tests/earthengine_client.js", folder, url, FIRST, *map(str, BOX)],
                          capture_output=True, text=True, timeout=180 * SLOW, env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    tell(f"the JavaScript client: @google/earthengine {seen['version']}")
    assert seen["constant"] == [1, "a"] and seen["bands"] == ["B2", "B3", "B4", "B8", "SCL"] and seen["size"] == 8
    status, kind, thumb = ask(seen["thumb"])
    (tmp_path / "thumb.png").write_bytes(thumb)
    small = gdal.Open(str(tmp_path / "thumb.png"))
    assert (status, kind) == (200, "image/png") and max(small.RasterXSize, small.RasterYSize) == 64 and small.ReadAsArray().std() > 5
    (tmp_path / "theirs.tif").write_bytes(ask(seen["download"])[2])
    theirs = gdal.Open(str(tmp_path / "theirs.tif"))
    west, _, _, north, _, _ = theirs.GetGeoTransform()
    bands = [gdal.Open(str(demo_scenes / FIRST / f"{name}.tif")) for name in ("B08", "B04", "B03")]
    x0, size, _, y0, _, _ = bands[0].GetGeoTransform()
    window = round((west - x0) / size), round((y0 - north) / size), theirs.RasterXSize, theirs.RasterYSize
    want, got = stretched([band.ReadAsArray(*window) for band in bands]), theirs.ReadAsArray()
    inside = got.any(axis=0)
    assert theirs.GetGeoTransform()[1] == size and inside.mean() > 0.95 and (got == want)[:, inside].all()


@pytest.mark.long
def test_xee_opens_the_collection(demo, demo_scenes, quiet_env, tell):
    python, why = environment("geedim-2")
    assert python, f"xee cannot be installed: {why}"
    tell(f"xarray by xee: {versions(python)}")
    url = demo()
    done = subprocess.run([python, ROOT / "tests/earthengine_xee.py", url], capture_output=True, text=True, timeout=300 * SLOW,
                          env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    file = gdal.Open(str(demo_scenes / FIRST / "B08.tif"))
    assert seen["dims"] == {"time": 4, "x": 64, "y": 48}
    assert seen["first"] == file.ReadAsArray(673, 445, 64, 48).tolist()


def web_tile(lon, lat, zoom):
    """(x, y) of the tile, and its west, south, east and north in EPSG:3857."""
    x = int((lon + 180) / 360 * 2 ** zoom)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2 ** zoom)
    half = math.pi * 6378137
    size = 2 * half / 2 ** zoom
    return (x, y), (x * size - half, half - (y + 1) * size, (x + 1) * size - half, half - y * size)


@pytest.mark.long
def test_tiles_of_a_geemap_map(demo, demo_scenes, quiet_env, tmp_path, tell):
    """As a layer by itself and on a map: the pixels that GDAL takes from the scene, as the layer colours them."""
    python, why = environment("geedim-2")
    assert python, f"geemap cannot be installed: {why}"
    tell(f"a map of geemap: {versions(python)}")
    url = demo()
    code = f"""if 1:
        import json, sys, ee, geemap
        ee.Initialize(None, url=sys.argv[1], project="p")
        image, look = ee.Image("COPERNICUS/S2_SR/{FIRST}"), {{"bands": ["B8", "B4", "B3"], "min": 0, "max": 5000}}
        globe = geemap.Map(ee_initialize=False)
        globe.add_layer(image, {{**look, "format": "png"}}, "scene")
        layers = [geemap.ee_tile_layer(image, look).url_format, next(layer.url for layer in globe.layers if layer.name == "scene")]
        print(json.dumps(layers))
    """
    done = subprocess.run([python, "-c", code, url], capture_output=True, text=True, timeout=180 * SLOW, env=quiet_env)
    assert done.returncode == 0, done.stderr[-3000:]
    (x, y), bounds = web_tile(-82.43, 8.40, 14)
    want = stretched([gdal.Warp("", str(demo_scenes / FIRST / f"{name}.tif"), format="MEM", dstSRS="EPSG:3857", outputBounds=bounds, width=256,
                                height=256, errorThreshold=0).ReadAsArray() for name in ("B08", "B04", "B03")])
    for layer, format in zip(json.loads(done.stdout.splitlines()[-1]), ("jpeg", "png")):
        status, kind, tile = ask(layer.format(z=14, x=x, y=y))
        assert layer.startswith(url) and (status, kind) == (200, f"image/{format}")
        (tmp_path / format).write_bytes(tile)
        got = gdal.Open(str(tmp_path / format)).ReadAsArray()[:3].astype(int)
        tell(f"    tile 14/{x}/{y} as {format}: {np.abs(got - want).mean():.3f} from GDAL's pixels")
        assert got.shape == (3, 256, 256) and want.std() > 20
        assert np.abs(got - want).mean() < 12 if format == "jpeg" else (got == want).all(axis=0).mean() > 0.999
