"""Finds datapoints by id with asyncio: so many awaited by asyncio.gather, AT_ONCE under way at a time; 1: one after another.

    find_tilebox.py URL DATASET COLLECTION COUNT ours|theirs|messages AT_ONCE

ours: `datatake.aio`; theirs: `tilebox.datasets.aio`, which is grpc.aio's; both end with an xarray.Dataset of each. messages: the
real client's service by grpc.aio without Datasets, the datapoints' decoded messages. The clock runs from the first find to the last, after
imports and with the collection at hand. Prints JSON.
"""
import asyncio
import json
import os
import sys
import time
import warnings
from importlib import import_module
from importlib.metadata import version
from uuid import UUID

import shapely  # noqa: F401
import xarray  # noqa: F401

warnings.simplefilter("ignore")
URL, DATASET, COLLECTION, COUNT, WAY, AT_ONCE = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5], int(sys.argv[6])
MODULE = "datatake" if WAY == "ours" else "tilebox.datasets"
if WAY == "messages":
    from tilebox.datasets.message_pool import get_message_type


async def main():
    client = import_module(f"{MODULE}.aio").Client(url=URL, token=os.environ.get("TILEBOX_API_KEY", "none"))
    dataset = await client.datasets()
    for name in DATASET.split("."):
        dataset = getattr(dataset, name)
    collection = (await dataset.collections())[COLLECTION]
    ids = [str(i) for i in (await collection.load(("1980-01-01", "2100-01-01"), skip_data=True)).id.values]
    at_once = asyncio.Semaphore(AT_ONCE)

    async def find(i):
        async with at_once:
            if WAY == "messages":
                answer = await collection._dataset._service.query_by_id(
                    collection._dataset._dataset.id, [collection._collection.id], UUID(ids[i % len(ids)]), False)
                return get_message_type(answer.type_url).FromString(answer.value)
            return await collection.find(ids[i % len(ids)])

    await find(0)
    started, used = time.perf_counter(), time.process_time()
    found = [await find(i) for i in range(COUNT)] if AT_ONCE == 1 else await asyncio.gather(*[find(i) for i in range(COUNT)])
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    total = sum(int(one.orbit_number) for one in found)
    print(json.dumps({"seconds": seconds, "cpu_s": cpu, "datapoints": len(found), "sum": total,
                      "version": import_module(MODULE).__version__ if WAY == "ours" else version("tilebox-datasets")}))


asyncio.run(main())
