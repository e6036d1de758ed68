"""The Python package leaves no memory behind: finds, loads and images, those that fail and those that are given up too."""
import asyncio
import gc
import json
import os
import subprocess
import sys
import tracemalloc
import uuid
from contextlib import suppress

import pytest
from conftest import SLOW
from python_images import scenes  # noqa: F401
from python_rows import FOLDER, SLUG, YEAR, path  # noqa: F401

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio  # noqa: E402

SANITIZED = "DATATAKE_PYTHON" in os.environ  # its memory is kept for a while


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Calls:
    """Finds that succeed and fail, loads, loads that are cancelled: as many of each."""

    def __init__(self, source):
        self.source, self.client = source, datatake.Client(source)
        self.first = self.client.dataset(SLUG).collection("first")
        self.ids = self.first.load(YEAR).id.values

    def make(self, times):
        for i in range(times):
            self.first.find(self.ids[i % 5])
            self.first.load(YEAR).label.values  # noqa: B018
            with pytest.raises(KeyError):
                self.first.find(uuid.UUID(int=i))
        asyncio.run(self.cancel(times))
        gc.collect()

    async def cancel(self, times):
        async with aio.Client(self.source) as client:
            collection = await (await client.dataset(SLUG)).collection("first")
            for i in range(times):
                task = asyncio.ensure_future(collection.load(YEAR))
                for _ in range(i % 3 + 1):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.mark.parametrize("where", ["catalogue", pytest.param("server", marks=pytest.mark.slow)])
def test_nothing_leaks(path, where, serve, tmp_path):
    """600 calls of a catalogue, 600 of a server: what Python holds stays, and nearly all of the rest."""
    calls = Calls(path if where == "catalogue" else "tilebox+" + serve(tmp_path, "--catalog", path).url.rstrip("/"))
    calls.make(100)
    tracemalloc.start()
    try:
        calls.make(20)
        before, pages = tracemalloc.get_traced_memory()[0], resident()
        calls.make(150)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 60_000, f"Python's memory grew by {grown} bytes in 600 calls"
    assert SANITIZED or resident() - pages < 20 << 20


@pytest.mark.long
@pytest.mark.parametrize("where", ["catalogue", "server"])
def test_nothing_leaks_over_ten_thousand_calls(path, where, serve, tmp_path, record_property):
    calls = Calls(path if where == "catalogue" else "tilebox+" + serve(tmp_path, "--catalog", path).url.rstrip("/"))
    tracemalloc.start()
    try:
        calls.make(500)
        before, pages = tracemalloc.get_traced_memory()[0], resident()
        calls.make(2000)
        grown, more = tracemalloc.get_traced_memory()[0] - before, resident() - pages
    finally:
        tracemalloc.stop()
    record_property("traced_bytes", grown)
    record_property("resident_bytes", more)
    assert grown < 60_000 and (SANITIZED or more < 8 << 20), f"{grown} bytes of Python's, {more} resident more after 8,000 calls"


# Nine calls a round, three of them given up, two that fail; eight times so many rounds, and what is held after each.
IMAGES = """
import asyncio, gc, json, os, sys, tracemalloc
import datatake, xarray
from datatake import aio, graph

items, catalog, rounds = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
client = datatake.Client(catalog)
href = items[0]["assets"]["B4"]["href"]

def round_of():
    client.read(items, bands="B4,B8")
    client.get(items, bands="B4", out=catalog + ".out", overwrite=True, resume=False)
    datatake.open(href).read(1, window=(0, 0, 64, 64), masked=True)
    for wrong in (lambda: datatake.open("/nowhere"), lambda: client.read("/nowhere")):
        try:
            wrong()
        except datatake.Error:
            pass
    str(graph.collection([graph.band("B8")]).map(lambda one: one + 1))

async def given_up(number):
    async with aio.Client(catalog) as client:
        raster = await aio.open(href)
        tasks = [asyncio.create_task(client.read(items, bands="B4")), asyncio.create_task(raster.read())]
        for _ in range(number % 4):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async for file in client.get(items, bands="B8", out=catalog + ".out8", overwrite=True, resume=False):
            break

tracemalloc.start()
seen = []
for _ in range(8):
    for number in range(rounds):
        round_of()
        asyncio.run(given_up(number))
    gc.collect()
    with open("/proc/self/statm") as file:
        seen.append((tracemalloc.get_traced_memory()[0], int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")))
print(json.dumps(seen))
"""


@pytest.mark.parametrize("rounds", [pytest.param(20, marks=pytest.mark.slow), pytest.param(140, marks=pytest.mark.long)],
                         ids=["1440", "ten_thousand"])
def test_images_read_given_up_and_failed_leave_no_memory(scenes, tmp_path, rounds, record_property):
    done = subprocess.run([sys.executable, "-c", IMAGES, json.dumps(scenes), str(tmp_path / "catalog.db"), str(rounds)], text=True,
                          capture_output=True, timeout=1800 * SLOW, env={**os.environ, "PYTHONPATH": str(FOLDER)})
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    grown = sorted(after[0] - before[0] for before, after in zip(seen[1:], seen[2:], strict=False))
    record_property("traced_bytes", seen[-1][0] - seen[1][0])
    record_property("resident_bytes", seen[-1][1] - seen[1][1])
    assert grown[len(grown) // 2] < 20_000, seen  # a cache of a library may grow once
    assert SANITIZED or seen[-1][1] - seen[1][1] < 8 << 20, seen
