"""The Python package's images: files and arrays, sync and asyncio, from items of a few kilobytes and the real scenes."""
import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import python_rows  # noqa: F401  (finds the package)
from conftest import SLOW
from small_scenes import EAST, NORTH, SOUTH, WEST, item, write_raster

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402

BOX = (WEST, SOUTH, EAST, NORTH)
FOLDER = Path(datatake.__file__).parents[1]  # of the package that is tested, wherever it was built
REAL = (15.1, 45.3, 15.4, 45.5)



@pytest.fixture
def client(tmp_path):
    with datatake.Client(str(tmp_path / "catalog.db")) as client:
        yield client


@pytest.fixture
def scenes(tmp_path):
    """Three dates of two bands."""
    out = []
    for day in range(3):
        hrefs = {}
        for at, band in enumerate(("B4", "B8")):
            hrefs[band] = str(tmp_path / f"{day}{band}.tif")
            write_raster(hrefs[band], bands=1, pixels=256, noise=at == 1)
        one = item(f"day{day}", **hrefs)
        one["properties"]["datetime"] = f"2024-01-0{3 - day}T15:59:00Z"
        out.append(one)
    return out


@pytest.fixture
def real(shared):
    return str(shared / "data/imagery/sentinel2-l2a-33TWL-5dates")


def run_program(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120 * SLOW)
    assert done.returncode == 0, done.stderr
    return done


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


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


def stalling(tmp_path, scenes):
    """A server that answers no request, and items whose files it has."""
    import socket

    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(30 * SLOW)
    for at, one in enumerate(scenes):
        one["assets"]["B4"]["href"] = f"http://127.0.0.1:{server.getsockname()[1]}/{at}.tif"
    return server, scenes


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


# --- read ---


def test_an_array_has_the_files_pixels_and_coordinates(client, real, tmp_path):
    from osgeo import gdal

    options = {"bands": "B8,B4", "bbox": REAL}
    data = client.read(real, **options)
    files = client.get(real, out=tmp_path, **options)
    by_id = {file.id: gdal.Open(str(file.path)) for file in files}
    assert list(data.data_vars) == ["B8", "B4"] and data.B8.dims == ("time", "y", "x") and data.B8.dtype == "uint16"
    assert (np.diff(data.time.values.astype("int64")) > 0).all() and (np.diff(data.y) < 0).all()
    for at, name in enumerate(data.id.values):
        pixels = by_id[name].ReadAsArray()
        assert (data.B8.values[at] == pixels[0]).all() and (data.B4.values[at] == pixels[1]).all()
    corner, step, _, top, _, down = by_id[name].GetGeoTransform()
    assert data.x.values[0] == corner + step / 2 and data.y.values[0] == top + down / 2
    assert list(map(float, data.spatial_ref.attrs["GeoTransform"].split())) == [corner, step, 0, top, 0, down]
    assert "UTM zone 33N" in data.spatial_ref.attrs["crs_wkt"]
    assert data.B8.attrs["grid_mapping"] == "spatial_ref" and data.B8.attrs["nodata"] == 0 == data.B8.attrs["_FillValue"]
    data.to_netcdf(tmp_path / "data.nc")


def test_computed_bands_are_nan_where_they_are_masked(client, real):
    area = {"type": "Polygon", "coordinates": [[[15.1, 45.3], [15.4, 45.3], [15.25, 45.5], [15.1, 45.3]]]}
    data = client.read(real, expression="ndvi=(B8-B4)/(B8+B4)", intersects=area, limit=1)
    assert data.ndvi.dtype == "float32" and np.isnan(data.ndvi.values).any() and not np.isnan(data.ndvi.values).all()
    assert client.read(real, bands="B4", intersects=area, limit=1).B4.values[0, 0, 0] == 0


def test_a_composite_is_one_image(client, real):
    data = client.read(real, bands="B8,B4", bbox=REAL, composite="median")
    assert data.sizes["time"] == 1 and data.B8.dtype == "float64" or data.B8.dtype.kind in "fu"


def test_images_of_different_extents_are_brought_onto_one_grid(client, tmp_path):
    from osgeo import gdal

    hrefs = []
    for at, shift in enumerate((0, 400)):
        hrefs.append(str(tmp_path / f"{at}.tif"))
        write_raster(hrefs[-1], pixels=64)
        data = gdal.Open(hrefs[-1], gdal.GA_Update)
        data.SetGeoTransform((335600 + shift, 200, 0, 934400 - 2 * shift, 0, -200))
        data = None
    items = [item(f"n{at}", B4=href) for at, href in enumerate(hrefs)]
    data = client.read(items, bands="B4")
    assert (data.sizes["y"], data.sizes["x"]) == (68, 66)
    one, two = data.B4.values
    assert (one[:64, :64] == two[4:, 2:]).all() and (one[64:] == 0).all() and (two[:, :2] == 0).all()
    with pytest.raises(ValueError, match="crs: the images have no grid in common \\(their pixels lie between"):
        data = gdal.Open(hrefs[1], gdal.GA_Update)
        data.SetGeoTransform((335650, 200, 0, 934400, 0, -200))
        data = None
        client.read(items, bands="B4")


def test_lazy_chunks_read_the_same_pixels(client, real):
    dask = pytest.importorskip("dask.array")
    for options in ({"bands": "B8,B4", "bbox": REAL}, {"expression": "ndvi=(B8-B4)/(B8+B4)", "bbox": REAL},
                    {"bands": "B4", "bbox": REAL, "crs": 3857, "res": 300}):
        eager = client.read(real, **options)
        lazy = client.read(real, chunks={"time": 2, "x": 70, "y": 100}, **options)
        name = next(iter(lazy.data_vars))
        assert isinstance(lazy[name].data, dask.Array) and lazy[name].chunks[0] == (2, 2, 1)
        assert lazy.compute().identical(eager)


def test_dask_is_not_needed_without_chunks(scenes, tmp_path):
    code = ("import sys, json, datatake\n"  # where they are installed xarray itself may import them
            "sys.modules['dask'] = sys.modules['rasterio'] = None\n"
            "data = datatake.Client(sys.argv[1] + '/c.db').read(json.loads(sys.argv[2]), bands='B4')\n"
            "assert data.sizes['time'] == 3\n")
    subprocess.run([sys.executable, "-c", code, str(tmp_path), json.dumps(scenes)], check=True, timeout=60 * SLOW,
                   env={**os.environ, "PYTHONPATH": str(FOLDER)})


@pytest.mark.slow
def test_what_is_read_given_up_and_failed_leaves_no_memory(scenes, tmp_path):
    """Round after round of everything, cancelled ones included."""
    code = """if True:
        import asyncio, gc, json, sys, tracemalloc
        import datatake, xarray
        from datatake import aio, graph

        items, catalog = json.loads(sys.argv[1]), sys.argv[2]
        client = datatake.Client(catalog)

        def round_of():
            client.read(items, bands="B4,B8")
            client.get(items, bands="B4", out=catalog + ".out", overwrite=True, resume=False)
            raster = datatake.open(items[0]["assets"]["B4"]["href"])
            raster.read(1, window=(0, 0, 64, 64), masked=True)
            for wrong in (lambda: datatake.open("/nowhere"), lambda: client.read("/nowhere")):
                try:
                    wrong()
                except datatake.Error:
                    pass
            str(graph.band("B8") + 1)

        async def given_up():
            async with aio.Client(catalog) as client:
                task = asyncio.create_task(client.read(items, bands="B4"))
                for _ in range(3):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                async for file in client.get(items, bands="B8", out=catalog + ".out8", overwrite=True, resume=False):
                    break

        def resident():
            gc.collect()
            return int(open("/proc/self/statm").read().split()[1]) * 4096

        tracemalloc.start()
        seen = []
        for _ in range(8):
            for _ in range(40):
                round_of()
                asyncio.run(given_up())
            gc.collect()
            seen.append((tracemalloc.get_traced_memory()[0], resident()))
        print(json.dumps(seen))
    """
    done = subprocess.run([sys.executable, "-c", code, json.dumps(scenes), str(tmp_path / "catalog.db")], text=True,
                          capture_output=True, timeout=600 * SLOW, env={**os.environ, "PYTHONPATH": str(FOLDER)})
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    grown = sorted(after[0] - before[0] for before, after in zip(seen[1:], seen[2:], strict=False))
    assert grown[len(grown) // 2] < 20_000, seen  # a cache of a library may grow once
    if "LD_PRELOAD" not in os.environ:  # sanitizers keep what is freed for a while
        assert seen[-1][1] - seen[1][1] < 8 << 20, seen


def test_two_threads_read_at_once(client, scenes):
    wanted = client.read(scenes, bands="B4,B8", bbox=BOX)
    found = []
    threads = [threading.Thread(target=lambda: found.append(client.read(scenes, bands="B4,B8", bbox=BOX))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(data.identical(wanted) for data in found)


# --- open ---


def test_a_raster_tells_its_header_and_gives_windows(client, tmp_path):
    from osgeo import gdal

    path = tmp_path / "three.tif"
    write_raster(path, bands=3, pixels=256)
    wanted = gdal.Open(str(path)).ReadAsArray()
    raster = datatake.open(path)
    assert raster.shape == (3, 256, 256) and raster.dtype == np.uint16 and raster.crs == "EPSG:32617" and raster.epsg == 32617
    assert raster.transform == (50, 0, 335600, 0, -50, 934400) and raster.res == (50, 50) and raster.nodata is None
    assert raster.bounds == (335600, 921600, 348400, 934400) and len(raster.bands) == 3 and raster.bands[0].scale == 1
    assert (raster.read() == wanted).all() and (raster.read(2) == wanted[1]).all() and (raster.read([3, 1]) == wanted[[2, 0]]).all()
    assert (raster.read(1, window=(10, 20, 30, 40)) == wanted[0, 20:60, 10:40]).all()
    assert (raster.read(1, window=(250, 0, 12, 1))[0] == [*wanted[0, 0, 250:], *[0] * 6]).all()
    window = raster.window(BOX)
    assert (raster.read(1, bbox=BOX) == wanted[0, window.row:window.row + window.height, window.col:window.col + window.width]).all()
    assert "EPSG:32617" in repr(raster)


def test_overviews_and_masks(real):
    path = next(Path(real).glob("*/B04.tif"))
    raster = datatake.open(str(path))
    assert raster.overviews == [(457, 457), (228, 228), (114, 114)] and raster.nodata == 0 and raster.tile == (512, 512)
    small = raster.read(1, overview=3)
    assert small.shape == (114, 114) and raster.read(1, overview=3, bbox=REAL).shape[0] < 60
    masked = raster.read(1, overview=3, masked=True)
    assert masked.fill_value == 0 and (masked.mask == (small == 0)).all() and (masked.filled() == small).all()


def test_rasters_are_opened_and_read_side_by_side(real):
    async def main():
        paths = sorted(Path(real).glob("*/B04.tif"))
        rasters = await asyncio.gather(*map(aio.open, paths))
        return paths, await asyncio.gather(*(raster.read(1, window=(i, i, 9, 9)) for i, raster in enumerate(rasters)))
    paths, arrays = asyncio.run(main())
    for i, (path, array) in enumerate(zip(paths, arrays, strict=True)):
        assert (array == datatake.open(path).read(1, window=(i, i, 9, 9))).all()


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ({"bands": 9}, ValueError, "9"), ({"bands": "B4"}, TypeError, "bands: numbers from 1"), ({"bands": []}, ValueError, "bands: there are none"),
    ({"overview": 5}, ValueError, "overview: 5: there are 0"), ({"overview": "1"}, TypeError, "overview: a number"),
    ({"window": (0, 0, 0, 5)}, ValueError, "window: "), ({"window": "all"}, TypeError, "window: "), ({"bbox": (0, 0, 1, 1)}, KeyError, ""),
    ({"bbox": BOX, "window": (0, 0, 1, 1)}, ValueError, "bbox: give either"),
])
def test_what_a_raster_has_not_is_named(tmp_path, arguments, error, words):
    write_raster(tmp_path / "one.tif")
    with pytest.raises(error, match=words):
        datatake.open(tmp_path / "one.tif").read(**arguments)


def test_a_raster_that_is_not_there():
    with pytest.raises(errors.Error, match="nowhere.tif"):
        datatake.open("/nowhere.tif")
    with pytest.raises(TypeError, match="href: a path or an address"):
        datatake.open(5)


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


# --- graphs ---


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
