"""OUT.json ROWS.csv COPIES COUNT LON SECONDS: boxes with 1 to 100 hits, over all time and within an interval, and what they
and a scan must come to, by looking at every row of one copy (boxes of copies do not meet)."""
import json
import sys

import numpy as np
import pandas as pd

HITS = 100


def main():
    out, source, *numbers = sys.argv[1:]
    copies, count, lon, seconds = map(int, numbers)
    rows = pd.read_csv(source)
    w, s, e, n, when, row = (rows[c].to_numpy() for c in ("w", "s", "e", "n", "time", "row"))
    rng = np.random.default_rng(1)
    made = {"box": [], "box_time": []}

    def ask(kind, half_lon, half_lat, days):
        at, copy = rng.integers(len(rows)), int(rng.integers(copies))
        x, y = (w[at] + e[at]) / 2 + rng.normal(0, 0.003), (s[at] + n[at]) / 2 + rng.normal(0, 0.002)
        box = [round(float(v), 6) for v in (x - half_lon, y - half_lat, x + half_lon, y + half_lat)]
        keep = (w <= box[2]) & (e >= box[0]) & (s <= box[3]) & (n >= box[1])
        question = {}
        if days:
            start = int(when[at]) - int(rng.integers(0, days * 86400))
            keep &= (when >= start) & (when <= start + days * 86400)
            question["time"] = [start + copy * seconds, start + days * 86400 + copy * seconds]
        hits = int(keep.sum())
        if 1 <= hits <= HITS and len(made[kind]) < count:
            question.update(box=[round(box[0] + lon * copy, 6), box[1], round(box[2] + lon * copy, 6), box[3]], hits=hits,
                            sum=int(row[keep].sum()) + copy * len(rows) * hits)
            made[kind].append(question)

    while min(map(len, made.values())) < count:
        ask("box", rng.uniform(0.0005, 0.006), rng.uniform(0.0005, 0.004), 0)
        days = int(rng.integers(1, 40))
        ask("box_time", rng.uniform(0.002, 0.08), rng.uniform(0.002, 0.05), days)
    total = len(rows)
    made["scan"] = {"rows": total * copies, "row": total * copies * (total * copies - 1) // 2,
                    "tile_row": int(rows["tile_row"].sum()) * copies, "cloud_pct": float(rows["cloud_pct"].sum()) * copies}
    with open(out, "w") as file:
        json.dump(made, file)


main()
