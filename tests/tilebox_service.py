"""A small Tilebox service for tests: Connect over HTTP/1.1 on 127.0.0.1, answers as recorded or made here, and
faults on demand. It shares nothing with ours but the protocol.

Run by hand it serves the recorded answers: python3 tests/tilebox_service.py ../shared/data/tilebox
"""
import gzip
import json
import struct
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# --- protocol buffers ---


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    """One field: bytes and text with their length, floats as doubles, integers as they are."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(data):
    """{number: [values]}; messages and texts as bytes."""
    out, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            value = number()
        elif tag & 7 == 2:
            length = number()
            value = data[at:at + length]
            at += length
        else:
            length = 8 if tag & 7 == 1 else 4
            value = data[at:at + length]
            at += length
        out.setdefault(tag >> 3, []).append(value)
    return out


def one(message, number, default=None):
    return message.get(number, [default])[-1]


def timestamp(ns):
    seconds, nanos = divmod(ns, 10**9)
    return (field(1, seconds) if seconds else b"") + (field(2, nanos) if nanos else b"")


def read_timestamp(data):
    message = fields(data)
    seconds = one(message, 1, 0)
    return (seconds - (1 << 64) if seconds >> 63 else seconds) * 10**9 + one(message, 2, 0)


def ns_of(text):
    """Of RFC 3339 with up to nine digits."""
    whole, _, rest = text.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp())
    return seconds * 10**9 + int((rest or "0").ljust(9, "0"))


# --- types ---

STANDARD = [("time", ".google.protobuf.Timestamp"), ("id", ".datasets.v1.UUID"),
            ("ingestion_time", ".google.protobuf.Timestamp")]
QUERYABLE, EXPRESSIONS = 4, 4  # numbers: of FieldAnnotation, of QueryFilters
SCALARS = {"double": 1, "int64": 3, "string": 9}


def annotated_type(name, own_fields, queryable=False):
    """datasets.v1.AnnotatedType with the three fields of a temporal dataset and [(name, scalar)]; whether filters may name
    them."""
    package = "datasets.v1.group_" + "0" * 32
    message = field(1, name)
    for number, (field_name, kind) in enumerate(STANDARD + own_fields, 1):
        scalar = SCALARS.get(kind)
        described = field(1, field_name) + field(3, number) + field(4, 1) + field(5, scalar or 11)
        message += field(2, described + (b"" if scalar else field(6, kind)))
    file = (field(1, f"datasets/v1/{name}.proto") + field(2, package) + field(4, message) + field(12, "editions")
            + field(14, 1000))
    annotations = b"".join(field(4, field(QUERYABLE, True) if queryable else b"") for _ in STANDARD + own_fields)
    return field(1, field(1, file)) + field(2, f"{package}.{name}") + annotations + field(5, 1), f"{package}.{name}"


class Dataset:
    """What the service has: collections of (time in ns, id, whole message, message without data), by id."""

    def __init__(self, slug, type_bytes, type_url, collections):
        self.slug, self.type_bytes, self.type_url = slug, type_bytes, type_url
        self.id = uuid.uuid5(uuid.NAMESPACE_DNS, slug).bytes
        self.collections = {name: sorted(rows, key=lambda row: row[1]) for name, rows in collections.items()}
        self.collection_ids = {uuid.uuid5(uuid.NAMESPACE_DNS, f"{slug}/{name}").bytes: name for name in collections}
        self.claimed_rows = 0  # what the collections say they hold; 0: the truth

    def message(self):
        group = field(1, b"\x07" * 16)
        return (field(1, field(1, self.id)) + field(2, group) + field(3, self.type_bytes)
                + field(4, self.slug.rpartition(".")[2]) + field(5, "A dataset") + field(12, self.slug))

    def collection_info(self, name):
        collection_id = next(i for i, n in self.collection_ids.items() if n == name)
        rows = self.collections[name]
        times = [row[0] for row in rows]
        availability = (field(1, timestamp(min(times))) + field(2, timestamp(max(times))) + field(4, True)
                        if rows else b"")
        count = self.claimed_rows or len(rows)
        return (field(1, field(1, str(uuid.UUID(bytes=collection_id))) + field(2, name)
                      + field(3, field(1, collection_id))) + field(2, availability) + field(3, count))


def made_dataset(slug="made.rows", counts=(("only", 20000),), step_ns=10**9, start="2024-01-01T00:00:00Z", padding="",
                 queryable=False):
    """Rows a second apart: name, cloud_cover (a zero now and then, or missing), orbit (present zeros)."""
    type_bytes, type_url = annotated_type("Rows", [("name", "string"), ("cloud_cover", "double"), ("orbit", "int64")], queryable)
    collections = {}
    for index, (name, count) in enumerate(counts):
        rows = []
        for i in range(count):
            ns = ns_of(start) + i * step_ns + index * 1000
            row_id = (ns // 10**6).to_bytes(6, "big") + bytes([index]) + i.to_bytes(9, "big")
            keys = field(1, timestamp(ns)) + field(2, field(1, row_id)) + field(3, timestamp(ns + 10**9))
            own = field(4, f"{name}-{i:06}{padding}")
            if i % 7:
                own += field(5, (i % 5) * 12.5)
            rows.append((ns, row_id, keys + own + field(6, i % 3), keys))
        collections[name] = rows
    return Dataset(slug, type_bytes, type_url, collections)


def other_type(slug, count):
    """A dataset of that name whose datapoints are of another type, in a collection `z`."""
    type_bytes, type_url = annotated_type("Others", [("n", "int64")])
    rows = []
    for i in range(count):
        ns = ns_of("2024-01-01T00:00:00Z") + i * 10**9
        row_id = (ns // 10**6).to_bytes(6, "big") + i.to_bytes(10, "big")
        keys = field(1, timestamp(ns)) + field(2, field(1, row_id))
        rows.append((ns, row_id, keys + field(4, i), keys))
    return Dataset(slug, type_bytes, type_url, {"z": rows})


def recorded_dataset(folder):
    """Sentinel-2 of the real service, as recorded: 437 datapoints; every answer with the bytes it had."""
    folder = Path(folder)
    recorded = json.loads((folder / "query_collections.json").read_text())
    described = recorded[0]["response"]["type"]
    type_bytes = field(1, b"".join(field(1, bytes.fromhex(f["serialized_hex"])) for f in described["descriptor_set"]))
    type_bytes += field(2, described["type_url"])
    for annotation in described["field_annotations"]:
        type_bytes += field(4, b"".join(field(n, annotation[k]) for n, k in ((1, "description"), (2, "example_value"))
                                        if k in annotation))
    type_bytes += field(5, 2)
    shapes = described["descriptor_set"][0]["messages"][0]["fields"]
    rows = []
    for point in json.loads((folder / "query_collections.full.datapoints.json").read_text())["datapoints"]:
        message = b"".join(recorded_field(shape, point[shape["name"]]) for shape in shapes if shape["name"] in point)
        cut = dict(point, ingestion_time=point["ingestion_time"][:23] + "000000Z")
        keys = b"".join(recorded_field(shape, cut[shape["name"]]) for shape in shapes[:3])
        rows.append((ns_of(point["time"]), uuid.UUID(point["id"]).bytes, message, keys))
    return Dataset("open_data.copernicus.sentinel2_msi", type_bytes, described["type_url"], {"S2B_S2MSI1C": rows})


ENUMS = {"PROCESSING_LEVEL_L1C": 3, "ACQUISITION_MODE_VIC": 24, "ACQUISITION_MODE_NOBS": 20,
         "FLIGHT_DIRECTION_UNSPECIFIED": 0, "FLIGHT_DIRECTION_ASCENDING": 1, "FLIGHT_DIRECTION_DESCENDING": 2}


def recorded_field(shape, value):
    kind, number = shape["type"], shape["number"]
    if kind == "enum":
        return field(number, ENUMS[value])
    if kind == "double":
        return field(number, float(value))
    if kind != "message":
        return field(number, value)
    if shape["type_name"].endswith("Timestamp"):
        return field(number, timestamp(ns_of(value)))
    inside = uuid.UUID(value).bytes if shape["type_name"].endswith("UUID") else bytes.fromhex(value["wkb_hex"])
    return field(number, field(1, inside))


# --- the service ---


class Refusal(Exception):
    def __init__(self, status, code, words, headers=()):
        super().__init__(words)
        self.status, self.code, self.words, self.headers = status, code, words, dict(headers)


class Service:
    """`faults[n]` is done to the n-th Query (from 0) instead of answering it: "reset", "cut" (half of the body),
    "torn" (half of the message as if it were whole), "again" (names the same next page for ever), or a Refusal. A function is called
    with the service first, and finds its request in `serving.request`; what it returns is done."""

    def __init__(self, *datasets, page_rows=1000, faults=None, key=None, public=False, slow_s=0, refuses_filters=False):
        self.datasets = {d.slug: d for d in datasets}
        self.by_id = {d.id: d for d in datasets}
        self.page_rows, self.faults, self.key, self.public = page_rows, dict(faults or {}), key, public
        self.slow_s, self.refuses_filters = slow_s, refuses_filters
        self.queries = 0
        self.calls, self.lock = [], threading.Lock()
        self.most_at_once = self.at_once = 0
        self.port = 0
        self.serving = threading.local()
        self.start()

    def start(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self):
                service.handle(self)

            def log_message(self, *words):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def put(self, dataset):
        """Instead of the one of that name."""
        self.datasets[dataset.slug] = dataset
        self.by_id = {d.id: d for d in self.datasets.values()}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def source(self):
        return f"tilebox+http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        method = request.path.rpartition("/")[2]
        fault = None
        with self.lock:
            self.calls.append((request.path, dict(request.headers), body))
            if method == "Query":
                fault = self.faults.pop(self.queries, None)
                self.queries += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if method == "Query" and self.slow_s:
                time.sleep(self.slow_s)
            if callable(fault):
                self.serving.request = request
                fault = fault(self)
            if isinstance(fault, Refusal):
                raise fault
            answer = self.answer(request, method, fields(body))
            if fault == "again":
                asked = fields(one(fields(body), 3, b""))
                after = one(asked, 2, field(1, b"\x01" * 16))
                self.faults[self.queries] = "again"
                answer = fields(answer)
                answer = field(1, one(answer, 1)) + field(2, field(1, 10) + field(2, after))
            self.send(request, answer, fault)
        except Refusal as refusal:
            said = json.dumps({"code": refusal.code, "message": refusal.words}).encode()
            request.send_response(refusal.status)
            for name, value in {"content-type": "application/json", **refusal.headers}.items():
                request.send_header(name, value)
            request.send_header("content-length", str(len(said)))
            request.end_headers()
            request.wfile.write(said)
        finally:
            with self.lock:
                self.at_once -= 1

    def send(self, request, answer, fault):
        if fault == "reset":
            request.connection.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: a reset, not an end
            request.connection.close()
            request.close_connection = True
            return
        if fault == "torn":
            answer = answer[:len(answer) // 2]
        request.send_response(200)
        request.send_header("content-type", "application/proto")
        packs = "gzip" in request.headers.get("accept-encoding", "")
        if packs:
            answer = gzip.compress(answer, 1)
            request.send_header("content-encoding", "gzip")
        request.send_header("content-length", str(len(answer)))
        request.end_headers()
        if fault == "cut":
            request.wfile.write(answer[:len(answer) // 2])
            request.wfile.flush()
            request.connection.close()
            request.close_connection = True
        else:
            request.wfile.write(answer)

    def answer(self, request, method, message):
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            raise Refusal(401, "unauthenticated", "the key is not known")
        if method == "ListDatasets":
            return b"".join(field(1, d.message()) for d in self.datasets.values())
        if method == "GetDataset":
            slug = one(message, 1, b"").decode()
            if slug not in self.datasets:
                raise Refusal(404, "not_found", "no such dataset")
            return self.datasets[slug].message()
        if method == "ListCollections":
            dataset = self.by_id[one(fields(one(message, 1)), 1)]
            return b"".join(field(1, dataset.collection_info(name)) for name in dataset.collections)
        if method == "QueryByID":
            return self.find(message)
        if method == "Query":
            return self.query(message)
        raise Refusal(501, "unimplemented", f"no method {method}")

    def rows_of(self, message, dataset_field):
        dataset = self.by_id[one(fields(one(message, dataset_field)), 1)]
        wanted = [one(fields(c), 1) for c in message.get(1, [])] or list(dataset.collection_ids)
        rows = [row for c in wanted for row in dataset.collections[dataset.collection_ids[c]]]
        return dataset, sorted(rows, key=lambda row: row[1])

    def find(self, message):
        dataset, rows = self.rows_of(message, 4)
        wanted = one(fields(one(message, 2)), 1)
        for _, row_id, whole, _ in rows:
            if row_id == wanted:
                return field(1, dataset.type_url) + field(2, whole)
        raise Refusal(404, "not_found", "no such datapoint")

    def query(self, message):
        dataset, rows = self.rows_of(message, 5)
        if self.refuses_filters and EXPRESSIONS in fields(one(message, 2)):
            raise Refusal(400, "invalid_argument", "filters.expressions: not known here")
        interval = fields(one(fields(one(message, 2)), 1))
        start, end = read_timestamp(one(interval, 1)), read_timestamp(one(interval, 2))
        page = fields(one(message, 3, b""))
        after = one(fields(one(page, 2, b"")), 1, b"")
        limit = min(one(page, 1, self.page_rows), self.page_rows)
        picked = [row for row in rows if (start < row[0] if one(interval, 3) else start <= row[0])
                  and (row[0] <= end if one(interval, 4) else row[0] < end) and row[1] > after]
        data = 3 if one(message, 4) else 2
        answer = field(1, field(1, dataset.type_url) + b"".join(field(2, row[data]) for row in picked[:limit]))
        if len(picked) > limit:
            answer += field(2, field(1, limit) + field(2, field(1, picked[limit - 1][1])))
        return answer


if __name__ == "__main__":
    with Service(recorded_dataset(sys.argv[1]), page_rows=100) as service:
        print(service.source, flush=True)
        service.thread.join()
