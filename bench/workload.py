"""The benchmark's data, its windows, and the least time they could take."""
import ctypes
import hashlib
import math
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
from osgeo import gdal, osr

gdal.UseExceptions()
osr.UseExceptions()

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build/bench-data"
SIZE = 10980          # pixels, as a 10 m band of Sentinel-2
TILE = 512
HEADER_BYTES = 16384
# About 1000 x 1000 pixels of the scene; the same for every file, as a command line has one area.
GET_BBOX = "15.15,46.7,15.28,46.79"
WARP_PX_S = 150e6     # output pixels a second of one core: what the ideal time grants resampling
FIRST_FLIGHT = 14600  # bytes that TCP sends before the first acknowledgement


def scene(shared):
    """A 10980 x 10980 COG of real pixels: a scene of the shared data, mirrored to that size. Made once."""
    path = DATA / "scene.tif"
    if path.exists():
        return path
    found = sorted((shared / "data/imagery/sentinel2-l2a-33TWL-5dates/S2A_33TWL_20230815_0_L2A").glob("B04*.tif"))
    if not found:
        raise SystemExit("bench: needs the real scenes of ../shared/data/imagery (or SHARED_DATA=FOLDER)")
    DATA.mkdir(parents=True, exist_ok=True)
    small = gdal.Open(str(found[0])).ReadAsArray()
    more = math.ceil(SIZE / small.shape[0]) * small.shape[0] - small.shape[0]
    big = numpy.pad(small, ((0, more), (0, more)), mode="symmetric")[:SIZE, :SIZE]
    memory = gdal.GetDriverByName("MEM").Create("", SIZE, SIZE, 1, gdal.GDT_UInt16)
    memory.SetProjection("EPSG:32633")
    memory.SetGeoTransform((499980, 10, 0, 5200020, 0, -10))
    memory.GetRasterBand(1).WriteArray(big)
    part = path.with_suffix(".part.tif")
    gdal.Translate(str(part), memory, format="COG", creationOptions=[
        "BLOCKSIZE=512", "COMPRESS=DEFLATE", "PREDICTOR=2", "NUM_THREADS=ALL_CPUS", "OVERVIEW_RESAMPLING=NEAREST"])
    part.rename(path)
    return path


def smaller_scene(source):
    """A whole file of about 42 MB: 4608 x 4608 pixels of the scene with their overviews. Made once."""
    path = DATA / "smaller.tif"
    if not path.exists():
        part = path.with_suffix(".part.tif")
        gdal.Translate(str(part), str(source), format="COG", srcWin=[0, 0, 4608, 4608], creationOptions=[
            "BLOCKSIZE=512", "COMPRESS=DEFLATE", "PREDICTOR=2", "NUM_THREADS=ALL_CPUS", "OVERVIEW_RESAMPLING=NEAREST"])
        part.rename(path)
    return path


def nodata_scene(source):
    """The scene again, with 0 as nodata. Made once."""
    path = DATA / "nodata.tif"
    if not path.exists():
        part = path.with_suffix(".part.tif")
        gdal.Translate(str(part), str(source), format="COG", noData=0, creationOptions=[
            "BLOCKSIZE=512", "COMPRESS=DEFLATE", "PREDICTOR=2", "NUM_THREADS=ALL_CPUS", "OVERVIEW_RESAMPLING=NEAREST"])
        part.rename(path)
    return path


def publish(source, folder, count):
    """The file under `count` names, so that every window has a URL of its own and no client's cache helps twice."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        name = folder / f"{i:04}.tif"
        if not name.exists():
            os.link(source, name)


def windows(count, size, seed=1):
    """`count` windows of size x size pixels that touch the same number of tiles each: 1 for 300, 9 for 1000."""
    rng = random.Random(seed)
    tiles = -(-size // TILE) + (1 if size > TILE else 0)
    offsets = range(max(0, (tiles - 1) * TILE - size + 1), min(TILE, tiles * TILE - size + 1))
    corner = lambda: rng.randint(0, SIZE // TILE - tiles) * TILE + rng.choice(offsets)  # noqa: E731
    return [(corner(), corner(), size, size) for _ in range(count)]


def chosen(task):
    """The windows of a task, one a file; None stands for a file's header, or for the whole of it."""
    if task["kind"] in ("headers", "files"):
        return [None] * task["count"]
    if "windows" in task:
        return task["windows"]
    if "window" in task:
        return [tuple(task["window"])] * task["count"]
    return windows(task["count"], task["size"])


def projector(crs):
    """From the scene's CRS to another, in the order x, y."""
    systems = []
    for text in ("EPSG:32633", crs):
        system = osr.SpatialReference()
        system.SetFromUserInput(text)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        systems.append(system)
    return osr.CoordinateTransformation(*systems), osr.CoordinateTransformation(*reversed(systems))


def grid_of(window, crs):
    """(x0, y0, res_x, res_y, width, height) in `crs` around the middle of a window, its pixels as large as the scene's."""
    there, _ = projector(crs)
    col, row, width, height = window
    x, y = 499980 + 10 * (col + width / 2), 5200020 - 10 * (row + height / 2)
    east, north = there.TransformPoint(x + 500, y), there.TransformPoint(x, y + 500)
    middle = there.TransformPoint(x, y)
    res_x, res_y = math.dist(east[:2], middle[:2]) / 50, math.dist(north[:2], middle[:2]) / 50
    return (middle[0] - res_x * width / 2, middle[1] + res_y * height / 2, res_x, -res_y, width, height)


def reach_of(window, crs):
    """The window of the scene that the pixels of grid_of(window) take, with two more to each side."""
    _, back = projector(crs)
    x0, y0, res_x, res_y, width, height = grid_of(window, crs)
    edge = [(x0 + res_x * width * i / 20, y0 + res_y * height * j / 20)
            for i in range(21) for j in range(21) if i in (0, 20) or j in (0, 20)]
    points = [back.TransformPoint(x, y) for x, y in edge]
    cols, rows = [(p[0] - 499980) / 10 for p in points], [(5200020 - p[1]) / 10 for p in points]
    first = max(0, math.floor(min(cols)) - 2), max(0, math.floor(min(rows)) - 2)
    last = min(SIZE, math.ceil(max(cols)) + 2), min(SIZE, math.ceil(max(rows)) + 2)
    return (*first, last[0] - first[0], last[1] - first[1])


def warped_sum(source, chosen_windows, crs, kernel):
    """What clients of the kind "warp" must come to, nearly: gdalwarp with exact coordinates."""
    total = 0
    for window in chosen_windows:
        x0, y0, res_x, res_y, width, height = grid_of(window, crs)
        made = gdal.Warp("", str(source), format="MEM", dstSRS=crs, width=width, height=height, errorThreshold=0,
                         outputBounds=(x0, y0 + res_y * height, x0 + res_x * width, y0), resampleAlg=kernel)
        total += int(made.ReadAsArray().sum(dtype=numpy.uint64))
    return total


def truth(source, kind, chosen_windows):
    """What every client must come to, read here from the local file: the sum of all pixels; of the widths times
    heights that headers tell; the digests of whole files."""
    dataset = gdal.Open(str(source))
    if kind == "files":
        return [hashlib.sha256(Path(source).read_bytes()).hexdigest()] * len(chosen_windows)
    if kind == "headers":
        return dataset.RasterXSize * dataset.RasterYSize * len(chosen_windows)
    known = {}
    for window in chosen_windows:
        if window not in known:
            known[window] = int(dataset.ReadAsArray(*window).sum(dtype=numpy.uint64))
    return sum(known[window] for window in chosen_windows)


def get_window(program, source):
    """The window that `datatake get --bbox GET_BBOX` cuts, from the file it writes."""
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([str(program), "get", str(source), "--bbox", GET_BBOX, "-q", "-o", out], check=True,
                       stdout=subprocess.DEVNULL)
        cut = gdal.Open(str(next(Path(out).glob("*.tif"))))
        transform, whole = cut.GetGeoTransform(), gdal.Open(str(source)).GetGeoTransform()
        return (round((transform[0] - whole[0]) / whole[1]), round((transform[3] - whole[3]) / whole[5]),
                cut.RasterXSize, cut.RasterYSize)


def sum_of(folder):
    """The sum of all pixels of the GeoTIFFs in a folder."""
    return sum(int(gdal.Open(str(path)).ReadAsArray().sum(dtype=numpy.uint64)) for path in folder.glob("*.tif"))


def tiles_of(window):
    col, row, width, height = window
    return [(x, y) for y in range(row // TILE, (row + height - 1) // TILE + 1)
            for x in range(col // TILE, (col + width - 1) // TILE + 1)]


def decode_seconds(source, windows):
    """Processor seconds that libdeflate alone takes for the tiles of the windows: no predictor, no copy, one buffer.
    Each tile is decoded once; 0 for tiles that are not deflated."""
    dataset = gdal.Open(str(source))
    band = dataset.GetRasterBand(1)
    if dataset.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") != "DEFLATE":
        return 0
    deflate = ctypes.CDLL("libdeflate.so.0")
    deflate.libdeflate_alloc_decompressor.restype = ctypes.c_void_p
    decompressor = ctypes.c_void_p(deflate.libdeflate_alloc_decompressor())
    out = ctypes.create_string_buffer(TILE * TILE * 2)
    seconds_of, total = {}, 0
    with open(source, "rb") as file:
        for tile in (tile for window in windows for tile in tiles_of(window)):
            if tile not in seconds_of:
                offset, size = (int(band.GetMetadataItem(f"BLOCK_{what}_{tile[0]}_{tile[1]}", "TIFF"))
                                for what in ("OFFSET", "SIZE"))
                packed = os.pread(file.fileno(), size, offset)
                started = time.thread_time()
                failed = deflate.libdeflate_zlib_decompress(decompressor, packed, ctypes.c_size_t(size), out,
                                                            ctypes.c_size_t(len(out)), None)
                seconds_of[tile] = time.thread_time() - started
                assert failed in (0, 2), f"libdeflate: {failed}"  # 2: less than a whole tile, at the edge
            total += seconds_of[tile]
    deflate.libdeflate_free_decompressor(decompressor)
    return total


def growth(size, flight):
    """Round trips more than one that TCP's slow start needs for so many bytes."""
    return max(0, math.ceil(math.log2(size / flight + 1)) - 1)


def ideal_of(task, source, rtt_s, bytes_s, cores, connections=256, decode_s=0):
    """The ideal time of a task: a dict with the bounds, the least requests and bytes, seconds of decoding."""
    if task["kind"] == "headers":
        return ideal_headers(task["count"], rtt_s, bytes_s, connections)
    if task["kind"] == "files":
        return ideal_files(task["count"], os.path.getsize(source), rtt_s, bytes_s, connections)
    return ideal(source, chosen(task), rtt_s, bytes_s, cores, connections, decode_s)


def ideal_headers(count, rtt_s, bytes_s, connections):
    """Connect, a header of 16 KiB, and on each connection one after another."""
    trips = 1 + 1 + growth(HEADER_BYTES, FIRST_FLIGHT) + math.ceil(count / connections) - 1
    total = count * HEADER_BYTES
    bounds = {"latency_s": trips * rtt_s, "wire_s": 2 * rtt_s + total / bytes_s}
    return {**bounds, "seconds": max(bounds.values()), "bytes": total, "requests": count, "decode_s": 0}


def ideal_files(count, size, rtt_s, bytes_s, connections):
    """Connect, then the files, each over its share of the connections. Nothing is decoded."""
    part = size / max(1, connections // count)
    bounds = {"latency_s": (2 + growth(part, FIRST_FLIGHT)) * rtt_s, "wire_s": 2 * rtt_s + count * size / bytes_s}
    return {**bounds, "seconds": max(bounds.values()), "bytes": count * size, "requests": count, "decode_s": 0}


def ideal(source, chosen, rtt_s, bytes_s, cores, connections, decode_s=0):
    """The ideal time of a cold run over plain HTTP: the largest of what the round trips, the wire and the
    processors need. Returns a dict with the bounds and the least requests and bytes."""
    dataset = gdal.Open(str(source))  # kept: a band does not keep its dataset
    band = dataset.GetRasterBand(1)
    size_of = {}
    per_window = []
    for window in chosen:
        tiles = tiles_of(window)
        for x, y in tiles:
            if (x, y) not in size_of:
                size_of[x, y] = int(band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF"))
        per_window.append((len(tiles), sum(size_of[t] for t in tiles), len({y for _, y in tiles})))
    total = sum(b for _, b, _ in per_window) + len(chosen) * HEADER_BYTES
    after_header = 1 + growth(HEADER_BYTES, FIRST_FLIGHT)
    parts = max(1, connections // len(chosen))
    largest = max(b for _, b, _ in per_window) / parts
    trips = 1 + after_header + 1 + growth(largest, FIRST_FLIGHT * 2 ** after_header)
    if connections < len(chosen):
        trips += 2 * math.ceil(len(chosen) / connections - 1)
    setup = 3 * rtt_s
    bounds = {"latency_s": trips * rtt_s, "wire_s": setup + total / bytes_s, "cpu_s": setup + decode_s / cores}
    return {**bounds, "seconds": max(bounds.values()), "bytes": total,
            "requests": sum(1 + runs for _, _, runs in per_window), "tiles": sum(n for n, _, _ in per_window), "decode_s": decode_s}
