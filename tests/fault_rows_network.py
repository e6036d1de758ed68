"""Rows that need a server, a name or a certificate of their own."""
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import odd_rasters
from fault_rows import RETRIES, Row, digest
from faultd import FaultServer


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


NETWORK_ROWS = {
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
}
