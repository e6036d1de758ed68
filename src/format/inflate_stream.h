/* Bytes read in order, decompressed on the way where they are compressed. */
#ifndef DTAKE_FORMAT_INFLATE_STREAM_H
#define DTAKE_FORMAT_INFLATE_STREAM_H

#include <datatake/status.h>

/* Fills up to `room` (> 0) bytes of `out`; *got is 0 at the end and only there. Files, pipes and the stream
 * below are read like this. After an error it is not called again. */
typedef dtake_status dtake__read_fn(void *ctx, void *out, size_t room, size_t *got, dtake_error *err);

typedef struct dtake__inflate dtake__inflate;

/* Looks at the first bytes: gzip (RFC 1952, any number of members, zero padding behind them), zstd (any
 * number of frames), else as they are. An empty input is empty, not an error. Memory is bounded, output is
 * not: who reads, counts. Checksums are verified. `read` is called from dtake__inflate_open and
 * dtake__inflate_read only. */
dtake_status dtake__inflate_open(dtake__inflate **out, dtake__read_fn *read, void *ctx, dtake_error *err);
void dtake__inflate_close(dtake__inflate *stream);

/* A dtake__read_fn; `stream` is a dtake__inflate. DTAKE_E_FORMAT for damaged data and for data cut short,
 * after the bytes before it. */
dtake_status dtake__inflate_read(void *stream, void *out, size_t room, size_t *got, dtake_error *err);

const char *dtake__inflate_name(const dtake__inflate *stream);  /* "gzip", "zstd", "" */
uint64_t dtake__inflate_bytes_in(const dtake__inflate *stream); /* read so far, compressed: for progress */

#endif
