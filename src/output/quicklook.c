#include "output/quicklook.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/png_encode.h"
#include "output/thumb.h"

#include <stdio.h>
#include <string.h>

static void row_of(const void *ctx, int64_t row, void *samples)
{
    const dtake__thumb *thumb = ctx;
    size_t bytes = (size_t)thumb->width * 3;
    memcpy(samples, thumb->rgb + (size_t)row * bytes, bytes);
}

dtake_status dtake__quicklook_png(const dtake_pixels *pixels, int32_t side, dtake_buf *out, dtake_error *err)
{
    dtake__thumb thumb;
    dtake_status st = dtake__thumb_make(&thumb, pixels, side, 0x000000, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__png png = { thumb.width, thumb.height, 3, 8, row_of, &thumb };
    size_t raw = (size_t)thumb.width * (size_t)thumb.height * 3;
    *out = DTAKE_BUF_INIT(raw + raw / 8 + (size_t)thumb.height * 16 + 65536);
    st = dtake__png_encode(&png, out, err);
    dtake__thumb_dispose(&thumb);
    if (st != DTAKE_OK)
        dtake__buf_dispose(out);
    return st;
}

char *dtake__quicklook_path(const char *path)
{
    static const char end[] = ".quicklook.png";
    const char *name = strrchr(path, '/'), *dot = strrchr(name != NULL ? name + 1 : path, '.');
    size_t len = dot != NULL ? (size_t)(dot - path) : strlen(path);
    char *out = dtake__alloc(len + sizeof end);
    if (out != NULL)
        snprintf(out, len + sizeof end, "%.*s%s", (int)len, path, end);
    return out;
}
