"""odc-stac: LIST POOL. One load an item in a pool of threads, onto the window's own grid; its warper is rasterio's."""
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import odc.stac
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

import common
from read_odc_stac import item


def load(numbered):
    number, (href, crs, x0, y0, res_x, res_y, width, height, kernel) = numbered
    box = GeoBox((int(height), int(width)), Affine(float(res_x), 0, float(x0), 0, float(res_y), float(y0)), crs)
    cube = odc.stac.load([item(number, [href])], geobox=box, dtype="uint16", nodata=0, resampling=kernel, groupby="id")
    return sum(int(cube[name].values.sum(dtype=numpy.uint64)) for name in cube.data_vars)


def read_all(tasks):
    odc.stac.configure_rio(cloud_defaults=True)
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        return sum(pool.map(load, enumerate(tasks)))


common.report(read_all, f"odc-stac {odc.stac.__version__}, GDAL {rasterio.__gdal_version__}", common.grids)
