"""The programs of examples/ do what their first lines say."""
import re
import subprocess
from pathlib import Path

import numpy
import pytest
from osgeo import gdal, osr

gdal.UseExceptions()

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def examples(program):
    """The examples of the same build as the program."""
    folder = program.parent / "examples"
    assert folder.is_dir(), f"no examples beside {program}"
    return folder


@pytest.fixture
def rasters(tmp_path):
    """Three small GeoTIFFs of 300 x 300 px; the middle 256 x 256 of the first have the mean 1000."""
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32617)
    paths = []
    for i in range(3):
        path = tmp_path / f"r{i}.tif"
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 300, 300, 1, gdal.GDT_UInt16,
                                                       ["TILED=YES", "COMPRESS=DEFLATE"])
        dataset.SetProjection(crs.ExportToWkt())
        dataset.SetGeoTransform((340000, 10, 0, 929500, 0, -10))
        columns = numpy.arange(300) % 2
        dataset.GetRasterBand(1).WriteArray(numpy.tile(900 + 200 * columns, (300, 1)) + 100 * i)
        dataset = None
        paths.append(path)
    return paths


def call(program, *arguments, env, status=0):
    done = subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def test_info_and_window_prints_size_and_mean(examples, rasters, quiet_env):
    done = call(examples / "info_and_window", rasters[0], env=quiet_env)
    assert done.stdout.splitlines() == ["300 x 300, 1 bands of uint16, EPSG:32617, 0 overviews",
                                        "middle 256 x 256: mean 1000.00"]


def test_info_and_window_says_what_is_missing(examples, tmp_path, quiet_env):
    done = call(examples / "info_and_window", tmp_path / "none.tif", env=quiet_env, status=5)
    assert "none.tif" in done.stderr


def test_queue_with_poll_reads_every_raster_over_http(examples, rasters, serve, tmp_path, quiet_env):
    server = serve(tmp_path)
    hrefs = [server.href(p.name) for p in rasters]
    done = call(examples / "queue_with_poll", *hrefs, env=quiet_env)
    assert sorted(done.stdout.splitlines()) == sorted(f"{h}: 16 x 16 pixels of uint16" for h in hrefs)


def test_queue_with_poll_goes_on_after_one_that_fails(examples, rasters, tmp_path, quiet_env):
    done = call(examples / "queue_with_poll", rasters[0], tmp_path / "none.tif", rasters[1], env=quiet_env, status=1)
    assert len(done.stdout.splitlines()) == 2
    assert "none.tif" in done.stderr


def test_get_with_progress_writes_every_cut(examples, rasters, tmp_path, quiet_env):
    done = call(examples / "get_with_progress", tmp_path / "out", "-82.45,8.39,-82.44,8.40", *rasters, env=quiet_env)
    assert len(done.stdout.splitlines()) == 3
    assert "3 of 3 images" in done.stderr
    assert len(list((tmp_path / "out").glob("*.tif"))) == 3


def test_load_columns_prints_the_mean_of_a_field(examples, program, tmp_path, quiet_env):
    rows = "".join(f"2024-01-0{i}T00:00:00Z,{i}.5\n" for i in range(1, 6))
    (tmp_path / "a.csv").write_text("time,cloud\n" + rows)
    call(program, "ingest", tmp_path / "a.csv", "-d", "d", env=quiet_env)
    assert call(examples / "load_columns", "d", "cloud", env=quiet_env).stdout == "5 datapoints, mean cloud 3.500\n"
    part = call(examples / "load_columns", "d", "cloud", "2024-01-02/2024-01-03", env=quiet_env)
    assert part.stdout == "2 datapoints, mean cloud 3.000\n"
    assert "clod" in call(examples / "load_columns", "d", "clod", env=quiet_env, status=2).stderr


def test_load_collections_says_how_many_there_are_and_how_long_it_took(examples, program, tmp_path, quiet_env):
    rows = [f"2020-01-0{i}T00:00:00Z,{'a' if i % 2 else 'b'}" for i in range(1, 6)]
    (tmp_path / "a.csv").write_text("time,c\n" + "\n".join([*rows, "2019-12-31T23:59:59Z,a", "2021-01-01T00:00:00Z,b"]))
    call(program, "ingest", tmp_path / "a.csv", "-d", "d", "--collection-from", "c", env=quiet_env)
    lines = call(examples / "load_collections", "d", "2020", env=quiet_env).stdout.splitlines()
    counts = ["There are 3 datapoints in a for 2020.", "There are 2 datapoints in b for 2020."]
    assert lines[0] == "One collection after another:" and lines[4] == "All at once:"
    assert lines[1:3] == counts and lines[5:7] == counts
    assert all(re.fullmatch(r"Fetching data took \d+\.\d{3} seconds", line) for line in (lines[3], lines[7]))
    assert "nowhere" in call(examples / "load_collections", "nowhere", "2020", env=quiet_env, status=5).stderr
