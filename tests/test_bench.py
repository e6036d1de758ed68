"""The benchmark's arithmetic, against the numbers worked out by hand for it."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import peers  # noqa: E402
import report  # noqa: E402
import workload  # noqa: E402
from osgeo import gdal  # noqa: E402

pytestmark = pytest.mark.xdist_group("bench")  # one worker: a path sweeps up what killed ones left


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """A COG of 2048 x 2048 px whose tiles of 512 are stored as they are: 524,288 bytes each."""
    path = tmp_path_factory.mktemp("bench") / "flat.tif"
    memory = gdal.GetDriverByName("MEM").Create("", 2048, 2048, 1, gdal.GDT_UInt16)
    memory.GetRasterBand(1).Fill(7)
    gdal.Translate(str(path), memory, format="COG", creationOptions=["BLOCKSIZE=512", "COMPRESS=NONE"])
    return path


def test_windows_touch_the_same_number_of_tiles_each():
    for size, tiles in ((300, 1), (1000, 9)):
        chosen = workload.windows(64, size)
        assert {len(workload.tiles_of(w)) for w in chosen} == {tiles}
        assert len(set(chosen)) == 64
        assert all(w[0] + w[2] <= workload.SIZE and w[1] + w[3] <= workload.SIZE for w in chosen)


def test_windows_are_the_same_in_every_run():
    assert workload.windows(8, 300) == workload.windows(8, 300)


def test_one_small_window_is_bound_by_its_round_trips(flat):
    """Connect 1, header of 16 KiB 1 + 1 (it is more than the first flight of 14,600 bytes), then 8 connections may
    share the tile: 65,536 bytes over 58,400 a flight are 1 + 1. Five round trips."""
    least = workload.ideal(flat, [(0, 0, 300, 300)], 0.05, 125e6, 2, 8)
    assert least["latency_s"] == pytest.approx(5 * 0.05)
    assert least["seconds"] == least["latency_s"]
    assert least["requests"] == 2 and least["bytes"] == 524288 + 16384 and least["tiles"] == 1


def test_many_windows_are_bound_by_the_wire(flat):
    least = workload.ideal(flat, [(0, 0, 1100, 1100)] * 64, 0.05, 125e6, 2, 64)
    assert least["bytes"] == 64 * (9 * 524288 + 16384)
    assert least["requests"] == 64 * (1 + 3)
    assert least["seconds"] == pytest.approx(3 * 0.05 + least["bytes"] / 125e6)


def test_two_thousand_headers_are_bound_by_round_trips():
    """64 connections: connect, the first header (16 KiB are 2 flights), then 31 more one after another."""
    least = workload.ideal_headers(2000, 0.05, 125e6, 64)
    assert least["seconds"] == pytest.approx((1 + 2 + 31) * 0.05)
    assert least["requests"] == 2000 and least["bytes"] == 2000 * 16384


def test_whole_files_are_bound_by_the_wire_and_a_tiny_one_by_its_round_trips():
    least = workload.ideal_files(8, 42_000_000, 0.05, 125e6, 64)
    assert least["seconds"] == pytest.approx(2 * 0.05 + 8 * 42 / 125)
    tiny = workload.ideal_files(1, 1000, 0.05, 125e6, 64)
    assert tiny["seconds"] == pytest.approx(2 * 0.05 + 1000 / 125e6)


def test_what_clients_must_come_to_is_read_from_the_file_itself(flat):
    window = {"kind": "windows", "count": 3, "window": [500, 500, 512, 512]}
    chosen = workload.chosen(window)
    assert chosen == [(500, 500, 512, 512)] * 3 and len(workload.tiles_of(chosen[0])) == 4
    assert workload.truth(flat, "windows", chosen) == 3 * 512 * 512 * 7
    assert workload.truth(flat, "headers", [None] * 5) == 5 * 2048 * 2048
    assert workload.truth(flat, "files", [None] * 2) == [hashlib.sha256(flat.read_bytes()).hexdigest()] * 2


def run_of(seconds, cpu=0.2):
    return {"seconds": seconds, "requests": 300, "bytes": 2000, "cpu_seconds": cpu, "peak_rss_mb": 50 + seconds,
            "version": "x 1"}


def test_a_client_is_its_median_run_against_the_least(measure):
    least = {"seconds": 0.5, "requests": 200, "bytes": 1000, "decode_s": 0.1}
    row = measure.summary([run_of(1.0), run_of(9.0), run_of(1.2)], least)
    assert (row["seconds"], row["min"], row["max"], row["ratio"]) == (1.2, 1.0, 9.0, 2.4)
    assert (row["requests_ratio"], row["bytes_ratio"], row["cpu_ratio"], row["peak_rss_mb"]) == (1.5, 2.0, 2.0, 59.0)
    assert measure.summary([run_of(1.0)], {**least, "decode_s": 0})["cpu_ratio"] is None


def test_a_quick_run_gives_up_on_what_takes_five_times_as_long(measure):
    runs = {"a": [run_of(1.0)], "b": [run_of(5.0)], "c": [run_of(5.1)], "d": []}
    assert [measure.too_slow(name, runs) for name in "abc"] == [False, False, True]


def test_a_quick_run_begins_no_round_when_its_time_is_up(measure, monkeypatch):
    monkeypatch.setattr(measure, "run_client", lambda *_: run_of(1.0))
    for seconds, rounds in ((-1, 1), (3600, 3)):
        task = {"name": "W1", "rounds": 3, "quick": True, "seconds": seconds}
        runs, failed = measure.run_rounds(task, [peers.CLIENTS[0]], [], 0, None)
        assert (len(runs["datatake"]), failed) == (rounds, {})


def test_of_three_thread_counts_the_fastest_stays(measure):
    rows = {f"rasterio {n}": {"shown": "rasterio", "seconds": s} for n, s in ((8, 3.0), (32, 1.0), (64, 2.0))}
    assert list(measure.best_of_families({**rows, "curl": {"shown": "curl", "seconds": 9}})) == ["rasterio 32", "curl"]


def test_a_peer_that_is_not_here_is_named_with_the_reason_and_its_published_figure(monkeypatch):
    monkeypatch.setattr(peers, "HOME", Path("/nowhere"))
    monkeypatch.setattr(peers.shutil, "which", lambda name: None)
    for kind, workload_name in (("windows", "W2"), ("headers", "W7"), ("files", "W6")):
        running, missing = peers.clients_for(kind, workload_name, False, [])
        assert {c.name.split()[0] for c in running} == {"datatake"}
        assert {c.shown for c in peers.CLIENTS if kind in c.kinds} == {c.shown for c in running} | set(missing)
        assert all(about["why"] and about["published"] for about in missing.values())
    assert peers.clients_for("windows", "W2", False, [])[1]["rasterio"]["published"] == "2.82 s (8 threads)"


def test_tables_and_plot_name_every_client_and_every_missing_one():
    row = {"seconds": 1.2, "min": 1, "max": 9, "runs": 3, "ratio": 2.4, "requests": 300, "requests_ratio": 1.5, "bytes": 2000,
           "bytes_ratio": 2, "cpu_seconds": 0.2, "cpu_ratio": None, "peak_rss_mb": 59, "version": "x 1", "settings": "as is"}
    least = {"seconds": 0.5, "requests": 200, "bytes": 1000, "decode_s": 0.1}
    done = {"task": {"name": "W9", "words": "nothing"}, "setting": (50, 1000), "ideal": least, "ideal_calibrated": least,
            "calibration": {"rtt_ms": 50, "mb_per_s": 100}, "clients": {"datatake": row, "fast 8": row},
            "missing": {"absent": {"why": "not for this machine", "published": "3 s"}}}
    about = {"cores": 2, "cpu": "c", "memory_gb": 4, "kernel": "6", "load_before": 0, "load_after": 1, "versions": {}}
    results = {"machine": about, "workloads": [done]}
    for text in (report.text_table(done), report.markdown(results)):
        assert "fast 8" in text and "x1.50" in text and "missing: absent: not for this machine; published: 3 s" in text
    bars = xml.etree.ElementTree.fromstring(report.plot(results))
    assert [e.text for e in bars.iter() if e.text in ("datatake", "fast 8")] == ["datatake", "fast 8"]


@pytest.fixture
def measure(monkeypatch):
    for name in ("NET_SERVER", "NET_CLIENT", "NET_SERVER_ADDRESS"):
        monkeypatch.setenv(name, "")
    import measure as module
    return module


def relay_or_skip(program):
    relay = program.parent / "bench/relay"
    if os.geteuid() != 0 or not shutil.which("ip") or not relay.exists():
        pytest.skip("a network of its own needs root, iproute2 and the relay")
    probe = f"dtake-test-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return relay


def left_of(pid):
    """Namespaces and processes of the run of bench/netns with this process id."""
    names = [f"dtake-s-{pid}", f"dtake-c-{pid}"]
    spaces = [name for name in names if Path("/var/run/netns", name).exists()]
    lines = [command_line(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
    return spaces + [line for line in lines if any(name in line for name in names)]


def command_line(path):
    """Of a process that may end while it is looked at; then there is none."""
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def start_path(relay, mbit):
    """bench/netns with a server that would run for ever, and a command that waits for it."""
    command = "$NET_SERVER sleep 1000 & echo up; wait"
    path = subprocess.Popen(["env", "--default-signal", ROOT / "bench/netns", "10", mbit, relay, "bash", "-c", command], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True)
    assert path.stdout.readline() == "up\n"
    assert left_of(path.pid)
    return path


@pytest.mark.parametrize("mbit", ["1000", "0"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_path_leaves_nothing_behind(program, mbit, number):
    path = start_path(relay_or_skip(program), mbit)
    path.send_signal(number)
    assert path.wait(30) in (130, 143)
    assert left_of(path.pid) == []


def test_what_a_killed_path_left_is_taken_down_by_the_next(program):
    relay = relay_or_skip(program)
    path = start_path(relay, "1000")
    path.kill()
    path.wait(30)
    assert Path(f"/var/run/netns/dtake-s-{path.pid}").exists()
    subprocess.run([ROOT / "bench/netns", "10", "0", relay, "true"], check=True, timeout=30)
    for path_of in ("s", "c"):
        assert not Path(f"/var/run/netns/dtake-{path_of}-{path.pid}").exists()


def test_a_relay_that_still_holds_packets_ends_well(program):
    """Datagrams that would arrive ten seconds later; a relay that leaves memory behind tells so by its status."""
    command = "for i in 1 2 3; do $NET_CLIENT bash -c 'echo hello >/dev/udp/10.201.0.1/9'; done"
    ran = subprocess.run([ROOT / "bench/netns", "20000", "1000", relay_or_skip(program), "bash", "-c", command],
                         capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_relay_that_ends_early_is_told_of(tmp_path, program):
    relay_or_skip(program)
    relay = tmp_path / "relay"
    relay.write_text("#!/bin/sh\ntrap '' TERM\necho ready\nexit 7\n")
    relay.chmod(0o755)
    ran = subprocess.run([ROOT / "bench/netns", "10", "1000", relay, "true"], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (1, "bench/netns: the relay ended with 7\n")


def test_a_small_run_from_end_to_end_tells_the_least_and_what_was_measured(program, flat, tmp_path, quiet_env):
    relay = relay_or_skip(program)
    workload.publish(flat, flat.parent / "files", 30)
    task = {"name": "W7", "kind": "headers", "count": 30, "rounds": 2, "quick": True, "clients": ["datatake"], "words": "30 headers",
            "source": str(flat), "folder": str(flat.parent / "files"), "scratch": str(tmp_path)}
    ran = subprocess.run([ROOT / "bench/netns", "10", "1000", relay, "/usr/bin/python3", ROOT / "bench/measure.py"],
                         input=json.dumps(task), capture_output=True, text=True, timeout=120,
                         env={**quiet_env, "DATATAKE_PROGRAM": str(program)})
    assert ran.returncode == 0, ran.stderr
    done = json.loads(ran.stdout)
    assert done["missing"] == {}
    row = done["clients"]["datatake info"]
    assert row["requests"] == 30 and row["requests_ratio"] == 1
    assert row["min"] <= row["seconds"] <= row["max"]
    assert done["calibration"]["rtt_ms"] >= 10 and list(tmp_path.glob("tmp*")) == []
