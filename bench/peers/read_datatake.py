"""Datatake's Python package: LIST PACKAGE. One read of all items, as read_odc_stac.py has them, by the package in that
folder; without a header cache."""
import os
import sys
from datetime import datetime, timedelta

sys.path.insert(0, sys.argv[2])

import dask.array  # noqa: E402, F401  (xarray does where it is installed, and odc-stac's clock starts after it, too)
import datatake  # noqa: E402
import numpy  # noqa: E402
import xarray  # noqa: E402

import common  # noqa: E402

BANDS = 4  # of an item
X0, Y0, STEP = 499980, 5200020, 10


def item(number, hrefs):
    day = datetime(2020, 1, 1) + timedelta(days=number)
    return {"type": "Feature", "stac_version": "1.0.0", "id": f"i{number}", "geometry": None, "links": [],
            "properties": {"datetime": day.isoformat() + "Z"},
            "assets": {f"B{band}": {"href": href, "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                                    "roles": ["data"]} for band, href in enumerate(hrefs)}}


def read_all(tasks):
    hrefs, (col, row, width, height) = [href for href, _ in tasks], tasks[0][1]
    items = [item(i, hrefs[i * BANDS:(i + 1) * BANDS]) for i in range(len(hrefs) // BANDS)]
    x, y = X0 + col * STEP, Y0 - row * STEP
    with datatake.Client(os.path.join(os.environ["HOME"], "catalog.db")) as client:
        cube = client.read(items, bands=[f"B{band}" for band in range(BANDS)], crs="EPSG:32633", size=(width, height),
                           extent=(x, y - height * STEP, x + width * STEP, y), cache=False)
    return sum(int(cube[name].values.sum(dtype=numpy.uint64)) for name in cube.data_vars)


if __name__ == "__main__":
    common.report(read_all, f"xarray {xarray.__version__}")
