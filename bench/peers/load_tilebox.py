"""Loads all collections of a dataset with the tilebox-datasets client, as the documents do it; with --ours the same by the
Python package of this project, where only the import is another.

    load_tilebox.py URL DATASET START END one|all [--words] [--ours] [--look]

one: the client of `tilebox.datasets`, a collection after another. all: that of `tilebox.datasets.aio`, all of them by
asyncio.gather. The clock runs from the first load to the last datapoint, after the imports (of xarray and shapely too, which ours
imports when it needs them) and with the collections at hand; with --look until every value of every variable has been looked at, for
ours makes texts and geometries then. Prints JSON; with --words the sentences of the documents.
"""
import asyncio
import json
import os
import sys
import time
import warnings
from importlib import import_module
from importlib.metadata import version

import shapely  # noqa: F401
import xarray  # noqa: F401

warnings.simplefilter("ignore")
URL, DATASET, START, END, MODE = sys.argv[1:6]
KEY = os.environ.get("TILEBOX_API_KEY", "none")  # the client insists on some
MODULE = "datatake" if "--ours" in sys.argv else "tilebox.datasets"


def under(root, path):
    for name in path.split("."):
        root = getattr(root, name)
    return root


def look(loaded):
    if "--look" in sys.argv:
        for data in loaded.values():
            for variable in data.variables.values():
                variable.values  # noqa: B018
    return loaded


def one_by_one():
    Client = import_module(MODULE).Client
    collections = under(Client(url=URL, token=KEY).datasets(), DATASET).collections()
    started = time.perf_counter()
    loaded = {name: collections[name].load((START, END)) for name in sorted(collections)}
    return look(loaded), time.perf_counter() - started


async def at_once():
    Client = import_module(f"{MODULE}.aio").Client
    collections = await under(await Client(url=URL, token=KEY).datasets(), DATASET).collections()
    started = time.perf_counter()
    names = sorted(collections)
    loaded = await asyncio.gather(*[collections[name].load((START, END)) for name in names])
    return look(dict(zip(names, loaded))), time.perf_counter() - started


loaded, seconds = one_by_one() if MODE == "one" else asyncio.run(at_once())
if "--words" in sys.argv:
    for name, data in loaded.items():
        print(f"There are {data.sizes['time']} datapoints in {name} for {START[:4]}.")
    print(f"Fetching data took {seconds:.2f} seconds")
else:
    print(json.dumps({"seconds": seconds, "datapoints": sum(data.sizes["time"] for data in loaded.values()),
                      "sum": sum(int(data.orbit_number.sum()) for data in loaded.values()),
                      "version": import_module(MODULE).__version__ if "--ours" in sys.argv else version("tilebox-datasets")}))
