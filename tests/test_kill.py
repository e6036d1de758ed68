"""A job that is killed at any moment leaves complete files or none, and run again it ends as if never killed.

DATATAKE_KILLS (4) is how often; `make check` sets it higher.
"""
import hashlib
import os
import random
import signal
import subprocess
import time

import numpy
import pytest
from osgeo import gdal, osr

from conftest import SLOW

gdal.UseExceptions()

KILLS = int(os.environ.get("DATATAKE_KILLS", "4"))
IMAGES = 24


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Twenty-four noisy rasters of 1024 x 1024 px."""
    folder = tmp_path_factory.mktemp("images")
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32617)
    rng = numpy.random.default_rng(7)
    for i in range(IMAGES):
        memory = gdal.GetDriverByName("MEM").Create("", 1024, 1024, 1, gdal.GDT_UInt16)
        memory.SetProjection(crs.ExportToWkt())
        memory.SetGeoTransform((560000, 10, 0, 930000, 0, -10))
        memory.GetRasterBand(1).WriteArray(rng.integers(1, 5000, (1024, 1024)))
        gdal.Translate(str(folder / f"{i:02}.tif"), memory, format="COG", creationOptions=["COMPRESS=DEFLATE", "BLOCKSIZE=256"])
    return folder


def hashes(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("*.tif"))}


@pytest.mark.slow
def test_a_killed_job_leaves_whole_files_and_goes_on(program, run, serve, images, quiet_env, tmp_path):
    server = serve(images, "--first-byte-delay", "20")
    hrefs = [server.href(p.name) for p in sorted(images.glob("*.tif"))]
    started = time.monotonic()
    run("get", *hrefs, "-o", "whole", timeout_s=120)
    usual_s = time.monotonic() - started
    expected = hashes(tmp_path / "whole")
    assert len(expected) == IMAGES

    rng = random.Random(11)
    cut_short = 0
    for i in range(KILLS):
        out = tmp_path / f"out{i}"
        command = [str(program), "get", *hrefs, "-o", str(out)]
        process = subprocess.Popen(command, env=quiet_env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.1, 0.9) * usual_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        left = hashes(out) if out.exists() else {}
        assert left.items() <= expected.items(), f"kill {i}: a file under its final name is not whole"
        cut_short += len(left) < IMAGES
        run("get", *hrefs, "-o", out, timeout_s=120 * SLOW)
        assert hashes(out) == expected
        leftovers = [p.name for p in out.iterdir() if p.suffix != ".tif"]
        assert len(leftovers) <= IMAGES, leftovers
    assert cut_short > 0, "no kill came in time: the test shows nothing"
