"""What the Python client sees of a server, as one JSON document.

    PYTHON earthengine_values.py URL PROJECT COLLECTION INDEX W,S,E,N BAND SCALE
"""
import io
import json
import sys
import urllib.error
import urllib.request
import zipfile

import ee

url, project, collection, index, box, band, scale = sys.argv[1:8]
ee.Initialize(None, url=url, project=project)
area = ee.Geometry.Rectangle([float(x) for x in box.split(",")])
scale = float(scale)
image = ee.Image(f"{collection}/{index}")


def fetch(address):
    with urllib.request.urlopen(address) as answer:
        return answer.headers["Content-Type"], answer.read()


def refused(do):
    try:
        do()
    except ee.EEException as told:
        return str(told)
    return None


out = {}
out["constant"] = ee.List([1, "a"]).getInfo()
chosen = ee.ImageCollection(collection).filterBounds(area).filter(ee.Filter.lt("CLOUDY_PIXEL_PERCENTAGE", 85))
out["ids"] = chosen.map(lambda i: i.unmask(-1)).aggregate_array("system:index").getInfo()
out["bands"] = image.bandNames().getInfo()
out["info"] = image.select(band).getInfo()
picture = image.clip(area).visualize(bands=["B8", "B4", "B3"], min=0, max=5000, gamma=[1.35, 1.35, 1.35])
out["picture"] = picture.getInfo()
kind, tiff = fetch(picture.getDownloadURL({"scale": scale, "region": area, "format": "GEO_TIFF"}))
out["tiff"] = [kind, tiff[:4].hex(), len(tiff)]
kind, packed = fetch(image.getDownloadURL({"bands": [band, "B4"], "scale": scale, "region": area}))
out["zip"] = [kind, zipfile.ZipFile(io.BytesIO(packed)).namelist(), zipfile.ZipFile(io.BytesIO(packed)).testzip()]
kind, thumb = fetch(picture.getThumbURL({"dimensions": 64, "region": area, "format": "png"}))
out["thumb"] = [kind, thumb[:8].hex()]
grid = out["info"]["bands"][0]["crs_transform"]
pixels = ee.data.computePixels({
    "expression": image.select(band), "fileFormat": "NUMPY_NDARRAY",
    "grid": {"dimensions": {"width": 5, "height": 3}, "crsCode": out["info"]["bands"][0]["crs"],
             "affineTransform": {"scaleX": grid[0], "shearX": 0, "translateX": grid[2] + 10 * grid[0],
                                 "shearY": 0, "scaleY": grid[4], "translateY": grid[5] + 20 * grid[4]}}})
out["pixels"] = pixels[band].tolist()
out["mean"] = image.select(band).reduceRegion(ee.Reducer.mean(), area, scale).getInfo()
out["listed"] = [a["id"] for a in ee.data.listAssets({"parent": collection, "filter": "properties.CLOUDY_PIXEL_PERCENTAGE<20"})["assets"]]
out["asset"] = ee.data.getAsset(collection)["type"]
out["missing"] = refused(lambda: ee.Image(f"{collection}/nothing").getInfo())
out["table"] = fetch(ee.FeatureCollection([ee.Feature(ee.Geometry.Point([1, 2]), {"a": 1})]).getDownloadURL("CSV"))[1].decode()
tiles = image.getMapId({"bands": ["B8", "B4", "B3"], "min": 0, "max": 5000})["tile_fetcher"].url_format
out["tiles"] = tiles
print(json.dumps(out))
