#!/usr/bin/python3
"""A server of files that goes wrong as it is told: /fault/NAME/FILE is FILE with the fault NAME of fault_answers.py.

    tests/faultd.py FOLDER      prints its URL and serves until it is ended; without FOLDER, lists the faults

What no fault touches is answered by the book: ranges, strong ETags, If-Match, If-Range. Each fault counts how often it
struck. Every byte goes out by hand, so that an answer can be cut, drawn out or reset at any place.
"""
import signal
import socket
import ssl
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from fault_answers import CHANGED_FOR_GOOD, FAULTS, Exchange


@dataclass
class Request:
    method: str
    target: str
    headers: dict
    range: tuple = None

    @property
    def parts(self):
        """NAME and FILE of /fault/NAME/FILE."""
        parts = self.target.split("?")[0].strip("/").split("/", 2)
        return parts[1:] if len(parts) == 3 and parts[0] == "fault" else ("none", "")

    @property
    def file(self):
        return self.parts[1]


def read_request(sock):
    """None at the end of the connection."""
    text = b""
    while b"\r\n\r\n" not in text and len(text) < 65536:
        more = sock.recv(65536)
        if not more:
            return None
        text += more
    lines = text.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    method, target = lines[0].split(" ")[:2]
    headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    byte_range = None
    if headers.get("range", "").startswith("bytes="):
        first, last = headers["range"][6:].split("-")
        byte_range = (int(first), int(last) if last else 1 << 62)
    return Request(method, target, headers, byte_range)


class FaultServer:
    """Listens at 127.0.0.1 and, the same port, 127.0.0.2. `certificate` (a PEM file with its key): TLS."""

    def __init__(self, folder, certificate=None):
        self.folder = Path(folder)
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.seen, self.struck, self.requests = {}, {}, []  # by name; all, as (name, Request)
        self.threads = []
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.listeners = [socket.create_server(("127.0.0.1", 0), backlog=256)]
        self.port = self.listeners[0].getsockname()[1]
        self.listeners.append(socket.create_server(("127.0.0.2", self.port), backlog=256))
        for listener in self.listeners:
            listener.settimeout(0.1)
            self.start(self.accept, listener)

    def url(self, name, file):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/fault/{name}/{file}"

    def of(self, name):
        """The requests that came for a fault."""
        with self.lock:
            return [request for fault, request in self.requests if fault == name]

    def count(self, name):
        """How often it struck."""
        with self.lock:
            return self.struck.get(name, 0)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        for listener in self.listeners:
            listener.close()

    def start(self, what, *arguments):
        thread = threading.Thread(target=what, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self, listener):
        while not self.stopped.is_set():
            try:
                sock, _ = listener.accept()
            except TimeoutError:
                continue
            self.start(self.serve, sock)

    def serve(self, sock):
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            served = 0
            while self.wait_readable(sock) and (request := read_request(sock)) is not None:
                if not self.answer(sock, request, served):
                    break
                served += 1
        except OSError:
            pass  # the client left
        finally:
            sock.close()

    def wait_readable(self, sock):
        if self.tls:
            return True
        while not self.stopped.is_set():
            sock.settimeout(0.1)
            try:
                sock.recv(1, socket.MSG_PEEK)
                sock.settimeout(30)
                return True
            except TimeoutError:
                continue
        return False

    def answer(self, sock, request, served):
        name, file = request.parts
        path = self.folder / file
        data, other = (at.read_bytes() if at.is_file() else b"" for at in (path, path.with_suffix(".other")))
        exchange = Exchange(self, sock, request, name, data, other or data[::-1])
        exchange.served_before = served
        if not path.is_file() or name not in FAULTS:
            exchange.instead(404, b"no such file or fault")
            return exchange.send()
        fault = FAULTS[name]
        with self.lock:
            self.requests.append((name, request))
            seen, struck = self.seen.get(name, 0), self.struck.get(name, 0)
            strikes = fault.strikes(exchange, seen, struck)
            self.seen[name] = seen + 1
            self.struck[name] = struck + strikes
        if name in CHANGED_FOR_GOOD and struck > 0:
            exchange.right_answer(version=1)
        return fault.act(exchange) if strikes else exchange.send()


def main():
    if len(sys.argv) != 2:
        print("\n".join(FAULTS))
        return
    server = FaultServer(sys.argv[1])
    print(f"http://127.0.0.1:{server.port}/fault/", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    server.stop()


if __name__ == "__main__":
    main()
