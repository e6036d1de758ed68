"""The same as bench/windows.c with rasterio and a pool of threads: LIST THREADS. Peer of the benchmark.

GDAL's settings are the best known for its version over a network: no listing of the folder, HEAD left on, no
GDAL_NUM_THREADS (it would stop GDAL from merging ranges before 3.9). The clock starts after the imports.
"""
import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

os.environ.update(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE="FALSE",
                  CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".tif", GDAL_HTTP_MAX_RETRY="3")
import numpy  # noqa: E402
import rasterio  # noqa: E402
from rasterio.windows import Window  # noqa: E402


def read_one(line):
    href, *numbers = line.split()
    with rasterio.open(href) as raster:
        pixels = raster.read(window=Window(*map(int, numbers)))
    return int(pixels.sum(dtype=numpy.uint64))


def main():
    lines = open(sys.argv[1]).read().splitlines()
    started = time.perf_counter()
    with rasterio.Env(), ThreadPoolExecutor(int(sys.argv[2])) as pool:
        total = sum(pool.map(read_one, lines))
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": round(seconds, 4), "sum": total, "windows": len(lines),
                      "peak_rss_mb": round(usage.ru_maxrss / 1024, 1),
                      "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
                      "version": f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}"}))


if __name__ == "__main__":
    main()
