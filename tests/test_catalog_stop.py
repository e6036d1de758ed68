"""Ctrl-C while the catalogue works, and what an ingest leaves behind for the next reader."""
import os
import signal
import subprocess
import time

import pytest
from conftest import SLOW
from waiting import catches, wait_until

ROWS = 100_000


@pytest.fixture(scope="module")
def rows(program, tmp_path_factory):
    """The file of a catalogue of ROWS rows in dataset `d`; nobody changes it."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "rows.csv").write_text("time,number,note\n" + "".join(f"{1577836800 + n},{n},row number {n * 7919}\n" for n in range(ROWS)))
    subprocess.run([program, "ingest", folder / "rows.csv", "-d", "d", "--time", "epoch(time)", "--source", folder / "c.db", "-q"], check=True,
                   timeout=120 * SLOW)
    return folder / "c.db"


def start(program, env, folder, rows, *arguments):
    return subprocess.Popen([program, *arguments, "--source", rows], env=env, cwd=folder, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("shape", ["--ndjson", "--csv", "--json", "load"])
def test_ctrl_c_ends_what_a_pipe_holds_up(program, quiet_env, rows, tmp_path, shape):
    """Nobody reads: 64 kB fill the pipe, then it waits."""
    words = ["load", "d"] if shape == "load" else ["search", "d", shape]
    process = start(program, quiet_env, tmp_path, rows, *words, "-q")
    with open(process.stdout.fileno(), "rb", buffering=0, closefd=False) as pipe:
        assert pipe.read(1)
        process.send_signal(signal.SIGINT)
        status = process.wait(60 * SLOW)
    said = process.stderr.read().decode()
    process.stdout.close(), process.stderr.close()
    assert status == 130 and len(said.splitlines()) <= 1 and "Traceback" not in said, said


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.nc"])
def test_ctrl_c_during_a_load_leaves_a_whole_file_or_none(run, program, quiet_env, rows, tmp_path, name):
    """At eight moments from its first to its end, then at more until one met it at work. Stopped is 130, a line and no file;
    a signal that comes when all is written stops nothing: 0 and the whole file."""
    begun = time.monotonic()
    run("load", "d", "-o", "whole-" + name, "--source", rows)
    whole_s = time.monotonic() - begun
    size = (tmp_path / ("whole-" + name)).stat().st_size
    before = set(os.listdir(tmp_path))
    stopped = 0
    for attempt in range(200):
        process = start(program, quiet_env, tmp_path, rows, "load", "d", "-o", name)
        wait_until(lambda: catches(process), "it never catches SIGINT")
        time.sleep(attempt % 8 / 7 * whole_s)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60 * SLOW)[1].decode()
        there = set(os.listdir(tmp_path)) - before
        assert process.returncode in (0, 130), (process.returncode, said)
        assert there == ({name} if process.returncode == 0 else set())
        if process.returncode == 130:
            stopped += 1
            assert len(said.splitlines()) == 1, said
        else:
            assert (tmp_path / name).stat().st_size == size
            (tmp_path / name).unlink()
        if attempt >= 7 and stopped > 0:
            return
    pytest.fail("two hundred loads had all ended before they were interrupted")


@pytest.mark.parametrize("words", [["search", "d", "--count", "--filter", "note LIKE '%9%9%9%9%'"],
                                   ["search", "d", "--table", "--sortby", "note"]])
def test_ctrl_c_ends_what_blocks_at_once(program, quiet_env, rows, tmp_path, words):
    for attempt in range(200):
        process = start(program, quiet_env, tmp_path, rows, *words)
        wait_until(lambda: catches(process), "it never catches SIGINT")
        time.sleep(0.0002 * attempt)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60 * SLOW)[1].decode()
        assert process.returncode in (0, 130), (process.returncode, said)
        if process.returncode == 130:
            assert said == "datatake: stopped\n"
            return
    pytest.fail("two hundred searches had all ended before they were interrupted")


def test_an_ingest_leaves_rows_out_of_order_merged(run, tmp_path):
    """Six files of every sixth second each: six chunks over one stretch of time, if nobody merged them."""
    for k in range(6):
        path = tmp_path / f"{k}.csv"
        path.write_text("time,number\n" + "".join(f"{1577836800 + n},{n}\n" for n in range(k, 12_000, 6)))
        run("ingest", path, "-d", "d", "--time", "epoch(time)")
    stats = run("catalog", "stats", "--json").json()
    assert stats["datapoints"] == 12_000 and stats["chunks"] <= 3, stats
    assert "sound" in run("catalog", "check").err


def test_a_delete_leaves_what_remains_merged(run, tmp_path):
    """Four chunks, of which a tenth each remains: one, when whoever deleted waited for it."""
    path = tmp_path / "rows.csv"
    path.write_text("time,digit\n" + "".join(f"{1577836800 + n},{n % 10}\n" for n in range(200_000)))
    run("ingest", path, "-d", "d", "--time", "epoch(time)")
    assert run("catalog", "stats", "--json").json()["chunks"] >= 3
    assert "180,000 datapoints deleted" in run("delete", "d", "--filter", "digit > 0", "--yes").err
    stats = run("catalog", "stats", "--json").json()
    assert stats["datapoints"] == 20_000 and stats["chunks"] == 1, stats
    assert "sound" in run("catalog", "check").err
