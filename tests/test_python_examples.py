"""The notebooks of examples/ are kept without outputs, and do what they say when they are executed."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SLOW
from python_rows import FOLDER

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("matplotlib")
BOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
LANDSAT = "open_data.copernicus.landsat8_oli_tirs"


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert not [cell for cell in book.cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.fixture
def execute(tmp_path):
    """Executes one of them with tools/notebook; returns what it printed, its cells, and the sizes of its pictures."""
    def call(name, **environ):
        done = subprocess.run([sys.executable, ROOT / "tools/notebook", ROOT / "examples" / name, tmp_path / "out" / name], capture_output=True,
                              text=True, timeout=600 * SLOW, env={**os.environ, "PYTHONPATH": str(FOLDER), "HOME": str(tmp_path), **environ})
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        cells = nbformat.read(tmp_path / "out" / name, as_version=4).cells
        assert not [out for cell in cells for out in cell.get("outputs", ()) if out["output_type"] == "error" or out.get("name") == "stderr"]
        return done.stdout, cells, [path.stat().st_size for path in sorted((tmp_path / "out").glob("*.png"))]
    return call


def html_of(cells):
    return [out["data"]["text/html"] for cell in cells for out in cell.get("outputs", ()) if "text/html" in out.get("data", {})]


@pytest.mark.slow
def test_a_year_of_four_collections_one_by_one_and_at_once(execute, run, serve, tmp_path):
    maker = ROOT / "build/release/make_landsat"
    subprocess.run([maker, tmp_path / "year.csv"], check=True, timeout=120 * SLOW, stdout=subprocess.DEVNULL)
    run("ingest", tmp_path / "year.csv", "-d", LANDSAT, "--schema", ROOT / "demo/landsat-schema.json", "--collection-from", "collection",
        env={"DATATAKE_SOURCE": str(tmp_path / "catalog.db")}, timeout_s=120)
    Path(tmp_path / "year.csv").unlink()
    server = serve(tmp_path, "--catalog", tmp_path / "catalog.db")
    out, cells, pictures = execute("load_collections.ipynb", DATATAKE_SOURCE=server.url.rstrip("/"), TILEBOX_API_KEY="any")
    for name, count in (("L1GT", 19624), ("L1T", 1281), ("L1TP", 65313), ("L2SP", 25375)):
        assert out.count(f"There are {count} datapoints in {name} for 2020.") == 2
        assert len([html for html in html_of(cells) if f"{count} datapoints" in html and "100% in" in html]) == 2  # the bars
    assert out.count("Fetching data took") == 2
    assert [size > 10_000 for size in pictures] == [True]
    assert any("1,281 datapoints" in html and "<svg" in html for html in html_of(cells))


@pytest.mark.slow
def test_images_of_one_place_three_ways(execute, demo_scenes, tmp_path):
    out, cells, pictures = execute("images_three_ways.ipynb", DATATAKE_SCENES=str(demo_scenes), DATATAKE_OUT=str(tmp_path / "images"),
                                   DATATAKE_SOURCE=str(tmp_path / "catalog.db"))
    assert out.count(": 498 x 499 pixels") == 5 and "The files of all modes are identical." in out
    assert len(pictures) == 1 and pictures[0] > 3000
    few, modes = (next(html for html in html_of(cells) if word in html) for word in ("5 files", "<td>processes</td>"))
    assert few.count("data:image/png;base64,") == 5 and "0 failed" in few
    assert modes.count("<tr>") == 4
    assert len(list((tmp_path / "images/modes/async").glob("*.tif"))) == len(list((tmp_path / "images/modes/sequential").glob("*.tif"))) >= 5


@pytest.mark.slow
def test_the_ndvi_of_a_field(execute, demo_scenes, tmp_path):
    out, cells, pictures = execute("ndvi_of_a_field.ipynb", DATATAKE_SCENES=str(demo_scenes), DATATAKE_SOURCE=str(tmp_path / "catalog.db"))
    shown, least, most = re.search(r"(\d+) of 8 dates show the field; NDVI from ([\d.]+) to ([\d.]+)", out).groups()
    assert int(shown) >= 4 and 0.15 < float(least) < 0.25 and 0.4 < float(most) < 0.6  # it greens from January to February
    assert len(pictures) == 1 and pictures[0] > 10_000
