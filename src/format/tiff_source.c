#include "format/tiff_ifd.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

uint64_t dtake__get_uint(const uint8_t *bytes, size_t count, bool big_endian)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << 8 * (big_endian ? count - 1 - i : i);
    return value;
}

dtake_status dtake__tiff_source_ask(dtake__tiff_source *source, int64_t first, int64_t end, int64_t ahead)
{
    int64_t file_bytes = source->segments->file_bytes;
    first = dtake__segments_first_missing(source->segments, first);
    if (end < first + ahead)
        end = first + ahead;
    if (file_bytes >= 0 && end > file_bytes)
        end = file_bytes;
    source->need_first = first;
    source->need_count = end - first;
    return DTAKE_E_RANGE;
}

dtake_status dtake__tiff_source_check(const dtake__tiff_source *source, int64_t first, uint64_t count,
                                      const char *what)
{
    int64_t file_bytes = source->segments->file_bytes >= 0 ? source->segments->file_bytes : INT64_MAX / 4;
    if (first < 0 || first > file_bytes || count > (uint64_t)(file_bytes - first))
        return dtake__fail(source->err, DTAKE_E_FORMAT,
                           "TIFF %s: %" PRIu64 " bytes at %" PRId64 " are past the end of the file", what,
                           count, first);
    return DTAKE_OK;
}

dtake_status dtake__tiff_source_bytes(dtake__tiff_source *source, int64_t first, uint64_t count,
                                      int64_t ahead, const char *what, const uint8_t **out)
{
    dtake_status st = dtake__tiff_source_check(source, first, count, what);
    if (st != DTAKE_OK)
        return st;
    *out = dtake__segments_find(source->segments, first, count);
    return *out != NULL ? DTAKE_OK : dtake__tiff_source_ask(source, first, first + (int64_t)count, ahead);
}

dtake_status dtake__tiff_source_open(dtake__tiff_source *source, const dtake__segments *segments,
                                     int64_t *first_ifd, dtake_error *err)
{
    *source = (dtake__tiff_source){ .segments = segments, .err = err };
    const uint8_t *magic;
    if (segments->file_bytes >= 0 && segments->file_bytes < 8)
        return dtake__fail(err, DTAKE_E_FORMAT, "not a TIFF: %" PRId64 " bytes long", segments->file_bytes);
    dtake_status st = dtake__tiff_source_bytes(source, 0, 8, DTAKE__TIFF_READ_AHEAD_BYTES, "header", &magic);
    if (st != DTAKE_OK)
        return st;
    source->big_endian = magic[0] == 'M';
    uint64_t version = dtake__get_uint(magic + 2, 2, source->big_endian);
    if ((memcmp(magic, "II", 2) != 0 && memcmp(magic, "MM", 2) != 0) || (version != 42 && version != 43))
        return dtake__fail(err, DTAKE_E_FORMAT, "not a TIFF: begins with %02x %02x %02x %02x", magic[0],
                           magic[1], magic[2], magic[3]);
    source->big_tiff = version == 43;
    uint64_t first = dtake__get_uint(magic + 4, 4, source->big_endian);
    if (source->big_tiff) {
        if (dtake__get_uint(magic + 4, 2, source->big_endian) != 8 || magic[6] != 0 || magic[7] != 0)
            return dtake__fail(err, DTAKE_E_FORMAT, "BigTIFF header: offsets are not of 8 bytes");
        st = dtake__tiff_source_bytes(source, 8, 8, DTAKE__TIFF_READ_AHEAD_BYTES, "header", &magic);
        if (st != DTAKE_OK)
            return st;
        first = dtake__get_uint(magic, 8, source->big_endian);
    }
    if (first < (source->big_tiff ? 16 : 8) || first > INT64_MAX / 4)
        return dtake__fail(err, DTAKE_E_FORMAT, "TIFF header: no directory (offset %" PRIu64 ")", first);
    *first_ifd = (int64_t)first;
    return DTAKE_OK;
}
