"""The tutorial's image on the real scenes: clip, unmask -1, visualize B8 B4 B3 from 0 to 5000 with gamma 1.35, clip,
outline blue of width 2, pixels of 2 m, a box of 0.09 degrees. Every pixel against numpy."""
import json

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

gdal.UseExceptions()
WEST, SOUTH, EAST, NORTH = 15.5, 45.4, 15.59, 45.49
DATES = ["S2B_33TWL_20230810_0_L2A", "S2B_33TWL_20230813_0_L2A", "S2A_33TWL_20230815_0_L2A", "S2A_33TWL_20230818_0_L2A",
         "S2B_33TWL_20230820_0_L2A"]
RING = [[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH], [WEST, SOUTH]]


def system(code):
    out = osr.SpatialReference()
    out.ImportFromEPSG(code)
    out.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return out


def outline():
    """The box's edges in UTM, so dense that it is nowhere a centimetre off."""
    line = ogr.CreateGeometryFromJson(json.dumps({"type": "LineString", "coordinates": RING}))
    line.Segmentize(3e-3)
    line.Transform(osr.CoordinateTransformation(system(4326), system(32633)))
    return np.array(line.GetPoints())[:, :2]


def distance_and_side(x, y, ring):
    """Of places to the ring, in metres; inside is True. Only what lies within 20 m of an edge is told exactly."""
    inside = np.zeros(x.shape, bool)
    least = np.full(x.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(ring[:-1], ring[1:]):
        crosses = (y0 <= y) != (y1 <= y)
        with np.errstate(all="ignore"):
            inside ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
        dx, dy = x1 - x0, y1 - y0
        t = (((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)).clip(0, 1)
        least = np.minimum(least, np.hypot(x - x0 - t * dx, y - y0 - t * dy))
    return least, inside


def expected(scene, transform, shape):
    """Red, green, blue and alpha without the outline."""
    rows, cols = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    x, y = transform[0] + cols * transform[1], transform[3] + rows * transform[5]
    out = []
    for name in ("B08", "B04", "B03"):
        data = gdal.Open(str(scene / f"{name}.tif"))
        x0, col_x, _, y0, _, row_y = data.GetGeoTransform()
        band = data.GetRasterBand(1)
        v = band.ReadAsArray().astype(float)
        v[band.GetMaskBand().ReadAsArray() == 0] = -1
        at = v[np.floor((y - y0) / row_y).astype(int)][:, np.floor((x - x0) / col_x).astype(int)]
        out.append(np.floor(255 * np.clip(at / 5000, 0, 1) ** (1 / 1.35) + 0.5).astype(np.uint8))
    return np.array(out)


def pieces(mask):
    """How many pieces of neighbours, corners included."""
    left, count = {tuple(p) for p in np.argwhere(mask)}, 0
    while left:
        count += 1
        todo = [left.pop()]
        while todo:
            r, c = todo.pop()
            for near in [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
                if near in left:
                    left.remove(near)
                    todo.append(near)
    return count


@pytest.mark.parametrize("date", [pytest.param(d, marks=[] if d == DATES[3] else pytest.mark.slow) for d in DATES])
def test_every_pixel_is_as_the_tutorial_says(run, shared, tmp_path, date):
    scene = shared / "data/imagery/sentinel2-l2a-33TWL-5dates" / date
    area = json.dumps({"type": "Polygon", "coordinates": [RING]})
    run("get", scene, "--intersects", area, "--bands", "B08,B04,B03", "--unmask=-1", "--visualize",
        "min=0,max=5000,gamma=1.35", "--outline", "blue,2", "--scale", "2", "-o", tmp_path, timeout_s=300)
    data = gdal.Open(str(tmp_path / f"{date}.tif"))
    got, transform = data.ReadAsArray(), data.GetGeoTransform()
    assert data.RasterCount == 4 and transform[1] == 2 and transform[5] == -2 and data.RasterXSize > 3500
    picture = expected(scene, transform, got.shape[1:])
    blue, ring = (got[0] == 0) & (got[1] == 0) & (got[2] == 255), outline()
    x = transform[0] + (np.arange(got.shape[2]) + 0.5) * 2
    y = transform[3] - (np.arange(got.shape[1]) + 0.5) * 2
    # far inside, of which there is most, all is the picture
    x_in, y_in = slice(60, -60), slice(60, -60)
    assert np.array_equal(got[:3, y_in, x_in], picture[:, y_in, x_in]) and (got[3, y_in, x_in] == 255).all()
    for part in ((slice(0, 60), slice(None)), (slice(-60, None), slice(None)), (slice(None), slice(0, 60)),
                 (slice(None), slice(-60, None))):
        far, inside = distance_and_side(*np.meshgrid(x[part[1]], y[part[0]]), ring)
        line, clear = far < 1.95, far > 2.05  # half of two pixels is two metres
        cut, alpha = got[(slice(0, 3), *part)], got[(3, *part)]
        assert blue[part][line].all() and not (blue[part] & clear & inside & (picture[(2, *part)] < 255)).any()
        assert np.array_equal(cut[:, clear & inside], picture[(slice(None), *part)][:, clear & inside])
        assert (alpha[line | (clear & inside)] == 255).all() and (alpha[clear & ~inside] == 0).all()
    assert pieces(blue) == 1
