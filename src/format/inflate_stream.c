#include "format/inflate_stream.h"

#include "core/alloc.h"
#include "core/error.h"

#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>

enum { IN_BYTES = 128 * 1024, MAX_PIECE = 1 << 30 };

typedef enum coding { PLAIN, GZIP, ZSTD } coding;

struct dtake__inflate {
    dtake__read_fn *read;
    void *ctx;
    coding coding;
    size_t at, filled;  /* within in */
    bool ended;         /* nothing more to read */
    bool within;        /* a member or frame has begun and not ended */
    const char *damage; /* found behind bytes that had to be handed out first */
    uint64_t bytes_in;
    struct inflate_state *gzip;
    ZSTD_DStream *zstd;
    uint8_t in[IN_BYTES];
};

/* Until `wanted` bytes are there, or the end is. */
static dtake_status fill(dtake__inflate *s, size_t wanted, dtake_error *err)
{
    if (s->filled - s->at >= wanted)
        return DTAKE_OK;
    memmove(s->in, s->in + s->at, s->filled - s->at);
    s->filled -= s->at;
    s->at = 0;
    while (s->filled < wanted && !s->ended) {
        size_t got;
        dtake_status st = s->read(s->ctx, s->in + s->filled, IN_BYTES - s->filled, &got, err);
        if (st != DTAKE_OK)
            return st;
        s->ended = got == 0;
        s->filled += got;
        s->bytes_in += got;
    }
    return DTAKE_OK;
}

static bool starts_with(const dtake__inflate *s, const char *magic, size_t len)
{
    return s->filled - s->at >= len && memcmp(s->in + s->at, magic, len) == 0;
}

static coding sniff(const dtake__inflate *s)
{
    bool skippable = s->filled >= 4 && (s->in[0] & 0xF0) == 0x50 && memcmp(s->in + 1, "\x2A\x4D\x18", 3) == 0;
    if (starts_with(s, "\x1F\x8B\x08", 3))
        return GZIP;
    return skippable || starts_with(s, "\x28\xB5\x2F\xFD", 4) ? ZSTD : PLAIN;
}

static void begin_member(dtake__inflate *s)
{
    isal_inflate_reset(s->gzip);
    s->gzip->crc_flag = ISAL_GZIP;
    s->within = true;
}

dtake_status dtake__inflate_open(dtake__inflate **out, dtake__read_fn *read, void *ctx, dtake_error *err)
{
    dtake__inflate *s = dtake__alloc(sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "a stream to decompress");
    memset(s, 0, offsetof(dtake__inflate, in));
    s->read = read;
    s->ctx = ctx;
    dtake_status st = fill(s, 4, err);
    if (st != DTAKE_OK)
        goto fail;
    s->coding = sniff(s);
    if (s->coding == GZIP && (s->gzip = dtake__alloc(sizeof *s->gzip)) != NULL) {
        isal_inflate_init(s->gzip);
        begin_member(s);
    }
    if (s->coding == ZSTD)
        s->zstd = ZSTD_createDStream();
    if ((s->coding == GZIP && s->gzip == NULL) || (s->coding == ZSTD && s->zstd == NULL)) {
        st = dtake__fail_nomem(err, "a stream to decompress");
        goto fail;
    }
    *out = s;
    return DTAKE_OK;
fail:
    dtake__inflate_close(s);
    return st;
}

void dtake__inflate_close(dtake__inflate *stream)
{
    if (stream == NULL)
        return;
    ZSTD_freeDStream(stream->zstd);
    dtake__free(stream->gzip);
    dtake__free(stream);
}

static dtake_status cut_short(const dtake__inflate *s, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_FORMAT, "decompress %s: the data ends too early, after %llu bytes",
                       dtake__inflate_name(s), (unsigned long long)s->bytes_in);
}

static dtake_status damaged(const dtake__inflate *s, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_FORMAT, "decompress %s: %s before byte %llu", dtake__inflate_name(s),
                       s->damage, (unsigned long long)(s->bytes_in - (s->filled - s->at)));
}

/* Behind a member: another one, or nothing but zeros (tapes and block devices leave them) to the end. */
static dtake_status next_member(dtake__inflate *s, dtake_error *err)
{
    dtake_status st;
    while ((st = fill(s, 2, err)) == DTAKE_OK && s->at < s->filled && s->in[s->at] == 0)
        s->at++;
    if (st != DTAKE_OK || s->at == s->filled)
        return st;
    if (!starts_with(s, "\x1F\x8B", 2)) {
        s->damage = "bytes that are not gzip";
        return damaged(s, err);
    }
    begin_member(s);
    return DTAKE_OK;
}

static const char *gzip_mistake(int code)
{
    return code == ISAL_INCORRECT_CHECKSUM ? "a checksum that does not agree" : "damaged data";
}

static dtake_status read_gzip(dtake__inflate *s, uint8_t *out, size_t room, size_t *got, dtake_error *err)
{
    struct inflate_state *z = s->gzip;
    for (*got = 0; *got == 0;) {
        dtake_status st = s->within ? fill(s, 1, err) : next_member(s, err);
        if (st != DTAKE_OK || !s->within)
            return st;
        z->next_in = s->in + s->at;
        z->avail_in = (uint32_t)(s->filled - s->at);
        z->next_out = out;
        z->avail_out = (uint32_t)room;
        int code = isal_inflate(z);
        s->at = s->filled - z->avail_in;
        *got = room - z->avail_out;
        s->damage = code != ISAL_DECOMP_OK ? gzip_mistake(code) : NULL;
        if (s->damage != NULL)
            return *got > 0 ? DTAKE_OK : damaged(s, err);
        s->within = z->block_state != ISAL_BLOCK_FINISH;
        if (s->within && *got == 0 && s->at == s->filled && s->ended)
            return cut_short(s, err);
    }
    return DTAKE_OK;
}

static dtake_status read_zstd(dtake__inflate *s, uint8_t *out, size_t room, size_t *got, dtake_error *err)
{
    for (*got = 0; *got == 0;) {
        dtake_status st = fill(s, 1, err);
        if (st != DTAKE_OK)
            return st;
        if (s->at == s->filled && !s->within)
            return DTAKE_OK;
        ZSTD_inBuffer in = { s->in, s->filled, s->at };
        ZSTD_outBuffer to = { out, room, 0 };
        size_t code = ZSTD_decompressStream(s->zstd, &to, &in);
        bool stuck = in.pos == s->at && to.pos == 0;
        s->at = in.pos;
        *got = to.pos;
        s->damage = ZSTD_isError(code) ? ZSTD_getErrorName(code) : NULL;
        if (s->damage != NULL)
            return *got > 0 ? DTAKE_OK : damaged(s, err);
        s->within = code != 0;
        if (stuck && s->ended)
            return cut_short(s, err);
    }
    return DTAKE_OK;
}

static dtake_status read_plain(dtake__inflate *s, uint8_t *out, size_t room, size_t *got, dtake_error *err)
{
    size_t left = s->filled - s->at;
    if (left > 0) {
        *got = left < room ? left : room;
        memcpy(out, s->in + s->at, *got);
        s->at += *got;
        return DTAKE_OK;
    }
    *got = 0;
    if (s->ended)
        return DTAKE_OK;
    dtake_status st = s->read(s->ctx, out, room, got, err);
    s->ended = st == DTAKE_OK && *got == 0;
    s->bytes_in += st == DTAKE_OK ? *got : 0;
    return st;
}

dtake_status dtake__inflate_read(void *stream, void *out, size_t room, size_t *got, dtake_error *err)
{
    dtake__inflate *s = stream;
    room = room < MAX_PIECE ? room : MAX_PIECE;
    if (s->damage != NULL)
        return damaged(s, err);
    return s->coding == GZIP   ? read_gzip(s, out, room, got, err)
           : s->coding == ZSTD ? read_zstd(s, out, room, got, err)
                               : read_plain(s, out, room, got, err);
}

const char *dtake__inflate_name(const dtake__inflate *stream)
{
    static const char *const names[] = { "", "gzip", "zstd" };
    return names[stream->coding];
}

uint64_t dtake__inflate_bytes_in(const dtake__inflate *stream)
{
    return stream->bytes_in;
}
