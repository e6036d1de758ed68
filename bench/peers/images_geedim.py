"""Downloads images of a collection with geemap or geedim, as the document does it.

    images_geedim.py URL FOLDER W,S,E,N START END SCALE MOST THREADS

THREADS 1: one image after another, whose tiles geedim fetches side by side; more: images side by side too, where that release
can. The clock runs from the question for the images to the last file, after the imports. Prints JSON.
"""
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import ee
import geemap  # noqa: F401  (its imports are not on the clock)

url, folder, box, start, end, scale, most, threads = sys.argv[1:9]
ee.Initialize(None, url=url, project="my-project")
began = time.monotonic()
bbox = ee.Geometry.Rectangle([float(x) for x in box.split(",")])
collection = (ee.ImageCollection("COPERNICUS/S2_SR").filterDate(start, end)
              .filterBounds(bbox).filter(ee.Filter.lt("CLOUDY_PIXEL_PERCENTAGE", 85)))
ids = collection.aggregate_array("system:index").getInfo()[:int(most)]
os.makedirs(folder, exist_ok=True)


def download(name):
    image = (ee.Image(f"COPERNICUS/S2_SR/{name}").unmask(-1).clip(bbox)
             .visualize(bands=["B8", "B4", "B3"], min=0, max=5000, gamma=[1.35, 1.35, 1.35]).clip(bbox))
    geemap.download_ee_image(image, os.path.join(folder, f"{name}.tif"), scale=float(scale))


if int(threads) == 1:
    for one in ids:
        download(one)
else:
    with ThreadPoolExecutor(max_workers=int(threads)) as pool:
        list(pool.map(download, ids))
print(json.dumps({"images": len(ids), "seconds": time.monotonic() - began, "version": version("geedim")}))
