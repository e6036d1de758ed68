/* Geometries that met the area of a search, kept so that results need not decode them again. */
#ifndef DTAKE_CATALOG_MET_H
#define DTAKE_CATALOG_MET_H

#include "catalog/outlines.h"
#include "core/buf.h"

enum { DTAKE__MET_MAX_ROWS = 4096 }; /* of one chunk; with more it is as quick to decode them all */

typedef struct dtake__met { /* zero-initialise */
    uint32_t *rows;         /* as they are stored, ascending */
    uint32_t *ends;         /* of their WKB; each begins where the one before ends */
    size_t count, room;
    dtake_buf wkb;
} dtake__met;

/* Room for so many rows. */
dtake_status dtake__met_begin(dtake__met *met, size_t rows, dtake_error *err);
dtake_status dtake__met_add(dtake__met *met, uint32_t row, const uint8_t *wkb, size_t len, dtake_error *err);
void dtake__met_dispose(dtake__met *met);

/* The geometries of these rows as a column. */
dtake_status dtake__met_column(const dtake__met *met, const uint32_t *rows, int64_t count,
                               dtake__arena *arena, dtake_column *out, dtake_error *err);

#endif
