"""What xee makes of the collection: PYTHON earthengine_xee.py URL"""
import json
import sys

import ee
import xarray as xr
import xee  # noqa: F401  (registers the engine)

ee.Initialize(None, url=sys.argv[1], project="p")
images = ee.ImageCollection("COPERNICUS/S2_SR").filterDate("2024-01-01", "2024-01-20").select(["B8", "B4"])
data = xr.open_dataset(images, engine="ee", crs="EPSG:32617", crs_transform=(10.0, 0, 337030, 0, -10.0, 933250),
                       shape_2d=(64, 48))
first = data["B8"].isel(time=0).transpose("y", "x").values
print(json.dumps({"dims": dict(data.sizes), "first": first.tolist()}))
