"""Every fault that a downloader must survive, by name: docs/faults.md is the table of them.

Whatever goes wrong, a run ends by itself, with the right exit status; a file under its final name has the pixels of a
run without the fault; nothing half written is left; a failure is one line. Rows run several at a time, since most of
them wait. What was observed is written to build/fault-table.md.
"""
import errno
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy
import pytest
from osgeo import gdal

import odd_rasters
from conftest import ROOT, SLOW
from faultd import FAULTS, FaultServer

gdal.UseExceptions()
pytestmark = pytest.mark.xdist_group("faults")  # one worker, which runs many rows at a time

RETRIES = 2
TIMEOUT_S = 2 if SLOW == 1 else 4
BEGUN = (3,)  # an object that changed under way is begun again twice
BEGUN_AGAIN = "the image is begun again, with the new object's header and pixels"
AGAIN, ONCE, NEVER = (RETRIES + 1, RETRIES + 2), (1,), (0,)  # one more when curl replaces a dead connection itself
PATIENCE_S = 60  # a run that takes longer hangs


@dataclass
class Ran:
    status: int
    err: str
    out: Path

    @property
    def files(self):
        return sorted(p.name for p in self.out.iterdir()) if self.out.is_dir() else []


class Place:
    """A folder of its own for each row, and the program in it."""

    def __init__(self, folder, common):
        self.folder, self.common = folder, common
        self.server, self.good = common.server, common.good

    def command(self, *arguments):
        return [str(self.common.program), *map(str, arguments)]

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("DATATAKE_") and not k.lower().endswith("_proxy")}
        env.update(HOME=str(self.folder), XDG_CACHE_HOME=str(self.folder / "cache"), NO_COLOR="1", LC_ALL="C.UTF-8")
        if any(name.startswith("FAULT_") for name in more):
            env["LD_PRELOAD"] = str(self.common.shim)
        return {**env, **{k: str(v) for k, v in more.items()}}

    def get(self, *hrefs, out="out", options=(), prefix=(), retries=RETRIES, **env):
        command = self.command("get", *hrefs, "-o", out, "-q", "--retries", retries, "--timeout", TIMEOUT_S, *options)
        done = subprocess.run([*prefix, *command], cwd=self.folder, env=self.environment(**env), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE_S * SLOW)
        assert done.returncode not in (66, 99), done.stderr.decode()
        return Ran(done.returncode, done.stderr.decode(errors="replace"), self.folder / out)

    def start(self, *hrefs, out="out", options=(), **env):
        command = self.command("get", *hrefs, "-o", out, "-q", "--timeout", 60, *options)
        return subprocess.Popen(command, cwd=self.folder, env=self.environment(**env), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def check(self, ran, status, says=""):
        """What holds for every run, and the message."""
        assert ran.status == status, (ran.status, ran.err)
        for name in ran.files:
            assert name.endswith(".tif") and not name.startswith("."), f"left behind: {name}"
            assert digest(ran.out / name) == self.good, f"{name} has other pixels"
        if status == 0:
            assert ran.err == "" and ran.files, (ran.err, ran.files)
            return ""
        lines = ran.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("datatake: ") and says in lines[0], ran.err
        return lines[0]


def digest(path):
    dataset = gdal.Open(str(path))
    mask = dataset.GetRasterBand(1).GetMaskBand().ReadAsArray()
    parts = [dataset.ReadAsArray().tobytes(), mask.tobytes(), repr(dataset.GetGeoTransform()).encode(),
             dataset.GetProjection().encode()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


# --- rows of the fault server: name, exit status, words of the message, how often the fault struck ---

@dataclass
class Row:
    fault: str         # as the table names it
    status: int
    says: str = ""
    strikes: tuple = None
    run: Callable = None  # (place, row) -> message; None: one get through the fault server
    note: str = ""


def get_through_fault(place, row, name):
    ran = place.get(place.server.url(name, "a.tif"))
    message = place.check(ran, row.status, row.says)
    if row.strikes is not None:
        assert place.server.count(name) in row.strikes, f"struck {place.server.count(name)} times"
    return message


HTTP_ROWS = {
    "none": Row("no fault", 0),
    "reset-before-header": Row("reset before the header", 6, "reset by peer", AGAIN),
    "reset-before-header-once": Row("reset before the header, once", 0, strikes=ONCE),
    "reset-in-header": Row("reset in the header", 6, "reset by peer", AGAIN),
    "reset-after-header": Row("reset after the header", 6, "reset by peer", AGAIN),
    "reset-in-body": Row("reset in the body, always", 6, "reset by peer", AGAIN),
    "reset-in-body-once": Row("reset in the body, once", 0, strikes=ONCE),
    "reset-of-first-request": Row("reset of the first request", 6, "reset by peer", AGAIN),
    "closed-in-body": Row("closed in the body, always", 6, "bytes remaining", AGAIN),
    "closed-in-body-once": Row("closed in the body, once", 0, strikes=ONCE),
    "stall-before-header": Row("idle before the header", 6, "no answer within", AGAIN),
    "stall-before-header-once": Row("idle before the header, once", 0, strikes=ONCE),
    "stall-in-body": Row("idle in the body", 6, "fewer than 1000 bytes a second", AGAIN),
    "stall-in-body-once": Row("idle in the body, once", 0, strikes=ONCE),
    "byte-a-second": Row("one byte a second", 6, "fewer than 1000 bytes a second", AGAIN),
    "byte-a-second-once": Row("one byte a second, once", 0, strikes=ONCE),
    "header-byte-a-second": Row("one byte a second in the header", 6, "", AGAIN),
    "half-open": Row("half-open after a suspend", 0, strikes=ONCE),
    "other-start": Row("206 with another start", 6, "asked for bytes", ONCE),
    "other-end": Row("206 with another end", 6, "asked for bytes", ONCE),
    "other-total": Row("206 with another total", 7, "now has", BEGUN),
    "no-content-range": Row("206 without Content-Range", 6, "without Content-Range", ONCE),
    "malformed-content-range": Row("206 with a malformed Content-Range", 6, "malformed Content-Range", ONCE),
    "multipart": Row("multipart/byteranges", 6, "multipart/byteranges", ONCE),
    "200-for-a-range": Row("200 instead of 206", 0, strikes=ONCE, note="the whole object is read up to the range's end"),
    "200-for-every-range": Row("200 instead of 206, always", 0, note="likewise"),
    "416": Row("416 for bytes that exist", 6, "HTTP 416", ONCE),
    "short-body": Row("short body, told so", 6, "Content-Length", ONCE),
    "short-body-kept-open": Row("short body, kept open", 6, "fewer than 1000 bytes a second", AGAIN),
    "long-body": Row("long body", 0, strikes=ONCE, note="what was announced is taken, the rest dropped"),
    "length-too-long": Row("Content-Length too long", 6, "Content-Length", ONCE),
    "length-too-short": Row("Content-Length too short", 6, "Content-Length", ONCE),
    "chunked": Row("chunked range", 0, strikes=ONCE),
    "chunked-short": Row("chunked range that ends early", 6, "the body ended after", AGAIN),
    "content-encoding": Row("Content-Encoding on a range", 6, "packed as gzip", ONCE),
    "redirect-loop": Row("redirect loop", 6, "more than 10 redirects", (11,)),
    "redirect-nowhere": Row("redirect to another protocol", 6, "cannot be followed", ONCE),
    "401": Row("401 under way", 4, "HTTP 401", ONCE),
    "403": Row("403 under way", 4, "token expired", ONCE),
    "404": Row("404", 5, "HTTP 404", ONCE),
    "404-under-way": Row("404 under way", 5, "HTTP 404", ONCE),
    "408": Row("408, always", 6, "HTTP 408", AGAIN),
    "408-once": Row("408, once", 0, strikes=ONCE),
    "429-seconds": Row("429 with Retry-After in seconds", 0, strikes=ONCE),
    "429-huge": Row("429 with a huge Retry-After", 6, "come back in 86400 s", ONCE),
    "429-malformed": Row("429 with a malformed Retry-After", 0, strikes=ONCE),
    "429": Row("429, always", 6, "HTTP 429", AGAIN),
    "503-date": Row("503 with Retry-After as a date", 0, strikes=ONCE),
    "503-date-of-another-clock": Row("503 with Retry-After as a date of another clock", 0, strikes=ONCE),
    **{f"{code}": Row(f"{code}, always", 6, f"HTTP {code}: oops", AGAIN) for code in (500, 502, 503, 504)},
    **{f"{code}-once": Row(f"{code}, once", 0, strikes=ONCE) for code in (500, 502, 503, 504)},
    "503-slow-down": Row("503 SlowDown", 0, strikes=ONCE),
    "html-for-the-header": Row("HTML page with status 200 for the header", 1, "not a raster but a text: Sign in", ONCE),
    "html-for-pixels": Row("HTML page with status 200 for pixels", 7, "now has", BEGUN),
    "html-for-pixels-chunked": Row("the same without a length", 7, "text/html", BEGUN),
    "html-for-pixels-to-the-end": Row("the same up to the connection's end", 7, "text/html", BEGUN),
    "page-without-type-for-pixels": Row("the same without a type", 7, "nothing shows that it is the same object", BEGUN),
    "changed-under-way": Row("ETag changed between header and tile", 0, strikes=ONCE, note=BEGUN_AGAIN),
    "changed-under-way-by-force": Row("the same, and If-Match ignored", 0, strikes=ONCE, note=BEGUN_AGAIN),
    "changed-in-a-cut-body": Row("ETag changed in a body cut short", 0, strikes=ONCE, note=BEGUN_AGAIN),
    "changed-each-time": Row("ETag changed between header and tile, each time", 7, "HTTP 412", BEGUN),
    "header-without-end": Row("header without end", 6, "longer than 65536 bytes", ONCE),
    "not-http": Row("an answer that is not HTTP", 6, "not HTTP/1", ONCE),
}
for name, row in HTTP_ROWS.items():
    row.run = lambda place, row, name=name: get_through_fault(place, row, name)


# --- rows with a server of their own ---

def refused(place, row):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return place.check(place.get(f"http://127.0.0.1:{free.getsockname()[1]}/a.tif"), row.status, row.says)


def no_such_host(place, row):
    return place.check(place.get("http://data.invalid/a.tif", FAULT_RESOLVE=".invalid"), row.status, row.says)


def connect_timeout(place, row):
    """A listener whose queue is full: the system answers no more handshakes."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        message = place.check(place.get(f"http://127.0.0.1:{full.getsockname()[1]}/a.tif", retries=1), row.status, row.says)
        for one in waiting:
            one.close()
    return message


def make_certificate(place):
    path = place.folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", place.folder / "only.pem"], check=True,
                   capture_output=True)
    path.write_bytes(path.read_bytes() + (place.folder / "only.pem").read_bytes())
    return path


def tls_untrusted(place, row):
    certificate = make_certificate(place)
    server = FaultServer(place.common.rasters, certificate)
    try:
        message = place.check(place.get(server.url("none", "a.tif")), row.status, row.says)
        place.check(place.get(server.url("none", "a.tif"), CURL_CA_BUNDLE=place.folder / "only.pem"), 0)
    finally:
        server.stop()
    return message


def tls_not_spoken(place, row):
    with socket.create_server(("127.0.0.1", 0), backlog=8) as plain:
        url = f"https://127.0.0.1:{plain.getsockname()[1]}/a.tif"
        with ThreadPoolExecutor(1) as pool:
            ran = pool.submit(place.get, url)
            for _ in range(RETRIES + 1):
                sock, _ = plain.accept()
                sock.recv(65536)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                sock.close()
            return place.check(ran.result(), row.status, row.says)


def redirect_with_authorization(place, row):
    netrc = place.folder / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    message = place.check(place.get(place.server.url("redirect-to-other-host", "a.tif")), row.status)
    first, second = place.server.of("redirect-to-other-host"), place.server.of("redirected")
    assert first and all("authorization" in r.headers for r in first)
    assert second and not any("authorization" in r.headers for r in second)
    return message


def changed_between_runs(place, row, *options):
    """The header of the first run is cached; the object is another one in the second. Whatever that says, a third is good."""
    folder = place.folder / "served"
    folder.mkdir()
    shutil.copy(place.common.rasters / "a.tif", folder / "a.tif")
    server = FaultServer(folder)
    try:
        place.check(place.get(server.url("none", "a.tif")), 0)
        odd_rasters.write(folder / "a.tif", *options, driver="COG", array=odd_rasters.values(seed=8))
        place.good = digest(folder / "a.tif")
        message = place.check(place.get(server.url("none", "a.tif"), out="again"), row.status, row.says)
        place.check(place.get(server.url("none", "a.tif"), out="third"), 0)
    finally:
        server.stop()
    return message


# --- faults of the machine ---

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


def wait_for(condition):
    until = time.monotonic() + PATIENCE_S * SLOW
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def interrupted(place, row):
    """Of two images one is done and one stalls."""
    process = place.start(place.server.url("none", "a.tif"), place.server.url("stall-in-body", "b.tif"))
    wait_for(lambda: (place.folder / "out/a.tif").exists())
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
    wait_for(report.exists)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: pending_signals(process.pid) == 0)
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


OWN_ROWS = {
    "refused": Row("refused", 6, "connect", run=refused),
    "dns-failure": Row("DNS failure", 6, "Could not resolve host", run=no_such_host),
    "connect-timeout": Row("connect timeout", 6, "Timeout was reached", run=connect_timeout),
    "tls-untrusted": Row("TLS: a certificate nobody vouches for", 6, "certificate", run=tls_untrusted),
    "tls-not-spoken": Row("TLS: the server speaks none", 6, "SSL", run=tls_not_spoken),
    "redirect-to-other-host": Row("redirect to another host", 0, run=redirect_with_authorization,
                                  note="Authorization stays with the first host"),
    "changed-between-runs": Row("ETag changed between runs", 0, note="the new object's pixels",
                                run=lambda place, row: changed_between_runs(place, row, "BLOCKSIZE=128")),
    "changed-grid-between-runs": Row("the same, and another layout of tiles", 0, note="the new object's pixels",
                                     run=lambda place, row: changed_between_runs(place, row, "BLOCKSIZE=256")),
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


# --- formats ---

def broken_raster(place, row, make):
    path = place.folder / "a.tif"
    make(path)
    message = place.check(place.get(path), row.status)
    if path.stat().st_size < 1 << 20:
        server = FaultServer(place.folder)
        try:
            place.check(place.get(server.url("none", "a.tif"), out="remote"), row.status)
            assert len(server.of("none")) <= 8, "a broken file is not asked for again and again"
        finally:
            server.stop()
    return message


def unusual_raster(place, row, make):
    path = place.folder / "a.tif"
    make(path)
    place.good = digest(path)
    server = FaultServer(place.folder)
    try:
        message = place.check(place.get(path), row.status)
        place.check(place.get(server.url("none", "a.tif"), out="remote"), row.status)
    finally:
        server.stop()
    return message


def name_of(kind):
    return "format-" + re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


FORMAT_ROWS = {
    **{name_of(kind): Row(kind, 1, run=lambda place, row, make=make: broken_raster(place, row, make))
       for kind, make in odd_rasters.BROKEN.items()},
    **{name_of(kind): Row(kind, 0, run=lambda place, row, make=make: unusual_raster(place, row, make), note="as GDAL reads it")
       for kind, make in odd_rasters.UNUSUAL.items()},
}
ROWS = {**HTTP_ROWS, **OWN_ROWS, **FORMAT_ROWS}
NOT_BY_NAME = {"redirected", "redirect-to-other-host", "other-bytes", "slow"}  # of the fault server, used by other rows


class Common:
    def __init__(self, program, folder):
        self.program, self.folder, self.rasters = program, folder, folder / "rasters"
        self.shim = program.parent / "tests/libfaultshim.so"
        self.rasters.mkdir()
        odd_rasters.write(self.rasters / "a.tif", "BLOCKSIZE=128", driver="COG")
        odd_rasters.write(self.rasters / "a.other", "BLOCKSIZE=256", driver="COG")  # the same pixels, in other bytes
        for copy in ("b.tif", "clock.tif"):
            shutil.copy(self.rasters / "a.tif", self.rasters / copy)
        self.good = digest(self.rasters / "a.tif")
        self.server = FaultServer(self.rasters)

    def run(self, name):
        folder = self.folder / name
        folder.mkdir()
        return ROWS[name].run(Place(folder, self), ROWS[name])


@pytest.fixture(scope="module")
def observe(request, program, tmp_path_factory):
    """The message of a row. All rows that this session wants are begun with the first."""
    common = Common(program, tmp_path_factory.mktemp("faults"))
    wanted = [item.callspec.params["name"] for item in request.session.items
              if item.function.__name__ == "test_fault" and item.module.__name__ == __name__]
    messages = {}
    with ThreadPoolExecutor(4 if SLOW > 1 else 8) as pool:
        running = {name: pool.submit(common.run, name) for name in wanted}

        def observe(name):
            messages[name] = running[name].result()
            return messages[name]
        yield observe
    common.server.stop()
    write_table(messages, common.folder)


@pytest.mark.parametrize("name", ROWS)
def test_fault(observe, name):
    observe(name)


# --- the table ---

def shown(message, folder):
    text = message.replace(str(folder), "").replace("datatake: ", "", 1)
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    text = re.sub(r"port \d+", "port N", text)
    text = re.sub(r"x{20,}", "xxx...", text)
    text = re.sub(r"after \d+ ms", "after N ms", text)
    return text.replace("|", "\\|").replace("<", "\\<")


def write_table(messages, folder):
    lines = ["| fault | test | status | observed |", "| --- | --- | --- | --- |"]
    for name, message in messages.items():
        row = ROWS[name]
        text = "; ".join(part for part in (shown(message, folder), row.note) if part)
        lines.append(f"| {row.fault} | `{name}` | {row.status} | {text} |")
    target = ROOT / "build/fault-table.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n")


def test_docs_list_every_fault_with_its_status():
    text = (ROOT / "docs/faults.md").read_text()
    listed = re.findall(r"^\| (.+?) \| `([^`]+)` \| (\d+) \|", text, re.MULTILINE)
    assert listed == [(row.fault, name, str(row.status)) for name, row in ROWS.items()]


def test_every_fault_of_the_server_has_a_row():
    assert set(FAULTS) - NOT_BY_NAME == set(HTTP_ROWS)


def test_bytes_from_another_place_under_right_headers_do_not_unpack(program, tmp_path):
    """No header tells; packed tiles do. Of a file that is not packed nobody can know."""
    rasters = tmp_path / "rasters"
    rasters.mkdir()
    odd_rasters.write(rasters / "a.tif", "COMPRESS=DEFLATE", "BLOCKSIZE=128", driver="COG")
    server = FaultServer(rasters)
    try:
        done = subprocess.run([program, "get", server.url("other-bytes", "a.tif"), "-q", "-o", tmp_path / "out", "--no-cache"],
                              capture_output=True, text=True, timeout=PATIENCE_S * SLOW)
    finally:
        server.stop()
    assert done.returncode == 1 and "deflate" in done.stderr and len(done.stderr.splitlines()) == 1
