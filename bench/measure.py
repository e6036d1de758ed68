"""Runs inside bench/netns: one workload, every client in turn, several rounds, a fresh server and a cold process
each time. Reads a JSON task on standard input, writes a JSON report on standard output, progress on stderr."""
import hashlib
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import peers
import workload

SERVER = os.environ["NET_SERVER"].split()
CLIENT = os.environ["NET_CLIENT"].split()
ADDRESS = os.environ["NET_SERVER_ADDRESS"]
CLIENT_S, QUICK_CLIENT_S = 300, 60  # no client may take longer


class ClientFailed(Exception):
    pass


class Server:
    """`datatake serve` at the other end of the path, at a lower priority than the clients."""

    def __init__(self, folder, log):
        self.log = log
        log.unlink(missing_ok=True)
        command = [*SERVER, "nice", "-n", "5", str(peers.PROGRAM), "serve", "--files", str(folder), "--listen",
                   f"{ADDRESS}:0", "--public", "--access-log", str(log)]
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
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        sizes = [re.search(r'" \d{3} (\d+)', line) for line in lines]
        return {"requests": len(lines), "bytes": sum(int(s[1]) for s in sizes if s)}


def timed(command, env, scratch, limit_s):
    """Runs a client to its end: what it printed, and its whole process's time, memory and processor time."""
    used = scratch / "used.json"
    used.unlink(missing_ok=True)
    with open(scratch / "stderr", "w+b") as words:
        process = subprocess.Popen([str(peers.TIMED), str(used), *map(str, command)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=words, env=env, start_new_session=True)
        killer = threading.Timer(limit_s, os.killpg, (process.pid, signal.SIGKILL))
        killer.start()
        try:
            printed, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            killer.cancel()
        words.seek(0)
        said = words.read().decode(errors="replace").strip()
    if process.returncode != 0:
        raise ClientFailed(f"ended with {process.returncode}: {said[-600:]}")
    return printed.decode(), json.loads(used.read_text())


def job_of(task, chosen, server, client, scratch):
    hrefs = [f"{server.url}{i:04}.tif" for i in range(len(chosen))]
    list_file = scratch / "tasks.txt"
    if task["kind"] == "warp":
        lines = [[href, task["crs"], *map(repr, workload.grid_of(window, task["crs"])), task["kernel"]]
                 for href, window in zip(hrefs, chosen)]
    else:
        lines = [[href, *map(str, window or ())] for href, window in zip(hrefs, chosen)]
    list_file.write_text("".join(" ".join(line) + "\n" for line in lines))
    if task["kind"] == "files":
        peers.write_items(list_file.with_suffix(".ndjson"), hrefs)
    list_file.with_suffix(".names").write_text("".join(href.rsplit("/", 1)[1] + "\n" for href in hrefs))
    writes = task["kind"] in ("files", "write")
    memory = Path("/dev/shm") / f"datatake-bench-{os.getpid()}"  # for a program that cannot keep pixels itself
    out = scratch / "out" if writes else memory if client.whole and task["kind"] in ("windows", "warp") else None
    return peers.Job(list_file, hrefs, out, "window" in task)


def result_of(client, task, job, printed):
    if task["kind"] == "files":
        return [hashlib.sha256((job.out / href.rsplit("/", 1)[1]).read_bytes()).hexdigest() for href in job.hrefs]
    if task["kind"] == "write":
        return workload.sum_of(job.out)
    return client.sum_of(printed, job) if client.whole else json.loads(printed)["sum"]


def same(task, result, expected):
    """Warpers that take coordinates by and large come to sums that differ a little."""
    return abs(result - expected) < 1e-4 * expected if task["kind"] == "warp" else result == expected


def run_client(client, task, chosen, expected, scratch):
    server = Server(Path(task["folder"]), scratch / "access.log")
    env = {**os.environ, "XDG_CACHE_HOME": str(scratch / "cache"), "HOME": str(scratch)}
    job = job_of(task, chosen, server, client, scratch)
    try:
        try:
            printed, run = timed([*CLIENT, *client.command(job)], env, scratch,
                                 QUICK_CLIENT_S if task["quick"] else CLIENT_S)
        finally:
            run_served = server.stop()
        run["seconds"] = run["process_seconds"] if client.whole else json.loads(printed)["seconds"]
        run["version"] = "" if client.whole else json.loads(printed).get("version", "")
        result = result_of(client, task, job, printed)
        if not same(task, result, expected):
            raise ClientFailed(f"came to another result: {str(result)[:80]} instead of {str(expected)[:80]}")
        return {**run, **run_served}
    finally:
        if job.out:
            shutil.rmtree(job.out, ignore_errors=True)


def calibrate(folder, scratch):
    """What the path gives: the time of a handshake, and eight plain streams of up to 25 MB at once."""
    server = Server(folder, scratch / "access.log")
    fetch = [*CLIENT, "curl", "-s", "-o", "/dev/null", "-r", "0-24999999", "-w", "%{time_connect}", f"{server.url}0000.tif"]
    try:
        started = time.perf_counter()
        streams = [subprocess.Popen(fetch, stdout=subprocess.PIPE, text=True) for _ in range(8)]
        connects = [float(s.communicate(timeout=60)[0]) for s in streams]
        seconds = time.perf_counter() - started
    finally:
        served = server.stop()
    control = subprocess.run([*SERVER, "sysctl", "-n", "net.ipv4.tcp_congestion_control"], stdout=subprocess.PIPE, text=True)
    return {"rtt_ms": round(min(connects) * 1000, 2), "mb_per_s": round(served["bytes"] / 1e6 / seconds, 1),
            "congestion_control": control.stdout.strip()}


def run_rounds(task, running, chosen, expected, scratch):
    """Interleaved: each round begins with another client. A client that failed runs no more; in a quick run neither
    does one that took more than five times as long as the fastest, and when its time is up no further round begins."""
    runs, failed = {client.name: [] for client in running}, {}
    until = time.monotonic() + task.get("seconds", math.inf)
    for number in range(task["rounds"]):
        if number > 0 and time.monotonic() > until:
            print(f"  {task['name']}: {number} of {task['rounds']} rounds, the time is up", file=sys.stderr)
            break
        turn = number % len(running)
        for client in running[turn:] + running[:turn]:
            if client.name in failed or (task["quick"] and number > 0 and too_slow(client.name, runs)):
                continue
            try:
                runs[client.name].append(run_client(client, task, chosen, expected, scratch))
                told = f"{runs[client.name][-1]['seconds']:.2f} s"
            except ClientFailed as failure:
                failed[client.name] = told = str(failure)
            print(f"  {task['name']} {number + 1}/{task['rounds']} {client.name:<14} {told}", file=sys.stderr)
    return {name: r for name, r in runs.items() if name not in failed}, failed


def too_slow(name, runs):
    return runs[name][0]["seconds"] > 5 * min(r[0]["seconds"] for r in runs.values() if r)


def measure(task):
    running, missing = peers.clients_for(task["kind"], task["name"], task["quick"], task["clients"])
    chosen = workload.chosen(task)
    if task["kind"] == "write" and "window" not in task:
        chosen = [workload.get_window(peers.PROGRAM, task["source"])] * task["count"]
    if task["kind"] == "warp":
        expected = workload.warped_sum(task["source"], chosen, task["crs"], task["kernel"])
    else:
        expected = workload.truth(task["source"], task["kind"], chosen)
    touched = [workload.reach_of(window, task["crs"]) for window in chosen] if task["kind"] == "warp" else chosen
    with tempfile.TemporaryDirectory(dir=task["scratch"]) as name:
        calibration = calibrate(Path(task["folder"]), Path(name))
        runs, failed = run_rounds(task, running, chosen, expected, Path(name))
    mbit = float(os.environ["NET_MBIT"])
    rtt_s = float(os.environ["NET_RTT_MS"]) / 1000
    decode_s = 0 if task["kind"] in ("headers", "files") else workload.decode_seconds(task["source"], touched)
    if task["kind"] == "warp":
        decode_s += sum(w * h for _, _, w, h in chosen) / workload.WARP_PX_S
    ideal = [workload.ideal_of({**task, "windows": touched}, task["source"], rtt_s, rate, os.cpu_count(), decode_s=decode_s)
             for rate in (mbit * 125000 if mbit else calibration["mb_per_s"] * 1e6, calibration["mb_per_s"] * 1e6)]
    for client in running:
        if client.name in failed:
            missing[client.name] = {"why": failed[client.name],
                                    "published": client.published.get(task["name"]) or client.published.get("", "none")}
    return {"task": task, "calibration": calibration, "ideal": ideal[0], "ideal_calibrated": ideal[1], "runs": runs,
            "clients": best_of_families({c.name: {**summary(runs[c.name], ideal[0]), "shown": c.shown,
                                                  "settings": c.settings}
                                         for c in running if c.name in runs}),
            "missing": missing}


def summary(runs, least):
    seconds = [run["seconds"] for run in runs]
    requests, sent = (statistics.median(run[key] for run in runs) for key in ("requests", "bytes"))
    cpu = statistics.median(run["cpu_seconds"] for run in runs)
    return {"seconds": statistics.median(seconds), "min": min(seconds), "max": max(seconds),
            "ratio": round(statistics.median(seconds) / least["seconds"], 2),
            "requests": requests, "requests_ratio": round(requests / least["requests"], 2),
            "bytes": sent, "bytes_ratio": round(sent / least["bytes"], 2),
            "runs": len(runs), "peak_rss_mb": max(run["peak_rss_mb"] for run in runs), "cpu_seconds": cpu,
            "cpu_ratio": round(cpu / least["decode_s"], 2) if least["decode_s"] else None,
            "version": runs[0]["version"]}


def best_of_families(rows):
    """Of clients that differ in a setting the fastest stays, under its own name."""
    best = {}
    for name, row in rows.items():
        if row["shown"] not in best or row["seconds"] < rows[best[row["shown"]]]["seconds"]:
            best[row["shown"]] = name
    return {name: rows[name] for name in best.values()}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    json.dump(measure(json.load(sys.stdin)), sys.stdout)
