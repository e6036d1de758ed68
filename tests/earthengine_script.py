"""The document's script, verbatim but for the address, the place and the folder: images one after another, then side by side.

    PYTHON earthengine_script.py URL FOLDER W,S,E,N START END SCALE MOST
"""
import asyncio
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import ee
import geemap

url, out_dir, box, start, end, scale, most = sys.argv[1:8]
ee.Initialize(None, url=url, project="my-project")

bbox = ee.Geometry.Rectangle([float(x) for x in box.split(",")])
collection = (ee.ImageCollection('COPERNICUS/S2_SR').filterDate(start, end)
              .filterBounds(bbox).filter(ee.Filter.lt('CLOUDY_PIXEL_PERCENTAGE', 85)))
ids = collection.map(lambda i: i.unmask(-1)).aggregate_array('system:index').getInfo()
print(f"Number of images: {len(ids)}", flush=True)
ids = ids[:int(most)]


def download(k, folder):
    img = (ee.Image(f'COPERNICUS/S2_SR/{ids[k]}').clip(bbox)
           .visualize(bands=['B8', 'B4', 'B3'], min=0, max=5000, gamma=[1.35, 1.35, 1.35])
           .clip(bbox).paint(bbox, '0000ffff', 2))
    out_tif = os.path.join(out_dir, folder, f"{ids[k]}.tif")
    geemap.download_ee_image(img, out_tif, scale=float(scale))
    print(f"Image {k + 1} downloaded", flush=True)
    return out_tif


async def parallel():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=3) as pool:
        jobs = [loop.run_in_executor(pool, download, k, "parallel") for k in range(len(ids))]
        return await asyncio.gather(*jobs, return_exceptions=True)


for folder in ("sequential", "parallel"):
    os.makedirs(os.path.join(out_dir, folder), exist_ok=True)
began = time.monotonic()
for k in range(len(ids)):
    download(k, "sequential")
sequential_s = time.monotonic() - began
print(f"Sequential: {sequential_s:.2f} s", flush=True)

began = time.monotonic()
results = asyncio.run(asyncio.wait_for(parallel(), float(os.environ.get("PARALLEL_S", "600"))))
parallel_s = time.monotonic() - began
broken = [f"{type(r).__name__}: {r}" for r in results if isinstance(r, BaseException)]
print(f"Parallel: {parallel_s:.2f} s", flush=True)
print(f"Speedup: {sequential_s / parallel_s:.2f}x", flush=True)
print(json.dumps({"ids": ids, "sequential_s": sequential_s, "parallel_s": parallel_s, "broken": broken}), flush=True)
