"""async-tiff over obstore: LIST AT_ONCE. A window's tiles are one call of fetch_tiles, decoded on its own pool of
threads and put together here."""
import asyncio
import sys
from importlib.metadata import version

import numpy
from async_tiff import TIFF
from obstore.store import HTTPStore

import common


def put_together(tiles, window, tile_width, tile_height):
    col, row, width, height = window
    pixels = numpy.empty((height, width), numpy.uint16)
    for x, y, array in tiles:
        left, top = x * tile_width - col, y * tile_height - row
        from_x, from_y = max(0, -left), max(0, -top)
        part = numpy.asarray(array)[from_y:height - top, from_x:width - left, 0]
        pixels[top + from_y:top + from_y + part.shape[0], left + from_x:left + from_x + part.shape[1]] = part
    return pixels


async def read_one(store, name, window):
    tiff = await TIFF.open(name, store=store)
    ifd = tiff.ifds[0]
    if window is None:
        return ifd.image_width * ifd.image_height
    col, row, width, height = window
    side_x, side_y = ifd.tile_width, ifd.tile_height
    xy = [(x, y) for y in range(row // side_y, (row + height - 1) // side_y + 1)
          for x in range(col // side_x, (col + width - 1) // side_x + 1)]
    tiles = await tiff.fetch_tiles(xy, 0)
    arrays = await asyncio.gather(*(tile.decode() for tile in tiles))
    pixels = put_together([(x, y, a) for (x, y), a in zip(xy, arrays)], window, side_x, side_y)
    return int(pixels.sum(dtype=numpy.uint64))


async def read_them(tasks):
    store = HTTPStore(tasks[0][0].rsplit("/", 1)[0], client_options={"allow_http": True})
    gate = asyncio.Semaphore(int(sys.argv[2]))

    async def in_turn(href, window):
        async with gate:
            return await read_one(store, href.rsplit("/", 1)[1], window)
    return sum(await asyncio.gather(*(in_turn(*task) for task in tasks)))


common.report(lambda tasks: asyncio.run(read_them(tasks)),
              f"async-tiff {version('async-tiff')}, obstore {version('obstore')}")
