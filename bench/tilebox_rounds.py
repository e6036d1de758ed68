"""Runs inside bench/netns for bench/tilebox: one server, every client in turn, several rounds; or so many of each at
once. Reads a JSON task on standard input, writes a JSON report on standard output, progress on stderr."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER = os.environ["NET_SERVER"].split()
CLIENT = os.environ["NET_CLIENT"].split()
ADDRESS = os.environ["NET_SERVER_ADDRESS"]
CLIENT_S = 900  # no client may take longer
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, task, scratch):
        self.log = scratch / "access.log"
        self.log.unlink(missing_ok=True)
        keys = scratch / "keys"
        keys.unlink(missing_ok=True)
        added = subprocess.run([task["program"], "keys", "add", "bench", "--keys", keys], capture_output=True, text=True, check=True)
        os.environ["TILEBOX_API_KEY"] = added.stdout.strip()  # of all clients; a server of the network asks for one
        command = [*SERVER, task["program"], "serve", "--catalog", task["catalog"], "--listen", f"{ADDRESS}:0", "--keys", str(keys),
                   "--access-log", str(self.log)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        words = ""
        for line in self.process.stdout:
            words += line
            url = re.search(r"http://\S+:\d+", line)
            if url:
                self.url = url[0]
                return
        raise SystemExit(f"bench/tilebox: the server did not start: {words}")

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, which):
        return int(re.search(rf"{which}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def bytes_sent(self, offset):
        """Behind this offset of the log, and the offset after; the server writes it twice a second."""
        size = -1
        while size != (self.log.stat().st_size if self.log.exists() else 0):
            size = self.log.stat().st_size if self.log.exists() else 0
            time.sleep(1.2)
        text = self.log.read_text()[offset:]
        return sum(int(n) for n in re.findall(r'" \d{3} (\d+)', text)), offset + len(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def begin(task, command, url, used):
    return subprocess.Popen([*CLIENT, task["timed"], str(used), *[part.replace("URL", url) for part in command]],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(task, process, used):
    try:
        out, err = process.communicate(timeout=CLIENT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SystemExit(f"bench/tilebox: a client took more than {CLIENT_S} s") from None
    if process.returncode != 0:
        raise SystemExit(f"bench/tilebox: a client ended with {process.returncode}: {err.strip()[-600:]}")
    told = json.loads(out.splitlines()[-1])
    if told["datapoints"] != task["rows"] or told["sum"] != task.setdefault("sum", told["sum"]):
        raise SystemExit(f"bench/tilebox: a client came to {told}, another one to {task['rows']} and {task['sum']}")
    about = json.loads(used.read_text())
    return {"seconds": told["seconds"], "version": told["version"], "cpu_s": about["cpu_seconds"], "peak_mb": about["peak_rss_mb"]}


def rounds(task, scratch):
    server, offset, runs = Server(task, scratch), 0, {name: [] for name in task["clients"]}
    names, used = list(runs), scratch / "used.json"
    try:
        for number in range(task["rounds"]):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                before = server.cpu_s()
                run = end(task, begin(task, task["clients"][name], server.url, used), used)
                run["server_cpu_s"] = server.cpu_s() - before
                run["bytes"], offset = server.bytes_sent(offset)
                runs[name].append(run)
                print(f"  {number + 1}/{task['rounds']} {name:<24} {run['seconds']:.3f} s", file=sys.stderr, flush=True)
        return {"rounds": task["rounds"], "runs": runs, "server_peak_mb": server.memory_mb("VmHWM")}
    finally:
        server.stop()


def many(task, scratch):
    report = {}
    for name, command in task["clients"].items():
        server = Server(task, scratch)
        try:
            running = [(begin(task, command, server.url, scratch / f"used-{i}.json"), scratch / f"used-{i}.json")
                       for i in range(task["at_once"])]
            ended = [end(task, *one) for one in running]
            report[name] = {"peak_mb": server.memory_mb("VmHWM"), "rest_mb": server.memory_mb("VmRSS"),
                            "seconds": max(run["seconds"] for run in ended)}
        finally:
            server.stop()
        print(f"  {task['at_once']} x {name:<24} {report[name]['peak_mb']:.0f} MB", file=sys.stderr, flush=True)
    return report


def threads(task, scratch):
    """One client that measures its own rounds; the server's processor time over all of them."""
    server = Server(task, scratch)
    report = {}
    try:
        for name, command in task["clients"].items():
            before = server.cpu_s()
            done = begin(task, command, server.url, scratch / "used.json")
            out, err = done.communicate(timeout=CLIENT_S)
            if done.returncode != 0:
                raise SystemExit(f"bench/tilebox: a client ended with {done.returncode}: {err.strip()[-600:]}")
            report[name] = {**json.loads(out.splitlines()[-1]), "server_cpu_s": server.cpu_s() - before}
            print(f"  {name}", file=sys.stderr, flush=True)
    finally:
        server.stop()
    return report


def main():
    task = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="datatake-bench-") as scratch:
        way = many if "at_once" in task else threads if task.get("threads") else rounds
        json.dump(way(task, Path(scratch)), sys.stdout)


main()
