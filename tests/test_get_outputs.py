"""What files `get` writes: formats, types, colour maps, a file a band, quicklooks, and limits before anything is read."""
import json
import os
import subprocess

import numpy as np
import pytest
from osgeo import gdal

from small_scenes import BBOX, item, write_raster

gdal.UseExceptions()


@pytest.fixture
def scene(tmp_path):
    """One item of two bands of 64 x 64 pixels, and one file of three."""
    for name in ("B04", "B08"):
        write_raster(tmp_path / f"{name}.tif")
    write_raster(tmp_path / "three.tif", bands=3)
    path = tmp_path / "one.json"
    path.write_text(json.dumps(item("one", B04=str(tmp_path / "B04.tif"), B08=str(tmp_path / "B08.tif"))))
    return path


def samples(path):
    return gdal.Open(str(path)).ReadAsArray()


def test_npy_is_what_the_geotiff_holds(run, scene, tmp_path):
    run("get", scene, BBOX, "--bands", "B08,B04", "-o", tmp_path / "tif")
    run("get", scene, BBOX, "--bands", "B08,B04", "--of", "npy", "-o", tmp_path / "npy")
    got, expected = np.load(tmp_path / "npy/one.npy"), samples(tmp_path / "tif/one.tif")
    assert got.dtype == np.dtype([("B08", "<u2"), ("B04", "<u2")]) and got.shape == expected.shape[1:]
    assert np.array_equal(got["B08"], expected[0]) and np.array_equal(got["B04"], expected[1])


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32", "float64"])
def test_samples_have_the_type_that_was_asked_for(run, scene, tmp_path, kind):
    run("get", scene, BBOX, "--bands", "B04", "-o", tmp_path / "a")
    run("get", scene, BBOX, "--bands", "B04", "--type", kind, "-o", tmp_path / "b")
    was, got = samples(tmp_path / "a/one.tif"), samples(tmp_path / "b/one.tif")
    assert got.dtype == np.dtype(kind)
    range_of = np.finfo(kind) if kind.startswith("float") else np.iinfo(kind)
    assert np.array_equal(got, was.clip(None, range_of.max).astype(kind))


def test_a_computed_band_is_written_as_npy_and_masked_samples_are_0(run, tmp_path, shared):
    scene = shared / "data/imagery/sentinel2-l2a-33TWL-5dates/S2A_33TWL_20230818_0_L2A"
    show = ["--bbox=15.5,45.4,15.59,45.49", "--mask-clouds", "--expression", "ndvi=(B08-B04)/(B08+B04)"]
    run("get", scene, *show, "-o", tmp_path / "tif")
    run("get", scene, *show, "--of", "npy", "-o", tmp_path / "npy")
    data = gdal.Open(str(tmp_path / f"tif/{scene.name}.tif"))  # its bands live as long as it
    band = data.GetRasterBand(1)
    masked, got = band.GetMaskBand().ReadAsArray() == 0, np.load(tmp_path / f"npy/{scene.name}.npy")["ndvi"]
    assert got.dtype == np.float32 and masked.any() and not masked.all()
    assert np.array_equal(got, np.where(masked, 0, band.ReadAsArray()))


def test_a_jpeg_shows_the_picture(run, scene, tmp_path):
    show = [BBOX, "--bands", "B04,B08,B04", "--visualize", "min=0,max=4096"]
    run("get", scene, *show, "--of", "png", "-o", tmp_path / "png")
    for quality in (30, 95):
        run("get", scene, *show, "--of", "jpeg", "--jpeg-quality", quality, "-o", tmp_path / f"q{quality}")
    exact = samples(tmp_path / "png/one.png")[:3].astype(int)
    off = {q: np.abs(samples(tmp_path / f"q{q}/one.jpg") - exact).mean() for q in (30, 95)}
    assert off[95] < 3 and off[95] < off[30]
    assert os.path.getsize(tmp_path / "q30/one.jpg") < os.path.getsize(tmp_path / "q95/one.jpg")


def test_a_jpeg_of_sixteen_bits_is_refused_with_a_word(run, scene, tmp_path):
    ran = run("get", scene, BBOX, "--bands", "B04", "--of", "jpeg", "-o", tmp_path / "out", status=None)
    assert ran.status != 0 and "JPEG holds 1 or 3 bands of uint8, not 1 of uint16: use --visualize" in ran.err
    assert not list((tmp_path / "out").glob("*.jpg"))


def test_a_file_a_band_is_the_stacked_file_taken_apart(run, scene, tmp_path):
    run("get", scene, BBOX, "--bands", "B08,B04", "-o", tmp_path / "stack")
    ran = run("get", scene, BBOX, "--bands", "B08,B04", "--per-band", "--json", "-o", tmp_path / "each")
    stack = samples(tmp_path / "stack/one.tif")
    for i, name in enumerate(("B08", "B04")):
        assert np.array_equal(samples(tmp_path / f"each/one_{name}.tif"), stack[i])
    assert sorted(line["asset"] for line in ran.lines() if "asset" in line) == ["B04", "B08"]
    one = run("get", scene, BBOX, "--bands", "B08,B04", "--per-band", "-n", "1", "--json", "-o", tmp_path / "n")
    assert len([line for line in one.lines() if "asset" in line]) == 2  # of one item
    run("get", tmp_path / "three.tif", "--bands", "1,3", "--per-band", "-o", tmp_path / "three")
    assert sorted(p.name for p in (tmp_path / "three").glob("*.tif")) == ["three_1.tif", "three_3.tif"]
    assert np.array_equal(samples(tmp_path / "three/three_3.tif"), samples(tmp_path / "three.tif")[2])


def test_a_file_an_expression_is_the_stacked_file_taken_apart(run, scene, tmp_path):
    several = "ndvi=(B08-B04)/(B08+B04); ratio = B08 / B04;sum=b(0)+b(1)"
    for more in (["--bands", "B08,B04"], ["--bands", "B04,B08", "--type", "float64"]):
        out = tmp_path / "-".join(more[1:])
        run("get", scene, BBOX, *more, "--expression", several, "-o", out / "stack")
        run("get", scene, BBOX, *more, "--expression", several, "--per-band", "-o", out / "each")
        stack = samples(out / "stack/one.tif")
        assert sorted(p.name for p in (out / "each").iterdir()) == ["one_ndvi.tif", "one_ratio.tif", "one_sum.tif"]
        for i, name in enumerate(("ndvi", "ratio", "sum")):
            band = gdal.Open(str(out / f"each/one_{name}.tif"))
            assert np.array_equal(band.ReadAsArray(), stack[i]) and band.GetRasterBand(1).GetDescription() == name
    run("composite", scene, BBOX, "--expression", several.rsplit(";", 1)[0], "--per-band", "-o", tmp_path / "c")
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == ["composite_ndvi.tif", "composite_ratio.tif"]


def test_a_picture_a_band_shows_each_by_itself(run, scene, tmp_path):
    options = ["get", scene, BBOX, "--bands", "B08,B04", "--of", "png", "--per-band", "--visualize", "min=0:100,max=3000:900"]
    run(*options, "-o", tmp_path / "each", "--quicklook", 16)
    for name, stretch in (("B08", "min=0,max=3000"), ("B04", "min=100,max=900")):
        run("get", scene, BBOX, "--bands", name, "--of", "png", "--visualize", stretch, "-o", tmp_path / name)
        assert np.array_equal(samples(tmp_path / f"each/one_{name}.png"), samples(tmp_path / f"{name}/one.png"))
        assert (tmp_path / f"each/one_{name}.quicklook.png").exists()
    run("get", scene, BBOX, "--expression", "n=(B08-B04)/(B08+B04);r=B04", "--visualize", "min=-1:0,max=1:3000",
        "--palette", "viridis", "--of", "png", "--per-band", "-o", tmp_path / "maps")
    assert samples(tmp_path / "maps/one_n.png").shape[0] >= 3 and samples(tmp_path / "maps/one_r.png").shape[0] >= 3


def test_files_a_band_of_what_is_computed_are_made_again_and_known(run, scene, tmp_path):
    options = ["get", scene, BBOX, "--expression", "n=(B08-B04)/(B08+B04);r=B04*2", "--visualize", "min=0:1,max=9:3000",
               "--per-band", "--of", "png", "-o", tmp_path / "out"]
    run(*options)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.png")}
    assert len(before) == 2 and run(*options).out.count("skipped") == 2
    for mode in ("sequential", "processes"):
        run(*options[:-1], tmp_path / mode, "--mode", mode)
        assert before == {p.name: p.read_bytes() for p in (tmp_path / mode).glob("*.png")}
    run("redo", tmp_path / "out/one_r.png", "-o", tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == before["one_r.png"]


def test_a_composite_has_a_file_a_band_too(run, scene, tmp_path):
    options = [scene, tmp_path / "one.json", BBOX, "--bands", "B08,B04", "--method", "mean"]
    run("composite", *options, "-o", tmp_path / "stack")
    run("composite", *options, "--per-band", "-o", tmp_path / "each")
    stack = samples(tmp_path / "stack/composite.tif")
    for i, name in enumerate(("B08", "B04")):
        assert np.array_equal(samples(tmp_path / f"each/composite_{name}.tif"), stack[i])


def test_colour_maps_have_names(run, scene, tmp_path):
    for name, low, high in (("viridis", (68, 1, 84), (253, 231, 37)), ("viridis_r", (253, 231, 37), (68, 1, 84)),
                            ("grays", (0, 0, 0), (255, 255, 255))):
        out = tmp_path / name
        run("get", scene, BBOX, "--bands", "B04", "--visualize", "min=1000,max=3000", "--palette", name, "-o", out)
        run("get", scene, BBOX, "--bands", "B04", "--visualize", f"min=1000,max=3000,palette={name}", "-o", out / "2")
        rgb, raw = samples(out / "one.tif"), None
        assert np.array_equal(rgb, samples(out / "2/one.tif"))
        run("get", scene, BBOX, "--bands", "B04", "-o", out / "raw")
        raw = samples(out / "raw/one.tif")
        assert np.array_equal(np.unique(rgb[:, raw <= 1000].T, axis=0), [low])
        assert np.array_equal(np.unique(rgb[:, raw >= 3000].T, axis=0), [high])
    ran = run("get", scene, "--bands", "B04", "--palette", "virdis", "-o", tmp_path, status=2)
    assert "nor one of viridis, plasma" in ran.err


def test_a_quicklook_lies_beside_each_file_and_comes_back_when_it_is_gone(run, scene, tmp_path):
    options = ["get", scene, BBOX, "--bands", "B08,B04", "--quicklook", "20", "-o", tmp_path / "out"]
    run(*options)
    picture = tmp_path / "out/one.quicklook.png"
    data = gdal.Open(str(picture))
    assert max(data.RasterXSize, data.RasterYSize) == 20 and data.RasterCount == 3
    before, made = picture.read_bytes(), (tmp_path / "out/one.tif").stat().st_mtime_ns
    picture.unlink()
    run(*options)
    assert picture.read_bytes() == before and (tmp_path / "out/one.tif").stat().st_mtime_ns == made
    assert not [p for p in os.listdir(tmp_path / "out") if p.startswith(".")]


def test_files_are_left_or_refused_by_what_their_receipts_say(run, scene, tmp_path):
    out = tmp_path / "out"
    options = ["get", scene, BBOX, "--bands", "B04,B08,B04", "--visualize", "min=0,max=4096", "--of", "jpeg", "-o", out]
    run(*options, "--jpeg-quality", "80")
    made = (out / "one.jpg").stat().st_mtime_ns
    run(*options, "--jpeg-quality", "80")
    assert (out / "one.jpg").stat().st_mtime_ns == made
    ran = run(*options, "--jpeg-quality", "81", status=None)
    assert ran.status != 0 and "it was made with another --jpeg-quality" in ran.err
    run("verify", out)
    run("get", scene, BBOX, "--bands", "B04", "--of", "npy", "-o", out)
    ran = run("get", scene, BBOX, "--bands", "B04", "--type", "float32", "--of", "npy", "-o", out, status=None)
    assert ran.status != 0 and "it was made with another --type" in ran.err
    run("verify", out)


def test_processes_write_the_same_files(run, scene, tmp_path):
    options = ["get", scene, BBOX, "--bands", "B08,B04", "--per-band", "--type", "float32", "--of", "npy",
               "--quicklook", "16", "--max-pixels", "1000000"]
    run(*options, "-o", tmp_path / "a")
    run(*options, "-o", tmp_path / "b", "--mode", "processes", "--processes", "2")
    names = sorted(p.name for p in (tmp_path / "a").glob("*.npy"))
    assert names == ["one_B04.npy", "one_B08.npy"]
    for name in names + ["one_B04.quicklook.png", "one_B08.quicklook.png"]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_image_of_too_many_pixels_is_an_error_before_it_is_read(run, scene, tmp_path):
    ran = run("get", scene, BBOX, "--bands", "B04", "--max-pixels", "100", "-o", tmp_path / "out", status=None)
    assert ran.status != 0 and "pixels are more than --max-pixels 100: choose a smaller area or a larger --scale" in ran.err
    assert not list((tmp_path / "out").glob("*.tif"))
    run("get", scene, BBOX, "--bands", "B04", "--max-pixels", "10000", "-o", tmp_path / "out")


def test_a_disk_without_room_is_told_before_anything_is_read(run, scene, tmp_path):
    ran = run("get", scene, BBOX, "--bands", "B04", "--of", "npy", "--size", "2000000x2000000", "-o", tmp_path / "out",
              status=None)
    assert ran.status != 0 and "one" in ran.err
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small],
                                           capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        ran = run("get", scene, BBOX, "--bands", "B04", "--of", "npy", "--size", "500x500", "-o", small / "out",
                  status=None)
        assert ran.status != 0 and "it needs 0.5 MB and 0.1 MB are free on its disk" in ran.err
        assert not list(small.glob("**/*.npy"))
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("options, words", [
    (["--per-band"], "--per-band writes a file for each of --bands: name some"),
    (["--per-band", "--bands", "B04,B08", "--expression", "B04+B08"], "give every one a name of its own"),
    (["--per-band", "--expression", "a=B04;a=B08"], "give every one a name of its own"),
    (["--per-band", "--bands", "B04,B08", "--visualize", "max=1:2:3"], "--visualize max: 3 values for 2 bands"),
    (["--per-band", "--graph", "Image.add(image, 1)"], "what bands a --graph gives is known when it is evaluated"),
    (["--jpeg-quality", "50"], "--jpeg-quality goes with --of jpeg"),
    (["--quicklook", "0"], "--quicklook 0"),
    (["--type", "complex"], "expected one of uint8"),
    (["--raw", "--assets", "B04", "--type", "uint8"], "--raw stores files as they are"),
])
def test_options_that_contradict_one_another_are_usage_errors(run, scene, tmp_path, options, words):
    ran = run("get", scene, *options, "-o", tmp_path / "out", status=2)
    assert words in ran.err
