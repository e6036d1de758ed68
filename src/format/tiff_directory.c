#include "format/tiff_directory.h"

#include "core/text.h"

#include <string.h>

enum {
    SUBFILE_REDUCED = 1,
    SUBFILE_MASK = 4,
    PHOTOMETRIC_GRAY = 1,
    PHOTOMETRIC_RGB = 2,
    PHOTOMETRIC_MASK = 4,
    UNASSOCIATED_ALPHA = 2,
};

static void put_le(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint8_t *add_tag(dtake__tiff_directory *d, dtake__tiff_tag tag, dtake__tiff_value type, uint64_t count)
{
    size_t bytes = (size_t)count * dtake__tiff_value_bytes((int)type);
    if (d->st == DTAKE_OK)
        d->st = dtake__buf_reserve(&d->values, bytes);
    if (d->st != DTAKE_OK)
        return NULL;
    d->tag[d->count++] = (dtake__tiff_tag_out){ (uint16_t)tag, (uint16_t)type, count, d->values.len, bytes };
    uint8_t *at = d->values.data + d->values.len;
    d->values.len += bytes;
    return at;
}

static void add_int(dtake__tiff_directory *d, dtake__tiff_tag tag, dtake__tiff_value type, uint64_t value)
{
    uint8_t *at = add_tag(d, tag, type, 1);
    if (at != NULL)
        put_le(at, value, dtake__tiff_value_bytes((int)type));
}

/* The same short for every band. */
static void add_shorts(dtake__tiff_directory *d, dtake__tiff_tag tag, int32_t bands, uint64_t value)
{
    uint8_t *at = add_tag(d, tag, DTAKE__VALUE_SHORT, (uint64_t)bands);
    for (int32_t i = 0; at != NULL && i < bands; i++)
        put_le(at + 2 * i, value, 2);
}

/* Sparse tiles keep their 0. */
static void add_array(dtake__tiff_directory *d, dtake__tiff_tag tag, dtake__tiff_value type,
                      const dtake__tiff_level *level, const uint64_t *values, int64_t change)
{
    size_t each = dtake__tiff_value_bytes((int)type);
    uint8_t *at = add_tag(d, tag, type, (uint64_t)level->tile_count);
    for (int64_t i = 0; at != NULL && i < level->tile_count; i++)
        put_le(at + (size_t)i * each, level->tile_bytes[i] > 0 ? values[i] + (uint64_t)change : 0, each);
}

static void add_doubles(dtake__tiff_directory *d, dtake__tiff_tag tag, size_t count, const double *values)
{
    uint8_t *at = add_tag(d, tag, DTAKE__VALUE_DOUBLE, count);
    for (size_t i = 0; at != NULL && i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put_le(at + 8 * i, bits, 8);
    }
}

static void add_text(dtake__tiff_directory *d, dtake__tiff_tag tag, const char *text)
{
    uint8_t *at =
        text != NULL && text[0] != '\0' ? add_tag(d, tag, DTAKE__VALUE_ASCII, strlen(text) + 1) : NULL;
    if (at != NULL)
        memcpy(at, text, strlen(text) + 1);
}

static void add_geo(dtake__tiff_directory *d, const dtake__geokeys *keys)
{
    const dtake_affine *t = &d->spec->transform;
    bool north_up = t->row_x == 0 && t->col_y == 0 && t->col_x > 0 && t->row_y < 0;
    if (d->spec->has_transform && north_up) {
        add_doubles(d, DTAKE__TAG_PIXEL_SCALE, 3, (double[3]){ t->col_x, -t->row_y, 0 });
        add_doubles(d, DTAKE__TAG_TIE_POINTS, 6, (double[6]){ 0, 0, 0, t->x0, t->y0, 0 });
    } else if (d->spec->has_transform) {
        add_doubles(d, DTAKE__TAG_MATRIX, 16,
                    (double[16]){ t->col_x, t->row_x, 0, t->x0, t->col_y, t->row_y, 0, t->y0, 0, 0, 0, 0, 0,
                                  0, 0, 1 });
    }
    if (keys->directory_count == 0)
        return;
    uint8_t *at = add_tag(d, DTAKE__TAG_GEO_KEYS, DTAKE__VALUE_SHORT, keys->directory_count);
    for (size_t i = 0; at != NULL && i < keys->directory_count; i++)
        put_le(at + 2 * i, keys->directory[i], 2);
    if (keys->double_count > 0)
        add_doubles(d, DTAKE__TAG_GEO_DOUBLES, keys->double_count, keys->doubles);
    add_text(d, DTAKE__TAG_GEO_ASCII, dtake__buf_str(&keys->ascii));
}

static void add_nodata(dtake__tiff_directory *d)
{
    char text[32];
    if (!d->spec->has_nodata)
        return;
    dtake__format_f64(d->spec->nodata, text, sizeof text);
    add_text(d, DTAKE__TAG_GDAL_NODATA, text[0] == '-' && text[1] == 'n' ? "nan" : text);
}

static void add_extra_samples(dtake__tiff_directory *d)
{
    int32_t extra = d->spec->bands - (d->spec->rgb ? 3 : 1);
    uint8_t *at =
        extra > 0 ? add_tag(d, DTAKE__TAG_EXTRA_SAMPLES, DTAKE__VALUE_SHORT, (uint64_t)extra) : NULL;
    for (int32_t i = 0; at != NULL && i < extra; i++)
        put_le(at + 2 * i, d->spec->alpha && i == extra - 1 ? UNASSOCIATED_ALPHA : 0, 2);
}

static uint64_t sample_format(dtake_type type)
{
    if (type == DTAKE_F32 || type == DTAKE_F64)
        return 3;
    return type == DTAKE_I8 || type == DTAKE_I16 || type == DTAKE_I32 ? 2 : 1;
}

/* All tags of a level in ascending order; those about the place and the file stand on the first one only. */
dtake_status dtake__tiff_directory_fill(dtake__tiff_directory *d, const dtake__tiff_level *level,
                                        size_t index, const dtake__geokeys *keys, const char *metadata)
{
    const dtake__tiff_spec *spec = d->spec;
    int32_t bands = level->is_mask ? 1 : spec->bands;
    bool first = index == 0, reduced = index > 1 || (index == 1 && !level->is_mask);
    d->count = d->values.len = 0;
    d->st = DTAKE_OK;
    if (reduced || level->is_mask)
        add_int(d, DTAKE__TAG_SUBFILE_TYPE, DTAKE__VALUE_LONG,
                (reduced ? SUBFILE_REDUCED : 0) | (level->is_mask ? SUBFILE_MASK : 0));
    add_int(d, DTAKE__TAG_WIDTH, DTAKE__VALUE_LONG, (uint64_t)level->width);
    add_int(d, DTAKE__TAG_HEIGHT, DTAKE__VALUE_LONG, (uint64_t)level->height);
    add_shorts(d, DTAKE__TAG_BITS, bands, level->is_mask ? 8 : 8 * dtake_type_bytes(spec->type));
    add_int(d, DTAKE__TAG_COMPRESSION, DTAKE__VALUE_SHORT, (uint64_t)spec->compression);
    add_int(d, DTAKE__TAG_PHOTOMETRIC, DTAKE__VALUE_SHORT,
            level->is_mask ? PHOTOMETRIC_MASK
            : spec->rgb    ? PHOTOMETRIC_RGB
                           : PHOTOMETRIC_GRAY);
    if (first)
        add_text(d, DTAKE__TAG_DESCRIPTION, spec->description);
    add_int(d, DTAKE__TAG_SAMPLES, DTAKE__VALUE_SHORT, (uint64_t)bands);
    add_int(d, DTAKE__TAG_PLANAR, DTAKE__VALUE_SHORT, 1);
    if (first) {
        add_text(d, DTAKE__TAG_SOFTWARE, spec->software != NULL ? spec->software : "datatake " DTAKE_VERSION);
        add_text(d, DTAKE__TAG_DATETIME, spec->datetime);
    }
    if (spec->compression != DTAKE__TIFF_NONE && spec->predictor > 1 && !level->is_mask)
        add_int(d, DTAKE__TAG_PREDICTOR, DTAKE__VALUE_SHORT, (uint64_t)spec->predictor);
    add_int(d, DTAKE__TAG_TILE_WIDTH, DTAKE__VALUE_SHORT, (uint64_t)spec->tile_side);
    add_int(d, DTAKE__TAG_TILE_HEIGHT, DTAKE__VALUE_SHORT, (uint64_t)spec->tile_side);
    add_array(d, DTAKE__TAG_TILE_OFFSETS, d->big ? DTAKE__VALUE_LONG8 : DTAKE__VALUE_LONG, level,
              level->tile_first, spec->cog ? DTAKE__COG_LEADER_BYTES : 0);
    add_array(d, DTAKE__TAG_TILE_BYTES, DTAKE__VALUE_LONG, level, level->tile_bytes,
              spec->cog ? -(DTAKE__COG_LEADER_BYTES + DTAKE__COG_TRAILER_BYTES) : 0);
    if (!level->is_mask)
        add_extra_samples(d);
    add_shorts(d, DTAKE__TAG_SAMPLE_FORMAT, bands, level->is_mask ? 1 : sample_format(spec->type));
    if (first) {
        add_geo(d, keys);
        add_text(d, DTAKE__TAG_GDAL_METADATA, metadata);
    }
    if (!level->is_mask)
        add_nodata(d);
    return d->st;
}

/* Little endian whatever the machine. */
static dtake_status append_le(dtake_buf *out, uint64_t value, size_t bytes)
{
    uint8_t le[8];
    put_le(le, value, bytes);
    return dtake__buf_append(out, le, bytes);
}

static dtake_status append_entry(const dtake__tiff_directory *d, const dtake__tiff_tag_out *tag,
                                 uint64_t *place, dtake_buf *out)
{
    size_t word = d->big ? 8 : 4;
    uint8_t inline_value[8] = { 0 };
    dtake_status st = append_le(out, tag->tag, 2);
    if (st == DTAKE_OK)
        st = append_le(out, tag->type, 2);
    if (st == DTAKE_OK)
        st = append_le(out, tag->count, word);
    if (st != DTAKE_OK)
        return st;
    if (tag->bytes <= word) {
        memcpy(inline_value, d->values.data + tag->first, tag->bytes);
        return dtake__buf_append(out, inline_value, word);
    }
    st = append_le(out, *place, word);
    *place += tag->bytes + (tag->bytes & 1);
    return st;
}

dtake_status dtake__tiff_directory_append(const dtake__tiff_directory *d, bool last, dtake_buf *out)
{
    size_t word = d->big ? 8 : 4;
    uint64_t place = out->len + (d->big ? 8 : 2) + d->count * (4 + 2 * word) + word;
    dtake_status st = append_le(out, d->count, d->big ? 8 : 2);
    for (size_t i = 0; st == DTAKE_OK && i < d->count; i++)
        st = append_entry(d, &d->tag[i], &place, out);
    if (st == DTAKE_OK)
        st = append_le(out, last ? 0 : place, word);
    for (size_t i = 0; st == DTAKE_OK && i < d->count; i++) {
        if (d->tag[i].bytes <= word)
            continue;
        st = dtake__buf_append(out, d->values.data + d->tag[i].first, d->tag[i].bytes);
        if (st == DTAKE_OK && (d->tag[i].bytes & 1))
            st = append_le(out, 0, 1);
    }
    return st;
}
