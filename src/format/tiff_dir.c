#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>

enum {
    CHOPPED_STRIP_BYTES = 8 << 10, /* as libtiff cuts a single uncompressed strip */
    SLACK_BYTES = 64 << 10,        /* a compressed tile may be this much and twice its pixels */
    MAX_JPEG_TABLES_BYTES = 64 << 10,
};

enum { SAMPLE_UINT = 1, SAMPLE_INT = 2, SAMPLE_FLOAT = 3, SAMPLE_VOID = 4 };

void dtake__tiff_dir_dispose(dtake__tiff_dir *dir)
{
    dtake__free(dir->tile_first);
    dtake__free(dir->tile_bytes);
    dtake__free(dir->jpeg_tables);
    *dir = (dtake__tiff_dir){ 0 };
}

/* The value that all samples share. */
static dtake_status same_for_all(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd,
                                 dtake__tiff_tag tag, int32_t bands, uint64_t otherwise, const char *what,
                                 uint64_t *out)
{
    dtake_status st = dtake__tiff_ifd_integer(source, ifd, tag, otherwise, out);
    const dtake__tiff_entry *entry = dtake__tiff_ifd_find(ifd, tag);
    if (st != DTAKE_OK || entry == NULL)
        return st;
    for (uint64_t i = 1; i < entry->count && i < (uint64_t)bands; i++)
        if (dtake__tiff_entry_integer(source, entry, i) != *out)
            return dtake__fail(source->err, DTAKE_E_UNSUPPORTED,
                               "TIFF: bands of different %s are not supported", what);
    return DTAKE_OK;
}

static dtake_status type_of(uint64_t bits, uint64_t format, dtake_type *out, dtake_error *err)
{
    static const struct {
        uint8_t bits, format, type;
    } known[] = {
        { 1, SAMPLE_UINT, DTAKE_U8 },   { 8, SAMPLE_UINT, DTAKE_U8 },    { 8, SAMPLE_INT, DTAKE_I8 },
        { 16, SAMPLE_UINT, DTAKE_U16 }, { 16, SAMPLE_INT, DTAKE_I16 },   { 32, SAMPLE_UINT, DTAKE_U32 },
        { 32, SAMPLE_INT, DTAKE_I32 },  { 32, SAMPLE_FLOAT, DTAKE_F32 }, { 64, SAMPLE_FLOAT, DTAKE_F64 },
    };
    if (format == SAMPLE_VOID)
        format = SAMPLE_UINT;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].bits == bits && known[i].format == format) {
            *out = (dtake_type)known[i].type;
            return DTAKE_OK;
        }
    }
    const char *name = format == SAMPLE_UINT    ? "unsigned"
                       : format == SAMPLE_INT   ? "signed"
                       : format == SAMPLE_FLOAT ? "floating point"
                                                : "complex or unknown";
    return dtake__fail(err, DTAKE_E_UNSUPPORTED, "TIFF: %" PRIu64 "-bit %s samples are not supported", bits,
                       name);
}

static dtake_status read_samples(dtake__tiff_dir *out, const dtake__tiff_source *source,
                                 const dtake__tiff_ifd *ifd)
{
    uint64_t bands, bits, format, planar;
    dtake_status st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_SAMPLES, 1, &bands);
    if (st == DTAKE_OK && (bands == 0 || bands > DTAKE__TIFF_MAX_BANDS))
        return dtake__fail(source->err, bands == 0 ? DTAKE_E_FORMAT : DTAKE_E_LIMIT,
                           "TIFF: %" PRIu64 " bands; the limit is %d", bands, DTAKE__TIFF_MAX_BANDS);
    out->bands = (int32_t)bands;
    if (st == DTAKE_OK)
        st = same_for_all(source, ifd, DTAKE__TAG_BITS, out->bands, 1, "depth", &bits);
    if (st == DTAKE_OK)
        st = same_for_all(source, ifd, DTAKE__TAG_SAMPLE_FORMAT, out->bands, SAMPLE_UINT, "sample format",
                          &format);
    if (st == DTAKE_OK)
        st = type_of(bits, format, &out->type, source->err);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_PLANAR, 1, &planar);
    if (st != DTAKE_OK)
        return st;
    if (planar != 1 && planar != 2)
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: planar configuration %" PRIu64, planar);
    out->bits = (int32_t)bits;
    out->planar = planar == 2 && bands > 1;
    return DTAKE_OK;
}

static dtake_status read_codec(dtake__tiff_dir *out, const dtake__tiff_source *source,
                               const dtake__tiff_ifd *ifd)
{
    uint64_t compression, predictor, photometric, h = 2;
    dtake_status st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_COMPRESSION, 1, &compression);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_PREDICTOR, 1, &predictor);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_PHOTOMETRIC, 1, &photometric);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_YCBCR_SUBSAMPLING, 2, &h);
    if (st != DTAKE_OK)
        return st;
    const dtake__tiff_entry *subsampling = dtake__tiff_ifd_find(ifd, DTAKE__TAG_YCBCR_SUBSAMPLING);
    uint64_t v =
        subsampling != NULL && subsampling->count > 1 ? dtake__tiff_entry_integer(source, subsampling, 1) : 2;
    out->compression = (int32_t)(compression & 0xffff);
    out->photometric = (int32_t)(photometric & 0xffff);
    out->ycbcr_h = (int32_t)(h & 0xff);
    out->ycbcr_v = (int32_t)(v & 0xff);
    bool predicts = out->compression == DTAKE__TIFF_LZW || out->compression == DTAKE__TIFF_DEFLATE ||
                    out->compression == DTAKE__TIFF_OLD_DEFLATE || out->compression == DTAKE__TIFF_ZSTD;
    out->predictor = predicts ? (int32_t)(predictor & 0xff) : 1;
    if (out->predictor < 1 || out->predictor > 3)
        return dtake__fail(source->err, DTAKE_E_UNSUPPORTED, "TIFF: predictor %" PRIu64 " is not supported",
                           predictor);
    if ((out->predictor == 3 && out->type != DTAKE_F32 && out->type != DTAKE_F64) ||
        (out->predictor == 2 && out->bits < 8))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: predictor %d on %d-bit %s samples",
                           out->predictor, out->bits, dtake_type_name(out->type));
    const dtake__tiff_entry *tables = dtake__tiff_ifd_find(ifd, DTAKE__TAG_JPEG_TABLES);
    if (tables == NULL || out->compression != DTAKE__TIFF_JPEG)
        return DTAKE_OK;
    if (tables->count > MAX_JPEG_TABLES_BYTES || dtake__tiff_value_bytes(tables->type) != 1)
        return dtake__fail(source->err, DTAKE_E_LIMIT, "TIFF: JPEG tables of %" PRIu64 " bytes",
                           tables->count);
    out->jpeg_tables = dtake__alloc((size_t)tables->count);
    if (out->jpeg_tables == NULL)
        return dtake__fail_nomem(source->err, "read TIFF directory");
    out->jpeg_tables_bytes = (size_t)tables->count;
    memcpy(out->jpeg_tables, dtake__tiff_entry_bytes(source, tables), out->jpeg_tables_bytes);
    return DTAKE_OK;
}

/* The value is checked before it is narrowed. */
static dtake_status read_side(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd,
                              dtake__tiff_tag tag, const char *what, uint64_t *out)
{
    dtake_status st = dtake__tiff_ifd_integer(source, ifd, tag, 0, out);
    if (st == DTAKE_OK && *out == 0)
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: no %s", what);
    if (st == DTAKE_OK && *out >= (uint64_t)DTAKE__TIFF_MAX_SIDE)
        return dtake__fail(source->err, DTAKE_E_LIMIT, "TIFF: %s of %" PRIu64 " pixels is over the limit",
                           what, *out);
    return st;
}

static dtake_status read_grid(dtake__tiff_dir *out, const dtake__tiff_source *source,
                              const dtake__tiff_ifd *ifd)
{
    uint64_t width, height, tile_width, tile_height;
    dtake_status st = read_side(source, ifd, DTAKE__TAG_WIDTH, "width", &width);
    if (st == DTAKE_OK)
        st = read_side(source, ifd, DTAKE__TAG_HEIGHT, "height", &height);
    if (st != DTAKE_OK)
        return st;
    out->width = (int64_t)width;
    out->height = (int64_t)height;
    out->strips = dtake__tiff_ifd_find(ifd, DTAKE__TAG_TILE_WIDTH) == NULL;
    if (out->strips) {
        tile_width = width;
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_ROWS_PER_STRIP, height, &tile_height);
        if (st == DTAKE_OK && (tile_height > height || tile_height == 0))
            tile_height = height;
    } else {
        st = read_side(source, ifd, DTAKE__TAG_TILE_WIDTH, "tile width", &tile_width);
        if (st == DTAKE_OK)
            st = read_side(source, ifd, DTAKE__TAG_TILE_HEIGHT, "tile height", &tile_height);
    }
    if (st != DTAKE_OK)
        return st;
    out->tile_width = (int32_t)tile_width;
    out->tile_height = (int32_t)tile_height;
    out->across = (int32_t)((width + tile_width - 1) / tile_width);
    out->down = (int32_t)((height + tile_height - 1) / tile_height);
    int64_t planes = out->planar ? out->bands : 1;
    if ((int64_t)out->across * out->down > DTAKE__TIFF_MAX_TILES / planes)
        return dtake__fail(source->err, DTAKE_E_LIMIT,
                           "TIFF: %d x %d tiles in %" PRId64 " planes are over the limit of %d", out->across,
                           out->down, planes, DTAKE__TIFF_MAX_TILES);
    out->tile_count = (int64_t)out->across * out->down * planes;
    return DTAKE_OK;
}

static int64_t stored_row_bytes(const dtake__tiff_dir *dir)
{
    int64_t samples = (int64_t)dir->tile_width * (dir->planar ? 1 : dir->bands); /* below 2^31 * 2^10 */
    return (samples * dir->bits + 7) / 8;
}

/* A single uncompressed strip is read in pieces of some rows, so that a window needs not all of it. */
static bool must_chop(const dtake__tiff_dir *dir)
{
    return dir->strips && dir->compression == DTAKE__TIFF_NONE && dir->tile_count == 1 && !dir->planar &&
           stored_row_bytes(dir) <= DTAKE__TIFF_MAX_TILE_BYTES;
}

static dtake_status check_tile_bytes(const dtake__tiff_dir *dir, dtake_error *err)
{
    int64_t row = stored_row_bytes(dir) * (dir->bits < 8 ? 8 : 1);
    if (row > DTAKE__TIFF_MAX_TILE_BYTES || row > DTAKE__TIFF_MAX_TILE_BYTES / dir->tile_height)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "TIFF: a %s of %d x %d pixels and %d bands is over the limit of %" PRId64 " MiB",
                           dir->strips ? "strip" : "tile", dir->tile_width, dir->tile_height,
                           dir->planar ? 1 : dir->bands, DTAKE__TIFF_MAX_TILE_BYTES >> 20);
    return DTAKE_OK;
}

/* The single strip at tile_first[0], as strips of CHOPPED_STRIP_BYTES at most or of one row. */
static dtake_status chop(dtake__tiff_dir *dir, dtake_error *err)
{
    int64_t row = stored_row_bytes(dir), rows = row < CHOPPED_STRIP_BYTES ? CHOPPED_STRIP_BYTES / row : 1;
    uint64_t first = dir->tile_first[0], bytes = dir->tile_bytes[0];
    if (rows >= dir->height)
        return DTAKE_OK;
    int64_t count = (dir->height + rows - 1) / rows;
    if (count > DTAKE__TIFF_MAX_TILES || bytes < (uint64_t)row * (uint64_t)dir->height)
        return check_tile_bytes(dir, err);
    uint64_t *firsts = dtake__realloc_array(dir->tile_first, (size_t)count, sizeof *firsts);
    if (firsts == NULL)
        return dtake__fail_nomem(err, "read TIFF directory");
    dir->tile_first = firsts;
    uint64_t *sizes = dtake__realloc_array(dir->tile_bytes, (size_t)count, sizeof *sizes);
    if (sizes == NULL)
        return dtake__fail_nomem(err, "read TIFF directory");
    dir->tile_bytes = sizes;
    for (int64_t i = 0; i < count; i++) {
        int64_t left = dir->height - i * rows;
        firsts[i] = first + (uint64_t)(i * rows * row);
        sizes[i] = (uint64_t)((left < rows ? left : rows) * row);
    }
    dir->tile_height = (int32_t)rows;
    dir->tile_count = count;
    dir->down = (int32_t)count;
    return DTAKE_OK;
}

static dtake_status read_array(const dtake__tiff_dir *dir, const dtake__tiff_source *source,
                               const dtake__tiff_entry *entry, const char *what, uint64_t **out)
{
    if (!dtake__tiff_entry_is_integer(entry))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: %s are of type %d", what, entry->type);
    if (entry->count < (uint64_t)dir->tile_count)
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: %" PRIu64 " %s for %" PRId64 " tiles",
                           entry->count, what, dir->tile_count);
    size_t each = dtake__tiff_value_bytes(entry->type);
    const uint8_t *at = dtake__tiff_entry_bytes(source, entry);
    *out = dtake__realloc_array(NULL, (size_t)dir->tile_count, sizeof **out);
    if (*out == NULL)
        return dtake__fail_nomem(source->err, "read TIFF directory");
    for (int64_t i = 0; i < dir->tile_count; i++, at += each)
        (*out)[i] = dtake__get_uint(at, each, source->big_endian);
    return DTAKE_OK;
}

/* Uncompressed strips need no byte counts, and old writers wrote wrong ones. */
static dtake_status size_of_uncompressed(dtake__tiff_dir *dir, dtake_error *err)
{
    uint64_t row = (uint64_t)stored_row_bytes(dir);
    if (dir->tile_bytes == NULL) {
        dir->tile_bytes = dtake__calloc((size_t)dir->tile_count, sizeof *dir->tile_bytes);
        if (dir->tile_bytes == NULL)
            return dtake__fail_nomem(err, "read TIFF directory");
        memset(dir->tile_bytes, 0xff, (size_t)dir->tile_count * sizeof *dir->tile_bytes);
    }
    for (int64_t i = 0; i < dir->tile_count; i++) {
        int64_t top = i / dir->across % dir->down * dir->tile_height;
        int64_t rows =
            dir->strips && dir->height - top < dir->tile_height ? dir->height - top : dir->tile_height;
        uint64_t whole = row * (uint64_t)rows;
        if (dir->tile_first[i] != 0 && dir->tile_bytes[i] > whole)
            dir->tile_bytes[i] = whole;
    }
    return DTAKE_OK;
}

static dtake_status check_tiles(dtake__tiff_dir *dir, const dtake__tiff_source *source, bool chopping)
{
    int64_t file_bytes = source->segments->file_bytes >= 0 ? source->segments->file_bytes : INT64_MAX / 4;
    int64_t whole = chopping ? file_bytes : 2 * stored_row_bytes(dir) * dir->tile_height + SLACK_BYTES;
    for (int64_t i = 0; i < dir->tile_count; i++) {
        uint64_t first = dir->tile_first[i], bytes = dir->tile_bytes[i];
        if (first == 0 || bytes == 0) {
            dir->tile_first[i] = dir->tile_bytes[i] = 0;
            continue;
        }
        if (first > (uint64_t)file_bytes || bytes > (uint64_t)file_bytes - first)
            return dtake__fail(source->err, DTAKE_E_FORMAT,
                               "TIFF tile %" PRId64 ": %" PRIu64 " bytes at %" PRIu64
                               " are past the end of the file (cut off?)",
                               i, bytes, first);
        if (bytes > (uint64_t)whole)
            return dtake__fail(source->err, DTAKE_E_LIMIT,
                               "TIFF tile %" PRId64 ": %" PRIu64 " bytes for %" PRId64 " bytes of pixels", i,
                               bytes, stored_row_bytes(dir) * dir->tile_height);
    }
    return DTAKE_OK;
}

static dtake_status read_tiles(dtake__tiff_dir *out, const dtake__tiff_source *source,
                               const dtake__tiff_ifd *ifd)
{
    const dtake__tiff_entry *first = dtake__tiff_ifd_find(ifd, DTAKE__TAG_TILE_OFFSETS);
    const dtake__tiff_entry *bytes = dtake__tiff_ifd_find(ifd, DTAKE__TAG_TILE_BYTES);
    if (first == NULL) /* the two pairs of tags mean the same, and some writers mix them */
        first = dtake__tiff_ifd_find(ifd, DTAKE__TAG_STRIP_OFFSETS);
    if (bytes == NULL)
        bytes = dtake__tiff_ifd_find(ifd, DTAKE__TAG_STRIP_BYTES);
    if (first == NULL || (bytes == NULL && out->compression != DTAKE__TIFF_NONE))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: no %s of tiles or strips",
                           first == NULL ? "offsets" : "byte counts");
    bool chopping = must_chop(out);
    dtake_status st = chopping ? DTAKE_OK : check_tile_bytes(out, source->err);
    if (st == DTAKE_OK)
        st = read_array(out, source, first, "offsets", &out->tile_first);
    if (st == DTAKE_OK && bytes != NULL)
        st = read_array(out, source, bytes, "byte counts", &out->tile_bytes);
    if (st == DTAKE_OK && out->compression == DTAKE__TIFF_NONE)
        st = size_of_uncompressed(out, source->err);
    if (st == DTAKE_OK)
        st = check_tiles(out, source, chopping);
    if (st == DTAKE_OK && chopping)
        st = out->tile_bytes[0] > 0 ? chop(out, source->err) : check_tile_bytes(out, source->err);
    return st;
}

static int32_t find_alpha(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd, int32_t bands)
{
    const dtake__tiff_entry *extra = dtake__tiff_ifd_find(ifd, DTAKE__TAG_EXTRA_SAMPLES);
    if (extra == NULL || !dtake__tiff_entry_is_integer(extra) || extra->count > (uint64_t)bands)
        return 0;
    for (uint64_t i = 0; i < extra->count; i++) {
        uint64_t kind = dtake__tiff_entry_integer(source, extra, i);
        if (kind == 1 || kind == 2) /* associated, unassociated alpha */
            return bands - (int32_t)extra->count + (int32_t)i + 1;
    }
    return 0;
}

dtake_status dtake__tiff_dir_read(dtake__tiff_dir *out, const dtake__tiff_source *source,
                                  const dtake__tiff_ifd *ifd)
{
    uint64_t fill_order = 1;
    out->big_endian = source->big_endian;
    dtake_status st = read_samples(out, source, ifd);
    if (st == DTAKE_OK)
        st = read_codec(out, source, ifd);
    if (st == DTAKE_OK)
        st = read_grid(out, source, ifd);
    if (st == DTAKE_OK)
        st = read_tiles(out, source, ifd);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_FILL_ORDER, 1, &fill_order);
    if (st == DTAKE_OK && fill_order != 1)
        return dtake__fail(source->err, DTAKE_E_UNSUPPORTED, "TIFF: fill order %" PRIu64 " is not supported",
                           fill_order);
    out->extra_alpha_band = find_alpha(source, ifd, out->bands);
    return st;
}
