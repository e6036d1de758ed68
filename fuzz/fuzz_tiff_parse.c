/* A file of arbitrary bytes: parsed whole, then by the requests it makes. */
#include <stdlib.h>
#include <string.h>

#include "format/tile.h"

static void check(const dtake__tiff *tiff, size_t size)
{
    for (size_t i = 0; i < tiff->dir_count; i++) {
        const dtake__tiff_dir *dir = &tiff->dir[i];
        for (int64_t t = 0; t < dir->tile_count; t++) {
            if (dtake__tiff_tile_check(dir, t, NULL) == DTAKE_OK &&
                dir->tile_first[t] + dir->tile_bytes[t] > size)
                abort();
            if ((int64_t)dtake__tile_decoded_bytes(dir, t) > DTAKE__TIFF_MAX_TILE_BYTES)
                abort();
        }
    }
}

static void parse_whole(const uint8_t *data, size_t size)
{
    dtake__segment segment = { 0, size, data };
    dtake__segments segments = { &segment, 1, (int64_t)size };
    int64_t first, count;
    dtake__tiff tiff;
    dtake_error err;
    dtake_status st = dtake__tiff_parse(&tiff, &segments, &first, &count, &err);
    if (st == DTAKE_E_RANGE)
        abort();
    if (st != DTAKE_OK)
        return;
    dtake_buf crs = DTAKE_BUF_INIT(1 << 16);
    int32_t epsg;
    check(&tiff, size);
    dtake__tiff_crs(&tiff, &epsg, &crs, &err);
    dtake__buf_dispose(&crs);
    dtake__tiff_dispose(&tiff);
}

/* Every request must bring something new, so that an endless parse is impossible. */
static void parse_by_requests(const uint8_t *data, size_t size)
{
    dtake__segment segment = { 0, 0, data };
    dtake__segments segments = { &segment, 0, (int64_t)size };
    for (int i = 0; i < 8; i++) {
        int64_t first, count;
        dtake__tiff tiff;
        dtake_status st = dtake__tiff_parse(&tiff, &segments, &first, &count, NULL);
        if (st == DTAKE_OK)
            dtake__tiff_dispose(&tiff);
        if (st != DTAKE_E_RANGE)
            return;
        if (first < (int64_t)segment.len || count <= 0 || first + count > (int64_t)size)
            abort();
        segments.count = 1;
        segment.len = (size_t)(first + count); /* and all before it */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_whole(data, size);
    parse_by_requests(data, size);
    return 0;
}
