"""A small Earth Engine service on 127.0.0.1 that holds made-up images and goes wrong as it is told: `value:compute` for the
questions that a source asks, `listAssets` in pages, tokens that end."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOUR_MS = 3600_000
START_MS = 1_700_000_000_000


def image(number, time_ms, *, collection="MADE/UP", bands=2):
    """Shaped as section 4.4 of what is known of the service has it."""
    west = 10 + number % 50 / 10
    grid = {"data_type": {"type": "PixelType", "precision": "int", "min": 0, "max": 65535}, "dimensions": [10980, 10980],
            "crs": "EPSG:32633", "crs_transform": [10, 0, 499980, 0, -10, 5200020]}
    return {"type": "Image", "id": f"{collection}/i{number:06}", "version": 1_704_200_000_000_000 + number,
            "bands": [{"id": f"B{b + 1}", **grid} for b in range(bands)],
            "properties": {
                "system:footprint": {"type": "LinearRing", "coordinates": [[west, 45], [west + 1, 45], [west + 1, 46], [west, 46], [west, 45]]},
                "system:index": f"i{number:06}", "system:time_start": time_ms, "CLOUDY_PIXEL_PERCENTAGE": number % 100 + 0.5}}


def images(count, *, at_once=1, **how):
    """`at_once` share each hour's millisecond."""
    return [image(n, START_MS + n // at_once * HOUR_MS, **how) for n in range(count)]


class Refused(Exception):
    def __init__(self, http, status, message, **headers):
        super().__init__(message)
        self.http, self.status, self.message, self.headers = http, status, message, headers


def plain(node):
    """A node as (function, {argument: ...}), a list or a constant."""
    if "constantValue" in node:
        return node["constantValue"]
    if "arrayValue" in node:
        return [plain(v) for v in node["arrayValue"]["values"]]
    call = node["functionInvocationValue"]
    return call["functionName"], {k: plain(v) for k, v in call["arguments"].items()}


def passes(one, f):
    name, a = f
    properties = one["properties"]
    if name == "Filter.and":
        return all(passes(one, part) for part in a["filters"])
    if name == "Filter.dateRangeContains":
        dates = a["leftValue"][1]
        return dates["start"] <= properties["system:time_start"] < dates["end"]
    if name == "Filter.greaterThan":
        return properties[a["leftField"]] > a["rightValue"]
    if name == "Filter.lessThan":
        return properties[a["leftField"]] < a["rightValue"]
    if name == "Filter.listContains":
        return properties[a["rightField"]] in a["leftValue"]
    if name == "Filter.intersects":
        west, north = a["rightValue"][1]["geometry"][1]["coordinates"][0][0]
        east, south = a["rightValue"][1]["geometry"][1]["coordinates"][0][2]
        xs, ys = zip(*properties["system:footprint"]["coordinates"])
        return min(xs) <= east and max(xs) >= west and min(ys) <= north and max(ys) >= south
    raise Refused(400, "INVALID_ARGUMENT", f"Unrecognized algorithm {name}.")


class Service:
    """`assets`: images by the id of their collection. `before(service, question)` is called first for each question to
    value:compute, and may raise Refused or return an answer's bytes."""

    def __init__(self, assets, before=None, token=None):
        self.assets, self.before, self.token = assets, before, token
        self.questions, self.paths, self.authorizations, self.exchanges, self.texts = [], [], [], 0, {}
        self.lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                self.answer(lambda: service.posted(self.path, body, self.headers))

            def do_GET(self):
                self.answer(lambda: service.got(self.path))

            def answer(self, make):
                headers = {}
                try:
                    status, bytes_ = 200, make()
                except Refused as r:
                    status, headers = r.http, r.headers
                    bytes_ = json.dumps({"error": {"code": r.http, "message": r.message, "status": r.status}}).encode()
                try:
                    self.write(status, headers, bytes_)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client hung up

            def write(self, status, headers, bytes_):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(bytes_)))
                self.end_headers()
                self.wfile.write(bytes_)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.source = f"ee+{self.url}/?project=p"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # --- requests ---

    def got(self, path):
        with self.lock:
            self.paths.append(path)
        where, _, query = path.partition("?")
        if where != "/v1/projects/p:listAssets":
            raise Refused(404, "NOT_FOUND", "no such path")
        ids = sorted(self.assets)
        at = int(query.partition("pageToken=")[2] or 0)
        page = {"assets": [{"type": "IMAGE_COLLECTION", "name": f"projects/p/assets/{i}", "id": i} for i in ids[at:at + 1]]
                + [{"type": "TABLE", "id": "a/table"}, {"type": "FOLDER", "id": "a"}]}
        if at + 1 < len(ids):
            page["nextPageToken"] = str(at + 1)
        return json.dumps(page).encode()

    def posted(self, path, body, headers):
        if path == "/token":
            with self.lock:
                self.exchanges += 1
                return json.dumps({"access_token": f"t{self.exchanges}", "expires_in": 3600, "token_type": "Bearer"}).encode()
        assert path == "/v1/projects/p/value:compute", path
        expression = json.loads(body)["expression"]
        question = plain(expression["values"][expression["result"]])
        with self.lock:
            self.questions.append(question)
            self.authorizations.append(headers.get("authorization"))
            special = self.before(self, question) if self.before is not None else None
        if special is not None:
            return special
        value = self.value(question)
        if isinstance(value, dict) and "features" in value:  # texts of images are made once
            for one in value["features"]:
                if one["id"] not in self.texts:
                    self.texts[one["id"]] = json.dumps(one)
            head = json.dumps({**value, "features": []}).removesuffix("]}")
            return ('{"result":' + head + ",".join(self.texts[one["id"]] for one in value["features"]) + "]}}").encode()
        return json.dumps({"result": value}).encode()

    def value(self, question):
        if isinstance(question, list):
            return [self.value(one) for one in question]
        name, a = question
        if name == "ImageCollection.load":
            if a["id"] not in self.assets:
                raise Refused(400, "INVALID_ARGUMENT", f"ImageCollection.load: ImageCollection asset '{a['id']}' not found "
                              "(does not exist or caller does not have access).")
            return {"type": "ImageCollection", "id": a["id"], "bands": [], "properties": {"title": "Made up"},
                    "features": self.assets[a["id"]]}
        if name == "Image.load":
            for one in self.assets.get(a["id"].rpartition("/")[0], []):
                if one["id"] == a["id"]:
                    return one
            raise Refused(400, "INVALID_ARGUMENT", f"Image.load: Image asset '{a['id']}' not found (does not exist or caller "
                          "does not have access).")
        of = self.value(a["collection"])
        found = of["features"]
        if name == "Collection.size":
            return len(found)
        if name.startswith("AggregateFeatureCollection."):
            values = [f["properties"][a["property"]] for f in found]
            return (min if name.endswith("min") else max)(values) if values else None
        if name == "Collection.filter":
            return {**of, "features": [f for f in found if passes(f, a["filter"])]}
        assert name == "Collection.limit", name
        if "key" in a:
            found = sorted(found, key=lambda f: f["properties"][a["key"]], reverse=not a.get("ascending", True))
        return {**of, "features": found[:int(a["limit"])]}
