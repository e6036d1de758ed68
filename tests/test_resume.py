"""A download that is killed goes on where it stopped, under the same version of the object only.

DATATAKE_KILLED_JOBS (1) is how many jobs are killed ten times each; `make check` sets it to 100.
"""
import hashlib
import json
import math
import os
import random
import signal
import subprocess

import numpy
import pytest

from conftest import SLOW
from small_scenes import BBOX, item, write_raster
from waiting import wait_until

KILLED_JOBS = int(os.environ.get("DATATAKE_KILLED_JOBS", "1"))
KILLS = 10
MIB = 1 << 20


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


@pytest.mark.slow
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


def hold_to_bound(record_property, sent, job, budget):
    """Over eleven runs; `make check` prints the figures of all jobs."""
    record_property("sent", sent)
    record_property("job", job)
    record_property("bound", job + KILLS * budget)
    assert sent <= job + KILLS * budget


@pytest.mark.parametrize("job", range(KILLED_JOBS))
@pytest.mark.slow
def test_ten_kills_in_one_download(job, program, run, serve, asset, quiet_env, tmp_path, record_property):
    """At 12 MB/s, of which a second's worth is claimed at a time; the whole would take more than five seconds."""
    server = serve(asset)
    out, journal = tmp_path / "out", tmp_path / "out/.x_B04.tif.part.journal"
    rng = random.Random(100 + job)
    for _ in range(KILLS):
        before = claimed(journal)
        process = start(program, quiet_env, *raw(server, out, "--max-rate", "12M"))
        assert kill_after(process, rng.uniform(0.02, 1.3))
        assert claimed(journal) >= before
    done = claimed(journal)
    assert run(*raw(server, out)).lines()[0]["wire_bytes"] == 64 * MIB - done
    assert sha256(out / "x_B04.tif") == sha256(asset / "big.tif")
    hold_to_bound(record_property, bytes_sent(server.requests()), 64 * MIB, 96 * MIB)


# Cut-outs: what is finished is left when its receipt fits, what is not starts again.

IMAGES = 12


@pytest.fixture
def scenes(tmp_path):
    """Twelve items of noise, 1.5 MB each."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    items = []
    for i in range(IMAGES):
        write_raster(folder / f"{i:02}.tif", pixels=768, noise=True)
        one = item(f"i{i:02}", B04=f"{i:02}.tif")
        one["properties"]["datetime"] = f"2024-01-{i + 1:02}T00:00:00Z"
        items.append(one)
    (folder / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    return folder


def cut(server, out, *options):
    return ["get", server.href("items.json"), "--bands", "B04", BBOX, "-o", out, *options]


def hashes(folder):
    return {p.name: sha256(p) for p in sorted(folder.iterdir()) if not p.name.startswith(".")}


@pytest.mark.parametrize("options", [[], ["--of", "png", "--visualize", "min=0,max=65535"], ["--mode", "processes"]],
                         ids=["tiff", "png", "processes"])
def test_what_is_finished_is_left_and_reads_no_pixels(options, run, serve, scenes, tmp_path):
    server = serve(scenes)
    out = tmp_path / "out"
    run(*cut(server, out, *options))
    before = {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in out.iterdir()}
    again = run(*cut(server, out, *options))
    assert [line["status"] for line in again.lines()] == ["skipped"] * IMAGES
    assert sum(line["wire_bytes"] for line in again.lines()) == IMAGES  # one byte each, for the version
    assert f"{IMAGES} skipped" in again.err
    assert {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in out.iterdir()} == before


def test_other_options_are_an_error_or_replaced(run, serve, scenes, tmp_path):
    server = serve(scenes)
    out = tmp_path / "out"
    run(*cut(server, out))
    first = hashes(out)
    refused = run(*cut(server, out, "--unmask", "7"), status=1)
    assert "--unmask" in refused.err and "--overwrite" in refused.err
    assert hashes(out) == first
    assert run(*cut(server, out, "--unmask", "7", "--skip-existing")).lines()[0]["status"] == "skipped"
    assert hashes(out) == first
    done = run(*cut(server, out, "--unmask", "7", "--overwrite"))
    assert {line["status"] for line in done.lines()} == {"done"}
    assert hashes(out).keys() == first.keys() and not set(hashes(out).values()) & set(first.values())
    left = run(*cut(server, out, "--unmask", "7", "--overwrite"))
    assert {line["status"] for line in left.lines()} == {"skipped"}
    forced = run(*cut(server, out, "--unmask", "7", "--overwrite", "--no-resume"))
    assert {line["status"] for line in forced.lines()} == {"done"}


def test_a_source_that_changed_is_an_error_or_read_again(run, serve, scenes, tmp_path):
    server = serve(scenes)
    out = tmp_path / "out"
    run(*cut(server, out))
    first = hashes(out)
    write_raster(scenes / "03.tif", pixels=768)  # a ramp now
    refused = run(*cut(server, out), status=3)
    assert "03.tif changed" in refused.err and hashes(out) == first
    run(*cut(server, out, "--overwrite"))
    differs = [name for name, digest in hashes(out).items() if digest != first[name]]
    assert differs == ["i03.tif"]


def test_foreign_files_stay(run, serve, scenes, tmp_path):
    server = serve(scenes)
    out = tmp_path / "out"
    out.mkdir()
    (out / "i05.tif").write_text("somebody's notes")
    assert "i05.tif exists" in run(*cut(server, out), status=3).err
    assert (out / "i05.tif").read_text() == "somebody's notes"


def test_the_contact_sheet_of_a_job_gone_on_with_is_whole(run, serve, scenes, tmp_path):
    server = serve(scenes)
    run(*cut(server, "whole", "--sheet", tmp_path / "whole.png"))
    run(*cut(server, "half", "--max-items", "5"))
    before = hashes(tmp_path / "half")
    gone_on = run(*cut(server, "half", "--sheet", tmp_path / "half.png"))
    assert sorted(line["status"] for line in gone_on.lines()) == ["done"] * 7 + ["skipped"] * 5
    assert hashes(tmp_path / "half") == hashes(tmp_path / "whole")
    assert hashes(tmp_path / "half").items() >= before.items()
    assert sha256(tmp_path / "half.png") == sha256(tmp_path / "whole.png")


@pytest.mark.parametrize("job", range(KILLED_JOBS))
def test_ten_kills_in_one_job_of_cut_outs(job, program, run, serve, scenes, quiet_env, tmp_path, record_property):
    """At 2 MB/s: the whole would take six seconds, the ten runs together take less than five."""
    server = serve(scenes, "--first-byte-delay", "10")
    undisturbed = sum(line["wire_bytes"] for line in run(*cut(server, tmp_path / "whole")).lines())
    expected = hashes(tmp_path / "whole")
    out, done = tmp_path / "out", {}
    rng = random.Random(200 + job)
    for _ in range(KILLS):
        process = start(program, quiet_env, *cut(server, out, "--memory", "4Mi", "--max-rate", "2M"))
        assert kill_after(process, rng.uniform(0.02, 0.5))
        before, done = done, hashes(out) if out.exists() else {}
        assert before.items() <= done.items() <= expected.items()
    told = [line["status"] for line in run(*cut(server, out, "--memory", "4Mi")).lines()]
    assert sorted(told) == ["done"] * (IMAGES - len(done)) + ["skipped"] * len(done)
    assert hashes(out) == expected
    sent = sum(r["bytes"] for r in server.requests() if r["path"].endswith(".tif"))
    hold_to_bound(record_property, sent - undisturbed, undisturbed, 4 * MIB)


# Files against their receipts, and files made again.


def test_verify_tells_what_differs_and_redo_mends_it(run, serve, scenes, tmp_path):
    server = serve(scenes)
    out = tmp_path / "out"
    run(*cut(server, out))
    run(*cut(server, out / "pictures", "--of", "png", "--visualize", "min=0,max=65535", "--max-items", "2"))
    before = hashes(out / "pictures")
    told = run("verify", out, "--sources")
    assert {line["status"] for line in told.lines()} == {"ok"} and len(told.lines()) == IMAGES + 2
    assert "14 files" in told.err

    for path in (out / "i04.tif", out / "pictures/i01.png"):
        whole = path.read_bytes()
        path.write_bytes(whole[:-2000] + bytes([whole[-2000] ^ 1]) + whole[-1999:])
        told = run("verify", out, status=7)
        wrong = [line for line in told.lines() if line["status"] != "ok"]
        assert [line["path"] for line in wrong] == [str(path)] and wrong[0]["status"] == "differs"
        assert path.name in told.err
        run("redo", path)
        assert path.read_bytes() == whole
    assert hashes(out / "pictures") == before
    (out / "pictures/i00.png").unlink()
    assert "is missing" in run("verify", out, status=7).err
    run("redo", out / "pictures/i00.png")
    assert hashes(out / "pictures") == before
    run("verify", out)


def test_redo_names_what_changed_and_writes_nothing(run, serve, scenes, tmp_path):
    server = serve(scenes)
    out = tmp_path / "out"
    run(*cut(server, out, "--max-items", "1"))
    before = hashes(out)
    run("redo", out / "i00.tif", "-o", out / "again.tif")
    assert sha256(out / "again.tif") == before["i00.tif"]
    (out / "again.tif").unlink()
    write_raster(scenes / "00.tif", pixels=768)
    refused = run("redo", out / "i00.tif", "-o", out / "again.tif", status=7)
    assert "00.tif changed" in refused.err
    assert "00.tif changed" in run("verify", out, "--sources", status=7).err
    assert hashes(out) == before and [p for p in out.iterdir() if p.name.startswith(".")] == []
    run("verify", out)
    assert "exists already" in run("redo", out / "i00.tif", "-o", out / "i00.tif", status=1).err


def test_verify_of_what_carries_no_receipt(run, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    assert "no receipt" in run("verify", "notes.txt", status=5).err
    assert run("verify", tmp_path, status=5).err.count("\n") == 1
    assert "No such file" in run("verify", "nothing.tif", status=5).err
    assert "nothing.tif has no receipt" in run("redo", "nothing.tif", status=5).err


def write_circle(path, points, radius=0.03):
    """GeoJSON of an area within the scenes, of some 40 bytes a point."""
    turns = [2 * math.pi * i / points for i in range(points)] + [0.0]
    ring = [[-82.435 + radius * math.cos(t), 8.395 + radius * math.sin(t)] for t in turns]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))


def test_an_area_too_long_for_receipts_is_read_again_for_redo(run, serve, scenes, tmp_path):
    server, area, out = serve(scenes), tmp_path / "area.geojson", tmp_path / "out"
    write_circle(area, 3000)
    assert area.stat().st_size > 100_000
    job = [*cut(server, out, "--max-items", "1"), "--intersects", area]
    run(*job)
    before = hashes(out)
    assert b"-82.405" not in (out / "i00.tif").read_bytes()  # the first point: the area is not in it
    run("redo", out / "i00.tif", "-o", out / "again.tif")
    assert sha256(out / "again.tif") == before["i00.tif"]
    (out / "again.tif").unlink()

    elsewhere = tmp_path / "elsewhere.geojson"
    elsewhere.write_bytes(area.read_bytes())
    assert "1 skipped" in run(*job[:-1], elsewhere).err
    write_circle(area, 3000, radius=0.02)
    assert "another --intersects" in run(*job, status=1).err
    assert "area.geojson has changed" in run("redo", out / "i00.tif", status=7).err
    area.unlink()
    assert "area.geojson" in run("redo", out / "i00.tif", status=5).err
    assert hashes(out) == before
