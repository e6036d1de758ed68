"""Random questions to a catalogue, and the same to a loop over all rows: shapely in the plane, S2 on the sphere.

    DATATAKE_ORACLE_SEED=7 DATATAKE_ORACLE_QUESTIONS=500 .venv/bin/python -m pytest tests/test_catalog_oracle.py -m long

What fails is printed with its seed and as a command for the program, on a catalogue that is kept.
"""
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

import brute_force as brute
import random_questions
import random_rows
from library import Catalog, Library, Query
from random_rows import DATASET

SEED = int(os.environ.get("DATATAKE_ORACLE_SEED", "20261122"))
NEAR_M = 1  # chords stay within 0.1 m of great circles, or 1e-7 of their length


def build(catalog, folder, rng, count, shapes=None):
    """Rows that were put, partly replaced and deleted, in several commits; and what is left as a frame."""
    rows = random_rows.make_rows(rng, count, shapes=shapes)
    cuts = [0, count // 3, count // 3 + 50, count]
    for i, (a, b) in enumerate(zip(cuts, cuts[1:])):
        random_rows.write_csv(rows[a:b], folder / f"{i}.csv")
        catalog.ingest(folder / f"{i}.csv", DATASET, **random_rows.INGEST)
    changed = rng.choice(count, count // 30, replace=False)
    fresh = random_rows.make_rows(rng, len(changed), shapes=shapes)
    fresh["name"], fresh["collection"] = rows["name"].iloc[changed].array, rows["collection"].iloc[changed].array
    random_rows.write_csv(fresh, folder / "changed.csv")
    catalog.ingest(folder / "changed.csv", DATASET, **random_rows.INGEST)
    rows = pd.concat([rows.drop(index=changed), fresh], ignore_index=True)
    gone = (rows["orbit"] == 77).to_numpy() & (rows["collection"] == "L2A").to_numpy()
    assert catalog.delete(Query(DATASET, collections=["L2A"], filters=["orbit = 77"])) == gone.sum() > 0
    catalog.compact()
    more = random_rows.make_rows(rng, count // 100, first=count, shapes=shapes)  # these stay small chunks
    random_rows.write_csv(more, folder / "more.csv")
    catalog.ingest(folder / "more.csv", DATASET, **random_rows.INGEST)
    return pd.concat([rows[~gone], more], ignore_index=True)


def value_columns(table):
    """What came, as the frame has it."""
    frame = table.select(["name", "cloud"]).to_pandas()
    frame["seen"] = pd.array([None if v is None else v.value for v in table["seen"]], "Int64")
    frame["wkb"] = pd.Series([None if v is None else bytes(v) for v in (getattr(g, "value", g) for g in table["geometry"].to_pylist())],
                             dtype=object)
    return frame


def check_values(rows, at, table):
    got, expected = value_columns(table), rows.iloc[at].reset_index(drop=True)
    assert got["name"].tolist() == expected["name"].tolist()
    np.testing.assert_array_equal(got["cloud"].to_numpy(float), expected["cloud"].to_numpy())
    assert got["seen"].equals(expected["seen"])
    assert got["wkb"].tolist() == expected["wkb"].tolist()


def loaded(catalog, frame):
    """The frame in the catalogue's default order, with ids; everything that is in the file is compared first."""
    table = catalog.search(Query(DATASET))
    assert table.num_rows == len(frame)
    names = table["name"].to_pylist()
    rows = frame.set_index("name", drop=False).loc[names].reset_index(drop=True)
    rows["id"] = [str(v) for v in table["id"].to_pylist()]
    rows["shape"] = rows.pop("geometry")
    rows["wkb"] = pd.Series(shapely.to_wkb(rows["shape"].to_numpy(), flavor="iso"), dtype=object)
    assert rows["id"].is_unique
    assert list(zip(rows["time"], rows["id"])) == sorted(zip(rows["time"], rows["id"]))
    assert [v.value for v in table["time"]] == rows["time"].tolist()
    assert table["collection"].to_pylist() == rows["collection"].tolist()
    assert table["orbit"].to_pylist() == rows["orbit"].tolist()
    assert table["platform"].to_pylist() == rows["platform"].tolist()
    assert table["night"].to_pylist() == [None if n is pd.NA else n for n in rows["night"]]
    check_values(rows, np.arange(len(rows)), table)
    return rows


class World:
    def __init__(self, folder, count, rng, pool=None):
        self.source = folder / "oracle.db"
        self.library = Library()
        shapes = None
        if pool:
            shapes = np.array([random_rows.shape(rng) for _ in range(pool)], object)
        with Catalog(self.library, self.source) as catalog:
            self.rows = loaded(catalog, build(catalog, folder, rng, count, shapes))
        self.shapes = self.rows["shape"].to_numpy()

    def told(self, what, number, query):
        return f"{what}\nDATATAKE_ORACLE_SEED={SEED}, question {number}:\n{query.command(self.source)}"

    def check(self, catalog, number, query, keep):
        try:
            table = catalog.search(query)
            counted = catalog.count(replace(query, limit=0, offset=0))
        except Exception as wrong:
            pytest.fail(self.told(f"{wrong}", number, query))
        at = brute.answer(self.rows, query, keep)
        expected, got = self.rows["name"].iloc[at].tolist(), table["name"].to_pylist()
        if expected != got:
            missing, extra = sorted(set(expected) - set(got))[:5], sorted(set(got) - set(expected))[:5]
            pytest.fail(self.told(f"{len(got)} rows instead of {len(expected)}; missing {missing}, too much {extra}", number, query))
        if counted != keep.sum():
            pytest.fail(self.told(f"counted {counted} instead of {keep.sum()}", number, query))
        if "seen" in table.column_names:
            check_values(self.rows, at, table)
        return len(at)

    def plane(self, catalog, rng, count):
        """How many answers were not empty."""
        return sum(self.check(catalog, i, q.query, q.keep) > 0 for i, q in
                   ((i, random_questions.ask(rng, self.rows)) for i in range(count)))

    def sphere(self, catalog, rng, count, slice_rows=100_000):
        """S2 looks at one slice of the rows after another, for all questions. What it cannot be asked, or what is within
        a metre of being otherwise, is taken as the catalogue has it."""
        questions = [random_questions.ask(rng, self.rows, spherical=True) for _ in range(count)]
        ours = []
        for i, q in enumerate(questions):
            bare = replace(q.query, order=[], limit=0, offset=0, fields=["name"])
            try:
                names = catalog.search(bare)["name"].to_pylist()
            except Exception as wrong:
                pytest.fail(self.told(f"{wrong}", i, bare))
            ours.append(self.rows["name"].isin(names).to_numpy())
        for first in range(0, len(self.rows), slice_rows):
            part = slice(first, first + slice_rows)
            geos = brute.geographies(self.shapes[part])
            for i, q in enumerate(questions):
                self.check_sphere(i, q, ours[i][part], part, geos)
        return sum(self.check(catalog, i, q.query, mine) > 0 for i, (q, mine) in enumerate(zip(questions, ours)))

    def check_sphere(self, number, q, mine, part, geos):
        theirs = brute.on_sphere(q.query, q.area, self.shapes[part], geos)
        differ = np.flatnonzero((mine != (theirs.holds & q.keep[part])) & (theirs.known | ~q.keep[part]))
        whole = brute.whole_of(q.query, q.area)
        wrong = [self.rows["name"].iloc[part.start + at] for at in differ
                 if not q.keep[part][at] or not brute.is_near(q.query, whole, geos[at], mine[at], NEAR_M)]
        if wrong:
            bare = replace(q.query, order=[], limit=0, offset=0)
            pytest.fail(self.told(f"S2 has it otherwise: {len(wrong)} rows, {wrong[:5]}", number, bare))


def run_world(folder, count, plane, sphere, pool=None):
    rng = np.random.default_rng(SEED)
    world = World(folder, count, rng, pool)
    with Catalog(world.library, world.source) as catalog:
        full = world.plane(catalog, rng, plane)
        full += world.sphere(catalog, rng, sphere)
    assert full > (plane + sphere) / 4, "most questions had no answer"


def test_sixty_random_questions_on_5000_rows(tmp_path):
    run_world(tmp_path, 5_000, 45, 15)


@pytest.mark.long
def test_a_thousand_random_questions_on_100000_rows(tmp_path):
    questions = int(os.environ.get("DATATAKE_ORACLE_QUESTIONS", "1000"))
    run_world(tmp_path, 100_000, questions * 7 // 10, questions * 3 // 10)


@pytest.mark.long
def test_fifty_random_questions_on_a_million_rows(tmp_path):
    run_world(tmp_path, 1_000_000, 35, 15, pool=60_000)
