"""Unmodified tilebox-datasets clients from PyPI against `datatake serve --catalog`: what they see, value by value.

The releases are installed into environments of their own below build/tilebox; what pip cannot install is listed with its
reason, and fewer than three are a failure. The newest release and one of 2024 are tried in the fixed set, the others in the
long one.
"""
import csv
import json
import random
import shutil
import subprocess
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import ROOT, SLOW
from tilebox_releases import RELEASES, environment
from tilebox_recorded_2024 import write_rows

FEW = ["0.66.0", "0.28.0"]
SENTINEL = "open_data.copernicus.sentinel1_sar"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


# --- a catalogue whose content is known ---


SCHEMA = {"fields": [
    {"name": "time", "type": "timestamp", "role": "time"},
    {"name": "id", "type": "uuid", "role": "id"},
    {"name": "ingestion_time", "type": "timestamp", "role": "ingestion_time"},
    {"name": "geometry", "type": "geometry", "role": "geometry"},
    {"name": "granule_name", "type": "string", "role": "name"},
    {"name": "processing_level", "type": "enum", "values": {"UNSPECIFIED": 0, "L0": 12, "L1": 10}},
    {"name": "orbit_number", "type": "int64"},
    {"name": "cloud_cover", "type": "float64"},
    {"name": "online", "type": "bool"},
    {"name": "stop_time", "type": "timestamp"},
    {"name": "exposure", "type": "duration"},
    {"name": "copernicus_id", "type": "uuid"},
    {"name": "velocity", "type": "vector", "width": 3},
    {"name": "polarizations", "type": "string", "repeated": True},
]}
# What clients fill that cannot make datasets (before 0.47).
MADE = {"fields": [
    {"name": "time", "type": "timestamp", "role": "time"}, {"name": "id", "type": "uuid", "role": "id"},
    {"name": "ingestion_time", "type": "timestamp", "role": "ingestion_time"},
    {"name": "geometry", "type": "geometry", "role": "geometry"}, {"name": "label", "type": "string"},
    {"name": "number", "type": "int64"}, {"name": "ratio", "type": "float64"}]}
COLLECTIONS = ["S1A_IW_RAW__0S", "S1A_EW_RAW__0S", "S1B_IW_RAW__0S", "S1B_EW_RAW__0S"]


def ns(time):
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def make_rows(count):
    """Zeros are values; every field but the name is missing now and then."""
    rng = random.Random(5)
    rows = []
    start = datetime(2022, 4, 20, tzinfo=timezone.utc)
    for i in range(count):
        time = start + timedelta(milliseconds=int(i * 100 * 86400e3 / count) + rng.randrange(1000))
        x, y = round(rng.uniform(-170, 169), 5), round(rng.uniform(-60, 59), 5)
        missing = lambda value: None if rng.random() < 0.1 else value
        rows.append({
            "collection": COLLECTIONS[i % 4], "time": ns(time),
            "geometry": f"POLYGON (({x} {y}, {x + 2} {y}, {x + 2} {y + 1}, {x} {y + 1}, {x} {y}))",
            "granule_name": f"S1_{i:06}", "processing_level": rng.choice(["UNSPECIFIED", "L0", "L1"]),
            "orbit_number": missing(rng.choice([0, 7, -5, 2**53 + 1])),
            "cloud_cover": missing(rng.choice([0.0, 12.5, 30.0, 99.99])), "online": missing(i % 2 == 0),
            "stop_time": missing(ns(time) + rng.randrange(10**9)), "exposure": missing(rng.choice([0, 1500000000, 25 * 10**8])),
            "copernicus_id": str(uuid.UUID(int=rng.getrandbits(128))),
            "velocity": missing([0.0, rng.uniform(-9, 9), 1e-3]),
            "polarizations": missing(rng.choice([["VV"], ["VV", "VH"], ["HH", "HV", "VV"]]))})
    return rows


def text_of(field, value):
    if value is None:
        return ""
    if field in ("time", "stop_time"):
        seconds, rest = divmod(value, 10**9)
        return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09}Z"
    if field == "exposure":
        return repr(value / 1e9)
    return json.dumps(value) if isinstance(value, (list, bool)) else str(value)


def write_csv(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([text_of(field, value) for field, value in row.items()])


def make_catalog(run, folder, rows):
    """The datasets of the documents, an alias, an empty collection, and two that clients cannot tell apart."""
    path = folder / "catalog.db"
    write_csv(folder / "rows.csv", rows)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "tiny.csv").write_text("time,n\n2024-01-01T00:00:00Z,1\n")
    source = ["--source", path]
    run("ingest", folder / "rows.csv", "-d", SENTINEL, "--schema", folder / "schema.json",
        "--collection-from", "collection", *source)
    (folder / "made.json").write_text(json.dumps(MADE))
    (folder / "made.csv").write_text("time,geometry,label,number,ratio\n2024-01-01T00:00:00Z,POINT (0 0),a,1,2.5\n")
    run("ingest", folder / "made.csv", "-d", "made_before", "--schema", folder / "made.json", *source)
    run("delete", "made_before/default", "--all", "-y", *source)
    for slug in ("broken.my_set", "broken.my-set", "plain"):
        run("ingest", folder / "tiny.csv", "-d", slug, *source)
    first = dict(rows[0], granule_name="gone", collection="empty")
    write_csv(folder / "gone.csv", [first])
    run("ingest", folder / "gone.csv", "-d", SENTINEL, "--schema", folder / "schema.json", "--collection-from", "collection", *source)
    run("delete", f"{SENTINEL}/empty", "--filter", "granule_name = 'gone'", "-y", *source)
    run("catalog", "alias", SENTINEL, "open_data.asf.sentinel1_sar", *source)
    return path


@pytest.fixture
def served(run, serve, tmp_path):
    """serve(rows): the server's address, the file of rows, and a key to all of it."""
    def call(count):
        catalog = make_catalog(run, tmp_path, make_rows(count))
        key = run("keys", "add", "client", "--rights", "admin", "--keys", tmp_path / "keys").out.strip()
        url = serve(tmp_path, "--catalog", catalog, "--keys", tmp_path / "keys").url.rstrip("/")
        return url, tmp_path / "rows.json", key
    return call


def run_client(python, release, url, rows, key, transport="grpc"):
    done = subprocess.run([python, Path(__file__).with_name("tilebox_client.py"), release, url, rows, key, transport],
                          capture_output=True, text=True, timeout=90 * SLOW, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, f"{release} over {transport}:\n{done.stdout}{done.stderr[-6000:]}"
    return done.stdout


def check_release(served, release):
    python, reason = environment(release)
    if python is None:
        pytest.skip(f"tilebox-datasets {release}: {reason}")
    url, rows, key = served(400)
    run_client(python, release, url, rows, key)
    if tuple(map(int, release.split("."))) >= (0, 54):
        run_client(python, release, url, rows, key, "http1")


@pytest.mark.parametrize("release", FEW)
def test_a_client_sees_what_is_in_the_catalogue(served, release):
    check_release(served, release)


def test_keys_allow_what_they_are_for(run, serve, tmp_path):
    python, reason = environment(FEW[0])
    if python is None:
        pytest.skip(f"tilebox-datasets {FEW[0]}: {reason}")
    (tmp_path / "tiny.csv").write_text("time,n\n2024-01-01T00:00:00Z,1\n")
    run("ingest", tmp_path / "tiny.csv", "-d", "plain", "--source", tmp_path / "catalog.db")
    keys = [run("keys", "add", right, "--rights", right, "--keys", tmp_path / "keys").out.strip() for right in ("read", "write")]
    url = serve(tmp_path, "--catalog", tmp_path / "catalog.db", "--keys", tmp_path / "keys").url.rstrip("/")
    done = subprocess.run([python, Path(__file__).with_name("tilebox_keys.py"), url, *keys], capture_output=True, text=True,
                          timeout=90 * SLOW, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    assert len(done.stdout.splitlines()) == 6


def run_script(python, name, *arguments):
    done = subprocess.run([python, Path(__file__).with_name(name), *arguments], capture_output=True, text=True,
                          timeout=120 * SLOW, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    return done.stdout


def test_recorded_datapoints_come_back_as_they_were(serve, shared, tmp_path):
    recorded = shared / "data/tilebox"
    python, reason = environment(FEW[0])
    if python is None or not recorded.is_dir():
        pytest.skip(f"tilebox-datasets {FEW[0]}: {reason}; {recorded}")
    url = serve(tmp_path, "--catalog", tmp_path / "new.db").url.rstrip("/")
    out = run_script(python, "tilebox_recorded.py", url, recorded)
    assert "ok 437 recorded datapoints" in out and "ok 437 datapoints of 24 fields" in out


def test_datapoints_recorded_in_2024_are_seen_by_a_client_of_2024(run, serve, shared, tmp_path):
    recorded = shared / "data/tilebox/legacy_2024_load_ers2.json"
    python, reason = environment(FEW[1])
    if python is None or not recorded.is_file():
        pytest.skip(f"tilebox-datasets {FEW[1]}: {reason}; {recorded}")
    write_rows(recorded, tmp_path)
    run("ingest", tmp_path / "ers.csv", "-d", "ers", "-c", "ERS-2", "--schema", tmp_path / "ers.json", "--source", tmp_path / "new.db")
    url = serve(tmp_path, "--catalog", tmp_path / "new.db").url.rstrip("/")
    assert "ok 298 datapoints" in run_script(python, "tilebox_recorded_2024.py", url, recorded)


@pytest.mark.long
@pytest.mark.parametrize("release", [r for r in RELEASES if r not in FEW])
def test_other_releases_see_the_same(served, release):
    check_release(served, release)


@pytest.mark.long
def test_a_client_in_go_sees_the_same(served, tmp_path):
    """connect-go, over gRPC and over Connect; its messages are read by the Python client's descriptors."""
    python, reason = environment(FEW[0])
    if python is None or shutil.which("go") is None:
        pytest.skip(f"tilebox-datasets {FEW[0]}: {reason}; go: {shutil.which('go')}")
    subprocess.run([python, ROOT / "tests/tilebox_descriptors.py", tmp_path / "messages"], check=True, timeout=60 * SLOW)
    built = subprocess.run(["go", "build", "-o", tmp_path / "peer", "."], cwd=ROOT / "tests/go_peer", capture_output=True,
                           text=True, timeout=300 * SLOW)
    if built.returncode != 0:
        pytest.skip(f"go does not build the client: {built.stderr.strip().splitlines()[-1]}")
    url, _, _ = served(400)
    for protocol in ("grpc", "connect"):
        done = subprocess.run([tmp_path / "peer", url, tmp_path / "messages", SENTINEL, protocol], capture_output=True,
                              text=True, timeout=60 * SLOW)
        assert done.returncode == 0, done.stdout + done.stderr
        page, lost = done.stdout.splitlines()
        assert page.endswith("Sentinel1Sar 400") and lost == "not_found not_found: no such dataset", done.stdout


@pytest.mark.long
def test_at_least_three_releases_install():
    found = {release: environment(release) for release in RELEASES}
    for release, (python, reason) in found.items():
        print(f"tilebox-datasets {release}: {reason}")
    assert sum(python is not None for python, _ in found.values()) >= 3, found
