"""rasterio's WarpedVRT and a pool of threads: LIST THREADS. A line: HREF CRS X0 Y0 RES_X RES_Y WIDTH HEIGHT KERNEL. The
settings are those of read_rasterio.py; the warper's are its defaults (coordinates within 0.125 pixel)."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ.update(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE="FALSE",
                  CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".tif", GDAL_HTTP_MAX_RETRY="3")
import numpy  # noqa: E402
import rasterio  # noqa: E402
from affine import Affine  # noqa: E402
from rasterio.enums import Resampling  # noqa: E402
from rasterio.vrt import WarpedVRT  # noqa: E402

import common  # noqa: E402


def read_one(task):
    href, crs, x0, y0, res_x, res_y, width, height, kernel = task
    with rasterio.open(href) as raster:
        with WarpedVRT(raster, crs=crs, transform=Affine(float(res_x), 0, float(x0), 0, float(res_y), float(y0)),
                       width=int(width), height=int(height), resampling=Resampling[kernel]) as warped:
            return int(warped.read(1).sum(dtype=numpy.uint64))


def read_all(tasks):
    with rasterio.Env(), ThreadPoolExecutor(int(sys.argv[2])) as pool:
        return sum(pool.map(read_one, tasks))


common.report(read_all, f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}", common.grids)
