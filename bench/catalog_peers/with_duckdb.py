"""DuckDB: one table with columns for the box (its spatial extension is no package of the registry)."""
import sys

import duckdb

import common


def opened(folder, threads=None, **options):
    db = duckdb.connect(f"{folder}/rows.duckdb", **options)
    if threads:
        db.execute(f"SET threads = {threads}")
    return db


def fill(folder, path):
    db = opened(folder)
    db.execute(f"CREATE TABLE rows AS SELECT * FROM read_csv('{path}')")
    db.execute("CHECKPOINT")
    db.close()


def open_scan(folder):
    db = opened(folder, threads=1, read_only=True)
    return lambda: db.sql(f"SELECT {', '.join(common.FIELDS)} FROM rows").to_arrow_table()


def open_ask(folder):
    db = opened(folder, read_only=True)
    query = "SELECT * FROM rows WHERE w <= $3 AND e >= $1 AND s <= $4 AND n >= $2"

    def ask(box, interval):
        if interval:
            found = db.sql(query + f" AND time BETWEEN $5 AND $6 LIMIT {common.LIMIT}", params=[*box, *interval])
        else:
            found = db.sql(query + f" LIMIT {common.LIMIT}", params=list(box))
        found = found.to_arrow_table()
        return found.num_rows, sum(found["row"].to_pylist())
    return ask


if __name__ == "__main__":
    common.main(fill, open_scan, open_ask, f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}")
