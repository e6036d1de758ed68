"""Fixtures of the journeys: the program, real data, a server of files.

Journeys run the program that DATATAKE_PROGRAM names, or build/release/datatake. Their clocks are multiplied by
DATATAKE_SLOW, for builds that watch themselves. Nothing here talks to anything but 127.0.0.1.
"""
import fcntl
import hashlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from waiting import SLOW

pytest.register_assert_rewrite("fault_rows", "fault_rows_http", "fault_rows_machine", "fault_rows_network")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """A test that uses the program is a journey, without saying so."""
    for item in items:
        if "program" in item.fixturenames:
            item.add_marker("journey")


@pytest.fixture(scope="session")
def program():
    path = Path(os.environ.get("DATATAKE_PROGRAM", ROOT / "build/release/datatake")).resolve()
    if not path.is_file():
        pytest.fail(f"no program at {path}: cmake --workflow --preset release")
    return path


@pytest.fixture(scope="session")
def shared():
    """The folder of real data beside the checkout: SHARED_DATA, or ../shared."""
    path = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared"))
    if not (path / "data/imagery").is_dir():
        pytest.skip("the real scenes (../shared/data/imagery) are not here")
    return path


MAKERS = ("demo", "src/output", "src/format")  # the scenes, and the writer of their files


def digest_of(*folders):
    """Of the C sources."""
    digest = hashlib.sha256()
    for path in sorted(p for folder in folders for p in (ROOT / folder).glob("*.[ch]")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@pytest.fixture(scope="session")
def demo_scenes(program):
    """The first eight dates of the demo, made once for all builds and workers, and again when what makes them
    changes."""
    folder = ROOT / f"build/test-scenes-{digest_of(*MAKERS)}"
    maker = ROOT / "build/release/make_scenes"
    with open(ROOT / "build/test-scenes.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for old in ROOT.glob("build/test-scenes-*"):
            if old != folder:
                shutil.rmtree(old)
        done = subprocess.run([maker if maker.exists() else program.parent / "make_scenes", folder, "8"],
                              capture_output=True, text=True, timeout=120 * SLOW)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def quiet_env(tmp_path):
    """An environment without the user's settings, caches and terminal."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("DATATAKE_") and not k.lower().endswith("_proxy") and k != "XDG_DATA_HOME"}
    env.update(HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"), XDG_CONFIG_HOME=str(tmp_path / "config"),
               XDG_STATE_HOME=str(tmp_path / "state"), LC_ALL="C.UTF-8", NO_COLOR="1")
    return env


@pytest.fixture
def tell(record_property):
    """tell("earthengine-api 1.7.50") is printed by `tests/run`, whether the test passes or fails."""
    def call(*lines):
        print(*lines, sep="\n")
        record_property("told", "\n".join(lines))
    return call


@dataclass
class Ran:
    status: int
    out: str
    err: str
    out_bytes: bytes
    seconds: float

    def json(self):
        return json.loads(self.out)

    def lines(self):
        """Standard output as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines() if line]


@pytest.fixture
def run(program, quiet_env, tmp_path):
    """run("info", path, ...) runs the program and returns a Ran; `status=0` is checked unless told otherwise (None:
    any). A signal, a sanitizer's exit or a timeout fails the test whatever was expected."""
    def call(*arguments, status=0, timeout_s=60, cwd=None, env=None, stdin=b""):
        started = time.monotonic()
        done = subprocess.run([str(program), *map(str, arguments)], input=stdin, capture_output=True,
                              timeout=timeout_s * SLOW, cwd=cwd or tmp_path, env={**quiet_env, **(env or {})})
        ran = Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"),
                  done.stdout, time.monotonic() - started)
        words = f"datatake {' '.join(map(str, arguments))}: exit status {ran.status}\n{ran.out[-4000:]}{ran.err[-4000:]}"
        assert ran.status >= 0 and ran.status not in (66, 99), words
        assert status is None or ran.status == status, words
        return ran
    return call


class Server:
    """A `datatake serve` under way."""

    def __init__(self, process, url, log):
        self.process, self.url, self.log = process, url, log

    def href(self, path):
        return f"{self.url}files/{path}"

    def requests(self):
        """Stops the server, so that its access log is whole; one dict a request: method, path, status, bytes, range."""
        self.stop()
        return parse_access_log(self.log.read_text())

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10 * SLOW)


# Common log format with the Range header as one more field: HOST - - [TIME] "GET /files/x HTTP/1.1" 206 16384 "bytes=0-16383"
ACCESS_LINE = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[12]\.[01]" (?P<status>\d{3}) (?P<bytes>\d+|-)(?P<rest>.*)$')


def parse_access_log(text):
    found = []
    for line in text.splitlines():
        match = ACCESS_LINE.search(line)
        assert match, f"not an access log line: {line!r}"
        byte_range = re.search(r"bytes=[0-9,-]+", match["rest"])
        found.append({"method": match["method"], "path": match["path"], "status": int(match["status"]),
                      "bytes": int(match["bytes"].replace("-", "0")),
                      "range": byte_range[0] if byte_range else None})
    return found


def start_server(program, folder, log, *arguments, env=None):
    process = subprocess.Popen([str(program), "serve", "--files", str(folder), "--listen", "127.0.0.1:0",
                                "--access-log", str(log), *map(str, arguments)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    until = time.monotonic() + 20 * SLOW
    seen = ""
    while time.monotonic() < until and process.poll() is None:
        ready, _, _ = select.select([process.stdout, process.stderr], [], [], 0.1)
        for stream in ready:
            seen += os.read(stream.fileno(), 65536).decode(errors="replace")
        match = re.search(r"https?://\S+:\d+/", seen)
        if match:
            return Server(process, match[0], log)
    process.kill()
    process.wait()
    raise AssertionError(f"datatake serve gave no address: {seen!r}")


@pytest.fixture
def serve(program, quiet_env, tmp_path):
    """serve(folder, *options) starts a server of the folder; all are stopped by SIGTERM, and must end well."""
    running = []

    def call(folder, *arguments):
        server = start_server(program, folder, tmp_path / f"access-{len(running)}.log", *arguments, env=quiet_env)
        running.append(server)
        return server

    yield call
    statuses = []
    for server in running:
        try:
            statuses.append(server.stop())
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
            statuses.append("did not stop on SIGTERM")
    assert all(s in (0, 143) for s in statuses), statuses
