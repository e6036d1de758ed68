"""Rasters of a few kilobytes and the items that name them."""
import numpy
from osgeo import gdal, osr

gdal.UseExceptions()

WEST, SOUTH, EAST, NORTH = -82.48, 8.35, -82.39, 8.44
BBOX = f"--bbox={WEST},{SOUTH},{EAST},{NORTH}"


def write_raster(path, bands=1, pixels=64, noise=False):
    """12.8 km around the area of BBOX in EPSG:32617: a ramp, or noise that no codec makes smaller."""
    system = osr.SpatialReference()
    system.ImportFromEPSG(32617)
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), pixels, pixels, bands, gdal.GDT_UInt16,
                                                   ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS=DEFLATE"])
    dataset.SetGeoTransform((335600, 12800 / pixels, 0, 934400, 0, -12800 / pixels))
    dataset.SetProjection(system.ExportToWkt())
    values = numpy.arange(pixels * pixels, dtype=numpy.uint32) % 65521
    if noise:
        values = numpy.random.default_rng(1).integers(0, 65535, pixels * pixels)
    for band in range(1, bands + 1):
        dataset.GetRasterBand(band).WriteArray((values * band % 65536).astype(numpy.uint16).reshape(pixels, pixels))
    dataset.FlushCache()


def item(name="one", **assets):
    return {"type": "Feature", "stac_version": "1.0.0", "id": name,
            "properties": {"datetime": "2024-01-01T15:59:00Z", "eo:cloud_cover": 5},
            "bbox": [-82.6, 8.2, -82.3, 8.6], "links": [],
            "geometry": {"type": "Polygon", "coordinates": [[[-82.6, 8.2], [-82.3, 8.2], [-82.3, 8.6], [-82.6, 8.6],
                                                             [-82.6, 8.2]]]},
            "assets": {key: {"href": href, "type": "image/tiff; application=geotiff", "roles": ["data"]}
                       for key, href in assets.items()}}


def pixels(path):
    """What two files that were made of the same pixels share, whatever their receipts say."""
    dataset = gdal.Open(str(path))
    return dataset.GetGeoTransform(), dataset.GetProjection(), dataset.ReadAsArray().tobytes()
