"""Ingest of what lies behind a URL, from our own server of files."""
import gzip
import json

import pytest


def item(number, **more):
    return {"type": "Feature", "stac_version": "1.0.0", "id": f"i{number}", "collection": "c",
            "geometry": {"type": "Point", "coordinates": [number % 180, 10]}, "bbox": [number % 180, 10, number % 180, 10],
            "properties": {"datetime": f"2024-06-01T10:{number // 60 % 60:02}:{number % 60:02}Z"}, "links": [],
            "assets": {"B4": {"href": "B4.tif"}}, **more}


@pytest.fixture
def served(serve, tmp_path):
    """A server of the folder `site`, with the same items in several forms."""
    folder = tmp_path / "site"
    folder.mkdir()
    lines = "".join(json.dumps(item(i)) + "\n" for i in range(3000))
    (folder / "items.ndjson").write_text(lines)
    (folder / "items.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "collection.json").write_text(json.dumps({"type": "FeatureCollection", "features": [item(i) for i in range(3000)]}))
    (folder / "empty.ndjson").write_text("")
    return serve(folder)


def test_items_and_csv_are_read_from_urls(run, served, tmp_path):
    counts = {}
    for name in ("items.ndjson", "items.ndjson.gz", "collection.json"):
        told = run("ingest", served.href(name), "-d", "d", "--json").json()
        counts[name] = told["added"], told["same"], told["failed"]
    assert counts == {"items.ndjson": (3000, 0, 0), "items.ndjson.gz": (0, 3000, 0), "collection.json": (0, 3000, 0)}
    (found,) = run("find", "d", "i17").lines()
    assert found["assets"]["B4"]["href"] == served.href("B4.tif")  # relative to the URL of the item


def test_more_than_one_range_is_read_in_order(run, served, tmp_path):
    """9 MB of CSV: three ranges."""
    rows = 260_000
    text = "time,number,note\n" + "".join(f"{1577836800 + n},{n},row number {n}\n" for n in range(rows))
    assert len(text) > 8 << 20
    (tmp_path / "site/rows.csv").write_text(text)
    told = run("ingest", served.href("rows.csv"), "-d", "rows", "--time", "epoch(time)", "--json").json()
    assert (told["added"], told["failed"], told["bytes"]) == (rows, 0, len(text))
    assert run("search", "rows", "--count", "--filter", "number >= 200000").out == "60000\n"


def test_what_cannot_be_read_is_a_line_with_its_url(run, served, tmp_path):
    missing = served.href("none.ndjson")
    ran = run("ingest", missing, "-d", "d", status=None)
    assert ran.status not in (0, 1) and missing in ran.err and "404" in ran.err, (ran.status, ran.err)
    assert len([line for line in ran.err.splitlines() if "404" in line]) == 1
    ran = run("ingest", missing, served.href("items.ndjson"), "-d", "d", "--json", status=None)
    assert ran.json()["added"] == 3000 and f"{missing}: bytes" in ran.err and ran.status == 3, ran.err
    ran = run("ingest", "http://127.0.0.1:1/items.ndjson", "-d", "d", status=None)
    assert ran.status not in (0, 1) and "127.0.0.1:1" in ran.err
