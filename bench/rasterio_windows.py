"""The same as bench/windows.c with rasterio and a pool of threads: LIST THREADS [OUT]. With OUT every window is also
written there as a tiled GeoTIFF, as `datatake get` does. Peer of the benchmark.

GDAL's settings are the best known for its version over a network: no listing of the folder, HEAD left on, no
GDAL_NUM_THREADS (it would stop GDAL from merging ranges before 3.9). The clock starts after the imports.
"""
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

os.environ.update(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE="FALSE",
                  CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".tif", GDAL_HTTP_MAX_RETRY="3")
import numpy  # noqa: E402
import rasterio  # noqa: E402
from rasterio.windows import Window  # noqa: E402


def write(raster, window, pixels, path):
    profile = dict(driver="GTiff", dtype=pixels.dtype, count=1, width=window.width, height=window.height, crs=raster.crs,
                   transform=raster.window_transform(window), tiled=True, blockxsize=512, blockysize=512,
                   compress="deflate", predictor=2)
    with rasterio.open(path, "w", **profile) as out:
        out.write(pixels)


def read_one(line):
    href, *numbers = line.split()
    window = Window(*map(int, numbers))
    with rasterio.open(href) as raster:
        pixels = raster.read(window=window)
        if len(sys.argv) > 3:
            write(raster, window, pixels, os.path.join(sys.argv[3], href.rsplit("/", 1)[1]))
    return int(pixels.sum(dtype=numpy.uint64))


def main():
    lines = open(sys.argv[1]).read().splitlines()
    if len(sys.argv) > 3:
        os.makedirs(sys.argv[3])
    started = time.perf_counter()
    with rasterio.Env(), ThreadPoolExecutor(int(sys.argv[2])) as pool:
        total = sum(pool.map(read_one, lines))
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": round(seconds, 4), "sum": total,
                      "version": f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}"}))


if __name__ == "__main__":
    main()
