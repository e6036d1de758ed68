"""The Python package's images to arrays: client.read, at once and lazily."""
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from conftest import SLOW
from python_images import BOX, REAL, client, real, scenes  # noqa: F401
from python_rows import FOLDER
from small_scenes import item, write_raster

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")


def test_an_array_has_the_files_pixels_and_coordinates(client, real, tmp_path):
    from osgeo import gdal

    options = {"bands": "B8,B4", "bbox": REAL}
    data = client.read(real, **options)
    files = client.get(real, out=tmp_path, **options)
    by_id = {file.id: gdal.Open(str(file.path)) for file in files}
    assert list(data.data_vars) == ["B8", "B4"] and data.B8.dims == ("time", "y", "x") and data.B8.dtype == "uint16"
    assert (np.diff(data.time.values.astype("int64")) > 0).all() and (np.diff(data.y) < 0).all()
    for at, name in enumerate(data.id.values):
        pixels = by_id[name].ReadAsArray()
        assert (data.B8.values[at] == pixels[0]).all() and (data.B4.values[at] == pixels[1]).all()
    corner, step, _, top, _, down = by_id[name].GetGeoTransform()
    assert data.x.values[0] == corner + step / 2 and data.y.values[0] == top + down / 2
    assert list(map(float, data.spatial_ref.attrs["GeoTransform"].split())) == [corner, step, 0, top, 0, down]
    assert "UTM zone 33N" in data.spatial_ref.attrs["crs_wkt"]
    assert data.B8.attrs["grid_mapping"] == "spatial_ref" and data.B8.attrs["nodata"] == 0 == data.B8.attrs["_FillValue"]
    data.to_netcdf(tmp_path / "data.nc")


def test_computed_bands_are_nan_where_they_are_masked(client, real):
    area = {"type": "Polygon", "coordinates": [[[15.1, 45.3], [15.4, 45.3], [15.25, 45.5], [15.1, 45.3]]]}
    data = client.read(real, expression="ndvi=(B8-B4)/(B8+B4)", intersects=area, limit=1)
    assert data.ndvi.dtype == "float32" and np.isnan(data.ndvi.values).any() and not np.isnan(data.ndvi.values).all()
    assert client.read(real, bands="B4", intersects=area, limit=1).B4.values[0, 0, 0] == 0


def test_a_composite_is_one_image(client, real):
    data = client.read(real, bands="B8,B4", bbox=REAL, composite="median")
    assert data.sizes["time"] == 1 and data.B8.dtype == "float64" or data.B8.dtype.kind in "fu"


def test_images_of_different_extents_are_brought_onto_one_grid(client, tmp_path):
    from osgeo import gdal

    hrefs = []
    for at, shift in enumerate((0, 400)):
        hrefs.append(str(tmp_path / f"{at}.tif"))
        write_raster(hrefs[-1], pixels=64)
        data = gdal.Open(hrefs[-1], gdal.GA_Update)
        data.SetGeoTransform((335600 + shift, 200, 0, 934400 - 2 * shift, 0, -200))
        data = None
    items = [item(f"n{at}", B4=href) for at, href in enumerate(hrefs)]
    data = client.read(items, bands="B4")
    assert (data.sizes["y"], data.sizes["x"]) == (68, 66)
    one, two = data.B4.values
    assert (one[:64, :64] == two[4:, 2:]).all() and (one[64:] == 0).all() and (two[:, :2] == 0).all()
    with pytest.raises(ValueError, match="crs: the images have no grid in common \\(their pixels lie between"):
        data = gdal.Open(hrefs[1], gdal.GA_Update)
        data.SetGeoTransform((335650, 200, 0, 934400, 0, -200))
        data = None
        client.read(items, bands="B4")


def test_lazy_chunks_read_the_same_pixels(client, real):
    dask = pytest.importorskip("dask.array")
    for options in ({"bands": "B8,B4", "bbox": REAL}, {"expression": "ndvi=(B8-B4)/(B8+B4)", "bbox": REAL},
                    {"bands": "B4", "bbox": REAL, "crs": 3857, "res": 300},
                    *({"bands": "B4", "bbox": REAL, "crs": 3857, "res": res, "resampling": kernel, "limit": 3}
                      for kernel in ("bilinear", "cubic", "average", "lanczos", "mode") for res in (90, 500)),
                    {"bands": "B8,B4", "bbox": REAL, "resampling": "bilinear", "scale": 330, "limit": 3}):
        eager = client.read(real, **options)
        lazy = client.read(real, chunks={"time": 2, "x": 70, "y": 100}, **options)
        name = next(iter(lazy.data_vars))
        assert isinstance(lazy[name].data, dask.Array) and lazy[name].chunks[0] in ((2, 2, 1), (2, 1))
        assert lazy.compute().identical(eager), options


def test_dask_is_not_needed_without_chunks(scenes, tmp_path):
    code = ("import sys, json, datatake\n"  # where they are installed xarray itself may import them
            "sys.modules['dask'] = sys.modules['rasterio'] = None\n"
            "data = datatake.Client(sys.argv[1] + '/c.db').read(json.loads(sys.argv[2]), bands='B4')\n"
            "assert data.sizes['time'] == 3\n")
    subprocess.run([sys.executable, "-c", code, str(tmp_path), json.dumps(scenes)], check=True, timeout=60 * SLOW,
                   env={**os.environ, "PYTHONPATH": str(FOLDER)})


def test_two_threads_read_at_once(client, scenes):
    wanted = client.read(scenes, bands="B4,B8", bbox=BOX)
    found = []
    threads = [threading.Thread(target=lambda: found.append(client.read(scenes, bands="B4,B8", bbox=BOX))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(data.identical(wanted) for data in found)
