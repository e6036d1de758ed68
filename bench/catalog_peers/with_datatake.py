"""Datatake through ctypes, to pyarrow tables; filled by the program."""
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

import common

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from library import Catalog, Library, Query  # noqa: E402

DATASET = "bench.rows"
PROGRAM = Path(os.environ.get("DATATAKE_PROGRAM", ROOT / "build/release/datatake"))


def fill(folder, path):
    subprocess.run([PROGRAM, "ingest", path, "-d", DATASET, "--source", f"{folder}/rows.db", "-q", "--time", "epoch(time)",
                    "--geometry", "box(w, s, e, n)", "--drop", "w,s,e,n,time"],
                   check=True, stdout=subprocess.DEVNULL)


def opened(folder, **options):
    return Catalog(Library(), f"{folder}/rows.db", **options)


def open_scan(folder):
    catalog = opened(folder, workers=1)
    return lambda: catalog.search(Query(DATASET, fields=[",".join(common.FIELDS)]))


def iso(seconds):
    return pa.scalar(seconds, pa.timestamp("s")).as_py().isoformat() + "Z"


def open_ask(folder):
    catalog = opened(folder)

    def ask(box, interval):
        query = Query(DATASET, box=box, limit=common.LIMIT)
        if interval:
            query.time = f"{iso(interval[0])}/{iso(interval[1])}"
        found = catalog.search(query)
        return found.num_rows, sum(found["row"].to_pylist())
    return ask


common.main(fill, open_scan, open_ask, subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout.strip())
