"""`datatake info` of many rasters: read at once, shown in order."""
import json
import re
import subprocess

import pytest


@pytest.fixture
def three_hundred(demo_scenes, tmp_path):
    """More than are opened at a time, of two sizes in turn; the one numbered 200 is not there."""
    sources = sorted(demo_scenes.rglob("*.tif"))
    sizes = {}
    for path in sources:
        sizes.setdefault(path.stat().st_size, path)
    big, small = max(sizes.items())[1], min(sizes.items())[1]
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(300):
        if i != 200:
            (folder / f"{i:03}.tif").symlink_to(big if i % 2 else small)
    return [folder / f"{i:03}.tif" for i in range(300)]


def shown(ran):
    return [json.loads(line)["href"].rsplit("/", 1)[-1] for line in ran.out.splitlines()]


def test_many_are_shown_in_the_order_given_and_one_that_is_missing_does_not_stop_the_others(run, three_hundred):
    ran = run("info", "--json", *three_hundred, status=3)
    assert shown(ran) == [path.name for path in three_hundred if path.name != "200.tif"]
    assert re.findall(r"\d+\.tif", ran.err) == ["200.tif"]


def test_a_reader_that_goes_away_ends_it(three_hundred, program, quiet_env):
    files = " ".join(map(str, three_hundred))
    ran = subprocess.run(["bash", "-c", f"set -o pipefail; {program} info --json {files} | head -n 1"], env=quiet_env,
                         capture_output=True, text=True, timeout=60)
    assert json.loads(ran.stdout)["href"].endswith("000.tif")
    assert ran.returncode == 141 and ran.stderr == ""
