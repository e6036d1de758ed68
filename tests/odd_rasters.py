"""GeoTIFFs that are unusual or broken, one function a kind: each writes its file at a path."""
import struct
import zlib

import numpy
from osgeo import gdal, osr

gdal.UseExceptions()

PIXELS, TILE = 256, 64
WIDTH_OF = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 12: 8, 16: 8}
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS, PREDICTOR, BITS, COMPRESSION = 322, 323, 324, 325, 317, 258, 259


def values(seed=7, dtype=numpy.uint16, bands=1):
    shape = (PIXELS, PIXELS) if bands == 1 else (bands, PIXELS, PIXELS)
    return numpy.random.default_rng(seed).integers(1, 60000, shape).astype(dtype)


def write(path, *options, dtype=gdal.GDT_UInt16, array=None, bands=1, crs=True, grid=True, driver="GTiff", prepare=None):
    """A file of noise in EPSG:32617, tiled 64 x 64 and not compressed unless the options say otherwise."""
    memory = gdal.GetDriverByName("MEM").Create("", PIXELS, PIXELS, bands, dtype)
    if crs:
        system = osr.SpatialReference()
        system.ImportFromEPSG(32617)
        memory.SetProjection(system.ExportToWkt())
    if grid:
        memory.SetGeoTransform((560000, 10, 0, 930000, 0, -10))
    memory.WriteArray(values(bands=bands) if array is None else array)
    if prepare:
        prepare(memory)
    given = {o.split("=")[0]: o for o in ("TILED=YES", f"BLOCKXSIZE={TILE}", f"BLOCKYSIZE={TILE}")} if driver == "GTiff" else {}
    given.update({o.split("=")[0]: o for o in options})
    gdal.GetDriverByName(driver).CreateCopy(str(path), memory, options=list(given.values())).FlushCache()


class Patch:
    """The first directory of a little-endian classic TIFF, for changing values where they lie."""

    def __init__(self, path):
        self.path, self.data = path, bytearray(path.read_bytes())
        self.at = struct.unpack_from("<I", self.data, 4)[0]
        count = struct.unpack_from("<H", self.data, self.at)[0]
        self.end = self.at + 2 + 12 * count  # the offset of the next directory stands here
        self.tags = {}
        for entry in range(self.at + 2, self.end, 12):
            tag, kind, n = struct.unpack_from("<HHI", self.data, entry)
            inline = WIDTH_OF[kind] * n <= 4
            self.tags[tag] = (kind, n, entry + 8 if inline else struct.unpack_from("<I", self.data, entry + 8)[0])

    def get(self, tag, index=0):
        kind, _, at = self.tags[tag]
        return struct.unpack_from("<H" if kind == 3 else "<I", self.data, at + index * WIDTH_OF[kind])[0]

    def set(self, tag, value, index=0):
        kind, _, at = self.tags[tag]
        struct.pack_into("<H" if kind == 3 else "<I", self.data, at + index * WIDTH_OF[kind], value)

    def widen(self, tag):
        """The same values as 32-bit numbers, at the end of the file."""
        kind, n, _ = self.tags[tag]
        old = [self.get(tag, i) for i in range(n)]
        entry = next(e for e in range(self.at + 2, self.end, 12) if struct.unpack_from("<H", self.data, e)[0] == tag)
        self.data += b"\0" * (len(self.data) % 2)
        struct.pack_into("<HHII", self.data, entry, tag, 4, n, len(self.data))
        self.tags[tag] = (4, n, len(self.data))
        self.data += struct.pack(f"<{n}I", *old)

    def put(self, at, value):
        struct.pack_into("<I", self.data, at, value)

    def save(self):
        self.path.write_bytes(self.data)


def patched(path, change, *options, **more):
    write(path, *options, **more)
    patch = Patch(path)
    change(patch)
    patch.save()


def cut(path, size, *options, driver="GTiff"):
    write(path, *options, driver=driver)
    path.write_bytes(path.read_bytes()[:size])


def replace_tile(patch, data, index=5):
    """Other bytes for a tile, behind everything else."""
    patch.set(TILE_OFFSETS, len(patch.data), index)
    patch.set(TILE_BYTE_COUNTS, len(data), index)
    patch.data += data


def loop_of_two(patch):
    """The next directory is a copy of this one that has this one as its next."""
    copy = patch.data[patch.at:patch.end] + struct.pack("<I", patch.at)
    patch.put(patch.end, len(patch.data) + len(patch.data) % 2)
    patch.data += b"\0" * (len(patch.data) % 2) + copy


def sparse(path):
    write(path, "SPARSE_OK=TRUE", array=numpy.where(numpy.arange(PIXELS)[:, None] < 128, 0, values()),
          prepare=lambda d: d.GetRasterBand(1).SetNoDataValue(0))


def with_gcps(path):
    def prepare(dataset):
        system = osr.SpatialReference()
        system.ImportFromEPSG(4326)
        corners = [(0, 0), (256, 0), (0, 256), (256, 256)]
        dataset.SetGCPs([gdal.GCP(-80 + c / 2560, 8 - r / 2560 + c / 99999, 0, c, r) for c, r in corners], system.ExportToWkt())
    write(path, crs=False, grid=False, prepare=prepare)


def with_mask(path):
    def prepare(dataset):
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(((values(9) % 3) > 0).astype(numpy.uint8) * 255)
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
    try:
        write(path, "COMPRESS=DEFLATE", prepare=prepare)
    finally:
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)


def with_nan(path):
    array = values(dtype=numpy.float32)
    array[::7, ::5] = numpy.nan
    write(path, "COMPRESS=DEFLATE", "PREDICTOR=3", dtype=gdal.GDT_Float32, array=array,
          prepare=lambda d: d.GetRasterBand(1).SetNoDataValue(float("nan")))


def smooth(bands):
    ramp = numpy.add.outer(numpy.arange(PIXELS), numpy.arange(PIXELS)) // 2
    return ramp.astype(numpy.uint8) if bands == 1 else numpy.stack([ramp.astype(numpy.uint8)] * bands)


def tile_of_4_gb(path, *options):
    patched(path, lambda x: (x.widen(TILE_BYTE_COUNTS), x.set(TILE_BYTE_COUNTS, 0xFFFFFFFF, 5)), *options)


def big_hole(path):
    """A file that claims 5 GB, of which only the beginning is there on the disk."""
    tile_of_4_gb(path, "COMPRESS=DEFLATE")
    with open(path, "r+b") as file:
        file.truncate(5_000_000_000)


# Those that must be refused, and how they are told from good ones
BROKEN = {
    "empty file": lambda p: p.write_bytes(b""),
    "truncated header": lambda p: cut(p, 6),
    "truncated directory": lambda p: cut(p, directory_end(p) - 30, driver="COG"),
    "directory past the end": lambda p: patched(p, lambda x: x.put(4, 0x7FFFFFFF)),
    "directory of itself": lambda p: patched(p, lambda x: x.put(x.end, x.at)),
    "directories in a circle": lambda p: patched(p, loop_of_two),
    "tile past the end": lambda p: patched(p, lambda x: x.set(TILE_OFFSETS, 0x7FFFFFFF, 5)),
    "last tile cut off": lambda p: cut(p, -100),
    "tile of 4 GB": lambda p: tile_of_4_gb(p, "COMPRESS=DEFLATE"),
    "tile of 4 GB in a file as large": big_hole,
    "tile bomb, declared": lambda p: patched(p, lambda x: (x.set(TILE_WIDTH, 32768), x.set(TILE_LENGTH, 32768)),
                                             "COMPRESS=DEFLATE"),
    "tile bomb, packed": lambda p: patched(p, lambda x: replace_tile(x, zlib.compress(bytes(64 << 20))), "COMPRESS=DEFLATE"),
    "tile too small": lambda p: patched(p, lambda x: replace_tile(x, zlib.compress(bytes(TILE * TILE))), "COMPRESS=DEFLATE"),
    "tile too small, not packed": lambda p: patched(p, lambda x: x.set(TILE_BYTE_COUNTS, TILE * TILE, 5)),
    "tile of noise": lambda p: patched(p, lambda x: replace_tile(x, values().tobytes()[:4000]), "COMPRESS=DEFLATE"),
    "tile of noise, LZW": lambda p: patched(p, lambda x: replace_tile(x, values().tobytes()[:4000]), "COMPRESS=LZW"),
    "tile of noise, ZSTD": lambda p: patched(p, lambda x: replace_tile(x, values().tobytes()[:4000]), "COMPRESS=ZSTD"),
    "predictor on odd depth": lambda p: patched(p, lambda x: x.set(BITS, 12), "COMPRESS=DEFLATE", "PREDICTOR=2"),
    "predictor for floats on integers": lambda p: patched(p, lambda x: x.set(PREDICTOR, 3), "COMPRESS=DEFLATE", "PREDICTOR=2"),
    "unknown predictor": lambda p: patched(p, lambda x: x.set(PREDICTOR, 77), "COMPRESS=DEFLATE", "PREDICTOR=2"),
    "unknown compression": lambda p: patched(p, lambda x: x.set(COMPRESSION, 4711), "COMPRESS=DEFLATE"),
}


def directory_end(path):
    write(path, driver="COG")
    return Patch(path).end


# Those that must be read as GDAL reads them
UNUSUAL = {
    "sparse: byte count 0": sparse,
    "byte count of 4 GB, not packed": tile_of_4_gb,
    "BigTIFF": lambda p: write(p, "BIGTIFF=YES", "COMPRESS=DEFLATE"),
    "big endian": lambda p: write(p, "ENDIANNESS=BIG", "COMPRESS=DEFLATE", "PREDICTOR=2"),
    "big endian BigTIFF": lambda p: write(p, "ENDIANNESS=BIG", "BIGTIFF=YES"),
    "planar separate": lambda p: write(p, "INTERLEAVE=BAND", "COMPRESS=LZW", bands=3),
    "strips": lambda p: write(p, "TILED=NO", "BLOCKYSIZE=7", "COMPRESS=DEFLATE"),
    "mask directory": with_mask,
    "LERC": lambda p: write(p, "COMPRESS=LERC"),
    "JPEG with tables": lambda p: write(p, "COMPRESS=JPEG", dtype=gdal.GDT_Byte, array=smooth(1)),
    "JPEG of YCbCr": lambda p: write(p, "COMPRESS=JPEG", "PHOTOMETRIC=YCBCR", dtype=gdal.GDT_Byte, bands=3, array=smooth(3)),
    "12 bits": lambda p: write(p, "NBITS=12", "COMPRESS=DEFLATE", array=values() % 4096),
    "tie points only": with_gcps,
    "no CRS": lambda p: write(p, crs=False),
    "no CRS and no grid": lambda p: write(p, crs=False, grid=False),
    "nodata NaN": with_nan,
}
