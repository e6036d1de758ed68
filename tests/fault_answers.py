"""What the fault server may do to an answer: an exchange, what faults do to it, and FAULTS, which names them."""
import email.utils
import hashlib
import socket
import struct
import time
from dataclasses import dataclass
from typing import Callable

from waiting import has_read_all, wait_until

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>" + b"<p>Welcome to the network.</p>" * 9000
SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
REASONS = {200: "OK", 206: "Partial Content", 302: "Found", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           408: "Request Timeout", 412: "Precondition Failed", 416: "Range Not Satisfiable", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Exchange:
    """One request and what may be answered. `status`, `headers` and `body` are the right answer until a fault changes
    them; `send()` sends it."""

    def __init__(self, server, sock, request, name, data, other):
        self.server, self.sock, self.request, self.name, self.data = server, sock, request, name, data
        self.other = other      # the object after it has changed
        self.served_before = 0  # requests on this connection
        self.right_answer()

    def right_answer(self, version=0):
        data = self.data if version == 0 else self.other
        etag = '"%s-%d"' % (hashlib.sha256(self.data).hexdigest()[:12], version)
        asked = self.request
        self.headers = {"Content-Type": "image/tiff", "ETag": etag, "Accept-Ranges": "bytes"}
        self.status, self.first, self.last = 200, 0, len(data) - 1
        if asked.headers.get("if-match", etag) != etag:
            self.status, self.body = 412, b""
        elif asked.range is None or asked.headers.get("if-range", etag) != etag:
            self.body = data
        elif asked.range[0] >= len(data):
            self.status, self.body = 416, b""
            self.headers["Content-Range"] = f"bytes */{len(data)}"
        else:
            self.first = asked.range[0]
            self.last = min(asked.range[1], len(data) - 1)
            self.status, self.body = 206, data[self.first:self.last + 1]
            self.headers["Content-Range"] = f"bytes {self.first}-{self.last}/{len(data)}"
        self.headers["Content-Length"] = str(len(self.body))

    def set_range(self, first=None, last=None, total=None):
        """What Content-Range says, whatever the body is."""
        first = self.first if first is None else first
        last = self.last if last is None else last
        self.headers["Content-Range"] = f"bytes {first}-{last}/{len(self.data) if total is None else total}"

    def set_body(self, body, content_type=None):
        self.body = body
        self.headers["Content-Length"] = str(len(body))
        if content_type:
            self.headers["Content-Type"] = content_type

    def instead(self, status, body=b"", content_type="text/plain", **headers):
        """Another answer, without any of the right one's headers."""
        self.status, self.headers = status, {k.replace("_", "-"): str(v) for k, v in headers.items()}
        self.set_body(body, content_type)

    def header_bytes(self):
        lines = [f"HTTP/1.1 {self.status} {REASONS[self.status]}"] + [f"{k}: {v}" for k, v in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def send_bytes(self, data):
        self.sock.sendall(data)

    def send(self):
        """True: the connection goes on."""
        self.send_bytes(self.header_bytes() + (b"" if self.request.method == "HEAD" else self.body))
        return True

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def stall(self):
        """Says no more until the client leaves or the server stops."""
        while not self.server.stopped.is_set():
            self.sock.settimeout(0.1)
            try:
                if self.sock.recv(1024) == b"":
                    break
            except TimeoutError:
                continue
        return False

    def drip(self, data, pause_s):
        for byte in data:
            self.send_bytes(bytes([byte]))
            if self.server.stopped.wait(pause_s):
                return False
        return True


# --- what faults do: each takes an exchange and returns whether the connection goes on ---

def changing(change):
    """The answer, with something changed about it."""
    def act(x):
        change(x)
        return x.send()
    return act


def instead(status, body=b"", content_type="text/plain", **headers):
    return changing(lambda x: x.instead(status, body, content_type, **headers))


def reset_in_header(x):
    x.send_bytes(x.header_bytes()[:40])
    return x.reset()


def reset_after_header(x):
    x.send_bytes(x.header_bytes())
    return x.reset()


def reset_in_body(x):
    x.send_bytes(x.header_bytes() + x.body[:len(x.body) // 2])
    wait_until(lambda: has_read_all(x.sock))  # what has not been read when a reset arrives is lost with it
    return x.reset()


def close_in_body(x):
    x.send_bytes(x.header_bytes() + x.body[:len(x.body) // 2])
    return False


def stall_in_body(x):
    x.send_bytes(x.header_bytes() + x.body[:len(x.body) // 2])
    return x.stall()


def drip_body(x):
    x.send_bytes(x.header_bytes())
    return x.drip(x.body, 1)


def drip_header(x):
    return x.drip(x.header_bytes() + x.body, 1)


def half_open(x):
    """A connection that worked before is silent now, as after a suspend; new ones work."""
    return x.stall() if x.served_before else x.send()


def shifted(x):
    """The right number of bytes from somewhere else, and it says so."""
    count = x.last - x.first + 1
    first = x.first - 64 if x.first >= 64 else x.first + 64
    x.set_range(first, first + count - 1)
    x.set_body(x.data[first:first + count])


def other_end(x):
    x.set_range(last=x.last - 8)
    x.set_body(x.body[:-8])


def multipart(x):
    part = f"--edge\r\nContent-Type: image/tiff\r\nContent-Range: bytes {x.first}-{x.last}/{len(x.data)}\r\n\r\n"
    del x.headers["Content-Range"]
    x.set_body(part.encode() + x.body + b"\r\n--edge--\r\n", "multipart/byteranges; boundary=edge")


def whole(x):
    x.status = 200
    del x.headers["Content-Range"]
    x.set_body(x.data)


def chunked(x):
    pieces = [x.body[i:i + 1000] for i in range(0, len(x.body), 1000)]
    del x.headers["Content-Length"]
    x.headers["Transfer-Encoding"] = "chunked"
    x.body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def chunked_html(x):
    x.instead(200, HTML, "text/html; charset=utf-8")
    chunked(x)


def html_to_the_end(x):
    """No length: the page ends with the connection."""
    x.instead(200, HTML, "text/html")
    del x.headers["Content-Length"]
    x.headers["Connection"] = "close"
    x.send()
    return False


def page_without_type(x):
    x.instead(200, HTML)
    del x.headers["Content-Type"]
    chunked(x)


def short_chunks(x):
    """A chunked body that ends early, as if that were its end."""
    x.body = x.body[:len(x.body) // 2]
    chunked(x)


def wrong_length(x):
    x.headers["Content-Length"] = str(len(x.body) + 100)
    x.send()
    return False


def smaller_length(x):
    x.headers["Content-Length"] = str(len(x.body) - 100)
    x.send()
    return False


def encoded(x):
    import gzip
    x.set_body(gzip.compress(x.body))
    x.headers["Content-Encoding"] = "gzip"


def long_body(x):
    """More bytes than announced; the next answer on this connection would begin with them."""
    x.body += b"\0" * 100
    x.send()
    return False


def other_version(x):
    x.right_answer(version=1)


def other_version_by_force(x):
    """A server that knows no If-Match."""
    del x.request.headers["if-match"]
    x.right_answer(version=1)


def yet_another_version(x):
    x.right_answer(version=len(x.server.requests))


def to_other_host(x):
    """127.0.0.2 is another host, and this server too."""
    place = f"http://127.0.0.2:{x.server.port}/fault/redirected/{x.request.file}"
    x.instead(302, Location=place)


def retry_after_date(x):
    """Two seconds from now, by the server's clock."""
    now = time.time()
    x.instead(503, Date=email.utils.formatdate(now, usegmt=True),
              Retry_After=email.utils.formatdate(now + 2, usegmt=True))


def retry_after_other_clock(x):
    """The same, of a server whose clock is a day ahead."""
    now = time.time() + 86400
    x.instead(503, Retry_After=email.utils.formatdate(now + 2, usegmt=True), Date=email.utils.formatdate(now, usegmt=True))


@dataclass
class Fault:
    act: Callable
    where: str = "pixels"  # pixels: ranges behind the header; header: the first range; all
    times: int = -1        # -1: always
    after: int = 0         # so many such requests are answered well first

    def strikes(self, exchange, seen, struck):
        header = exchange.request.range is not None and exchange.request.range[0] == 0
        here = self.where == "all" or header == (self.where == "header")
        return here and seen >= self.after and (self.times < 0 or struck < self.times)


def right(x):
    return x.send()


FAULTS = {
    "none": Fault(right, "all"),
    "redirected": Fault(right, "all"),
    "slow": Fault(lambda x: (time.sleep(0.2), x.send())[1], "all"),
    # transport
    "reset-before-header": Fault(Exchange.reset),
    "reset-before-header-once": Fault(Exchange.reset, times=1),
    "reset-in-header": Fault(reset_in_header),
    "reset-after-header": Fault(reset_after_header),
    "reset-in-body": Fault(reset_in_body),
    "reset-in-body-once": Fault(reset_in_body, times=1),
    "reset-of-first-request": Fault(Exchange.reset, "header"),
    "closed-in-body": Fault(close_in_body),
    "closed-in-body-once": Fault(close_in_body, times=1),
    "stall-before-header": Fault(Exchange.stall),
    "stall-before-header-once": Fault(Exchange.stall, times=1),
    "stall-in-body": Fault(stall_in_body),
    "stall-in-body-once": Fault(stall_in_body, times=1),
    "byte-a-second": Fault(drip_body),
    "byte-a-second-once": Fault(drip_body, times=1),
    "header-byte-a-second": Fault(drip_header),
    "half-open": Fault(half_open, times=1),
    # HTTP
    "other-start": Fault(changing(shifted)),
    "other-bytes": Fault(changing(lambda x: x.set_body(x.data[x.first - 64:x.last - 63]))),
    "other-end": Fault(changing(other_end)),
    "other-total": Fault(changing(lambda x: x.set_range(total=len(x.data) + 5))),
    "no-content-range": Fault(changing(lambda x: x.headers.pop("Content-Range"))),
    "malformed-content-range": Fault(changing(lambda x: x.headers.update({"Content-Range": "bytes what-ever/1"}))),
    "multipart": Fault(changing(multipart)),
    "200-for-a-range": Fault(changing(whole)),
    "200-for-every-range": Fault(changing(whole), "all"),
    "416": Fault(changing(lambda x: x.instead(416, Content_Range=f"bytes */{len(x.data)}"))),
    "short-body": Fault(changing(lambda x: x.set_body(x.body[:-100]))),
    "short-body-kept-open": Fault(lambda x: (x.send_bytes(x.header_bytes() + x.body[:-100]), x.stall())[1]),
    "long-body": Fault(long_body),
    "length-too-long": Fault(wrong_length),
    "length-too-short": Fault(smaller_length),
    "chunked": Fault(changing(chunked)),
    "chunked-short": Fault(changing(short_chunks)),
    "content-encoding": Fault(changing(encoded)),
    "redirect-loop": Fault(changing(lambda x: x.instead(302, Location=x.request.target)), "all"),
    "redirect-to-other-host": Fault(changing(to_other_host), "all"),
    "redirect-nowhere": Fault(instead(302, Location="gopher://127.0.0.1/"), "all"),
    "401": Fault(instead(401, b"who are you?")),
    "403": Fault(instead(403, b"token expired")),
    "404": Fault(instead(404, b"no such key"), "all"),
    "404-under-way": Fault(instead(404, b"no such key")),
    "408": Fault(instead(408)),
    "408-once": Fault(instead(408), times=1),
    "429-seconds": Fault(instead(429, Retry_After=1), times=1),
    "503-date": Fault(changing(retry_after_date), times=1),
    "503-date-of-another-clock": Fault(changing(retry_after_other_clock), times=1),
    "429-huge": Fault(instead(429, Retry_After=86400)),
    "429-malformed": Fault(instead(429, Retry_After="soon"), times=1),
    "429": Fault(instead(429)),
    **{str(code): Fault(instead(code, b"<html>oops</html>", "text/html")) for code in (500, 502, 503, 504)},
    **{f"{code}-once": Fault(instead(code, b"<html>oops</html>", "text/html"), times=1) for code in (500, 502, 503, 504)},
    "503-slow-down": Fault(instead(503, SLOW_DOWN, "application/xml"), times=1),
    "html-for-the-header": Fault(instead(200, HTML, "text/html"), "header"),
    "html-for-pixels": Fault(instead(200, HTML, "text/html")),
    "html-for-pixels-chunked": Fault(changing(chunked_html)),
    "html-for-pixels-to-the-end": Fault(html_to_the_end),
    "page-without-type-for-pixels": Fault(changing(page_without_type)),
    "changed-under-way": Fault(changing(other_version), times=1),  # and for good, like the next two
    "changed-under-way-by-force": Fault(changing(other_version_by_force), times=1),
    "changed-in-a-cut-body": Fault(reset_in_body, times=1),
    "changed-each-time": Fault(changing(yet_another_version)),
    "header-without-end": Fault(lambda x: (x.send_bytes(b"HTTP/1.1 206 OK\r\n" + b"X-More: and more\r\n" * 9000), False)[1]),
    "not-http": Fault(lambda x: (x.send_bytes(b"SSH-2.0-OpenSSH_9.2\r\n"), False)[1]),
}
CHANGED_FOR_GOOD = ("changed-under-way", "changed-under-way-by-force", "changed-in-a-cut-body")
