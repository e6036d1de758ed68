"""OUT.csv SOURCE.csv.gz: the tiles with their boxes in degrees; OUT.csv ROWS.csv COPIES LON SECONDS: shifted copies of such."""
import sys

import numpy as np
import pandas as pd
import pyproj


def from_tiles(source):
    rows = pd.read_csv(source)
    to_degrees = pyproj.Transformer.from_crs("EPSG:2056", "OGC:CRS84", always_xy=True)
    corners = [to_degrees.transform(rows[x], rows[y]) for x in ("min_x", "max_x") for y in ("min_y", "max_y")]
    lons, lats = np.round([c[0] for c in corners], 6), np.round([c[1] for c in corners], 6)
    when = pd.to_datetime(rows["scene_id"], format="%Y-%m-%dt%H%M%S").astype("int64") // 10**9
    made = pd.DataFrame({"row": 0, "time": when, "w": lons.min(0), "s": lats.min(0), "e": lons.max(0), "n": lats.max(0),
                         "tile_row": rows["tile_row"], "tile_col": rows["tile_col"], "cloud_pct": rows["cloud_pct"],
                         "valid_pixel_pct": rows["valid_pixel_pct"]}).sort_values("time", kind="stable")
    return made.assign(row=np.arange(len(made)))


def main():
    out, source, *how = sys.argv[1:]
    if not how:
        from_tiles(source).to_csv(out, index=False)
        return
    copies, lon, seconds = map(int, how)
    rows = pd.read_csv(source)
    for i in range(copies):
        copy = rows.assign(row=rows["row"] + i * len(rows), time=rows["time"] + i * seconds, w=(rows["w"] + lon * i).round(6),
                           e=(rows["e"] + lon * i).round(6))
        copy.to_csv(out, index=False, header=i == 0, mode="w" if i == 0 else "a")


main()
