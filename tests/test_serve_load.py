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


@pytest.mark.slow
def test_ten_thousand_idle_connections_take_little_memory(serve, folder, descriptors):
    many = min(10_000, descriptors - 500)
    server = serve(folder, "--max-connections", many + 10, "--idle-timeout", 3600)
    address = urlsplit(server.url)
    sockets = []
    try:
        for _ in range(many):
            sockets.append(socket.create_connection((address.hostname, address.port), timeout=60))
            sockets[-1].sendall(b"GET /files/a.tif HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert sockets[-1].recv(4096).startswith(b"HTTP/1.1 200 ")
        assert SLOW > 1 or memory_mb(server) < 150 * many / 10_000  # the sanitizers need memory of their own
        sockets[0].sendall(b"GET /files/a.tif HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sockets[0].recv(4096).startswith(b"HTTP/1.1 200 ")
    finally:
        for s in sockets:
            s.close()


@pytest.mark.long
def test_h2spec_finds_nothing(serve, folder, tmp_path):
    if shutil.which("go") is None:
        pytest.skip("no Go compiler here, which h2spec needs (Debian: golang-go)")
    env = {**os.environ, "GOPATH": str(tmp_path / "go"), "GOFLAGS": "-modcacherw"}
    built = subprocess.run(["go", "install", H2SPEC], env=env, capture_output=True, text=True, timeout=600)
    if built.returncode != 0:
        pytest.skip(f"h2spec does not build here: {built.stderr.strip().splitlines()[-1]}")
    cert, key = tmp_path / "server.crt", tmp_path / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=datatake test"], check=True, capture_output=True)
    server = serve(folder, "--tls-cert", cert, "--tls-key", key)
    address = urlsplit(server.url)
    done = subprocess.run([tmp_path / "go/bin/h2spec", "-t", "-k", "-h", address.hostname, "-p", str(address.port), "-P", "/files/big.tif",
                           "-o", "10"], capture_output=True, text=True, timeout=600)
    assert re.search(r"(\d+) tests, \1 passed, 0 skipped, 0 failed", done.stdout), done.stdout[-3000:]
