"""The messages of the datasets services, as the Python client has them, for clients in other languages:  OUT"""
import sys

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from tilebox.datasets.datasets.v1 import data_access_pb2, datasets_pb2

out, seen = FileDescriptorSet(), set()


def add(file):
    for dependency in file.dependencies:
        add(dependency)
    if file.name not in seen:
        seen.add(file.name)
        file.CopyToProto(out.file.add())


for module in (data_access_pb2, datasets_pb2):
    add(module.DESCRIPTOR)
with open(sys.argv[1], "wb") as written:
    written.write(out.SerializeToString())
