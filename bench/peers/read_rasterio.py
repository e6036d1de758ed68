"""rasterio and a pool of threads: LIST THREADS [OUT]. With OUT every window is also written there as a tiled GeoTIFF,
as `datatake get` does.

GDAL's settings are the best known over a network: no listing of the folder, HEAD left on, no GDAL_NUM_THREADS (it
would stop GDAL from merging ranges before 3.9), the process's cache of 16 MB left as it is.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ.update(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE="FALSE",
                  CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".tif", GDAL_HTTP_MAX_RETRY="3")
import numpy  # noqa: E402
import rasterio  # noqa: E402
from rasterio.windows import Window  # noqa: E402

import common  # noqa: E402

OUT = sys.argv[3] if len(sys.argv) > 3 else None


def write(raster, window, pixels, path):
    profile = dict(driver="GTiff", dtype=pixels.dtype, count=1, width=window.width, height=window.height, crs=raster.crs,
                   transform=raster.window_transform(window), tiled=True, blockxsize=512, blockysize=512,
                   compress="deflate", predictor=2)
    with rasterio.open(path, "w", **profile) as out:
        out.write(pixels)


def read_one(task):
    href, numbers = task
    with rasterio.open(href) as raster:
        if numbers is None:
            return raster.width * raster.height
        window = Window(*numbers)
        pixels = raster.read(window=window)
        if OUT:
            write(raster, window, pixels, os.path.join(OUT, href.rsplit("/", 1)[1]))
    return int(pixels.sum(dtype=numpy.uint64))


def read_all(tasks):
    with rasterio.Env(), ThreadPoolExecutor(int(sys.argv[2])) as pool:
        return sum(pool.map(read_one, tasks))


if OUT:
    os.makedirs(OUT)
common.report(read_all, f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}")
