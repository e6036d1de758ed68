"""Loads all collections of a dataset in one thread, then in two at once, with the Python package of this project.

    load_threads.py SOURCE DATASET START END one|two COUNT ROUNDS [--look]

one: both threads share a client; two: each has its own. Each thread loads every collection COUNT times, one after another, into
an xarray.Dataset; with --look every value of every variable is looked at, which makes texts and geometries. Rounds are
interleaved. Prints JSON: for each round the seconds of one thread and of two, and processor seconds of this process.
"""
import json
import os
import sys
import threading
import time

import shapely  # noqa: F401
import xarray  # noqa: F401

import datatake

SOURCE, DATASET, START, END, CLIENTS = sys.argv[1:6]
COUNT, ROUNDS = int(sys.argv[6]), int(sys.argv[7])
LOOK = "--look" in sys.argv


def collections_of_a_client():
    client = datatake.Client(SOURCE, token=os.environ.get("TILEBOX_API_KEY"))
    return client.dataset(DATASET).collections()


def load(collections, sums):
    total = 0
    for _ in range(COUNT):
        for name in sorted(collections):
            data = collections[name].load((START, END))
            total += int(data.orbit_number.sum())
            if LOOK:
                for variable in data.variables.values():
                    variable.values  # noqa: B018
    sums.append(total)


def timed(number):
    sums = []
    threads = [threading.Thread(target=load, args=(given[i % len(given)], sums)) for i in range(number)]
    started, used = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    assert len(sums) == number and len(set(sums)) == 1, sums
    return seconds, cpu


given = [collections_of_a_client() for _ in range(2 if CLIENTS == "two" else 1)]
timed(2)  # imports, connections, memory
rounds = [{"one": timed(1), "two": timed(2)} for _ in range(ROUNDS)]
print(json.dumps({"rounds": rounds, "version": datatake.__version__}))
