"""Pixels of every codec that the program decodes itself, against GDAL's, on files written by GDAL and libtiff.

GDAL is kept from the program by empty files in front of its library, so that nothing here is read by the oracle
itself. All files of a kind are cut by one run of `get`: whole, and a window that crosses tiles and strips.
"""
import ctypes
import itertools

import numpy
import pytest
from osgeo import gdal, osr

gdal.UseExceptions()

WIDTH, HEIGHT, BANDS = 67, 45, 3
TRANSFORM = (500000, 10, 0, 5000000, 0, -10)
WHOLE = "15,45,15.2,45.2"
PART = "15.0019,45.1508,15.0070,45.1521"  # some of the columns, some of the rows

TYPES = {  # GDAL's type, numpy's, creation options
    "u8": (gdal.GDT_Byte, "u1", {}), "i8": (gdal.GDT_Byte, "u1", {"PIXELTYPE": "SIGNEDBYTE"}),
    "u16": (gdal.GDT_UInt16, "u2", {}), "i16": (gdal.GDT_Int16, "i2", {}),
    "u32": (gdal.GDT_UInt32, "u4", {}), "i32": (gdal.GDT_Int32, "i4", {}),
    "f16": (gdal.GDT_Float32, "f4", {"NBITS": "16"}),
    "f32": (gdal.GDT_Float32, "f4", {}), "f64": (gdal.GDT_Float64, "f8", {}),
}
LAYOUTS = {
    "tiles16": {"TILED": "YES", "BLOCKXSIZE": "16", "BLOCKYSIZE": "16"},
    "tiles64x32": {"TILED": "YES", "BLOCKXSIZE": "64", "BLOCKYSIZE": "32"},
    "rows1": {"BLOCKYSIZE": "1"}, "rows7": {"BLOCKYSIZE": "7"}, "rows45": {"BLOCKYSIZE": "45"},
}
PREDICTING = ("LZW", "DEFLATE", "ZSTD")
LERC = ("LERC", "LERC_DEFLATE", "LERC_ZSTD")


@pytest.fixture
def without_gdal(tmp_path):
    """An environment in which the program finds no GDAL."""
    folder = tmp_path / "no-gdal"
    folder.mkdir()
    for version in ("", ".32", ".33", ".34", ".36"):
        (folder / f"libgdal.so{version}").touch()
    return {"LD_LIBRARY_PATH": str(folder)}


def projection():
    utm = osr.SpatialReference()
    utm.ImportFromEPSG(32633)
    return utm.ExportToWkt()


def write(path, pixels, gdal_type, **options):
    driver = gdal.GetDriverByName("GTiff")
    bands, height, width = pixels.shape
    with_words = [f"{key}={value}" for key, value in options.items()]
    dataset = driver.Create(str(path), width, height, bands, gdal_type, with_words)
    dataset.SetGeoTransform(TRANSFORM)
    dataset.SetProjection(projection())
    dataset.WriteArray(pixels)
    dataset = None


def noise(dtype, bands=BANDS, nans=True):
    """Half smooth, half noise, over the whole range of the type; floats with NaN that differ from band to band."""
    random = numpy.random.default_rng(7)
    rows, cols = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = numpy.stack([rows * 3 + cols * 2 + 11 * band for band in range(bands)]).astype("f8")
    if dtype[0] == "f":
        pixels = (smooth / 7 + random.normal(0, 20, smooth.shape) * (cols > 30)).astype(dtype)
        pixels[0, 3, :5] = (0, -0.0, numpy.inf, -numpy.inf, 6e-8)
        if nans:
            pixels[:, 20:23, 10:30] = numpy.nan
            pixels[0, 30:, 50:] = numpy.nan
        return pixels
    info = numpy.iinfo(dtype)
    wild = random.integers(info.min, info.max, smooth.shape, endpoint=True)
    return numpy.where(cols > 40, wild, (smooth + info.min // 2).astype("i8") % (info.max // 2 + 1)).astype(dtype)


def ours(run, folder, out, env, box=WHOLE, *more):
    """What `get` makes of a folder of rasters, by stem."""
    run("get", folder, f"--bbox={box}", "-o", out, "-q", *more, env=env, timeout_s=300)
    return {path.stem: gdal.Open(str(path)) for path in sorted(out.glob("*.tif"))}


def gdals(path, cut):
    """GDAL's pixels of the window that a cut says it is."""
    source, place = gdal.Open(str(path)), cut.GetGeoTransform()
    col, row = round((place[0] - TRANSFORM[0]) / 10), round((TRANSFORM[3] - place[3]) / 10)
    return source.ReadAsArray(col, row, cut.RasterXSize, cut.RasterYSize)


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and (a.view(f"u{a.itemsize}") == b.view(f"u{b.itemsize}")).all()


def equal(a, b):
    """Bit for bit; a NaN equals a NaN of other bits."""
    if a.dtype.kind != "f":
        return same_bits(a, b)
    nan = numpy.isnan(a)
    return a.dtype == b.dtype and a.shape == b.shape and (nan == numpy.isnan(b)).all() and same_bits(
        numpy.where(nan, 0, a).astype(a.dtype), numpy.where(nan, 0, b).astype(b.dtype))


def check_folder(run, folder, tmp_path, env, tolerance=0, boxes=(WHOLE, PART)):
    files = sorted(folder.glob("*.tif"))
    assert files
    for number, box in enumerate(boxes):
        cuts = ours(run, folder, tmp_path / f"out-{number}", env, box)
        assert sorted(cuts) == [path.stem for path in files]
        for path in files:
            want, got = gdals(path, cuts[path.stem]), cuts[path.stem].ReadAsArray()
            if tolerance:
                assert got.shape == want.shape
                assert numpy.abs(got.astype(int) - want.astype(int)).max() <= tolerance, path.stem
            else:
                assert equal(got, want), path.stem


def predictors(codec, kind):
    if codec not in PREDICTING:
        return (1,)
    return (1, 2, 3) if kind[0] == "f" else (1, 2)


def keeps_nans(codec, kind):
    """libtiff 4.5 does not read the masks that it makes of NaN in interleaved bands."""
    return codec not in LERC or kind[0] != "f"


def combinations(codec):
    """Type, predictor, interleave, layout; byte order and BigTIFF take turns among them."""
    kinds = [kind for kind in TYPES if codec not in LERC or kind != "f16"]
    turn = 0
    for kind in kinds:
        for predictor, interleave, layout in itertools.product(predictors(codec, kind), ("PIXEL", "BAND", "ONE"),
                                                               LAYOUTS):
            options = {**TYPES[kind][2], **LAYOUTS[layout], "COMPRESS": codec}
            if predictor > 1:
                options["PREDICTOR"] = predictor
            if interleave != "ONE":
                options["INTERLEAVE"] = interleave
            options["ENDIANNESS"] = ("LITTLE", "BIG")[turn % 2]
            if interleave == "PIXEL" and not keeps_nans(codec, kind):
                options["ENDIANNESS"] = "LITTLE"  # swapped before LERC, numbers can look like NaN
            options["BIGTIFF"] = ("NO", "YES")[turn // 2 % 2]
            turn += 1
            yield kind, f"{kind}-p{predictor}-{interleave}-{layout}", 1 if interleave == "ONE" else BANDS, options


@pytest.mark.parametrize("codec", ["NONE", "PACKBITS", "LZW", "DEFLATE", "ZSTD", *LERC])
@pytest.mark.slow
def test_lossless_pixels_are_gdals(run, tmp_path, without_gdal, codec):
    folder = tmp_path / "in"
    folder.mkdir()
    for kind, name, bands, options in combinations(codec):
        gdal_type, dtype, _ = TYPES[kind]
        nans = bands == 1 or options["INTERLEAVE"] == "BAND" or keeps_nans(codec, kind)
        write(folder / f"{name}.tif", noise(dtype, bands, nans), gdal_type, **options)
    check_folder(run, folder, tmp_path, without_gdal)


def test_the_written_pixels_come_back_where_nothing_is_lost(run, tmp_path, without_gdal):
    """Guards the oracle; and NaN in whole pixels of interleaved LERC, which libtiff 4.5 does not read."""
    folder = tmp_path / "in"
    folder.mkdir()
    kinds = ("u8", "i16", "f32", "f64")
    pixels = {kind: noise(TYPES[kind][1], nans=False) for kind in kinds}
    for kind in ("f32", "f64"):
        pixels[kind][pixels[kind] == 0] = 1  # LERC keeps no sign of zero
        pixels[kind][:, 20:23, 10:30] = numpy.nan
    for codec, kind in itertools.product(("ZSTD", "LERC_ZSTD"), kinds):
        write(folder / f"{codec}-{kind}.tif", pixels[kind], TYPES[kind][0], COMPRESS=codec)
    for stem, cut in ours(run, folder, tmp_path / "out", without_gdal).items():
        assert equal(cut.ReadAsArray(), pixels[stem.split("-")[1]]), stem


def test_lerc_with_an_error_allowed_is_gdals(run, tmp_path, without_gdal):
    folder = tmp_path / "in"
    folder.mkdir()
    for codec, (kind, (gdal_type, dtype, options)) in itertools.product(LERC, TYPES.items()):
        if kind != "f16":
            write(folder / f"{codec}-{kind}.tif", noise(dtype, nans=False), gdal_type, COMPRESS=codec, MAX_Z_ERROR=3, **options,
                  **LAYOUTS["tiles16"])
    check_folder(run, folder, tmp_path, without_gdal)


def colours(bands):
    pixels = noise("u1", bands)
    return numpy.clip(pixels, 1, 254)


@pytest.mark.parametrize("lossless", ["YES", "NO"])
def test_webp_is_gdals(run, tmp_path, without_gdal, lossless):
    """Lossy too, to the bit: the same libwebp decodes both."""
    folder = tmp_path / "in"
    folder.mkdir()
    for layout, big, level in itertools.product(LAYOUTS, ("LITTLE", "BIG"), (40, 90)):
        options = {"WEBP_LOSSLESS": "YES"} if lossless == "YES" else {"WEBP_LEVEL": level}
        write(folder / f"{layout}-{big}-{level}.tif", colours(3), gdal.GDT_Byte, COMPRESS="WEBP", ENDIANNESS=big,
              **options, **LAYOUTS[layout])
    check_folder(run, folder, tmp_path, without_gdal)


@pytest.mark.parametrize("codec", ["WEBP", *LERC, "DEFLATE"])
def test_alpha_says_which_pixels_there_are_as_in_gdal(run, tmp_path, without_gdal, codec):
    """Colours where alpha is not 0, and alpha itself, which LERC keeps as its mask."""
    folder = tmp_path / "in"
    folder.mkdir()
    pixels = colours(4)
    pixels[3] = numpy.where(numpy.indices((HEIGHT, WIDTH)).sum(0) % 40 < 20, 255, 0)
    pixels[3, :16, :16] = 255  # a tile without a hole
    for layout in LAYOUTS:
        options = {"WEBP_LOSSLESS": "YES"} if codec == "WEBP" else {}
        write(folder / f"{layout}.tif", pixels, gdal.GDT_Byte, COMPRESS=codec, ALPHA="YES", **options, **LAYOUTS[layout])
    for stem, cut in ours(run, folder, tmp_path / "out", without_gdal).items():
        want, got = gdals(folder / f"{stem}.tif", cut), cut.ReadAsArray()
        mask = cut.GetRasterBand(1).GetMaskBand().ReadAsArray()
        assert ((mask != 0) == (want[3] != 0)).all(), stem
        assert (got[:3, mask != 0] == want[:3, mask != 0]).all(), stem


class LibTiff:
    """Files that GDAL does not write, through the library that it reads with."""

    def __init__(self):
        self.lib = ctypes.CDLL("libtiff.so.6")
        self.lib.TIFFOpen.restype = ctypes.c_void_p
        self.lib.TIFFWriteEncodedTile.restype = ctypes.c_ssize_t
        self.lib.TIFFWriteEncodedStrip.restype = ctypes.c_ssize_t

    def write(self, path, pixels, tags, side=0, rows=0):
        """Pixels by row, column, band. `tags`: (number, value, ...)."""
        height, width, bands = pixels.shape
        tiff = ctypes.c_void_p(self.lib.TIFFOpen(str(path).encode(), b"w"))
        shape = [(256, width), (257, height), (258, 8), (277, bands), (284, 1)]
        block = [(322, side), (323, side)] if side else [(278, rows)]
        for tag, *values in [*shape, *block, *tags]:
            assert self.lib.TIFFSetField(tiff, ctypes.c_uint32(tag), *[ctypes.c_int(v) for v in values]) == 1, tag
        if side:
            across = -(-width // side)
            padded = numpy.pad(pixels, ((0, -height % side), (0, -width % side), (0, 0)), mode="edge")
            for number in range(across * -(-height // side)):
                top, left = number // across * side, number % across * side
                tile = numpy.ascontiguousarray(padded[top:top + side, left:left + side])
                assert self.lib.TIFFWriteEncodedTile(tiff, number, tile.ctypes.data_as(ctypes.c_void_p),
                                                     ctypes.c_ssize_t(tile.nbytes)) > 0
        else:
            for number, top in enumerate(range(0, height, rows)):
                strip = numpy.ascontiguousarray(pixels[top:top + rows])
                assert self.lib.TIFFWriteEncodedStrip(tiff, number, strip.ctypes.data_as(ctypes.c_void_p),
                                                      ctypes.c_ssize_t(strip.nbytes)) > 0
        self.lib.TIFFClose(tiff)
        dataset = gdal.Open(str(path), gdal.GA_Update)
        dataset.SetGeoTransform(TRANSFORM)
        dataset.SetProjection(projection())
        dataset = None


COMPRESSION, PHOTOMETRIC, SUBSAMPLING, QUALITY, COLORMODE = 259, 262, 530, 65537, 65538
JPEG, RGB, YCBCR = 7, 2, 6


def test_jpeg_with_every_subsampling_is_gdals(run, tmp_path, without_gdal):
    """To the bit: both decode with libjpeg-turbo's accurate transform and smooth upsampling."""
    folder = tmp_path / "in"
    folder.mkdir()
    libtiff = LibTiff()
    pixels = numpy.ascontiguousarray(numpy.moveaxis(colours(3), 0, 2))
    for h, v in itertools.product((1, 2, 4), (1, 2, 4)):
        if h == v == 4:
            continue  # more blocks in a unit than JPEG allows
        for block in ({"side": 32}, {"rows": 8 * v}, {"rows": 64}):
            name = f"{h}x{v}-{'tiles' if 'side' in block else block['rows']}"
            libtiff.write(folder / f"{name}.tif", pixels, [(COMPRESSION, JPEG), (PHOTOMETRIC, YCBCR), (SUBSAMPLING, h, v),
                                                           (COLORMODE, 1), (QUALITY, 85)], **block)
    check_folder(run, folder, tmp_path, without_gdal)


@pytest.mark.parametrize("tables", [0, 1, 2, 3])
def test_jpeg_is_gdals_wherever_its_tables_are(run, tmp_path, without_gdal, tables):
    folder = tmp_path / "in"
    folder.mkdir()
    for photometric, layout in itertools.product(("YCBCR", "RGB", "MINISBLACK", "BAND"),
                                                 ("tiles16", "tiles64x32", "rows45")):
        options = {"PHOTOMETRIC": photometric} if photometric != "BAND" else {"INTERLEAVE": "BAND"}
        write(folder / f"{photometric}-{layout}.tif", colours(1 if photometric == "MINISBLACK" else 3), gdal.GDT_Byte,
              COMPRESS="JPEG", JPEGTABLESMODE=tables, **options, **LAYOUTS[layout])
    check_folder(run, folder, tmp_path, without_gdal)


REFUSED = {
    "CMYK colours": (gdal.GDT_Byte, {"PHOTOMETRIC": "CMYK", "COMPRESS": "DEFLATE"}, 4),
    "CIE Lab colours": (gdal.GDT_Byte, {"PHOTOMETRIC": "CIELAB"}, 3),
    "12-bit unsigned samples": (gdal.GDT_UInt16, {"NBITS": "12"}, 1),
    "64-bit signed samples": (gdal.GDT_Int64, {}, 1),
    "64-bit unsigned samples": (gdal.GDT_UInt64, {}, 1),
    "floating point samples": (gdal.GDT_CFloat32, {}, 1),
    "compression 34925": (gdal.GDT_Byte, {"COMPRESS": "LZMA"}, 1),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_decoded_is_refused_in_words(run, tmp_path, without_gdal, words):
    gdal_type, options, bands = REFUSED[words]
    write(tmp_path / "odd.tif", colours(bands), gdal_type, **options)
    ran = run("info", tmp_path / "odd.tif", status=1, env=without_gdal)
    [line] = ran.err.splitlines()
    wanted = "complex" if gdal_type == gdal.GDT_CFloat32 else words
    assert wanted in line and "odd.tif" in line and "libgdal32" in line, line
    if gdal_type not in (gdal.GDT_Int64, gdal.GDT_UInt64, gdal.GDT_CFloat32):
        run("info", tmp_path / "odd.tif")  # GDAL reads it when it is there


def test_a_12_bit_jpeg_is_refused(run, tmp_path, without_gdal):
    write(tmp_path / "odd.tif", colours(1), gdal.GDT_Byte, COMPRESS="JPEG", BLOCKYSIZE=HEIGHT)
    data = bytearray((tmp_path / "odd.tif").read_bytes())
    bits = data.index(b"\x02\x01\x03\x00\x01\x00\x00\x00\x08\x00")
    data[bits + 8] = 12
    (tmp_path / "odd.tif").write_bytes(data)
    assert "12-bit unsigned samples" in run("info", tmp_path / "odd.tif", status=1, env=without_gdal).err


def test_a_file_that_was_cut_off_gives_the_windows_it_has(run, serve, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    options = {"COMPRESS": "DEFLATE", **LAYOUTS["tiles16"]}
    write(tmp_path / "whole.tif", noise("u2"), gdal.GDT_UInt16, **options)
    gdal.GetDriverByName("GTiff").CreateCopy(str(folder / "cut.tif"), gdal.Open(str(tmp_path / "whole.tif")),
                                             options=[f"{key}={value}" for key, value in options.items()])
    whole = (folder / "cut.tif").read_bytes()
    (folder / "cut.tif").write_bytes(whole[:len(whole) - 500])
    upper = "15,45.1525,15.2,45.2"
    server = serve(folder)
    for source in (folder / "cut.tif", server.href("cut.tif")):
        out = tmp_path / ("out-http" if "http" in str(source) else "out")
        run("info", source)
        run("get", source, f"--bbox={upper}", "-o", out, "-q")
        cut = gdal.Open(str(out / "cut.tif"))
        assert (cut.ReadAsArray() == gdals(tmp_path / "whole.tif", cut)).all()
        ran = run("get", source, f"--bbox={WHOLE}", "-o", out, "--overwrite", "-q", status=1)
        [line] = ran.err.splitlines()
        assert "past the end of the file" in line and "cut.tif" in line, line
