"""Rows of a machine that fails: disks, permissions, signals, descriptors, memory."""
import errno
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import SLOW
from fault_rows import PATIENCE_S, Ran, Row, digest
from waiting import wait_until


def at_each_call(place, row, number, call=None, options=(), source=None, watched=None):
    """The n-th call that makes, changes, syncs or names a file goes wrong, for every n there is."""
    source, seen, message = source or place.common.rasters / "a.tif", [], ""
    more = {"FAULT_CALL": call} if call else {}
    for n in range(200):
        report = place.folder / f"report-{n}"
        ran = place.get(source, out=f"out-{n}", options=options, FAULT_UNDER=watched or place.folder / f"out-{n}", FAULT_AT=n,
                        FAULT_ERRNO=number, FAULT_REPORT=report, **more)
        if not report.exists():
            place.check(ran, 0)
            assert seen, "no call was watched"
            return message or f"(at each of {len(seen)} calls)"
        seen.append(report.read_text().split()[0])
        message = place.check(ran, row.status, row.says)
    raise AssertionError("the calls come to no end")


def failing(number, **more):
    return lambda place, row: at_each_call(place, row, number, **more)


def reading_fails(place, row):
    source = place.folder / "a.tif"
    shutil.copy(place.common.rasters / "a.tif", source)
    return at_each_call(place, row, errno.EIO, call="read", source=source, watched=source)


def cache_disk_full(place, row):
    return at_each_call(place, row, errno.ENOSPC, source=place.server.url("none", "a.tif"), watched=place.folder / "cache")


def killed_at_each_call(place, row):
    source = place.common.rasters / "a.tif"
    for n in range(200):
        report, out = place.folder / f"report-{n}", f"out-{n}"
        ran = place.get(source, out=out, FAULT_UNDER=place.folder / out, FAULT_AT=n, FAULT_ERRNO="kill", FAULT_REPORT=report)
        if not report.exists():
            return f"(killed at each of {n} calls; the next run ends as if never killed)"
        assert ran.status == -signal.SIGKILL
        for name in ran.files:
            assert name.startswith(".") or digest(ran.out / name) == place.good
        place.check(place.get(source, out=out, options=["--skip-existing"]), 0)
    raise AssertionError("the calls come to no end")


def file_size_limit(place, row):
    return place.check(place.get(place.common.rasters / "a.tif", prefix=["prlimit", "--fsize=20000"]), row.status, row.says)


def need_root():
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")


def in_a_mount(place, row, options):
    need_root()
    (place.folder / "out").mkdir()
    script = f'mount -t tmpfs {options[0]} none out && mount -o remount,{options[1]} out || exit 77; exec "$@"'
    ran = place.get(place.common.rasters / "a.tif", prefix=["unshare", "-m", "sh", "-c", script, "sh"])
    if ran.status == 77:
        pytest.skip("no tmpfs can be mounted here")
    return place.check(ran, row.status, row.says)


def no_permission(place, row):
    out = place.folder / "out"
    out.mkdir(mode=0o555)
    if os.geteuid() != 0:
        return place.check(place.get(place.common.rasters / "a.tif"), row.status, row.says)
    source = place.folder / "a.tif"
    shutil.copy(place.common.rasters / "a.tif", source)
    source.chmod(0o644)
    for parent in [place.folder, *place.folder.parents]:
        if "pytest" in str(parent):
            parent.chmod(0o755)
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return place.check(place.get(source, prefix=prefix, options=["--no-cache"]), row.status, row.says)


def name_too_long(place, row):
    place.check(place.get(place.common.rasters / "a.tif", out="fits", options=["--template", "x" * 251 + ".{ext}"]), 0)
    ran = place.get(place.common.rasters / "a.tif", options=["--template", "x" * 252 + ".{ext}"])
    return place.check(ran, row.status, row.says)


def path_too_long(place, row):
    ran = place.get(place.common.rasters / "a.tif", options=["--template", "/".join(["x" * 200] * 30) + ".{ext}"])
    return place.check(ran, row.status, row.says)


def two_processes(place, row):
    """The first is stopped with its part file open; the second says so; then the first goes on."""
    source = place.common.rasters / "a.tif"
    first = place.start(source, FAULT_UNDER=place.folder / "out", FAULT_CALL="pwrite", FAULT_AT=0, FAULT_ERRNO="stop")
    _, status = os.waitpid(first.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status
    second = place.get(source)
    first.send_signal(signal.SIGCONT)
    _, err = first.communicate(timeout=PATIENCE_S * SLOW)
    assert first.returncode == 0, err
    message = place.check(Ran(second.status, second.err, place.folder / "out"), row.status, row.says)
    place.check(Ran(0, "", place.folder / "out"), 0)
    return message


def clock_moved(place, row):
    """Thirteen years to and fro with each look, during retries and a Retry-After."""
    message = place.check(place.get(place.server.url("429-seconds", "clock.tif"), FAULT_CLOCK_S=400_000_000), row.status)
    assert place.server.of("429-seconds")
    return message


def interrupted(place, row):
    """Of two images one is done and one stalls."""
    process = place.start(place.server.url("none", "a.tif"), place.server.url("stall-in-body", "b.tif"))
    wait_until(lambda: (place.folder / "out/a.tif").exists())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S * SLOW)
    ran = Ran(process.returncode, err.decode(), place.folder / "out")
    assert ran.files == ["a.tif"] and digest(ran.out / "a.tif") == place.good
    assert ran.status == row.status and row.says in ran.err, ran.err
    return ran.err.splitlines()[-1] if ran.err else ""


def interrupted_twice(place, row):
    """A write never returns, as on a dead network file system: the first Ctrl-C waits for it, the second does not."""
    report = place.folder / "report"
    process = place.start(place.common.rasters / "a.tif", FAULT_UNDER=place.folder / "out", FAULT_CALL="pwrite", FAULT_AT=0,
                          FAULT_ERRNO="hang", FAULT_REPORT=report)
    wait_until(report.exists)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: pending_signals(process.pid) == 0)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S * SLOW)
    assert process.returncode == row.status, err
    assert not (place.folder / "out/a.tif").exists()
    return err.decode().splitlines()[-1] if err else ""


def pending_signals(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return sum(int(re.search(rf"{kind}:\s+([0-9a-f]+)", text)[1], 16) for kind in ("SigPnd", "ShdPnd"))


def few_descriptors(place, row):
    hrefs = []
    for i in range(80):
        link = place.common.rasters / f"many-{i:02}.tif"
        if not link.exists():
            os.link(place.common.rasters / "a.tif", link)
        hrefs.append(place.server.url("slow", link.name))
    ran = place.get(*hrefs, prefix=["prlimit", "--nofile=64"], options=["-j", "64"])
    message = place.check(ran, row.status)
    assert len(ran.files) == 80
    return message


def little_memory(place, row):
    """From not enough to start to plenty: right pixels or one line."""
    if SLOW > 1:
        pytest.skip("the sanitizers need their memory")
    good, message = 0, ""
    for limit_mb in (8, 16, 20, 24, 28, 32, 40, 64, 128, 256):
        ran = place.get(place.common.rasters / "a.tif", out=f"out-{limit_mb}", prefix=["prlimit", f"--data={limit_mb << 20}"])
        if ran.status == 0:
            place.check(ran, 0)
            good += 1
        elif ran.status != 127:  # 127: the system could not even start the program
            message = place.check(ran, 1)
    assert good >= 3
    return message


MACHINE_ROWS = {
    "disk-full": Row("disk full at every call", 8, "No space left on device", run=failing(errno.ENOSPC)),
    "disk-full-cog": Row("disk full at every call, COG", 8, "No space left on device",
                         run=failing(errno.ENOSPC, options=["--of", "cog"])),
    "disk-full-really": Row("a file system of 64 KiB", 8, "No space left on device",
                            run=lambda place, row: in_a_mount(place, row, ("-o size=64k", "rw"))),
    "file-size-limit": Row("file size limit", 8, "File too large", run=file_size_limit),
    "cache-disk-full": Row("disk of the cache full at every call", 0, run=cache_disk_full),
    "eio-writing": Row("EIO at every call", 8, "Input/output error", run=failing(errno.EIO)),
    "eio-reading": Row("EIO at every read of the input", 8, "Input/output error", run=reading_fails),
    "permission": Row("no permission", 8, "Permission denied", run=no_permission),
    "read-only": Row("read-only file system", 8, "Read-only file system",
                     run=lambda place, row: in_a_mount(place, row, ("", "ro"))),
    "name-too-long": Row("name too long", 8, "File name too long", run=name_too_long),
    "path-too-long": Row("path too long", 1, "the path of its file is longer than", run=path_too_long),
    "rename-across-devices": Row("rename across devices", 8, "cross-device", run=failing(errno.EXDEV, call="rename")),
    "two-processes": Row("two processes on one target", 1, "somebody else is writing it", run=two_processes,
                         note="status of the second; the first ends well"),
    "clock-moved": Row("clock moved", 0, run=clock_moved),
    "killed-at-each-call": Row("kill -9 at every call that touches files", 0, run=killed_at_each_call),
    "sigint": Row("SIGINT once", 130, run=interrupted, note="what was finished stays"),
    "sigint-twice": Row("SIGINT twice", 130, run=interrupted_twice),
    "descriptors": Row("ulimit -n 64", 0, run=few_descriptors),
    "memory": Row("memory limits from 8 to 256 MB", 0, run=little_memory, note="status 1 and one line where it is too little"),
}
