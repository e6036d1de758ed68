"""Pixels of Earth Engine as a source: bands by their href, against our own server and the same `get` of the files."""
import json
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest
from osgeo import gdal

gdal.UseExceptions()
BOX = "--bbox=-82.48,8.35,-82.39,8.44"
NAMES = {"B02": "B2", "B03": "B3", "B04": "B4", "B08": "B8", "SCL": "SCL"}
SHOWN = ("--unmask", -1, "--bands", "B8,B4,B3", "--visualize", "min=0,max=5000,gamma=1.35", "--scale", 2)


def href(url, image, path, nodata):
    """As the listing of a collection would write it (src/sources/earthengine/band.h)."""
    file = gdal.Open(str(path))
    kind = {gdal.GDT_Byte: "uint8", gdal.GDT_UInt16: "uint16"}[file.GetRasterBand(1).DataType]
    x, col_x, row_x, y, col_y, row_y = file.GetGeoTransform()
    grid = ",".join(f"{v:.17g}" for v in (col_x, row_x, x, col_y, row_y, y))
    known = ";0;0" if nodata and kind == "uint16" else ""
    return (f"ee+{url}/COPERNICUS/S2_SR/{image}?project=p#{NAMES[path.stem]};{kind};EPSG:32617;"
            f"{file.RasterXSize}x{file.RasterYSize};{grid}{known}")


def items_of(scenes, url, folder, nodata=True, count=8):
    folder.mkdir()
    for path in sorted(scenes.glob("*/*.json"))[:count]:
        item = json.loads(path.read_text())
        item["assets"] = {NAMES[p.stem]: {"href": href(url, item["id"], p, nodata)} for p in sorted(path.parent.glob("*.tif"))
                          if p.stem in NAMES}
        item["links"] = []
        (folder / path.name).write_text(json.dumps(item))
    return sorted(folder.glob("*.json"))


@pytest.fixture
def served(demo_scenes, run, serve, tmp_path):
    run("ingest", demo_scenes, "-d", "demo.s2", "--source", tmp_path / "c.db")
    return serve(tmp_path, "--catalog", tmp_path / "c.db")


def seen(path):
    """All that a reader sees of a file."""
    file = gdal.Open(str(path))
    masks = [file.GetRasterBand(b + 1).GetMaskBand().ReadAsArray() for b in range(file.RasterCount)]
    return (file.GetGeoTransform(), file.GetProjection(), file.GetRasterBand(1).GetNoDataValue(), file.ReadAsArray().tobytes(),
            np.stack(masks).tobytes())


def asked(server):
    return [r for r in server.requests() if r["path"].endswith("computePixels")]


@pytest.mark.slow
def test_the_documents_job_equals_that_of_the_files(served, demo_scenes, run, tmp_path):
    url = served.url.rstrip("/")
    items = items_of(demo_scenes, url, tmp_path / "items", count=2)
    locals_ = sorted(demo_scenes.glob("*/*.json"))[:2]
    run("get", *items, BOX, *SHOWN, "-o", tmp_path / "ee", timeout_s=180)
    run("get", *locals_, BOX, *SHOWN, "-o", tmp_path / "local", timeout_s=180)
    made = sorted((tmp_path / "ee").glob("*.tif"))
    assert len(made) == 2
    for path in made:
        assert seen(path) == seen(tmp_path / "local" / path.name)
    assert all(r["status"] == 200 for r in asked(served))


def test_masks_and_values_are_the_services(demo_scenes, run, serve, tmp_path):
    """Where nothing says what is masked, the masks come along; two types on one grid are one request."""
    first = min(demo_scenes.glob("*/*.json")).parent
    shutil.copytree(first, tmp_path / "scenes" / first.name)
    file = gdal.Open(str(tmp_path / "scenes" / first.name / "B08.tif"), gdal.GA_Update)
    file.GetRasterBand(1).WriteArray(np.zeros((300, 500), np.uint16), 700, 900)
    file.BuildOverviews("AVERAGE", [2, 4])
    file = None
    run("ingest", tmp_path / "scenes", "-d", "demo.s2", "--source", tmp_path / "c.db")
    served = serve(tmp_path, "--catalog", tmp_path / "c.db")
    items = items_of(tmp_path / "scenes", served.url.rstrip("/"), tmp_path / "items", False)
    locals_ = sorted((tmp_path / "scenes").glob("*/*.json"))
    more = ("--bands", "B8,SCL", "--res", 20)
    run("get", *items, *more, "-o", tmp_path / "ee", timeout_s=180)
    run("get", *locals_, *more, "-o", tmp_path / "local", timeout_s=180)
    for path in sorted((tmp_path / "ee").glob("*.tif")):
        theirs, ours = gdal.Open(str(path)), gdal.Open(str(tmp_path / "local" / path.name))
        mask = np.minimum(*[ours.GetRasterBand(b).GetMaskBand().ReadAsArray() for b in (1, 2)])
        assert 0.01 < (mask == 0).mean() < 1
        for band in (1, 2):
            got = theirs.GetRasterBand(band).GetMaskBand().ReadAsArray()
            assert ((got > 0) == (mask > 0)).all()
            assert (theirs.GetRasterBand(band).ReadAsArray() == ours.GetRasterBand(band).ReadAsArray())[mask > 0].all()
    assert len(asked(served)) == 1


@pytest.mark.slow
def test_a_job_that_was_killed_goes_on(served, demo_scenes, program, quiet_env, run, tmp_path):
    items = items_of(demo_scenes, served.url.rstrip("/"), tmp_path / "items")
    words = ["get", *items, BOX, *SHOWN, "-o", tmp_path / "out"]
    process = subprocess.Popen([str(program), *map(str, words)], env=quiet_env, cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    first = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.tif")}
    again = run(*words, timeout_s=300)
    results = again.lines()
    assert len(results) == len(items) and all(r["status"] in ("done", "skipped") for r in results)
    kept = [r for r in results if r["status"] == "skipped"]
    assert first["id"] in [r["id"] for r in kept] and all(r["requests"] == 0 for r in kept)
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == at for name, at in before.items())


def test_what_cannot_be_read_is_said_in_the_services_words(served, demo_scenes, run, tmp_path):
    item = items_of(demo_scenes, served.url.rstrip("/"), tmp_path / "items", count=1)[0]
    text = item.read_text()
    item.write_text(text.replace("S2_SR/S2", "S2_SR/X2"))
    ran = run("get", item, BOX, "--bands", "B8", "-o", tmp_path / "out", status=None)
    assert ran.status != 0 and re.search(r"computePixels .*X2\w+.* not found", ran.err + ran.out)
    item.write_text(re.sub(r"#B8;[^\"]*", "#B8;uint16", text))
    ran = run("get", item, BOX, "--bands", "B8", "-o", tmp_path / "out", status=None)
    assert ran.status != 0 and "TYPE;CRS;WIDTHxHEIGHT" in ran.err + ran.out
    assert not list((tmp_path / "out").glob("*.tif"))
