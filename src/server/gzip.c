#include "server/gzip.h"

#include "core/alloc.h"
#include "format/inflate_stream.h"

#include <libdeflate.h>

enum { PIECE = 64 * 1024, LEVEL = 1 };

static dtake_status read_span(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    dtake__span *left = ctx;
    (void)err;
    *got = left->len < room ? left->len : room;
    if (*got > 0)
        memcpy(out, left->text, *got);
    left->text += *got;
    left->len -= *got;
    return DTAKE_OK;
}

static int unpack(dtake__inflate *stream, dtake__bodies *bodies, dtake__body *body)
{
    uint8_t *piece = dtake__alloc(PIECE);
    int status = piece != NULL ? 0 : 503;
    while (status == 0) {
        size_t got = 0;
        dtake_status st = dtake__inflate_read(stream, piece, PIECE, &got, NULL);
        if (st != DTAKE_OK || got == 0) {
            status = st == DTAKE_OK ? -1 : st == DTAKE_E_NOMEM ? 503 : 400;
            break;
        }
        status = dtake__body_append(bodies, body, piece, got);
    }
    dtake__free(piece);
    return status < 0 ? 0 : status;
}

int dtake__gunzip(dtake__bodies *bodies, dtake__body *body, dtake__span packed)
{
    dtake__inflate *stream = NULL;
    dtake__span left = packed;
    dtake_status st = dtake__inflate_open(&stream, read_span, &left, NULL);
    if (st != DTAKE_OK)
        return st == DTAKE_E_NOMEM ? 503 : 400;
    int status = strcmp(dtake__inflate_name(stream), "gzip") == 0 ? unpack(stream, bodies, body) : 400;
    dtake__inflate_close(stream);
    return status;
}

dtake_status dtake__gzip(dtake_buf *out, dtake__span bytes)
{
    struct libdeflate_compressor *packer = libdeflate_alloc_compressor(LEVEL);
    if (packer == NULL)
        return DTAKE_E_NOMEM;
    size_t bound = libdeflate_gzip_compress_bound(packer, bytes.len);
    dtake_status st = dtake__buf_reserve(out, bound);
    if (st == DTAKE_OK)
        out->len += libdeflate_gzip_compress(packer, bytes.text, bytes.len, out->data + out->len, bound);
    libdeflate_free_compressor(packer);
    if (st == DTAKE_OK)
        dtake__buf_shrink(out);
    return st;
}
