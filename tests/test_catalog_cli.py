"""The catalogue from the command line: ingest, list, search, load, find, delete, with real metadata as the oracle."""
import csv
import gzip
import json
import os
import signal
import subprocess

import pytest

from waiting import catches, wait_until

ITEMS = "planetarycomputer-naip-stac-items.ndjson.gz"


@pytest.fixture(scope="session")
def metadata(shared):
    folder = shared / "data/metadata"
    if not folder.is_dir():
        pytest.skip("the real metadata (../shared/data/metadata) is not here")
    return folder


def read_items(path):
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def item(name, **more):
    made = {"type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "c",
            "geometry": {"type": "Point", "coordinates": [7.5, 46.5]}, "bbox": [7.5, 46.5, 7.5, 46.5],
            "properties": {"datetime": "2024-06-01T10:00:00Z", "eo:cloud_cover": 5, "platform": "sentinel-2a"},
            "links": [], "assets": {}}
    made.update(more)
    return made


def write_items(path, items):
    path.write_text("".join(json.dumps(i) + "\n" for i in items))
    return path


def ingested(ran):
    return {k: ran.json()[k] for k in ("added", "replaced", "same", "failed")}


def test_items_come_out_equal_and_the_same_file_adds_nothing(run, metadata):
    ran = run("ingest", metadata / ITEMS, "-d", "us.naip", "--json")
    assert ingested(ran) == {"added": 1000, "replaced": 0, "same": 0, "failed": 0}
    assert "1,000 added" in ran.err
    expected = {i["id"]: i for i in read_items(metadata / ITEMS)}
    found = {i["id"]: i for i in run("search", "us.naip").lines()}
    assert found == expected

    again = run("ingest", metadata / ITEMS, "-d", "us.naip", "--json")
    assert ingested(again) == {"added": 0, "replaced": 0, "same": 1000, "failed": 0}
    assert run("search", "us.naip", "--count").out == "1000\n"


def test_datasets_collections_and_info_say_what_there_is(run, metadata):
    run("ingest", metadata / ITEMS, "-d", "us.naip", "--description", "Aerial images")
    items = read_items(metadata / ITEMS)
    (dataset,) = run("datasets").lines()
    assert dataset["dataset"] == "us.naip" and dataset["datapoints"] == 1000 and dataset["kind"] == "spatiotemporal"
    (collection,) = run("collections", "us.naip").lines()
    times = sorted(i["properties"]["datetime"] for i in items)
    assert (collection["name"], collection["start"], collection["end"]) == ("naip", times[0], times[-1])
    west, south, east, north = collection["bbox"]
    assert west <= min(i["bbox"][0] for i in items) and north >= max(i["bbox"][3] for i in items)
    info = run("info", "us.naip").json()
    fields = {f["name"]: f["type"] for f in info["fields"]}
    assert fields["gsd"] == "float64" and fields["proj:epsg"] == "int64" and fields["naip:year"] == "string"
    assert info["description"] == "Aerial images"
    text = run("info", "us.naip", "--table").out
    assert "1,000 datapoints" in text and "proj:transform" in text
    assert run("info", "us.naip/naip").json()["datapoints"] == 1000
    assert "us.naip" in run("datasets", "--table").out and "naip" in run("collections", "us.naip", "--table").out


def test_search_takes_time_place_and_conditions(run, metadata):
    run("ingest", metadata / ITEMS, "-d", "naip")
    items = read_items(metadata / ITEMS)

    def expect(chosen, *options):
        found = [i["id"] for i in run("search", "naip", *options).lines()]
        assert sorted(found) == sorted(i["id"] for i in items if chosen(i)) and found
        return found

    expect(lambda i: i["properties"]["datetime"].startswith("2021"), "--datetime", "2021-01-01/2021-12-31")
    expect(lambda i: i["properties"]["gsd"] < 0.5, "--filter", "gsd < 0.5")
    expect(lambda i: i["properties"]["naip:year"] == "2019" and i["properties"]["gsd"] > 0.5,
           "--filter", "naip:year='2019'", "--filter", "gsd>0.5")
    expect(lambda i: i["properties"]["naip:year"] == "2013", "--filter", "naip:year=2013")
    expect(lambda i: i["id"] in (items[3]["id"], items[7]["id"]), "--ids", f"{items[3]['id']},{items[7]['id']}")
    middle = items[500]["bbox"]
    w, s, e, n = middle[0] - 0.1, middle[1] - 0.1, middle[0] + 0.1, middle[1] + 0.1
    inside = expect(lambda i: not (i["bbox"][0] > e or i["bbox"][2] < w or i["bbox"][1] > n or i["bbox"][3] < s),
                    f"--bbox={w},{s},{e},{n}")
    first = run("search", "naip", f"--bbox={w},{s},{e},{n}", "--sortby=-datetime", "-n", "5").lines()
    times = [i["properties"]["datetime"] for i in first]
    assert len(times) == 5 and times == sorted(times, reverse=True)
    assert run("search", "naip", f"--bbox={w},{s},{e},{n}", "--count").out == f"{len(inside)}\n"
    triangle = json.dumps({"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, s]]]})
    part = run("search", "naip", "--intersects", triangle).lines()
    assert 0 < len(part) < len(inside) and {i["id"] for i in part} <= set(inside)


def test_areas_have_straight_edges_or_great_circles(run, tmp_path):
    """From 60 N 0 E to 60 N 90 E the great circle reaches 67.79 N at 45 E."""
    points = {"low": (45, 55), "high": (45, 65), "far": (-170, 65)}
    items = [item(name, geometry={"type": "Point", "coordinates": at}, bbox=[*at, *at]) for name, at in points.items()]
    run("ingest", write_items(tmp_path / "i.ndjson", items), "-d", "d")

    def found(*options):
        return sorted(i["id"] for i in run("search", "d", *options).lines())
    area = "POLYGON((0 60,45 50,90 60,0 60))"
    assert found("--intersects", area) == found("--within", area, "--edges", "planar") == ["low"]
    assert found("--intersects", area, "--edges", "spherical") == ["high", "low"]
    assert found("--within", "-180,50,50,70") == ["far", "high", "low"] and found("--within=40,60,-160,70") == ["far", "high"]
    assert "exclude each other" in run("search", "d", "--within", "0,0,1,1", "--bbox=0,0,1,1", status=2).err


def test_every_shape_of_output_has_the_same_datapoints(run, metadata):
    run("ingest", metadata / ITEMS, "-d", "naip")
    ids = [i["id"] for i in run("search", "naip").lines()]
    assert [f["id"] for f in run("search", "naip", "--json").json()["features"]] == ids
    rows = list(csv.DictReader(run("search", "naip", "--csv", "--fields", "time,name,gsd").out.splitlines()))
    assert [r["name"] for r in rows] == ids and set(rows[0]) == {"time", "name", "gsd"}
    features = run("search", "naip", "--geojson").json()["features"]
    assert [f["properties"]["name"] for f in features] == ids and features[0]["geometry"]["type"] == "Polygon"
    table = run("search", "naip", "-n", "3", "--table")
    assert table.out.splitlines()[0].split()[:3] == ["time", "collection", "name"] and len(table.out.splitlines()) == 4


def test_load_writes_what_the_extension_says_and_never_half_a_file(run, metadata, tmp_path):
    run("ingest", metadata / ITEMS, "-d", "naip")
    run("load", "naip", "-o", "out/all.csv")
    with open(tmp_path / "out/all.csv") as file:
        assert len(list(csv.DictReader(file))) == 1000
    run("load", "naip", "-o", "all.ndjson")
    rows = [json.loads(line) for line in open(tmp_path / "all.ndjson")]
    assert len(rows) == 1000 and rows[0]["collection"] == "naip"
    run("load", "naip", "-o", "all.nc")
    assert (tmp_path / "all.nc").read_bytes()[:4] in (b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05")
    run("load", "naip", "-o", "all.json")
    assert len(json.loads((tmp_path / "all.json").read_text())["features"]) == 1000
    assert run("load", "naip", "--fields", "name", "-n", "2").out.splitlines()[0] == "name"
    ran = run("load", "naip", "--filter", "nothing = 1", "-o", "none.csv", status=2)
    assert "nothing" in ran.err and not (tmp_path / "none.csv").exists()
    assert "which format" in run("load", "naip", "-o", "x.xyz", status=2).err


def test_several_collections_and_datasets_at_once(run, tmp_path):
    for name, day in (("a", 1), ("b", 2), ("c", 3)):
        items = [item(f"{name}{i}", collection=name, properties={"datetime": f"2024-01-0{day}T0{i}:00:00Z", "n": i})
                 for i in range(4)]
        run("ingest", write_items(tmp_path / f"{name}.ndjson", items), "-d", "one" if name != "c" else "two.more")
    names = [i["id"] for i in run("search", "-d", "one", "-c", "a,b").lines()]
    assert names == ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"]
    assert [i["id"] for i in run("search", "one/b").lines()] == ["b0", "b1", "b2", "b3"]
    assert [i["id"] for i in run("search", "-c", "one/b", "-c", "two.more/c").lines()][-1] == "c3"
    rows = run("load", "one", "two.more", "--of", "ndjson", "--fields", "name,n,collection").lines()
    assert len(rows) == 12 and {r["collection"] for r in rows} == {"a", "b", "c"}
    ran = run("search", "-c", "a", status=2)
    assert "of which dataset" in ran.err
    assert "there are 2" in run("search", "nowhere", status=5).err or "nowhere" in run("search", "nowhere", status=5).err


def test_a_changed_item_replaces_the_old_one_under_its_name(run, tmp_path):
    run("ingest", write_items(tmp_path / "1.ndjson", [item("x"), item("y")]), "-d", "d")
    changed = item("x", properties={"datetime": "2025-01-01T00:00:00Z", "eo:cloud_cover": 80})
    ran = run("ingest", write_items(tmp_path / "2.ndjson", [changed]), "-d", "d", "--json")
    assert ingested(ran) == {"added": 0, "replaced": 1, "same": 0, "failed": 0}
    assert run("search", "d", "--count").out == "2\n"
    assert run("find", "d", "x").json() == changed
    assert run("search", "d", "--cloud", "50", "--count").out == "1\n"
    found = run("find", "d/c", "x", "--table").out
    assert "2025-01-01T00:00:00Z" in found
    for command in ("compact", "check"):
        assert [i["id"] for i in run("search", "d").lines()] == ["y", "x"]
        assert run("search", "d", "--ids", "x").lines() == [changed]
        assert run("search", "d", "--datetime", "2024-06-01").lines() == [item("y")]
        assert run("search", "d", "--datetime", "2025-01-01/..", "--count").out == "1\n"
        (collection,) = run("collections", "d").lines()
        assert (collection["datapoints"], collection["start"], collection["end"]) == \
            (2, "2024-06-01T10:00:00Z", "2025-01-01T00:00:00Z")
        assert run("datasets").lines()[0]["datapoints"] == run("catalog", "stats").json()["datapoints"] == 2
        run("catalog", command)
    assert "x2" in run("find", "d", "x2", status=5).err
    assert len(run("find", "d", "x", "x2", "y", status=3).lines()) == 2


def test_malformed_records_are_listed_and_the_rest_goes_in(run, tmp_path):
    good = [item(f"i{i}") for i in range(5)]
    text = "".join(json.dumps(i) + "\n" for i in good)
    broken = text + "{oops\n" + json.dumps(item("nodate", properties={})) + "\n"
    (tmp_path / "items.ndjson").write_text(broken)
    ran = run("ingest", "items.ndjson", "-d", "d", "--failed", "failed.ndjson", status=3)
    assert "items.ndjson:6:" in ran.err and "items.ndjson:7:" in ran.err
    failed = [json.loads(line) for line in open(tmp_path / "failed.ndjson")]
    assert [f["line"] for f in failed] == [6, 7] and failed[0]["record"] == "{oops"
    assert run("search", "d", "--count").out == "5\n"
    ran = run("ingest", "items.ndjson", "-d", "e", "--all-or-nothing", status=1)
    assert "nothing was kept" in ran.err
    assert run("search", "e", status=None, env={}).out in ("",)


def test_what_goes_wrong_is_said_once_names_the_file_and_makes_no_dataset(run, tmp_path):
    (tmp_path / "bad.json").write_text('{"a":')
    (tmp_path / "no-time.csv").write_text("a,b\n1,2\n")
    (tmp_path / "picture.tif").write_bytes(b"II*\0" + bytes(1000))
    said = {"nothing.csv": (5, "No such file"), "bad.json": (1, "expected a value"), "no-time.csv": (2, "which column is the time"),
            "picture.tif": (1, "neither JSON nor CSV")}
    for name, (status, words) in said.items():
        lines = run("ingest", name, "-d", "d", status=status).err.splitlines()
        about = [line for line in lines if words in line]
        assert len(about) == 1 and name in about[0], lines
    assert "1 failed" in run("ingest", "bad.json", "-d", "d", status=1).err
    run("ingest", write_items(tmp_path / "good.ndjson", [item("a")]), "-d", "d")
    assert [d["datapoints"] for d in run("datasets").lines()] == [1]
    ended = run("ingest", "good.ndjson", "-d", "d").err
    assert "0 added, 1 were there in" in ended and "replaced" not in ended and "failed" not in ended


def test_months_and_years_are_times_and_info_names_the_values_of_enums(run, tmp_path):
    fields = [{"name": "time", "type": "timestamp", "role": "time"},
              {"name": "level", "type": "enum", "values": {"RAW": 0, "COOKED": 2}}]
    (tmp_path / "schema.json").write_text(json.dumps({"fields": fields}))
    (tmp_path / "in.csv").write_text("time,level\n" + "".join(f"2020-{m:02}-28T12:00:00Z,RAW\n" for m in range(1, 13)))
    run("ingest", "in.csv", "-d", "d", "--schema", "schema.json")
    for text, count in (("2020", 12), ("2020-02", 1), ("2020-02/2020-04", 3), ("../2019", 0), ("2020-12/..", 1)):
        assert run("search", "d", "--datetime", text, "--count").out == f"{count}\n", text
    assert "not a time" in run("search", "d", "--datetime", "2020-13", status=2).err
    assert "RAW, COOKED" in run("info", "d", "--table").out


def test_compressed_inputs_folders_and_standard_input(run, tmp_path):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "collection.json").write_text(json.dumps({"type": "Collection", "id": "c", "links": []}))
    (folder / "deep/a.json").write_text(json.dumps(item("a"), indent=1))
    with gzip.open(folder / "b.ndjson.gz", "wt") as file:
        file.write(json.dumps(item("b")) + "\n")
    assert ingested(run("ingest", folder, "-d", "d", "--json"))["added"] == 2
    collection = json.dumps({"type": "FeatureCollection", "features": [item("c"), item("d")]}).encode()
    assert ingested(run("ingest", "-", "-d", "d", "--json", stdin=collection))["added"] == 2
    assert run("find", "d", "a").json() == item("a")
    assert "nothing.ndjson" in run("ingest", "nothing.ndjson", "-d", "d", status=5).err


TILES = '''scene_id,tile,min_x,min_y,max_x,max_y,cloud,note
2025-01-01t104441,1,2600000,1200000,2601000,1201000,12.5,"a ""b"""
2025-01-02t104441,2,2601000,1200000,2602000,1201000,,
'''


def test_csv_with_a_mapping_has_its_time_from_a_name_and_its_place_from_metres(run, tmp_path):
    (tmp_path / "tiles.csv").write_text(TILES)
    options = ["--time", "strptime(scene_id, '%Y-%m-%dt%H%M%S')", "--geometry", "box(min_x, min_y, max_x, max_y)",
               "--crs", "EPSG:2056", "--map", "cloud_pct=cloud:float64", "--drop", "min_x,min_y,max_x,max_y"]
    run("ingest", "tiles.csv", "-d", "clouds", "-c", "tiles", *options)
    rows = run("load", "clouds", "--of", "ndjson").lines()
    assert [r["time"] for r in rows] == ["2025-01-01T10:44:41Z", "2025-01-02T10:44:41Z"]
    assert [r["cloud_pct"] for r in rows] == [12.5, None] and rows[0]["note"] == 'a "b"'
    west, south = rows[0]["geometry"]["coordinates"][0][0]
    assert abs(west - 7.438632) < 2e-5 and abs(south - 46.951083) < 2e-5  # Bern
    assert run("search", "clouds", "--bbox=7.43,46.94,7.44,46.96", "--count").out == "1\n"

    (tmp_path / "mapping.json").write_text(json.dumps({
        "time": "strptime(scene_id, '%Y-%m-%dt%H%M%S')", "geometry": "box(min_x, min_y, max_x, max_y)",
        "crs": "EPSG:2056", "map": {"cloud_pct": "cloud:float64"}, "drop": ["min_x", "min_y", "max_x", "max_y"],
        "collection": "tiles"}))
    again = run("ingest", "tiles.csv", "-d", "clouds", "--mapping", "mapping.json", "--json")
    assert ingested(again) == {"added": 0, "replaced": 0, "same": 2, "failed": 0}
    assert "did you mean 'cloud'" in run("ingest", "tiles.csv", "-d", "x", "--map", "a=clod", status=2).err
    assert "which column is the time" in run("ingest", "tiles.csv", "-d", "x", status=2).err


TYPED = {"time": {"type": "timestamp", "role": "time"}, "id": {"type": "uuid", "role": "id"},
         "ingestion_time": {"type": "timestamp", "role": "ingestion_time"},
         "geometry": {"type": "geometry", "role": "geometry"}, "scene": {"type": "string", "role": "name"},
         "level": {"type": "enum", "values": {"UNKNOWN": 0, "L1": 10, "L2": 4}}, "key": {"type": "uuid"},
         "center": {"type": "vector", "width": 2}, "exposure": {"type": "duration"}, "digest": {"type": "bytes"},
         "outline": {"type": "geometry"}, "orbits": {"type": "int64", "repeated": True},
         "words": {"type": "string", "repeated": True}, "days": {"type": "timestamp", "repeated": True},
         "levels": {"type": "enum", "values": {"A": 1, "B": 2}, "repeated": True}}
TYPED_ROW = {"time": "2020-01-02T03:04:05Z", "geometry": "POINT (7.5 46.5)", "scene": "a", "level": "L1",
             "key": "0197a491-1520-102f-48f4-f087d6ef8603", "center": "[46.5,7.25]", "exposure": "-1.500000001",
             "digest": "00ff", "outline": "LINESTRING (0 0,1 0.5)", "orbits": "[1,null,-3]",
             "words": r'["x","Z\u00fcrich, \"y\""]', "days": '["2020-01-01T00:00:00Z"]', "levels": '["B","A"]'}


def test_csv_with_a_schema_takes_every_type_and_comes_out_as_it_went_in(run, tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps({"fields": [{"name": n, **f} for n, f in TYPED.items()]}))
    rows = [TYPED_ROW, {**TYPED_ROW, "time": "2020-01-02T03:04:06Z", "scene": "b", "level": "4", "exposure": "2e3", "orbits": "[]"},
            {"time": "2020-01-03T00:00:00Z", "scene": "c"}]
    with open(tmp_path / "in.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, TYPED_ROW)
        writer.writeheader()
        writer.writerows(rows)
    run("ingest", "in.csv", "-d", "d", "--schema", "schema.json", "--name", "scene")
    run("load", "d", "-o", "out.csv")
    found = list(csv.DictReader(open(tmp_path / "out.csv")))
    expected = [{**dict.fromkeys(TYPED_ROW, ""), **row} for row in rows]
    expected[1].update(level="L2", exposure="2000")
    for row in expected:
        row["words"] = row["words"].replace(r"\u00fc", "ü")
    assert [{name: row[name] for name in TYPED_ROW} for row in found] == expected

    wrong = {"level": "L3", "key": "0197a491", "center": "[1]", "exposure": "1e300", "digest": "0g", "outline": "POINT (",
             "orbits": "[1.5]", "words": "[1]", "days": '["yesterday"]', "levels": "[3]"}
    with open(tmp_path / "wrong.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, TYPED_ROW)
        writer.writeheader()
        writer.writerows({**TYPED_ROW, name: text} for name, text in wrong.items())
    ran = run("ingest", "wrong.csv", "-d", "e", "--schema", "schema.json", "--failed", "failed.ndjson", status=None)
    said = [json.loads(line)["message"] for line in open(tmp_path / "failed.ndjson")]
    assert ran.status in (1, 3) and len(said) == len(wrong)
    for (name, text), message in zip(wrong.items(), said):
        assert f"column {name}: '{text}' is not a" in message, message


def test_delete_asks_and_counts(run, tmp_path):
    run("ingest", write_items(tmp_path / "i.ndjson", [item(f"i{i}") for i in range(10)]), "-d", "d")
    assert "nobody to ask" in run("delete", "d", "--ids", "i1", status=2).err
    assert "1 datapoint deleted" in run("delete", "d", "--ids", "i1", "--yes").err
    assert run("search", "d", "--count").out == "9\n"
    assert "0 datapoints deleted" in run("delete", "d", "--ids", "i1", "--yes").err
    assert "takes no --ids" in run("delete", "d", "--all", "--ids", "i2", "--yes", status=2).err
    run("delete", "d/c", "--all", "--yes")
    assert run("collections", "d").lines() == []
    run("delete", "d", "--all", "--yes")
    assert run("datasets").lines() == []


def test_upkeep_of_the_file(run, tmp_path):
    run("ingest", write_items(tmp_path / "i.ndjson", [item(f"i{i}") for i in range(10)]), "-d", "d")
    assert "sound" in run("catalog", "check").err
    assert run("catalog", "stats").json()["datapoints"] == 10
    run("catalog", "compact")
    run("catalog", "export", tmp_path / "copy.db")
    assert run("search", "d", "--count", "--source", tmp_path / "copy.db").out == "10\n"
    assert run("search", "d", "--count", env={"DATATAKE_SOURCE": str(tmp_path / "copy.db")}).out == "10\n"
    assert "No such file" in run("catalog", "export", "nowhere/copy.db", status=5).err
    run("catalog", "repair")
    assert run("search", "d", "--count").out == "10\n"
    assert "expected one of" in run("catalog", "polish", status=2).err
    assert (tmp_path / ".local/share/datatake/catalog.db").exists()
    assert "there is no catalogue" in run("datasets", "--source", tmp_path / "none.db", status=5).err


def test_an_interrupted_ingest_leaves_what_was_committed_and_can_be_done_again(run, program, quiet_env, tmp_path):
    """The pipe stays open, so the ingest cannot end by itself."""
    process = subprocess.Popen([program, "ingest", "-", "-d", "d"], env=quiet_env, cwd=tmp_path, stdin=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdin.write((json.dumps(item("a")) + "\n").encode())
    process.stdin.flush()
    wait_until(lambda: catches(process), "it never catches SIGINT")
    process.send_signal(signal.SIGINT)
    err = process.stderr.read().decode()
    process.stdin.close()
    assert process.wait(20) == 130 and "stopping" in err
    run("ingest", write_items(tmp_path / "i.ndjson", [item("a")]), "-d", "d")
    assert run("search", "d", "--count").out == "1\n" and "sound" in run("catalog", "check").err


def test_a_search_leads_to_pixels_with_and_without_a_pipe(run, program, quiet_env, demo_scenes, tmp_path):
    run("ingest", demo_scenes, "-d", "demo")
    count = int(run("search", "demo", "--count").out)
    assert count == 8
    box = "--bbox=-82.48,8.35,-82.39,8.44"
    run("get", "-d", "demo", box, "--bands", "B8,B4,B3", "-n", "2", "-o", "direct")
    piped = subprocess.run(["bash", "-c", f"{program} search demo {box} -n 2 | {program} get - {box} --bands B8,B4,B3 -o piped"],
                           env=quiet_env, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert piped.returncode == 0, piped.stderr
    direct = sorted(p.name for p in (tmp_path / "direct").glob("*.tif"))
    assert len(direct) == 2 and direct == sorted(p.name for p in (tmp_path / "piped").glob("*.tif"))
    assert "exclude each other" in run("get", "x.json", "-d", "demo", status=2).err
    assert "no input given" in run("get", status=2).err


def test_a_reader_that_goes_away_ends_a_search_without_a_word(run, program, quiet_env, metadata, tmp_path):
    run("ingest", metadata / "copernicus-dem-30m-stac-items.ndjson.gz", "-d", "dem")
    ran = subprocess.run(["bash", "-c", f"set -o pipefail; {program} search dem | head -n 1"], env=quiet_env,
                         capture_output=True, text=True, timeout=60)
    assert json.loads(ran.stdout)["type"] == "Feature" and ran.returncode == 141 and ran.stderr == ""
