#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_JPEG_TABLES_BYTES = 64 << 10 };

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
        { 1, SAMPLE_UINT, DTAKE_U8 },    { 8, SAMPLE_UINT, DTAKE_U8 },  { 8, SAMPLE_INT, DTAKE_I8 },
        { 16, SAMPLE_UINT, DTAKE_U16 },  { 16, SAMPLE_INT, DTAKE_I16 }, { 16, SAMPLE_FLOAT, DTAKE_F32 },
        { 32, SAMPLE_UINT, DTAKE_U32 },  { 32, SAMPLE_INT, DTAKE_I32 }, { 32, SAMPLE_FLOAT, DTAKE_F32 },
        { 64, SAMPLE_FLOAT, DTAKE_F64 },
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
    const dtake__tiff_entry *lerc = dtake__tiff_ifd_find(ifd, DTAKE__TAG_LERC);
    if (lerc != NULL && lerc->count > 1 && dtake__tiff_entry_is_integer(lerc))
        out->lerc_add = (int32_t)(dtake__tiff_entry_integer(source, lerc, 1) & 0xff);
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
        st = dtake__tiff_tiles_read(out, source, ifd);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(source, ifd, DTAKE__TAG_FILL_ORDER, 1, &fill_order);
    if (st == DTAKE_OK && fill_order != 1)
        return dtake__fail(source->err, DTAKE_E_UNSUPPORTED, "TIFF: fill order %" PRIu64 " is not supported",
                           fill_order);
    out->extra_alpha_band = find_alpha(source, ifd, out->bands);
    return st;
}
