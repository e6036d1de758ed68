"""async-geotiff over obstore: LIST AT_ONCE."""
import asyncio
import sys
from importlib.metadata import version

import numpy
from async_geotiff import GeoTIFF, Window
from obstore.store import HTTPStore

import common


async def read_one(store, name, numbers):
    tiff = await GeoTIFF.open(name, store=store)
    if numbers is None:
        return tiff.width * tiff.height
    col, row, width, height = numbers
    array = await tiff.read(window=Window(col_off=col, row_off=row, width=width, height=height))
    return int(array.data.sum(dtype=numpy.uint64))


async def read_them(tasks):
    store = HTTPStore(tasks[0][0].rsplit("/", 1)[0], client_options={"allow_http": True})
    gate = asyncio.Semaphore(int(sys.argv[2]))

    async def in_turn(href, numbers):
        async with gate:
            return await read_one(store, href.rsplit("/", 1)[1], numbers)
    return sum(await asyncio.gather(*(in_turn(*task) for task in tasks)))


common.report(lambda tasks: asyncio.run(read_them(tasks)),
              f"async-geotiff {version('async-geotiff')}, obstore {version('obstore')}")
