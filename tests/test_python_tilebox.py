"""Our Python client beside the real one, on one server: identical Datasets."""
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, SLOW
from test_tilebox_clients import make_catalog, make_rows
from tilebox_releases import NEWEST as RELEASE
from tilebox_releases import environment


@pytest.fixture
def real():
    python, reason = environment(RELEASE)
    if python is None:
        pytest.skip(f"tilebox-datasets {RELEASE}: {reason}")
    if not (ROOT / "build/release/python/datatake/_core.abi3.so").is_file():
        pytest.skip("build/release/python is not built")
    return python


def beside(python, script, *arguments):
    done = subprocess.run([python, Path(__file__).with_name(script), *map(str, arguments)], capture_output=True, text=True,
                          timeout=120 * SLOW, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "build/release/python"),
                                                   "HOME": os.environ.get("HOME", "/")})
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    return done.stdout


def test_datasets_are_identical_to_those_of_the_real_client(real, run, serve, tmp_path):
    catalog = make_catalog(run, tmp_path, make_rows(400))
    url = serve(tmp_path, "--catalog", catalog).url.rstrip("/")
    assert "identical" in beside(real, "python_against_tilebox.py", url, catalog)


def test_recorded_datapoints_are_identical_too(real, serve, shared, tmp_path):
    """What the real service sent, put into our server as its messages are, then asked for by both."""
    recorded = shared / "data/tilebox"
    url = serve(tmp_path, "--catalog", tmp_path / "new.db").url.rstrip("/")
    beside(real, "tilebox_recorded.py", url, recorded)
    out = beside(real, "python_against_tilebox.py", url, tmp_path / "new.db")
    assert "identical" in out and int(out.split()[0]) > 400
