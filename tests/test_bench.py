"""The benchmark's arithmetic, against the numbers worked out by hand for it."""
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import workload  # noqa: E402
from osgeo import gdal  # noqa: E402


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """A COG of 2048 x 2048 px whose tiles of 512 are stored as they are: 524,288 bytes each."""
    path = tmp_path_factory.mktemp("bench") / "flat.tif"
    memory = gdal.GetDriverByName("MEM").Create("", 2048, 2048, 1, gdal.GDT_UInt16)
    memory.GetRasterBand(1).Fill(7)
    gdal.Translate(str(path), memory, format="COG", creationOptions=["BLOCKSIZE=512", "COMPRESS=NONE"])
    return path


def test_windows_touch_the_same_number_of_tiles_each():
    for size, tiles in ((300, 1), (1000, 9)):
        chosen = workload.windows(64, size)
        assert {len(workload.tiles_of(w)) for w in chosen} == {tiles}
        assert len(set(chosen)) == 64
        assert all(w[0] + w[2] <= workload.SIZE and w[1] + w[3] <= workload.SIZE for w in chosen)


def test_windows_are_the_same_in_every_run():
    assert workload.windows(8, 300) == workload.windows(8, 300)


def test_one_small_window_is_bound_by_its_round_trips(flat):
    """Connect 1, header of 16 KiB 1 + 1 (it is more than the first flight of 14,600 bytes), then 8 connections may
    share the tile: 65,536 bytes over 58,400 a flight are 1 + 1. Five round trips."""
    least = workload.ideal(flat, [(0, 0, 300, 300)], 0.05, 125e6, 2, 8)
    assert least["latency_s"] == pytest.approx(5 * 0.05)
    assert least["seconds"] == least["latency_s"]
    assert least["requests"] == 2 and least["bytes"] == 524288 + 16384 and least["tiles"] == 1


def test_many_windows_are_bound_by_the_wire(flat):
    least = workload.ideal(flat, [(0, 0, 1100, 1100)] * 64, 0.05, 125e6, 2, 64)
    assert least["bytes"] == 64 * (9 * 524288 + 16384)
    assert least["requests"] == 64 * (1 + 3)
    assert least["seconds"] == pytest.approx(3 * 0.05 + least["bytes"] / 125e6)
