"""A download that is killed goes on where it stopped, under the same version of the object only.

DATATAKE_KILLED_JOBS (1) is how many jobs are killed ten times each; `make check` sets it to 100.
"""
import hashlib
import json
import os
import random
import signal
import subprocess
import time

import numpy
import pytest

from conftest import SLOW
from small_scenes import item

KILLED_JOBS = int(os.environ.get("DATATAKE_KILLED_JOBS", "1"))
KILLS = 10
MIB = 1 << 20
IN_FLIGHT = 96 * MIB  # --memory


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_noise(path, size, seed):
    path.write_bytes(numpy.random.default_rng(seed).bytes(size))


def start(program, env, *arguments):
    return subprocess.Popen([str(program), *map(str, arguments)], env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def kill_after(process, seconds):
    """True when the kill came in time."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def wait_until(what, seconds=30):
    until = time.monotonic() + seconds * SLOW
    while not what():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.005)


def claimed(journal):
    """Bytes that a journal says are finished."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return max([int(line.split()[2]) for line in lines if line[9:].startswith("done ")], default=0)


@pytest.fixture
def asset(tmp_path):
    """An item with one asset of 64 MiB that no codec makes smaller."""
    folder = tmp_path / "served"
    folder.mkdir()
    write_noise(folder / "big.tif", 64 * MIB, 1)
    (folder / "item.json").write_text(json.dumps(item("x", B04="big.tif")))
    return folder


def raw(server, out, *options):
    return ["get", server.href("item.json"), "--raw", "--assets", "B04", "-o", out, *options]


def begin_and_kill(program, env, server, out, *options):
    """Killed as soon as the journal claims something; how much."""
    journal = out / ".x_B04.tif.part.journal"
    process = start(program, env, *raw(server, out, "--max-rate", "12M", *options))
    wait_until(lambda: claimed(journal) > 0 or process.poll() is not None)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (out / "x_B04.tif").exists()
    return claimed(journal)


def bytes_sent(requests):
    return sum(r["bytes"] for r in requests if r["path"].endswith("big.tif"))


def test_a_killed_download_fetches_only_what_it_had_not(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    done = begin_and_kill(program, quiet_env, server, out)
    assert 0 < done < 64 * MIB
    ran = run(*raw(server, out))
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")
    assert ran.lines()[0]["wire_bytes"] == 64 * MIB - done
    assert ran.lines()[0]["sha256"] == sha256(asset / "big.tif")
    assert sorted(p.name for p in out.iterdir() if p.name.startswith(".")) == []


def test_an_object_that_changed_in_between_is_fetched_as_a_whole(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    assert begin_and_kill(program, quiet_env, server, out) > 0
    write_noise(asset / "big.tif", 64 * MIB, 2)  # as long as before
    run(*raw(server, out))
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")


def test_an_object_that_became_shorter_is_fetched_as_a_whole(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    assert begin_and_kill(program, quiet_env, server, out) > 0
    write_noise(asset / "big.tif", 3 * MIB, 3)
    run(*raw(server, out))
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")


def test_a_torn_journal_costs_bytes_and_nothing_else(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    rng = random.Random(5)
    for i in range(3):
        out = tmp_path / f"out{i}"
        assert begin_and_kill(program, quiet_env, server, out) > 0
        journal = out / ".x_B04.tif.part.journal"
        text = bytearray(journal.read_bytes())
        if i == 0:
            text[rng.randrange(len(text))] ^= 1 << rng.randrange(8)
        elif i == 1:
            text = text[:rng.randrange(1, len(text))]
        else:
            text += rng.randbytes(5000)
        journal.write_bytes(text)
        run(*raw(server, out))
        assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")


def test_no_resume_starts_from_the_front(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    assert begin_and_kill(program, quiet_env, server, out) > 0
    assert run(*raw(server, out, "--no-resume")).lines()[0]["wire_bytes"] == 64 * MIB
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")


def test_ctrl_c_keeps_what_is_finished(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    process = start(program, quiet_env, *raw(server, out, "--max-rate", "12M"))
    part = out / ".x_B04.tif.part"
    wait_until(lambda: part.exists() and part.stat().st_size > 0)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    done = claimed(out / ".x_B04.tif.part.journal")
    assert done > 0
    assert run(*raw(server, out)).lines()[0]["wire_bytes"] == 64 * MIB - done
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")


def test_of_two_processes_on_one_target_one_says_so(program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    first = start(program, quiet_env, *raw(server, out, "--max-rate", "30M"))
    wait_until((out / ".x_B04.tif.part").exists)
    second = run(*raw(server, out), status=1)
    assert "somebody else is writing it" in second.err
    first.communicate()
    assert first.returncode == 0
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")


@pytest.mark.parametrize("job", range(KILLED_JOBS))
def test_ten_kills_in_one_download(job, program, run, serve, asset, quiet_env, tmp_path):
    server = serve(asset)
    out = tmp_path / "out"
    rng = random.Random(100 + job)
    killed = 0
    for _ in range(KILLS):
        process = start(program, quiet_env, *raw(server, out, "--max-rate", "48M"))
        killed += kill_after(process, rng.uniform(0.02, 0.4) * SLOW)
        if (out / "x_B04.tif").exists():
            break
    if not (out / "x_B04.tif").exists():
        run(*raw(server, out))
    assert killed > 0
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")
    assert bytes_sent(server.requests()) <= 64 * MIB + KILLS * IN_FLIGHT
