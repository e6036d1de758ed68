"""What keys allow an unmodified client:  URL READER WRITER"""
import sys

import pandas as pd
from _tilebox.grpc.error import AuthenticationError
from tilebox.datasets import Client

url, reader, writer = sys.argv[1:4]


def refused(act):
    try:
        act()
    except AuthenticationError as error:
        return str(error)
    raise AssertionError("no AuthenticationError")


def plain(token, **more):
    return Client(url=url, token=token, **more).dataset("plain").collection("default")


for how in ({}, {"transport": "http1"}):
    assert plain(reader, **how).query(temporal_extent=("2024-01-01", "2024-01-02")).sizes["time"] == 1
    print(refused(lambda: plain("dtk_wrong", **how)))
    frame = pd.DataFrame({"time": pd.to_datetime(["2024-02-01"]), "n": [1]})
    print(refused(lambda: plain(reader, **how).ingest(frame)))
    assert len(plain(writer, **how).ingest(frame)) == 1
    print(refused(lambda: Client(url=url, token=writer, **how).dataset("plain").delete_collection("default")))
