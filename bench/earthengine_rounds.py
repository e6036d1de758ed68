"""Runs inside bench/netns for bench/earthengine: one server, every client in turn, several rounds. Reads a JSON task on
standard input, writes a JSON report on standard output, progress on stderr."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
SERVER = os.environ["NET_SERVER"].split()
CLIENT = os.environ["NET_CLIENT"].split()
ADDRESS = os.environ["NET_SERVER_ADDRESS"]
CLIENT_S = 1800  # no client may take longer
TICKS = os.sysconf("SC_CLK_TCK")
LINE = re.compile(r'"(?:GET|POST) (\S+) HTTP/1.1" (\d{3}) (\d+)')


class Server:
    def __init__(self, task, scratch):
        self.log = scratch / "access.log"
        command = [*SERVER, task["program"], "serve", "--catalog", task["catalog"], "--listen", f"{ADDRESS}:0", "--access-log", str(self.log)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = re.search(r"http://\S+:\d+", self.process.stdout.readline())[0]

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def asked(self, offset):
        """Requests and bytes behind this offset of the log, and the offset after; the server writes it twice a second."""
        time.sleep(1.5)
        text = self.log.read_text()[offset:] if self.log.exists() else ""
        lines = LINE.findall(text)
        refused = [line for line in lines if line[1] != "200"]
        if refused:
            print(f"  {len(refused)} requests were refused: {refused[0]}", file=sys.stderr)
        return len(lines), sum(int(line[2]) for line in lines) / 1e6, offset + len(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_client(task, command, url, out, used):
    """Its own clock, where it has one, is without its imports."""
    words = [part.replace("URL", url).replace("OUT", str(out)) for part in command]
    env = {**os.environ, "XDG_CACHE_HOME": str(out.parent / "cache"), "XDG_CONFIG_HOME": str(out.parent / "config")}
    done = subprocess.run([*CLIENT, task["timed"], str(used), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=CLIENT_S, env=env)
    if done.returncode != 0:
        raise SystemExit(f"bench/earthengine: a client ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    about, last = json.loads(used.read_text()), (done.stdout.splitlines() or ["{}"])[-1]
    told = json.loads(last) if last.startswith("{") else {}
    return {"seconds": told.get("seconds", about["process_seconds"]) if "images" in told else about["process_seconds"],
            "version": told.get("version", ""), "cpu_s": about["cpu_seconds"], "peak_mb": about["peak_rss_mb"]}


def check(folder, truth, exact):
    """Same names, same pixels; of others where they are not masked, on the grid that both share."""
    names = sorted(p.name for p in truth.glob("*.tif"))
    if sorted(p.name for p in folder.glob("*.tif")) != names:
        raise SystemExit(f"bench/earthengine: {folder} has other images than {truth}")
    for name in names:
        theirs, ours = gdal.Open(str(folder / name)), gdal.Open(str(truth / name))
        a, b = theirs.GetGeoTransform(), ours.GetGeoTransform()
        if exact:
            same = a == b and (theirs.ReadAsArray() == ours.ReadAsArray()).all()
        else:
            col, row = round((a[0] - b[0]) / b[1]), round((a[3] - b[3]) / b[5])
            x, y, right, bottom = max(col, 0), max(row, 0), min(col + theirs.RasterXSize, ours.RasterXSize), min(row + theirs.RasterYSize, ours.RasterYSize)
            left, other = theirs.ReadAsArray(x - col, y - row, right - x, bottom - y)[:3], ours.ReadAsArray(x, y, right - x, bottom - y)
            seen = (left > 0).any(axis=0)
            same = seen.mean() > 0.95 and (left == other)[:, seen].mean() > 0.999
        if not same:
            raise SystemExit(f"bench/earthengine: {folder / name} differs from {truth / name}")
    return len(names), ours.RasterXSize, ours.RasterYSize


def main():
    task = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="run-", dir=task["scratch"]) as name:
        scratch, runs = Path(name), {client: [] for client in task["clients"]}
        server, offset, names = Server(task, scratch), 0, list(runs)
        local, shown = "datatake, local files", None
        try:
            for number in range(task["rounds"]):
                turn = number % len(names)
                for client in names[turn:] + names[:turn]:
                    out = scratch / client.replace(" ", "-")
                    shutil.rmtree(out, ignore_errors=True)
                    before = server.cpu_s()
                    run = run_client(task, task["clients"][client], server.url, out, scratch / "used.json")
                    run["server_cpu_s"] = server.cpu_s() - before
                    run["requests"], run["mb"], offset = server.asked(offset)
                    runs[client].append(run)
                    print(f"  {number + 1}/{task['rounds']} {client:<28} {run['seconds']:.2f} s", file=sys.stderr, flush=True)
            folders = {client: scratch / client.replace(" ", "-") for client in names}
            truth = folders.get(local, folders[names[0]])
            for client in names:
                shown = check(folders[client], truth, client.startswith("datatake"))
        finally:
            server.stop()
    json.dump({"runs": runs, "images": shown[0], "width": shown[1], "height": shown[2]}, sys.stdout)


main()
