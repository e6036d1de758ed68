"""geopandas on GeoParquet with a covering box: each question reads what of the file may hold an answer. With MEMORY=1 all of it
is read before the first question, with an index."""
import os

import geopandas
import pandas as pd
import pyarrow.parquet as pq
import shapely

import common


def fill(folder, path):
    rows = pd.read_csv(path, engine="pyarrow")
    boxes = shapely.box(*(rows.pop(c).to_numpy() for c in "wsen"))
    frame = geopandas.GeoDataFrame(rows, geometry=boxes, crs="OGC:CRS84")
    frame.to_parquet(f"{folder}/rows.parquet", write_covering_bbox=True, compression="zstd", row_group_size=65536)


def open_scan(folder):
    return lambda: pq.read_table(f"{folder}/rows.parquet", columns=common.FIELDS, use_threads=False)


def open_ask(folder):
    frame = None
    if os.environ.get("MEMORY"):
        frame = geopandas.read_parquet(f"{folder}/rows.parquet")
        frame.sindex

    def ask(box, interval):
        shape = shapely.box(*box)
        if frame is not None:
            found = frame.iloc[frame.sindex.query(shape, predicate="intersects")]
        else:
            more = {"filters": [("time", ">=", interval[0]), ("time", "<=", interval[1])]} if interval else {}
            found = geopandas.read_parquet(f"{folder}/rows.parquet", bbox=box, **more)
            found = found[found.intersects(shape)]
        if interval:
            found = found[found["time"].between(*interval)]
        found = found.iloc[:common.LIMIT]
        return len(found), found["row"].sum()
    return ask


common.main(fill, open_scan, open_ask, f"geopandas {geopandas.__version__}, GEOS {shapely.geos_version_string}")
