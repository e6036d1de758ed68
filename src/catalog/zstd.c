#include "catalog/zstd.h"

#include "io/workers.h"

#include <zstd.h>

static const char pack_key, unpack_key;

static void *make_pack(void)
{
    return ZSTD_createCCtx();
}

static void free_pack(void *context)
{
    ZSTD_freeCCtx(context);
}

static void *make_unpack(void)
{
    return ZSTD_createDCtx();
}

static void free_unpack(void *context)
{
    ZSTD_freeDCtx(context);
}

dtake_status dtake__zstd_pack(dtake_buf *out, const uint8_t *bytes, size_t count, const uint8_t *prefix,
                              size_t prefix_len, int level, size_t *len)
{
    ZSTD_CCtx *zstd = dtake__thread_scratch(&pack_key, make_pack, free_pack);
    size_t bound = ZSTD_compressBound(count);
    dtake_status st = zstd != NULL ? dtake__buf_reserve(out, bound) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        return st;
    ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
    if (prefix_len > 0)
        ZSTD_CCtx_refPrefix(zstd, prefix, prefix_len);
    size_t done = ZSTD_compress2(zstd, out->data + out->len, bound, bytes, count);
    if (ZSTD_isError(done))
        return DTAKE_E_NOMEM;
    out->len += done;
    *len = done;
    return DTAKE_OK;
}

dtake_status dtake__zstd_unpack(uint8_t *out, size_t count, const uint8_t *packed, size_t len,
                                const uint8_t *prefix, size_t prefix_len)
{
    ZSTD_DCtx *zstd = dtake__thread_scratch(&unpack_key, make_unpack, free_unpack);
    if (zstd == NULL)
        return DTAKE_E_NOMEM;
    ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
    if (prefix_len > 0)
        ZSTD_DCtx_refPrefix(zstd, prefix, prefix_len);
    size_t done = ZSTD_decompressDCtx(zstd, out, count, packed, len);
    return !ZSTD_isError(done) && done == count ? DTAKE_OK : DTAKE_E_INTEGRITY;
}
