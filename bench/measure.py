"""Runs inside bench/netns: one workload, every client in turn, several rounds, a fresh server and a cold process
each time. Reads a JSON task on standard input, writes a JSON report on standard output, progress on stderr."""
import json
import os
import re
import signal
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import workload
from workload import ROOT

SERVER = os.environ["NET_SERVER"].split()
CLIENT = os.environ["NET_CLIENT"].split()
ADDRESS = os.environ["NET_SERVER_ADDRESS"]
PROGRAM = ROOT / "build/release/datatake"
PYTHON = ROOT / ".venv-bench/bin/python"
CLIENT_SECONDS = 300  # no client may take longer


class Server:
    """`datatake serve` at the other end of the path, at a lower priority than the clients."""

    def __init__(self, folder, log):
        self.log = log
        log.unlink(missing_ok=True)
        command = [*SERVER, "nice", "-n", "5", str(PROGRAM), "serve", "--files", str(folder), "--listen",
                   f"{ADDRESS}:0", "--access-log", str(log)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        words = ""
        for line in self.process.stdout:
            words += line
            url = re.search(r"http://\S+:\d+/", line)
            if url:
                self.url = url[0] + "files/"
                return
        raise SystemExit(f"bench: the server did not start: {words}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        sizes = [re.search(r'" \d{3} (\d+)', line) for line in lines]
        return {"requests": len(lines), "bytes": sum(int(s[1]) for s in sizes if s)}


def client_command(name, list_file, out):
    """`datatake` and `rasterio N` read windows; with `out` they also write each as a GeoTIFF."""
    kind, _, threads = name.partition(" ")
    if kind == "rasterio":
        return [str(PYTHON), str(ROOT / "bench/rasterio_windows.py"), str(list_file), threads, *([str(out)] if out else [])]
    if not out:
        return [str(ROOT / "build/release/bench/windows"), str(list_file)]
    hrefs = [line.split()[0] for line in list_file.read_text().splitlines()]
    return [str(PROGRAM), "get", *hrefs, "--bbox", workload.GET_BBOX, "--no-cache", "-q", "-o", str(out)]


def timed(command, env):
    """Runs a client to its end: what it printed, and its whole process's time, memory and processor time."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    killer = threading.Timer(CLIENT_SECONDS, process.kill)
    killer.start()
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    killer.cancel()
    if process.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command[:6])} failed ({process.returncode}): {err.decode()[-2000:]}")
    return out, {"process_seconds": round(time.perf_counter() - started, 4), "peak_rss_mb": round(usage.ru_maxrss / 1024, 1),
                 "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3)}


def run_client(name, task, chosen, scratch):
    server = Server(Path(task["folder"]), scratch / "access.log")
    out = scratch / "out" if task.get("write") else None
    shutil.rmtree(scratch / "out", ignore_errors=True)
    env = {**os.environ, "XDG_CACHE_HOME": str(scratch / "cache"), "HOME": str(scratch)}
    try:
        list_file = scratch / "windows.txt"
        list_file.write_text("".join(f"{server.url}{i:04}.tif {' '.join(map(str, w))}\n" for i, w in enumerate(chosen)))
        printed, run = timed([*CLIENT, *client_command(name, list_file, out)], env)
    finally:
        served = server.stop()
    if out and name == "datatake":
        run["seconds"] = run["process_seconds"]
    else:
        run.update({k: v for k, v in json.loads(printed).items() if k in ("seconds", "sum", "version")})
    if out:
        run["sum"] = workload.sum_of(out)
    return {**run, **served}


def calibrate(folder, scratch):
    """What the path gives: the time of a handshake, and eight plain streams of 25 MB at once."""
    server = Server(folder, scratch / "access.log")
    fetch = [*CLIENT, "curl", "-s", "-o", "/dev/null", "-r", "0-24999999", "-w", "%{time_connect}", f"{server.url}0000.tif"]
    try:
        started = time.perf_counter()
        streams = [subprocess.Popen(fetch, stdout=subprocess.PIPE, text=True) for _ in range(8)]
        connects = [float(s.communicate(timeout=60)[0]) for s in streams]
        seconds = time.perf_counter() - started
    finally:
        server.stop()
    control = subprocess.run([*SERVER, "sysctl", "-n", "net.ipv4.tcp_congestion_control"], stdout=subprocess.PIPE, text=True)
    return {"rtt_ms": round(min(connects) * 1000, 1), "mb_per_s": round(8 * 25 / seconds, 1),
            "congestion_control": control.stdout.strip()}


def measure(task):
    chosen = workload.windows(task["windows"], task["size"])
    if task.get("write"):
        chosen = [workload.get_window(PROGRAM, task["source"])] * task["windows"]
    folder = Path(task["folder"])
    rows = {name: [] for name in task["clients"]}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        report = {"calibration": calibrate(folder, scratch)}
        for round_number in range(task["rounds"]):
            for client in task["clients"]:
                rows[client].append(run_client(client, task, chosen, scratch))
                print(f"  {task['name']} {round_number + 1}/{task['rounds']} {client:<14}"
                      f" {rows[client][-1]['seconds']:.2f} s", file=sys.stderr)
    sums = {run["sum"] for runs in rows.values() for run in runs}
    if len(sums) != 1:
        raise SystemExit(f"bench: {task['name']}: the clients read different pixels: {rows}")
    least = workload.ideal(task["source"], chosen, float(os.environ["NET_RTT_MS"]) / 1000,
                           float(os.environ["NET_MBIT"]) * 125000, os.cpu_count(), 64)
    report.update(task=task, ideal=least, runs=rows)
    report["clients"] = {client: summary(runs, least) for client, runs in rows.items()}
    return report


def summary(runs, least):
    seconds = [run["seconds"] for run in runs]
    middle = statistics.median(seconds)
    return {"seconds": middle, "min": min(seconds), "max": max(seconds), "ratio": round(middle / least["seconds"], 2),
            "requests": statistics.median(run["requests"] for run in runs),
            "bytes": statistics.median(run["bytes"] for run in runs),
            "peak_rss_mb": max(run["peak_rss_mb"] for run in runs),
            "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
            "version": runs[0].get("version", "")}


if __name__ == "__main__":
    json.dump(measure(json.load(sys.stdin)), sys.stdout)
