"""A load from our own server, while the way to it breaks and the server is killed: equal data, or one clear error and no file."""
import os
import select
import signal
import socket
import struct
import threading
import time

import pytest
from conftest import SLOW, start_server

ROWS = 60_000


class Relay:
    """Between the program and a server, on a port of its own. At so many bytes of answers in all something befalls the
    connection that carries them."""

    def __init__(self, port, befalls):
        self.port_of_server, self.befalls, self.passed = port, sorted(befalls, key=lambda b: b[0]), 0
        self.lock, self.struck = threading.Lock(), 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.port_of_server))
        except OSError:  # as if the client had met the closed port itself
            self.reset(client)
            return
        threading.Thread(target=self.pipe, args=(client, server, None), daemon=True).start()
        self.pipe(server, client, self.count)

    def count(self, data, client):
        """The bytes that still pass, and what befalls then."""
        with self.lock:
            if self.befalls and self.passed + len(data) > self.befalls[0][0]:
                at, what = self.befalls.pop(0)
                self.struck += 1
                return data[:max(0, at - self.passed)], what
            self.passed += len(data)
            return data, None

    def pipe(self, source, target, count):
        try:
            while True:
                if not select.select([source], [], [], 0.1)[0]:
                    continue  # a socket that somebody waits in is not reset when it is closed
                data = source.recv(65536)
                if not data:
                    break
                data, what = count(data, target) if count else (data, None)
                target.sendall(data)
                if what:
                    what(target)
                    break
        except (OSError, ValueError):  # closed meanwhile
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    @staticmethod
    def cut(connection):
        connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text("time,n,word\n" + "".join(
        f"2024-01-{1 + i // 2000:02}T{i // 83 % 24:02}:{i // 2 % 60:02}:{i % 60:02}.{i % 1000:03}Z,{i},{'x' * (i % 90)}{i}\n"
        for i in range(ROWS)))
    return path


class Ours:
    """Our server, which can be killed and come back on its port."""

    def __init__(self, program, env, folder, *options):
        self.program, self.env, self.folder, self.options = program, env, folder, options
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "none").mkdir()
        self.server = self.start()

    def start(self):
        return start_server(self.program, self.folder / "none", self.folder / "access.log", "--catalog", self.folder / "rows.db",
                            "--listen", f"127.0.0.1:{self.port}", *self.options, env=self.env)

    def kill(self, *_):
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait(10 * SLOW)

    def restart(self, *_):
        self.kill()
        self.server = self.start()

    def stop(self):
        self.server.stop()


@pytest.fixture
def ours(run, rows, program, quiet_env, tmp_path):
    """ours(*options): the server, and what it holds as the catalogue itself gives it."""
    started = []
    run("ingest", rows, "-d", "rows", "-q", "--source", tmp_path / "rows.db")

    def call(*options):
        started.append(Ours(program, quiet_env, tmp_path, *options))
        return started[0], run("load", "rows", "--of", "ndjson", "-q", "--source", tmp_path / "rows.db").out
    yield call
    for server in started:
        server.stop()


def load(run, port, path, **more):
    return run("load", "rows", "-o", path, "-q", "--source", f"tilebox+http://127.0.0.1:{port}", **more)


@pytest.mark.parametrize("what", ["reset", "cut", "killed and restarted"])
def test_a_load_goes_on_where_its_way_broke(run, ours, tmp_path, what):
    server, expected = ours()
    act = {"reset": Relay.reset, "cut": Relay.cut, "killed and restarted": server.restart}[what]
    relay = Relay(server.port, [(at, act) for at in ((200_000, 700_000, 2_000_000) if what != "killed and restarted" else (900_000,))])
    try:
        load(run, relay.port, tmp_path / "rows.ndjson")
    finally:
        relay.close()
    assert relay.struck == (3 if what != "killed and restarted" else 1)
    assert (tmp_path / "rows.ndjson").read_text() == expected and expected.count("\n") == ROWS


def test_a_server_that_is_gone_for_good_is_one_error_and_no_file(run, ours, tmp_path):
    server, _ = ours()
    relay = Relay(server.port, [(900_000, server.kill)])
    try:
        ran = load(run, relay.port, tmp_path / "rows.ndjson", status=6, env={"DATATAKE_RETRIES": "1"})
    finally:
        relay.close()
    assert relay.struck == 1
    assert ran.err.count("\n") == 1 and f"127.0.0.1:{relay.port}" in ran.err
    assert not list(tmp_path.glob("rows.nd*"))


def test_too_many_requests_are_waited_for(run, ours, tmp_path):
    server, expected = ours("--rate", "2")
    load(run, server.port, tmp_path / "rows.ndjson")
    assert (tmp_path / "rows.ndjson").read_text() == expected
    server.stop()
    assert " 429 " in (tmp_path / "access.log").read_text()


def test_a_service_that_is_too_busy_is_asked_again(run, ours, tmp_path):
    """More connections than it takes: 503, and connections that are closed at once."""
    server, expected = ours("--max-connections", "2")
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    for connection in crowd:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(4096)
    gone = threading.Timer(1.0, lambda: [connection.close() for connection in crowd])
    gone.start()
    started = time.monotonic()
    load(run, server.port, tmp_path / "rows.ndjson")
    gone.join()
    assert time.monotonic() - started > 0.5 and (tmp_path / "rows.ndjson").read_text() == expected
    assert os.path.getsize(tmp_path / "access.log") > 0
