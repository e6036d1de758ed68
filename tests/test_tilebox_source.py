"""Datapoints of a Tilebox service: equal to what it has, however it is cut into requests and whatever befalls them."""
import json
import threading
import time
import uuid

import library
import pytest
import shapely
from osgeo import gdal
from tilebox_service import (EXPRESSIONS, Dataset, Refusal, Service, annotated_type, field, fields, made_dataset, ns_of, one, other_type,
                             recorded_dataset, timestamp, varint)

gdal.UseExceptions()


@pytest.fixture(scope="module")
def recorded(shared):
    folder = shared / "data/tilebox"
    if not folder.is_dir():
        pytest.skip("the recorded answers (../shared/data/tilebox) are not here")
    return folder


def load(run, service, *arguments, **more):
    return run("load", *arguments, "--of", "ndjson", "-q", "--source", service.source, **more)


def names(ran):
    return [row["name"] for row in ran.lines()]


def expected_names(*collections, of="only", start=0, stop=None):
    return [f"{of}-{i:06}" for i in range(start, stop)]


def test_the_recorded_answers_come_out_with_their_values(run, recorded):
    points = json.loads((recorded / "query_collections.full.datapoints.json").read_text())["datapoints"]
    with Service(recorded_dataset(recorded), page_rows=100) as service:
        rows = load(run, service, "open_data.copernicus.sentinel2_msi").lines()
    assert len(rows) == len(points) == 437
    for row, point in zip(rows, points):
        assert row.pop("collection") == "S2B_S2MSI1C"
        assert row.keys() == point.keys() | {k for k in row if row[k] is None}
        for key, value in point.items():
            if isinstance(value, dict):
                assert row[key]["type"] in ("Polygon", "Point", "MultiPolygon")
            elif key in ("time", "ingestion_time", "stop_time", "published", "updated"):
                assert ns_of(row[key]) == ns_of(value)
            elif isinstance(value, float) and value != value:
                assert row[key] is None
            elif isinstance(value, str) and key in ("processing_level", "flight_direction", "acquisition_mode"):
                assert value == f"{key.upper()}_{row[key]}"
            else:
                assert row[key] == value
    assert sum(row["resolution"] == 0 for row in rows) > 0  # present zeros are zeros


def test_one_datapoint_is_found_by_its_id(run, recorded):
    with Service(recorded_dataset(recorded)) as service:
        found = run("find", "open_data.copernicus.sentinel2_msi", "01941f29-c650-202f-6495-c71dd2118fb1", "--json",
                    "--source", service.source).json()
        assert "S2B_MSIL1C_20250101T000019_N0511_R073_T57QWV_20250101T010340.SAFE" in json.dumps(found)
        missing = run("find", "open_data.copernicus.sentinel2_msi", str(uuid.UUID(int=5)), "--source", service.source,
                      status=None)
        assert missing.status != 0 and "no such datapoint" in missing.err


def test_a_long_interval_is_asked_for_in_parts_side_by_side_and_comes_in_order(run):
    dataset = made_dataset(counts=(("only", 30000),))
    dataset.claimed_rows = 5 * 24576
    with Service(dataset, page_rows=1000, slow_s=0.02) as service:
        ran = load(run, service, "made.rows")
        assert names(ran) == expected_names(stop=30000)
        assert 1 < service.most_at_once <= 64  # MOST_UNDER_WAY
        assert run("search", "made.rows", "--count", "--source", service.source).out == "30000\n"


def test_several_collections_are_merged_by_time(run):
    with Service(made_dataset(counts=(("a", 3000), ("b", 1500), ("c", 10))), page_rows=400) as service:
        rows = load(run, service, "made.rows").lines()
        assert len(rows) == 4510
        assert [ns_of(row["time"]) for row in rows] == sorted(ns_of(row["time"]) for row in rows)
        assert {row["collection"] for row in rows} == {"a", "b", "c"}
        assert all(row["name"].startswith(row["collection"]) for row in rows)
        two = load(run, service, "made.rows", "-c", "b,c").lines()
        assert [row["name"] for row in two] == [row["name"] for row in rows if row["collection"] in "bc"]
        wrong = load(run, service, "made.rows", "-c", "bb", status=None)
        assert wrong.status != 0 and "no collection 'bb'" in wrong.err


@pytest.mark.parametrize("page_rows", [7, 1000])
def test_questions_are_answered_as_the_catalogue_answers_them(run, tmp_path, page_rows):
    """The same rows in a catalogue file are the oracle."""
    with Service(made_dataset(counts=(("only", 600),)), page_rows=page_rows) as service:
        whole = tmp_path / "all.csv"
        run("load", "made.rows", "-o", whole, "-q", "--source", service.source)
        run("ingest", whole, "-d", "made.rows", "-c", "only", "-q")
        for question in (["--datetime", "2024-01-01T00:01:00Z/2024-01-01T00:02:30.000000001Z"],
                         ["--datetime", "../2024-01-01T00:00:09Z"],
                         ["--filter", "cloud_cover > 12.5 AND orbit = 0"],
                         ["--filter", "cloud_cover IS NULL"],
                         ["-n", "13"],
                         ["--fields", "name,cloud_cover"],
                         ["--filter", "name LIKE 'only-0001%'", "--fields", "time,name", "-n", "5"]):
            ours = load(run, service, "made.rows", *question)
            assert ours.lines() != [], question
            fields = ours.lines()[0].keys() - {"id", "ingestion_time"}
            theirs = run("load", "made.rows", *question, "--of", "ndjson", "-q")
            assert ([{k: row[k] for k in fields} for row in ours.lines()]
                    == [{k: row.get(k) for k in fields} for row in theirs.lines()]), question


def restart(service):
    """The listening socket goes away with all that is under way, and comes back on the same port."""
    threading.Thread(target=lambda: (service.stop(), service.start())).start()
    return "reset"


@pytest.mark.parametrize("faults", [
    {0: "reset", 4: "reset"},
    {1: "cut", 3: "cut"},
    {2: Refusal(429, "resource_exhausted", "slow down", {"retry-after": "0"})},
    {0: Refusal(503, "unavailable", "not now"), 3: Refusal(502, "unavailable", "nor now")},
    {5: restart},
], ids=["reset", "cut", "429", "unavailable", "restart"])
def test_what_befalls_requests_does_not_change_the_data(run, faults):
    with Service(made_dataset(), page_rows=1500, faults=faults) as service:
        assert names(load(run, service, "made.rows")) == expected_names(stop=20000)
        assert not service.faults


@pytest.mark.parametrize("fault,words", [
    ("torn", "read QueryResultPage"),
    ("again", "that page again"),
    (Refusal(400, "invalid_argument", "filters.time_interval is odd"), "filters.time_interval is odd"),
    (Refusal(403, "permission_denied", "not for you"), "not for you (permission_denied); there is no key for it"),
], ids=["torn", "again", "invalid", "denied"])
def test_what_cannot_be_mended_is_one_error_and_no_file(run, tmp_path, fault, words):
    with Service(made_dataset(), page_rows=1500, faults={6: fault}) as service:
        ran = run("load", "made.rows", "-o", tmp_path / "rows.csv", "-q", "--source", service.source, status=None)
        assert ran.status != 0
        assert ran.err.count("\n") == 1 and "127.0.0.1" in ran.err
        assert words in ran.err
    assert not list(tmp_path.glob("rows*"))


def sends_filter(call):
    return EXPRESSIONS in fields(one(fields(call[2]), 2, b""))


def test_a_filter_that_the_service_refuses_is_sieved_here(run):
    with Service(made_dataset(queryable=True), refuses_filters=True) as service:
        rows = load(run, service, "made.rows", "--filter", "orbit = 1").lines()
        assert [row["name"] for row in rows] == [f"only-{i:06}" for i in range(1, 20000, 3)]
        queries = [call for call in service.calls if call[0].endswith("/Query")]
        assert any(map(sends_filter, queries)) and not sends_filter(queries[-1])


def test_loads_one_after_another_ask_once_what_the_dataset_is():
    def asked(service):
        return [path.rpartition("/")[2] for path, _, _ in service.calls if not path.endswith("/Query")]
    with Service(made_dataset(counts=(("a", 300), ("b", 200)))) as service:
        with library.Catalog(library.Library(), service.source) as client:
            for collection, count in 2 * (("a", 300), ("b", 200)):
                assert client.search(library.Query("made.rows", [collection])).num_rows == count
        assert asked(service) == ["GetDataset", "ListCollections"]


def test_a_dataset_that_was_changed_meanwhile_is_asked_for_again():
    """What a client was told a moment ago does not hide a new collection, nor a dataset made anew."""
    with Service(made_dataset(counts=(("a", 300),))) as service:
        with library.Catalog(library.Library(), service.source) as client:
            assert client.search(library.Query("made.rows", ["a"])).num_rows == 300
            for dataset in (made_dataset(counts=(("a", 300), ("b", 200))), other_type("made.rows", 40)):
                service.put(dataset)
                name = list(dataset.collections)[-1]
                assert client.search(library.Query("made.rows", [name])).num_rows == len(dataset.collections[name])
            with pytest.raises(OSError, match="has no collection 'c'"):  # pyarrow's
                client.search(library.Query("made.rows", ["c"]))


def test_an_unknown_dataset_a_wrong_key_and_a_stranger_are_told_apart(run):
    with Service(made_dataset(), key="secret") as service:
        ran = load(run, service, "made.rows", status=None)
        assert ran.status != 0 and "the key is not known" in ran.err and "there is no key for it" in ran.err
        env = {"TILEBOX_API_KEY": "secret"}
        assert len(load(run, service, "made.rows", "-n", "3", env=env).lines()) == 3
        ran = load(run, service, "made.nothing", status=None, env=env)
        assert ran.status != 0 and "no such dataset" in ran.err and "made.nothing" in ran.err
        assert "secret" not in ran.err


def test_datasets_and_collections_say_what_there_is(run):
    with Service(made_dataset(counts=(("a", 30), ("b", 0)))) as service:
        listed = run("datasets", "--source", service.source).lines()
        assert [(d["dataset"], d["collections"], d["datapoints"]) for d in listed] == [("made.rows", 2, 30)]
        collections = run("collections", "made.rows", "--source", service.source).lines()
        assert [(c["name"], c["datapoints"]) for c in collections] == [("a", 30), ("b", 0)]
        assert collections[0]["start"] == "2024-01-01T00:00:00Z"
        assert collections[0]["end"] == "2024-01-01T00:00:29Z"
        assert len(load(run, service, "made.rows").lines()) == 30


def test_a_dataset_that_cannot_be_read_does_not_hide_the_others(run):
    broken = made_dataset("made.broken", counts=(("only", 3),))
    broken.type_bytes = broken.type_bytes[:40]
    with Service(made_dataset(counts=(("a", 30),)), broken) as service:
        listed = {d["dataset"]: d for d in run("datasets", "--source", service.source).lines()}
        assert listed["made.rows"]["datapoints"] == 30
        assert "made.broken" in listed
        ran = load(run, service, "made.broken", status=None)
        assert ran.status != 0 and "made.broken" in ran.err


def test_pages_of_which_nothing_passes_make_room_for_the_next(run):
    """The first page comes last, when the others fill what may lie ahead."""
    dataset = made_dataset(counts=(("only", 160),), step_ns=10**10, padding="x" * 500_000)
    dataset.claimed_rows = 10 * 3072
    with Service(dataset, faults={0: lambda service: time.sleep(1)}) as service:
        assert run("search", "made.rows", "--filter", "orbit < 0", "--count", "--source", service.source,
                   timeout_s=30).out == "0\n"
        assert service.queries == 10


AREA = ["--bbox", "-82.48,8.35,-82.39,8.44", "--bands", "B4,B3", "-q"]


def pixels(tiff):
    gdal.FileFromMemBuffer("/vsimem/picture.tif", tiff)
    try:
        return gdal.Open("/vsimem/picture.tif").ReadAsArray().tobytes()
    finally:
        gdal.Unlink("/vsimem/picture.tif")


def pictures(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.tif")}


def test_get_cuts_what_datapoints_of_a_service_point_to(run, serve, demo_scenes, tmp_path):
    catalog = tmp_path / "demo.dtcat"
    run("ingest", demo_scenes, "-d", "demo", "-q", "--source", catalog)
    (tmp_path / "none").mkdir()
    remote = "tilebox+" + serve(tmp_path / "none", "--catalog", catalog).url.rstrip("/")
    for name, source in (("here", catalog), ("there", remote)):
        run("get", "-d", "demo", "--cloud", "50", "-n", "3", *AREA, "-o", tmp_path / name, "--source", source)
    here = pictures(tmp_path / "here")
    assert len(here) == 3 and pictures(tmp_path / "there") == here


def assets_message(base, names):
    """datasets.stac.v1.Assets: the folder stands once, bands by their number."""
    profiles = field(1, field(3, base))
    bands = b"".join(field(2, field(1, name) + field(6, field(1, common))) for name, common in names)
    assets = b"".join(field(3, field(1, name) + field(2, field(1, 0) + field(2, f"{name}.tif")) + field(4, field(1, 3))
                            + field(7, 1) + field(10, varint(i))) for i, (name, _) in enumerate(names))
    return profiles + bands + assets


def test_assets_as_the_tilebox_services_have_them_are_cut_too(run, demo_scenes, tmp_path):
    """Cut by their common names, which only the bands of the message have."""
    scene = sorted(p for p in demo_scenes.iterdir() if p.is_dir())[0]
    ns = ns_of("2024-01-01T15:59:00Z")
    row_id = (ns // 10**6).to_bytes(6, "big") + bytes(9) + b"\x01"
    keys = field(1, timestamp(ns)) + field(2, field(1, row_id)) + field(3, timestamp(ns))
    place = shapely.box(-82.6, 8.2, -82.3, 8.5).wkb
    message = keys + field(4, field(1, place)) + field(5, "one") + field(6, assets_message(f"{scene}/", [("B04", 7), ("B03", 4)]))
    described = annotated_type("MadeScenes", [("geometry", ".datasets.v1.Geometry"), ("name", "string"), ("assets", ".datasets.stac.v1.Assets")])
    with Service(Dataset("made.scenes", *described, {"only": [(ns, row_id, message, keys)]})) as service:
        [loaded] = load(run, service, "made.scenes").lines()
        assert loaded["assets"]["B03"] == {
            "href": f"{scene}/B03.tif", "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"], "bands": [{"name": "B03", "eo:common_name": "green"}]}
        run("get", "-d", "made.scenes", "--bbox", "-82.48,8.35,-82.39,8.44", "--bands", "red,green", "-q", "-o", tmp_path / "there",
            "--source", service.source)
    run("get", scene, *AREA, "-o", tmp_path / "here")
    [here], [there] = (list(pictures(tmp_path / name).values()) for name in ("here", "there"))
    assert pixels(there) == pixels(here)


def test_our_server_gives_what_its_catalogue_holds(run, serve, tmp_path):
    """The same questions to the file and, through the wire, to the server of that file."""
    catalog = tmp_path / "rows.dtcat"
    with Service(made_dataset(counts=(("a", 3000), ("b", 1000))), page_rows=5000) as service:
        for collection in "ab":
            rows = tmp_path / f"{collection}.csv"
            run("load", "made.rows", "-c", collection, "-o", rows, "-q", "--fields", "time,name,cloud_cover,orbit",
                "--source", service.source)
            run("ingest", rows, "-d", "made.rows", "-c", collection, "-q", "--source", catalog)
    (tmp_path / "none").mkdir()
    server = serve(tmp_path / "none", "--catalog", catalog)
    remote = "tilebox+" + server.url.rstrip("/")
    for question in ([], ["-c", "a"], ["-n", "13"], ["--filter", "cloud_cover > 12.5 AND orbit = 0"],
                     ["-c", "b", "--datetime", "2024-01-01T00:01:00Z/2024-01-01T00:02:30.000000001Z"],
                     ["--fields", "name,cloud_cover"],
                     ["-c", "a", "--filter", "name LIKE 'a-0001%'", "-n", "7"]):
        through, direct = (run("load", "made.rows", *question, "--of", "ndjson", "-q", "--source", source).out
                           for source in (remote, catalog))
        assert direct != "" and through == direct, question
    # what the service can sift it sifts: a page of everything is hundreds of KB
    run("load", "made.rows", "--filter", "cloud_cover = 50 AND orbit = 1 AND name LIKE 'a-%'", "--of", "ndjson", "-q", "--source", remote)
    few = [request["bytes"] for request in server.requests() if request["path"].endswith("/Query")][-1]
    assert 0 < few < 200 * 60, few
    server = serve(tmp_path / "none", "--catalog", catalog)
    remote = "tilebox+" + server.url.rstrip("/")
    for verb in (["datasets"], ["collections", "made.rows"], ["search", "made.rows", "--count"]):
        assert run(*verb, "--source", remote).out == run(*verb, "--source", catalog).out
    first = json.loads(run("load", "made.rows", "-n", "1", "--of", "ndjson", "-q", "--source", catalog).out)
    found = [run("find", "made.rows/a", first["id"], "--source", source).out for source in (remote, catalog)]
    assert found[0] == found[1] != ""


@pytest.fixture
def remote(serve, tmp_path):
    """A server of an empty catalogue as a source."""
    (tmp_path / "none").mkdir()
    return "tilebox+" + serve(tmp_path / "none", "--catalog", tmp_path / "there.db").url.rstrip("/")


def rows_of(run, dataset, source, *more):
    return [{k: v for k, v in row.items() if k != "ingestion_time"}
            for row in run("load", dataset, "--of", "ndjson", "-q", "--source", source, *more).lines()]


def test_items_go_into_a_service_as_into_a_catalogue(run, remote, demo_scenes, tmp_path):
    here = tmp_path / "here.db"
    for source in (here, remote):
        assert "8 added" in run("ingest", demo_scenes, "-d", "demo", "--source", source).err
    assert rows_of(run, "demo", remote) == rows_of(run, "demo", here) != []
    assert "eo:cloud_cover" in rows_of(run, "demo", remote)[0]  # although protobuf has no such names
    assert "0 added, 8 were there" in run("ingest", demo_scenes, "-d", "demo", "--source", remote).err
    fields = [[(f["name"], f["type"]) for f in run("info", "demo", "--source", source).json()["fields"]] for source in (remote, here)]
    assert fields[0] == fields[1]
    for name, source in (("a", here), ("b", remote)):
        run("get", "-d", "demo", "--cloud", "50", "-n", "2", *AREA, "-o", tmp_path / name, "--source", source)
    assert pictures(tmp_path / "a") == pictures(tmp_path / "b") != {}


def test_more_than_a_call_carries_new_fields_and_collections(run, remote, tmp_path):
    many = tmp_path / "many.csv"
    many.write_text("time,n,kind\n" + "".join(f"2024-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z,{i},{'ab'[i % 2]}\n"
                                              for i in range(20_000)))
    run("ingest", many, "-d", "many", "--collection-from", "kind", "-q", "--source", remote)
    assert [(c["name"], c["datapoints"]) for c in run("collections", "many", "--source", remote).lines()] == [
        ("a", 10_000), ("b", 10_000)]
    assert [row["n"] for row in rows_of(run, "many", remote)] == list(range(20_000))
    (tmp_path / "wider.csv").write_text("time,n,kind,word\n2024-02-01T00:00:00Z,-1,c,new\n")
    run("ingest", tmp_path / "wider.csv", "-d", "many", "--collection-from", "kind", "-q", "--source", remote)
    assert [row["word"] for row in rows_of(run, "many", remote, "-c", "c")] == ["new"]
    assert rows_of(run, "many", remote, "-n", "1")[0]["word"] is None


def test_datapoints_collections_and_datasets_are_deleted_in_a_service(run, remote, tmp_path):
    (tmp_path / "rows.csv").write_text("time,n,kind\n" + "".join(f"2024-01-01T00:00:{i:02}Z,{i},{'ab'[i % 2]}\n" for i in range(40)))
    run("ingest", tmp_path / "rows.csv", "-d", "rows", "--collection-from", "kind", "-q", "--source", remote)
    assert "10 datapoints deleted" in run("delete", "rows", "--filter", "n >= 30", "-y", "--source", remote).err
    assert [row["n"] for row in rows_of(run, "rows", remote)] == list(range(30))
    assert "5 datapoints deleted" in run("delete", "rows/a", "--filter", "n < 10", "-y", "--source", remote).err
    run("delete", "rows/b", "--all", "-y", "-q", "--source", remote)
    assert [c["name"] for c in run("collections", "rows", "--source", remote).lines()] == ["a"]
    assert [row["n"] for row in rows_of(run, "rows", remote)] == list(range(10, 30, 2))
    run("delete", "rows", "--all", "-y", "-q", "--source", remote)
    assert run("datasets", "--source", remote).out == ""


def test_what_a_service_does_not_store_is_refused(run, remote, tmp_path):
    (tmp_path / "one.csv").write_text("time,n\n2024-01-01T00:00:00Z,1\n")
    ran = run("ingest", tmp_path / "one.csv", "-d", "group.one", "--source", remote, status=2)
    assert "name it without dots" in ran.err
    ran = run("ingest", tmp_path / "one.csv", "-d", "one", "--all-or-nothing", "--source", remote, status=None)
    assert ran.status == 1 and "all or nothing" in ran.err and run("datasets", "--source", remote).out == ""
    run("ingest", tmp_path / "one.csv", "-d", "one", "-q", "--source", remote)
    (tmp_path / "other.csv").write_text("time,n\n2024-01-02T00:00:00Z,word\n")
    ran = run("ingest", tmp_path / "other.csv", "-d", "one", "--source", remote, status=None)
    assert ran.status != 0 and len(rows_of(run, "one", remote)) == 1
    ran = run("catalog", "compact", "--source", remote, status=1)
    assert "catalogue files only" in ran.err
