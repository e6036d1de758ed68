"""`datatake serve` as a stranger's client sees it."""
import email
import email.policy
import http.client
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    (folder / "a b").mkdir(parents=True)
    (folder / "scene.tif").write_bytes(bytes(i * 7 % 256 for i in range(100_000)))
    (folder / "a b" / "ä&.json").write_text("{}")
    return folder


def get(url, **fields):
    request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in fields.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_ranges_put_together_are_the_file(serve, folder):
    server = serve(folder)
    whole = (folder / "scene.tif").read_bytes()
    status, headers, body = get(server.href("scene.tif"))
    assert (status, body) == (200, whole)
    pieces = b""
    for at in range(0, len(whole), 30_000):
        status, piece_headers, piece = get(server.href("scene.tif"), Range=f"bytes={at}-{at + 29_999}",
                                           If_Match=headers["ETag"])
        assert status == 206
        assert piece_headers["Content-Range"] == f"bytes {at}-{at + len(piece) - 1}/100000"
        pieces += piece
    assert pieces == whole
    assert [r["bytes"] for r in server.requests()] == [100_000, 30_000, 30_000, 30_000, 10_000]


def test_a_file_that_changed_between_two_ranges_is_412(serve, folder):
    server = serve(folder)
    _, headers, _ = get(server.href("scene.tif"), Range="bytes=0-9")
    (folder / "scene.tif").write_bytes(b"another")
    status, _, _ = get(server.href("scene.tif"), Range="bytes=10-19", If_Match=headers["ETag"])
    assert status == 412


def test_json_listing_leads_to_every_file(serve, folder):
    server = serve(folder)
    listing = json.loads(get(server.url + "files/?f=json")[2])
    assert listing["complete"] is True
    assert [(e["name"], e["type"]) for e in listing["entries"]] == [("a b", "folder"), ("scene.tif", "file")]
    inner = server.url + "files/" + listing["entries"][0]["href"]
    [entry] = json.loads(get(inner, Accept="application/json")[2])["entries"]
    assert entry["name"] == "ä&.json" and entry["size"] == 2
    assert get(inner + entry["href"])[2] == b"{}"


def test_one_connection_serves_many_requests(serve, folder):
    server = serve(folder)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.connect()
    socket = connection.sock
    for i in range(50):
        connection.request("GET", "/files/scene.tif", headers={"Range": f"bytes={i}-{i}"})
        assert connection.getresponse().read() == bytes([i * 7 % 256])
    assert connection.sock is socket
    connection.close()


def test_several_ranges_are_read_by_a_mail_parser(serve, folder):
    server = serve(folder)
    whole = (folder / "scene.tif").read_bytes()
    status, headers, body = get(server.href("scene.tif"), Range="bytes=90000-99999,0-9,-3")
    assert status == 206
    message = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body,
                                       policy=email.policy.HTTP)
    parts = [(part["Content-Range"], part.get_payload(decode=True)) for part in message.get_payload()]
    assert parts == [("bytes 90000-99999/100000", whole[90000:]), ("bytes 0-9/100000", whole[:10])]


def test_curl_agrees(serve, folder, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    server = serve(folder)
    whole = (folder / "scene.tif").read_bytes()

    def curl(*arguments):
        return subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, check=True).stdout

    part = tmp_path / "part"
    part.write_bytes(whole[:40_000])
    curl("-C", "-", "-o", str(part), server.href("scene.tif"))
    assert part.read_bytes() == whole
    assert curl("-r", "-5", server.href("scene.tif")) == whole[-5:]
    assert b"Content-Length: 100000" in curl("-I", server.href("scene.tif"))
    assert b"/files/a%20b/" in curl("-w", "%{redirect_url}", "-o", str(tmp_path / "x"), server.href("a%20b"))
    assert curl("--path-as-is", "-o", str(tmp_path / "x"), "-w", "%{http_code}",
                server.url + "files/../../../../etc/passwd") == b"404"
    etags = tmp_path / "etag"
    curl("--etag-save", str(etags), "-o", str(tmp_path / "x"), server.href("scene.tif"))
    assert curl("--etag-compare", str(etags), "-o", str(tmp_path / "y"), "-w", "%{http_code}",
                server.href("scene.tif")) == b"304"


def test_an_address_in_use_is_a_local_error(serve, run, folder):
    server = serve(folder)
    ran = run("serve", "--files", folder, "--listen", urlsplit(server.url).netloc, status=8)
    assert "address already in use; choose another port, or 0" in ran.err


def test_a_folder_that_is_not_there_is_not_found(run, tmp_path):
    ran = run("serve", "--files", tmp_path / "none", "--listen", "127.0.0.1:0", status=5)
    assert "none: No such file or directory" in ran.err
