"""Keys to services (`datatake auth`) and what `datatake doctor` finds on the way to them."""
import json
import os
import pty
import select
import stat
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import SLOW
from tilebox_service import Service, made_dataset


def findings(ran):
    return {(line["check"], line["level"]): f"{line['found']}; {line['advice']}" for line in ran.lines()}


def doctor(run, source, status=0, **more):
    return findings(run("doctor", "--json", "--source", source, status=status, **more))


@pytest.fixture
def credentials(tmp_path):
    return tmp_path / "config/datatake/credentials"


def test_a_kept_key_opens_its_service_and_no_other(run, credentials):
    with Service(made_dataset(counts=(("a", 3),)), key="secret") as service, Service(made_dataset(), key="secret") as other:
        assert "no key for it (datatake auth" in run("datasets", "--source", service.source, status=4).err
        added = run("auth", "add", service.source, stdin=b"secret\n")
        assert "secret" not in added.out + added.err
        assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
        assert run("datasets", "--source", service.source).lines()[0]["datapoints"] == 3
        run("datasets", "--source", other.source, status=4)
        assert run("datasets", "--source", service.source, status=4, env={"TILEBOX_API_KEY": "another"}).out == ""
        assert run("auth", "list").lines() == [{"service": service.source.removeprefix("tilebox+")}]
        run("auth", "remove", service.source)
        assert run("auth", "list").out == ""
        run("datasets", "--source", service.source, status=4)
        assert "has none" in run("auth", "remove", service.source, status=5).err


def test_a_file_that_others_can_read_is_refused(run, credentials):
    run("auth", "tilebox", "-q", stdin=b"secret")
    credentials.chmod(0o644)
    with Service(made_dataset()) as service:
        ran = run("datasets", "--source", service.source, status=4)
        assert "chmod 600" in ran.err and "secret" not in ran.err
        assert doctor(run, service.source, 1)[("key", "wrong")].startswith(str(credentials))


def test_no_key_no_service_and_no_words_are_usage(run, credentials):
    for words, stdin in ((["tilebox"], b""), (["tilebox"], b"\n"), (["tilebox"], b"two words\n"), (["tileboxx"], b"k\n"),
                         (["add", "https://x/y"], b"k\n"), (["remove"], b""), (["list", "tilebox"], b"")):
        ran = run("auth", *words, stdin=stdin, status=2)
        assert ran.err.count("\n") == 1, ran.err
    assert not credentials.exists()


def test_on_a_terminal_the_key_is_asked_for_and_not_shown(program, quiet_env, credentials):
    master, slave = pty.openpty()
    child = subprocess.Popen([program, "auth", "tilebox"], stdin=slave, stdout=slave, stderr=slave, env=quiet_env, close_fds=True)
    os.close(slave)
    seen, typed = "", False
    until = time.monotonic() + 30 * SLOW
    while time.monotonic() < until:
        if select.select([master], [], [], 0.1)[0]:
            try:
                seen += os.read(master, 4096).decode()
            except OSError:  # the other end is closed
                break
        if not typed and "key to https://api.tilebox.com: " in seen:
            typed = bool(os.write(master, b"s3cret-key\n"))
    os.close(master)
    assert child.wait(30 * SLOW) == 0
    assert "s3cret" not in seen and "is kept" in seen
    assert credentials.read_text().endswith("https://api.tilebox.com s3cret-key\n")


def test_a_key_on_its_way_in_the_clear_is_warned_of(run):
    """A proxy that is not there ends the way of the request on this machine."""
    env = {"TILEBOX_API_KEY": "secret", "http_proxy": "http://127.0.0.1:1", "DATATAKE_RETRIES": "0"}
    ran = run("datasets", "--source", "tilebox+http://tiles.example.org:8083", status=6, env=env)
    assert "warning: the key to http://tiles.example.org:8083 goes through the network in the clear" in ran.err
    assert "secret" not in ran.err
    with Service(made_dataset(), key="secret") as service:
        assert run("datasets", "--source", service.source, env=env | {"http_proxy": ""}).err == ""
    found = doctor(run, "tilebox+http://tiles.example.org:8083", 1, env=env)
    assert "use tilebox+https://" in found[("key", "wrong")]


def test_a_sound_service_a_catalogue_and_none(run, serve, tmp_path):
    (tmp_path / "one.csv").write_text("time,n\n2024-01-01T00:00:00Z,1\n")
    run("ingest", tmp_path / "one.csv", "-d", "one", "--source", tmp_path / "one.db")
    (tmp_path / "none").mkdir()
    remote = "tilebox+" + serve(tmp_path / "none", "--catalog", tmp_path / "one.db").url.rstrip("/")
    found = doctor(run, remote)
    assert {("key", "ok"), ("name", "ok"), ("connection", "ok"), ("clock", "ok")} <= found.keys()
    assert found[("service", "ok")].startswith("1 dataset;")
    assert doctor(run, tmp_path / "one.db")[("catalogue", "ok")].startswith("1 dataset;")
    assert "datatake ingest makes one" in doctor(run, tmp_path / "nothing.db")[("catalogue", "note")]
    table = run("doctor", "--table", "--source", remote).out.splitlines()
    assert all(line.split()[0] in ("ok", "note") for line in table)


def test_what_stands_in_the_way_is_told_with_what_to_do(run, serve, tmp_path):
    with Service(made_dataset(), key="secret") as service:
        found = doctor(run, service.source, 1, env={"TILEBOX_API_KEY": "wrong-one"})
        assert "that of TILEBOX_API_KEY" in found[("key", "ok")] and "datatake auth" in found[("key", "wrong")]
        assert not any("wrong-one" in text for text in found.values())
    gone = service.source
    assert "is the service running" in doctor(run, gone, 1)[("connection", "wrong")]
    found = doctor(run, f"tilebox+https://{'x' * 70}.example.org", 1)  # longer than names are: nobody is asked
    assert "is not found" in found[("name", "wrong")] and "HTTPS_PROXY" in found[("name", "wrong")]
    secret = {"HTTPS_PROXY": "http://user:pass@127.0.0.1:1", "SSL_CERT_FILE": "/nowhere.pem",
              "CURL_CA_BUNDLE": ""}
    found = doctor(run, "tilebox+https://tiles.example.org", 1, env=secret)
    assert "HTTPS_PROXY" in found[("proxy", "note")] and "SSL_CERT_FILE" in found[("certificates", "wrong")]
    assert not any("pass" in text for text in found.values())
    assert "root of its host" in doctor(run, "tilebox+https://x/y", 1)[("source", "wrong")]


class EarthEngine(BaseHTTPRequestHandler):
    """Gives a token for the refresh token `good`, and lets it in."""
    def answer(self, status, said):
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        if form["refresh_token"] == ["good"]:
            self.answer(200, {"access_token": "t1", "expires_in": 3599})
        else:
            self.answer(400, {"error": "invalid_grant", "error_description": "Token has been revoked."})

    def do_GET(self):
        if self.path == "/":
            self.answer(404, {})
        elif self.headers["authorization"] in (None, "Bearer t1") and self.path.startswith("/v1/projects/p1/"):
            self.answer(200, {"algorithms": [{"name": "algorithms/Image.load"}, {"name": "algorithms/Image.clip"}]})
        else:
            self.answer(403, {"error": {"code": 403, "message": "Project p2 is not registered.", "status": "PERMISSION_DENIED"}})

    def log_message(self, *words):
        pass


def test_credentials_of_earth_engine_are_named_tried_and_never_shown(run, tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), EarthEngine) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        base = f"http://127.0.0.1:{server.server_port}"
        key = tmp_path / "key.json"
        env = {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}
        key.write_text(json.dumps({"refresh_token": "good", "client_secret": "s3cret", "token_uri": f"{base}/token"}))
        found = doctor(run, f"ee+{base}/?project=p1", env=env)
        assert found[("credentials", "ok")].startswith(f"a user's refresh token, of GOOGLE_APPLICATION_CREDENTIALS ({key})")
        assert "lets p1 in and offers 2 algorithms" in found[("service", "ok")]
        assert "s3cret" not in str(found) and "good" not in str(found)
        assert "none" in doctor(run, f"ee+{base}/?project=p1")[("credentials", "ok")]
        assert "Project p2 is not registered. (PERMISSION_DENIED)" in doctor(run, f"ee+{base}/?project=p2", 1)[("credentials", "wrong")]
        key.write_text(key.read_text().replace("good", "old"))
        found = doctor(run, f"ee+{base}/?project=p1", 1, env=env)
        assert "invalid_grant: Token has been revoked.; run earthengine authenticate" in found[("credentials", "wrong")]
        server.shutdown()
        thread.join()
    assert "there is no such file" in doctor(run, "ee://p1", 1, env={"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"})[("credentials", "wrong")]
    assert "earthengine authenticate" in doctor(run, "ee://p1", 1)[("credentials", "wrong")]
    assert "of which project?" in doctor(run, "ee+http://127.0.0.1:1/", 1)[("source", "wrong")]


def test_a_certificate_of_strangers_is_told(run, serve, tmp_path):
    cert, key = tmp_path / "server.crt", tmp_path / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=datatake test", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    (tmp_path / "none").mkdir()
    url = serve(tmp_path / "none", "--tls-cert", cert, "--tls-key", key).url.rstrip("/")
    found = doctor(run, "tilebox+" + url, 1)
    assert "SSL_CERT_FILE" in found[("connection", "wrong")] and "clock" in found[("connection", "wrong")]
    found = doctor(run, "tilebox+" + url, 1, env={"CURL_CA_BUNDLE": str(cert)})
    assert ("connection", "ok") in found and ("service", "wrong") in found  # it serves files only


def test_a_clock_that_is_wrong_is_told(run, monkeypatch):
    from tilebox_service import BaseHTTPRequestHandler
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: "Sat, 01 Jan 2022 00:00:00 GMT")
    with Service(made_dataset()) as service:
        found = doctor(run, service.source, 1)
        assert "ahead of the service's; set it" in found[("clock", "wrong")]
