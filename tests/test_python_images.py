"""The Python package's images to files: get and compare, sync and asyncio, from items of a few kilobytes and the real scenes."""
import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SLOW
from python_images import BOX, REAL, client, files_of, real, run_program, scenes, stalling  # noqa: F401
from python_rows import FOLDER
from small_scenes import item

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402


# --- get ---


@pytest.mark.parametrize(("words", "options"), [
    ("--bands B8,B4,B3 --visualize min=0,max=5000,gamma=1.35:1.2:1 --outline blue,2",
     {"bands": "B8,B4,B3", "visualize": {"min": 0, "max": 5000, "gamma": [1.35, 1.2, 1]}, "outline": ("blue", 2)}),
    ("--expression ndvi=(B8-B4)/(B8+B4) --crs EPSG:4326 --res 0.002 --resampling bilinear --unmask -1 -n 2 --of cog",
     {"expression": {"ndvi": "(B8-B4)/(B8+B4)"}, "crs": 4326, "res": 0.002, "resampling": "bilinear", "unmask": -1, "limit": 2,
      "format": "cog"}),
    ("--bands B8 --scale 240 --palette viridis --visualize max=8000 --of png --datetime 2023-08-13/2023-08-15",
     {"bands": ["B8"], "scale": 240, "palette": "viridis", "visualize": {"max": 8000}, "format": "png",
      "datetime": "2023-08-13/2023-08-15"}),
    ("--bands B4 --per-band --cloud 60 --type float32 --align --res 200 --crs utm --template {datetime}_{asset}.{ext}",
     {"bands": "B4", "per_band": True, "cloud": 60, "type": np.float32, "align": True, "res": (200, 200), "crs": "utm",
      "template": "{datetime}_{asset}.{ext}"}),
])
def test_the_files_are_the_command_lines_byte_for_byte(program, real, client, tmp_path, words, options):
    run_program(program, "get", real, "--bbox=" + ",".join(map(str, REAL)), *words.split(), "-o", tmp_path / "theirs", "-q")
    files = client.get(real, bbox=REAL, out=tmp_path / "ours", **options)
    theirs, ours = files_of(tmp_path / "theirs"), files_of(tmp_path / "ours")
    assert theirs and ours == theirs
    assert sorted(map(str, files.paths)) == sorted(str(tmp_path / "ours" / name) for name in theirs if not name.endswith(".json"))
    assert all(f.error is None and f.bytes == f.path.stat().st_size and f.seconds > 0 and f.width > 0 for f in files)


def test_finished_files_are_paths_and_are_left_the_second_time(client, scenes, tmp_path):
    first = client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "out")
    assert [os.fspath(file) for file in first] == list(map(str, first.paths)) and len(first) == 3
    assert sorted(file.id for file in first) == ["day0", "day1", "day2"] and first.failed == [] == first.skipped
    again = client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "out")
    assert [file.skipped for file in again] == [True] * 3 and sorted(again.paths) == sorted(first.paths)
    assert "3 files" in repr(first) and "skipped" in repr(again[0])


def test_what_items_may_be(client, scenes, tmp_path):
    class Item:  # as pystac's
        assets = ()

        def __init__(self, found):
            self.found = found

        def to_dict(self):
            return self.found

    path = tmp_path / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": scenes}))
    raster = scenes[0]["assets"]["B4"]["href"]
    wanted = client.read(scenes, bands="B4", bbox=BOX)
    for items in (path, str(path), [str(path)], json.loads(path.read_text()), [Item(one) for one in scenes]):
        assert client.read(items, bands="B4", bbox=BOX).identical(wanted)
    assert client.read(Path(raster), bbox=BOX).sizes["time"] == 1
    assert client.read([raster, raster], bands=1, bbox=BOX).sizes["time"] == 2


def test_images_of_the_clients_own_catalogue(program, real, tmp_path):
    catalog = tmp_path / "catalog.db"
    run_program(program, "ingest", real, "--dataset", "local.scenes", "--source", catalog, "-q")
    words = ("--dataset local.scenes --bands B4 --datetime 2023-08-13/2023-08-18 --cloud 99").split()
    run_program(program, "get", *words, "--bbox=" + ",".join(map(str, REAL)), "--source", catalog, "-o", tmp_path / "theirs", "-q")
    with datatake.Client(str(catalog)) as client:
        options = {"dataset": "local.scenes", "bands": "B4", "datetime": "2023-08-13/2023-08-18", "bbox": REAL}
        client.get(out=tmp_path / "ours", cloud=99, **options)
        assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs") != {}
        table = client.dataset("local.scenes").collections()
        rows = next(iter(table.values()))
        for found in (rows.table("2023-08-13/2023-08-19"), rows.load("2023-08-13/2023-08-19")):
            assert client.read(found, bands="B4", bbox=REAL).sizes["time"] == 3
        assert client.read(**options).sizes["time"] == 3


def test_some_fail_and_say_so(client, scenes, tmp_path):
    scenes[1]["assets"]["B4"]["href"] = str(tmp_path / "gone.tif")
    with pytest.raises(errors.PartialError, match="1 of 3 items failed; the first: day1: band B4: .*gone.tif") as raised:
        client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "out")
    assert sorted(f.id for f in raised.value.files if f.error is None) == ["day0", "day2"]
    scenes[0]["id"] = "other"  # so that not all are there already
    files = client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "out", on_error="return")
    assert len(files) == 3 and [f.id for f in files.failed] == ["day1"] and len(files.paths) == 2
    assert isinstance(files.failed[0].error, errors.Error) and "gone.tif" in str(files.failed[0].error)
    assert json.loads(files.failed[0].again)["id"] == "day1"
    with pytest.raises(errors.Error, match="gone.tif"):
        os.fspath(files.failed[0])
    assert client.read(scenes, bands="B4", bbox=BOX, on_error="return").sizes["time"] == 2
    with pytest.raises(errors.PartialError):
        client.read(scenes, bands="B4", bbox=BOX)


def test_progress_never_falls_and_ends_with_1(client, scenes, tmp_path):
    seen = []
    client.get(scenes, bands="B4", bbox=BOX, out=tmp_path, show_progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0
    seen.clear()
    client.read(scenes, bands="B4", bbox=BOX, show_progress=seen.append)
    assert seen[-1] == 1.0


def test_a_bar_says_how_many_images_are_through(client, scenes, tmp_path, capsys):
    client.get(scenes, bands="B4", bbox=BOX, out=tmp_path, show_progress=True)
    assert "3/3 images" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ({"bnads": "B4"}, TypeError, "bnads: there is no such argument; bands is meant"),
    ({"bands": 4.5}, TypeError, "bands: names are expected"),
    ({"bbox": (1, 2, 3)}, ValueError, "bbox: "),
    ({"bbox": (1, 2, 3, 95)}, ValueError, "bbox"),
    ({"limit": -1}, ValueError, "limit: -1 is negative"),
    ({"limit": 1.5}, TypeError, "limit: a whole number"),
    ({"cloud": "many"}, TypeError, "cloud: a number"),
    ({"res": 0}, ValueError, "res: 0"),
    ({"scale": "10"}, TypeError, "scale: a number"),
    ({"size": (10,)}, TypeError, "size: \\(width, height\\)"),
    ({"crs": "EPSG:0"}, ValueError, "crs"),
    ({"resampling": "best"}, ValueError, "best"),
    ({"format": "gif"}, ValueError, "format: 'gif' is none of geotiff"),
    ({"mode": "threads"}, ValueError, "mode: 'threads' is none of async, sequential, processes"),
    ({"visualize": {"maximum": 1}}, ValueError, "visualize: 'maximum'"),
    ({"expression": 5}, TypeError, "expression: text"),
    ({"intersects": "nowhere.geojson"}, ValueError, "intersects: there is no file"),
    ({"datetime": "yesterday"}, ValueError, "yesterday"),
    ({"on_error": "ignore"}, ValueError, "on_error: 'raise' or 'return'"),
    ({"mask_clouds": 1}, TypeError, "mask_clouds: True or False"),
    ({"dataset": "local.scenes"}, ValueError, "dataset: items and images of the client's source exclude one another"),
    ({"type": "uint7"}, ValueError, "uint7"),
])
def test_bad_arguments_are_named(client, tmp_path, arguments, error, words):
    with pytest.raises(error, match=words):
        client.get([item()], **{"bands": "B4", "out": tmp_path, **arguments})
    assert not list(tmp_path.glob("*.tif"))


def test_bad_items_are_named(client):
    with pytest.raises(TypeError, match="items: items, paths or addresses"):
        client.get()
    with pytest.raises(TypeError, match="items: STAC Items"):
        client.get(5)
    with pytest.raises(ValueError, match="items: there are none"):
        client.read([])
    with pytest.raises(errors.NotFoundError, match="0 of 1 items left"):
        client.read([item()], bbox=(0, 0, 1, 1))


def test_a_closed_client_says_so(tmp_path, scenes):
    client = datatake.Client(str(tmp_path / "catalog.db"))
    client.close()
    with pytest.raises(errors.StateError, match="the client is closed"):
        client.read(scenes, bands="B4")
    with pytest.raises(errors.StateError, match="the client is closed"):
        client.get(scenes, bands="B4", out=tmp_path)


# --- asyncio ---


def test_files_come_as_they_finish(scenes, tmp_path):
    async def main():
        async with aio.Client(str(tmp_path / "catalog.db")) as client:
            seen = [file async for file in client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "a")]
            awaited = await client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "b")
            both = await asyncio.gather(client.get(scenes[:1], bands="B8", bbox=BOX, out=tmp_path / "c"),
                                        client.read(scenes, bands="B8", bbox=BOX))
            async for file in client.get(scenes, bands="B4", bbox=BOX, out=tmp_path / "d"):
                break  # the others are not waited for
            return seen, awaited, both, file
    seen, awaited, both, file = asyncio.run(main())
    assert sorted(f.id for f in seen) == sorted(f.id for f in awaited) == ["day0", "day1", "day2"]
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert len(both[0]) == 1 and both[1].sizes["time"] == 3 and file.path.exists()


def test_a_task_that_is_cancelled_ends_its_transfers(scenes, tmp_path):
    server, items = stalling(tmp_path, scenes)

    async def main():
        async with aio.Client(str(tmp_path / "catalog.db")) as client:
            task = asyncio.create_task(client.read(items, bands="B4", bbox=BOX))
            connection, _ = await asyncio.get_running_loop().run_in_executor(None, server.accept)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with connection:  # the engine has let go of it
                connection.settimeout(20 * SLOW)
                while await asyncio.get_running_loop().run_in_executor(None, connection.recv, 4096):
                    pass
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await client.get(items, bands="B4", bbox=BOX, out=tmp_path / "out")
    with server:
        asyncio.run(main())


def test_ctrl_c_ends_a_get(scenes, tmp_path):
    server, items = stalling(tmp_path, scenes)
    (tmp_path / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    code = ("import sys, datatake\n"
            "client = datatake.Client(sys.argv[1] + '/catalog.db')\n"
            "try:\n    client.get(sys.argv[1] + '/items.json', bands='B4', out=sys.argv[1])\n"
            "except KeyboardInterrupt:\n    print('interrupted')\n")
    with server, subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": str(FOLDER)}) as process:
        server.accept()[0].close()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30 * SLOW)[0] == "interrupted\n" and process.returncode == 0


# --- compare ---


def test_three_modes_write_the_same_and_say_what_they_took(program, scenes, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")  # found there if it is not beside the package
    found = datatake.compare(scenes, bands="B4", bbox=BOX, out=tmp_path / "out", show_progress=seen.append)
    assert [m.mode for m in found] == ["sequential", "async", "processes"] and found.identical and found[0].speedup == 1
    assert all(m.files == 3 and m.seconds > 0 and m.speedup == pytest.approx(found[0].seconds / m.seconds) for m in found)
    assert "sequential" in repr(found) and "all files are the same" in repr(found)
    assert files_of(tmp_path / "out/async") == files_of(tmp_path / "out/processes") != {}
    found.plot(tmp_path / "modes.svg", "three dates")
    assert "<svg" in (tmp_path / "modes.svg").read_text()
    two = asyncio.run(aio.compare(scenes, bands="B4", bbox=BOX, out=tmp_path / "two", modes=["async", "sequential"]))
    assert [m.mode for m in two] == ["async", "sequential"]
    with pytest.raises(ValueError, match="modes: 'threads'"):
        datatake.compare(scenes, out=tmp_path, modes=["threads"])
