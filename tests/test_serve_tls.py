"""`datatake serve` with TLS and over both versions of HTTP, as curl sees it."""
import socket
import subprocess

import pytest

WHOLE = bytes(i * 7 % 256 for i in range(3_000_000))


@pytest.fixture
def identity(tmp_path):
    cert, key = tmp_path / "server.crt", tmp_path / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=datatake test", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    return cert, key


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "scene.tif").write_bytes(WHOLE)
    return folder


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", "-w", "%{stderr}%{http_version} %{http_code}", *map(str, arguments)],
                          capture_output=True)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize("option, version", [("--http1.1", "1.1"), ("--http2", "2")])
def test_both_versions_are_agreed_on_over_tls(serve, folder, identity, option, version):
    cert, key = identity
    server = serve(folder, "--tls-cert", cert, "--tls-key", key)
    assert server.url.startswith("https://127.0.0.1:")
    assert curl("--cacert", cert, option, server.href("scene.tif")) == (0, WHOLE, f"{version} 200")
    assert curl("--cacert", cert, option, "--tls-max", "1.2", "-r", "1000-1009", server.href("scene.tif")) == (
        0, WHOLE[1000:1010], f"{version} 206")
    [whole, part] = server.requests()
    assert (whole["bytes"], part["bytes"]) == (len(WHOLE), 10)


def test_http2_is_spoken_in_the_clear_by_prior_knowledge(serve, folder):
    server = serve(folder)
    assert curl("--http2-prior-knowledge", server.href("scene.tif")) == (0, WHOLE, "2 200")
    assert curl("--http1.1", server.href("scene.tif")) == (0, WHOLE, "1.1 200")


def test_old_tls_plain_http_and_noise_are_refused(serve, folder, identity):
    cert, key = identity
    server = serve(folder, "--tls-cert", cert, "--tls-key", key)
    address = server.url.removeprefix("https://").rstrip("/")
    assert curl("--cacert", cert, "--tls-max", "1.1", server.url)[0] == 35
    assert curl(f"http://{address}/")[0] in (52, 56)
    host, port = address.split(":")
    for noise in (b"\x16\x03\x01\xff\xff" + b"\xff" * 70_000, b"\x00" * 100, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=30) as stranger:
            stranger.sendall(noise)
            try:
                while stranger.recv(65536):
                    pass
            except ConnectionResetError:
                pass
    assert curl("--cacert", cert, server.href("scene.tif"))[1] == WHOLE


def test_a_certificate_that_cannot_be_used_is_one_line(run, folder, identity, tmp_path):
    cert, key = identity
    other = tmp_path / "other.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", other], check=True,
                   capture_output=True)
    for options, status, said in (([cert], 2, "both"), ([tmp_path / "none", key], 8, "none"), ([cert, folder], 8, "data"),
                                  ([cert, other], 8, "other.key")):
        names = ["--tls-cert", options[0], *(["--tls-key", options[1]] if len(options) > 1 else [])]
        failed = run("serve", "--files", folder, "--listen", "127.0.0.1:0", *names, status=status)
        assert failed.err.count("\n") == 1 and said in failed.err
