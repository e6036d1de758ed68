"""odc-stac: LIST POOL. One load for all items when they have one window (its own way: a time series), else one load
an item in a pool of threads. configure_rio(cloud_defaults=True), as its documentation says."""
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import numpy
import odc.stac
import pystac
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from pystac import Asset, Item

import common

SCENE = {"shape": [10980, 10980], "code": "EPSG:32633", "transform": [10, 0, 499980, 0, -10, 5200020]}
BANDS = 4  # of an item, when there is one window


def item(number, hrefs):
    day = datetime(2020, 1, 1) + timedelta(days=number)
    made = Item(id=f"i{number}", geometry=None, bbox=None, datetime=day, properties={
        "proj:code": SCENE["code"], "proj:shape": SCENE["shape"], "proj:transform": SCENE["transform"]},
        stac_extensions=["https://stac-extensions.github.io/projection/v2.0.0/schema.json"])
    box = {"type": "Polygon", "coordinates": [[[15, 45.9], [16.5, 45.9], [16.5, 47], [15, 47], [15, 45.9]]]}
    made.geometry, made.bbox = box, [15, 45.9, 16.5, 47]
    for band, href in enumerate(hrefs):
        made.add_asset(f"B{band}", Asset(href, media_type=pystac.MediaType.COG, roles=["data"]))
    return made


def load(items, window, pool):
    col, row, width, height = window
    transform = Affine(*SCENE["transform"]) * Affine.translation(col, row)
    cube = odc.stac.load(items, geobox=GeoBox((height, width), transform, SCENE["code"]), dtype="uint16", nodata=0,
                         groupby="id", pool=pool)
    return sum(int(cube[name].values.sum(dtype=numpy.uint64)) for name in cube.data_vars)


def read_all(tasks):
    threads = int(sys.argv[2])
    odc.stac.configure_rio(cloud_defaults=True)
    window = tasks[0][1]
    if len(tasks) % BANDS == 0 and all(w == window for _, w in tasks):
        hrefs = [href for href, _ in tasks]
        items = [item(i, hrefs[i * BANDS:(i + 1) * BANDS]) for i in range(len(hrefs) // BANDS)]
        return load(items, window, threads)
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda pair: load([item(pair[0], [pair[1][0]])], pair[1][1], None), enumerate(tasks)))


if __name__ == "__main__":
    common.report(read_all, f"odc-stac {odc.stac.__version__}, GDAL {rasterio.__gdal_version__}")
