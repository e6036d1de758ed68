"""Datapoints that the real service sent, ingested and asked for again: byte for byte the same. Run by the interpreter of a
client, whose generated messages are the oracle:  python tilebox_recorded.py URL query_collections.json"""
import json
import sys

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from tilebox.datasets import Client
from tilebox.datasets.datasets.v1.data_access_pb2 import QueryFilters, QueryRequest
from tilebox.datasets.datasets.v1.data_ingestion_pb2 import IngestRequest
from tilebox.datasets.datasets.v1.dataset_type_pb2 import DatasetType, Field
from tilebox.datasets.datasets.v1.datasets_pb2 import CreateDatasetRequest
from tilebox.datasets.query.time_interval import TimeInterval

recorded = json.load(open(sys.argv[2]))
dataset = next(r["response"] for r in recorded if r["rpc"].endswith("GetDataset"))
query = next(r for r in recorded if r["rpc"].endswith("/Query") and not r["request_facts"]["skip_data"])
values = [bytes.fromhex(v) for v in query["values_hex"] if set(v) <= set("0123456789abcdef")]  # the first and the last
file = FileDescriptorProto.FromString(bytes.fromhex(dataset["type"]["descriptor_set"][0]["serialized_hex"]))
fields = [Field(descriptor=FieldDescriptorProto(name=f.name, type=f.type, type_name=f.type_name or None, label=f.label))
          for f in file.message_type[0].field]

client = Client(url=sys.argv[1], token="anything")
service = client._client._service  # its generated stubs
created = service._dataset_service.CreateDataset(CreateDatasetRequest(
    name="Sentinel-2", code_name="sentinel2_msi", type=DatasetType(kind=2, fields=fields)))
assert [f.name for f in created.type.descriptor_set.file[0].message_type[0].field] == [f.name for f in file.message_type[0].field]
assert [f.number for f in created.type.descriptor_set.file[0].message_type[0].field] == list(range(1, len(fields) + 1))
assert [f.type_name for f in created.type.descriptor_set.file[0].message_type[0].field] == [f.type_name for f in file.message_type[0].field]
collection = client.dataset("sentinel2_msi").create_collection("S2B_S2MSI1C")
answer = service._data_ingestion_service.Ingest(IngestRequest(
    collection_id={"uuid": collection._collection.id.bytes},
    values=list(reversed(values))))
assert answer.num_created == len(values)
page = service._data_access_service.Query(QueryRequest(
    dataset_id=created.id, filters=QueryFilters(time_interval=TimeInterval.parse(("2025-01-01", "2025-01-02")).to_message())))
got = list(page.data.value)
assert got == sorted(got, key=lambda v: values.index(v)) and len(got) == len(values) > 4, (len(got), len(values))
assert got == values
print(f"ok {len(values)} recorded datapoints, {sum(map(len, values))} bytes, come back as they were")
