"""An Earth Engine service as a source (`--source ee+http://...`): what `datatake serve` shows Earth Engine's clients of a
catalogue comes back as the catalogue itself would give it."""
import asyncio
import json
import signal
import subprocess
import threading

import pytest
import python_rows  # noqa: F401
from conftest import SLOW
from earthengine_service import Refused, Service, images

BOX = "-82.48,8.35,-82.39,8.44"
SR = "COPERNICUS/S2_SR"


class Both:
    """A catalogue, and the same through Earth Engine's protocol."""

    def __init__(self, run, catalog, server):
        self.run, self.catalog, self.server = run, catalog, server
        self.source = f"ee+{server.url.rstrip('/')}/?project=p"

    def far(self, command, *arguments, dataset=SR, **how):
        return self.run(command, dataset, *arguments, "--source", self.source, **how)

    def near(self, command, *arguments, **how):
        return self.run(command, "demo.s2", *arguments, "--source", self.catalog, **how)

    def questions(self):
        """Stops the server."""
        return [r for r in self.server.requests() if r["path"].startswith("/v1/")]


@pytest.fixture
def both(demo_scenes, run, serve, tmp_path):
    run("ingest", demo_scenes, "-d", "demo.s2", "--source", tmp_path / "c.db")
    return Both(run, tmp_path / "c.db", serve(tmp_path, "--catalog", tmp_path / "c.db"))


def items(done):
    return [json.loads(line) for line in done.out.splitlines()]


def key(item):
    properties = item["properties"]
    grids = {}
    for name, asset in item["assets"].items():
        if "data" in asset["roles"]:
            grid = {**properties, **asset}
            band = asset["raster:bands"][0]
            grids[name.replace("B0", "B")] = (grid["proj:shape"], grid["proj:transform"], band["data_type"], band.get("scale"),
                                              [b.get("common_name") for b in asset.get("eo:bands", [])] if name != "SCL" else [])
    return (item["id"], properties["datetime"], properties["eo:cloud_cover"], properties["platform"], properties["proj:epsg"],
            item["geometry"], item["bbox"], grids)


QUERIES = [
    (),
    ("--cloud", "10"),
    ("--datetime", "2024-01-06/2024-01-21"),
    ("--bbox", "-82.6,8.2,-82.54,8.3", "--datetime", "../2024-01-20"),
    ("--bbox", "10,10,11,11"),
    ("--filter", "eo:cloud_cover BETWEEN 1 AND 13 AND platform = 'sentinel-2a'"),
    ("--filter", "NOT (eo:cloud_cover < 10) OR name LIKE 'S2B%'"),
    ("--filter", "eo:cloud_cover <> 12.31"),
    ("--filter", "gsd IN (10, 20) AND eo:cloud_cover >= 4.09"),
    ("--ids", "S2A_17PLK_20240111_0_L2A,S2A_nobody"),
    ("--sortby", "-datetime", "--max-items", "3"),
]


def test_items_are_those_of_the_catalogue(both):
    for query in QUERIES:
        here = items(both.near("load", *query, "--of", "items"))
        there = items(both.far("load", *query, "--of", "items"))
        assert [key(i) for i in there] == [key(i) for i in here], query
        assert {i["collection"] for i in there} <= {SR}
        assert int(both.far("search", *query, "--count").out) == (3 if "--max-items" in query else len(here)), query


def test_the_ids_of_datapoints_are_those_of_the_catalogue(both):
    columns = ("--of", "csv", "--fields", "time,id,name,eo:cloud_cover")
    here = both.near("load", *columns).out
    assert here.count("\n") == 9 and both.far("load", *columns).out == here
    name = here.splitlines()[3].split(",")
    for text in name[1:3]:
        assert both.far("find", text).json()["id"] == name[2]


def test_two_questions_are_enough(both):
    both.far("load", "--cloud", "85", "--bbox", BOX, "-o", "x.nc")
    asked = both.questions()
    assert [r["status"] for r in asked] == [200, 200]
    assert {r["path"] for r in asked} == {"/v1/projects/p/value:compute"}


def test_what_is_there_is_listed(both):
    listed = [json.loads(line) for line in both.run("datasets", "--source", both.source).out.splitlines()]
    assert {(d["dataset"], d["datapoints"]) for d in listed} == {(SR, 8), (SR + "_HARMONIZED", 8), ("demo/s2", 8)}
    one = both.far("collections").json()
    assert (one["name"], one["datapoints"], one["start"], one["end"]) == (SR, 8, "2024-01-01T15:59:00Z", "2024-02-05T15:59:00Z")
    fields = {f["name"]: f["type"] for f in both.far("info", "--json").json()["fields"]}
    assert fields["eo:cloud_cover"] == fields["CLOUDY_PIXEL_PERCENTAGE"] == "float64"
    assert fields["geometry"] == "geometry" and fields["assets"] == "assets" and fields["system:index"] == "string"


def test_names_may_be_given_in_parts(both):
    for place in (["-c", SR], ["-d", "COPERNICUS", "-c", "S2_SR"], ["-d", SR], ["-d", SR, "-c", "S2_SR"]):
        assert both.run("search", *place, "--count", "--source", both.source).out.strip() == "8", place


def test_refusals_say_why(both, demo_scenes):
    done = both.far("load", "--of", "csv", dataset="NO/SUCH", status=5)
    assert "ImageCollection asset 'NO/SUCH' not found" in done.err
    done = both.run("delete", SR, "--all", "--yes", "--source", both.source, status=None)
    assert done.status != 0 and "read only" in done.err
    done = both.run("ingest", demo_scenes, "-d", SR, "--source", both.source, status=None)
    assert done.status != 0 and "read only" in done.err
    done = both.far("load", "--sortby", "eo:cloud_cover", "--of", "csv", status=None)
    assert done.status != 0 and "in the order of time" in done.err
    done = both.far("load", "--filter", "no_such < 3", "--of", "csv", status=2)
    assert "no_such" in done.err
    done = both.far("find", "nobody", status=5)
    assert f"{SR} has no image 'nobody'" in done.err

def test_real_scenes_have_their_times_clouds_and_the_grids_of_their_files(shared, run, serve, tmp_path):
    from osgeo import gdal

    scenes = shared / "data/imagery/sentinel2-l2a-33TWL-5dates"
    if not scenes.is_dir():
        pytest.skip("the real scenes are not here")
    run("ingest", scenes, "-d", "real.twl", "--source", tmp_path / "c.db")
    source = f"ee+{serve(tmp_path, '--catalog', tmp_path / 'c.db').url}?project=p"
    ask = ["--cloud", "50", "--bbox", "15.5,45.4,15.59,45.49", "--of", "items"]
    here = items(run("load", "real.twl", *ask, "--source", tmp_path / "c.db"))
    there = items(run("load", SR, *ask, "--source", source))
    assert len(there) == 4
    for ours, theirs in zip(there, here, strict=True):
        assert ours["id"] == theirs["id"] and ours["geometry"] == theirs["geometry"]
        for name in ("eo:cloud_cover", "proj:epsg", "platform", "s2:processing_baseline", "grid:code"):
            assert ours["properties"][name] == theirs["properties"][name]
        assert ours["properties"]["datetime"].rstrip("0Z") == theirs["properties"]["datetime"].rstrip("0Z")
        assert len(ours["assets"]) == 15
        file = gdal.Open(str(scenes / theirs["id"] / "B08.tif"))
        x, dx, rx, y, ry, dy = file.GetGeoTransform()
        assert ours["assets"]["B8"]["proj:transform"] == [dx, rx, x, ry, dy, y]
        assert ours["assets"]["B8"]["proj:shape"] == [file.RasterYSize, file.RasterXSize]


# --- a service that goes wrong as it is told ---


@pytest.fixture
def made_up():
    """made_up(assets, before=...) starts a service of made-up images."""
    running = []

    def start(assets, **how):
        running.append(Service(assets, **how))
        return running[-1]
    yield start
    for service in running:
        service.close()


def names(done):
    return [line.split(",")[0] for line in done.out.splitlines()[1:]]


def load(run, service, *arguments, **how):
    return run("load", "MADE/UP", "--source", service.source, "--of", "csv", "--fields", "name,time,eo:cloud_cover", *arguments, **how)


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_many_images_come_in_pages_each_once(made_up, run, at_once):
    service = made_up({"MADE/UP": images(3000, at_once=at_once)})
    expected = [f"i{n:06}" for n in range(3000)]
    found = names(load(run, service))
    assert sorted(found) == expected and len(found) == 3000
    if at_once == 1:
        assert found == expected
        assert names(load(run, service, "--sortby", "-datetime", "--max-items", "900")) == expected[::-1][:900]
    assert all(q[1].get("limit", 0) <= 400 for q in service.questions)
    assert len(service.questions) < (30 if at_once == 1 else 60)
    # a page looks at what it needs, not at all that is left
    assert run("search", "MADE/UP", "--count", "--source", service.source).out.strip() == "3000"
    assert service.questions[-1][0] == "Collection.size"


def test_filters_are_asked_for_and_looked_at_again(made_up, run):
    def too_much(service, question):
        """A service that filters nothing but times."""
        if question[0] == "Collection.limit" and question[1]["collection"][0] == "Collection.filter":
            parts = question[1]["collection"][1]["filter"][1]["filters"]
            seen.append([p[0] for p in parts])
            del parts[1:]
    seen = []
    service = made_up({"MADE/UP": images(500)}, before=too_much)
    done = load(run, service, "--cloud", "10", "--bbox", "10.05,45.2,10.06,45.3", "--datetime", "2023-11-15/2023-11-20")
    assert ["Filter.dateRangeContains", "Filter.intersects", "Filter.lessThan"] in seen
    expected = [i["properties"]["system:index"] for i in images(500)
                if i["properties"]["CLOUDY_PIXEL_PERCENTAGE"] < 10 and i["properties"]["system:footprint"]["coordinates"][0][0] <= 10.06
                and 1_700_006_400_000 <= i["properties"]["system:time_start"] < 1_700_524_800_000]
    assert names(done) == expected and expected


def test_what_is_too_much_for_the_service_is_asked_for_in_smaller_pages(made_up, run):
    def small_memory(service, question):
        if question[0] == "Collection.limit" and question[1]["limit"] > 30:
            raise Refused(400, "INVALID_ARGUMENT", "User memory limit exceeded.")
    service = made_up({"MADE/UP": images(200)}, before=small_memory)
    assert names(load(run, service)) == [f"i{n:06}" for n in range(200)]
    service = made_up({"MADE/UP": images(200)}, before=lambda s, q: small_memory(s, ("Collection.limit", {"limit": 99}))
                      if q[1].get("key") else None)
    done = load(run, service, status=None)
    assert done.status != 0 and "User memory limit exceeded." in done.err and not names(done)
    assert len(service.questions) <= 8


def test_quotas_and_hiccups_are_waited_out(made_up, run):
    def stumbling(service, question):
        at = len(service.questions)
        if at == 1:
            raise Refused(429, "RESOURCE_EXHAUSTED", "Too Many Requests", Retry_After="0")
        if at in (3, 4):
            raise Refused(500, "INTERNAL", "An internal error has occurred")
    service = made_up({"MADE/UP": images(500)}, before=stumbling)
    assert len(names(load(run, service))) == 500
    assert len(service.questions) == 6


def test_a_token_that_ends_is_renewed_in_the_middle_of_a_load(made_up, run, tmp_path):
    def short_lived(service, question):
        """Each token is good for two questions."""
        if service.authorizations[-1] != f"Bearer t{service.exchanges}" or service.authorizations.count(service.authorizations[-1]) > 2:
            raise Refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
    service = made_up({"MADE/UP": images(1500)}, before=short_lived)
    credentials = tmp_path / "adc.json"
    credentials.write_text(json.dumps({"type": "authorized_user", "refresh_token": "r", "client_id": "c", "client_secret": "s",
                                       "token_uri": service.url + "/token"}))
    credentials.chmod(0o600)
    done = load(run, service, env={"GOOGLE_APPLICATION_CREDENTIALS": str(credentials)})
    assert names(done) == [f"i{n:06}" for n in range(1500)]
    assert service.exchanges >= 3


def test_a_load_that_is_interrupted_ends_while_the_service_still_thinks(made_up, program, quiet_env, tmp_path):
    def thinking(service, question):
        if question[1].get("key"):
            asked.set()
            goes_on.wait(60 * SLOW)
    asked, goes_on = threading.Event(), threading.Event()
    service = made_up({"MADE/UP": images(10)}, before=thinking)
    with subprocess.Popen([str(program), "load", "MADE/UP", "--source", service.source, "-o", tmp_path / "x.csv"], env=quiet_env,
                          stderr=subprocess.PIPE) as load_:
        try:
            assert asked.wait(60 * SLOW)
            load_.send_signal(signal.SIGINT)
            assert load_.wait(60 * SLOW) == 130
        finally:
            goes_on.set()
            load_.kill()
    assert not list(tmp_path.glob("x.csv*"))


STRANGE = [
    (b"", "no JSON"),
    (b"{}", "no result"),
    (b'{"result":3}', "an image collection is expected"),
    (b'{"result":{"type":"Feature"}}', "an image collection is expected"),
    (b'{"result":{"type":"ImageCollection","features":[3]}}', "an image is no object"),
    (b'{"result":{"type":"ImageCollection","features":[{"id":"x/b","properties":{"system:time_start":5}},'
     b'{"id":"x/a","properties":{"system:time_start":4}}]}}', "not those that were asked for"),
    (b'{"result":{"type":"ImageCollection","features":[' + b"{}," * 5000 + b"{}]}}", "more images than were asked for"),
    (b'{"result":' + b"[" * 100000, "no JSON"),
]


def test_strange_answers_end_the_load_with_a_word(made_up, run):
    for answer, words in STRANGE:
        service = made_up({"MADE/UP": images(3)}, before=lambda s, q, a=answer: a if q[1].get("key") else None)
        done = load(run, service, status=None)
        assert done.status not in (0, 1) and words in done.err and done.out.count("\n") <= 1, (words, done)


def test_a_listing_in_pages_is_read_to_its_end(made_up, run):
    service = made_up({"A/ONE": images(2, collection="A/ONE"), "A/TWO": [], "B": images(5, collection="B")})
    listed = [json.loads(line) for line in run("datasets", "--source", service.source).out.splitlines()]
    assert [(d["dataset"], d["datapoints"]) for d in listed] == [("A/ONE", 2), ("A/TWO", 0), ("B", 5)]
    assert len(service.paths) == 3
    assert run("load", "A/TWO", "--cloud", "3", "--of", "csv", "--source", service.source).out.count("\n") == 1


@pytest.mark.slow
def test_a_load_of_any_size_takes_little_memory(made_up, run, program, quiet_env, tmp_path):
    service = made_up({"MADE/UP": images(8000, bands=12)})  # 50 MB of answers
    done = subprocess.run(["/usr/bin/env", "python3", "-c", """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
""", str(program), "load", "MADE/UP", "--source", service.source, "--of", "ndjson"], capture_output=True, text=True, env=quiet_env,
                          timeout=120 * SLOW)
    status, kilobytes = map(int, done.stdout.split())
    assert status == 0, done.stderr
    if SLOW == 1:  # a sanitizer has memory of its own
        assert kilobytes < 60_000


# --- C and Python ---


def test_python_reads_it_with_and_without_asyncio(both):
    datatake = pytest.importorskip("datatake", reason="the package is not built")
    from datatake import aio

    with datatake.Client(both.source) as client:
        tree = client.datasets()
        assert tree[SR].slug == SR and SR + "_HARMONIZED" in tree
        (collection,) = client.dataset(SR).collections().values()
        assert (collection.name, collection.info().count) == (SR, 8)
        data = collection.load(("2024-01-01", "2024-01-17"), filter=datatake.field("eo:cloud_cover") < 10)
        assert data.name.values.tolist() == ["S2B_17PLK_20240106_0_L2A", "S2A_17PLK_20240111_0_L2A", "S2B_17PLK_20240116_0_L2A"]
        assert collection.count(("2024-01-01", "2024-01-17")) == 4
        assert str(collection.find(str(data.id.values[1])).name.values) == "S2A_17PLK_20240111_0_L2A"
        with pytest.raises(datatake.NotFoundError, match="NO/SUCH"):
            client.dataset("NO/SUCH")

    async def ask():
        async with aio.Client(both.source) as client:
            collection = await (await client.dataset(SR)).collection(SR)
            days = [("2024-01-01", "2024-01-07"), ("2024-01-07", "2024-01-17")]
            return await asyncio.gather(*(collection.load(day) for day in days))
    assert [d.sizes["time"] for d in asyncio.run(ask())] == [2, 2]
