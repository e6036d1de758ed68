#include "format/tiff_ifd.h"

#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    JOIN_GAP_BYTES = 64 << 10, /* nearer values are asked for as one */
    MAX_TEXT_BYTES = 1 << 20,  /* GDAL_METADATA and the like; longer ones are left alone */
};

static const uint16_t tags_used[] = {
    DTAKE__TAG_SUBFILE_TYPE,
    DTAKE__TAG_OLD_SUBFILE_TYPE,
    DTAKE__TAG_WIDTH,
    DTAKE__TAG_HEIGHT,
    DTAKE__TAG_BITS,
    DTAKE__TAG_COMPRESSION,
    DTAKE__TAG_PHOTOMETRIC,
    DTAKE__TAG_FILL_ORDER,
    DTAKE__TAG_STRIP_OFFSETS,
    DTAKE__TAG_SAMPLES,
    DTAKE__TAG_ROWS_PER_STRIP,
    DTAKE__TAG_STRIP_BYTES,
    DTAKE__TAG_PLANAR,
    DTAKE__TAG_PREDICTOR,
    DTAKE__TAG_TILE_WIDTH,
    DTAKE__TAG_TILE_HEIGHT,
    DTAKE__TAG_TILE_OFFSETS,
    DTAKE__TAG_TILE_BYTES,
    DTAKE__TAG_SUB_IFDS,
    DTAKE__TAG_EXTRA_SAMPLES,
    DTAKE__TAG_SAMPLE_FORMAT,
    DTAKE__TAG_JPEG_TABLES,
    DTAKE__TAG_YCBCR_SUBSAMPLING,
    DTAKE__TAG_PIXEL_SCALE,
    DTAKE__TAG_TIE_POINTS,
    DTAKE__TAG_MATRIX,
    DTAKE__TAG_GEO_KEYS,
    DTAKE__TAG_GEO_DOUBLES,
    DTAKE__TAG_GEO_ASCII,
    DTAKE__TAG_GDAL_METADATA,
    DTAKE__TAG_GDAL_NODATA,
    DTAKE__TAG_LERC,
};

size_t dtake__tiff_value_bytes(int type)
{
    static const uint8_t bytes[19] = { 0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8 };
    return type >= 0 && type < 19 ? bytes[type] : 0;
}

static bool is_used(const dtake__tiff_entry *entry)
{
    for (size_t i = 0; i < sizeof tags_used / sizeof tags_used[0]; i++)
        if (entry->tag == tags_used[i])
            return true;
    return false;
}

/* Texts that are too long are forgotten, other values that are too long are refused. */
static dtake_status check_entry(const dtake__tiff_source *source, dtake__tiff_entry *entry)
{
    uint64_t bytes;
    size_t each = dtake__tiff_value_bytes(entry->type);
    if (each == 0 || entry->count == 0) {
        entry->count = 0;
        return DTAKE_OK;
    }
    if (entry->count > UINT64_MAX / each)
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF tag %d: %" PRIu64 " values", entry->tag,
                           entry->count);
    bytes = entry->count * each;
    bool long_text = bytes > MAX_TEXT_BYTES && entry->type == DTAKE__VALUE_ASCII;
    if (long_text || !is_used(entry)) {
        entry->count = long_text ? 0 : entry->count;
        return DTAKE_OK;
    }
    if (bytes > (uint64_t)DTAKE__TIFF_MAX_TILES * 8)
        return dtake__fail(source->err, DTAKE_E_LIMIT,
                           "TIFF tag %d: %" PRIu64 " values are over the limit of %d", entry->tag,
                           entry->count, DTAKE__TIFF_MAX_TILES);
    char what[32];
    snprintf(what, sizeof what, "tag %d", entry->tag);
    return dtake__tiff_source_check(source, entry->first, bytes, what);
}

/* All missing values that lie together are asked for at once, from the first of them on. */
static dtake_status need_values(dtake__tiff_source *source, const dtake__tiff_ifd *ifd)
{
    int64_t first = INT64_MAX, end = 0;
    bool grown = true;
    for (int round = 0; grown; round++) {
        grown = false;
        for (size_t i = 0; i < ifd->count; i++) {
            const dtake__tiff_entry *entry = &ifd->entry[i];
            int64_t bytes =
                is_used(entry) ? (int64_t)(entry->count * dtake__tiff_value_bytes(entry->type)) : 0;
            int64_t last = entry->first + bytes;
            if (bytes == 0 || dtake__segments_find(source->segments, entry->first, (size_t)bytes) != NULL)
                continue;
            if (round == 0 && entry->first < first) {
                first = entry->first;
                end = last;
                grown = true;
            } else if (round > 0 && entry->first <= end + JOIN_GAP_BYTES && last > end) {
                end = last;
                grown = true;
            }
        }
    }
    if (end == 0)
        return DTAKE_OK;
    /* The directories of overviews mostly follow, their arrays a third as long together. */
    return dtake__tiff_source_ask(source, first, end + (end - first) / 2, DTAKE__TIFF_READ_AHEAD_BYTES);
}

static dtake_status read_entries(dtake__tiff_source *source, dtake__tiff_ifd *out, const uint8_t *at)
{
    size_t entry_bytes = source->big_tiff ? 20 : 12, inline_bytes = source->big_tiff ? 8 : 4;
    int64_t first = out->first + (source->big_tiff ? 8 : 2);
    for (size_t i = 0; i < out->count; i++, at += entry_bytes, first += (int64_t)entry_bytes) {
        dtake__tiff_entry *entry = &out->entry[i];
        entry->tag = (uint16_t)dtake__get_uint(at, 2, source->big_endian);
        entry->type = (uint16_t)dtake__get_uint(at + 2, 2, source->big_endian);
        entry->count = dtake__get_uint(at + 4, inline_bytes, source->big_endian);
        entry->first = first + 4 + (int64_t)inline_bytes;
        size_t each = dtake__tiff_value_bytes(entry->type);
        if (each > 0 && entry->count > inline_bytes / each) {
            uint64_t offset = dtake__get_uint(at + 4 + inline_bytes, inline_bytes, source->big_endian);
            entry->first = offset < INT64_MAX / 4 ? (int64_t)offset : INT64_MAX / 4;
        }
        dtake_status st = check_entry(source, entry);
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

dtake_status dtake__tiff_ifd_read(dtake__tiff_source *source, int64_t first, dtake__tiff_ifd *out)
{
    size_t head = source->big_tiff ? 8 : 2, entry_bytes = source->big_tiff ? 20 : 12,
           link = source->big_tiff ? 8 : 4;
    const uint8_t *at;
    dtake_status st =
        dtake__tiff_source_bytes(source, first, head, DTAKE__TIFF_READ_AHEAD_BYTES, "directory", &at);
    if (st != DTAKE_OK)
        return st;
    uint64_t count = dtake__get_uint(at, head, source->big_endian);
    if (count > DTAKE__TIFF_MAX_ENTRIES)
        return dtake__fail(source->err, DTAKE_E_LIMIT,
                           "TIFF directory at %" PRId64 ": %" PRIu64 " entries are over the limit of %d",
                           first, count, DTAKE__TIFF_MAX_ENTRIES);
    if (count == 0)
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF directory at %" PRId64 " is empty", first);
    size_t bytes = head + (size_t)count * entry_bytes + link;
    st = dtake__tiff_source_bytes(source, first, bytes, DTAKE__TIFF_READ_AHEAD_BYTES, "directory", &at);
    if (st != DTAKE_OK)
        return st;
    out->first = first;
    out->end = first + (int64_t)bytes;
    out->count = (size_t)count;
    uint64_t next = dtake__get_uint(at + bytes - link, link, source->big_endian);
    if (next > INT64_MAX / 4)
        return dtake__fail(source->err, DTAKE_E_FORMAT,
                           "TIFF directory at %" PRId64 ": the next one is past the end of the file", first);
    out->next = (int64_t)next;
    st = read_entries(source, out, at + head);
    return st == DTAKE_OK ? need_values(source, out) : st;
}

const dtake__tiff_entry *dtake__tiff_ifd_find(const dtake__tiff_ifd *ifd, dtake__tiff_tag tag)
{
    for (size_t i = 0; i < ifd->count; i++)
        if (ifd->entry[i].tag == tag && ifd->entry[i].count > 0)
            return &ifd->entry[i];
    return NULL;
}

const uint8_t *dtake__tiff_entry_bytes(const dtake__tiff_source *source, const dtake__tiff_entry *entry)
{
    return dtake__segments_find(source->segments, entry->first,
                                entry->count * dtake__tiff_value_bytes(entry->type));
}

bool dtake__tiff_entry_is_integer(const dtake__tiff_entry *entry)
{
    switch (entry->type) {
    case DTAKE__VALUE_BYTE:
    case DTAKE__VALUE_SHORT:
    case DTAKE__VALUE_LONG:
    case DTAKE__VALUE_IFD:
    case DTAKE__VALUE_LONG8:
    case DTAKE__VALUE_IFD8:
        return true;
    default:
        return false;
    }
}

uint64_t dtake__tiff_entry_integer(const dtake__tiff_source *source, const dtake__tiff_entry *entry,
                                   uint64_t index)
{
    size_t each = dtake__tiff_value_bytes(entry->type);
    return dtake__get_uint(dtake__tiff_entry_bytes(source, entry) + index * each, each, source->big_endian);
}

double dtake__tiff_entry_number(const dtake__tiff_source *source, const dtake__tiff_entry *entry,
                                uint64_t index)
{
    uint64_t bits = dtake__tiff_entry_integer(source, entry, index);
    if (entry->type == DTAKE__VALUE_DOUBLE) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (entry->type == DTAKE__VALUE_FLOAT) {
        uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    return (double)bits;
}

dtake_status dtake__tiff_ifd_integer(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd,
                                     dtake__tiff_tag tag, uint64_t otherwise, uint64_t *out)
{
    const dtake__tiff_entry *entry = dtake__tiff_ifd_find(ifd, tag);
    *out = otherwise;
    if (entry == NULL)
        return DTAKE_OK;
    if (!dtake__tiff_entry_is_integer(entry))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF tag %d is not an integer (type %d)", tag,
                           entry->type);
    *out = dtake__tiff_entry_integer(source, entry, 0);
    return DTAKE_OK;
}
