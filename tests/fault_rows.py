"""What the rows of faults share: a folder with the program in it, and what a row is."""
import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from osgeo import gdal

from conftest import SLOW

gdal.UseExceptions()

RETRIES = 2
TIMEOUT_S = 2 if SLOW == 1 else 4
BEGUN = (3,)  # an object that changed under way is begun again twice
BEGUN_AGAIN = "the image is begun again, with the new object's header and pixels"
AGAIN, ONCE = (RETRIES + 1, RETRIES + 2), (1,)  # one more when curl replaces a dead connection itself
PATIENCE_S = 60  # a run that takes longer hangs


@dataclass
class Ran:
    status: int
    err: str
    out: Path

    @property
    def files(self):
        return sorted(p.name for p in self.out.iterdir()) if self.out.is_dir() else []


class Place:
    """A folder of its own for each row, and the program in it."""

    def __init__(self, folder, common):
        self.folder, self.common = folder, common
        self.server, self.good = common.server, common.good

    def command(self, *arguments):
        return [str(self.common.program), *map(str, arguments)]

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("DATATAKE_") and not k.lower().endswith("_proxy")}
        env.update(HOME=str(self.folder), XDG_CACHE_HOME=str(self.folder / "cache"), NO_COLOR="1", LC_ALL="C.UTF-8")
        if any(name.startswith("FAULT_") for name in more):
            env["LD_PRELOAD"] = str(self.common.shim)
        return {**env, **{k: str(v) for k, v in more.items()}}

    def get(self, *hrefs, out="out", options=(), prefix=(), retries=RETRIES, **env):
        command = self.command("get", *hrefs, "-o", out, "-q", "--retries", retries, "--timeout", TIMEOUT_S, *options)
        done = subprocess.run([*prefix, *command], cwd=self.folder, env=self.environment(**env), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE_S * SLOW)
        assert done.returncode not in (66, 99), done.stderr.decode()
        return Ran(done.returncode, done.stderr.decode(errors="replace"), self.folder / out)

    def start(self, *hrefs, out="out", options=(), **env):
        command = self.command("get", *hrefs, "-o", out, "-q", "--timeout", 60, *options)
        return subprocess.Popen(command, cwd=self.folder, env=self.environment(**env), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def check(self, ran, status, says=""):
        """What holds for every run, and the message."""
        assert ran.status == status, (ran.status, ran.err)
        for name in ran.files:
            assert name.endswith(".tif") and not name.startswith("."), f"left behind: {name}"
            assert digest(ran.out / name) == self.good, f"{name} has other pixels"
        if status == 0:
            assert ran.err == "" and ran.files, (ran.err, ran.files)
            return ""
        lines = ran.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("datatake: ") and says in lines[0], ran.err
        return lines[0]


def digest(path):
    dataset = gdal.Open(str(path))
    mask = dataset.GetRasterBand(1).GetMaskBand().ReadAsArray()
    parts = [dataset.ReadAsArray().tobytes(), mask.tobytes(), repr(dataset.GetGeoTransform()).encode(),
             dataset.GetProjection().encode()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@dataclass
class Row:
    fault: str         # as the table names it
    status: int
    says: str = ""
    strikes: tuple = None
    run: Callable = None  # (place, row) -> message; None: one get through the fault server
    note: str = ""
