#include "catalog/met.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "read datapoints");
}

dtake_status dtake__met_begin(dtake__met *met, size_t rows, dtake_error *err)
{
    met->wkb = DTAKE_BUF_INIT(INT32_MAX);
    met->rows = dtake__alloc((rows + 1) * sizeof *met->rows);
    met->ends = dtake__alloc((rows + 1) * sizeof *met->ends);
    met->room = rows;
    return met->rows != NULL && met->ends != NULL ? DTAKE_OK : no_memory(err);
}

void dtake__met_dispose(dtake__met *met)
{
    dtake__free(met->rows);
    dtake__free(met->ends);
    dtake__buf_dispose(&met->wkb);
    *met = (dtake__met){ 0 };
}

dtake_status dtake__met_add(dtake__met *met, uint32_t row, const uint8_t *wkb, size_t len, dtake_error *err)
{
    dtake_status st = dtake__buf_append(&met->wkb, wkb, len);
    if (st == DTAKE_E_LIMIT)
        return dtake__fail(err, st, "read datapoints: more than 2 GiB of geometries in a batch");
    if (st != DTAKE_OK)
        return no_memory(err);
    met->rows[met->count] = row;
    met->ends[met->count++] = (uint32_t)met->wkb.len;
    return DTAKE_OK;
}

/* Every row that is asked for was added. */
static size_t place_of(const dtake__met *met, uint32_t row)
{
    size_t low = 0, high = met->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (met->rows[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

dtake_status dtake__met_column(const dtake__met *met, const uint32_t *rows, int64_t count,
                               dtake__arena *arena, dtake_column *out, dtake_error *err)
{
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)count + 1) * sizeof *offsets);
    uint8_t *values = dtake__arena_alloc(arena, met->wkb.len + 1);
    size_t at = 0;
    if (offsets == NULL || values == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < count; i++) {
        size_t place = place_of(met, rows[i]), from = place > 0 ? met->ends[place - 1] : 0,
               len = met->ends[place] - from;
        offsets[i] = (int32_t)at;
        memcpy(values + at, met->wkb.data + from, len);
        at += len;
    }
    offsets[count] = (int32_t)at;
    *out = (dtake_column){ .rows = count, .offsets = offsets, .values = values };
    return DTAKE_OK;
}
