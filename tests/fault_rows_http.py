"""Rows of the fault server: name, exit status, words of the message, how often the fault struck."""
from fault_rows import AGAIN, BEGUN, BEGUN_AGAIN, ONCE, Row


def get_through_fault(place, row, name):
    ran = place.get(place.server.url(name, "a.tif"))
    message = place.check(ran, row.status, row.says)
    if row.strikes is not None:
        assert place.server.count(name) in row.strikes, f"struck {place.server.count(name)} times"
    return message


HTTP_ROWS = {
    "none": Row("no fault", 0),
    "reset-before-header": Row("reset before the header", 6, "reset by peer", AGAIN),
    "reset-before-header-once": Row("reset before the header, once", 0, strikes=ONCE),
    "reset-in-header": Row("reset in the header", 6, "reset by peer", AGAIN),
    "reset-after-header": Row("reset after the header", 6, "reset by peer", AGAIN),
    "reset-in-body": Row("reset in the body, always", 6, "reset by peer", AGAIN),
    "reset-in-body-once": Row("reset in the body, once", 0, strikes=ONCE),
    "reset-of-first-request": Row("reset of the first request", 6, "reset by peer", AGAIN),
    "closed-in-body": Row("closed in the body, always", 6, "bytes remaining", AGAIN),
    "closed-in-body-once": Row("closed in the body, once", 0, strikes=ONCE),
    "stall-before-header": Row("idle before the header", 6, "no answer within", AGAIN),
    "stall-before-header-once": Row("idle before the header, once", 0, strikes=ONCE),
    "stall-in-body": Row("idle in the body", 6, "fewer than 1000 bytes a second", AGAIN),
    "stall-in-body-once": Row("idle in the body, once", 0, strikes=ONCE),
    "byte-a-second": Row("one byte a second", 6, "fewer than 1000 bytes a second", AGAIN),
    "byte-a-second-once": Row("one byte a second, once", 0, strikes=ONCE),
    "header-byte-a-second": Row("one byte a second in the header", 6, "", AGAIN),
    "half-open": Row("half-open after a suspend", 0, strikes=ONCE),
    "other-start": Row("206 with another start", 6, "asked for bytes", ONCE),
    "other-end": Row("206 with another end", 6, "asked for bytes", ONCE),
    "other-total": Row("206 with another total", 7, "now has", BEGUN),
    "no-content-range": Row("206 without Content-Range", 6, "without Content-Range", ONCE),
    "malformed-content-range": Row("206 with a malformed Content-Range", 6, "malformed Content-Range", ONCE),
    "multipart": Row("multipart/byteranges", 6, "multipart/byteranges", ONCE),
    "200-for-a-range": Row("200 instead of 206", 0, strikes=ONCE, note="the whole object is read up to the range's end"),
    "200-for-every-range": Row("200 instead of 206, always", 0, note="likewise"),
    "416": Row("416 for bytes that exist", 6, "HTTP 416", ONCE),
    "short-body": Row("short body, told so", 6, "Content-Length", ONCE),
    "short-body-kept-open": Row("short body, kept open", 6, "fewer than 1000 bytes a second", AGAIN),
    "long-body": Row("long body", 0, strikes=ONCE, note="what was announced is taken, the rest dropped"),
    "length-too-long": Row("Content-Length too long", 6, "Content-Length", ONCE),
    "length-too-short": Row("Content-Length too short", 6, "Content-Length", ONCE),
    "chunked": Row("chunked range", 0, strikes=ONCE),
    "chunked-short": Row("chunked range that ends early", 6, "the body ended after", AGAIN),
    "content-encoding": Row("Content-Encoding on a range", 6, "packed as gzip", ONCE),
    "redirect-loop": Row("redirect loop", 6, "more than 10 redirects", (11,)),
    "redirect-nowhere": Row("redirect to another protocol", 6, "cannot be followed", ONCE),
    "401": Row("401 under way", 4, "HTTP 401", ONCE),
    "403": Row("403 under way", 4, "token expired", ONCE),
    "404": Row("404", 5, "HTTP 404", ONCE),
    "404-under-way": Row("404 under way", 5, "HTTP 404", ONCE),
    "408": Row("408, always", 6, "HTTP 408", AGAIN),
    "408-once": Row("408, once", 0, strikes=ONCE),
    "429-seconds": Row("429 with Retry-After in seconds", 0, strikes=ONCE),
    "429-huge": Row("429 with a huge Retry-After", 6, "come back in 86400 s", ONCE),
    "429-malformed": Row("429 with a malformed Retry-After", 0, strikes=ONCE),
    "429": Row("429, always", 6, "HTTP 429", AGAIN),
    "503-date": Row("503 with Retry-After as a date", 0, strikes=ONCE),
    "503-date-of-another-clock": Row("503 with Retry-After as a date of another clock", 0, strikes=ONCE),
    **{f"{code}": Row(f"{code}, always", 6, f"HTTP {code}: oops", AGAIN) for code in (500, 502, 503, 504)},
    **{f"{code}-once": Row(f"{code}, once", 0, strikes=ONCE) for code in (500, 502, 503, 504)},
    "503-slow-down": Row("503 SlowDown", 0, strikes=ONCE),
    "html-for-the-header": Row("HTML page with status 200 for the header", 1, "not a raster but a text: Sign in", ONCE),
    "html-for-pixels": Row("HTML page with status 200 for pixels", 7, "now has", BEGUN),
    "html-for-pixels-chunked": Row("the same without a length", 7, "text/html", BEGUN),
    "html-for-pixels-to-the-end": Row("the same up to the connection's end", 7, "text/html", BEGUN),
    "page-without-type-for-pixels": Row("the same without a type", 7, "nothing shows that it is the same object", BEGUN),
    "changed-under-way": Row("ETag changed between header and tile", 0, strikes=ONCE, note=BEGUN_AGAIN),
    "changed-under-way-by-force": Row("the same, and If-Match ignored", 0, strikes=ONCE, note=BEGUN_AGAIN),
    "changed-in-a-cut-body": Row("ETag changed in a body cut short", 0, strikes=ONCE, note=BEGUN_AGAIN),
    "changed-each-time": Row("ETag changed between header and tile, each time", 7, "HTTP 412", BEGUN),
    "header-without-end": Row("header without end", 6, "longer than 65536 bytes", ONCE),
    "not-http": Row("an answer that is not HTTP", 6, "not HTTP/1", ONCE),
}
for name, row in HTTP_ROWS.items():
    row.run = lambda place, row, name=name: get_through_fault(place, row, name)
