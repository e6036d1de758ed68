"""odc-stac and dask: ITEMS SIDE THREADS. The median over time of all items' bands, without nodata, in memory; its sum."""
import json
import sys
import time

import dask
import numpy
import odc.stac
import pystac
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

BANDS = ["B04", "B03", "B08"]
CHUNK = 1024


def main():
    items_file, side, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    started = time.perf_counter()
    odc.stac.configure_rio(cloud_defaults=True)
    items = [pystac.Item.from_dict(json.loads(line)) for line in open(items_file)]
    box = GeoBox((side, side), Affine(10, 0, 499980, 0, -10, 5100000), "EPSG:32633")
    with dask.config.set(scheduler="threads", num_workers=threads):
        cube = odc.stac.load(items, bands=BANDS, geobox=box, dtype="uint16", nodata=0, groupby="id",
                             chunks={"x": CHUNK, "y": CHUNK})
        median = cube.where(cube != 0).astype("float32").chunk({"time": -1}).median("time").compute()
    total = sum(float(numpy.nansum(median[name].values, dtype=numpy.float64)) for name in BANDS)
    print(json.dumps({"seconds": round(time.perf_counter() - started, 3), "sum": total,
                      "version": f"odc-stac {odc.stac.__version__}, dask {dask.__version__}, GDAL {rasterio.__gdal_version__}"}))


main()
