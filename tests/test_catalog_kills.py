"""A catalogue whose writer is killed at any moment: what was committed is there, once, and the file is sound.

DATATAKE_CATALOG_KILLS (10) is how many writers are killed; `make check` sets it to 100.
"""
import csv
import io
import os
import random
import signal
import subprocess
import time

import pytest

KILLS = int(os.environ.get("DATATAKE_CATALOG_KILLS", "10"))
NAMES = 40000
DAY_S = 86400


def write_rows(path, version, names):
    """A day after another, so that a time tells how many rows lie before it; names of a later version replace."""
    with open(path, "w") as file:
        file.write("name,time,lon,lat,version,note\n")
        for n in names:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1577836800 + n * 600))
            file.write(f"n{n},{moment},{n % 360 - 180},{n % 179 - 89.5},{version},{hash((n, version)):x}\n")
    return path


class Catalogue:
    """What is in the file, as the program tells it, and as it must be."""

    def __init__(self, run, program, env, folder):
        self.run, self.program, self.env, self.folder = run, program, env, folder
        self.rows = {}
        self.version = 0
        self.killed = {"ingest": 0, "compact": 0, "delete": 0}

    def read(self):
        """{name: version}; no name twice."""
        out = self.run("search", "w", "--csv", "--fields", "name,version", timeout_s=120).out
        rows = list(csv.DictReader(io.StringIO(out)))
        found = {r["name"]: int(r["version"]) for r in rows}
        assert len(found) == len(rows), "a name is there twice"
        return found

    def usual_seconds(self, command):
        started = time.monotonic()
        self.run(*command, timeout_s=120)
        return time.monotonic() - started

    def kill(self, act, command, seconds):
        """True: it was killed."""
        process = subprocess.Popen([str(self.program), *map(str, command)], env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert process.wait(seconds) == 0
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.killed[act] += 1
            return True

    def check(self, act, ended, before, after):
        """Sound, and one of the two states; that after the act when it had ended."""
        assert "sound" in self.run("catalog", "check", timeout_s=120).err
        self.rows = self.read()
        assert self.rows == after or (not ended and self.rows == before), f"{act}: neither as before nor as after it"
        assert int(self.run("search", "w", "--count").out) == len(self.rows)

    def ingest(self, rng, seconds):
        self.version += 1
        first = rng.randrange(NAMES // 2)
        names = range(first, first + NAMES // 2)
        path = write_rows(self.folder / "rows.csv", self.version, names)
        command = ["ingest", path, "-d", "w", "--name", "name"]
        killed = self.kill("ingest", command, rng.uniform(0.1, 1) * seconds)
        self.check("ingest", not killed, self.rows, {**self.rows, **{f"n{n}": self.version for n in names}})

    def compact(self, rng, seconds):
        killed = self.kill("compact", ["catalog", "compact"], rng.uniform(0.05, 1) * seconds)
        self.check("compact", not killed, self.rows, self.rows)

    def delete(self, rng, seconds):
        end = rng.randrange(NAMES)
        last = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1577836800 + end * 600))
        command = ["delete", "w", "--datetime", f"../{last}", "--yes"]
        killed = self.kill("delete", command, rng.uniform(0.05, 1) * seconds)
        self.check("delete", not killed, self.rows, {k: v for k, v in self.rows.items() if int(k[1:]) > end})


def test_killed_writers_lose_nothing_and_double_nothing(run, program, quiet_env, tmp_path, record_property):
    rng = random.Random(5)
    catalogue = Catalogue(run, program, quiet_env, tmp_path)
    first = write_rows(tmp_path / "first.csv", 0, range(NAMES))
    seconds = {"ingest": catalogue.usual_seconds(["ingest", first, "-d", "w", "--name", "name"])}
    seconds["compact"] = catalogue.usual_seconds(["catalog", "compact"])
    seconds["delete"] = catalogue.usual_seconds(["delete", "w", "--datetime", "../2019-12-31", "--yes"])
    catalogue.rows = catalogue.read()
    assert len(catalogue.rows) == NAMES
    acts = ["ingest", "ingest", "compact", "delete"]
    for i in range(KILLS):
        while sum(catalogue.killed.values()) <= i:
            act = rng.choice(acts)
            getattr(catalogue, act)(rng, max(seconds[act], 0.03))
    for act, times in catalogue.killed.items():
        record_property(act, times)
    record_property("datapoints", len(catalogue.rows))
    assert KILLS < 30 or min(catalogue.killed.values()) > 0, catalogue.killed
