"""rio-tiler's Reader.part in the file's own CRS and a pool of threads: LIST THREADS. GDAL's settings are those that
its documentation recommends for COGs over HTTP."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ.update(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".tif",
                  GDAL_HTTP_MERGE_CONSECUTIVE_RANGES="YES", GDAL_INGESTED_BYTES_AT_OPEN="32768", VSI_CACHE="TRUE",
                  VSI_CACHE_SIZE="5000000", GDAL_HTTP_MULTIPLEX="YES")
import numpy  # noqa: E402
import rasterio  # noqa: E402
import rio_tiler  # noqa: E402
from rasterio.windows import Window  # noqa: E402
from rio_tiler.io import Reader  # noqa: E402

import common  # noqa: E402


def read_one(task):
    href, numbers = task
    with Reader(href) as source:
        if numbers is None:
            return source.dataset.width * source.dataset.height
        bounds = rasterio.windows.bounds(Window(*numbers), source.dataset.transform)
        image = source.part(bounds, dst_crs=source.dataset.crs, bounds_crs=source.dataset.crs,
                            width=numbers[2], height=numbers[3])
    return int(image.array.filled(0).sum(dtype=numpy.uint64))


def read_all(tasks):
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        return sum(pool.map(read_one, tasks))


common.report(read_all, f"rio-tiler {rio_tiler.__version__}, GDAL {rasterio.__gdal_version__}")
