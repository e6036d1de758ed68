"""A reader of the catalogue's file written from docs/catalog-format.md alone: what the page says is what there is."""
import ctypes
import ctypes.util
import json
import sqlite3
import struct
import uuid

import numpy as np

zstd = ctypes.CDLL(ctypes.util.find_library("zstd"))
zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
zstd.ZSTD_decompress_usingDict.restype = ctypes.c_size_t
zstd.ZSTD_decompress_usingDict.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t,
                                           ctypes.c_char_p, ctypes.c_size_t]
zstd.ZSTD_freeDCtx.argtypes = [ctypes.c_void_p]
TOP, MASK = 1 << 63, (1 << 64) - 1
NONE, BOOL, INT64, UINT64, FLOAT64, STRING, BYTES, TIMESTAMP, DURATION, UUID, GEOMETRY, ENUM, VECTOR, JSON, ASSETS = range(15)


def mix(a, b):
    product = (a ^ 0x243f6a8885a308d3) * (b ^ 0x13198a2e03707345)
    return product & MASK ^ product >> 64


def hash64(data, seed):
    """src/catalog/hash.c"""
    words = lambda at: struct.unpack_from("<2Q", data, at)
    left, at, lanes = len(data), 0, [seed ^ 0xa4093822299f31d1, seed ^ 0x243f6a8885a308d3]
    while left > 32:
        (a, b), (c, d) = words(at), words(at + 16)
        lanes = [mix(a ^ lanes[0], b), mix(c ^ lanes[1], d)]
        at, left = at + 32, left - 32
    state = lanes[0] ^ lanes[1]
    if left > 16:
        a, b = words(at)
        state, at, left = mix(a ^ state, b), at + 16, left - 16
    tail = data[at:]
    a = int.from_bytes(tail[:8] if left >= 8 else tail, "little")
    b = int.from_bytes(tail[-8:], "little") if left >= 8 else 0
    return mix(mix(a ^ state, b ^ len(data)), seed ^ 0x13198a2e03707345)


def checksum(data):
    return hash64(data, len(data)) & 0xffffffff


class Chunk:
    def __init__(self, file, number, rows):
        (self.head,) = file.execute("SELECT bytes FROM head WHERE chunk = ?", [number]).fetchone()
        pieces = file.execute("SELECT bytes FROM piece WHERE id BETWEEN ? AND ? ORDER BY id", [number << 17, (number + 1 << 17) - 1])
        self.body, self.at = b"".join(piece for (piece,) in pieces), 0
        assert checksum(self.head[:-4]) == struct.unpack("<I", self.head[-4:])[0] and self.take("4s") == b"DTK1"
        assert self.take("I") == rows
        ids, flags = self.take("B"), self.take("B")
        self.frames = [min(256, rows - first) for first in range(0, rows, 256)]
        self.columns = dict(self.column() for _ in range(self.take("I")))
        times = self.columns["time"]
        if ids < 2:
            at, size = self.take("Q"), 10 if ids == 1 else 16
            raw = self.fixed(self.frames, at, size)
            self.ids = [uuid.UUID(bytes=((t // 10**6).to_bytes(6, "big") if ids == 1 else b"") + i) for t, i in zip(times, raw)]
        self.order = list(range(rows))
        if flags & 1:
            self.base = self.take("Q")
            self.order = [n ^ TOP for n in self.numbers(self.frames)]
        if flags & 2:
            self.boxes = [self.take("4f") for _ in self.frames]
        if flags & 4:
            at, size, total = self.take("Q"), self.take("I"), self.take("I")
            assert checksum(self.body[at:at + size]) == total and size % 64 == 0
        assert self.at == len(self.head) - 4

    def take(self, form):
        values = struct.unpack_from("<" + form, self.head, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def bytes(self, at, size, total):
        data = self.body[self.base + at:self.base + at + size]
        assert len(data) == size and checksum(data) == total
        return data

    def fixed(self, frames, at, size):
        self.base, out = 0, []
        for rows in frames:
            data = self.bytes(at, rows * size, self.take("I"))
            out += [data[i * size:(i + 1) * size] for i in range(rows)]
            at += rows * size
        return out

    def numbers(self, frames):
        kind = self.take("B")
        if kind == 0:
            return [self.take("Q")] * sum(frames)
        listed = [self.take("Q") for _ in range(self.take("I"))] if kind == 2 else None
        base, step, at, base_bytes = self.take("Q"), self.take("Q"), self.take("I"), self.take("B")
        out = []
        for rows in frames:
            total, bits = self.take("I"), self.take("B")
            own = int.from_bytes(self.take(f"{base_bytes}s"), "little")
            size = (rows * bits + 7) // 8
            packed = int.from_bytes(self.bytes(at, size, total), "little")
            out += [(base + step * (own + (packed >> i * bits & (1 << bits) - 1))) & MASK for i in range(rows)]
            at += size
        return [listed[n] for n in out] if listed else out

    def floats(self, frames):
        kind, power = self.take("B"), self.take("B")
        signed = [n ^ TOP if n >= TOP else n - TOP for n in self.numbers(frames)]
        if kind == 2:
            return [n / 10**power for n in signed]
        assert kind == 3
        return [struct.unpack("<d", struct.pack("<q", n if n >= 0 else n ^ TOP - 1))[0] for n in signed]

    def run(self, prefix=b""):
        at, size, whole, total = (self.take("I") for _ in range(4))
        data = self.bytes(at, size, total)
        if whole == 0:
            return b""
        out, context = ctypes.create_string_buffer(whole), zstd.ZSTD_createDCtx()
        assert zstd.ZSTD_decompress_usingDict(context, out, whole, data, size, prefix, len(prefix)) == whole
        zstd.ZSTD_freeDCtx(context)
        return out.raw

    def texts(self, frames):
        def cut(data, lengths):
            ends = np.cumsum([0, *lengths])
            return [data[a:b] for a, b in zip(ends, ends[1:])]

        kind = self.take("B")
        if kind == 0:
            return [self.take(f"{self.take('I')}s")] * sum(frames)
        if kind == 1:
            count = self.take("I")
            data = self.run()
            values = cut(data[4 * count:], struct.unpack_from(f"<{count}I", data))
            return [values[n ^ TOP] for n in self.numbers(frames)]
        lengths = [n ^ TOP for n in self.numbers(frames)]
        prefix, out, seen = self.run(), b"", 0
        for _ in range(self.take("I")):
            seen += self.take("I")
            out += self.run(prefix)
        assert seen == len(frames) and len(out) == sum(lengths)
        return cut(out, lengths)

    def geometries(self, frames):
        if self.take("B") == 0:
            return self.texts(frames)
        shapes = self.texts(frames)
        positions = [self.take("I") for _ in frames]
        x, y = self.floats(positions), self.floats(positions)
        rest = self.floats([self.take("I") for _ in frames])
        return shapes, positions, x, y, rest

    def column(self):
        name = self.take(f"{self.take('B')}s").decode()
        kind, repeated, _, width, _, self.base, _ = self.take("BBBBIQQ")
        return name, self.values(kind, repeated, width, self.frames)

    def values(self, kind, repeated, width, frames):
        flags = self.take("B")
        if flags == 2:
            return [None] * sum(frames)
        there = [n ^ TOP for n in self.numbers(frames)] if flags == 1 else [1] * sum(frames)
        if repeated:
            lengths = iter([n ^ TOP for n in self.numbers(frames)])
            items = iter(self.values(kind, False, width, [self.take("I") for _ in frames]))
            values = [[next(items) for _ in range(length)] for length in lengths]
        elif kind == GEOMETRY:
            return self.geometries(frames)
        elif kind in (STRING, BYTES, JSON, ASSETS):
            values = self.texts(frames)
        elif kind == FLOAT64:
            values = self.floats(frames)
        elif kind == VECTOR:
            flat = self.floats([width * rows for rows in frames])
            values = [flat[i:i + width] for i in range(0, len(flat), width)]
        elif kind == UUID:
            assert self.take("B") == 0
            offset, base = self.take("I"), self.base
            values = self.fixed(frames, base + offset, 16)
            self.base = base
        else:
            turned = self.take("B")
            assert self.take("B") == 0
            values = [n if turned else n ^ TOP if n >= TOP else n - TOP for n in self.numbers(frames)]
        return [value if here else None for value, here in zip(values, there)]


FIELDS = [{"name": "time", "type": "timestamp", "role": "time"}, {"name": "geometry", "type": "geometry", "role": "geometry"},
          {"name": "level", "type": "enum", "values": {"RAW": -1, "COOKED": 7}}, {"name": "cloud", "type": "float64"},
          {"name": "root", "type": "float64"}, {"name": "count", "type": "uint64"}, {"name": "small", "type": "int64"},
          {"name": "word", "type": "string"}, {"name": "text", "type": "string"}, {"name": "key", "type": "uuid"},
          {"name": "pair", "type": "vector", "width": 2}, {"name": "list", "type": "int64", "repeated": True},
          {"name": "none", "type": "string"}]


def row(i):
    return {"time": f"2024-01-{1 + i % 28:02}T00:{i // 60 % 60:02}:{i % 60:02}Z", "x": (i * 37) % 18, "y": (i * 17) % 8,
            "level": ("RAW", "COOKED")[i % 2], "cloud": round(i / 7, 2), "root": i**0.5, "count": 2**64 - 1 - i,
            "small": "" if i % 5 == 0 else i - 300, "word": f"word {i % 9}", "text": f"{i:x} " * 40, "key": str(uuid.UUID(int=i * 2**100)),
            "pair": [i, -i / 4], "list": list(range(i % 4))}


def test_a_reader_made_from_the_page_finds_what_was_ingested(run, tmp_path):
    rows = [row(i) for i in range(700)]
    (tmp_path / "schema.json").write_text(json.dumps({"fields": FIELDS}))
    names = list(rows[0])
    with open(tmp_path / "in.csv", "w") as out:
        out.write(",".join(names) + "\n")
        for r in rows:
            out.write(",".join(f'"{r[n]}"' if isinstance(r[n], list) else str(r[n]) for n in names) + "\n")
    run("ingest", "in.csv", "-d", "d", "--schema", "schema.json", "--geometry", "point(x, y)")
    run("catalog", "export", "copy.db")
    file = sqlite3.connect(f"file:{tmp_path}/copy.db?immutable=1", uri=True)
    assert [file.execute(f"PRAGMA {what}").fetchone()[0] for what in ("application_id", "user_version", "page_size")] == [
        0x44544b43, 1, 512]
    ((number, count, first, last),) = file.execute("SELECT id, rows, time_min, time_max FROM chunk").fetchall()
    chunk = Chunk(file, number, count)
    assert set(chunk.columns) == {f["name"] for f in FIELDS} | {"ingestion_time"} and len(chunk.boxes) == 3

    expected = sorted(rows, key=lambda r: r["time"])
    at = lambda name: [chunk.columns[name][i] for i in chunk.order]
    times = [int(np.datetime64(r["time"][:-1], "ns").astype("int64")) for r in expected]
    assert at("time") == times and (first, last) == (times[0], times[-1])
    assert at("level") == [{"RAW": -1, "COOKED": 7}[r["level"]] for r in expected]
    assert at("cloud") == [r["cloud"] for r in expected] and at("root") == [r["root"] for r in expected]
    assert at("count") == [r["count"] for r in expected]
    assert at("small") == [None if r["small"] == "" else r["small"] for r in expected]
    assert at("word") == [r["word"].encode() for r in expected] and at("text") == [r["text"].encode() for r in expected]
    assert at("key") == [uuid.UUID(r["key"]).bytes for r in expected] and at("none") == [None] * 700
    assert at("pair") == [r["pair"] for r in expected] and at("list") == [r["list"] for r in expected]
    shapes, positions, x, y, rest = chunk.columns["geometry"]
    points, found = iter(zip(x, y)), []
    for i, shape in enumerate(shapes):
        found.append(found[i - shape[1]] if shape[0] == 4 else next(points))  # 4: the one of so many rows before
    assert len(x) < 700
    assert [found[i] for i in chunk.order] == [(r["x"], r["y"]) for r in expected] and rest == []
    told = run("load", "d", "--of", "ndjson", "--fields", "id").lines()
    assert [str(chunk.ids[i]) for i in chunk.order] == [line["id"] for line in told]
