"""The package from the build folder, and a catalogue with every type of field, for tests/test_python_*.py."""
import os
import subprocess
import sys
import uuid
from datetime import datetime, timedelta

import pytest
from conftest import ROOT, SLOW

FOLDER = ROOT / os.environ.get("DATATAKE_PYTHON", "build/release/python")
sys.path.insert(0, str(FOLDER))

SLUG = "open_data.test.every_type"
YEAR = ("2024-01-01", "2025-01-01")
FIELDS = [
    {"name": "label", "type": str, "description": "a word", "example_value": "x"}, {"name": "number", "type": int},
    ("ratio", float), ("flag", bool), ("seen", datetime), ("span", timedelta), ("uid", uuid.UUID), ("raw", bytes),
    ("words", list[str]), ("numbers", list[int]), {"name": "level", "type": "enum", "values": {"L0": 0, "L1": 10}},
    {"name": "velocity", "type": "vector", "width": 3}, {"name": "position", "type": "vector", "width": 2},
]
UID = uuid.UUID("2f1e4fc0-81fd-4ee1-9a4b-1cb3e1a5a7b7")


def frame():
    """Five datapoints of January 2024; of every field a value is missing."""
    import pandas as pd
    import shapely

    none = None
    return pd.DataFrame({
        "time": pd.to_datetime([f"2024-01-0{day}T12:00:00.000000123" for day in range(1, 6)]),
        "geometry": [shapely.box(i, i, i + 2, i + 1) for i in range(4)] + [none],
        "label": ["a", none, "ä", "", "a" * 100], "number": pd.array([1, 0, none, -4, 2**60], dtype="Int64"),
        "ratio": [0.0, float("nan"), 1.5, -2.0, 3.0], "flag": [True, False, none, True, True],
        "seen": [none, datetime(2020, 1, 1, 6), datetime(1969, 12, 31), none, none],
        "span": [timedelta(seconds=2), none, timedelta(days=-1), timedelta(0), none],
        "uid": [UID, none, str(UID), UID, none], "raw": [b"\0\1", none, b"", b"x", b"y"],
        "words": [["x", "y"], [], none, ["z"], ["p", "q", "r"]], "numbers": [[1], [2, 3], [4, 5, 6], none, []],
        "level": ["L0", "L1", none, 10, 0], "velocity": [[1.0, 2.0, 3.0], none, [0.0, 0.0, 0.0], [4.0, 5.0, 6.0], none],
        "position": [[1.0, 2.0], none, [3.0, 4.0], none, none]})


def make(path):
    """A client of a new catalogue, and its collection `first` with five datapoints; `second` is empty."""
    import datatake

    client = datatake.Client(str(path))
    dataset = client.create_dataset(SLUG, FIELDS, description="All types.\n\nMore words.")
    first = dataset.create_collection("first")
    first.ingest(frame())
    dataset.create_collection("second")
    return client, first


@pytest.fixture
def path(tmp_path):
    client, _ = make(tmp_path / "catalog.db")
    client.close()
    return str(tmp_path / "catalog.db")


@pytest.fixture
def first(path):
    import datatake

    with datatake.Client(path) as client:
        yield client.dataset(SLUG).collection("first")


def python(code, *arguments, **kwargs):
    """A program of its own."""
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60 * SLOW, env={**os.environ, "PYTHONPATH": str(FOLDER)}, **kwargs)
