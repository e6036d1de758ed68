"""Who is measured: the command of each client, its settings, and what is known of it when it cannot run here.

A client of the kinds "windows" and "headers" prints one line of JSON with its own seconds (without the time its
interpreter and imports take) and its sum, unless `whole` says that its process is timed instead. A client of the
kind "files" leaves the files in a folder.
"""
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import workload
from workload import ROOT

PROGRAM = Path(os.environ.get("DATATAKE_PROGRAM", ROOT / "build/release/datatake"))
LIBRARY = PROGRAM.parent / "bench/windows"
WARPS = PROGRAM.parent / "bench/warps"
TIMED = PROGRAM.parent / "bench/timed"
HOME = ROOT / ".venv-bench"
SCRIPTS = ROOT / "bench/peers"


@dataclass(frozen=True)
class Job:
    list_file: Path  # HREF or HREF COL ROW WIDTH HEIGHT a line
    hrefs: list
    out: Path
    whole: bool = False  # of the kind "write": the files, not an area of them


@dataclass(frozen=True)
class Client:
    name: str
    kinds: tuple
    command: Callable  # of a Job
    settings: str
    missing: Callable = lambda: None  # why it cannot run, or None
    published: dict = field(default_factory=dict)  # of a workload at 50 ms, 1 Gbit/s; "": elsewhere
    family: str = ""      # of several the best is kept
    whole: bool = False
    sum_of: Callable = None  # of what was printed and the job, with `whole`
    but: dict = field(default_factory=dict)  # workloads it does not run, and why

    @property
    def shown(self):
        return self.family or self.name


def python_peer(name, script, package, argument, settings, kinds=("windows", "headers"), **more):
    def missing():
        if not (HOME / "bin/python").exists():
            return "no .venv-bench: tools/venv bench"
        tried = subprocess.run([HOME / "bin/python", "-c", f"import {package}"], capture_output=True, text=True)
        return None if tried.returncode == 0 else (tried.stderr.strip().splitlines() or ["import fails"])[-1]
    return Client(name, kinds, lambda job: [HOME / "bin/python", SCRIPTS / script, job.list_file, str(argument)],
                  settings, missing, **more)


def rasterio(threads):
    def command(job):
        return [HOME / "bin/python", SCRIPTS / "read_rasterio.py", job.list_file, str(threads),
                *([job.out] if job.out else [])]
    made = python_peer(f"rasterio {threads}", "read_rasterio.py", "rasterio", threads,
                       "ThreadPoolExecutor of 8, 32 or 64, the best is shown; EMPTY_DIR, HEAD on, GDAL_NUM_THREADS unset")
    return Client(made.name, ("windows", "headers", "write"), command, made.settings, made.missing, {
        "W1": "0.95-0.98 s (32 threads)", "W2": "2.82 s (8 threads)", "": "285 headers/s on m5.4xlarge"}, "rasterio")


def warped_rasterio(threads):
    return python_peer(f"rasterio {threads}", "warp_rasterio.py", "rasterio", threads,
                       "WarpedVRT, ThreadPoolExecutor of 8, 32 or 64, the best is shown; settings as for windows",
                       kinds=("warp",), family="rasterio")


def tool(name):
    return lambda: None if shutil.which(name) else f"no {name} on this machine (apt-get install)"


def node_missing():
    if not shutil.which("node"):
        return "no node on this machine"
    return None if (HOME / "node_modules/geotiff").is_dir() else "npm could not install geotiff"


def lazycogs_missing():
    python = HOME / "bin/python"
    words = "import sys; print(sys.version_info >= (3, 12))"
    if python.exists() and subprocess.run([python, "-c", words], capture_output=True, text=True).stdout.strip() == "True":
        return "no client for it here yet"
    return "every release needs Python 3.12; Debian 12 has 3.11"


def write_items(path, hrefs):
    """The files as STAC Items, a line each; their ids are the files' names."""
    with open(path, "w") as lines:
        for href in hrefs:
            lines.write(json.dumps({
                "type": "Feature", "stac_version": "1.0.0", "id": Path(href).stem, "geometry": None, "links": [],
                "properties": {"datetime": "2024-01-01T00:00:00Z"},
                "assets": {"data": {"href": href, "type": "image/tiff; application=geotiff"}}}) + "\n")


def sum_of_info(printed, _):
    lines = [json.loads(line) for line in printed.splitlines()]
    return sum(line["width"] * line["height"] for line in lines)


CLIENTS = [
    Client("datatake", ("windows",), lambda job: [LIBRARY, job.list_file],
           "bench/windows.c: the C library, its defaults, no header cache"),
    Client("datatake info", ("headers",), lambda job: [PROGRAM, "info", "--json", "--no-cache", *job.hrefs],
           "the program, its defaults, no header cache; the whole process", whole=True, sum_of=sum_of_info),
    Client("datatake get", ("files",), lambda job: [
        PROGRAM, "get", job.list_file.with_suffix(".ndjson"), "--raw", "--assets", "data", "--template", "{id}.{ext}",
        "--no-cache", "-q", "-o", job.out],
           "--raw of STAC Items, its defaults: files flushed to disk, then renamed; the whole process", whole=True),
    Client("datatake get", ("write",), lambda job: [PROGRAM, "get", *job.hrefs,
                                                    *([] if job.whole else ["--bbox", workload.GET_BBOX]), "--no-cache",
                                                    "-q", "-o", job.out],
           "its defaults, no header cache; the whole process", whole=True),
    Client("datatake", ("warp",), lambda job: [WARPS, job.list_file],
           "bench/warps.c: the library from inside, its defaults, no header cache"),
    warped_rasterio(8), warped_rasterio(32), warped_rasterio(64),
    python_peer("odc-stac", "warp_odc_stac.py", "odc.stac", 32, kinds=("warp",),
                settings="configure_rio(cloud_defaults=True), pool of 32, a load an item"),
    Client("gdalwarp", ("warp",), lambda job: [SCRIPTS / "warp_gdalwarp", job.list_file, "16", job.out],
           "Debian's, xargs -P16, EMPTY_DIR; writes uncompressed GeoTIFFs to memory; the whole processes",
           tool("gdalwarp"), whole=True, sum_of=lambda _, job: workload.sum_of(job.out)),
    rasterio(8), rasterio(32), rasterio(64),
    Client("datatake.read", ("stack",), lambda job: [HOME / "bin/python", SCRIPTS / "read_datatake.py", job.list_file,
                                                     PROGRAM.parent / "python"],
           "client.read of the Python package, its defaults, no header cache; after its imports",
           lambda: None if (HOME / "bin/python").exists() else "no .venv-bench: tools/venv bench"),
    python_peer("odc-stac", "read_odc_stac.py", "odc.stac", 32, kinds=("windows", "stack"),
                settings="configure_rio(cloud_defaults=True), pool of 32; one load for a series, else a load an item",
                published={"W2": "2.33 s (0.3.9, 64 equal windows)"}),
    python_peer("rio-tiler", "read_rio_tiler.py", "rio_tiler", 32,
                "Reader.part, 32 threads; EMPTY_DIR, merged ranges, 32 KiB at open, VSI_CACHE 5 MB",
                published={"": "1.24 s sync, 1.53 s async (rio-tiler#910)"}),
    python_peer("async-tiff", "read_async_tiff.py", "async_tiff", 256,
                "obstore's HTTPStore, fetch_tiles, its pool decodes; 256 windows at once",
                published={"": "6,989 headers/s on m5.4xlarge"}),
    python_peer("async-geotiff", "read_async_geotiff.py", "async_geotiff", 256,
                "obstore's HTTPStore, GeoTIFF.read; 256 windows at once"),
    Client("lazycogs", ("windows",), lambda job: [], "", lazycogs_missing,
           {"": "three time steps 13.6 s where odc-stac took 28.8 s"}),
    Client("geotiff.js", ("windows", "headers"),
           lambda job: ["node", SCRIPTS / "read_geotiff.mjs", job.list_file, "64", HOME],
           "blockSize 32768, 64 files at once", node_missing, {"W1": "1.12 s", "W2": "6.69 s"}),
    Client("gdal_translate", ("windows",), lambda job: [SCRIPTS / "read_gdal_translate", job.list_file, "16", job.out],
           "Debian's, xargs -P16, EMPTY_DIR; writes uncompressed GeoTIFFs to memory; the whole processes",
           tool("gdal_translate"), {"W1": "3.63 s"}, whole=True, sum_of=lambda _, job: workload.sum_of(job.out),
           but={"W3": "a process a window cannot show more than rasterio does",
                "W4": "a process a window: minutes, see W1"}),
    Client("aria2c", ("files",), lambda job: [
        "aria2c", "-q", "-x8", "-s8", "-k1M", "-j8", "--file-allocation=none", "-d", job.out, "-i", job.list_file],
        "-x8 -s8 -k1M -j8", tool("aria2c"), {"W6": "3.63 s for 339 MB"}, whole=True),
    Client("curl", ("files",), lambda job: [
        "curl", "-sS", "-Z", "--parallel-immediate", "--parallel-max", "8", "--create-dirs", "--output-dir", job.out,
        "--remote-name-all", *job.hrefs], "-Z --parallel-immediate --parallel-max 8", tool("curl"),
        {"W6": "3.88 s for 339 MB"}, whole=True),
    Client("rclone", ("files",), lambda job: [
        "rclone", "copy", "-q", "--config", "/dev/null", "--http-url", job.hrefs[0].rsplit("/", 1)[0] + "/", "--files-from",
        job.list_file.with_suffix(".names"), "--no-traverse", "--transfers", "8", "--multi-thread-streams", "8",
        "--multi-thread-cutoff", "8M", ":http:", job.out],
        "copy --transfers 8 --multi-thread-streams 8 --multi-thread-cutoff 8M", tool("rclone"), whole=True),
]


def wanted_of(kind, quick, names):
    """The clients of a kind, those whose names begin with one of `names` if there are any; QUICK keeps one of a family."""
    return [client for client in CLIENTS
            if kind in client.kinds and not (quick and client.family and client.name != "rasterio 32")
            and (not names or client.name.startswith(tuple(names)))]


def count_of(kind, workload_name, quick, names):
    """How many clients would run if all were here."""
    return sum(workload_name not in c.but for c in wanted_of(kind, quick, names))


def clients_for(kind, workload_name, quick, names):
    """(those that run, {name: why not}) for a kind."""
    running, missing = [], {}
    for client in wanted_of(kind, quick, names):
        why = client.but.get(workload_name) or client.missing()
        if why:
            missing[client.shown] = {"why": why, "published": client.published.get(workload_name)
                                     or client.published.get("", "none")}
        else:
            running.append(client)
    return running, missing
