/* Tests: a file of one tile, and its bytes decoded. */
#ifndef DTAKE_FORMAT_TILE_FIXTURE_H
#define DTAKE_FORMAT_TILE_FIXTURE_H

#include "check.h"
#include "format/tile.h"

#include <stdlib.h>

enum { SIDE = 16 };

static inline dtake__tiff_dir one_tile(dtake_type type, int32_t bands, int32_t compression)
{
    return (dtake__tiff_dir){ .width = SIDE,
                              .height = SIDE,
                              .bands = bands,
                              .type = type,
                              .bits = 8 * (int32_t)dtake_type_bytes(type),
                              .tile_width = SIDE,
                              .tile_height = SIDE,
                              .across = 1,
                              .down = 1,
                              .compression = compression,
                              .predictor = 1,
                              .photometric = 1,
                              .tile_count = 1 };
}

/* From an exact copy into exact room: one byte further is seen by the sanitizer. */
static inline dtake_status decode(const dtake__tiff_dir *dir, const void *bytes, size_t len, void *out,
                                  dtake_error *err)
{
    size_t size = dtake__tile_decoded_bytes(dir, 0);
    uint8_t *in = malloc(len + (len == 0)), *exact = malloc(size);
    memcpy(in, bytes, len);
    dtake__decoder *decoder = dtake__decoder_new();
    dtake_status st = dtake__tile_decode(decoder, dir, 0, in, len, exact, err);
    memcpy(out, exact, st == DTAKE_OK ? size : 0);
    dtake__decoder_free(decoder);
    free(in);
    free(exact);
    return st;
}

#endif
