"""Datapoints that the real service sent in 2024 (TileboxService, geometries as Geobuf), as a client of 2024 sees them after
the program has ingested them. Run by that client's interpreter; the same file, imported, makes what is ingested.

    python tilebox_recorded_2024.py URL legacy_2024_load_ers2.json"""
import csv
import json
import sys

ENUMS = {"processing_level": ["L0", "L1"], "flight_direction": ["ASCENDING", "DESCENDING"],
         "storage_provider": ["ASF"], "polarization": ["VV"]}
PREFIXES = {"storage_provider": "OPENDATA_PROVIDER_"}
KINDS = {"granule_name": "string", "orbit": "int64", "path": "int64", "frame": "int64", "stop_time": "timestamp",
         "processing_time": "timestamp", "file_size": "int64", "md5sum": "string", "quicklook_available": "bool",
         "insar_stack_id": "int64", "insar_baseline": "float64"}


def recorded(path):
    answers = json.load(open(path))
    return next(a for a in answers if a["rpc"].endswith("/GetDatasetForInterval")
                and a["request_facts"] == {"skip_data": False, "skip_meta": False})["datapoints"]


def ring(geobuf):
    """Differences of whole numbers; the last point is the first."""
    assert geobuf["geometry"]["type"] == "TYPE_POLYGON"
    coords, scale, x, y, points = geobuf["geometry"]["coords"], 10 ** geobuf["precision"], 0, 0, []
    for dx, dy in zip(coords[::2], coords[1::2]):
        x, y = x + dx, y + dy
        points.append((x / scale, y / scale))
    return [*points, points[0]]


def name_of(field, value):
    return value.removeprefix(PREFIXES.get(field, f"{field.upper()}_"))


def write_rows(path, folder):
    """A CSV file and a schema of what was recorded."""
    points = recorded(path)
    fields = [{"name": "time", "type": "timestamp", "role": "time"}, {"name": "id", "type": "uuid", "role": "id"},
              {"name": "ingestion_time", "type": "timestamp", "role": "ingestion_time"},
              {"name": "geometry", "type": "geometry", "role": "geometry"},
              {"name": "center", "type": "vector", "width": 2, "unit": "lat_lon"}]
    fields += [{"name": name, "type": kind} for name, kind in KINDS.items()]
    fields += [{"name": name, "type": "enum", "values": {"UNSPECIFIED": 0, **{v: i for i, v in enumerate(values, 1)}}}
               for name, values in ENUMS.items()]
    (folder / "ers.json").write_text(json.dumps({"fields": fields}))
    with open(folder / "ers.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, [f["name"] for f in fields if f.get("role") not in ("id", "ingestion_time")])
        writer.writeheader()
        for point in points:
            row, data, meta = {}, point["data"], point["meta"]
            for name in KINDS:
                value = data.get(name, "")
                row[name] = json.dumps(value) if isinstance(value, bool) else value
            for name in ENUMS:
                row[name] = name_of(name, data[name])
            text = ", ".join(f"{x} {y}" for x, y in ring(data["geometry"]))
            row |= {"time": meta["event_time"], "geometry": f"POLYGON (({text}))", "center": json.dumps([data["center"]["latitude"], data["center"]["longitude"]])}
            writer.writerow(row)


def main(url, path):
    import numpy as np
    import pandas as pd
    from tilebox.datasets import Client
    points = recorded(path)
    data = Client(url=url, token="anything").dataset("ers").collections()["ERS-2"].load(("2000-01-01", "2001-01-01"))
    assert data.sizes["time"] == len(points) == 298
    assert list(data.id.values) == sorted(set(data.id.values)), "ids in order"
    for i, point in enumerate(points):
        meta, values = point["meta"], point["data"]
        assert str(data.id.values[i])[:13] == meta["id"][:13], "ids begin with their time"
        for name, wanted in (("time", meta["event_time"]), ("stop_time", values["stop_time"]), ("processing_time", values["processing_time"])):
            assert data[name].values[i].astype("datetime64[ns]") == pd.Timestamp(wanted).tz_localize(None).to_datetime64(), (i, name)
        for name in KINDS:
            if KINDS[name] != "timestamp":
                assert data[name].values[i] == values.get(name, 0), (i, name)  # proto3: what is missing is 0
        for name in ENUMS:
            assert str(data[name].values[i]) == name_of(name, values[name]), (i, name, data[name].values[i])
        assert np.array_equal(data.center.values[i], [values["center"]["latitude"], values["center"]["longitude"]])
        got, wanted = np.array(data.geometry.values[i].exterior.coords), np.array(ring(values["geometry"]))
        assert np.abs(got - wanted).max() < 1e-6, (i, got, wanted)
    print(f"ok {len(points)} datapoints recorded in 2024 are the arrays of a client of 2024")


if __name__ == "__main__":
    main(*sys.argv[1:3])
