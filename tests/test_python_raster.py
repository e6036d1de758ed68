"""The Python package's rasters: datatake.open and windows as numpy arrays."""
import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from conftest import SLOW
from python_images import BOX, REAL, client, real  # noqa: F401
from python_rows import FOLDER
from small_scenes import write_raster

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402


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


# --- given up ---


class Slow:
    """Serves a file's first bytes, its header, and holds each request behind them until the other side hangs up; with
    `holds_all`, the header's too."""

    def __init__(self, path, holds_all):
        self.asked, self.ended = threading.Event(), threading.Event()
        data, slow = Path(path).read_bytes(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                first, _, last = self.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
                if int(first) > 0 or holds_all:
                    slow.asked.set()
                    self.connection.settimeout(60 * SLOW)
                    with suppress(ConnectionError):
                        assert self.connection.recv(1) == b""
                    self.close_connection = True
                    slow.ended.set()
                    return
                part = data[:int(last or len(data)) + 1]
                self.send_response(206)
                self.send_header("content-range", f"bytes 0-{len(part) - 1}/{len(data)}")
                self.send_header("content-length", str(len(part)))
                self.end_headers()
                self.wfile.write(part)

            def log_message(self, *_):
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/one.tif"


@contextmanager
def slow(tmp_path, holds_all=False):
    write_raster(tmp_path / "one.tif", pixels=512, noise=True)
    held = Slow(tmp_path / "one.tif", holds_all)
    thread = threading.Thread(target=held.server.serve_forever)
    thread.start()
    try:
        yield held
    finally:
        held.server.shutdown()
        held.server.server_close()
        thread.join()


@pytest.mark.parametrize("way", ["cancel", "timeout", "opening"])
def test_a_read_or_an_opening_that_is_given_up_ends_its_transfers(tmp_path, way):
    async def main(held):
        loop = asyncio.get_running_loop()
        opening = asyncio.ensure_future(aio.open(held.url))
        task = opening if way == "opening" else asyncio.ensure_future((await opening).read(1))
        assert await loop.run_in_executor(None, held.asked.wait, 60 * SLOW)
        if way == "timeout":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(task, 0.01)
        else:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await loop.run_in_executor(None, held.ended.wait, 60 * SLOW)

    with slow(tmp_path, holds_all=way == "opening") as held:
        asyncio.run(main(held))


INTERRUPTED = """
import sys, datatake
raster = datatake.open(sys.argv[1])
print("opened", flush=True)
try:
    raster.read(1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
sys.stdin.readline()
"""


def test_ctrl_c_ends_the_transfers_of_a_read(tmp_path):
    with slow(tmp_path) as held, subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, held.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)}) as process:
        assert process.stdout.readline() == "opened\n" and held.asked.wait(60 * SLOW)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert held.ended.wait(60 * SLOW)  # while the program goes on
        assert process.communicate("\n", timeout=60 * SLOW) == ("", "") and process.returncode == 0


def test_the_interpreter_ends_quietly_in_the_middle_of_a_read(tmp_path):
    code = ("import sys, threading, datatake\nraster = datatake.open(sys.argv[1])\n"
            "threading.Thread(target=raster.read, daemon=True).start()\nsys.stdin.readline()")
    with slow(tmp_path) as held, subprocess.Popen(
            [sys.executable, "-c", code, held.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)}) as process:
        assert held.asked.wait(60 * SLOW)
        assert process.communicate("\n", timeout=60 * SLOW) == ("", "") and process.returncode == 0
        assert held.ended.wait(60 * SLOW)
