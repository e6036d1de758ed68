"""`datatake serve` under many connections, by clients that are not ours, and HTTP/2's conformance suite."""
import os
import re
import resource
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import SLOW

H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.tif").write_bytes(b"0123456789")
    (folder / "big.tif").write_bytes(bytes(300_000))
    return folder


@pytest.fixture
def descriptors():
    """As many as the system lets us have; a server that is started inherits the limit."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def memory_mb(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1e3


def test_a_thousand_connections_of_http2_without_an_error(serve, folder, descriptors):
    server = serve(folder)
    done = subprocess.run(["h2load", "-n", "20000", "-c", "1000", "-m", "10", server.href("a.tif")], capture_output=True, text=True,
                          timeout=120)
    assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    assert "status codes: 20000 2xx" in done.stdout


def test_a_thousand_connections_of_http11_without_an_error(serve, folder, descriptors):
    server = serve(folder)
    done = subprocess.run(["wrk", "-c", "1000", "-t", "2", "-d", "2", "--timeout", "60", server.href("a.tif")], capture_output=True,
                          text=True, timeout=120)
    assert re.search(r"\d+ requests in ", done.stdout), done.stdout
    assert "Socket errors" not in done.stdout and "Non-2xx" not in done.stdout, done.stdout


def ask_by_http11(connection, stream):
    connection.sendall(b"GET /files/a.tif HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def ask_by_http2(connection, stream):
    """As curl does: fields that the server is to remember, and the settings of both acknowledged."""
    def kept(index, value):
        return bytes([0x40 | index, len(value)]) + value
    block = b"\x82\x86" + kept(4, b"/files/a.tif") + kept(1, b"localhost") + kept(58, b"curl/7.88.1") + kept(19, b"*/*")
    hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"\0\3\0\0\0\x64") if stream == 1 else b""
    connection.sendall(hello + frame(1, 5, stream, block) + (frame(4, 1, 0) if stream == 1 else b""))
    got = b""
    while not got.endswith(b"0123456789"):
        more = connection.recv(4096)
        assert more, got
        got += more


@pytest.mark.slow
@pytest.mark.parametrize("ask", [ask_by_http11, ask_by_http2], ids=["http11", "http2"])
def test_ten_thousand_idle_connections_take_little_memory(serve, folder, descriptors, ask, record_property):
    many = min(10_000, descriptors - 500)
    server = serve(folder, "--max-connections", many + 10, "--idle-timeout", 3600)
    address = urlsplit(server.url)
    sockets = []
    try:
        for _ in range(many):
            sockets.append(socket.create_connection((address.hostname, address.port), timeout=60))
            ask(sockets[-1], 1)
        record_property("memory_mb", memory_mb(server))
        assert SLOW > 1 or memory_mb(server) < 150 * many / 10_000  # the sanitizers need memory of their own
        ask(sockets[0], 3)
    finally:
        for s in sockets:
            s.close()


@pytest.fixture(scope="session")
def h2spec(tmp_path_factory):
    if shutil.which("go") is None:
        pytest.skip("no Go compiler here, which h2spec needs (Debian: golang-go)")
    folder = tmp_path_factory.mktemp("go")
    env = {**os.environ, "GOPATH": str(folder), "GOFLAGS": "-modcacherw"}
    built = subprocess.run(["go", "install", H2SPEC], env=env, capture_output=True, text=True, timeout=600)
    if built.returncode != 0:
        pytest.skip(f"h2spec does not build here: {built.stderr.strip().splitlines()[-1]}")
    return folder / "bin/h2spec"


@pytest.mark.long
@pytest.mark.xdist_group("h2spec")
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_h2spec_finds_nothing(serve, folder, tmp_path, h2spec, tls):
    cert, key = tmp_path / "server.crt", tmp_path / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=datatake test"], check=True, capture_output=True)
    server = serve(folder, *(("--tls-cert", cert, "--tls-key", key) if tls else ()))
    address = urlsplit(server.url)
    done = subprocess.run([h2spec, *(("-t", "-k") if tls else ()), "-h", address.hostname, "-p", str(address.port),
                           "-P", "/files/big.tif", "-o", "10"], capture_output=True, text=True, timeout=600)
    assert re.search(r"(\d+) tests, \1 passed, 0 skipped, 0 failed", done.stdout), done.stdout[-3000:]
