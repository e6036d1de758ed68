"""An Earth Engine service as a source (`--source ee+http://...`): what `datatake serve` shows Earth Engine's clients of a
catalogue comes back as the catalogue itself would give it."""
import json

import pytest

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


@pytest.mark.parametrize("query", QUERIES, ids=" ".join)
def test_items_are_those_of_the_catalogue(both, query):
    here = items(both.near("load", *query, "--of", "items"))
    there = items(both.far("load", *query, "--of", "items"))
    assert [key(i) for i in there] == [key(i) for i in here]
    assert {i["collection"] for i in there} <= {SR}
    assert int(both.far("search", *query, "--count").out) == (3 if "--max-items" in query else len(here))


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
