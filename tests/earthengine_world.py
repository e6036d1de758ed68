"""Three small scenes of Sentinel-2 for graphs of Earth Engine's clients: made by GDAL, read back by it, so that numpy knows what there is.

All lie on one grid of 10 m, 64 x 64 pixels, the second 20 pixels farther east; SCL has 20 m. Samples of 0 are masked, SCL has none.
"""
import json
from datetime import datetime, timezone

import numpy as np
from osgeo import gdal, osr
from pyproj import Transformer

gdal.UseExceptions()
CRS, WEST, NORTH, SIZE = "EPSG:32631", 448000, 5412000, 64
INDEX = ["20240101T105441_20240101T105435_T31UDQ", "20240111T105441_20240111T105435_T31UDQ", "20240121T105441_20240121T105435_T31UDQ"]
CLOUD = [5, 95, 30.5]
EAST = [0, 20, 0]  # pixels
MILLIS = [int(datetime(2024, 1, day, 10, 54, 41, tzinfo=timezone.utc).timestamp() * 1000) for day in (1, 11, 21)]
BANDS = {"B2": ("B02", 10), "B3": ("B03", 10), "B4": ("B04", 10), "B8": ("B08", 10), "SCL": ("SCL", 20)}
to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
to_metres = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform


def footprint(n):
    """In degrees, a little more than the scene."""
    west, east = WEST + 10 * EAST[n] - 1, WEST + 10 * (EAST[n] + SIZE) + 1
    south, north = NORTH - 10 * SIZE - 1, NORTH + 1
    return [to_degrees(x, y) for x, y in ((west, south), (east, south), (east, north), (west, north), (west, south))]


def write(path, array, west, metres, nodata):
    system = osr.SpatialReference()
    system.ImportFromEPSG(int(CRS[5:]))
    size = array.shape[0]
    file = gdal.GetDriverByName("GTiff").Create(str(path), size, size, 1, gdal.GDT_Byte if array.dtype == np.uint8 else gdal.GDT_UInt16,
                                                ["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32", "COMPRESS=DEFLATE"])
    file.SetGeoTransform((west, metres, 0, NORTH, 0, -metres))
    file.SetProjection(system.ExportToWkt())
    if nodata is not None:
        file.GetRasterBand(1).SetNoDataValue(nodata)
    file.GetRasterBand(1).WriteArray(array)
    file.FlushCache()


def make(folder):
    """The files and their items."""
    random = np.random.default_rng(8)
    for n, index in enumerate(INDEX):
        (folder / index).mkdir(parents=True)
        for key, metres in BANDS.values():
            size = SIZE * 10 // metres
            array = random.integers(1, 12, (size, size), np.uint8) if key == "SCL" else random.integers(1, 6000, (size, size), np.uint16)
            if key != "SCL":
                array[random.random((size, size)) < 0.2] = 0
            write(folder / index / f"{key}.tif", array, WEST + 10 * EAST[n], metres, None if key == "SCL" else 0)
        ring = footprint(n)
        item = {"type": "Feature", "stac_version": "1.0.0", "id": index, "collection": "sentinel-2-l2a", "links": [],
                "properties": {"datetime": f"2024-01-{1 + 10 * n:02}T10:54:41Z", "eo:cloud_cover": CLOUD[n], "grid:code": "MGRS-31UDQ"},
                "bbox": [*np.min(ring, 0), *np.max(ring, 0)], "geometry": {"type": "Polygon", "coordinates": [ring]},
                "assets": {key: {"href": f"{key}.tif", "type": "image/tiff; application=geotiff", "roles": ["data"]}
                           for key, _ in BANDS.values()}}
        (folder / index / f"{index}.json").write_text(json.dumps(item))


class World:
    """What is there, as arrays on the grid of 10 m; scene `n` also by w[n]["B4"]."""

    def __init__(self, folder):
        self.own = [{name: self.read(folder / index / f"{key}.tif") for name, (key, _) in BANDS.items()} for index in INDEX]
        self.properties = [{"system:index": i, "system:time_start": t, "CLOUDY_PIXEL_PERCENTAGE": c, "MGRS_TILE": "31UDQ"}
                           for i, t, c in zip(INDEX, MILLIS, CLOUD)]
        rows, cols = np.mgrid[0:SIZE, 0:SIZE] + 0.5
        self.x, self.y = WEST + 10 * cols, NORTH - 10 * rows  # centres
        self.lon, self.lat = to_degrees(self.x, self.y)

    @staticmethod
    def read(path):
        file = gdal.Open(str(path))  # bands do not outlive it
        band = file.GetRasterBand(1)
        return np.ma.array(band.ReadAsArray(), mask=band.GetMaskBand().ReadAsArray() == 0)

    def __getitem__(self, n):
        return {name: self.on_grid(n, name) for name in BANDS}

    def on_grid(self, n, name):
        own = self.own[n][name]
        if own.shape[0] < SIZE:
            own = np.repeat(np.repeat(own, 2, 0), 2, 1)
        out = np.ma.masked_all((SIZE, SIZE), own.dtype)
        out[:, EAST[n]:] = own[:, :SIZE - EAST[n]]
        return out

    def stack(self, name):
        """All scenes as doubles."""
        return np.ma.stack([self.on_grid(n, name).astype(float) for n in range(3)])

    def those(self, keep):
        return [p["system:index"] for p in self.properties if keep(p)]
