"""Loads all collections of a dataset with the tilebox-datasets client, as the documents do it; with --ours the same by the
Python package of this project, where only the import is another.

    load_tilebox.py URL DATASET START END one|all [--words] [--ours]

one: the client of `tilebox.datasets`, a collection after another. all: that of `tilebox.datasets.aio`, all of them by
asyncio.gather. The clock runs from the first load to the last datapoint, after the imports and with the collections at
hand. Prints JSON; with --words the sentences of the documents.
"""
import asyncio
import json
import os
import sys
import time
import warnings
from importlib import import_module
from importlib.metadata import version

warnings.simplefilter("ignore")
URL, DATASET, START, END, MODE = sys.argv[1:6]
KEY = os.environ.get("TILEBOX_API_KEY", "none")  # the client insists on some
MODULE = "datatake" if "--ours" in sys.argv else "tilebox.datasets"


def under(root, path):
    for name in path.split("."):
        root = getattr(root, name)
    return root


def one_by_one():
    Client = import_module(MODULE).Client
    collections = under(Client(url=URL, token=KEY).datasets(), DATASET).collections()
    started = time.perf_counter()
    loaded = {name: collections[name].load((START, END)) for name in sorted(collections)}
    return loaded, time.perf_counter() - started


async def at_once():
    Client = import_module(f"{MODULE}.aio").Client
    collections = await under(await Client(url=URL, token=KEY).datasets(), DATASET).collections()
    started = time.perf_counter()
    names = sorted(collections)
    loaded = await asyncio.gather(*[collections[name].load((START, END)) for name in names])
    return dict(zip(names, loaded)), time.perf_counter() - started


loaded, seconds = one_by_one() if MODE == "one" else asyncio.run(at_once())
if "--words" in sys.argv:
    for name, data in loaded.items():
        print(f"There are {data.sizes['time']} datapoints in {name} for {START[:4]}.")
    print(f"Fetching data took {seconds:.2f} seconds")
else:
    print(json.dumps({"seconds": seconds, "datapoints": sum(data.sizes["time"] for data in loaded.values()),
                      "sum": sum(int(data.orbit_number.sum()) for data in loaded.values()),
                      "version": import_module(MODULE).__version__ if "--ours" in sys.argv else version("tilebox-datasets")}))
