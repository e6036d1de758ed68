"""Bad input: one clear line on standard error and the documented exit status (docs/cli.md), nothing half written."""
import json
import os
import shutil
import subprocess

import pytest

from small_scenes import BBOX, item, pixels, write_raster


@pytest.fixture
def place(tmp_path):
    """item.json with the bands B03 and B04, and broken neighbours."""
    write_raster(tmp_path / "B04.tif")
    write_raster(tmp_path / "B03.tif")
    whole = (tmp_path / "B04.tif").read_bytes()
    (tmp_path / "item.json").write_text(json.dumps(item(B03="B03.tif", B04="B04.tif")))
    (tmp_path / "lost.json").write_text(json.dumps(item("lost", B04="lost.tif")))
    (tmp_path / "broken.json").write_text('{"type": "Feature", "id": ')
    (tmp_path / "other.json").write_text('{"type": "Song"}')
    (tmp_path / "text.tif").write_text("no raster at all\n" * 10)
    (tmp_path / "cut.tif").write_bytes(whole[:40])
    (tmp_path / "empty.tif").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "area.json").write_text('{"type": "Polygon", "coordinates": 3}')
    return tmp_path


def only_line(ran):
    lines = ran.err.splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("datatake: "), ran.err
    assert ran.out == "" or json.loads(ran.out.splitlines()[0])["status"] == "failed"
    return lines[0]


GET = ["get", "item.json", BBOX, "--bands", "B4", "-o", "out", "-q"]

# arguments, exit status, words of the line
CASES = {
    "unknown option with a near miss": (["get", "item.json", "--bnads", "B4"], 2, ["--bnads", "did you mean '--bands'?"]),
    "unknown option, nothing near": (["get", "item.json", "--qqqqqqqqq"], 2, ["--qqqqqqqqq", "--help"]),
    "unknown command": (["gte", "item.json"], 2, ["'gte'", "'get'"]),
    "no input": (["get", "-q"], 2, ["no input"]),
    "bbox of five numbers": (["get", "item.json", "--bbox", "1,2,3,4,5"], 2, ["bbox", "four numbers", "got 5"]),
    "bbox of five numbers in a row": (["get", "item.json", "--bbox", "1", "2", "3", "4", "5"], 2, ["four numbers", "got 5"]),
    "bbox of three numbers": (["get", "item.json", "--bbox", "1", "2", "3"], 2, ["four numbers", "got 3"]),
    "bbox with a word": (["get", "item.json", "--bbox", "1,2,x,4"], 2, ["four numbers"]),
    "bbox beyond the poles": (["get", "item.json", "--bbox", "1,-100,2,4"], 2, ["latitude"]),
    "bbox upside down": (["get", "item.json", "--bbox", "1,4,2,3"], 2, ["south must be less than north"]),
    "empty area": (["get", "item.json", "--bbox", "1,2,1,4"], 2, ["the area is empty"]),
    "value of an option missing": (["get", "item.json", "--bands"], 2, ["--bands needs a value"]),
    "cloud is no number": (["get", "item.json", "--cloud", "low"], 2, ["--cloud 'low'"]),
    "a date that is none": ([*GET, "--datetime", "2024-13-01"], 2, ["datetime", "2024-13-01"]),
    "a time that ends before it starts": ([*GET, "--datetime", "2024-02-01/2024-01-01"], 2, ["start is after the end"]),
    "datetime twice": ([*GET, "--datetime", "2024", "--start", "2023"], 2, ["--datetime", "--start"]),
    "visualize with an unknown key": ([*GET, "--visualize", "min=0,maxx=1"], 2, ["maxx"]),
    "visualize with two kinds of range": ([*GET, "--visualize", "min=0,max=1,gain=2"], 2, ["gain"]),
    "an unknown format": ([*GET, "--of", "gif"], 2, ["'gif'", "geotiff|cog|png|jpeg|npy"]),
    "raw with bands": (["get", "item.json", "--raw", "--bands", "B4"], 2, ["--raw"]),
    "assets without raw": ([*GET, "--assets", "B04"], 2, ["--assets", "--raw"]),
    "overwrite and skip": ([*GET, "--overwrite", "--skip-existing"], 2, ["--overwrite", "--skip-existing"]),
    "a template that leaves the folder": ([*GET, "--template", "../{id}.{ext}"], 2, ["../{id}.{ext}"]),
    "a template with an unknown key": ([*GET, "--template", "{di}.{ext}"], 2, ["di"]),
    "a mode twice": (["compare", "item.json", BBOX, "--bands", "B4", "--modes", "async,async"], 2, ["'async'", "twice"]),
    "a plot of no kind": (["compare", "item.json", BBOX, "--bands", "B4", "--plot", "a.pdf"], 2, [".svg", ".png"]),
    "items and area both from standard input": (["get", "-", "--intersects", "-"], 2, ["standard input"]),
    "missing band": (["get", "item.json", BBOX, "--bands", "B7", "-o", "out", "-q"], 5, ["B7", "B03", "B04"]),
    "missing input": (["get", "nothing.json", BBOX, "-q"], 5, ["nothing.json", "No such file"]),
    "missing raster": (["get", "lost.json", BBOX, "--bands", "B4", "-o", "out", "-q"], 5, ["lost.tif"]),
    "a folder without items": (["get", "empty", BBOX, "--bands", "B4", "-q"], 5, ["empty"]),
    "area outside": (["get", "item.json", "--bbox", "10,50,10.1,50.1", "--bands", "B4", "-o", "out", "-q"], 5, []),
    "no item clear enough": ([*GET, "--cloud", "1"], 5, []),
    "no item at that time": ([*GET, "--datetime", "2020-01-01/2020-12-31"], 5, []),
    "item that is no JSON": (["get", "broken.json", BBOX, "--bands", "B4", "-q"], 1, ["broken.json"]),
    "item that is something else": (["get", "other.json", BBOX, "--bands", "B4", "-q"], 1, ["other.json"]),
    "area that is no geometry": ([*GET, "--intersects", "area.json"], 1, ["coordinates"]),
    "area that is not there": ([*GET, "--intersects", "nowhere.json"], 5, ["nowhere.json", "No such file"]),
    "raster that is text": (["info", "text.tif"], 1, ["text.tif"]),
    "raster that is cut off": (["info", "cut.tif"], 1, ["cut.tif"]),
    "raster without a byte": (["info", "empty.tif"], 1, ["empty.tif"]),
    "info of nothing": (["info", "nothing.tif"], 5, ["nothing.tif", "No such file"]),
    "info of a server that is not there": (["info", "http://127.0.0.1:1/a.tif", "--retries", "0"], 6, ["127.0.0.1:1"]),
    "serve without a folder": (["serve"], 2, ["--files"]),
    "serve a folder that is not there": (["serve", "--files", "nowhere", "-q"], 5, ["nowhere"]),
    "serve at no address": (["serve", "--files", ".", "--listen", "here", "-q"], 2, ["here"]),
    "config of something else": (["config", "set"], 2, ["'set'"]),
    "completion for another shell": (["completion", "tcsh"], 2, ["'tcsh'", "bash"]),
    "manual of an unknown command": (["man", "inof"], 2, ["'inof'", "'info'"]),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_line_and_its_exit_status(run, place, name):
    arguments, status, words = CASES[name]
    before = sorted(p.relative_to(place) for p in place.rglob("*"))
    ran = run(*arguments, status=status)
    line = only_line(ran)
    for word in words:
        assert word in line, line
    ours = {place / "out", place / "cache"}
    after = sorted(p.relative_to(place) for p in place.rglob("*") if not ({p, *p.parents} & ours and p.name in ("out", "cache"))
                   and place / "cache" not in p.parents)
    assert [p for p in after if p not in before] == [], "something was left behind"


def test_the_good_case_beside_the_bad_ones_is_good(run, place):
    run(*GET)
    assert sorted(p.name for p in (place / "out").iterdir()) == ["one.tif"]


def test_a_file_that_is_there_already_is_an_error_that_names_the_way_out(run, place):
    (place / "out").mkdir()
    (place / "out/one.tif").write_text("of somebody else")
    line = only_line(run(*GET, status=1))
    assert "one.tif" in line and "--overwrite" in line and "--skip-existing" in line
    assert (place / "out/one.tif").read_text() == "of somebody else"


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
def test_no_permission_is_one_line_and_8(program, quiet_env, place):
    (place / "out").mkdir(mode=0o555)
    command = [str(program), *GET]
    if os.geteuid() == 0:
        for path in [place, *place.rglob("*")]:
            os.chmod(path, 0o755 if path.is_dir() and path.name != "out" else 0o555)
        for parent in place.parents[:3]:
            if parent.owner() == "root" and parent != parent.parent and "pytest" in str(parent):
                os.chmod(parent, 0o755)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, env={**quiet_env, "DATATAKE_NO_CACHE": "1"})
    assert done.returncode == 8, done.stderr
    assert len(done.stderr.splitlines()) == 1 and "Permission denied" in done.stderr


def test_no_space_is_one_line_and_8(program, quiet_env, place):
    """A file system of 64 KiB, in a mount namespace of its own."""
    write_raster(place / "B04.tif", pixels=512, noise=True)
    (place / "out").mkdir()
    script = 'mount -t tmpfs -o size=64k tmpfs out || exit 77; "$@"; status=$?; ls -A out >&2; exit $status'
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("no mount namespaces here")
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", str(program), *GET], capture_output=True, text=True,
                          cwd=place, env=quiet_env)
    if done.returncode == 77:
        pytest.skip("no tmpfs can be mounted here")
    assert done.returncode == 8, done.stderr
    assert len(done.stderr.splitlines()) == 1 and "No space left on device" in done.stderr, done.stderr


@pytest.mark.parametrize("mode", ["async", "processes"])
def test_some_failures_are_3_and_the_list_of_them_is_an_input(run, place, mode):
    whole, lost = item("one", B04="B04.tif"), item("two", B04="soon.tif")
    (place / "items.ndjson").write_text(json.dumps(whole) + "\n" + json.dumps(lost) + "\n")
    arguments = [BBOX, "--bands", "B4", "-o", "out", "-q"]
    ran = run("get", "items.ndjson", *arguments, "--mode", mode, "--failed", "failed.ndjson", "--cloud", "6", status=3)
    assert [line["status"] for line in sorted(ran.lines(), key=lambda line: line["id"])] == ["done", "failed"]
    failed = [json.loads(line) for line in (place / "failed.ndjson").read_text().splitlines()]
    assert [f["id"] for f in failed] == ["two"]
    assert "soon.tif" in failed[0]["assets"]["B4"]["href"] and "No such file" in failed[0]["message"]

    shutil.copy(place / "B04.tif", place / "soon.tif")
    run("get", "failed.ndjson", *arguments, "--cloud", "6")
    assert sorted(p.name for p in (place / "out").iterdir()) == ["one.tif", "two.tif"]


def test_a_raster_that_failed_can_be_tried_again_with_the_same_bands(run, place):
    shutil.copy(place / "text.tif", place / "two.tif")
    arguments = ["--bands", "2,1", "-o", "out", "-q"]
    run("get", "two.tif", *arguments, "--failed", "failed.ndjson", status=1)
    write_raster(place / "two.tif", bands=2)
    run("get", "failed.ndjson", *arguments)
    run("get", "two.tif", *arguments, "-o", "direct")
    assert pixels(place / "out/two.tif") == pixels(place / "direct/two.tif")
    assert run("get", "two.tif", *arguments).lines()[0]["status"] == "skipped"  # the same file by another way
