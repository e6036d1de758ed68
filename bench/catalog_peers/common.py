"""What each client of the catalogue benchmark does: `fill CSV`, `scan`, `ask QUESTIONS`, with the folder of its file
first, and one line of JSON at the end. The clock starts after the imports and after the file is open."""
import json
import os
import sys
import time

FIELDS = ["time", "row", "tile_row", "tile_col", "cloud_pct", "valid_pixel_pct"]
LIMIT = 100


def arrow_sums(table):
    """What a scan must come to."""
    import pyarrow.compute as pc
    return {"rows": table.num_rows, **{name: pc.sum(table[name]).as_py() for name in ("row", "tile_row", "cloud_pct")}}


def size_of(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def ask_all(ask, questions):
    """ask(box, interval in seconds or None) -> (hits, sum of row). The first tenth are asked once before."""
    for q in questions[:max(1, len(questions) // 10)]:
        ask(q["box"], q.get("time"))
    out = {"ms": [], "hits": [], "sums": []}
    for q in questions:
        started = time.perf_counter()
        hits, total = ask(q["box"], q.get("time"))
        out["ms"].append(round((time.perf_counter() - started) * 1000, 4))
        out["hits"].append(hits)
        out["sums"].append(int(total))
    return out


def main(fill, open_scan, open_ask, version):
    """fill(folder, csv); open_scan(folder) -> scan() -> Arrow table; open_ask(folder) -> ask."""
    task, folder = sys.argv[1:3]
    if task == "fill":
        started = time.perf_counter()
        fill(folder, sys.argv[3])
        done = {"seconds": time.perf_counter() - started, "bytes": size_of(folder)}
    elif task == "scan":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        scan = open_scan(folder)
        scan()
        started, cpu = time.perf_counter(), time.process_time()
        table = scan()
        done = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu, **arrow_sums(table)}
    else:
        ask = open_ask(folder)
        with open(sys.argv[3]) as file:
            done = {kind: ask_all(ask, questions) for kind, questions in json.load(file).items()}
    print(json.dumps({**done, "version": version}), flush=True)
    os._exit(0)
