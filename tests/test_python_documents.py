"""The documents' snippets with nothing changed but the import line: from a script, IPython and a notebook, sync and asyncio,
beside the real client."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SLOW
from test_tilebox_clients import make_catalog, make_rows
from tilebox_releases import NEWEST as RELEASE
from tilebox_releases import environment

FOLDER = ROOT / "build/release/python"

SYNC = '''
import time
from MODULE import Client

client = Client()
datasets = client.datasets()
collections = datasets.open_data.copernicus.sentinel1_sar.collections()

def stats_for_2022(collection):
    """Fetch data for 2022 and return the number of data points that were loaded."""
    data = collection.load(("2022-01-01", "2023-01-01"), show_progress=True)
    n = data.sizes["time"] if "time" in data.sizes else 0
    return (collection.name, n)

start = time.time()
results = [stats_for_2022(collections[name]) for name in sorted(collections)]
duration = time.time() - start

for collection_name, n in results:
    print(f"There are {n} datapoints in {collection_name} for 2022.")
print(f"Fetching data took {duration:.2f} seconds")
'''
AWAITED = '''
import asyncio
import time
from MODULE.aio import Client

client = Client()
datasets = await client.datasets()
collections = await datasets.open_data.copernicus.sentinel1_sar.collections()

async def stats_for_2022(collection):
    """Fetch data for 2022 and return the number of data points that were loaded."""
    data = await collection.load(("2022-01-01", "2023-01-01"), show_progress=True)
    n = data.sizes["time"] if "time" in data.sizes else 0
    return (collection.name, n)

start = time.time()
requests = [stats_for_2022(collections[name]) for name in sorted(collections)]
results = await asyncio.gather(*requests)
duration = time.time() - start

for collection_name, n in results:
    print(f"There are {n} datapoints in {collection_name} for 2022.")
print(f"Fetching data took {duration:.2f} seconds")
'''
INDENTED = AWAITED.replace("\n", "\n    ")
ASYNC = f"import asyncio\nasync def main():{INDENTED}\nasyncio.run(main())\n"
SENTENCES = [*(f"There are 100 datapoints in S1{s}_{m}_RAW__0S for 2022." for s in "AB" for m in ("EW", "IW")),
             "There are 0 datapoints in empty for 2022.", "Fetching data took S seconds"]


@pytest.fixture
def environ(run, serve, tmp_path):
    """Client() of either module finds the same datapoints."""
    catalog = make_catalog(run, tmp_path, make_rows(400))
    url = serve(tmp_path, "--catalog", catalog).url.rstrip("/")
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(FOLDER), "DATATAKE_SOURCE": f"tilebox+{url}", "TILEBOX_API_URL": url,
            "TILEBOX_API_KEY": "anything", "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}


def sentences(text):
    return [re.sub(r"took [\d.]+ seconds", "took S seconds", line) for line in text.splitlines()
            if line.startswith(("There are", "Fetching data took"))]


def ran(command, environ, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120 * SLOW, env=environ, **kwargs)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return done


@pytest.mark.parametrize("snippet", [SYNC, ASYNC], ids=["sync", "asyncio"])
def test_a_script_says_the_same_with_either_client(environ, snippet):
    python, reason = environment(RELEASE)
    if python is None:
        pytest.skip(f"tilebox-datasets {RELEASE}: {reason}")
    ours, theirs = (ran([python, "-c", snippet.replace("MODULE", module)], environ) for module in ("datatake", "tilebox.datasets"))
    assert sorted(sentences(ours.stdout)) == sorted(sentences(theirs.stdout)) == sorted(SENTENCES)
    # the real client shows no bar for what comes in one page
    assert "Fetching open_data.copernicus.sentinel1_sar: 100%" in ours.stderr and "100 datapoints, " in ours.stderr


def test_ipython_awaits_it(environ, tmp_path):
    pytest.importorskip("IPython")
    (tmp_path / "sync.ipy").write_text(SYNC.replace("MODULE", "datatake"))
    (tmp_path / "aio.ipy").write_text(AWAITED.replace("MODULE", "datatake"))
    for name in ("sync.ipy", "aio.ipy"):
        out = ran([sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", tmp_path / name], environ, cwd=tmp_path)
        assert sorted(sentences(out.stdout)) == sorted(SENTENCES), out.stdout + out.stderr


@pytest.mark.slow
def test_a_notebook_awaits_it(environ, tmp_path, monkeypatch):
    """Sync in the first cell, which runs inside the kernel's own event loop; `await` in the second."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s.replace("MODULE", "datatake")) for s in (SYNC, AWAITED)])
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    nbclient.NotebookClient(book, timeout=120 * SLOW, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    for cell in book.cells:
        text = "".join(out.get("text", "") for out in cell.outputs if out.get("name") == "stdout")
        assert sorted(sentences(text)) == sorted(SENTENCES), json.dumps(cell.outputs)[:2000]
        assert not [out for out in cell.outputs if out["output_type"] == "error"]
