"""Files that are parsed by two threads at once: what stands later counts later, and lines keep their numbers."""
import csv
import io
import json

ITEMS = 12000


def item(name, day, cloud):
    return {"type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "c",
            "geometry": {"type": "Point", "coordinates": [7.5, 46.5]},
            "properties": {"datetime": f"2024-06-{day:02d}T10:00:00Z", "eo:cloud_cover": cloud, "note": "x" * 300},
            "links": [], "assets": {}}


def test_the_last_of_a_name_stays_and_broken_lines_are_listed_in_order(run, tmp_path):
    lines, last, broken = [], {}, []
    for n in range(ITEMS):
        if n % 997 == 5:
            broken.append(n + 1)
            lines.append('{"type": "Feature", "id": broken}')
            continue
        name = f"i{n % 5000}"
        last[name] = n
        lines.append(json.dumps(item(name, n % 28 + 1, n)))
    path = tmp_path / "items.ndjson"
    path.write_text("\n".join(lines) + "\n")
    assert path.stat().st_size > 4 << 20  # several runs of records
    ran = run("ingest", path, "-d", "long", "--json", "--failed", tmp_path / "failed.ndjson", status=3)
    told = ran.json()
    assert told["failed"] == len(broken) and told["added"] + told["replaced"] + told["same"] == ITEMS - len(broken)
    assert sorted(json.loads(line)["line"] for line in open(tmp_path / "failed.ndjson")) == broken
    said = [int(line.split("items.ndjson:")[1].split(":")[0]) for line in ran.err.splitlines() if "items.ndjson:" in line]
    assert said[0] == broken[0] and said[1:] == sorted(said[1:])
    found = {i["id"]: i["properties"]["eo:cloud_cover"] for i in run("search", "long").lines()}
    assert found == last


def test_columns_are_found_in_every_file_by_its_own_header(run, tmp_path):
    expected = set()
    paths = []
    for f, names in enumerate((["when", "a", "b", "pad"], ["b", "pad", "when", "a"], ["a", "when", "pad", "b"])):
        out = io.StringIO()
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        for n in range(30000):
            row = {"when": f"2024-01-{n % 28 + 1:02d}T{f:02d}:00:00Z", "a": n, "b": n + 0.5 + f, "pad": "p" * 40}
            expected.add((row["a"], row["b"]))
            writer.writerow(row)
        paths.append(tmp_path / f"{f}.csv")
        paths[-1].write_text(out.getvalue())
        assert paths[-1].stat().st_size > 2 << 20
    assert run("ingest", *paths, "-d", "columns", "--time", "when", "--json").json()["added"] == 90000
    run("load", "columns", "-o", tmp_path / "out.csv")
    with open(tmp_path / "out.csv") as file:
        assert {(int(r["a"]), float(r["b"])) for r in csv.DictReader(file)} == expected


def test_a_header_that_is_none_is_said_once_with_its_file(run, tmp_path):
    good = tmp_path / "good.csv"
    bad = tmp_path / "bad.csv"
    bad.write_text("time,a,a\n" + "2024-01-01T00:00:00Z,1,2\n" * 100000)
    for rows, added in ((1, None), (250000, 1)):  # the other file is looked at for the schema, and it is not
        good.write_text("time,a\n" + "2024-01-01T00:00:00Z,1\n" * rows)
        ran = run("ingest", good, bad, "-d", f"h{rows}", "--json", status=1 if added is None else 3)
        assert ran.json()["added"] == (added or 0)
        assert "bad.csv: two columns are named 'a'" in ran.err and "good.csv" not in ran.err
        assert ran.json()["failed"] == (0 if added is None else 1)


def test_what_is_wrong_is_told_with_the_line_of_the_file(run, tmp_path):
    path = tmp_path / "items.json"
    path.write_text('{"type": "FeatureCollection", "features": [\n' + json.dumps(item("a", 1, 1)) + ',\n{\n"type": "Feature",\n'
                    '"id" "b"\n}\n]}\n')
    ran = run("ingest", path, "-d", "x", status=3)
    assert "items.json:5: column 6: expected" in ran.err
