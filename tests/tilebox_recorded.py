"""Datapoints that the real service sent, ingested and asked for again: byte for byte the same, and the same values in the
client's arrays. Run by the interpreter of a client:  python tilebox_recorded.py URL FOLDER-OF-RECORDED-ANSWERS"""
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from tilebox.datasets import Client
from tilebox.datasets.datasets.v1.data_access_pb2 import QueryByIDRequest, QueryFilters, QueryRequest
from tilebox.datasets.datasets.v1.data_ingestion_pb2 import IngestRequest
from tilebox.datasets.datasets.v1.dataset_type_pb2 import DatasetType, Field
from tilebox.datasets.datasets.v1.datasets_pb2 import CreateDatasetRequest
from tilebox.datasets.query.time_interval import TimeInterval
from tilebox_service import field, recorded_dataset

folder = Path(sys.argv[2])
recorded = json.loads((folder / "query_collections.json").read_text())
dataset = next(r["response"] for r in recorded if r["rpc"].endswith("GetDataset"))
points = json.loads((folder / "query_collections.full.datapoints.json").read_text())["datapoints"]
service_of_then = recorded_dataset(folder)
rows = service_of_then.collections["S2B_S2MSI1C"]
values, keys = ([row[which] for row in rows] for which in (2, 3))
for answer in recorded:  # the bytes made of the recorded values are those that were sent
    if answer["rpc"].endswith("/Query"):
        sent = keys if answer["request_facts"]["skip_data"] else values
        page = field(1, field(1, service_of_then.type_url) + b"".join(field(2, v) for v in sent))
        assert hashlib.sha256(page).hexdigest() == answer["raw_sha256"]

file = FileDescriptorProto.FromString(bytes.fromhex(dataset["type"]["descriptor_set"][0]["serialized_hex"]))
fields = [Field(descriptor=FieldDescriptorProto(name=f.name, type=f.type, type_name=f.type_name or None, label=f.label))
          for f in file.message_type[0].field]
client = Client(url=sys.argv[1], token="anything")
service = client._client._service  # its generated stubs
created = service._dataset_service.CreateDataset(CreateDatasetRequest(
    name="Sentinel-2", code_name="sentinel2_msi", type=DatasetType(kind=2, fields=fields)))
told = created.type.descriptor_set.file[0].message_type[0].field
assert [f.name for f in told] == [f.name for f in file.message_type[0].field]
assert [f.number for f in told] == list(range(1, len(fields) + 1))
assert [f.type_name for f in told] == [f.type_name for f in file.message_type[0].field]

collection = client.dataset("sentinel2_msi").create_collection("S2B_S2MSI1C")
answer = service._data_ingestion_service.Ingest(IngestRequest(
    collection_id={"uuid": collection._collection.id.bytes}, values=list(reversed(values))))
assert answer.num_created == len(values) == 437


def query(skip_data):
    got, page = [], None
    while page is None or page.next_page.starting_after.uuid:
        page = service._data_access_service.Query(QueryRequest(
            dataset_id=created.id, skip_data=skip_data, page=page.next_page if page else None,
            filters=QueryFilters(time_interval=TimeInterval.parse(("2025-01-01", "2025-01-02")).to_message())))
        got += page.data.value
    return got


assert query(False) == values, "the bytes of every datapoint, in the order of their ids"
assert query(True) == keys
one = service._data_access_service.QueryByID(QueryByIDRequest(dataset_id=created.id, id={"uuid": rows[100][1]}))
assert one.value == values[100]
print(f"ok {len(values)} recorded datapoints, {sum(map(len, values))} bytes, come back as they were")

# --- the arrays ---

data = collection.load(("2025-01-01", "2025-01-02"))
assert data.sizes["time"] == len(points)
zeros = missing = 0
for i, point in enumerate(points):
    for name in (f.name for f in file.message_type[0].field):
        got, wanted = data[name].values[i], point.get(name)
        if isinstance(wanted, dict):
            assert shapely.equals_exact(got, shapely.from_wkb(wanted["wkb_hex"])), (i, name)
        elif np.issubdtype(data[name].dtype, np.datetime64):
            assert got.astype("datetime64[ns]") == pd.Timestamp(wanted).tz_localize(None).to_datetime64(), (i, name)
        elif isinstance(wanted, float) and np.isnan(wanted) or (wanted is None and isinstance(got, (float, np.floating))):
            assert np.isnan(got), (i, name)
            missing += 1
        elif isinstance(wanted, str) and name in ("processing_level", "flight_direction", "acquisition_mode"):
            assert wanted == f"{name.upper()}_{got}", (i, name, got)
        elif wanted is not None:
            assert got == wanted, (i, name, got, wanted)
            zeros += wanted == 0
geometries = {name: {point[name]["wkb_hex"][8:10] for point in points} for name in ("geometry", "centroid")}
assert geometries == {"geometry": {"20"}, "centroid": {"00"}}, "EWKB with an SRID, and WKB"
assert zeros > 400, "zeros that are there"
print(f"ok {len(points)} datapoints of {len(fields)} fields are those arrays, {zeros} present zeros among them")
